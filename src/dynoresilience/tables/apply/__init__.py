"""`plan_table` and `apply_plan`: what is to be done about a table, shown first and then done."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from dynoresilience.errors import ConfigError
from dynoresilience.ports import EventSink
from dynoresilience.tables.access import Access
from dynoresilience.tables.apply.carry_out import CarryingOut
from dynoresilience.tables.apply.readiness import unsettled
from dynoresilience.tables.patience import Patience
from dynoresilience.tables.plan import plan
from dynoresilience.tables.spec import TableSpec
from dynoresilience.tables.steps import ALLOW, Applied, PlanError, TablePlan
from dynoresilience.tables.verify import sighting
from dynoresilience.tables.wanted import (
    faults_of_allow,
    faults_of_spec,
    faults_of_timeout,
    refuse,
)

PLAN_TIMEOUT = 300.0
"""Seconds for a change under way to end; one of capacity takes seconds to minutes."""
_NO_PLAN = "plan={} must be a TablePlan, as plan_table gives it"
APPLY_TIMEOUT = 3600.0
"""Seconds for all of a plan; an index takes 5 to 15 minutes, longer the more items there are."""


def plan_table(client: Any, spec: TableSpec, *, timeout: float = PLAN_TIMEOUT) -> TablePlan:
    """What would have to be done for a table to be as declared. Nothing is changed.

    Args:
        client: a boto3 DynamoDB client, resource or Table, or a ScalingClient.
        spec: what the table should be.
        timeout: seconds to wait for the end of a change under way: what it comes to is not seen
            before.

    Returns:
        The plan; ``str(plan)`` is for who has to approve it, `apply_plan` carries it out.

    Raises:
        ConfigError: an argument is wrong. No call has been made.
        AccessDenied: DescribeTable is not allowed.
        ControlPlaneError: the table could not be read this time.
        PlanError: a change is still under way.
    """
    refuse("plan_table", [*faults_of_spec(spec), *faults_of_timeout(timeout)])
    return plan_for(Access.of(client), spec, timeout=timeout)


def plan_for(access: Access, spec: TableSpec, *, timeout: float = PLAN_TIMEOUT) -> TablePlan:
    """`plan_table`, for those who have a way to the table already."""
    patience = Patience(access.clock, access.chance, timeout)
    while True:
        found, report = sighting(access, spec)
        waits_for = "" if found is None else unsettled(found)
        if not waits_for:
            return plan(spec, found, report)
        if not patience.pause():
            why = f"after {timeout:g} s {waits_for}: plan again when that is done"
            raise PlanError(spec.name, why)


def apply_plan(
    client: Any,
    plan: TablePlan,
    *,
    allow: Collection[str] = (),
    timeout: float = APPLY_TIMEOUT,
    sinks: Sequence[EventSink] | None = None,
) -> Applied:
    """Carry a plan out, step by step, each only if the table is still what the plan expects.

    If it is interrupted, `plan_table` gives the rest.

    Args:
        client: as for `plan_table`.
        plan: what `plan_table` gave.
        allow: what may be lost: words of `ALLOW`, such as "delete_index". ``plan.needs_allowed``
            are those that it takes.
        timeout: seconds for all of it. What is under way by then goes on without us.
        sinks: where events go. None: to the ``dynoresilience`` logger.

    Returns:
        What was done; the table is as declared.

    Raises:
        PlanError: nothing was sent, because the plan has a refusal, or needs what is not allowed,
            or the table has changed since; or it was not carried out to its end. The message says
            what is done, what is left, and what to do about it.
        AccessDenied: DescribeTable is not allowed.
        ConfigError: an argument is wrong. No call has been made.
    """
    return carry_out(Access.of(client, sinks), plan, allow=allow, timeout=timeout)


def carry_out(
    access: Access,
    plan: TablePlan,
    *,
    allow: Collection[str] = (),
    timeout: float = APPLY_TIMEOUT,
) -> Applied:
    """`apply_plan`, for those who have a way to the table already."""
    faults: list[str] = (
        [] if isinstance(plan, TablePlan) else [_NO_PLAN.format(type(plan).__name__)]
    )
    refuse("apply_plan", [*faults, *faults_of_timeout(timeout), *faults_of_allow(allow)])
    spec = _checked(plan, {allow} if isinstance(allow, str) else set(allow))
    patience = Patience(access.clock, access.chance, timeout)
    return CarryingOut(access, plan, spec, patience).to_the_end()


def _checked(plan: TablePlan, allowed: set[str]) -> TableSpec:
    """The spec of a plan that may be carried out, as far as the plan tells."""
    if plan.spec is None:
        raise ConfigError("the plan has no spec: take it as plan_table gave it")
    if plan.refused:
        lines = "\n  ".join(str(refusal) for refusal in plan.refused)
        why = f"nothing was sent, because some of it no step can mend:\n  {lines}"
        raise PlanError(plan.table, why, left=plan.steps)
    missing = sorted(plan.needs_allowed - allowed)
    if missing:
        lines = "\n  ".join(
            f"{step.what}: needs {step.allow!r}, as {ALLOW[step.allow]}"
            for step in plan.steps
            if step.allow in missing
        )
        everything = ", ".join(map(repr, sorted(plan.needs_allowed)))
        why = f"nothing was sent; it is carried out only with allow=[{everything}]:\n  {lines}"
        raise PlanError(plan.table, why, left=plan.steps)
    return plan.spec
