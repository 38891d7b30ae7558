"""What a table may cost, held by one process, several, and over a day."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynoresilience.capacity.unit_hours import DAY, HOUR
from dynoresilience.config import TableLimits
from dynoresilience.events import (
    ScaleDownDone,
    ScaleDownPlanned,
    ScaleUpPlanned,
    ScaleUpRequested,
)
from dynoresilience.model import (
    Dimension,
    HoldReason,
    Raised,
    RaisedTable,
    Resource,
    ThrottleKind,
    ThrottleSignal,
    Units,
)
from dynoresilience.ports import ControlPlaneError
from dynoresilience.scope import Scope
from tests.unit.scaling.conftest import INDEX, TABLE, WRITE, World

READS = ThrottleSignal(Resource("orders"), Dimension.READ)
MAXIMUM = ThrottleSignal(Resource("orders"), WRITE, ThrottleKind.ON_DEMAND_MAXIMUM)
DELAY = 600.0
READ_UNIT, WRITE_UNIT = 0.0001586, 0.000793
"""Dollars an hour in eu-central-1, where the fake tables are."""


def configured(world: World, **settings: object) -> World:
    world.config = world.config.replace(**settings)
    world.engine.configure(world.config, [world])
    return world


@pytest.fixture(autouse=True)
def orders(world: World) -> None:
    world.control.add("orders", Units(5, 5), by_customer=Units(5, 5))
    midday(world)


def midday(world: World) -> None:
    """Twelve o'clock of some day, UTC."""
    world.clock.advance(DAY - world.clock.now() % DAY + 12 * HOUR)


def raise_to_the_end(world: World, *signals: ThrottleSignal, times: int = 12) -> None:
    for _ in range(times):
        world.throttle(*(signals or (TABLE,)))
        world.clock.advance(2.5)


def test_a_raise_is_cut_down_to_what_the_table_may_cost(world: World) -> None:
    most = 10 * READ_UNIT + 42 * WRITE_UNIT
    configured(world, max_hourly_cost=most)

    raise_to_the_end(world)

    assert world.control.units("orders") == Units(5, 37)
    assert [str(u.changes[0]) for u in world.control.updates] == [
        "orders write 5 -> 10",
        "orders write 10 -> 20",
        "orders write 20 -> 37",
    ]
    hold = world.throttle(TABLE).hold
    assert hold is not None
    assert hold.reason is HoldReason.SPEND_LIMIT
    assert "with 38 units the table would cost $0.03" in hold.detail


def test_what_can_not_be_afforded_is_not_asked_for_again_and_again(world: World) -> None:
    configured(world, max_hourly_cost=0.0)

    for _ in range(50):
        world.throttle(TABLE)
    assert world.control.calls["describe"] == 1
    world.clock.advance(10.0)
    world.throttle(TABLE)
    assert world.control.calls["describe"] == 2
    assert world.ledger.calls["write"] == 0
    assert not world.control.updates


def test_reads_may_go_on_where_a_write_is_too_much(world: World) -> None:
    configured(world, max_hourly_cost=10 * READ_UNIT + 10 * WRITE_UNIT + 3.5 * READ_UNIT)
    assert world.throttle(TABLE).hold is not None
    raise_to_the_end(world, READS)

    assert world.control.units("orders") == Units(8, 5)


def test_a_table_and_its_index_share_the_money(world: World) -> None:
    configured(world, max_hourly_cost=10 * READ_UNIT + 40 * WRITE_UNIT)

    raise_to_the_end(world, TABLE, INDEX)

    own, index = world.control.units("orders"), world.control.units("orders", "by-customer")
    assert own.write + index.write == 40
    assert abs(own.write - index.write) <= 1


def test_a_table_may_have_a_budget_of_its_own(world: World) -> None:
    limits = TableLimits(max_hourly_cost=1.0, max_write_capacity=60)
    configured(world, max_hourly_cost=0.0, tables={"orders": limits})

    raise_to_the_end(world)

    assert world.control.units("orders").write == 60


def test_a_minimum_under_application_auto_scaling_costs_as_much(world: World) -> None:
    world.control.add_target("orders", WRITE, 5, 150)
    configured(world, max_hourly_cost=10 * READ_UNIT + 42 * WRITE_UNIT)

    raise_to_the_end(world, times=40)

    assert world.control.units("orders").write == 37
    assert world.control.minimum("orders", WRITE) == 37


def test_unit_hours_of_a_day_are_not_exceeded_by_many_bursts(world: World) -> None:
    configured(world, max_unit_hours_per_day=60)

    seen = []
    for _ in range(8):  # each in an hour of its own, and lowered before the next
        raise_to_the_end(world, times=6)
        seen.append(world.control.units("orders").write - 5)
        world.clock.advance(HOUR)
        assert world.control.units("orders").write == 5

    assert sum(seen) == 60
    assert seen[0] > 0
    assert seen[-1] == 0
    hold = world.throttle(TABLE).hold
    assert hold is not None
    assert "max_unit_hours_per_day is 60" in hold.detail


def test_a_new_day_has_its_own(world: World) -> None:
    configured(world, max_unit_hours_per_day=20)
    raise_to_the_end(world)
    assert world.control.units("orders").write == 25
    world.clock.advance(HOUR)
    assert world.throttle(TABLE).hold is not None

    world.clock.advance(DAY - world.clock.now() % DAY)
    raise_to_the_end(world)

    assert world.control.units("orders").write == 25


def test_what_stays_short_is_lowered_when_the_day_can_not_pay_for_another_hour(
    world: World,
) -> None:
    configured(world, max_unit_hours_per_day=250, max_write_capacity=105, scale_up_factor=21.0)

    most_of_hour = []
    for _ in range(5):  # throttled all the time
        until, most = world.clock.now() // HOUR * HOUR + HOUR, 0
        while world.clock.now() < until:
            world.throttle(TABLE)
            world.clock.advance(20.0)
            most = max(most, world.control.units("orders").write - 5)
        most_of_hour.append(most)

    assert most_of_hour == [100, 100, 50, 0, 0]
    assert len(world.of(ScaleDownDone)) == 2


def test_a_raise_late_in_the_hour_is_not_taken_back_at_once(world: World) -> None:
    configured(world, max_unit_hours_per_day=60, scale_down_delay=30.0)
    world.clock.advance(HOUR - 70.0)

    raise_to_the_end(world, times=8)
    world.clock.advance(8.0)

    # It may stay into the next hour, and that hour is counted.
    assert world.control.units("orders").write == 35
    assert not world.of(ScaleDownDone)


def test_a_decrease_that_is_not_in_force_by_the_hour_is_counted_in_the_next(world: World) -> None:
    configured(world, max_unit_hours_per_day=10)
    world.control.update_seconds = 20.0
    world.clock.advance(49.5 * 60.0)
    assert [change.after for change in world.throttle(TABLE).raised] == [10]
    world.clock.advance(HOUR)
    assert world.control.units("orders").write == 5

    assert world.throttle(TABLE).hold is not None, "5 in this hour, 5 in the next"


def test_what_another_process_has_raised_is_counted(world: World) -> None:
    configured(world, max_unit_hours_per_day=60)
    raise_to_the_end(world, times=3)
    assert world.control.units("orders").write == 40
    other = World(world.clock, world.config)
    other.control, other.ledger = world.control, world.ledger
    other.engine = other.new_engine()
    world.clock.advance(10.0)

    raise_to_the_end(other, times=6)

    assert world.control.units("orders").write == 65


def test_a_ledger_that_fails_puts_the_raise_off(world: World) -> None:
    configured(world, max_unit_hours_per_day=60)
    world.ledger.fail["read"] = [ControlPlaneError("the ledger is away")]

    hold = world.throttle(TABLE).hold

    assert hold is not None
    assert hold.reason is HoldReason.FAILED
    world.clock.advance(1.5)
    assert world.throttle(TABLE).raised


def test_what_it_costs_is_told(world: World) -> None:
    raise_to_the_end(world, times=2)

    costs = [event.hourly_cost for event in world.of(ScaleUpRequested)]  # type: ignore[attr-defined]
    assert costs == [pytest.approx(5 * WRITE_UNIT), pytest.approx(15 * WRITE_UNIT)]
    [pending] = world.engine.pending()
    assert pending.hourly_cost == pytest.approx(15 * WRITE_UNIT)
    world.clock.advance(2 * DELAY)
    [done] = world.of(ScaleDownDone)
    assert done.hourly_cost == pytest.approx(15 * WRITE_UNIT)  # type: ignore[attr-defined]


def test_on_demand_maxima_have_no_cost(world: World) -> None:
    world.control.add("orders", Units(5, 5), on_demand=True)
    configured(world, max_hourly_cost=0.0, max_unit_hours_per_day=0, max_write_request_units=40)

    raise_to_the_end(world, MAXIMUM)

    assert world.control.units("orders").write == 40
    assert {event.hourly_cost for event in world.of(ScaleUpRequested)} == {None}  # type: ignore[attr-defined]
    assert [entry.hourly_cost for entry in world.engine.pending()] == [None]


def test_a_dry_run_changes_nothing_and_tells_each_plan_once(world: World) -> None:
    configured(world, dry_run=True)

    for _ in range(100):
        answer = world.throttle(TABLE)
        world.clock.advance(0.5)
    assert answer.hold is not None
    assert answer.hold.reason is HoldReason.DRY_RUN
    assert answer.excuse is None
    world.throttle(TABLE, INDEX)

    assert not world.control.updates
    assert not world.ledger.calls["write"]
    assert [[str(c) for c in e.changes] for e in world.of(ScaleUpPlanned)] == [  # type: ignore[attr-defined]
        ["orders write 5 -> 10"],
        ["orders write 5 -> 10", "orders/by-customer write 5 -> 10"],
    ]
    assert world.of(ScaleUpPlanned)[0].hourly_cost == pytest.approx(5 * WRITE_UNIT)  # type: ignore[attr-defined]
    assert not world.of(ScaleUpRequested)
    assert world.engine.pending() == ()
    assert world.control.calls["describe"] < 10


def test_a_call_of_a_dry_run_has_its_retries_and_no_more(world: World) -> None:
    configured(world, dry_run=True)

    assert world.attempts() == world.config.max_retries + 1
    world.config = world.config.replace(dry_run=False)
    assert world.attempts(scope=Scope(config=world.config.replace(dry_run=True))) == 6


def left_by_a_dead_process(world: World, *, due_in: float) -> None:
    """Writes of 20 units where there were 5, and nobody who would lower them."""
    state = world.control.tables["orders"]
    world.control.set_units("orders", None, Units(5, 20))
    raised = {(None, WRITE): Raised(5, 20, 20, at=world.clock.now() - 900.0)}
    due = world.clock.now() + due_in
    world.ledger.write(RaisedTable("orders", state.arn, raised, due, state.table_id))


def test_a_dry_run_only_tells_what_it_would_lower_of_others(world: World) -> None:
    configured(world, dry_run=True)
    left_by_a_dead_process(world, due_in=30.0)
    tags = dict(world.ledger.tags[world.control.tables["orders"].arn])

    world.engine.take_over("orders")
    [pending] = world.engine.pending()
    world.clock.advance(DELAY)

    assert str(pending) == "orders write 20 -> 5"
    [told] = world.of(ScaleDownPlanned)
    assert [str(change) for change in told.changes] == ["orders write 20 -> 5"]  # type: ignore[attr-defined]
    assert told.hourly_cost == pytest.approx(15 * WRITE_UNIT)  # type: ignore[attr-defined]
    assert [str(change) for change in world.engine.scale_down_now(60.0)] == ["orders write 20 -> 5"]
    assert world.engine.pending(), "it is still raised"
    assert world.control.units("orders") == Units(5, 20)
    assert world.ledger.tags[world.control.tables["orders"].arn] == tags
    assert not world.of(ScaleDownDone)


def test_a_dry_run_has_nothing_to_tell_of_what_is_down_already(world: World) -> None:
    configured(world, dry_run=True)
    left_by_a_dead_process(world, due_in=0.0)
    world.engine.take_over("orders")
    world.control.set_units("orders", None, Units(5, 5))

    assert world.engine.scale_down_now(60.0) == ()
    assert not world.of(ScaleDownPlanned)
    assert world.ledger.tags[world.control.tables["orders"].arn]


def test_a_client_beside_it_that_is_no_dry_run_lowers(world: World) -> None:
    left_by_a_dead_process(world, due_in=30.0)
    real = world.engine
    configured(world, dry_run=True)
    dry = world.new_engine()
    configured(world, dry_run=False)

    dry.take_over("orders")
    real.take_over("orders")
    world.clock.advance(2 * DELAY)

    assert world.control.units("orders") == Units(5, 5)
    assert world.of(ScaleDownDone)


def test_a_dry_client_does_not_lower_what_another_of_the_process_has_raised(world: World) -> None:
    raise_to_the_end(world, times=2)
    configured(world, dry_run=True)
    dry = world.new_engine()
    dry.take_over("orders")

    assert [str(change) for change in dry.scale_down_now(60.0)] == ["orders write 20 -> 5"]
    assert world.control.units("orders").write == 20
    configured(world, dry_run=False)
    world.clock.advance(2 * DELAY)

    assert world.control.units("orders").write == 5


SIGNALS = [TABLE, INDEX, READS, ThrottleSignal(Resource("orders", "by-customer"), Dimension.READ)]
STEPS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.lists(st.sampled_from(SIGNALS), min_size=1, max_size=3, unique=True),
        st.sampled_from([0.0, 0.5, 2.5, 2.5, 2.5, 30.0, 590.0, 700.0, 1800.0, 3600.0, 20_000.0]),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(STEPS, st.integers(0, 120), st.sampled_from([1.5, 2.0, 10.0]))
def test_two_processes_never_pay_more_an_hour_than_the_table_may_cost(
    steps: list[tuple[int, list[ThrottleSignal], float]], spare: int, factor: float
) -> None:
    limit = 10 * (READ_UNIT + WRITE_UNIT) + spare * READ_UNIT
    worlds = two_worlds(max_hourly_cost=limit, scale_up_factor=factor)

    for which, signals, seconds in steps:
        worlds[which].throttle(*signals)
        worlds[which].clock.advance(seconds)
        own, index = (worlds[0].control.units("orders", name) for name in (None, "by-customer"))
        reads, writes = own.read + index.read, own.write + index.write
        assert reads * READ_UNIT + writes * WRITE_UNIT <= limit * (1 + 1e-9)


@settings(max_examples=60, deadline=None)
@given(STEPS, st.integers(0, 400), st.sampled_from([1.5, 2.0, 10.0]))
def test_a_process_never_takes_more_unit_hours_than_a_day_has(
    steps: list[tuple[int, list[ThrottleSignal], float]], limit: int, factor: float
) -> None:
    world = two_worlds(max_unit_hours_per_day=limit, scale_up_factor=factor)[0]
    most: defaultdict[tuple[str | None, Dimension, int], int] = defaultdict(int)

    def look() -> None:
        hour = int(world.clock.now() // HOUR)
        for name in (None, "by-customer"):
            for dimension in Dimension:
                up = world.control.units("orders", name).of(dimension) - 5
                most[name, dimension, hour] = max(most[name, dimension, hour], up)

    for _, signals, seconds in steps:
        world.throttle(*signals)
        until = world.clock.now() + seconds
        while world.clock.now() < until:
            world.clock.advance(min(20.0, until - world.clock.now()))
            look()

    days: defaultdict[int, int] = defaultdict(int)
    for (_, _, hour), up in most.items():
        days[hour // 24] += up
    assert max(days.values(), default=0) <= limit


def two_worlds(**changed: object) -> list[World]:
    """Two processes at one table, at noon."""
    one = World()
    one.control.add("orders", Units(5, 5), by_customer=Units(5, 5))
    midday(one)
    configured(one, **changed)
    other = World(one.clock, one.config)
    other.control, other.ledger = one.control, one.ledger
    other.engine = other.new_engine()
    return [one, other]
