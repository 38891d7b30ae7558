"""One process of a fleet: when it looks, and what it does until then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dynoresilience import events
from dynoresilience.capacity.turns import first_look_after
from dynoresilience.config import ScalingConfig
from dynoresilience.model import HoldReason, Units
from dynoresilience.ports import TableBusy
from dynoresilience.scaling.scaler import STATE_TTL, TURN_TTL
from dynoresilience.scaling.turns import LEADS_FOR, TURN_LASTS
from dynoresilience.scope import Scope
from dynoresilience.throttling.retry import Excuse
from dynoresilience.throttling.signals import Throttle
from tests.unit.scaling.conftest import TABLE, World

SIZE = 101
TURN = 50.0
"""Seconds: half of the longest turn, as the chance is 0.5."""


@pytest.fixture
def world() -> World:
    world = World(config=ScalingConfig(max_write_capacity=200, fleet_size=SIZE))
    world.control.add("orders")
    return world


def looks(world: World) -> int:
    return world.control.calls["describe"]


def stay_short(world: World, seconds: float, step: float = 2.0) -> None:
    """Throttled again and again for so long."""
    until = world.clock.monotonic() + seconds
    while world.clock.monotonic() < until:
        world.throttle(TABLE)
        world.clock.advance(step)


def test_alone_it_lets_a_moment_pass_before_a_look_that_many_may_take_at_once() -> None:
    world = World()
    world.control.add("orders")
    assert world.throttle(TABLE).raised
    assert world.clock.monotonic() == pytest.approx(first_look_after(0.5))
    world.clock.advance(5.0)
    began = world.clock.monotonic()
    assert world.throttle(TABLE).raised
    assert world.clock.monotonic() == began
    world.clock.advance(30.0)
    began = world.clock.monotonic()
    assert world.throttle(TABLE).raised
    assert world.clock.monotonic() == pytest.approx(began + first_look_after(0.5))


def test_it_waits_for_its_turn_and_its_calls_are_excused(world: World) -> None:
    answer = world.throttle(TABLE)
    assert answer.hold is not None
    assert answer.hold.reason is HoldReason.NOT_OUR_TURN
    assert answer.excuse is Excuse.IN_FLIGHT
    stay_short(world, TURN - 1)
    assert looks(world) == 0
    world.clock.advance(2.0)
    assert world.throttle(TABLE).raised


def test_one_call_tries_again_when_the_turn_has_come(world: World) -> None:
    world.config = world.config.replace(initial_retry_delay=30.0, max_retry_delay=600.0)
    engine = world.new_engine()
    first = engine.begin("PutItem", 0.0, Scope())
    first.try_again(Throttle((TABLE,)), 1)  # 15 s
    assert world.clock.monotonic() == pytest.approx(15.0)
    first.try_again(Throttle((TABLE,)), 2)  # 30 s more, within the turn's time
    assert world.clock.monotonic() == pytest.approx(45.0)
    first.try_again(Throttle((TABLE,)), 3)  # would be 60 s more
    assert world.clock.monotonic() == pytest.approx(TURN)
    assert engine.begin("PutItem", 0.0, Scope()).try_again(Throttle((TABLE,)), 1)
    assert looks(world) > 0


def test_only_one_call_of_the_process_tries_again_for_the_turn(world: World) -> None:
    world.throttle(TABLE)
    record = world.scaler.records()[0]
    assert record.take_turn(0.0, 60.0) == TURN
    assert record.take_turn(0.0, 60.0) == 60.0
    assert record.take_turn(0.0, 40.0) == 40.0


def test_a_turn_that_nobody_was_there_to_take_is_over(world: World) -> None:
    """Else all who have missed theirs would look at once at the next shortage."""
    world.throttle(TABLE)
    world.clock.advance(TURN + TURN_LASTS + 0.1)
    world.throttle(TABLE)
    assert looks(world) == 0


def test_whoever_has_raised_goes_on_at_once(world: World) -> None:
    stay_short(world, TURN + 4)
    assert world.control.units("orders").write == 10
    world.clock.advance(3.0)
    assert world.throttle(TABLE).raised
    world.clock.advance(LEADS_FOR + 4)
    before = looks(world)
    assert not world.throttle(TABLE).raised
    assert looks(world) == before


def test_it_does_not_watch_what_others_raise(world: World) -> None:
    world.control.fail["update"] = [TableBusy("in use")]
    stay_short(world, TURN + 1)
    assert looks(world) == 1
    answer = world.throttle(TABLE)
    assert answer.excuse is Excuse.IN_FLIGHT
    stay_short(world, TURN - 4)
    assert looks(world) == 1
    stay_short(world, 6.0)
    assert world.control.units("orders").write == 10


def increased(world: World, ago: float) -> None:
    """Somebody else has raised the table from 5 to 20."""
    world.control.set_units("orders", None, Units(5, 20))
    state = world.control.tables["orders"]
    at = world.clock.now() - ago
    world.control.tables["orders"] = replace(state, table=replace(state.table, last_increase=at))


def test_what_was_raised_since_the_attempt_was_sent_is_tried_first() -> None:
    world = World()
    world.control.add("orders")
    world.clock.advance(100.0)
    increased(world, ago=1.0)
    answer = world.throttle(TABLE, sent_at=world.clock.monotonic() - 1.5)
    assert answer.hold is not None
    assert answer.hold.reason is HoldReason.JUST_RAISED
    assert answer.excuse is Excuse.JUST_CHANGED
    assert not world.control.updates


def test_in_a_fleet_the_turn_lasts_until_the_next_attempt(world: World) -> None:
    stay_short(world, TURN - 1)
    increased(world, ago=1.0)
    world.throttle(TABLE, sent_at=world.clock.monotonic() - 1.5)
    assert (looks(world), len(world.control.updates)) == (1, 0)
    world.clock.advance(0.2)
    world.throttle(TABLE)  # raised just now, says the table, and the ledger does not yet say so
    assert (looks(world), len(world.control.updates)) == (2, 0)


def test_at_the_cap_it_is_not_excused_for_the_time_until_its_next_turn(world: World) -> None:
    world.control.set_units("orders", None, Units(5, 200))
    stay_short(world, TURN + 2)
    assert looks(world) == 1
    world.clock.advance(STATE_TTL)
    answer = world.throttle(TABLE)
    assert answer.hold is not None
    assert (answer.hold.reason, answer.excuse) == (HoldReason.AT_CAP, None)
    world.clock.advance(TURN_TTL)
    assert world.throttle(TABLE).excuse is Excuse.IN_FLIGHT
    assert looks(world) == 1


def test_what_others_have_lowered_is_released_without_a_word() -> None:
    world = World()
    world.control.add("orders")
    assert world.throttle(TABLE).raised
    world.clock.advance(300.0)
    world.control.set_units("orders", None, Units(5, 5))
    world.clock.advance(400.0)
    assert world.runtime.pending() == ()
    assert not world.of(events.ScaleDownReleased)
    assert not world.of(events.ScaleDownDone)
