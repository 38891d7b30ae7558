"""Under Application Auto Scaling: the minimum is raised, watched and put back; or nothing is."""

from __future__ import annotations

import logging

import pytest

from dynoresilience import events
from dynoresilience.config import ScalingConfig
from dynoresilience.model import HoldReason, Resource, ThrottleSignal, Units
from dynoresilience.ports import (
    AccessDenied,
    ControlPlaneError,
    OutcomeUnknown,
    TargetDenied,
)
from dynoresilience.process.log_sink import LoggingSink
from dynoresilience.scaling.sender import UNMET_FOR
from dynoresilience.scaling.targets import DENIED_FOR, NONE_FOR
from dynoresilience.scaling.watch import SETTLE_MINIMUM
from dynoresilience.throttling.retry import Excuse
from tests.support.fake_control import failing
from tests.unit.scaling.conftest import INDEX, READ, TABLE, WRITE, World

READS = ThrottleSignal(Resource("orders"), READ)
DELAY = 600.0
DESCRIBE = "application-autoscaling:DescribeScalableTargets"
REGISTER = "application-autoscaling:RegisterScalableTarget"


@pytest.fixture(autouse=True)
def orders(world: World) -> None:
    world.control.add("orders", Units(7, 5), by_customer=Units(3, 5))
    world.control.add_target("orders", WRITE, 5, 50)


def pending(world: World) -> list[str]:
    return [str(entry) for entry in world.runtime.pending()]


def told(world: World, kind: type[events.Event]) -> list[str]:
    if kind is events.ScaleDownReleased:
        return [event.reason for event in world.of(kind)]  # type: ignore[attr-defined]
    return [str(change) for event in world.of(kind) for change in event.changes]  # type: ignore[attr-defined]


def test_the_minimum_goes_up_the_table_follows_and_it_goes_back(world: World) -> None:
    answer = world.throttle(TABLE)

    assert [str(change) for change in answer.raised] == ["orders write minimum 5 -> 10"]
    assert answer.excuse is Excuse.IN_FLIGHT
    assert pending(world) == ["orders write minimum 10 -> 5"]
    world.clock.advance(7.5)
    assert world.control.units("orders") == Units(7, 10)
    assert told(world, events.ScaleUpFinished) == ["orders write minimum 5 -> 10"]
    world.clock.advance(DELAY)
    assert world.control.minimum("orders", WRITE) == 5
    assert told(world, events.ScaleDownDone) == ["orders write minimum 10 -> 5"]
    assert pending(world) == []
    assert world.control.updates == [], "the units are for Application Auto Scaling to change"


def test_until_the_table_follows_a_throttle_is_excused(world: World) -> None:
    world.throttle(TABLE)
    for _ in range(6):
        world.clock.advance(1.0)
        assert world.throttle(TABLE).excuse is Excuse.IN_FLIGHT

    assert len(world.control.minimums) == 1
    assert world.control.calls["targets"] == 1
    world.clock.advance(1.5)
    assert [str(change) for change in world.throttle(TABLE).raised] == [
        "orders write minimum 10 -> 20"
    ]


def test_steps_go_to_the_maximum_and_no_further(world: World) -> None:
    for _ in range(6):
        answer = world.throttle(TABLE)
        world.clock.advance(8)

    assert [change.after for change in world.control.minimums] == [10, 20, 40, 50]
    assert answer.hold is not None
    assert answer.hold.reason is HoldReason.AT_CAP
    assert answer.hold.detail == "50 units, MaxCapacity of its scalable target is 50"
    assert pending(world) == ["orders write minimum 50 -> 5"]


def test_at_the_maximum_nobody_asks_again_for_each_throttle(world: World) -> None:
    world.control.add_target("orders", WRITE, 5, 5)
    for _ in range(20):
        world.throttle(TABLE)

    assert world.control.calls["targets"] == 1


def test_one_raise_mixes_units_and_minimums(world: World) -> None:
    answer = world.throttle(TABLE, READS, INDEX)

    assert sorted(str(change) for change in answer.raised) == [
        "orders read 7 -> 14",
        "orders write minimum 5 -> 10",
        "orders/by-customer write 5 -> 10",
    ]
    world.clock.advance(12)
    assert world.control.units("orders") == Units(14, 10)
    assert len(world.control.updates) == 1
    world.clock.advance(DELAY)
    assert world.control.units("orders").read == 7
    assert world.control.units("orders", "by-customer").write == 5
    assert world.control.minimum("orders", WRITE) == 5
    assert pending(world) == []


def test_lowering_now_puts_the_minimum_back(world: World) -> None:
    world.throttle(TABLE)
    world.clock.advance(8)

    changes = world.engine.scale_down_now(timeout=0)

    assert [str(change) for change in changes] == ["orders write minimum 10 -> 5"]
    assert world.control.minimum("orders", WRITE) == 5


def test_invariant_2_a_minimum_that_someone_else_set_stays(world: World) -> None:
    world.throttle(TABLE)
    world.clock.advance(8)
    world.control.add_target("orders", WRITE, 8, 50)
    world.clock.advance(DELAY)

    assert world.control.minimum("orders", WRITE) == 8
    assert told(world, events.ScaleDownReleased) == ["a minimum of 8 units was set by someone else"]


def test_a_minimum_that_someone_else_set_between_two_raises_is_the_base(world: World) -> None:
    world.throttle(TABLE)
    world.clock.advance(8)
    world.control.add_target("orders", WRITE, 8, 50)
    world.throttle(TABLE)

    assert pending(world) == ["orders write minimum 20 -> 8"]


def test_a_target_that_is_gone_is_left_alone(world: World) -> None:
    world.throttle(TABLE)
    world.clock.advance(8)
    world.control.scalable.clear()
    world.clock.advance(DELAY)

    assert told(world, events.ScaleDownReleased) == ["its scalable target is gone"]
    assert world.control.scalable == {}
    assert world.control.updates == []


def test_units_that_came_under_a_target_since_are_left_to_it(world: World) -> None:
    world.throttle(READS)
    world.clock.advance(3)
    world.control.add_target("orders", READ, 5, 50)
    world.clock.advance(DELAY)

    assert told(world, events.ScaleDownReleased) == ["it is under a scalable target now"]
    assert world.control.units("orders").read == 14
    assert pending(world) == []


def test_units_that_came_under_a_target_go_on_by_its_minimum(world: World) -> None:
    world.throttle(READS)
    world.clock.advance(NONE_FOR)
    world.control.add_target("orders", READ, 5, 50)
    world.throttle(READS)

    assert pending(world) == ["orders read minimum 28 -> 5"]


# -- asking --------------------------------------------------------------------------------


def test_nobody_asks_where_no_raise_is_near(world: World) -> None:
    world.config = ScalingConfig(max_write_capacity=5)
    world.throttle(TABLE)
    world.control.set_units("orders", None, Units(7, 3))
    world.config = ScalingConfig(scaling_enabled=False)
    world.throttle(TABLE)

    assert world.control.calls["targets"] == 0


def test_nor_of_an_on_demand_table(world: World) -> None:
    world.control.add("free", Units(0, 0), on_demand=True)
    world.throttle(ThrottleSignal(Resource("free"), WRITE))

    assert world.control.calls["targets"] == 0


def test_that_there_is_none_is_believed_for_a_while(world: World) -> None:
    world.control.scalable.clear()
    for _ in range(3):
        world.throttle(TABLE)
        world.clock.advance(15)
    assert world.control.calls["targets"] == 1

    world.clock.advance(NONE_FOR)
    world.throttle(TABLE)
    assert world.control.calls["targets"] == 2


def test_without_leave_to_ask_it_is_said_once_and_none_is_assumed(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    log = LoggingSink(world.clock)
    world.control.add("invoices", Units(5, 5))
    world.control.fail["targets"] = [AccessDenied(DESCRIBE, "no")]

    for _ in range(3):
        assert world.throttle(TABLE).raised
        assert world.throttle(ThrottleSignal(Resource("invoices"), WRITE)).raised
        world.clock.advance(15)

    assert world.control.calls["targets"] == 1
    assert world.control.minimums == []
    (event,) = world.of(events.TargetsUnseen)
    with caplog.at_level(logging.WARNING):
        log.emit(event)
        log.emit(events.TargetsUnseen("invoices", "the same"))
    assert len(caplog.messages) == 1
    assert DESCRIBE in caplog.messages[0]
    world.clock.advance(DENIED_FOR)
    world.throttle(TABLE)
    assert world.control.calls["targets"] > 1


@pytest.mark.parametrize("error", [ControlPlaneError("away"), RuntimeError("a bug")])
def test_another_failure_assumes_none_and_does_not_hold_the_raise_up(
    world: World, error: Exception
) -> None:
    world.control.fail["targets"] = [error]

    answer = world.throttle(TABLE)

    assert [str(change) for change in answer.raised] == ["orders write 5 -> 10"]
    assert world.of(events.TargetsUnseen) == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ControlPlaneError("away"), HoldReason.FAILED),
        (AccessDenied(DESCRIBE, "no"), HoldReason.NO_PERMISSION),
    ],
)
def test_what_had_a_target_when_last_seen_is_not_raised_blindly(
    world: World, error: Exception, reason: HoldReason
) -> None:
    world.throttle(TABLE)
    world.clock.advance(8)
    world.control.add_target("orders", WRITE, 40, 50)  # somebody else's, and not seen
    world.control.fail["targets"] = [error]

    answer = world.throttle(TABLE)

    assert answer.hold is not None
    assert answer.hold.reason is reason
    assert world.control.minimum("orders", WRITE) == 40
    assert [str(change) for change in world.throttle(TABLE, READS).raised][:1] == [
        "orders read 7 -> 14"
    ]


@pytest.mark.parametrize("error", [ControlPlaneError("away"), AccessDenied(DESCRIBE, "no")])
def test_a_minimum_that_another_process_has_raised_is_not_forgotten(
    world: World, error: Exception
) -> None:
    world.throttle(TABLE)
    world.clock.advance(8)
    other = World(clock=world.clock)
    other.control, other.runtime = world.control, world.runtime
    other.engine = other.new_engine()
    world.control.fail["targets"] = [error]

    answer = other.throttle(TABLE)

    assert answer.hold is not None
    assert answer.hold.detail == "its minimum is raised, and its scalable target can't be seen"
    assert world.control.updates == []
    world.clock.advance(2 * DELAY)
    assert world.control.minimum("orders", WRITE) == 5


def test_where_failing_takes_long_it_is_seldom_tried(world: World) -> None:
    ask = world.control.targets

    def slow(*asked: object) -> None:
        ask(*asked)  # type: ignore[arg-type]
        world.clock.advance(2.0)
        raise ControlPlaneError("no way there")

    world.control.targets = slow  # type: ignore[assignment]
    for _ in range(5):
        world.throttle(TABLE)
        world.clock.advance(15)
    assert world.control.calls["targets"] == 1

    world.clock.advance(200)
    world.throttle(TABLE)
    assert world.control.calls["targets"] == 2


# -- changing ------------------------------------------------------------------------------


def test_without_leave_to_change_a_minimum_it_holds_and_the_rest_may_rise(world: World) -> None:
    world.control.fail["minimum"] = failing(9, TargetDenied(REGISTER, "no"))

    for _ in range(3):
        answer = world.throttle(TABLE)
        assert answer.hold is not None
        assert answer.hold.reason is HoldReason.NO_PERMISSION
        assert answer.hold.detail == f"not allowed to call {REGISTER}"
        assert answer.excuse is None
        world.clock.advance(15)

    assert world.control.calls["minimum"] == 1
    assert world.control.updates == [], "never a raise that would be taken back"
    assert pending(world) == []
    assert [str(change) for change in world.throttle(TABLE, READS).raised] == [
        "orders read 7 -> 14"
    ]
    world.clock.advance(DENIED_FOR)
    world.control.fail.clear()
    assert world.throttle(TABLE).raised


def test_a_raise_that_was_done_in_part_is_all_taken_back(world: World) -> None:
    world.control.fail["minimum"] = [OutcomeUnknown("done in part: no")]
    world.throttle(TABLE, READS)
    assert pending(world) == ["orders write minimum 10 -> 5", "orders read 14 -> 7"]

    world.clock.advance(2 * DELAY)

    assert world.control.units("orders") == Units(7, 5)
    assert world.control.minimum("orders", WRITE) == 5
    assert pending(world) == []


def test_a_minimum_that_may_not_be_put_back_is_tried_again(world: World) -> None:
    world.throttle(TABLE)
    world.clock.advance(8)
    world.control.fail["minimum"] = [TargetDenied(REGISTER, "no")]
    world.clock.advance(DELAY)
    assert world.control.minimum("orders", WRITE) == 10
    (postponed,) = world.of(events.ScaleDownPostponed)
    assert f"not allowed to call {REGISTER}" in str(postponed)

    world.clock.advance(901)

    assert world.control.minimum("orders", WRITE) == 5
    assert pending(world) == []


@pytest.mark.parametrize("error", [AccessDenied(DESCRIBE, "no"), RuntimeError("a bug")])
def test_a_minimum_that_cannot_be_seen_is_neither_lowered_nor_forgotten(
    world: World, error: Exception
) -> None:
    world.throttle(TABLE, READS)
    world.clock.advance(12)
    world.control.fail["targets"] = [error]
    world.clock.advance(DELAY)

    assert world.control.units("orders").read == 7, "which has no target, as far as one can see"
    assert pending(world) == ["orders write minimum 10 -> 5"]
    assert [event.reason for event in world.of(events.ScaleDownPostponed)] == [  # type: ignore[attr-defined]
        "its scalable target can't be seen"
    ]
    world.clock.advance(70)
    assert world.control.minimum("orders", WRITE) == 5


def test_a_minimum_that_is_not_acted_on_does_not_keep_calls_waiting(world: World) -> None:
    world.control.acts_after = None
    assert world.throttle(TABLE).excuse is Excuse.IN_FLIGHT
    world.clock.advance(SETTLE_MINIMUM - 1)
    assert world.throttle(TABLE).excuse is Excuse.IN_FLIGHT
    world.clock.advance(5)

    answer = world.throttle(TABLE)

    assert answer.hold is not None
    assert answer.hold.reason is HoldReason.FAILED
    assert answer.hold.detail.startswith("Application Auto Scaling has not acted in 2")
    assert answer.excuse is None
    assert world.of(events.ScaleUpFinished) == []
    world.clock.advance(UNMET_FOR)
    assert world.throttle(TABLE).excuse is Excuse.IN_FLIGHT, "joined, and watched once more"
    assert len(world.control.minimums) == 1


def test_a_minimum_that_someone_else_has_just_raised_is_waited_for(world: World) -> None:
    other = World(clock=world.clock)
    other.control = world.control
    other.engine = other.new_engine()
    other.throttle(TABLE)

    answer = world.throttle(TABLE)

    assert answer.hold is not None
    assert answer.hold.reason is HoldReason.UPDATING
    assert answer.excuse is Excuse.IN_FLIGHT
    world.clock.advance(6)
    assert world.throttle(TABLE).excuse is Excuse.IN_FLIGHT
    world.clock.advance(2)
    assert world.control.calls["targets"] == 2
    assert len(world.control.minimums) == 1
    assert world.of(events.ScaleUpFinished) == []


def test_hold_never_raises_what_is_under_a_target(world: World) -> None:
    world.config = world.config.replace(autoscaling="hold")

    answer = world.throttle(TABLE)

    assert answer.hold is not None
    assert answer.hold.reason is HoldReason.AUTO_SCALING
    assert world.control.minimums == []
    assert world.control.updates == []
    assert [str(change) for change in world.throttle(INDEX).raised] == [
        "orders/by-customer write 5 -> 10"
    ]


def test_what_was_raised_as_units_says_nothing_of_a_minimum_of_the_same_value(
    world: World,
) -> None:
    world.throttle(READS)
    world.clock.advance(NONE_FOR)
    world.control.add_target("orders", READ, 14, 50)  # its owner takes over what is there
    world.throttle(READS)

    assert pending(world) == ["orders read minimum 28 -> 14"]


def test_a_configured_base_is_of_units_also_for_whoever_comes_later(world: World) -> None:
    world.config = world.config.replace(base_write_capacity=8)
    world.throttle(TABLE)

    state = world.control.describe("orders")
    written = world.ledger.read(state)

    assert written is not None
    assert [raised.base for raised in written.raised.values()] == [5]
    assert pending(world) == ["orders write minimum 10 -> 5"]
