"""Two processes whose clocks differ have noted raises of one number."""

from __future__ import annotations

import pytest

from dynoresilience.capacity.entries import about_to_be_raised, combined
from dynoresilience.model import (
    CapacityUpdate,
    Change,
    Dimension,
    Raised,
    RaisedTable,
    Resource,
    ResourceState,
    TableState,
    Units,
)

NOW = 1_800_000_000.0
KEY = None, Dimension.WRITE


def entry(base: int, was: int, to: int, at: float) -> RaisedTable:
    return RaisedTable("orders", "arn", {KEY: Raised(base, was, to, at)}, NOW + 600)


def state(write: int) -> TableState:
    return TableState("orders", "arn", ResourceState(Units(5, write)))


def held(mine: RaisedTable, written: RaisedTable, write: int) -> Raised:
    found = combined(mine, written, state(write))
    assert found is not None
    return found.raised[KEY]


@pytest.mark.parametrize("skew", [-30.0, 30.0])
def test_the_note_that_explains_what_is_there_holds(skew: float) -> None:
    earlier, later = entry(5, 10, 10, NOW + skew), entry(5, 10, 20, NOW + 2)
    assert held(earlier, later, 20) == later.raised[KEY]
    assert held(later, earlier, 20) == later.raised[KEY]


def test_if_both_or_neither_explain_it_the_later_holds() -> None:
    earlier, later = entry(5, 5, 10, NOW), entry(5, 10, 20, NOW + 2)
    for write in (10, 40):
        assert held(earlier, later, write) == later.raised[KEY]
        assert held(later, earlier, write) == later.raised[KEY]


def test_a_base_that_another_one_had_raised_is_that_ones_base() -> None:
    first, unknowing = entry(5, 10, 10, NOW), entry(10, 10, 20, NOW + 2)
    assert held(first, unknowing, 20).base == 5
    assert held(unknowing, first, 20).base == 5


def test_without_the_index_the_later_note_holds() -> None:
    key = "gone", Dimension.WRITE
    mine = RaisedTable("orders", "arn", {key: Raised(5, 5, 10, NOW)}, NOW + 600)
    written = RaisedTable("orders", "arn", {key: Raised(5, 10, 20, NOW + 2)}, NOW + 600)
    found = combined(mine, written, state(5))
    assert found is not None
    assert found.raised[key].to == 20


@pytest.mark.parametrize(
    ("ago", "expected"), [(0.0, True), (4.0, True), (-4.0, True), (6.0, False), (-3600.0, False)]
)
def test_a_raise_that_is_not_there_is_awaited_for_a_moment(ago: float, expected: bool) -> None:
    """However far ahead the clock of the one is who noted it, and may be dead."""
    target = CapacityUpdate(
        {None: Units(5, 10)}, (Change(Resource("orders"), Dimension.WRITE, 5, 10),)
    )
    written = entry(5, 5, 10, NOW - ago)
    assert about_to_be_raised(None, written, target, NOW, 5.0) is expected
