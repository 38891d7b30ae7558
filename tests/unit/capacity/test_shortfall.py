"""Writes that a batch left undone: where they queue, the table or an index."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.capacity.plan import Scale, plan_up
from dynoresilience.capacity.policy import GeometricPolicy
from dynoresilience.model import (
    Dimension,
    Hold,
    HoldReason,
    Limits,
    RefusedWrite,
    Resource,
    ResourceState,
    TableState,
    ThrottleSignal,
    Units,
)

CAP_200 = Limits(200, 200)
SMALL = RefusedWrite(frozenset({"id", "customer"}), 1)


def table(write: int, **indexes: ResourceState) -> TableState:
    state = ResourceState(Units(5, write), keys=frozenset({"id"}))
    return TableState("orders", "arn", state, indexes)


def index(write: int, *keys: str, whole_items: bool = True) -> ResourceState:
    return ResourceState(Units(5, write), keys=frozenset(keys), whole_items=whole_items)


def raised(
    state: TableState,
    *refused: RefusedWrite,
    limits: Callable[[str | None], Limits] = lambda name: CAP_200,
) -> set[str | None] | HoldReason:
    signal = ThrottleSignal(Resource("orders"), Dimension.WRITE, told=False, refused=refused)
    plan = plan_up(state, [signal], limits, GeometricPolicy(2.0))
    return plan.reason if isinstance(plan, Hold) else set(plan.target.units)


@pytest.mark.parametrize(
    ("state", "refused", "expected"),
    [
        (table(5), [SMALL], {None}),
        (table(5, c=index(10, "customer")), [SMALL], {None}),
        (table(10, c=index(5, "customer")), [SMALL], {"c"}),
        (table(5, c=index(5, "customer")), [SMALL], {None, "c"}),
        (table(10, s=index(5, "shop")), [SMALL], {None}),  # none of them is in the index
        (table(10, s=index(5, "shop")), [RefusedWrite(None, 1)], {"s"}),  # a delete may be
        (table(10, s=index(5)), [SMALL], {"s"}),  # nor is it known what the index has
        (table(10, k=index(5, "customer", whole_items=False)), [SMALL], {"k"}),
        (  # big items: 4 units of the table each, 1 of an index that holds only keys
            table(10, k=index(5, "customer", whole_items=False)),
            [RefusedWrite(frozenset({"customer"}), 4)],
            {None},
        ),
        (  # one of three is in the index
            table(10, c=index(5, "customer")),
            [SMALL, RefusedWrite(frozenset({"id"}), 1), RefusedWrite(frozenset({"id"}), 1)],
            {None},
        ),
        (  # one of two is in the index, which is half as large
            table(10, c=index(5, "customer")),
            [SMALL, RefusedWrite(frozenset({"id"}), 1)],
            {None, "c"},
        ),
        (table(10, k=index(5, "id", "customer")), [SMALL], {"k"}),  # it has no more than the keys
        (table(1, c=index(2, "customer")), [SMALL], {None}),
        (table(0), [SMALL], {None}),  # no division by what an emulator may say
    ],
)
def test_where_they_would_wait_the_longest(
    state: TableState, refused: list[RefusedWrite], expected: set[str | None]
) -> None:
    assert raised(state, *refused) == expected


def test_if_that_is_at_its_cap_nothing_else_is_raised_instead() -> None:
    state = table(20, c=index(5, "customer"))

    def limits(name: str | None) -> Limits:
        return Limits(5, 5) if name == "c" else CAP_200

    assert raised(state, SMALL, limits=limits) is HoldReason.AT_CAP


writes = st.builds(
    RefusedWrite,
    st.none() | st.frozensets(st.sampled_from(["id", "a", "b"])),
    st.integers(1, 400),
)
states = st.builds(
    ResourceState,
    st.builds(Units, st.integers(1, 300), st.integers(1, 300)),
    keys=st.frozensets(st.sampled_from(["a", "b"])),
    whole_items=st.booleans(),
)


@given(states, st.dictionaries(st.sampled_from("xyz"), states), st.lists(writes, min_size=1))
def test_invariant_3_reads_stay_and_so_does_an_index_that_no_write_is_in(
    own: ResourceState, indexes: dict[str, ResourceState], refused: list[RefusedWrite]
) -> None:
    state = TableState("orders", "arn", own, indexes)
    signal = ThrottleSignal(Resource("orders"), Dimension.WRITE, told=False, refused=tuple(refused))

    plan = plan_up(state, [signal], lambda name: CAP_200, GeometricPolicy(2.0))

    if isinstance(plan, Scale):
        for change in plan.target:
            found = state.resource(change.resource.index)
            assert found is not None
            assert change.dimension is Dimension.WRITE
            assert found.units.write < change.after <= 200
            assert change.resource.index is None or any(
                write.attributes is None or found.keys <= write.attributes for write in refused
            )
