"""A raise is never over its budget, never below what is there, and as large as may be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dynoresilience.capacity.prices import Prices, UnitPrices, unit_prices
from dynoresilience.capacity.spending import (
    ROUNDING,
    Budget,
    Spent,
    dollars,
    hourly_cost,
    within,
)
from dynoresilience.capacity.unit_hours import DAY, HOUR, Held, still_held, unit_hours
from dynoresilience.model import (
    CapacityUpdate,
    Change,
    Dimension,
    Hold,
    HoldReason,
    Raised,
    RaisedKey,
    Resource,
    ResourceState,
    ScalableTarget,
    TableState,
    Units,
)

READ, WRITE = Dimension.READ, Dimension.WRITE
TABLE, INDEX = Resource("orders"), Resource("orders", "by-customer")
DAY_BEGINS = 20_000 * DAY
NOON = DAY_BEGINS + 12 * HOUR
CENTS = Prices(read=0.01, write=0.05)


def table(own: Units = Units(5, 5), **changed: object) -> TableState:
    state = TableState(
        name="orders",
        arn="arn:aws:dynamodb:us-east-1:123456789012:table/orders",
        table=ResourceState(own),
        indexes={"by-customer": ResourceState(Units(5, 5))},
    )
    return replace(state, **changed)  # type: ignore[arg-type]


def raising(state: TableState, *changes: Change) -> CapacityUpdate:
    units: dict[str | None, Units] = {}
    for change in changes:
        found = state.resource(change.resource.index)
        assert found is not None
        if not change.minimum:
            before = units.get(change.resource.index, found.units)
            units[change.resource.index] = before.with_(change.dimension, change.after)
    return CapacityUpdate(units, changes, state.on_demand)


UP = Change(TABLE, WRITE, 5, 80)
INDEX_UP = Change(INDEX, WRITE, 5, 80)
READS_UP = Change(TABLE, READ, 5, 80)


def afters(found: CapacityUpdate | Hold) -> dict[str, int]:
    assert isinstance(found, CapacityUpdate), found
    return {f"{change.resource} {change.dimension}": change.after for change in found.changes}


def test_without_a_limit_or_within_it_the_raise_is_as_planned() -> None:
    target = raising(table(), UP)

    assert within(table(), target, Budget()) is target
    # 10 reads and 85 writes, as the index has 5 of each.
    assert (
        within(table(), target, Budget(hourly_cost=10 * 0.01 + 85 * 0.05, prices=CENTS)) == target
    )


def test_a_cent_less_is_a_unit_less() -> None:
    target = raising(table(), UP)

    found = within(table(), target, Budget(hourly_cost=4.34, prices=CENTS))

    assert afters(found) == {"orders write": 79}
    assert isinstance(found, CapacityUpdate)
    assert found.units == {None: Units(5, 79)}


def test_a_table_and_its_index_shrink_alike() -> None:
    target = raising(table(), UP, INDEX_UP)

    found = within(table(), target, Budget(hourly_cost=0.1 + 51 * 0.05, prices=CENTS))

    assert afters(found) == {"orders write": 26, "orders/by-customer write": 25}


def test_what_is_not_raised_at_all_is_not_in_the_request() -> None:
    target = raising(table(), UP, INDEX_UP)

    found = within(table(), target, Budget(hourly_cost=0.1 + 11 * 0.05, prices=CENTS))

    assert isinstance(found, CapacityUpdate)
    assert afters(found) == {"orders write": 6}
    assert found.units == {None: Units(5, 6)}
    assert found.changes == (replace(UP, after=6),)


def test_money_that_is_not_enough_for_a_write_may_do_for_reads() -> None:
    target = raising(table(), UP, READS_UP)

    found = within(table(), target, Budget(hourly_cost=0.1 + 10 * 0.05 + 0.04, prices=CENTS))

    assert afters(found) == {"orders read": 9}


def test_a_hold_says_what_would_cost_how_much() -> None:
    target = raising(table(), UP)

    hold = within(table(), target, Budget(hourly_cost=0.6, prices=CENTS))

    assert hold == Hold(
        HoldReason.SPEND_LIMIT,
        TABLE,
        WRITE,
        "with 6 units the table would cost $0.65 an hour; max_hourly_cost is $0.60",
    )


def test_a_table_that_costs_more_than_it_may_already_is_not_raised() -> None:
    hold = within(table(), raising(table(), UP), Budget(hourly_cost=0.03, prices=CENTS))

    assert isinstance(hold, Hold)
    assert hold.detail == (
        "with 5 units the table would cost $0.60 an hour; max_hourly_cost is $0.03"
    )
    assert isinstance(within(table(), raising(table(), UP), Budget(hourly_cost=0.0)), Hold)


def test_a_price_that_is_not_known_holds_only_what_needs_it() -> None:
    moon = table(arn="arn:aws:dynamodb:moon-1:1:table/orders")
    target = raising(moon, UP)

    hold = within(moon, target, Budget(hourly_cost=100.0))

    assert isinstance(hold, Hold)
    assert hold.reason is HoldReason.SPEND_LIMIT
    assert "moon-1" in hold.detail
    assert hold.detail.endswith("give prices=Prices(read=..., write=...)")
    assert within(moon, target, Budget(hourly_cost=100.0, prices=CENTS)) == target
    assert within(moon, target, Budget(unit_hours_per_day=75), now=NOON) == target


def test_an_on_demand_maximum_has_no_price() -> None:
    state = table(on_demand=True)
    target = raising(state, replace(UP, on_demand=True))

    assert within(state, target, Budget(0.0, 0.0)) is target
    assert hourly_cost(state, {(None, WRITE): 75}) is None


def test_writes_of_a_global_table_count_in_every_region() -> None:
    state = table(replicas=("eu-west-1", "eu-central-1"))
    budget = Budget(hourly_cost=0.1 + 3 * 50 * 0.05, prices=CENTS)

    assert afters(within(state, raising(state, UP), budget)) == {"orders write": 45}
    found = within(state, raising(state, UP), Budget(unit_hours_per_day=30), now=NOON)
    assert afters(found) == {"orders write": 15}


def test_a_minimum_costs_what_application_auto_scaling_makes_of_it() -> None:
    targets = {(None, WRITE): ScalableTarget(3, 100)}
    state = table(Units(5, 20), targets=targets)
    target = raising(state, Change(TABLE, WRITE, 3, 80, minimum=True))

    # A minimum below the units costs nothing: they are there already.
    free = within(state, target, Budget(hourly_cost=0.1 + 25 * 0.05, prices=CENTS))
    assert afters(free) == {"orders write": 20}
    found = within(state, target, Budget(hourly_cost=0.1 + 30 * 0.05, prices=CENTS))
    assert afters(found) == {"orders write": 25}
    assert isinstance(found, CapacityUpdate)
    assert found.units == {}
    assert found.minimums == (Change(TABLE, WRITE, 3, 25, minimum=True),)


def test_what_application_auto_scaling_is_about_to_raise_is_counted() -> None:
    state = table(targets={("by-customer", WRITE): ScalableTarget(50, 100)})

    found = within(state, raising(state, UP), Budget(hourly_cost=0.1 + 65 * 0.05, prices=CENTS))

    assert afters(found) == {"orders write": 15}


def test_unit_hours_of_this_hour_and_of_those_that_it_will_stay() -> None:
    target, day = raising(table(), UP), Budget(unit_hours_per_day=60)

    assert afters(within(table(), target, day, now=NOON)) == {"orders write": 65}
    assert afters(within(table(), target, day, now=NOON, stays=600)) == {"orders write": 65}
    late = NOON + 55 * 60  # ten minutes reach into the next hour
    assert afters(within(table(), target, day, now=late, stays=600)) == {"orders write": 35}


def test_a_day_pays_what_is_up_in_it() -> None:
    target, budget = raising(table(), UP), Budget(unit_hours_per_day=60)
    before_midnight = DAY_BEGINS + DAY - 300

    # Five minutes in this day, five in the next: 60 unit-hours in each.
    found = within(table(), target, budget, now=before_midnight, stays=600)
    assert afters(found) == {"orders write": 65}
    past = (Held((None, READ), 20, DAY_BEGINS, DAY_BEGINS + 600),)
    found = within(table(), target, budget, Spent({}, past), now=before_midnight, stays=600)
    assert afters(found) == {"orders write": 45}
    found = within(table(), target, budget, Spent({}, past), now=before_midnight + 300, stays=600)
    assert afters(found) == {"orders write": 65}


def test_what_is_up_beside_it_stays_up_as_long() -> None:
    raised: Mapping[RaisedKey, Raised] = {("by-customer", WRITE): Raised(5, 25, 25, at=NOON)}
    late = NOON + 55 * 60
    state = table(indexes={"by-customer": ResourceState(Units(5, 25))})
    budget = Budget(unit_hours_per_day=60)

    found = within(state, raising(state, UP), budget, Spent(raised), now=late, stays=600)

    assert afters(found) == {"orders write": 15}  # 2 x 20 for the index, 2 x 10 for the table


def test_a_raise_stays_up_until_a_decrease_is_permitted() -> None:
    spent = ResourceState(Units(5, 5), decreases_today=4, last_decrease=NOON - 600)
    state, budget = table(table=spent), Budget(unit_hours_per_day=60)

    # The next one is permitted ten minutes before one o'clock: still within this hour.
    assert afters(within(state, raising(state, UP), budget, now=NOON)) == {"orders write": 65}
    spent = ResourceState(Units(5, 5), decreases_today=4, last_decrease=NOON - 30)
    state = table(table=spent)
    assert afters(within(state, raising(state, UP), budget, now=NOON)) == {"orders write": 35}
    # That of the index is counted apart.
    found = within(state, raising(state, INDEX_UP), budget, now=NOON)
    assert afters(found) == {"orders/by-customer write": 65}


def test_units_that_this_hour_has_paid_already_are_free() -> None:
    past = (Held((None, WRITE), 40, NOON, NOON + 900),)
    target, budget = raising(table(), UP), Budget(unit_hours_per_day=40)

    found = within(table(), target, budget, Spent({}, past), now=NOON + 1800)
    assert afters(found) == {"orders write": 45}
    hold = within(table(), target, budget, Spent({}, past), now=NOON + 3600)
    assert isinstance(hold, Hold)
    assert hold.detail == (
        "with 6 units the day would take 41 unit-hours; max_unit_hours_per_day is 40"
    )


def test_the_base_is_that_of_the_first_raise() -> None:
    raised: Mapping[RaisedKey, Raised] = {(None, WRITE): Raised(5, 20, 20, at=NOON)}
    state = table(Units(5, 20))
    target = raising(state, Change(TABLE, WRITE, 20, 80))

    found = within(state, target, Budget(unit_hours_per_day=30), Spent(raised), now=NOON + 60)
    assert afters(found) == {"orders write": 35}
    # Somebody else has set it since: what is there is its owner's.
    others = {(None, WRITE): Raised(5, 12, 12, at=NOON)}
    found = within(state, target, Budget(unit_hours_per_day=30), Spent(others), now=NOON + 60)
    assert afters(found) == {"orders write": 50}


NUMBERS = [(index, dimension) for index in (None, "by-customer") for dimension in (READ, WRITE)]


@st.composite
def situations(draw: st.DrawFn) -> tuple[TableState, CapacityUpdate, Budget, Spent, float, float]:
    units = st.builds(Units, st.integers(1, 60), st.integers(1, 60))
    replicas = draw(st.sampled_from([(), ("eu-west-1",)]))
    state = table(
        draw(units),
        indexes={"by-customer": ResourceState(draw(units))},
        replicas=replicas,
    )
    changes, raised = [], {}
    for index, dimension in draw(st.lists(st.sampled_from(NUMBERS), min_size=1, unique=True)):
        found = state.resource(index)
        assert found is not None
        now = found.units.of(dimension)
        after = now + draw(st.integers(1, 90))
        changes.append(Change(Resource("orders", index), dimension, now, after))
        if draw(st.booleans()):
            base = draw(st.integers(1, now))
            raised[index, dimension] = Raised(base, now, now, at=NOON - draw(st.floats(0, 2 * DAY)))
    past = [
        Held(key, draw(st.integers(1, 40)), NOON - 5 * HOUR, NOON - draw(st.floats(0, 4 * HOUR)))
        for key in draw(st.lists(st.sampled_from(NUMBERS), max_size=2))
    ]
    limit = st.none() | st.floats(0, 20)
    budget = Budget(draw(limit), draw(st.none() | st.floats(0, 2000)), CENTS)
    stays = draw(st.floats(0, 30 * HOUR))
    return state, raising(state, *changes), budget, Spent(raised, tuple(past)), NOON, stays


def affordable(
    state: TableState,
    changes: tuple[Change, ...],
    budget: Budget,
    spent: Spent,
    now: float,
    stays: float,
) -> bool:
    """The same said anew, in whole cents and hour by hour."""
    units = {}
    for index in (None, *state.indexes):
        found = state.resource(index)
        assert found is not None
        units |= {(index, d): found.units.of(d) for d in Dimension}
    units |= {change.key: change.after for change in changes}
    regions = 1 + len(state.replicas)
    weight = {READ: 1, WRITE: 5 * regions}
    cents = sum(many * weight[dimension] for (_, dimension), many in units.items())
    limit = budget.hourly_cost
    if limit is not None and cents > Fraction(limit) * 100 * (1 + Fraction(ROUNDING)) * (
        1 + Fraction(1, 10**12)
    ):
        return False
    if budget.unit_hours_per_day is None:
        return True
    begun = []
    for change in changes:
        known = spent.raised.get(change.key)
        base = change.before if known is None else known.base
        begun.append(Held(change.key, change.after - base, now, now + stays))
    up = [replace(held, until=now + stays) for held in still_held(spent.raised)]
    held = [*spent.past, *up, *begun]
    first = int(now // DAY)
    return all(
        unit_hours(held, day * DAY, (day + 1) * DAY, regions) <= budget.unit_hours_per_day
        for day in range(first, first + 4)
    )


@given(situations())
def test_within_the_budget_never_below_what_is_there_and_maximal(
    situation: tuple[TableState, CapacityUpdate, Budget, Spent, float, float],
) -> None:
    state, target, budget, spent, now, stays = situation

    found = within(state, target, budget, spent, now=now, stays=stays)

    planned = {change.key: change for change in target.changes}
    changes = found.changes if isinstance(found, CapacityUpdate) else ()
    for change in changes:
        assert change.before < change.after <= planned[change.key].after
        assert replace(change, after=planned[change.key].after) == planned[change.key]
    kept = {change.key: change for change in changes}
    level = tuple(kept.get(key, replace(plan, after=plan.before)) for key, plan in planned.items())
    if changes:
        assert affordable(state, level, budget, spent, now, stays)
    else:
        assert isinstance(found, Hold)
        assert found.reason is HoldReason.SPEND_LIMIT
    for place, change in enumerate(level):
        if change.after < planned[change.key].after:
            one_more = replace(change, after=change.after + 1)
            more = (*level[:place], one_more, *level[place + 1 :])
            assert not affordable(state, more, budget, spent, now, stays)
    if isinstance(found, CapacityUpdate):
        assert set(found.units) == {change.resource.index for change in changes}
        for index, asked in found.units.items():
            resource = state.resource(index)
            assert resource is not None
            for dimension in Dimension:
                there = resource.units.of(dimension)
                wanted = kept[index, dimension].after if (index, dimension) in kept else there
                assert asked.of(dimension) == wanted
    assert within(state, target, budget, spent, now=now, stays=stays) == found


@given(situations(), st.floats(1, 3))
def test_a_larger_budget_buys_no_less(
    situation: tuple[TableState, CapacityUpdate, Budget, Spent, float, float], times: float
) -> None:
    state, target, budget, spent, now, stays = situation
    assume(len(target.changes) == 1)
    larger = replace(
        budget,
        hourly_cost=None if budget.hourly_cost is None else budget.hourly_cost * times,
        unit_hours_per_day=(
            None if budget.unit_hours_per_day is None else budget.unit_hours_per_day * times
        ),
    )

    def units(budget: Budget) -> int:
        found = within(state, target, budget, spent, now=now, stays=stays)
        return found.changes[0].after if isinstance(found, CapacityUpdate) else 0

    assert units(larger) >= units(budget)


def test_what_units_cost_an_hour() -> None:
    prices = unit_prices(table())
    assert isinstance(prices, UnitPrices)

    assert hourly_cost(table(), {(None, WRITE): 10, ("a", READ): 20}) == pytest.approx(0.0091)
    assert hourly_cost(table(), {(None, WRITE): -3}) == 0
    assert hourly_cost(table(), {(None, READ): 2}, CENTS) == pytest.approx(0.02)
    assert hourly_cost(table(arn="orders"), {(None, READ): 2}) is None


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        (0.00326, "$0.0033"),
        (0.000013, "$0.000013"),
        (0.12, "$0.12"),
        (0.1, "$0.10"),
        (1.234, "$1.23"),
        (12345.6, "$12345.60"),
        (0.0, "$0.00"),
    ],
)
def test_money_in_words(amount: float, told: str) -> None:
    assert dollars(amount) == told


def test_money_to_four_digits() -> None:
    assert dollars(0.03146, 4) == "$0.03146"
    assert dollars(0.03, 4) == "$0.03"
    assert dollars(math.pi, 4) == "$3.142"
