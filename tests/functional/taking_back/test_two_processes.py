"""Processes with other settings share a table: none covers or erases what another has written."""

from __future__ import annotations

from typing import Any

from dynoresilience.config import IndexLimits, ScalingConfig, TableLimits
from dynoresilience.model import Units
from dynoresilience.reaper import reap
from tests.functional.taking_back.conftest import DELAY, Town, write

BASE = Units(5, 5)


def limits(*, table: int, index: int, factor: float = 2.0) -> ScalingConfig:
    own = TableLimits(
        max_write_capacity=table, indexes={"by-customer": IndexLimits(max_write_capacity=index)}
    )
    return ScalingConfig(tables={"orders": own}, scale_down_delay=DELAY, scale_up_factor=factor)


def throttled(town: Town, client: Any, index: str | None = None) -> None:
    """One call of the client is short of the table's or the index's capacity, and gets through."""
    town.clock.advance(20)
    reason = f"{'Index' if index else 'Table'}WriteProvisionedThroughputExceeded"
    town.simulator.throttle_next("PutItem", 1, reason, index=index)
    write(client, 1)
    town.clock.advance(20)


def assert_taken_back_by_the_reaper(town: Town) -> None:
    town.clock.advance(DELAY + 60)
    assert reap(town.owner).exit_code == 0
    town.clock.advance(10)
    assert town.units() == (BASE, BASE)
    assert town.tags() == {}


def test_a_process_at_its_own_cap_does_not_cover_a_higher_raise(town: Town) -> None:
    """It says that the table is still short, of a raise that it did not make."""
    low, low_client = town.process(limits(table=10, index=5))
    high, high_client = town.process(limits(table=40, index=5, factor=4.0))
    throttled(town, low_client)
    throttled(town, high_client)
    assert town.simulator.units("orders") == Units(5, 40)
    high.timer.is_dead = True
    before = town.tags()["dynoresilience:write"]

    town.clock.advance(DELAY / 2)
    throttled(town, low_client)
    low.timer.is_dead = True
    after = town.tags()["dynoresilience:write"]
    assert after != before  # it is due later
    assert "base=5 " in after
    assert " to=40 " in after
    assert_taken_back_by_the_reaper(town)


def test_a_raise_of_the_table_does_not_cover_one_of_the_index(town: Town) -> None:
    first, first_client = town.process(limits(table=40, index=10))
    second, second_client = town.process(limits(table=40, index=40, factor=4.0))
    throttled(town, first_client)
    throttled(town, first_client, "by-customer")
    throttled(town, second_client, "by-customer")
    assert town.units() == (Units(5, 10), Units(5, 40))
    second.timer.is_dead = True

    throttled(town, first_client)  # the table once more
    first.timer.is_dead = True
    assert town.units() == (Units(5, 20), Units(5, 40))
    assert " to=40 " in town.tags()["dynoresilience:write:by-customer"]
    assert_taken_back_by_the_reaper(town)
