"""From any table to any other that it can be made into: in order, and as declared at the end."""

from __future__ import annotations

from typing import Any

from hypothesis import Phase, given, settings

from dynoresilience.tables import TableSpec, apply_plan, plan_table, verify_table
from dynoresilience.testing import SimulatedDynamoDB, virtual_time
from tests.support.plan_checks import check
from tests.support.spec_pairs import spec_pairs

SLOW: dict[str, Any] = {
    "update_seconds": 3,
    "index_update_seconds": 5,
    "create_seconds": 10,
    "index_create_seconds": 300,
    "index_delete_seconds": 4,
    "ttl_seconds": 20,
    "ttl_pause_seconds": 15,
    "tag_seconds": 2,
    "encryption_seconds": 22,
    "warm_seconds": 60,
    "insights_seconds": 7,
    "backups_seconds": 4,
    "recovery_seconds": 10,
    "control_plane_rate": 1,
}
"""About as AWS, but for the hour between two changes of the time to live."""


@settings(
    max_examples=settings().max_examples // 10, phases=[Phase.explicit, Phase.reuse, Phase.generate]
)
@given(spec_pairs())
def test_the_way_from_any_table_to_any_other(
    pair: tuple[TableSpec, TableSpec],
) -> None:
    before, wanted = pair
    with virtual_time() as clock, SimulatedDynamoDB(clock=clock, **SLOW) as simulator:
        client = simulator.client()
        for spec in (before, wanted):
            plan = plan_table(client, spec)
            check(plan)
            result = apply_plan(client, plan, allow=plan.needs_allowed, timeout=20_000)
            assert result.steps == plan.steps
            assert verify_table(client, spec).clean
            assert plan_table(client, spec).is_empty
            clock.advance(3600)  # the time to live, decreases
