"""What is to be done so that a table is as its spec says. Pure: a report comes in, steps go out.

The order is of consequence. Indexes go before the billing mode, which has to carry capacity for
each that there is; they come one at a time once the mode is right, and what takes longest to be
allowed again, the time to live, is last, so that nothing waits behind it.
"""

from __future__ import annotations

from collections.abc import Iterator

from dynoresilience.tables.drift import CAPACITY, KnownKeys, Owners, compare
from dynoresilience.tables.plan.fingerprint import fingerprint
from dynoresilience.tables.plan.indexes import IndexChanges, refusals
from dynoresilience.tables.plan.settings import after_indexes, before_indexes, creation
from dynoresilience.tables.plan.shape import as_created, shaped
from dynoresilience.tables.plan.throughput import capacity, warm_throughput
from dynoresilience.tables.report import DriftReport, Label
from dynoresilience.tables.seen.found import FoundTable
from dynoresilience.tables.spec import TableSpec
from dynoresilience.tables.steps import Step, TablePlan

__all__ = ["fingerprint", "plan"]


def plan(spec: TableSpec, found: FoundTable | None, report: DriftReport) -> TablePlan:
    """The steps from what was found to what is declared.

    Args:
        spec: what the table should be.
        found: what it is, nothing of it in the middle of a change; None: there is none.
        report: of these two, with the labels of whose a number is.
    """
    return TablePlan(
        table=spec.name,
        fingerprint=fingerprint(spec.name, found, report),
        steps=tuple(_steps(spec, found, report)),
        refused=() if found is None else tuple(refusals(spec, found, report)),
        spec=spec,
    )


def _steps(spec: TableSpec, found: FoundTable | None, report: DriftReport) -> Iterator[Step]:
    if found is None:
        yield creation(spec)
        # CreateTable has no members for some settings; the table will not have them yet.
        created = as_created(spec)
        yield from after_indexes(spec, created, compare(spec, created).differences)
        return
    indexes = IndexChanges.between(spec, found, report)
    yield from indexes.deletes(spec)
    # From here on what counts is the table with the indexes and the mode that it will have.
    stays_in_mode = spec.billing_mode == found.billing_mode
    shape = shaped(spec, found, indexes)
    owners = _owners(report) if stays_in_mode else {}
    drift = compare(spec, shape, owners, _known_keys(report)).differences
    kept = {index.name for index, _ in indexes.kept}
    doubts = [note.remedy for note in report.notes if note.field == "capacity"]
    yield from capacity(spec, found, kept, drift, doubts)
    yield from before_indexes(spec, drift)
    yield from indexes.creates(spec, found)
    yield from warm_throughput(spec, shape, drift)
    yield from after_indexes(spec, shape, drift)


def _known_keys(report: DriftReport) -> KnownKeys:
    """An alias that was seen not to be of the table's key, if there is a difference in that."""
    return {each.declared: "" for each in report.differences if each.field == "kms_key"}


def _owners(report: DriftReport) -> Owners:
    """Whose the numbers are, out of a report's notes."""
    return {
        (note.index, CAPACITY[note.field]): (note.label, note.remedy)
        for note in report.notes
        if note.label in (Label.AUTOSCALING, Label.RAISED)
    }
