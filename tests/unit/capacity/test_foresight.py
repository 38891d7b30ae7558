"""What a raise of writes takes along: that of which the same writes take, if it would be short."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.capacity.demand import Demand, Outlook
from dynoresilience.capacity.plan import Scale, plan_up
from dynoresilience.capacity.policy import DemandPolicy, GeometricPolicy, Need, ScalingPolicy
from dynoresilience.model import (
    Dimension,
    HoldReason,
    Limits,
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
INDEX = "by-customer"
TABLE_SHORT = ThrottleSignal(Resource("orders"), WRITE)
INDEX_SHORT = ThrottleSignal(Resource("orders", INDEX), WRITE)
CAP_200 = Limits(200, 200)
POLICY = DemandPolicy()
TABLE_KEY, INDEX_KEY = (None, WRITE), (INDEX, WRITE)


def asked(rate: float) -> Demand:
    return Demand(rate, 10 * rate, 10.0)


def table(own: int = 5, index: int = 5, **facts: object) -> TableState:
    state = TableState(
        "orders",
        "arn:aws:dynamodb:eu-central-1:123456789012:table/orders",
        ResourceState(Units(5, own)),
        {INDEX: ResourceState(Units(5, index))},
    )
    return replace(state, **facts)


def up(
    state: TableState,
    *short: ThrottleSignal,
    demands: Mapping[RaisedKey, Demand],
    limits: Callable[[str | None], Limits] = lambda index: CAP_200,
    policy: ScalingPolicy = POLICY,
) -> dict[RaisedKey, int]:
    """What is raised, and to how much."""
    plan = plan_up(state, short, limits, policy, Outlook(demands))
    if not isinstance(plan, Scale):
        return {}
    return {change.key: change.after for change in plan.target}


BOTH = {TABLE_KEY: asked(100), INDEX_KEY: asked(100)}
SPARSE = {TABLE_KEY: asked(100), INDEX_KEY: asked(4)}
"""Few of the items are in the index."""


def test_both_rise_in_one_request() -> None:
    assert up(table(), TABLE_SHORT, demands=BOTH) == {TABLE_KEY: 110, INDEX_KEY: 110}


def test_a_sparse_index_stays_or_rises_as_far_as_it_needs() -> None:
    assert up(table(), TABLE_SHORT, demands=SPARSE) == {TABLE_KEY: 110}
    assert up(table(), TABLE_SHORT, demands={**SPARSE, INDEX_KEY: asked(20)}) == {
        TABLE_KEY: 110,
        INDEX_KEY: 22,
    }


def test_an_index_of_which_nothing_is_known_stays() -> None:
    assert up(table(), TABLE_SHORT, demands={TABLE_KEY: asked(100)}) == {TABLE_KEY: 110}


@pytest.mark.parametrize(("own", "expected"), [(5, {TABLE_KEY: 110}), (200, {}), (120, {})])
def test_a_short_index_takes_the_table_along_only_if_that_would_be_short(
    own: int, expected: dict[RaisedKey, int]
) -> None:
    assert up(table(own), INDEX_SHORT, demands=BOTH) == {INDEX_KEY: 110, **expected}


def test_what_has_enough_is_not_lowered() -> None:
    assert up(table(index=150), TABLE_SHORT, demands=BOTH) == {TABLE_KEY: 110}


def test_reads_take_nothing_along_and_are_not_taken_along() -> None:
    demands = {(index, dimension): asked(100) for index in (None, INDEX) for dimension in Dimension}
    reads = ThrottleSignal(Resource("orders"), READ)

    assert up(table(), reads, demands=demands) == {(None, READ): 110}
    assert up(table(), TABLE_SHORT, demands=demands) == {TABLE_KEY: 110, INDEX_KEY: 110}
    both = up(table(), reads, TABLE_SHORT, demands=demands)
    assert both == {(None, READ): 110, TABLE_KEY: 110, INDEX_KEY: 110}


def test_what_was_short_itself_is_no_guess() -> None:
    """Named, it rises by the factor though its demand is not known to be so high."""
    assert up(table(), TABLE_SHORT, INDEX_SHORT, demands=SPARSE) == {TABLE_KEY: 110, INDEX_KEY: 10}


def test_on_demand_never() -> None:
    allowed = Limits(1, 1, cap_on_demand_read=200, cap_on_demand_write=200)
    short = replace(INDEX_SHORT, kind=ThrottleKind.ON_DEMAND_MAXIMUM)
    state = table(on_demand=True)

    assert up(state, short, demands=BOTH, limits=lambda index: allowed) == {INDEX_KEY: 110}


def test_nothing_is_taken_along_where_nothing_rises() -> None:
    plan = plan_up(table(200, 5), [TABLE_SHORT], lambda index: CAP_200, POLICY, Outlook(BOTH))

    assert not isinstance(plan, Scale)
    assert plan.reason is HoldReason.AT_CAP


def test_each_within_its_own_cap() -> None:
    caps = {None: Limits(200, 90), INDEX: Limits(200, 30)}

    assert up(table(), TABLE_SHORT, demands=BOTH, limits=caps.__getitem__) == {
        TABLE_KEY: 90,
        INDEX_KEY: 30,
    }
    at_cap = {None: Limits(200, 90), INDEX: Limits(200, 5)}
    assert up(table(), TABLE_SHORT, demands=BOTH, limits=at_cap.__getitem__) == {TABLE_KEY: 90}


@pytest.mark.parametrize(
    ("target", "limits", "expected"),
    [
        (ScalableTarget(5, 60), CAP_200, 60),
        (ScalableTarget(5, 400), CAP_200, 110),
        (ScalableTarget(5, 5), CAP_200, None),
        (ScalableTarget(5, 60), Limits(200, 200, raise_minimums=False), None),
    ],
)
def test_scalable_targets_are_respected(
    target: ScalableTarget, limits: Limits, expected: int | None
) -> None:
    state = table(targets={INDEX_KEY: target})
    found = up(state, TABLE_SHORT, demands=BOTH, limits=lambda index: limits)

    assert found == {TABLE_KEY: 110, **({} if expected is None else {INDEX_KEY: expected})}


def test_geometric_steps_foresee_nothing() -> None:
    assert up(table(), TABLE_SHORT, demands=BOTH, policy=GeometricPolicy()) == {TABLE_KEY: 10}


names = st.none() | st.sampled_from(["a", "b", "c"])
units = st.builds(Units, st.integers(1, 500), st.integers(1, 500))
tables = st.builds(
    lambda own, indexes, on_demand: TableState(
        "orders",
        "arn:aws:dynamodb:eu-central-1:123456789012:table/orders",
        ResourceState(own),
        {name: ResourceState(found) for name, found in indexes.items()},
        on_demand,
    ),
    units,
    st.dictionaries(st.sampled_from(["a", "b", "c"]), units, max_size=3),
    st.booleans(),
)
signals = st.builds(
    ThrottleSignal,
    st.builds(Resource, st.just("orders"), names),
    st.sampled_from(Dimension),
    st.sampled_from([ThrottleKind.PROVISIONED, *ThrottleKind]),
)
demands = st.dictionaries(
    st.tuples(names, st.sampled_from(Dimension)),
    st.builds(
        Demand,
        st.floats(0.01, 5000),
        st.floats(1, 50_000),
        st.floats(0.1, 10),
        st.floats(0, 100),
        st.floats(0, 10_000),
        st.booleans(),
        st.floats(0.01, 1),
    ),
)
limits = st.dictionaries(names, st.builds(Limits, st.integers(1, 400), st.integers(1, 400)))


class Greedy:
    """A policy that wants it all."""

    def wanted(self, need: Need) -> int:
        return 10**9


@given(
    state=tables,
    short=st.lists(signals, max_size=4),
    demands=demands,
    limits=limits,
    policy=st.sampled_from([POLICY, DemandPolicy(1.01, 3.0), Greedy()]),
    settled=st.floats(0, 100),
)
def test_invariants_1_and_3_whatever_is_asked(
    state: TableState,
    short: list[ThrottleSignal],
    demands: dict[RaisedKey, Demand],
    limits: dict[str | None, Limits],
    policy: ScalingPolicy,
    settled: float,
) -> None:
    def limits_of(index: str | None) -> Limits:
        return limits.get(index, CAP_200)

    plan = plan_up(state, short, limits_of, policy, Outlook(demands, 2.0, settled))
    if not isinstance(plan, Scale):
        return
    named = {(s.resource.index, s.dimension) for s in short if s.kind is ThrottleKind.PROVISIONED}
    raised = {change.key for change in plan.target}
    writes = {key for key in raised & named if key[1] is WRITE}
    assert not state.on_demand
    assert raised & named
    for key in raised - named:
        assert key[1] is WRITE
        assert writes, "taken along with nothing"
        assert key in demands
        if not isinstance(policy, Greedy):
            served = state.resource(key[0]).units.write * demands[key].share  # type: ignore[union-attr]
            assert demands[key].rate >= 0.9 * served
    for index, wanted in plan.target.units.items():
        found = state.resource(index)
        assert found is not None
        for dimension in Dimension:
            there, asked_for = found.units.of(dimension), wanted.of(dimension)
            if (index, dimension) in raised:
                assert there < asked_for <= limits_of(index).cap(dimension)
            else:
                assert asked_for == there
