"""Raising before the need: the way of every raise, on the timer, and only while it is of use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from dynoresilience import events
from dynoresilience.capacity.daily import TOLERANCE
from dynoresilience.capacity.decreases import DAY
from dynoresilience.capacity.demand import Arrival, Asked
from dynoresilience.config import ScalingConfig
from dynoresilience.engine import Engine
from dynoresilience.model import (
    Dimension,
    HoldReason,
    Resource,
    ThrottleKind,
    ThrottleSignal,
    Units,
)
from dynoresilience.ports import AccessDenied
from tests.support.fake_control import ARN, failing
from tests.unit.scaling.conftest import INDEX, TABLE, World

LEARNS = ScalingConfig(max_read_capacity=200, max_write_capacity=200, learn_daily=True)
BEFORE = 70.0
"""Seconds before the need by which it is raised, and in force."""


@dataclass
class Days(World):
    """Each day the table is short at the same time, for ``seconds``, and needs 20 units."""

    config: ScalingConfig = LEARNS
    calls: list[Arrival] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.control.add("orders", Units(7, 5), by_customer=Units(3, 5))

    def new_engine(self) -> Engine:
        asked: Callable[[str], Asked] = lambda table: Asked(self.calls)  # noqa: E731
        return Engine(
            self.control, self.ledger, "fake", self.config, [self], self.runtime, asked=asked
        )

    def write_units(self) -> int:
        return self.control.describe("orders").table.units.write

    def go_to(self, day: int, seconds: float = 0.0) -> None:
        self.clock.advance(day * DAY + seconds - self.clock.monotonic())

    def is_short(self, *days: int, seconds: float = 100.0) -> None:
        for day in days:
            self.go_to(day, seconds)
            self.throttle(TABLE)
            self.clock.advance(3.0)
            self.throttle(TABLE)  # 5 -> 10 -> 20
            self.clock.advance(3.0)

    def work(self, seconds: float, rate: int = 15) -> None:
        """Calls that are served, for so long."""
        for _ in range(int(seconds)):
            self.calls += [Arrival(self.clock.monotonic(), None, Dimension.WRITE, 1.0)] * rate
            self.clock.advance(1.0)


@pytest.fixture
def days() -> Days:
    return Days()


def test_after_two_days_it_is_raised_before_the_third(days: Days) -> None:
    days.is_short(1, 2)
    days.go_to(3)
    updates = len(days.control.updates)

    days.go_to(3, 100 - BEFORE)
    assert days.write_units() == 5
    days.go_to(3, 100)

    assert days.write_units() == 20
    assert [dict(one.units) for one in days.control.updates[updates:]] == [{None: Units(7, 20)}]
    (news,) = days.of(events.ScaleUpForeseen)
    assert isinstance(news, events.ScaleUpForeseen)
    assert [str(change) for change in news.changes] == ["orders write 5 -> 20"]
    assert news.at == pytest.approx(days.clock.now(), abs=0.2)


def test_the_third_day_is_like_the_others_where_it_is_not_wanted(days: Days) -> None:
    days.engine.configure(LEARNS.replace(learn_daily=False), [days])
    days.is_short(1, 2)

    days.go_to(3, 100)

    assert days.write_units() == 5
    assert days.of(events.ScaleUpForeseen) == []


@pytest.mark.parametrize("off", [{"learn_daily": False}, {"scaling_enabled": False}])
def test_what_is_switched_off_since_raises_nothing(days: Days, off: dict[str, bool]) -> None:
    days.is_short(1, 2)

    days.engine.configure(LEARNS.replace(**off), [days])
    days.go_to(3, 100)

    assert days.write_units() == 5


def test_invariant_1_a_cap_that_is_lowered_since_holds(days: Days) -> None:
    days.is_short(1, 2)

    days.engine.configure(LEARNS.replace(max_write_capacity=12), [days])
    days.go_to(3, 100)

    assert days.write_units() == 12


def test_invariant_8_it_is_in_the_ledger_before_it_is_asked_for(days: Days) -> None:
    days.is_short(1, 2)
    days.go_to(3)
    written: list[str] = []
    days.control.before_update = lambda update: written.extend(
        days.ledger.tags[ARN + "orders"].values()
    )

    days.go_to(3, 100)

    assert days.write_units() == 20
    assert len(written) == 1
    assert written[0].startswith("base=5 was=5 to=20 ")


def test_unused_it_comes_down_and_two_such_days_end_it(days: Days) -> None:
    days.is_short(1, 2, 3)
    raised = []

    for day in (4, 5, 6, 7):
        days.go_to(day, 100)
        raised.append(days.write_units())
        days.clock.advance(700)
        assert days.write_units() == 5

    assert raised == [20, 20, 5, 5]


def test_used_it_goes_on_day_after_day(days: Days) -> None:
    days.is_short(1, 2)
    for day in (3, 4, 5, 6, 7):
        days.go_to(day, 100)
        assert days.write_units() == 20
        days.work(30)
    assert len(days.of(events.ScaleUpForeseen)) == 5


def test_the_day_on_which_it_is_used_counts_for_the_next(days: Days) -> None:
    days.is_short(1, 3)
    days.go_to(4, 100)
    days.work(30)

    days.go_to(5, 100)

    assert days.write_units() == 20


def test_calls_for_which_the_base_is_enough_are_no_use(days: Days) -> None:
    days.is_short(1, 2)
    for day in (3, 4, 5):
        days.go_to(day, 100)
        days.work(30, rate=4)  # of 5
    assert len(days.of(events.ScaleUpForeseen)) == 2


def test_a_process_of_a_fleet_sees_its_share_of_the_calls(days: Days) -> None:
    days.engine.configure(LEARNS.replace(fleet_size=5), [days])
    days.is_short(1, 2)
    for day in (3, 4, 5, 6):
        days.go_to(day, 105)
        days.work(30, rate=4)  # 20 of all of them
    assert len(days.of(events.ScaleUpForeseen)) == 4


def test_it_stays_up_from_when_it_is_used(days: Days) -> None:
    days.is_short(1, 2)
    days.go_to(3, 100 + TOLERANCE - 60)
    days.work(50)

    days.clock.advance(580)
    assert days.write_units() == 20
    days.clock.advance(60)
    assert days.write_units() == 5


@pytest.mark.parametrize("cap", [20, 200])
def test_what_is_up_already_stays_up_for_what_comes(cap: int) -> None:
    days = Days(config=LEARNS.replace(max_write_capacity=cap))
    for day in (1, 2):
        days.is_short(day, seconds=100)
        days.is_short(day, seconds=720)
    days.go_to(3, 100)
    days.work(30)
    updates = len(days.control.updates)
    days.go_to(3, 720)
    days.work(30)
    days.go_to(3, 1200)

    assert days.write_units() == 20
    assert len(days.control.updates) == updates
    assert days.of(events.ScaleUpHeld) == []


def test_somebody_elses_change_is_waited_for(days: Days) -> None:
    days.is_short(1, 2)
    days.go_to(3, 100 - BEFORE)
    days.control.update_seconds = 20.0
    assert days.throttle(INDEX).raised

    days.go_to(3, 100)

    assert days.write_units() == 20


def test_a_failure_of_the_control_plane_is_not_the_end(days: Days) -> None:
    days.is_short(1, 2)
    days.go_to(3, 100 - BEFORE)
    days.control.fail["describe"] += failing(3)

    days.go_to(3, 100)

    assert days.write_units() == 20


def test_what_is_not_allowed_is_told_and_not_tried_again(days: Days) -> None:
    days.is_short(1, 2)
    days.go_to(3, 100 - BEFORE)
    denied = AccessDenied("dynamodb:UpdateTable", "no")
    days.control.fail["update"] += [denied] * 9

    days.go_to(3, 100 + TOLERANCE)

    held = [one.hold.reason for one in days.events if isinstance(one, events.ScaleUpHeld)]
    assert held == [HoldReason.NO_PERMISSION]
    assert len(days.control.fail["update"]) == 8


def test_under_a_scalable_target_the_minimum_rises(days: Days) -> None:
    days.control.add_target("orders", Dimension.WRITE, 5, 100)
    for day in (1, 2):
        days.go_to(day, 100)
        days.throttle(TABLE)
        days.clock.advance(30.0)
        assert days.control.minimum("orders", Dimension.WRITE) == 10
        days.clock.advance(1000.0)
        days.control.set_units("orders", None, Units(7, 5))  # its policy has seen that it is quiet
    days.go_to(3)
    assert days.control.minimum("orders", Dimension.WRITE) == 5

    days.go_to(3, 100)

    assert days.control.minimum("orders", Dimension.WRITE) == 10


def test_of_an_on_demand_maximum_nothing_is_learned(days: Days) -> None:
    days.config = LEARNS.replace(max_write_request_units=100)
    days.control.add("carts", Units(0, 10), on_demand=True)
    for day in (1, 2):
        days.go_to(day, 100)
        signal = ThrottleSignal(Resource("carts"), Dimension.WRITE, ThrottleKind.ON_DEMAND_MAXIMUM)
        assert days.throttle(signal).raised
    record = days.scaler._raiser.record("carts")
    assert record.needs == ()


def test_another_table_of_that_name_has_no_days_behind_it(days: Days) -> None:
    days.is_short(1, 2)
    days.go_to(2, 1000)
    known = days.control.tables["orders"]
    days.control.tables["orders"] = replace(known, table_id="another")
    days.throttle(INDEX)

    days.go_to(3, 100)

    assert days.write_units() == 5


def test_whoever_was_frozen_at_the_time_raises_nothing_afterwards(days: Days) -> None:
    days.is_short(1, 2)
    record = days.scaler._raiser.record("orders")
    assert record.foreseen is not None
    jobs, days.clock._jobs = days.clock._jobs, []
    days.go_to(3, 100 + TOLERANCE + 1)
    days.clock._jobs = jobs

    days.clock.advance(60)

    assert days.write_units() == 5
