"""Each property: changed behind the library's back, planned, mended; nothing is left to plan."""

from __future__ import annotations

import pytest

from dynoresilience.tables import PlanError, apply_plan, plan_table, verify_table
from tests.support.backends import Backend
from tests.support.drifts import DRIFTS, FORGETS, LOST_BY_THIS_MOTO, Drift, create

TIMEOUT = 60.0
AGAIN_IN_VAIN = {
    ("moto", "the stream is off"): "Cannot enable stream",
    ("moto", "the stream shows something else"): "Cannot enable stream",
    ("simulator-on-dynamodb-local", "no longer provisioned"): "equals the current value",
}
"""What an endpoint refuses, though AWS does not: it had a stream before, or these units."""


@pytest.mark.parametrize("drift", DRIFTS, ids=lambda drift: drift.name)
def test_a_change_is_mended(backend: Backend, drift: Drift) -> None:
    if backend.name == "moto" and drift.needs & LOST_BY_THIS_MOTO:
        pytest.skip("this moto forgets it")
    client, spec = backend.client(), drift.spec()
    create(client, spec, FORGETS[backend.name])
    assert plan_table(client, spec).is_empty
    if not drift.is_kept_by(backend.name):
        return

    drift.change(client, spec)
    plan = plan_table(client, spec)
    if drift.way == "refused":
        assert [refusal.difference.path for refusal in plan.refused] == [drift.path]
        with pytest.raises(PlanError, match="nothing was sent"):
            apply_plan(client, plan, timeout=TIMEOUT)
        return
    allow = [] if drift.way == "in place" else [drift.way]
    assert sorted(plan.needs_allowed) == allow
    refused = AGAIN_IN_VAIN.get((backend.name, drift.name))
    if refused is not None:
        with pytest.raises(PlanError, match=refused):
            apply_plan(client, plan, allow=allow, timeout=1)
        return
    result = apply_plan(client, plan, allow=allow, timeout=TIMEOUT)
    assert result.report.clean
    assert result.steps == plan.steps
    assert verify_table(client, spec).clean
    assert plan_table(client, spec).is_empty
