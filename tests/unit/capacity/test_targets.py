"""Up and down under scalable targets, and the writes of global tables: the plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.capacity.plan import Scale, plan_down, plan_up
from dynoresilience.capacity.policy import GeometricPolicy
from dynoresilience.capacity.raised_number import ASK_AGAIN
from dynoresilience.model import (
    Change,
    Dimension,
    Hold,
    HoldReason,
    Limits,
    Raised,
    RaisedKey,
    Resource,
    ResourceState,
    ScalableTarget,
    TableState,
    ThrottleKind,
    ThrottleSignal,
    Units,
)

READ, WRITE = Dimension.READ, Dimension.WRITE
TABLE, INDEX = Resource("orders"), Resource("orders", "by-customer")
SHORT = ThrottleSignal(TABLE, WRITE)
CAP_200 = Limits(200, 200)
NOW = 1_780_000_000.0
Targets = Mapping[RaisedKey, ScalableTarget]


def table(
    own: Units = Units(5, 5),
    targets: Targets | None = None,
    *,
    on_demand: bool = False,
    replicas: tuple[str, ...] = (),
    **indexes: Units,
) -> TableState:
    return TableState(
        "orders",
        "arn:aws:dynamodb:eu-central-1:123456789012:table/orders",
        ResourceState(own),
        {name.replace("_", "-"): ResourceState(units) for name, units in indexes.items()},
        on_demand,
        replicas=replicas,
        targets={} if targets is None else targets,
    )


def under(minimum: int, maximum: int, units: int = 5) -> TableState:
    return table(Units(5, units), {(None, WRITE): ScalableTarget(minimum, maximum)})


def up(state: TableState, *short: ThrottleSignal, limits: Limits = CAP_200) -> Scale | Hold:
    return plan_up(state, short or (SHORT,), lambda index: limits, GeometricPolicy(2.0))


@pytest.mark.parametrize(
    ("minimum", "maximum", "units", "after"),
    [
        (5, 100, 5, 10),
        (5, 100, 20, 40),  # from the units that are there, not from the minimum
        (5, 30, 20, 30),  # the target's maximum
        (5, 1000, 150, 200),  # the cap
        (12, 100, 10, 20),  # the minimum was raised, and is not reached yet
    ],
)
def test_the_minimum_rises(minimum: int, maximum: int, units: int, after: int) -> None:
    plan = up(under(minimum, maximum, units))

    assert isinstance(plan, Scale)
    assert plan.target.units == {}
    assert plan.target.changes == (Change(TABLE, WRITE, minimum, after, minimum=True),)


def test_it_says_that_it_is_about_the_minimum() -> None:
    plan = up(under(5, 100))

    assert isinstance(plan, Scale)
    assert [str(change) for change in plan.target] == ["orders write minimum 5 -> 10"]


@pytest.mark.parametrize(
    ("minimum", "maximum", "units", "hold"),
    [
        (5, 50, 50, "at cap: 50 units, MaxCapacity of its scalable target is 50"),
        (5, 50, 80, "at cap: 80 units, MaxCapacity of its scalable target is 50"),
        (5, 500, 200, "at cap: 200 units, cap 200"),
        (10, 50, 5, "updating: MinCapacity of its scalable target is 10 already"),
        (50, 50, 5, "updating: MinCapacity of its scalable target is 50 already"),
    ],
)
def test_when_a_minimum_stays(minimum: int, maximum: int, units: int, hold: str) -> None:
    plan = up(under(minimum, maximum, units))

    assert isinstance(plan, Hold)
    assert str(plan) == hold
    assert (plan.resource, plan.dimension) == (TABLE, WRITE)


def test_only_the_number_that_has_a_target_rises_by_its_minimum() -> None:
    state = table(Units(5, 7), {(None, WRITE): ScalableTarget(3, 90)}, by_customer=Units(5, 6))
    reads = ThrottleSignal(TABLE, READ)

    plan = up(state, SHORT, reads, ThrottleSignal(INDEX, WRITE))

    assert isinstance(plan, Scale)
    assert plan.target.units == {None: Units(10, 7), "by-customer": Units(5, 12)}
    assert [str(change) for change in plan.target.minimums] == ["orders write minimum 3 -> 14"]
    assert len(plan.target.changes) == 3


def test_what_is_named_twice_rises_once() -> None:
    plan = up(under(5, 100), SHORT, SHORT)

    assert isinstance(plan, Scale)
    assert len(plan.target.changes) == 1


def test_hold_leaves_what_is_under_a_target_and_raises_the_rest() -> None:
    hold = replace(CAP_200, raise_minimums=False)
    plan = up(under(5, 100), limits=hold)
    both = up(under(5, 100), SHORT, ThrottleSignal(TABLE, READ), limits=hold)

    assert isinstance(plan, Hold)
    assert str(plan) == "under auto scaling: its scalable target is left as it is"
    assert isinstance(both, Scale)
    assert both.target.units == {None: Units(10, 5)}


def test_a_minimum_that_may_not_be_changed_says_what_to_grant() -> None:
    why = "not allowed to call application-autoscaling:RegisterScalableTarget"
    target = ScalableTarget(5, 100, held=(HoldReason.NO_PERMISSION, why))

    plan = up(table(targets={(None, WRITE): target}))

    assert isinstance(plan, Hold)
    assert plan.reason is HoldReason.NO_PERMISSION
    assert plan.detail == why


def test_without_a_policy_the_units_rise_to_the_maximum_as_nobody_takes_them_back() -> None:
    target = ScalableTarget(3, 8, tracked=False)
    state = table(Units(5, 5), {(None, WRITE): target})

    plan = up(state)

    assert isinstance(plan, Scale)
    assert plan.target.units == {None: Units(5, 8)}
    assert [str(change) for change in plan.target] == ["orders write 5 -> 8"]
    full = up(replace(state, table=ResourceState(Units(5, 8))))
    assert isinstance(full, Hold)
    assert full.reason is HoldReason.AT_CAP
    held = up(state, limits=replace(CAP_200, raise_minimums=False))
    assert isinstance(held, Hold)
    assert held.reason is HoldReason.AUTO_SCALING


def test_an_unnamed_index_is_one_whose_target_lets_it_rise() -> None:
    full = {("by-day", WRITE): ScalableTarget(1, 4)}
    state = table(targets=full, by_day=Units(5, 4), by_sku=Units(5, 8))

    plan = up(state, ThrottleSignal(TABLE, WRITE, any_index=True))

    assert isinstance(plan, Scale)
    assert plan.target.units == {"by-sku": Units(5, 16)}


def test_an_on_demand_table_has_no_use_for_its_targets() -> None:
    state = table(Units(5, 20), {(None, WRITE): ScalableTarget(1, 20)}, on_demand=True)
    maximum = ThrottleSignal(TABLE, WRITE, ThrottleKind.ON_DEMAND_MAXIMUM)

    plan = up(state, maximum, limits=replace(CAP_200, cap_on_demand_write=100))

    assert isinstance(plan, Scale)
    assert plan.target.units == {None: Units(5, 40)}


def test_what_auto_scaling_is_about_to_do() -> None:
    targets = {
        (None, WRITE): ScalableTarget(10, 50),
        (None, READ): ScalableTarget(5, 50),
        ("gone", READ): ScalableTarget(5, 50),
    }

    unmet = table(targets=targets).unmet_minimums()

    assert [str(change) for change in unmet] == ["orders write minimum 5 -> 10"]
    assert not unmet.reached(table(Units(5, 9)))
    assert unmet.reached(table(Units(5, 10)))


# -- global tables -------------------------------------------------------------------------


def test_the_writes_of_a_global_table_rise_only_if_the_owner_allows_it() -> None:
    state = table(replicas=("eu-west-1", "us-east-1"), by_customer=Units(5, 5))
    allowed = replace(CAP_200, raise_replicated_writes=True)

    for short in (SHORT, ThrottleSignal(INDEX, WRITE)):
        plan = up(state, short)
        assert isinstance(plan, Hold)
        assert str(plan) == "replicated writes: the table has replicas in eu-west-1, us-east-1"
        assert isinstance(up(state, short, limits=allowed), Scale)
    assert isinstance(up(state, ThrottleSignal(TABLE, READ)), Scale)


def test_so_does_the_on_demand_maximum_of_its_writes() -> None:
    state = table(Units(9, 9), on_demand=True, replicas=("eu-west-1",))
    maximum = ThrottleSignal(TABLE, WRITE, ThrottleKind.ON_DEMAND_MAXIMUM)
    limits = replace(CAP_200, cap_on_demand_write=100)

    held = up(state, maximum, limits=limits)

    assert isinstance(held, Hold)
    assert held.reason is HoldReason.REPLICATED
    assert isinstance(
        up(state, maximum, limits=replace(limits, raise_replicated_writes=True)), Scale
    )


# -- down ----------------------------------------------------------------------------------

MINIMUM = Raised(5, 20, 20, minimum=True)


def down(
    state: TableState, entry: Raised = MINIMUM, *, due: float = 0.0, base: int | None = None
) -> str:
    limits = Limits(200, 200, base, base)
    plan = plan_down(state, {(None, WRITE): entry}, lambda index: limits, NOW, due=due)
    assert plan.lower is None or (plan.lower.units == {}) is entry.minimum
    for change in plan.lower or ():
        return str(change)
    for gone in plan.released:
        return gone.reason
    assert plan.kept == {(None, WRITE): entry}
    assert plan.wait_until is not None
    return f"in {plan.wait_until - NOW:.0f} s"


def test_a_minimum_goes_back_to_what_it_was() -> None:
    assert down(under(20, 50, 33)) == "orders write minimum 20 -> 5"
    assert down(under(20, 50, 33), base=8) == "orders write minimum 20 -> 5", "a base is of units"


def test_a_minimum_takes_no_decrease() -> None:
    spent = ResourceState(Units(5, 33), decreases_today=4, last_decrease=NOW - 1)

    assert down(replace(under(20, 50), table=spent)) == "orders write minimum 20 -> 5"


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (under(7, 50), "a minimum of 7 units was set by someone else"),
        (under(5, 50, 20), "at base already (a minimum of 5 units)"),
        (under(3, 50, 20), "at base already (a minimum of 3 units)"),
        (table(Units(5, 20)), "its scalable target is gone"),
    ],
)
def test_what_becomes_of_a_minimum_that_is_not_ours(state: TableState, reason: str) -> None:
    assert down(state) == reason


def test_of_an_index_that_is_gone_there_is_nothing_to_put_back() -> None:
    plan = plan_down(under(5, 50), {("gone", WRITE): MINIMUM}, lambda index: CAP_200, NOW)

    assert [gone.reason for gone in plan.released] == ["the index is gone"]


def test_a_minimum_of_unknown_outcome_is_waited_for() -> None:
    unknown = Raised(5, was=5, to=20, minimum=True)

    assert down(under(5, 50), unknown, due=NOW + 60) == "in 60 s"
    assert down(under(5, 50), unknown, due=NOW) == "at base already (a minimum of 5 units)"
    assert down(under(20, 50), unknown, due=NOW + 60) == "orders write minimum 20 -> 5"


def test_a_minimum_that_cannot_be_seen_is_looked_at_again() -> None:
    unseen = replace(under(20, 50), targets=None)

    assert down(unseen) == f"in {ASK_AGAIN:.0f} s"
    assert down(replace(unseen, table=ResourceState(Units(5, 20))), Raised(5, 20, 20)) == (
        "orders write 20 -> 5"
    )


def test_a_minimum_is_put_back_on_a_table_that_is_on_demand_now() -> None:
    assert down(replace(under(20, 50), on_demand=True)) == "orders write minimum 20 -> 5"


def test_units_that_came_under_a_target_are_left_to_it() -> None:
    assert down(under(5, 50, 20), Raised(5, 20, 20)) == "it is under a scalable target now"


def test_units_under_a_target_without_a_policy_come_down_to_its_minimum_at_least() -> None:
    def lone(minimum: int) -> TableState:
        target = ScalableTarget(minimum, 50, tracked=False)
        return table(Units(5, 20), {(None, WRITE): target})

    assert down(lone(5), Raised(5, 20, 20)) == "orders write 20 -> 5"
    assert down(lone(6), Raised(5, 20, 20)) == "it is under a scalable target now"


def test_units_and_minimums_come_down_together() -> None:
    state = table(Units(40, 33), {(None, WRITE): ScalableTarget(20, 50)})
    raised = {(None, READ): Raised(5, 40, 40), (None, WRITE): MINIMUM}

    plan = plan_down(state, raised, lambda index: CAP_200, NOW)

    assert plan.lower is not None
    assert plan.lower.units == {None: Units(5, 33)}, "the units under the target as they are"
    assert [str(change) for change in plan.lower] == [
        "orders read 40 -> 5",
        "orders write minimum 20 -> 5",
    ]
    assert not plan.kept
    assert not plan.released


# -- for any table, target and limits ------------------------------------------------------

numbers = st.integers(1, 400)
keys = st.tuples(st.sampled_from([None, "a", "b"]), st.sampled_from(Dimension))
scalable = st.builds(
    lambda low, room, tracked: ScalableTarget(low, low + room, tracked),
    numbers,
    st.integers(0, 300),
    st.booleans(),
)
some_units = st.builds(Units, numbers, numbers)
tables = st.builds(
    lambda own, a, b, targets: table(own, targets, a=a, b=b),
    some_units,
    some_units,
    some_units,
    st.dictionaries(keys, scalable),
)
limits_of = st.builds(Limits, numbers, numbers)


def units_of(state: TableState, key: RaisedKey) -> int:
    found = state.resource(key[0])
    assert found is not None
    return found.units.of(key[1])


@given(tables, st.lists(keys, min_size=1, max_size=4), limits_of, st.floats(1.01, 20))
def test_invariant_1_under_targets(
    state: TableState, short: list[RaisedKey], limits: Limits, factor: float
) -> None:
    signals = [ThrottleSignal(Resource("orders", index), which) for index, which in short]
    plan = plan_up(state, signals, lambda index: limits, GeometricPolicy(factor))
    if isinstance(plan, Hold):
        return
    for change in plan.target:
        target, current = state.target(*change.key), units_of(state, change.key)
        assert change.key in short
        assert change.minimum is (target is not None and target.tracked)
        assert current < change.after <= limits.cap(change.dimension)
        if target is not None:
            assert change.after <= target.maximum
            assert change.before == (target.minimum if target.tracked else current) < change.after
    for index, asked in plan.target.units.items():
        for which in Dimension:
            target = state.target(index, which)
            if target is not None and target.tracked:
                assert asked.of(which) == units_of(state, (index, which)), "sent as it is"


@given(tables, keys, limits_of, st.floats(1.01, 20), st.integers(1, 4))
def test_invariant_2_a_minimum_returns_to_where_it_was(
    state: TableState, key: RaisedKey, limits: Limits, factor: float, steps: int
) -> None:
    """Raised in steps, each reached by the units, and lowered once: the target is as before."""
    before = state.target(*key)
    raised: Raised | None = None
    for _ in range(steps):
        plan = plan_up(
            state,
            [ThrottleSignal(Resource("orders", key[0]), key[1])],
            lambda i: limits,
            GeometricPolicy(factor),
        )
        if isinstance(plan, Hold) or before is None or not before.tracked:
            break
        (change,) = plan.target.changes
        base = change.before if raised is None else raised.base
        raised = Raised(base, change.after, change.after, minimum=True)
        state = replace(
            state,
            targets={**(state.targets or {}), key: ScalableTarget(change.after, before.maximum)},
        )
        found = state.resource(key[0])
        assert found is not None
        at_least = max(change.after, found.units.of(key[1]))
        moved = replace(found, units=found.units.with_(key[1], at_least))
        if key[0] is None:
            state = replace(state, table=moved)
        else:
            state = replace(state, indexes={**state.indexes, key[0]: moved})
    if raised is None or before is None:
        return
    down = plan_down(state, {key: raised}, lambda index: limits, NOW)
    assert down.lower is not None
    assert [change.after for change in down.lower] == [before.minimum]
    assert down.lower.units == {}
