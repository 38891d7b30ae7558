"""Who queues behind whom, and for how long: calls of one process in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from greenlet import GreenletExit, getcurrent

from dynoresilience.capacity.turns import first_look_after
from dynoresilience.config import ScalingConfig
from dynoresilience.model import (
    Dimension,
    HoldReason,
    Resource,
    ResourceState,
    ThrottleKind,
    ThrottleSignal,
    Units,
)
from dynoresilience.scaling.place import Place, place_of_new, place_of_refused
from dynoresilience.scaling.table_record import TableRecord
from dynoresilience.scope import Scope
from dynoresilience.throttling.signals import Throttle
from dynoresilience.throttling.work import Work
from tests.support.fleet.hub import Hub, Process
from tests.unit.scaling.conftest import INDEX, READ, TABLE, WRITE, World

PUT = Work("orders", None, WRITE, 1.0)
INDEXED = frozenset({"id", "customer"})
BARE = frozenset({"id"})
READS = ThrottleSignal(Resource("orders"), READ)
INDEX_READS = ThrottleSignal(Resource("orders", "by-customer"), READ)
LOOK = first_look_after(0.5)
"""Seconds from the first refusal until it is known what the table has."""


@dataclass
class Call:
    """One that waits, or has waited until ``at``."""

    begun: float
    at: float | None = None
    task: Any = None
    place: Place | None = None

    @property
    def waited(self) -> float:
        assert self.at is not None, "it is waiting still"
        return self.at - self.begun


class Queue:
    """A process whose calls wait: 5 write and 10 read units, and a change that does not end."""

    def __init__(self, **settings: Any) -> None:
        self.hub = Hub()
        self.process = Process(self.hub)
        config = ScalingConfig(max_read_capacity=200, max_write_capacity=200, **settings)
        self.world = World(self.process, config)  # type: ignore[arg-type]
        control = self.world.control
        control.add("orders", Units(10, 5), by_customer=Units(10, 5))
        keys = frozenset({"customer"})
        index = ResourceState(Units(10, 5), keys=keys, partition_key=("customer",))
        control.tables["orders"] = replace(control.tables["orders"], indexes={"by-customer": index})
        control.update_seconds = 1e6

    def refused(self, *signals: ThrottleSignal, **scope: Any) -> Call:
        """A call that was refused just now, and tries again."""
        call = Call(self.hub.instant)

        def wait() -> None:
            throttled = self.world.engine.begin("PutItem", call.begun, Scope(**scope))
            assert throttled.try_again(Throttle(signals or (TABLE,)), 1)

        return self._start(call, wait)

    def new(self, work: Work = PUT, attributes: Any = INDEXED, **scope: Any) -> Call:
        """A call that is made now."""
        call = Call(self.hub.instant)

        def wait() -> None:
            hold_back = self.world.engine.hold_back
            call.place = hold_back(work, attributes, call.begun, Scope(**scope))

        return self._start(call, wait)

    def changes(self, at: float) -> None:
        """Then a change of capacity is seen to be in force."""
        self.process.start(lambda: self.record.end_change(at), at=at)

    def at(self, instant: float) -> None:
        """Let time pass until then."""
        self.hub.at(instant, lambda: None)
        self.hub.run(until=instant)

    @property
    def record(self) -> TableRecord:
        (found,) = self.world.scaler.records()
        return found

    @property
    def waiting(self) -> float:
        return sum(pace.waiting for pace in self.record.paces.values())

    def _start(self, call: Call, wait: Callable[[], None]) -> Call:
        def work() -> None:
            call.task = getcurrent()
            wait()
            call.at = self.hub.instant

        self.process.start(work, at=self.hub.instant)
        return call


@pytest.fixture
def queue() -> Queue:
    return Queue()


def with_some_waiting(queue: Queue, count: int, *signals: ThrottleSignal) -> list[Call]:
    """Refused at `LOOK`, but for the first, which has the table looked at until then."""
    calls = [queue.refused(*signals)]
    queue.at(LOOK)
    calls += [queue.refused(*signals) for _ in range(count - 1)]
    queue.at(LOOK)
    assert (queue.waiting, queue.world.scaler.resting) == (count, count)
    return calls


def test_those_that_were_refused_go_one_after_the_other(queue: Queue) -> None:
    calls = with_some_waiting(queue, 4)
    queue.at(2.0)

    turns = [call.begun + call.waited - LOOK for call in calls]
    assert turns == pytest.approx([0.3, 0.5, 0.7, 0.9])  # the middle of each
    assert queue.waiting == 0


def test_new_calls_go_behind_them(queue: Queue) -> None:
    with_some_waiting(queue, 3)
    new = [queue.new(), queue.new()]
    queue.at(2.0)

    assert [call.waited for call in new] == pytest.approx([0.8, 1.0])


def test_where_nobody_waits_they_go_at_once(queue: Queue) -> None:
    first = queue.new()
    with_some_waiting(queue, 2)
    queue.at(2.0)
    last = queue.new()
    queue.at(3.0)

    assert (first.waited, last.waited) == (0, 0)


@pytest.mark.parametrize(
    ("work", "attributes"),
    [
        (Work("orders", None, READ, 1.0), None),
        (Work("orders", "by-customer", READ, 1.0), None),
        (Work("carts", None, WRITE, 1.0), INDEXED),
    ],
)
def test_who_needs_something_else_goes_at_once(queue: Queue, work: Work, attributes: Any) -> None:
    with_some_waiting(queue, 3)
    new = queue.new(work, attributes)
    queue.at(2.0)

    assert new.waited == 0


def test_reads_of_the_table_and_of_an_index_queue_apart(queue: Queue) -> None:
    with_some_waiting(queue, 3, INDEX_READS)
    of_table = queue.new(Work("orders", None, READ, 0.0), None)
    of_index = queue.new(Work("orders", "by-customer", READ, 0.0), None)
    queue.at(2.0)

    assert of_table.waited == 0
    assert of_index.waited == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("attributes", "waits"),
    [(INDEXED, True), (BARE, False), (None, False)],  # None: an update; nobody knows what it has
)
def test_a_write_that_is_not_in_the_short_index_goes_at_once(
    queue: Queue, attributes: frozenset[str] | None, waits: bool
) -> None:
    with_some_waiting(queue, 3, INDEX)
    new = queue.new(PUT, attributes)
    queue.at(2.0)

    assert (new.waited > 0) is waits


def test_of_a_short_table_every_write_waits(queue: Queue) -> None:
    with_some_waiting(queue, 2, INDEX)
    queue.refused(TABLE)
    new = queue.new(PUT, None)
    queue.at(2.0)

    assert new.waited > 0


def test_reads_that_are_not_measured_yet_take_room_as_well(queue: Queue) -> None:
    """Else all of them would come in one instant."""
    with_some_waiting(queue, 3, READS)
    new = [queue.new(Work("orders", None, READ, 0.0), None) for _ in range(3)]
    queue.at(2.0)

    assert [call.waited for call in new] == pytest.approx([0.4, 0.5, 0.6])


def test_nobody_waits_longer_than_the_longest_backoff() -> None:
    queue = Queue(initial_retry_delay=1.0, max_retry_delay=1.0)
    with_some_waiting(queue, 8)
    new = queue.new()
    queue.at(9.0)

    assert new.waited <= 1.0


def test_whose_turn_would_come_after_its_deadline_goes_at_once(queue: Queue) -> None:
    """There is always a chance."""
    with_some_waiting(queue, 3)
    hurried, patient = queue.new(deadline=LOOK + 0.5), queue.new(deadline=LOOK + 5.0)
    queue.at(2.0)

    assert hurried.waited == 0
    assert patient.waited > 0


@pytest.mark.parametrize("deadline", [0.5, 1.0, 1.6])
def test_no_wait_crosses_the_deadline(queue: Queue, deadline: float) -> None:
    """Nor does that of a call whose turn a change has put off."""
    with_some_waiting(queue, 6)
    new = [queue.new(deadline=deadline) for _ in range(6)]
    for later in (0.3, 0.4):
        queue.changes(later)
    queue.at(9.0)

    assert all(call.at is not None and call.at <= deadline for call in new)


def test_who_does_not_wait_takes_nobodys_time(queue: Queue) -> None:
    """Calls with a near deadline go at once, and those that wait have no longer to wait for it."""
    with_some_waiting(queue, 2)
    hurried = [queue.new(deadline=LOOK + 0.1) for _ in range(50)]
    patient = queue.new()
    queue.at(9.0)

    assert {call.waited for call in hurried} == {0.0}
    assert patient.waited == pytest.approx(0.6, abs=0.21)


def test_a_raise_that_comes_into_force_ends_the_wait(queue: Queue) -> None:
    with_some_waiting(queue, 8)
    new = queue.new()
    queue.changes(0.3)
    state = queue.world.control.tables["orders"]
    raised = replace(state, table=replace(state.table, units=Units(10, 500)))
    queue.hub.at(0.29, lambda: queue.record.observe(raised, 0.29))
    queue.at(0.35)

    assert new.at == pytest.approx(0.3, abs=0.03)
    assert queue.waiting == 0


def test_who_was_held_back_has_met_the_capacity_that_came_into_force_meanwhile(
    queue: Queue,
) -> None:
    """It went after the change, though it began before: it is short anew, and not excused."""
    calls = with_some_waiting(queue, 8)
    new = queue.new()
    queue.changes(0.3)
    queue.at(9.0)
    assert all(call.at is not None for call in calls)
    assert new.at is not None
    assert new.at > 0.3
    assert new.place is not None
    holds = []

    def is_refused() -> None:
        call = queue.world.engine.begin("PutItem", new.begun, Scope(), new.place)
        call.on_throttle(Throttle((TABLE,)), 1)
        holds.extend(call.report(1)["hold_reasons"])

    queue.process.start(is_refused)
    queue.at(10.0)

    assert holds != [str(HoldReason.JUST_RAISED)]


def test_an_interrupt_leaves_no_place_behind(queue: Queue) -> None:
    calls = [*with_some_waiting(queue, 2), queue.new()]
    queue.at(LOOK + 0.1)
    assert (queue.waiting, queue.world.scaler.resting) == (3, 3)
    for number, call in enumerate(calls):
        with pytest.raises(KeyboardInterrupt):
            call.task.throw(KeyboardInterrupt)
        left = 2 - number
        assert (queue.waiting, queue.world.scaler.resting) == (left, left)


def test_a_task_that_is_given_up_leaves_no_place_behind(queue: Queue) -> None:
    calls = with_some_waiting(queue, 2)
    calls[0].task.throw(GreenletExit)

    assert (queue.waiting, queue.world.scaler.resting) == (1, 1)


@pytest.mark.parametrize("setting", [{"scaling_enabled": False}, {"fleet_size": 2}])
def test_when_nobody_is_held_back(queue: Queue, setting: dict[str, Any]) -> None:
    """In a fleet the others' queues are the longer ones, and nobody knows of them."""
    with_some_waiting(queue, 3)
    queue.world.engine.configure(queue.world.config.replace(**setting), [])
    new = queue.new()
    queue.at(2.0)

    assert new.waited == 0


def test_in_a_fleet_nobody_has_a_place() -> None:
    queue = Queue(fleet_size=100)
    queue.refused()
    queue.at(0.1)

    assert queue.world.scaler.resting == 1
    assert queue.waiting == 0


@pytest.mark.parametrize(
    "signals",
    [
        (replace(TABLE, kind=ThrottleKind.KEY_RANGE),),
        (replace(TABLE, kind=ThrottleKind.ACCOUNT),),
        (TABLE, READS),  # two queues
        (replace(TABLE, any_index=True),),  # of a table that has none
    ],
)
def test_who_gets_no_place(queue: Queue, signals: tuple[ThrottleSignal, ...]) -> None:
    with_some_waiting(queue, 1)
    queue.record.observe(replace(queue.world.control.tables["orders"], indexes={}), 0.0)
    limits = queue.world.config.limits

    place = place_of_refused(
        queue.record, signals, 1.0, 1.0, lambda index: limits("orders", index), 0.1
    )

    assert place is None


def test_a_throttle_of_an_index_that_is_gone_backs_off(queue: Queue) -> None:
    control = queue.world.control
    control.tables["orders"] = replace(control.tables["orders"], indexes={})
    call = queue.refused(replace(TABLE, any_index=True))
    queue.at(2.0)

    assert call.waited > 0


def test_a_hot_key_slows_the_queue_down_for_nobody(queue: Queue) -> None:
    hot = Throttle((replace(TABLE, kind=ThrottleKind.KEY_RANGE),))

    def meets_a_hot_key_in_its_turn() -> None:
        call = queue.world.engine.begin("PutItem", queue.hub.instant, Scope())
        call.try_again(Throttle((TABLE,)), 1)
        call.on_throttle(hot, 2)

    for number in range(40):
        queue.process.start(meets_a_hot_key_in_its_turn, at=number * 0.5)
    queue.at(30.0)
    last = queue.refused()
    queue.at(40.0)

    assert last.waited == pytest.approx(0.3, rel=0.02)


def test_who_goes_out_of_turn_slows_the_queue_down_for_nobody(queue: Queue) -> None:
    """It comes to be refused since its deadline is near, and not since others take the table."""

    def tries_until_its_deadline() -> None:
        began = queue.hub.instant
        call = queue.world.engine.begin("PutItem", began, Scope(deadline=began + 0.1))
        attempt = 1
        while call.try_again(Throttle((TABLE,)), attempt):
            attempt += 1

    with_some_waiting(queue, 1)
    for number in range(1, 40):
        queue.process.start(tries_until_its_deadline, at=number * 0.5)
    queue.at(30.0)
    last = queue.refused()
    queue.at(60.0)

    assert last.waited == pytest.approx(0.3, rel=0.02)


def test_a_table_that_is_on_demand_by_now_holds_nobody_back(queue: Queue) -> None:
    with_some_waiting(queue, 3)
    state = queue.world.control.tables["orders"]
    none = ResourceState(Units(0, 0))
    queue.record.observe(replace(state, table=none, indexes={}, on_demand=True), 0.1)
    new = queue.new()
    queue.at(2.0)

    assert new.waited == 0


@pytest.mark.parametrize("how", ["made anew", "forked"])
def test_a_queue_that_is_gone_holds_nobody_back(queue: Queue, how: str) -> None:
    with_some_waiting(queue, 3)
    if how == "forked":
        queue.record.reset()  # as a child does first
    else:
        anew = replace(queue.world.control.tables["orders"], table_id="another")
        queue.record.observe(anew, 0.1)
    new = queue.new()
    queue.at(2.0)

    assert new.waited == 0
    assert queue.waiting == 0, "and who leaves it leaves no debt"


def test_a_place_of_a_record_that_knows_nothing() -> None:
    writes = (None, Dimension.WRITE)

    assert Place(TableRecord(), writes, 1.0).at(0.0) is None
    assert place_of_new(TableRecord(), writes, 1.0, None, 0.0) is None
