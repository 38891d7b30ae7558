"""What a schedule will ask for: the base of what is raised, and all else as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.capacity.way_back import way_back
from dynoresilience.model import (
    CapacityUpdate,
    Change,
    Dimension,
    Limits,
    Raised,
    RaisedKey,
    Resource,
    ResourceState,
    TableState,
    Units,
)

READ, WRITE = Dimension.READ, Dimension.WRITE
ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"


def limits(index: str | None) -> Limits:
    return Limits(cap_read=1000, cap_write=1000)


def state(table: Units, index: Units | None = None, **more: Any) -> TableState:
    spent = {"decreases_today": 27, "last_decrease": 10.0}
    indexes = {"by-customer": ResourceState(index, **spent)} if index else {}  # type: ignore[arg-type]
    return TableState("orders", ARN, ResourceState(table, **spent), indexes, **more)  # type: ignore[arg-type]


def a_raise(units: Mapping[str | None, Units]) -> CapacityUpdate:
    return CapacityUpdate(units, ())


def test_the_base_of_the_raised_number_and_the_other_one_as_it_was_seen() -> None:
    raised = {(None, WRITE): Raised(base=5, was=10, to=20)}

    lower = way_back(
        state(Units(7, 10)), raised, limits, target=a_raise({None: Units(7, 20)}), table="mine"
    )

    changes = (Change(Resource("mine"), WRITE, 20, 5),)
    assert lower == CapacityUpdate({None: Units(7, 5)}, changes), "whatever is left of the budget"


def test_everything_that_is_raised_is_in_one_request() -> None:
    raised = {
        (None, WRITE): Raised(base=5, was=20, to=20),
        ("by-customer", READ): Raised(base=1, was=3, to=6),
        ("gone", WRITE): Raised(base=1, was=3, to=6),
    }

    lower = way_back(
        state(Units(7, 20), Units(3, 4)),
        raised,
        limits,
        target=a_raise({"by-customer": Units(6, 4)}),
    )

    assert lower is not None
    assert lower.units == {None: Units(7, 5), "by-customer": Units(1, 4)}


def test_what_someone_else_has_changed_already_is_sent_as_it_is() -> None:
    raised = {
        (None, WRITE): Raised(base=5, was=20, to=20),
        (None, READ): Raised(base=5, was=10, to=10),
    }

    lower = way_back(state(Units(99, 20)), raised, limits)

    assert lower is not None
    assert lower.units == {None: Units(99, 5)}


def test_a_configured_base_holds_and_nothing_to_lower_is_none() -> None:
    raised = {(None, WRITE): Raised(base=5, was=10, to=20)}

    def own(base: int) -> CapacityUpdate | None:
        return way_back(
            state(Units(7, 10)),
            raised,
            lambda index: Limits(100, 100, base_write=base),
            target=a_raise({None: Units(7, 20)}),
        )

    lower = own(8)
    assert lower is not None
    assert lower.units == {None: Units(7, 8)}
    assert own(20) is None
    assert way_back(state(Units(7, 10)), {}, limits) is None


def test_the_maximum_of_an_on_demand_table_goes_alone() -> None:
    raised = {
        (None, WRITE): Raised(base=5, was=5, to=10),
        ("by-customer", WRITE): Raised(base=6, was=12, to=12),
    }

    def lower(raised: Mapping[RaisedKey, Raised]) -> Mapping[str | None, Units]:
        found = way_back(
            state(Units(0, 5), Units(0, 12), on_demand=True),
            raised,
            limits,
            target=a_raise({None: Units(0, 10)}),
        )
        assert found is not None
        assert found.on_demand
        return found.units

    assert lower(raised) == {None: Units(0, 5)}
    del raised[None, WRITE]
    assert lower(raised) == {"by-customer": Units(0, 6)}


NUMBERS = st.integers(1, 50)


@given(
    base=NUMBERS,
    up=NUMBERS,
    read=NUMBERS,
    on_table=st.booleans(),
    other=st.builds(Units, NUMBERS, NUMBERS),
)
def test_never_below_the_base_and_nothing_that_was_not_raised(
    base: int, up: int, read: int, on_table: bool, other: Units
) -> None:
    ours = Units(read, base)
    seen = state(ours, other) if on_table else state(other, ours)
    index = None if on_table else "by-customer"
    raised = {(index, WRITE): Raised(base, base, base + up)}

    lower = way_back(seen, raised, limits, target=a_raise({index: Units(read, base + up)}))

    assert lower is not None
    assert lower.units == {index: Units(read, base)}
