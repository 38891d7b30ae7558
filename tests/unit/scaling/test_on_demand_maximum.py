"""The maximum of an on-demand table: raised if its owner allows it, lowered again, left alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dynoresilience import events
from dynoresilience.config import ScalingConfig
from dynoresilience.model import HoldReason, Resource, ThrottleKind, ThrottleSignal, Units
from dynoresilience.ports import ServiceLimit
from dynoresilience.scaling.scaler import STATE_TTL
from tests.unit.scaling.conftest import READ, WRITE, World

MAXIMUM = ThrottleKind.ON_DEMAND_MAXIMUM
TABLE = ThrottleSignal(Resource("free"), WRITE, MAXIMUM)
INDEX = ThrottleSignal(Resource("free", "by-customer"), READ, MAXIMUM)
DELAY = 600.0


@pytest.fixture
def world() -> World:
    config = ScalingConfig(max_read_request_units=100, max_write_request_units=100)
    world = World(config=config)
    world.control.add("free", Units(0, 10), on_demand=True, by_customer=Units(30, 0))
    return world


def pending(world: World) -> list[str]:
    return [str(entry) for entry in world.runtime.pending()]


def released(world: World) -> list[str]:
    return [e.reason for e in world.of(events.ScaleDownReleased)]  # type: ignore[attr-defined]


def test_up_and_after_the_delay_down(world: World) -> None:
    answer = world.throttle(TABLE)

    assert [str(change) for change in answer.raised] == ["free write on-demand maximum 10 -> 20"]
    assert pending(world) == ["free write on-demand maximum 20 -> 10"]
    world.clock.advance(3)
    assert world.control.units("free") == Units(0, 20)
    world.clock.advance(DELAY)
    assert world.control.units("free") == Units(0, 10)
    assert pending(world) == []
    done = [str(c) for e in world.of(events.ScaleDownDone) for c in e.changes]  # type: ignore[attr-defined]
    assert done == ["free write on-demand maximum 20 -> 10"]


def test_it_returns_to_what_was_there_not_to_a_base_of_provisioned_units(world: World) -> None:
    world.config = world.config.replace(base_write_capacity=15)
    world.throttle(TABLE)

    assert pending(world) == ["free write on-demand maximum 20 -> 10"]
    world.clock.advance(DELAY + 3)
    assert world.control.units("free") == Units(0, 10)


def test_a_table_and_its_index_take_a_request_each(world: World) -> None:
    world.throttle(INDEX, TABLE)
    world.clock.advance(3)
    assert pending(world) == ["free write on-demand maximum 20 -> 10"]
    world.throttle(INDEX)
    world.clock.advance(3)
    assert world.control.units("free", "by-customer") == Units(60, 0)
    postponed = len(world.of(events.ScaleDownPostponed))

    world.clock.advance(DELAY + 10)

    assert world.control.units("free") == Units(0, 10)
    assert world.control.units("free", "by-customer") == Units(30, 0)
    assert pending(world) == []
    assert [set(update.units) for update in world.control.updates] == [
        {None},
        {"by-customer"},
        {None},
        {"by-customer"},
    ]
    assert len(world.of(events.ScaleDownPostponed)) == postponed, "nothing to worry about"


def test_now_means_all_of_it_now(world: World) -> None:
    world.throttle(TABLE)
    world.clock.advance(3)
    world.throttle(INDEX)
    world.clock.advance(3)

    changes = world.engine.scale_down_now(timeout=60)

    assert [str(change) for change in changes] == [
        "free write on-demand maximum 20 -> 10",
        "free/by-customer read on-demand maximum 60 -> 30",
    ]
    world.clock.advance(3)
    assert world.control.units("free", "by-customer") == Units(30, 0)


def test_what_now_has_no_time_for_comes_later(world: World) -> None:
    world.throttle(TABLE)
    world.clock.advance(3)
    world.throttle(INDEX)
    world.clock.advance(3)

    assert len(world.engine.scale_down_now(timeout=0.5)) == 1
    assert pending(world) == ["free/by-customer read on-demand maximum 60 -> 30"]
    world.clock.advance(DELAY + 10)
    assert world.control.units("free", "by-customer") == Units(30, 0)


def test_without_leave_nobody_looks(world: World) -> None:
    world.config = ScalingConfig()

    answer = world.throttle(TABLE)

    assert answer.hold is not None
    assert answer.hold.reason is HoldReason.ON_DEMAND_MAXIMUM
    assert not world.control.calls


def test_leave_for_reads_is_none_for_writes(world: World) -> None:
    world.config = ScalingConfig(max_read_request_units=100)

    world.throttle(TABLE)
    assert not world.control.calls
    assert world.throttle(INDEX).raised


def test_disabled_is_disabled(world: World) -> None:
    world.config = world.config.replace(scaling_enabled=False)

    answer = world.throttle(TABLE)

    assert answer.hold is not None
    assert answer.hold.reason is HoldReason.DISABLED
    assert not world.control.calls


@pytest.mark.parametrize("kind", [ThrottleKind.KEY_RANGE, ThrottleKind.ACCOUNT])
def test_invariant_3_what_never_raises_does_not_beside_a_maximum(
    world: World, kind: ThrottleKind
) -> None:
    hot = replace(INDEX, kind=kind)

    assert not world.throttle(hot).raised
    assert not world.control.calls
    assert [c.resource for c in world.throttle(hot, TABLE).raised] == [Resource("free")]


def test_invariant_2_a_maximum_that_someone_else_set_stays(world: World) -> None:
    world.throttle(TABLE)
    world.clock.advance(3)
    world.control.set_units("free", None, Units(0, 70))
    world.clock.advance(DELAY)

    assert world.control.units("free") == Units(0, 70)
    assert released(world) == ["70 units were set by someone else"]


def test_invariant_2_a_maximum_that_someone_took_away_stays_away(world: World) -> None:
    world.throttle(TABLE)
    world.clock.advance(3)
    world.control.set_units("free", None, Units(0, 0))
    world.clock.advance(DELAY)

    assert world.control.units("free") == Units(0, 0)
    assert released(world) == ["there is no maximum now"]


@pytest.mark.parametrize("on_demand", [True, False])
def test_a_table_of_another_billing_mode_now_is_left_alone(world: World, on_demand: bool) -> None:
    world.control.add("free", Units(10, 10), on_demand=on_demand)
    kind = MAXIMUM if on_demand else ThrottleKind.PROVISIONED
    world.throttle(replace(TABLE, kind=kind))
    world.clock.advance(3)
    assert len(pending(world)) == 1
    world.control.add("free", Units(20, 20), on_demand=not on_demand)
    updates = len(world.control.updates)

    world.clock.advance(DELAY)

    assert len(world.control.updates) == updates
    assert released(world) == ["provisioned now" if on_demand else "on-demand now"]
    assert pending(world) == []


def test_a_raise_in_the_new_billing_mode_forgets_that_in_the_old_one(world: World) -> None:
    world.throttle(TABLE)
    world.clock.advance(3)
    world.control.add("free", Units(20, 20))
    world.clock.advance(STATE_TTL)

    world.throttle(replace(TABLE, dimension=READ, kind=ThrottleKind.PROVISIONED))

    assert pending(world) == ["free read 40 -> 20"]
    world.clock.advance(DELAY + 3)
    assert world.control.units("free") == Units(20, 20)


def test_a_switch_between_the_look_and_the_request_is_a_refusal(world: World) -> None:
    world.control.fail["update"] = [ServiceLimit("BillingMode is PROVISIONED")]

    answer = world.throttle(TABLE)

    assert answer.hold is not None
    assert answer.hold.reason is HoldReason.SERVICE_LIMIT
    assert pending(world) == []
