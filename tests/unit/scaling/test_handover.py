"""When a schedule is put, moved and removed, and how long the process leaves the table to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dynoresilience import ScalingConfig
from dynoresilience.events import Event, ScaleDownNotHandedOver
from dynoresilience.model import CapacityUpdate, Dimension, Raised, RaisedTable, Units
from dynoresilience.ports import AccessDenied, ControlPlaneError, NotThere
from dynoresilience.scaling.handover import (
    DENIED_FOR,
    FAILED_FOR,
    LATEST,
    LOOK_AFTER,
    SOONEST,
    SPREAD,
    Handover,
)
from dynoresilience.scaling.lowerer import Lowerer
from dynoresilience.scaling.raises import NO_LEDGER
from dynoresilience.scaling.table_record import TableRecord
from dynoresilience.testing.clock import VirtualClock
from tests.support.fake_control import ARN, FakeControl
from tests.support.fake_scheduler import FakeScheduler

DELAY = 600.0
VIA = ScalingConfig(
    scale_down_via="eventbridge", scheduler_role_arn="arn:aws:iam::123456789012:role/lowers"
)
LOWER = CapacityUpdate({None: Units(5, 5)}, ())


class World:
    """One table, raised by a process that wants schedules."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.told: list[Event] = []
        self.scheduler = FakeScheduler()
        self.record = TableRecord()
        control = FakeControl(self.clock)
        self.lowerer = Lowerer(control, "orders", VIA, self, NO_LEDGER, self.scheduler)
        self.handover = Handover(self.clock, self.clock, lambda: 0.5)
        raised = {(None, Dimension.WRITE): Raised(5, 5, 10)}
        self.entry = RaisedTable("orders", ARN + "orders", raised, self.clock.now() + DELAY)

    def emit(self, event: Event) -> None:
        self.told.append(event)

    def put(self, lower: CapacityUpdate | None = LOWER, due: float | None = None) -> None:
        due = self.entry.due if due is None else due
        self.handover.put(self.record, self.lowerer, self.entry, lower, due)

    def comes_too_early(self) -> bool:
        return self.handover.comes_too_early(self.record, self.entry)

    @property
    def due(self) -> float:
        """Seconds from now to the schedule."""
        return self.scheduler.schedules[ARN + "orders"][1] - self.clock.now()

    @property
    def patience(self) -> float:
        return self.handover.patience(self.record, self.lowerer)


@pytest.fixture
def world() -> World:
    return World()


def test_the_process_leaves_a_table_to_its_schedule_for_a_while(world: World) -> None:
    world.put()

    assert world.due == DELAY
    assert world.patience == LOOK_AFTER + SPREAD / 2
    assert world.told == []


def test_nobody_wants_a_schedule(world: World) -> None:
    for lowerer in (
        replace(world.lowerer, scheduler=None),
        replace(world.lowerer, settings=ScalingConfig()),
    ):
        world.handover.put(world.record, lowerer, world.entry, LOWER, world.entry.due)
        world.handover.remove(world.record, lowerer, world.entry)
        assert world.handover.patience(world.record, lowerer) == 0.0

    assert world.scheduler.calls == []


def test_a_schedule_is_never_put_into_the_past(world: World) -> None:
    world.put(due=world.clock.now() - 5)

    assert world.due >= SOONEST


def test_it_comes_too_early_once_the_raise_is_to_stay_longer(world: World) -> None:
    assert world.comes_too_early(), "who has put none does not know when another one's comes"
    world.put()
    assert not world.comes_too_early()
    world.entry = replace(world.entry, due=world.entry.due + DELAY / 4)
    assert world.comes_too_early()
    world.put()
    assert world.due == 780.0, "the next whole minute"
    assert not world.comes_too_early()
    assert len(world.scheduler.schedules) == 1


@pytest.mark.parametrize("nothing", [None, CapacityUpdate({}, ())])
def test_nothing_to_lower_is_no_schedule(world: World, nothing: CapacityUpdate | None) -> None:
    world.put()
    world.put(lower=nothing)

    assert world.scheduler.schedules == {}
    assert world.scheduler.calls == ["put", "remove"]


def test_removed(world: World) -> None:
    world.put()
    world.handover.remove(world.record, world.lowerer, world.entry)

    assert world.scheduler.schedules == {}
    assert world.record.handed_due is None


def test_a_removal_that_fails_is_no_news(world: World) -> None:
    world.put()
    world.scheduler.fail = [RuntimeError("a bug")]

    world.handover.remove(world.record, world.lowerer, world.entry)
    world.clock.advance(1.0)

    assert world.told == []
    assert world.record.handed_due is None


@pytest.mark.parametrize(
    ("error", "why", "pause"),
    [
        (
            AccessDenied("scheduler:CreateSchedule", "no"),
            "not allowed to call scheduler:CreateSchedule",
            DENIED_FOR,
        ),
        (NotThere("no Scheduler beside it"), "no Scheduler beside it", DENIED_FOR),
        (ControlPlaneError("a quota"), "a quota", FAILED_FOR),
        (RuntimeError("a bug"), "a bug", FAILED_FOR),
    ],
)
def test_without_a_schedule_the_timer_serves(
    world: World, error: Exception, why: str, pause: float
) -> None:
    world.scheduler.fail = [error]

    world.put()
    assert world.told == [], "not within the flight"
    world.clock.advance(0.0)

    assert world.told == [ScaleDownNotHandedOver("orders", why)]
    assert world.patience == 0.0
    world.clock.advance(pause - 1)
    world.put()
    assert world.scheduler.calls == ["put"], "no call waits for it again soon"
    world.handover.remove(world.record, world.lowerer, world.entry)
    assert world.scheduler.calls == ["put"]
    world.clock.advance(1.0)
    assert world.patience == 0.0
    world.put()
    assert world.scheduler.calls == ["put", "put"]
    assert world.patience > 0


def test_a_move_that_fails_leaves_it_to_the_timer(world: World) -> None:
    world.put()
    world.scheduler.fail = [ControlPlaneError("not now")]
    world.put()

    assert world.patience == 0.0
    world.put()
    assert world.scheduler.calls == ["put", "put"]


def test_who_adopts_a_raise_is_patient_with_the_schedule_of_its_maker(world: World) -> None:
    assert world.patience == world.patience == LOOK_AFTER + SPREAD / 2


def test_a_function_that_would_find_nothing_is_not_waited_for(world: World) -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:reaper"
    settings = VIA.replace(reaper_function_arn=arn)
    world.lowerer = replace(world.lowerer, settings=settings)

    world.put()
    world.clock.advance(0.0)

    assert world.scheduler.calls == []
    assert world.patience == 0.0
    why = "the function would find nothing in the table's tags"
    assert world.told == [ScaleDownNotHandedOver("orders", why)]
    world.record.written_due = world.entry.due
    world.clock.advance(FAILED_FOR)
    world.put()
    world.put(lower=None)
    assert world.scheduler.calls == ["put", "put"], "it finds out by itself what to lower"


def test_when_a_schedule_has_come(world: World) -> None:
    world.clock.advance(DELAY + LATEST)
    assert not world.handover.is_over(world.entry)
    world.clock.advance(1.0)
    assert world.handover.is_over(world.entry)
    assert LOOK_AFTER > LATEST, "so the process does not remove what is gone, or is a later raise's"
