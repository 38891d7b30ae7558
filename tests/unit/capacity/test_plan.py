"""Up and down: invariants 1, 2, 3 and 9 for any table, any throttle, any limits."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.capacity.plan import (
    DownPlan,
    Scale,
    hold_without_looking,
    plan_down,
    plan_up,
)
from dynoresilience.capacity.policy import GeometricPolicy
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
    TableState,
    ThrottleKind,
    ThrottleSignal,
    Units,
)

READ, WRITE = Dimension.READ, Dimension.WRITE
TABLE = Resource("orders")
INDEX = Resource("orders", "by-customer")
ARN = "arn:aws:dynamodb:eu-central-1:123456789012:table/orders"
NOW = 1_780_000_000.0
CAP_200 = Limits(200, 200)
MAXIMUM = ThrottleKind.ON_DEMAND_MAXIMUM
ALLOWED = Limits(1, 1, 1, 1, cap_on_demand_read=200, cap_on_demand_write=200)


def table(
    own: Units = Units(5, 5),
    *,
    on_demand: bool = False,
    updating: bool = False,
    **indexes: Units,
) -> TableState:
    return TableState(
        name="orders",
        arn=ARN,
        table=ResourceState(own, "UPDATING" if updating else "ACTIVE"),
        indexes={name.replace("_", "-"): ResourceState(units) for name, units in indexes.items()},
        on_demand=on_demand,
    )


def same(limits: Limits) -> Callable[[str | None], Limits]:
    return lambda index: limits


def up(
    state: TableState,
    *signals: ThrottleSignal,
    limits: Callable[[str | None], Limits] = lambda index: CAP_200,
    factor: float = 2.0,
) -> dict[str | None, Units] | HoldReason:
    plan = plan_up(state, signals, limits, GeometricPolicy(factor))
    return dict(plan.target.units) if isinstance(plan, Scale) else plan.reason


def test_only_what_was_short_rises_and_the_rest_is_sent_as_it_is() -> None:
    assert up(table(Units(7, 5)), ThrottleSignal(TABLE, WRITE)) == {None: Units(7, 10)}


def test_what_is_named_twice_rises_once() -> None:
    signal = ThrottleSignal(TABLE, WRITE)

    plan = plan_up(table(), [signal, signal], same(CAP_200), GeometricPolicy(2.0))

    assert isinstance(plan, Scale)
    assert plan.target.changes == (Change(TABLE, WRITE, 5, 10),)


def test_an_index_rises_without_its_table() -> None:
    state = table(by_customer=Units(3, 5))

    assert up(state, ThrottleSignal(INDEX, WRITE)) == {"by-customer": Units(3, 10)}


def test_everything_that_one_answer_names_goes_into_one_request() -> None:
    state = table(Units(5, 5), by_customer=Units(5, 6))

    asked = up(
        state,
        ThrottleSignal(TABLE, WRITE),
        ThrottleSignal(TABLE, READ),
        ThrottleSignal(INDEX, WRITE),
    )

    assert asked == {None: Units(10, 10), "by-customer": Units(5, 12)}


@pytest.mark.parametrize(
    ("units", "factor", "expected"),
    [(1, 1.01, 2), (5, 1.5, 8), (10, 1.1, 11), (150, 2.0, 200), (5, 40.0, 200)],
)
def test_how_far(units: int, factor: float, expected: int) -> None:
    state = table(Units(5, units))

    assert up(state, ThrottleSignal(TABLE, WRITE), factor=factor) == {None: Units(5, expected)}


@pytest.mark.parametrize(
    ("state", "signal", "reason"),
    [
        (table(Units(5, 200)), ThrottleSignal(TABLE, WRITE), HoldReason.AT_CAP),
        (table(Units(5, 500)), ThrottleSignal(TABLE, WRITE), HoldReason.ABOVE_CAP),
        (table(Units(0, 0), on_demand=True), ThrottleSignal(TABLE, WRITE), HoldReason.ON_DEMAND),
        (table(updating=True), ThrottleSignal(TABLE, WRITE), HoldReason.UPDATING),
        (table(), ThrottleSignal(INDEX, WRITE), HoldReason.UNKNOWN_RESOURCE),
        (table(), ThrottleSignal(TABLE, WRITE, any_index=True), HoldReason.UNKNOWN_RESOURCE),
        (table(), ThrottleSignal(TABLE, WRITE, ThrottleKind.KEY_RANGE), HoldReason.KEY_RANGE),
        (table(), ThrottleSignal(TABLE, WRITE, ThrottleKind.ACCOUNT), HoldReason.ACCOUNT_LIMIT),
        (
            table(on_demand=True),
            ThrottleSignal(TABLE, WRITE, ThrottleKind.ON_DEMAND_MAXIMUM),
            HoldReason.ON_DEMAND_MAXIMUM,
        ),
    ],
)
def test_when_it_holds(state: TableState, signal: ThrottleSignal, reason: HoldReason) -> None:
    assert up(state, signal) is reason


# -- on-demand -----------------------------------------------------------------------------


def allowed_up(
    state: TableState, *signals: ThrottleSignal, limits: Limits = ALLOWED
) -> dict[str | None, Units] | HoldReason:
    return up(state, *signals, limits=same(limits))


def test_an_on_demand_maximum_rises_if_the_owner_allows_it() -> None:
    state = table(Units(0, 20), by_customer=Units(7, 20), on_demand=True)

    plan = plan_up(
        state, [ThrottleSignal(TABLE, WRITE, MAXIMUM)], same(ALLOWED), GeometricPolicy(2.0)
    )

    assert isinstance(plan, Scale)
    assert plan.target.on_demand
    assert plan.target.units == {None: Units(0, 40)}
    assert [str(change) for change in plan.target] == ["orders write on-demand maximum 20 -> 40"]
    assert allowed_up(state, ThrottleSignal(INDEX, READ, MAXIMUM)) == {"by-customer": Units(14, 20)}


@pytest.mark.parametrize(
    ("own", "limits", "reason"),
    [
        (20, CAP_200, HoldReason.ON_DEMAND_MAXIMUM),
        (20, Limits(200, 200, cap_on_demand_read=200), HoldReason.ON_DEMAND_MAXIMUM),
        (0, ALLOWED, HoldReason.ON_DEMAND_MAXIMUM),
        (200, ALLOWED, HoldReason.AT_CAP),
        (300, ALLOWED, HoldReason.ABOVE_CAP),
    ],
)
def test_when_an_on_demand_maximum_stays(own: int, limits: Limits, reason: HoldReason) -> None:
    state = table(Units(9, own), on_demand=True)
    signal = ThrottleSignal(TABLE, WRITE, MAXIMUM)

    assert allowed_up(state, signal, limits=limits) is reason
    provisioned = ThrottleSignal(TABLE, READ)  # it makes the planner look at the table
    assert allowed_up(state, signal, provisioned, limits=limits) is reason


def test_an_on_demand_table_that_is_updating_makes_the_maximum_wait() -> None:
    state = table(Units(9, 9), on_demand=True, updating=True)

    assert allowed_up(state, ThrottleSignal(TABLE, WRITE, MAXIMUM)) is HoldReason.UPDATING


def test_what_does_not_fit_the_billing_mode_holds() -> None:
    maximum, units = ThrottleSignal(TABLE, WRITE, MAXIMUM), ThrottleSignal(TABLE, READ)
    on_demand = table(Units(9, 9), on_demand=True)

    assert allowed_up(on_demand, units) is HoldReason.ON_DEMAND
    assert allowed_up(table(), maximum) is HoldReason.ON_DEMAND_MAXIMUM
    assert allowed_up(on_demand, units, maximum) == {None: Units(9, 18)}
    assert up(table(), maximum, units) == {None: Units(10, 5)}


def test_the_maximum_of_a_table_goes_alone() -> None:
    state = table(Units(5, 5), by_customer=Units(5, 6), on_demand=True)
    short = [ThrottleSignal(INDEX, WRITE, MAXIMUM), ThrottleSignal(TABLE, WRITE, MAXIMUM)]

    plan = plan_up(state, short, same(ALLOWED), GeometricPolicy(2.0))

    assert isinstance(plan, Scale)
    assert plan.target.units == {None: Units(5, 10)}
    assert plan.target.changes == (Change(TABLE, WRITE, 5, 10, on_demand=True),)


def test_an_index_may_be_allowed_by_itself() -> None:
    state = table(Units(5, 5), by_customer=Units(5, 6), on_demand=True)

    def limits(index: str | None) -> Limits:
        return CAP_200 if index is None else ALLOWED

    both = [ThrottleSignal(TABLE, WRITE, MAXIMUM), ThrottleSignal(INDEX, WRITE, MAXIMUM)]
    assert up(state, *both, limits=limits) == {"by-customer": Units(5, 12)}
    assert up(state, both[0], limits=limits) is HoldReason.ON_DEMAND_MAXIMUM


def test_an_unnamed_index_on_demand_is_the_lowest_that_has_a_maximum() -> None:
    state = table(Units(5, 5), by_day=Units(5, 0), by_sku=Units(5, 8), on_demand=True)

    asked = allowed_up(state, ThrottleSignal(TABLE, WRITE, MAXIMUM, any_index=True))

    assert asked == {"by-sku": Units(5, 16)}


@pytest.mark.parametrize("kind", [ThrottleKind.KEY_RANGE, ThrottleKind.ACCOUNT])
@pytest.mark.parametrize("on_demand", [True, False])
def test_a_hot_key_range_and_an_account_limit_raise_nothing_beside_what_does(
    kind: ThrottleKind, on_demand: bool
) -> None:
    state = table(Units(9, 9), by_customer=Units(9, 9), on_demand=on_demand)
    other = ThrottleSignal(INDEX, WRITE, kind)
    limits = Limits(200, 200, cap_on_demand_read=200, cap_on_demand_write=200)
    lifted = ThrottleSignal(TABLE, WRITE, MAXIMUM if on_demand else ThrottleKind.PROVISIONED)

    for short in ((other, lifted), (lifted, other)):
        assert allowed_up(state, *short, limits=limits) == {None: Units(9, 18)}
    hot = HoldReason.KEY_RANGE if kind is ThrottleKind.KEY_RANGE else HoldReason.ACCOUNT_LIMIT
    assert allowed_up(state, other, limits=limits) is hot


def test_no_look_where_no_state_of_the_table_would_lead_to_a_raise() -> None:
    maximum = ThrottleSignal(TABLE, WRITE, MAXIMUM)
    hot = ThrottleSignal(TABLE, WRITE, ThrottleKind.KEY_RANGE)
    reads_only = Limits(200, 200, cap_on_demand_read=200)

    for limits in (CAP_200, reads_only):
        hold = hold_without_looking([hot, maximum], same(limits))
        assert hold is not None
        assert hold.reason is HoldReason.ON_DEMAND_MAXIMUM
    assert hold_without_looking([maximum], same(ALLOWED)) is None
    assert hold_without_looking([hot], same(ALLOWED)) is not None
    assert hold_without_looking([hot, ThrottleSignal(TABLE, READ)], same(CAP_200)) is None


def test_no_signal_at_all_holds() -> None:
    assert up(table()) is HoldReason.UNKNOWN_RESOURCE


def test_an_index_that_is_updating_makes_the_table_wait() -> None:
    busy = ResourceState(Units(5, 5), "UPDATING")
    state = TableState("orders", ARN, ResourceState(Units(5, 5)), {"by-customer": busy})

    assert up(state, ThrottleSignal(TABLE, WRITE)) is HoldReason.UPDATING


def test_what_may_rise_rises_beside_what_may_not() -> None:
    state = table(Units(5, 200), by_customer=Units(5, 5))

    asked = up(state, ThrottleSignal(TABLE, WRITE), ThrottleSignal(INDEX, WRITE))

    assert asked == {"by-customer": Units(5, 10)}


def test_an_unnamed_index_is_the_lowest_that_may_rise() -> None:
    state = table(by_customer=Units(5, 8), by_day=Units(5, 4), by_sku=Units(5, 4))
    signal = ThrottleSignal(TABLE, WRITE, any_index=True)

    assert up(state, signal) == {"by-day": Units(5, 8), "by-sku": Units(5, 8)}
    full = {"by-day": Limits(9, 4), "by-sku": Limits(9, 4)}
    assert up(state, signal, limits=lambda index: full.get(index or "", CAP_200)) == {
        "by-customer": Units(5, 16)
    }


def test_a_local_index_uses_the_capacity_of_its_table() -> None:
    state = TableState(
        "orders", ARN, ResourceState(Units(5, 5)), local_indexes=frozenset({"by-day"})
    )

    assert up(state, ThrottleSignal(Resource("orders", "by-day"), READ)) == {None: Units(10, 5)}


def test_an_unnamed_index_where_all_are_at_their_cap_holds() -> None:
    state = table(by_customer=Units(5, 200))

    assert up(state, ThrottleSignal(TABLE, WRITE, any_index=True)) is HoldReason.AT_CAP


units = st.builds(Units, st.integers(1, 500), st.integers(1, 500))
names = st.sampled_from(["a", "b", "c"])
keys = st.tuples(st.none() | names, st.sampled_from(Dimension))
maxima = st.builds(Units, st.integers(0, 500), st.integers(0, 500))
provisioned_tables = st.builds(
    lambda own, indexes: table(own, **indexes), units, st.dictionaries(names, units, max_size=3)
)
on_demand_tables = st.builds(
    lambda own, indexes: table(own, on_demand=True, **indexes),
    maxima,
    st.dictionaries(names, maxima, max_size=3),
)
tables = provisioned_tables | on_demand_tables
cap = st.integers(1, 400)
caps = st.builds(Limits, cap, cap, st.none(), st.none(), st.none() | cap, st.none() | cap)
signals = st.builds(
    ThrottleSignal,
    st.builds(Resource, st.just("orders"), st.none() | names),
    st.sampled_from(Dimension),
    st.sampled_from(ThrottleKind),
)


@given(
    state=tables,
    short=st.lists(signals, max_size=5),
    limits=st.dictionaries(st.none() | names, caps),
    factor=st.floats(1.001, 100),
)
def test_invariants_1_and_3_up(
    state: TableState,
    short: list[ThrottleSignal],
    limits: dict[str | None, Limits],
    factor: float,
) -> None:
    def limits_of(index: str | None) -> Limits:
        return limits.get(index, CAP_200)

    plan = plan_up(state, short, limits_of, GeometricPolicy(factor))
    if isinstance(plan, Hold):
        return
    lifted = MAXIMUM if state.on_demand else ThrottleKind.PROVISIONED
    named = {(s.resource.index, s.dimension) for s in short if s.kind is lifted}
    raised = {(c.resource.index, c.dimension) for c in plan.target}
    assert raised
    assert raised <= named
    assert plan.target.on_demand is state.on_demand
    assert not state.on_demand or None not in plan.target.units or len(plan.target.units) == 1
    assert {c.resource.index for c in plan.target} == plan.target.units.keys()
    for index, asked in plan.target.units.items():
        found = state.resource(index)
        assert found is not None
        for dimension in Dimension:
            if (index, dimension) in raised:
                assert found.units.of(dimension) < asked.of(dimension)
                bounds = limits_of(index)
                most = bounds.cap(dimension)
                if state.on_demand:
                    assert found.units.of(dimension) > 0, "a maximum where there was none"
                    most = (
                        bounds.cap_on_demand_read or 0
                        if dimension is READ
                        else bounds.cap_on_demand_write or 0
                    )
                assert asked.of(dimension) <= most
            else:
                assert asked.of(dimension) == found.units.of(dimension)
    assert not plan.target.reached(state)


# -- down ----------------------------------------------------------------------------------


def down(
    state: TableState,
    raised: dict[RaisedKey, Raised],
    limits: Limits = CAP_200,
    now: float = NOW,
    *,
    on_demand: bool = False,
) -> DownPlan:
    return plan_down(state, raised, same(limits), now, on_demand=on_demand)


def raised_by_us(base: int, to: int) -> Raised:
    return Raised(base, was=to, to=to)


def test_back_to_what_was_there_before() -> None:
    state = table(Units(7, 40), by_customer=Units(3, 80))
    raised = {(None, WRITE): raised_by_us(5, 40), ("by-customer", WRITE): raised_by_us(10, 80)}

    plan = down(state, raised)

    assert plan.lower is not None
    assert plan.lower.units == {None: Units(7, 5), "by-customer": Units(3, 10)}
    assert plan.lower.changes == (Change(TABLE, WRITE, 40, 5), Change(INDEX, WRITE, 80, 10))
    assert (plan.kept, plan.released, plan.wait_until) == ({}, (), None)


def test_a_configured_base_wins() -> None:
    plan = down(
        table(Units(5, 40)), {(None, WRITE): raised_by_us(5, 40)}, Limits(200, 200, None, 12)
    )

    assert plan.lower is not None
    assert plan.lower.units == {None: Units(5, 12)}


def test_what_someone_else_changed_is_left_alone() -> None:
    plan = down(table(Units(5, 60)), {(None, WRITE): raised_by_us(5, 40)})

    assert plan.lower is None
    assert [gone.reason for gone in plan.released] == ["60 units were set by someone else"]


@pytest.mark.parametrize("current", [20, 40])
def test_a_raise_of_unknown_outcome_is_ours_either_way(current: int) -> None:
    plan = down(table(Units(5, current)), {(None, WRITE): Raised(5, was=20, to=40)})

    assert plan.lower is not None
    assert plan.lower.units == {None: Units(5, 5)}


def test_a_raise_of_unknown_outcome_may_still_come_until_it_is_due() -> None:
    raised = {(None, READ): Raised(5, was=5, to=20), (None, WRITE): Raised(5, was=20, to=40)}

    plan = plan_down(table(Units(5, 20)), raised, same(CAP_200), NOW, due=NOW + 60)

    assert (plan.lower, plan.released, plan.kept) == (None, (), raised)
    assert plan.wait_until == NOW + 60


def test_read_and_write_go_down_together() -> None:
    raised = {(None, READ): raised_by_us(5, 20), (None, WRITE): raised_by_us(5, 40)}

    plan = down(table(Units(20, 40)), raised)

    assert plan.lower is not None
    assert plan.lower.units == {None: Units(5, 5)}


def test_a_resource_without_a_decrease_left_waits_and_does_not_hold_up_the_other() -> None:
    spent = ResourceState(Units(5, 40), decreases_today=4, last_decrease=NOW - 600)
    state = TableState("orders", ARN, spent, {"by-customer": ResourceState(Units(5, 40))})
    raised = {(None, WRITE): raised_by_us(5, 40), ("by-customer", WRITE): raised_by_us(5, 40)}

    plan = down(state, raised)

    assert plan.lower is not None
    assert plan.lower.units == {"by-customer": Units(5, 5)}
    assert plan.kept == {(None, WRITE): raised[None, WRITE]}
    assert plan.wait_until is not None
    assert plan.wait_until > NOW


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (table(Units(0, 0), on_demand=True), "on-demand now"),
        (table(Units(5, 5)), "the index is gone"),
        (table(by_customer=Units(5, 5)), "at base already (5 units)"),
    ],
)
def test_what_there_is_nothing_to_lower_of(state: TableState, reason: str) -> None:
    raised = {("by-customer", WRITE): Raised(5, was=5, to=40)}

    plan = down(state, raised)

    assert plan.lower is None
    assert [gone.reason for gone in plan.released] == [reason]


def test_a_maximum_returns_to_what_was_there_whatever_base_is_configured() -> None:
    state = table(Units(0, 40), by_customer=Units(3, 80), on_demand=True)
    raised = {("by-customer", WRITE): raised_by_us(10, 80)}

    plan = down(state, raised, Limits(200, 200, 50, 50), on_demand=True)

    assert plan.lower is not None
    assert plan.lower.on_demand
    assert plan.lower.units == {"by-customer": Units(3, 10)}
    assert plan.lower.changes == (Change(INDEX, WRITE, 80, 10, on_demand=True),)


def test_the_decrease_budget_is_that_of_provisioned_capacity() -> None:
    spent = ResourceState(Units(5, 40), decreases_today=27, last_decrease=NOW - 1)
    state = TableState("orders", ARN, spent, on_demand=True)

    plan = down(state, {(None, WRITE): raised_by_us(5, 40)}, on_demand=True)

    assert plan.lower is not None
    assert plan.wait_until is None


def test_the_maximum_of_a_table_is_lowered_alone_and_the_rest_at_once_after_it() -> None:
    state = table(Units(0, 40), by_customer=Units(3, 80), on_demand=True)
    raised = {("by-customer", WRITE): raised_by_us(10, 80), (None, WRITE): raised_by_us(5, 40)}

    plan = down(state, raised, on_demand=True)

    assert plan.lower is not None
    assert plan.lower.units == {None: Units(0, 5)}
    assert plan.lower.changes == (Change(TABLE, WRITE, 40, 5, on_demand=True),)
    assert plan.kept == {("by-customer", WRITE): raised["by-customer", WRITE]}
    assert plan.wait_until == NOW


@pytest.mark.parametrize(
    ("state", "on_demand", "reason"),
    [
        (table(Units(9, 40), on_demand=True), False, "on-demand now"),
        (table(Units(9, 40)), True, "provisioned now"),
        (table(Units(9, 0), on_demand=True), True, "there is no maximum now"),
        (table(Units(9, 50), on_demand=True), True, "50 units were set by someone else"),
        (table(Units(9, 4), on_demand=True), True, "at base already (4 units)"),
    ],
)
def test_what_is_not_ours_on_demand(state: TableState, on_demand: bool, reason: str) -> None:
    plan = down(state, {(None, WRITE): raised_by_us(5, 40)}, on_demand=on_demand)

    assert plan.lower is None
    assert [gone.reason for gone in plan.released] == [reason]


@given(
    state=tables,
    on_demand=st.booleans(),
    raised=st.dictionaries(
        keys, st.builds(lambda b, w, t: Raised(b, b + w, b + t), *[st.integers(1, 300)] * 3)
    ),
    base=st.none() | st.integers(1, 200),
    decreases=st.integers(0, 6),
    last=st.floats(NOW - 86_400, NOW),
)
def test_invariants_2_and_9_down(
    state: TableState,
    on_demand: bool,
    raised: dict[RaisedKey, Raised],
    base: int | None,
    decreases: int,
    last: float,
) -> None:
    spent = ResourceState(state.table.units, "ACTIVE", decreases, last)
    state = TableState(state.name, state.arn, spent, state.indexes, state.on_demand)
    limits = Limits(200, 200, base, base)
    base = None if on_demand else base

    plan = plan_down(state, raised, same(limits), NOW, on_demand=on_demand)

    lowered = {(c.resource.index, c.dimension) for c in plan.lower or ()}
    released = {(gone.resource.index, gone.dimension) for gone in plan.released}
    assert lowered | released | set(plan.kept) == set(raised)
    assert len(lowered) + len(released) + len(plan.kept) == len(raised)
    assert plan.lower is None or plan.lower.on_demand is on_demand is state.on_demand
    for key in lowered:
        found = state.resource(key[0])
        assert found is not None
        assert raised[key].is_ours(found.units.of(key[1]))
    for change in plan.lower or ():
        entry = raised[change.resource.index, change.dimension]
        assert change.after == (entry.base if base is None else base)
        assert change.after < change.before
    for index, asked in (plan.lower.units if plan.lower else {}).items():
        found = state.resource(index)
        assert found is not None
        for dimension in Dimension:
            if (index, dimension) not in lowered:
                assert asked.of(dimension) == found.units.of(dimension)
        hour_ago = NOW - 3600
        allowed = on_demand or decreases < 4 or last <= hour_ago or last < NOW - NOW % 86_400
        assert index is not None or allowed
