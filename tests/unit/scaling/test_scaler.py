"""Raising: exactly what was short, once, whatever the control plane does."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from dynoresilience import events
from dynoresilience.capacity.turns import FIRST_LOOK_WITHIN
from dynoresilience.config import ScalingConfig
from dynoresilience.model import (
    CapacityUpdate,
    Dimension,
    HoldReason,
    Resource,
    ResourceState,
    ThrottleKind,
    ThrottleSignal,
    Units,
)
from dynoresilience.ports import (
    AccessDenied,
    ControlPlaneError,
    OutcomeUnknown,
    ServiceLimit,
    TableBusy,
)
from dynoresilience.scaling.raiser import Raiser
from dynoresilience.scaling.raises import NO_LEDGER
from dynoresilience.scaling.scaler import Scaler
from dynoresilience.scaling.spend_guard import SpendGuard
from dynoresilience.scaling.table_record import LONGEST_FLIGHT
from dynoresilience.scaling.turns import Turns
from dynoresilience.throttling.retry import Excuse
from tests.support.fake_control import failing
from tests.unit.scaling.conftest import INDEX, TABLE, World


@pytest.fixture(autouse=True)
def orders(world: World) -> None:
    world.control.add("orders", Units(7, 5), by_customer=Units(3, 5))


def scaler_with(world: World, control: Any, *, clock: Any, timer: Any) -> Scaler:
    """A scaler of the same process with other parts."""
    shelf = world.runtime.shelf("fake")
    turns = Turns(lambda: 0.0)
    raiser = Raiser(
        control,
        NO_LEDGER,
        shelf.book,
        shelf.scale_down,
        turns,
        SpendGuard(shelf.raises, clock),
        clock=clock,
        timer=timer,
        sink=world,
    )
    return Scaler(raiser, turns, clock=clock, timer=timer)


def test_a_throttle_raises_what_was_short(world: World) -> None:
    answer = world.throttle(INDEX)

    assert answer.excuse is Excuse.IN_FLIGHT
    assert [str(change) for change in answer.raised] == ["orders/by-customer write 5 -> 10"]
    assert [dict(update.units) for update in world.control.updates] == [
        {"by-customer": Units(3, 10)}
    ]


def test_invariant_7_one_update_in_flight(world: World) -> None:
    world.throttle(TABLE)

    for _ in range(10):
        answer = world.throttle(INDEX)
        assert answer.hold is not None
        assert answer.hold.reason is HoldReason.UPDATING
        assert answer.excuse is Excuse.IN_FLIGHT

    assert len(world.control.updates) == 1


def test_when_it_is_in_force_the_next_throttle_raises_again(world: World) -> None:
    world.throttle(TABLE)
    world.clock.advance(3.0)

    world.throttle(TABLE)
    world.throttle(INDEX)
    world.clock.advance(3.0)
    world.throttle(INDEX)

    asked = [dict(update.units) for update in world.control.updates]
    assert asked == [{None: Units(7, 10)}, {None: Units(7, 20)}, {"by-customer": Units(3, 10)}]


def test_an_attempt_that_was_sent_before_the_change_proves_nothing(world: World) -> None:
    world.throttle(TABLE)
    sent_at = world.clock.monotonic() + 1.0
    world.clock.advance(3.0)

    answer = world.throttle(TABLE, sent_at=sent_at)

    assert answer.hold is not None
    assert answer.hold.reason is HoldReason.JUST_RAISED
    assert answer.excuse is Excuse.JUST_CHANGED
    assert len(world.control.updates) == 1


def test_the_finish_is_seen_soon_and_told(world: World) -> None:
    world.throttle(TABLE)
    world.clock.advance(2.4)

    finished = world.of(events.ScaleUpFinished)
    assert len(finished) == 1
    assert 2.0 <= finished[0].seconds <= 2.4  # type: ignore[attr-defined]


def test_at_the_cap_it_holds_without_asking_the_table_each_time(world: World) -> None:
    world.config = world.config.replace(max_write_capacity=5)

    for _ in range(20):
        answer = world.throttle(TABLE)
        assert answer.hold is not None
        assert (answer.hold.reason, answer.excuse) == (HoldReason.AT_CAP, None)
        world.clock.advance(0.1)

    assert world.control.calls == {"describe": 1}


def test_someone_elses_change_is_joined(world: World) -> None:
    world.control.update("orders", CapacityUpdate({None: Units(7, 50)}, ()))

    first = world.throttle(TABLE)
    world.clock.advance(3.0)
    world.throttle(TABLE)

    assert first.excuse is Excuse.IN_FLIGHT
    assert [dict(u.units) for u in world.control.updates] == [
        {None: Units(7, 50)},
        {None: Units(7, 100)},
    ]


def test_losing_the_race_for_the_update_is_joining(world: World) -> None:
    world.control.fail["update"] = [TableBusy("someone was faster")]

    answer = world.throttle(TABLE)

    assert answer.excuse is Excuse.IN_FLIGHT
    assert world.runtime.pending() == ()


def test_never_below_what_is_there(world: World) -> None:
    """A raise that somebody else made since our last look is the base of the next step."""
    world.throttle(TABLE)
    world.clock.advance(10.0)
    world.control.set_units("orders", None, Units(7, 80))

    world.throttle(TABLE)

    assert world.control.updates[-1].units == {None: Units(7, 160)}


def test_disabled_means_no_call_at_all(world: World) -> None:
    world.config = world.config.replace(scaling_enabled=False)

    answer = world.throttle(TABLE)

    assert answer.hold is not None
    assert answer.hold.reason is HoldReason.DISABLED
    assert not world.control.calls


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (ThrottleKind.KEY_RANGE, HoldReason.KEY_RANGE),
        (ThrottleKind.ACCOUNT, HoldReason.ACCOUNT_LIMIT),
        (ThrottleKind.ON_DEMAND_MAXIMUM, HoldReason.ON_DEMAND_MAXIMUM),
    ],
)
def test_invariant_3_other_limits_are_no_reason_to_raise(
    world: World, kind: ThrottleKind, reason: HoldReason
) -> None:
    answer = world.throttle(replace(TABLE, kind=kind))

    assert answer.hold is not None
    assert answer.hold.reason is reason
    assert not world.control.calls


def test_invariant_3_a_guess_after_another_limit_was_met_is_no_reason_either(world: World) -> None:
    guess = replace(TABLE, told=False)
    world.throttle(replace(TABLE, kind=ThrottleKind.KEY_RANGE))

    answer = world.throttle(guess)

    assert answer.hold is not None
    assert answer.hold.reason is HoldReason.KEY_RANGE
    assert not world.control.calls
    other = world.throttle(replace(guess, dimension=Dimension.READ))
    assert [change.dimension for change in other.raised] == [Dimension.READ]
    world.clock.advance(11)
    assert world.throttle(guess).raised


@pytest.mark.parametrize("operation", ["describe", "update"])
@pytest.mark.parametrize(
    ("error", "reason", "for_seconds"),
    [
        (AccessDenied("dynamodb:X", "no"), HoldReason.NO_PERMISSION, 300.0),
        (ServiceLimit("over the quota"), HoldReason.SERVICE_LIMIT, 60.0),
        (ControlPlaneError("503"), HoldReason.FAILED, 1.0),
        (RuntimeError("a bug"), HoldReason.FAILED, 1.0),
    ],
)
def test_invariant_4_a_failure_is_a_hold_and_not_repeated_at_once(
    world: World, operation: str, error: Exception, reason: HoldReason, for_seconds: float
) -> None:
    world.control.fail[operation] = failing(1, error)

    answer = world.throttle(TABLE)
    world.throttle(TABLE)

    assert answer.hold is not None
    assert (answer.hold.reason, answer.excuse) == (reason, None)
    assert world.control.calls[operation] == 1
    world.clock.advance(for_seconds + 10)
    assert world.throttle(TABLE).hold is None, "and then it is tried again"


@pytest.mark.parametrize("error", [ServiceLimit("quota"), ControlPlaneError("503")])
def test_what_keeps_writes_from_being_raised_does_not_keep_reads(
    world: World, error: Exception
) -> None:
    world.control.fail["update"] = [error]
    assert world.throttle(TABLE).hold is not None

    reads = world.throttle(replace(TABLE, dimension=Dimension.READ))

    assert [change.dimension for change in reads.raised] == [Dimension.READ]


def test_a_permission_that_is_missing_is_so_for_the_whole_table(world: World) -> None:
    world.control.fail["update"] = [AccessDenied("dynamodb:UpdateTable", "no")]
    world.throttle(TABLE)

    hold = world.throttle(replace(TABLE, dimension=Dimension.READ)).hold

    assert hold is not None
    assert hold.reason is HoldReason.NO_PERMISSION
    assert world.control.calls["update"] == 1


@pytest.mark.parametrize(
    "error",
    [
        AccessDenied("dynamodb:UpdateTable", "no"),
        ServiceLimit("quota"),
        TableBusy("busy"),
        ControlPlaneError("The rate of control plane requests made by this account is too high"),
    ],
)
def test_a_refused_raise_leaves_nothing_to_lower(world: World, error: Exception) -> None:
    world.control.fail["update"] = [error]

    world.throttle(TABLE)

    assert world.runtime.pending() == ()


def test_a_refused_second_raise_keeps_the_first_in_the_ledger(world: World) -> None:
    world.throttle(TABLE)
    world.clock.advance(3.0)
    world.control.fail["update"] = [ServiceLimit("quota")]
    world.throttle(TABLE)

    pending = world.runtime.pending()

    assert [str(entry) for entry in pending] == ["orders write 10 -> 5"]


def test_a_raise_of_unknown_outcome_stays_in_the_ledger(world: World) -> None:
    world.control.fail["update"] = [OutcomeUnknown("the connection broke")]

    world.throttle(TABLE)

    assert [entry.base for entry in world.runtime.pending()] == [5]


def test_a_raise_of_unknown_outcome_is_waited_for(world: World) -> None:
    world.control.fail["update"] = [OutcomeUnknown("the connection broke")]
    world.throttle(TABLE)

    assert world.throttle(TABLE).excuse is Excuse.IN_FLIGHT


def test_invariant_8_the_ledger_is_written_before_the_request(world: World) -> None:
    seen = []
    world.control.before_update = lambda update: seen.append(
        [str(entry) for entry in world.runtime.pending()]
    )

    world.throttle(TABLE)

    assert seen == [["orders write 10 -> 5"]]


def test_two_clients_of_a_process_share_a_table(world: World) -> None:
    other = world.new_engine()

    world.throttle(TABLE)
    answer = world.throttle(TABLE, engine=other)

    assert answer.excuse is Excuse.IN_FLIGHT
    assert len(world.control.updates) == 1
    world.clock.advance(3.0)
    world.throttle(TABLE, engine=other)
    assert [str(entry) for entry in world.runtime.pending()] == ["orders write 20 -> 5"]


def test_a_change_that_never_ends_is_not_believed_for_ever(world: World) -> None:
    world.control.update_seconds = 1e9
    world.throttle(TABLE)
    world.clock.advance(world.config.scale_up_timeout + 10)

    described = world.control.calls["describe"]
    answer = world.throttle(TABLE)

    assert answer.hold is not None
    assert answer.hold.reason is HoldReason.UPDATING
    assert world.control.calls["describe"] == described + 1
    assert len(world.control.updates) == 1


def test_threads_that_are_throttled_together_share_one_look() -> None:
    """With a control plane that answers only once all the others wait for it."""
    world = World()
    world.control.add("orders")
    everyone_is_here = threading.Barrier(9)
    answers = []

    class Slow:
        def describe(self, table: str) -> object:
            everyone_is_here.wait(timeout=30)
            return world.control.describe(table)

        update = staticmethod(world.control.update)

    class RealWaits:
        monotonic = staticmethod(world.clock.monotonic)
        now = staticmethod(world.clock.now)

        @staticmethod
        def wait(signal: threading.Event, timeout: float) -> bool:
            if timeout <= FIRST_LOOK_WITHIN:
                return False  # the moment that it lets pass before the look
            everyone_is_here.wait(timeout=30)
            return signal.wait(30)

    scaler = scaler_with(world, Slow(), clock=RealWaits(), timer=world.clock)

    def throttled() -> None:
        answers.append(scaler.raise_if_needed("orders", (TABLE,), 0.0, ScalingConfig()))

    threads = [threading.Thread(target=throttled) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert len(answers) == 9
    assert all(answer.excuse is Excuse.IN_FLIGHT for answer in answers)
    assert world.control.calls == {"describe": 1, "update": 1}


def test_a_table_that_is_gone_holds(world: World) -> None:
    gone = ThrottleSignal(Resource("gone"), TABLE.dimension)

    answer = world.throttle(gone)

    assert answer.hold is not None
    assert answer.hold.reason is HoldReason.FAILED


def test_what_someone_else_set_to_our_target_meanwhile_is_not_ours(world: World) -> None:
    world.control.before_update = lambda update: world.control.set_units(
        "orders", None, Units(7, 10)
    )

    answer = world.throttle(TABLE)

    assert answer.excuse is Excuse.IN_FLIGHT
    assert world.runtime.pending() == ()


def test_a_description_older_than_what_we_saw_lowers_nothing(world: World) -> None:
    read = replace(TABLE, dimension=Dimension.READ)
    before = world.control.tables["orders"]
    world.throttle(read)
    world.clock.advance(3.0)
    now = world.control.tables["orders"]
    world.control.tables["orders"] = before  # one replica of DescribeTable lags behind

    answer = world.throttle(TABLE)
    assert answer.excuse is Excuse.IN_FLIGHT
    world.control.tables["orders"] = now
    world.throttle(TABLE)

    assert [dict(update.units) for update in world.control.updates] == [
        {None: Units(14, 5)},
        {None: Units(14, 10)},
    ]


def test_an_index_that_is_being_filled_holds_no_raise_up(world: World) -> None:
    """It takes minutes to hours, and the table is ACTIVE meanwhile."""
    orders = world.control.tables["orders"]
    building = ResourceState(Units(5, 5), status="CREATING")
    world.control.tables["orders"] = replace(orders, indexes={"by-day": building})

    world.throttle(TABLE)

    assert [dict(update.units) for update in world.control.updates] == [{None: Units(7, 10)}]


def test_an_index_that_is_being_built_is_no_excuse(world: World) -> None:
    """UpdateTable is refused until there is room for it."""
    orders = world.control.tables["orders"]
    building = ResourceState(Units(5, 5), status="CREATING")
    world.control.tables["orders"] = replace(
        orders, table=replace(orders.table, status="UPDATING"), indexes={"by-day": building}
    )

    for _ in range(5):
        answer = world.throttle(TABLE)
        assert answer.excuse is None
        assert answer.hold is not None
        assert answer.hold.reason is HoldReason.UPDATING

    assert world.control.calls == {"describe": 1}


def test_a_watch_that_fails_goes_on(world: World) -> None:
    world.control.fail["describe"] = []
    world.throttle(TABLE)
    world.control.fail["describe"] = failing(4, RuntimeError("the owner's credential provider"))

    world.clock.advance(4.0)

    assert len(world.of(events.ScaleUpFinished)) == 1


def test_with_a_deadline_the_call_does_not_wait_for_a_slow_control_plane(world: World) -> None:
    slow = world.control.describe
    world.control.describe = lambda table: (world.clock.sleep(8.0), slow(table))[1]  # type: ignore[assignment,method-assign]
    release = []

    class Elsewhere:
        """A timer that runs its jobs later than the call can wait."""

        def call_at(self, when: float, job: object) -> None:
            release.append(job)

    scaler = scaler_with(world, world.control, clock=world.clock, timer=Elsewhere())

    answer = scaler.raise_if_needed("orders", (TABLE,), 0.0, world.config, deadline=1.0)

    assert answer.excuse is Excuse.IN_FLIGHT
    assert world.clock.monotonic() <= 1.0
    release[0]()
    assert len(world.control.updates) == 1, "the raise is made all the same"


def test_a_flight_that_was_lost_does_not_ground_the_table(world: World) -> None:
    world.throttle(TABLE)
    world.clock.advance(3.0)
    (record,) = world.scaler.records()
    record.begin(world.clock.monotonic())  # and its thread is gone
    world.clock.advance(LONGEST_FLIGHT)

    assert world.throttle(TABLE).raised


def test_a_signal_handler_that_interrupts_its_own_look_is_not_kept(world: World) -> None:
    world.throttle(TABLE)
    world.clock.advance(3.0)
    (record,) = world.scaler.records()
    flight = record.begin(world.clock.monotonic())
    assert flight is not None
    before = world.clock.monotonic()

    answer = world.throttle(TABLE)

    assert answer.excuse is None
    assert world.clock.monotonic() == before


def test_a_table_that_was_made_anew_is_looked_at_anew(world: World) -> None:
    """What was known of the old one (at its cap, being changed) does not hold for it."""
    world.config = world.config.replace(max_write_capacity=10)
    world.throttle(TABLE)
    world.clock.advance(3.0)
    world.throttle(TABLE)
    world.control.tables["orders"] = replace(
        world.control.tables["orders"], table=ResourceState(Units(5, 5)), table_id="another"
    )

    answer = world.throttle(TABLE, engine=world.new_engine())

    assert [str(change) for change in answer.raised] == ["orders write 5 -> 10"]
    assert [str(entry) for entry in world.runtime.pending()] == ["orders write 10 -> 5"]


def test_a_client_that_may_not_update_does_not_take_over_the_lowering(world: World) -> None:
    """Two clients share the record; the one that was refused must not be the one that lowers."""
    other = world.new_engine()
    world.throttle(TABLE)
    world.clock.advance(3.0)
    world.control.fail["update"] = [AccessDenied("dynamodb:UpdateTable", "no")]
    world.throttle(TABLE, engine=other)
    (record,) = world.scaler.records()

    assert record.lowerer is not None
    assert record.lowerer.control is world.engine._control
    world.clock.advance(world.config.scale_down_delay + 3)
    assert world.control.units("orders") == Units(7, 5)


@pytest.mark.parametrize("second", [TableBusy("busy"), ServiceLimit("quota"), None])
def test_a_raise_of_unknown_outcome_survives_a_refused_one(
    world: World, second: Exception | None
) -> None:
    """The first request got no answer, but is carried out late; the second is refused."""
    world.control.fail["update"] = [OutcomeUnknown("read timeout")]
    world.throttle(TABLE)
    world.clock.advance(30.0)
    if second is None:  # it lands between our look and our second request: "will not change"
        world.control.before_update = lambda update: world.control.set_units(
            "orders", None, Units(7, 10)
        )
    else:
        world.control.fail["update"] = [second]
    world.throttle(TABLE)
    world.control.before_update = lambda update: None
    world.control.set_units("orders", None, Units(7, 10))

    assert [entry.base for entry in world.runtime.pending()] == [5]
    world.clock.advance(2 * world.config.scale_down_delay)
    assert world.control.units("orders") == Units(7, 5)


def test_lowering_before_an_unknown_raise_has_come_does_not_forget_it(world: World) -> None:
    world.control.fail["update"] = [OutcomeUnknown("read timeout")]
    world.throttle(TABLE)
    world.clock.advance(30.0)

    assert world.engine.scale_down_now(timeout=0) == ()
    world.control.set_units("orders", None, Units(7, 10))  # only now

    world.clock.advance(2 * world.config.scale_down_delay)
    assert world.control.units("orders") == Units(7, 5)


def test_a_lagging_description_does_not_make_a_call_with_a_deadline_spin(world: World) -> None:
    read = replace(TABLE, dimension=Dimension.READ)
    before = world.control.tables["orders"]
    world.throttle(read)
    world.clock.advance(3.0)
    world.control.tables["orders"] = before
    described = world.control.calls["describe"]
    now = world.clock.monotonic()

    answer = world.scaler.raise_if_needed("orders", (TABLE,), now, world.config, now + 5.0)

    assert answer.excuse is Excuse.IN_FLIGHT
    assert world.control.calls["describe"] == described + 1


def test_a_table_made_anew_is_not_lowered_at_once(world: World) -> None:
    world.throttle(TABLE)
    world.clock.advance(700.0)
    world.control.tables["orders"] = replace(
        world.control.tables["orders"], table=ResourceState(Units(5, 5)), table_id="another"
    )
    world.throttle(TABLE)
    world.clock.advance(world.config.scale_down_delay - 10)

    assert world.control.units("orders") == Units(5, 10)
    world.clock.advance(20)
    assert world.control.units("orders") == Units(5, 5)


def test_after_a_slow_failure_the_control_plane_is_left_alone_for_longer(world: World) -> None:
    def hangs(table: str) -> Any:
        world.clock.sleep(5.0)
        raise OutcomeUnknown("read timeout")

    quick = world.control.describe
    world.control.describe = hangs  # type: ignore[method-assign]
    world.throttle(TABLE)
    world.control.describe = quick  # type: ignore[method-assign]
    world.clock.advance(20.0)
    assert not world.throttle(TABLE).raised
    world.clock.advance(6.0)
    assert world.throttle(TABLE).raised
