"""`on_drift="repair"`: what differs is planned and carried out."""

from __future__ import annotations

from collections.abc import Collection

from dynoresilience.ports import AccessDenied, ControlPlaneError
from dynoresilience.tables.access import Access
from dynoresilience.tables.apply.carry_out import CarryingOut
from dynoresilience.tables.apply.readiness import unsettled
from dynoresilience.tables.ensure.arrival import Arrival
from dynoresilience.tables.ensured import EnsureTimeout
from dynoresilience.tables.patience import Patience
from dynoresilience.tables.plan import plan
from dynoresilience.tables.report import DriftError, DriftReport
from dynoresilience.tables.spec import TableSpec
from dynoresilience.tables.steps import ALLOW, PlanError, TablePlan
from dynoresilience.tables.verify import sighting


def repair(
    access: Access,
    spec: TableSpec,
    allowed: Collection[str],
    patience: Patience,
    arrival: Arrival,
) -> DriftReport:
    """Carry out what it takes; the report afterwards is clean.

    All of it or nothing: if some of it is not allowed or can't be done, nothing is sent. Another
    process may repair the same table meanwhile: then what is left is planned anew.

    Raises:
        DriftError: it may not be, or can't be repaired; it says what to allow, or the way out.
        TableUnusable: somebody deletes it meanwhile; that is no drift to be mended.
        EnsureTimeout, AccessDenied, ControlPlaneError: as `Arrival.wait`.
    """
    failed: tuple[str, PlanError] | None = None
    while True:
        fresh, report = _planned(access, spec, arrival)
        if report.clean:
            return report
        if failed is not None and failed[0] == fresh.fingerprint:
            raise DriftError(report, str(failed[1])) from failed[1]
        advice = _in_the_way(fresh, allowed)
        if advice:
            raise DriftError(report, "nothing was changed:\n" + "\n".join(advice))
        try:
            return CarryingOut(access, fresh, spec, patience).to_the_end().report
        except PlanError as error:
            if patience.is_over:
                raise EnsureTimeout(spec.name, error.why, arrival.seconds) from error
            failed = fresh.fingerprint, error


def _planned(access: Access, spec: TableSpec, arrival: Arrival) -> tuple[TablePlan, DriftReport]:
    while True:
        try:
            found, report = sighting(access, spec)
        except AccessDenied:
            raise
        except ControlPlaneError as error:
            arrival.pause(arrival.failing(error))
            continue
        if found is None:
            arrival.pause(arrival.unseen())
        elif found.status == "DELETING":
            arrival.pause(arrival.going())
        elif waits_for := unsettled(found):
            arrival.pause(waits_for)
        else:
            return plan(spec, found, report), report


def _in_the_way(fresh: TablePlan, allowed: Collection[str]) -> list[str]:
    """What keeps a plan from being carried out, with the remedies."""
    return [f"  {refusal}" for refusal in fresh.refused] + [
        f'  {step.what}: allow it with allow=("{step.allow}",); {ALLOW[step.allow]}'
        for step in fresh.steps
        if step.allow is not None and step.allow not in allowed
    ]
