"""A call's place: who gets one, and what it does to those behind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dynoresilience.engine import Engine
from dynoresilience.model import (
    Dimension,
    HoldReason,
    Resource,
    ResourceState,
    ThrottleKind,
    ThrottleSignal,
    Units,
)
from dynoresilience.scaling.pause import Pause
from dynoresilience.scaling.place import Place, place_of_new, place_of_refused
from dynoresilience.scaling.table_record import TableRecord
from dynoresilience.scope import Scope
from dynoresilience.throttling.signals import Throttle
from dynoresilience.throttling.work import Work
from tests.unit.scaling.conftest import INDEX, READ, TABLE, WRITE, World

PUT = Work("orders", None, WRITE, 1.0)
INDEXED = frozenset({"id", "customer"})
BARE = frozenset({"id"})
READS = ThrottleSignal(Resource("orders"), READ)
INDEX_READS = ThrottleSignal(Resource("orders", "by-customer"), READ)


@pytest.fixture(autouse=True)
def orders(world: World) -> None:
    """5 write units and 10 read units; a change that never ends, so that nothing moves."""
    world.control.add("orders", Units(10, 5), by_customer=Units(10, 5))
    orders = world.control.tables["orders"]
    index = ResourceState(Units(10, 5), keys=frozenset({"customer"}), partition_key=("customer",))
    world.control.tables["orders"] = replace(orders, indexes={"by-customer": index})
    world.control.update_seconds = 1e6


def record(world: World) -> TableRecord:
    (found,) = world.scaler.records()
    return found


def waiting(world: World) -> float:
    return sum(pace.waiting for pace in record(world).paces.values())


class Waiting:
    """A throttled call that rests in its pause, as in another thread."""

    def __init__(self, world: World, *signals: ThrottleSignal, **scope: Any) -> None:
        now = world.clock.monotonic()
        self.call = world.engine.begin("PutItem", now, Scope(**scope))
        pause = self.call.on_throttle(Throttle(signals or (TABLE,)), 1)
        assert pause is not None
        self.pause: Pause = pause
        self.turn = pause._until - world.clock.monotonic()
        self._wake = lambda: None
        pause._subscribe(self._wake)

    def goes(self) -> None:
        self.pause._end(self._wake)


def held_back(world: World, work: Work = PUT, attributes: Any = INDEXED, **scope: Any) -> float:
    """Seconds for which a new call waits."""
    began = world.clock.monotonic()
    world.engine.hold_back(work, attributes, began, Scope(**scope))
    return world.clock.monotonic() - began


def test_those_that_were_refused_go_one_after_the_other(world: World) -> None:
    turns = [Waiting(world).turn for _ in range(4)]

    assert turns == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert waiting(world) == 4


def test_a_new_call_goes_behind_them(world: World) -> None:
    for _ in range(3):
        Waiting(world)

    assert held_back(world) == pytest.approx(0.8)


def test_where_nobody_waits_it_goes_at_once(world: World) -> None:
    assert held_back(world) == 0
    first = Waiting(world)
    first.goes()

    assert waiting(world) == 0
    assert held_back(world) == 0


@pytest.mark.parametrize(
    ("work", "attributes"),
    [
        (Work("orders", None, READ, 1.0), None),
        (Work("orders", "by-customer", READ, 1.0), None),
        (Work("carts", None, WRITE, 1.0), INDEXED),
    ],
)
def test_who_needs_something_else_goes_at_once(world: World, work: Work, attributes: Any) -> None:
    Waiting(world)

    assert held_back(world, work, attributes) == 0


def test_reads_of_the_table_and_of_an_index_queue_apart(world: World) -> None:
    Waiting(world, INDEX_READS)

    assert held_back(world, Work("orders", None, READ, 0.0), None) == 0
    assert held_back(world, Work("orders", "by-customer", READ, 0.0), None) > 0


@pytest.mark.parametrize(
    ("attributes", "waits"),
    [(INDEXED, True), (BARE, False), (None, False)],  # None: an update; nobody knows what it has
)
def test_a_write_that_is_not_in_the_short_index_goes_at_once(
    world: World, attributes: frozenset[str] | None, waits: bool
) -> None:
    Waiting(world, INDEX)

    assert (held_back(world, PUT, attributes) > 0) is waits


def test_of_a_short_table_every_write_waits(world: World) -> None:
    Waiting(world, INDEX)
    Waiting(world, TABLE)

    assert held_back(world, PUT, None) > 0


def test_reads_that_are_not_measured_yet_take_room_as_well(world: World) -> None:
    """Else all of them would come in one instant."""
    Waiting(world, READS)
    read = Work("orders", None, READ, 0.0)
    waits = []
    for _ in range(3):
        place = place_of_new(record(world), (None, READ), read.units, None)
        assert place is not None
        waits.append(place.at(world.clock.monotonic()))

    assert waits == sorted(set(waits)), "one behind the other"


def test_nobody_waits_longer_than_the_longest_backoff(world: World) -> None:
    world.config = world.config.replace(initial_retry_delay=0.5, max_retry_delay=0.5)
    world.engine.configure(world.config, [])
    for _ in range(4):
        Waiting(world)

    assert held_back(world) <= 0.5


def test_whose_turn_would_come_after_its_deadline_goes_at_once(world: World) -> None:
    for _ in range(4):
        Waiting(world)
    now = world.clock.monotonic()

    assert held_back(world, deadline=now + 0.5) == 0
    assert held_back(world, deadline=now + 5.0) > 0


def test_who_does_not_wait_takes_nobodys_time(world: World) -> None:
    """Calls with a near deadline go at once, and those that wait have no longer to wait for it."""
    Waiting(world)
    for _ in range(50):
        held_back(world, deadline=world.clock.monotonic() + 0.1)
        Waiting(world, deadline=world.clock.monotonic() + 0.1).goes()

    assert Waiting(world).turn == pytest.approx(0.4)


def test_a_raise_that_comes_into_force_ends_the_wait(world: World) -> None:
    for _ in range(8):
        Waiting(world)
    now = world.clock.monotonic()
    world.clock.call_at(now + 0.3, lambda: record(world).end_change(now + 0.3))

    assert held_back(world) == pytest.approx(0.3)


def test_who_was_held_back_has_met_the_capacity_that_came_into_force_meanwhile(
    world: World,
) -> None:
    """It was sent after the change, though it began before: it is short again, and that is told."""
    for _ in range(8):
        Waiting(world)
    began = world.clock.monotonic()

    def change() -> None:
        record(world).end_change(began + 0.3)
        Place(record(world), (None, WRITE), 1.0).at(began + 0.3)  # another one goes first

    world.clock.call_at(began + 0.3, change)
    place = world.engine.hold_back(PUT, INDEXED, began, Scope())
    assert place is not None
    assert world.clock.monotonic() > began + 0.3

    call = world.engine.begin("PutItem", began, Scope(), place)
    call.on_throttle(Throttle((TABLE,)), 1)

    assert str(HoldReason.JUST_RAISED) not in call.report(1)["hold_reasons"]


def test_an_interrupt_leaves_no_place_behind(world: World) -> None:
    Waiting(world)

    def interrupt() -> None:
        assert waiting(world) == 2
        raise KeyboardInterrupt

    world.clock.call_at(world.clock.monotonic() + 0.1, interrupt)
    with pytest.raises(KeyboardInterrupt):
        held_back(world)

    assert waiting(world) == 1
    assert world.scaler.resting == 0


@pytest.mark.parametrize("setting", [{"scaling_enabled": False}, {"fleet_size": 2}])
def test_when_nobody_is_held_back(world: World, setting: dict[str, Any]) -> None:
    """In a fleet the others' queues are the longer ones, and nobody knows of them."""
    Waiting(world)
    world.config = world.config.replace(**setting)
    world.engine.configure(world.config, [])

    assert held_back(world) == 0


def engine_of_a_fleet(world: World) -> Engine:
    world.config = world.config.replace(fleet_size=100)
    return world.new_engine()


def test_in_a_fleet_nobody_has_a_place(world: World) -> None:
    Waiting(world)
    call = engine_of_a_fleet(world).begin("PutItem", world.clock.monotonic(), Scope())
    call.on_throttle(Throttle((TABLE,)), 1)

    assert waiting(world) == 1


@pytest.mark.parametrize(
    "signals",
    [
        (replace(TABLE, kind=ThrottleKind.KEY_RANGE),),
        (replace(TABLE, kind=ThrottleKind.ACCOUNT),),
        (TABLE, READS),  # two queues
        (replace(TABLE, any_index=True),),  # of a table that has none
    ],
)
def test_who_gets_no_place(world: World, signals: tuple[ThrottleSignal, ...]) -> None:
    world.throttle(TABLE)
    state = world.control.tables["orders"]
    found = record(world)
    found.observe(replace(state, indexes={}), world.clock.monotonic())

    place = place_of_refused(
        found,
        signals,
        1.0,
        lambda index: world.config.limits("orders", index),
        world.clock.monotonic(),
    )

    assert place is None


def test_a_throttle_of_an_index_that_is_gone_backs_off(world: World) -> None:
    world.control.tables["orders"] = replace(world.control.tables["orders"], indexes={})
    call = world.engine.begin("PutItem", 0.0, Scope())

    assert call.try_again(Throttle((replace(TABLE, any_index=True),)), 1)


def test_a_hot_key_slows_the_queue_down_for_nobody(world: World) -> None:
    hot = replace(TABLE, kind=ThrottleKind.KEY_RANGE)
    for _ in range(50):
        one = Waiting(world)
        one.goes()
        world.clock.advance(0.5)
        one.call.on_throttle(Throttle((hot,)), 2)

    assert Waiting(world).turn == pytest.approx(0.2, rel=0.02)


def test_a_table_that_is_on_demand_by_now_holds_nobody_back(world: World) -> None:
    Waiting(world)
    state = replace(
        world.control.tables["orders"], table=ResourceState(Units(0, 0)), on_demand=True
    )
    record(world).observe(state, world.clock.monotonic())

    assert held_back(world) == 0


def test_a_table_made_anew_holds_nobody_back(world: World) -> None:
    one = Waiting(world)
    state = replace(world.control.tables["orders"], table_id="another")
    record(world).observe(state, world.clock.monotonic())

    assert held_back(world) == 0
    one.goes()
    assert waiting(world) == 0, "and who leaves a queue that is gone leaves no debt"


def test_a_forked_child_finds_an_empty_queue(world: World) -> None:
    one = Waiting(world)
    record(world).reset()  # as a child does first

    assert held_back(world) == 0
    one.goes()
    assert waiting(world) == 0


def test_a_place_of_a_record_that_knows_nothing() -> None:
    assert Place(TableRecord(), (None, Dimension.WRITE), 1.0).at(0.0) is None
