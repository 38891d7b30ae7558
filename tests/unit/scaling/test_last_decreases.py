"""The last decreases of a day are left for the end of an hour that is paid for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dynoresilience import events
from dynoresilience.capacity.plan import DownPlan, plan_down
from dynoresilience.model import Dimension, Limits, Raised, TableState, Units
from tests.unit.scaling.conftest import INDEX, TABLE, World

MINUTE = 60.0
BASE, RAISED = Units(7, 5), Units(7, 10)


@pytest.fixture(autouse=True)
def raised_at_five_past(world: World) -> None:
    """The table has one free decrease left, and was lowered at noon."""
    world.control.add("orders", BASE, by_customer=Units(3, 5))
    orders = world.control.tables["orders"]
    spent = replace(orders.table, decreases_today=3, last_decrease=world.clock.now())
    world.control.tables["orders"] = replace(orders, table=spent)
    world.clock.advance(5 * MINUTE)
    world.throttle(TABLE)


def go_to(world: World, minutes: float) -> None:
    world.clock.advance(minutes * MINUTE - world.clock.monotonic())


def test_it_is_lowered_before_the_hour_is_over_and_not_when_it_is_due(world: World) -> None:
    updates = len(world.control.updates)

    go_to(world, 54.9)
    assert world.control.units("orders") == RAISED
    go_to(world, 56)

    assert world.control.units("orders") == BASE
    assert len(world.control.updates) == updates + 1


def test_it_is_told_and_is_nothing_to_warn_of(world: World) -> None:
    go_to(world, 20)

    (told,) = world.of(events.ScaleDownPostponed)

    assert isinstance(told, events.ScaleDownPostponed)
    assert told.on_purpose
    assert told.until == world.clock.now() + 35 * MINUTE


def test_scale_down_now_is_never_put_off(world: World) -> None:
    go_to(world, 20)

    assert [str(one) for one in world.engine.scale_down_now(5.0)] == ["orders write 10 -> 5"]


def test_an_index_with_decreases_to_spare_comes_down_when_it_is_due(world: World) -> None:
    go_to(world, 6)
    world.throttle(INDEX)

    go_to(world, 17)

    assert world.control.units("orders", "by-customer") == Units(3, 5)
    assert world.control.units("orders") == RAISED
    go_to(world, 56)
    assert world.control.units("orders") == BASE


def test_a_maximum_that_has_no_such_budget_comes_down_at_once(world: World) -> None:
    known = world.control.tables["orders"]
    now = world.clock.now()
    state = replace(known, on_demand=True, table=replace(known.table, units=Units(0, 20)))
    raised = {(None, Dimension.WRITE): Raised(5, 20, 20)}

    def plan(on_demand: bool, state: TableState) -> DownPlan:
        limits = Limits(100, 100)
        return plan_down(
            state,
            raised,
            lambda index: limits,
            now,
            due=now,
            on_demand=on_demand,
            raised_at=now - MINUTE,
        )

    assert plan(True, state).lower is not None
    assert plan(False, replace(state, on_demand=False)).is_saving


def test_whoever_was_frozen_at_the_end_of_the_hour_lowers_at_once(world: World) -> None:
    go_to(world, 20)
    jobs, world.clock._jobs = world.clock._jobs, []
    go_to(world, 62)
    world.clock._jobs = jobs

    world.clock.advance(5)

    assert world.control.units("orders") == BASE


def test_short_again_it_is_a_new_hour_that_counts(world: World) -> None:
    go_to(world, 50)
    world.throttle(TABLE)

    go_to(world, 56)
    assert world.control.units("orders") == Units(7, 20)
    go_to(world, 114)
    assert world.control.units("orders") == Units(7, 20)
    go_to(world, 116)

    assert world.control.units("orders") == BASE
