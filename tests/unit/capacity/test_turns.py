"""When a process of a fleet looks, and whether somebody has raised already."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.capacity.turns import (
    FIRST_LOOK_WITHIN,
    SKEW,
    first_look_after,
    longest_turn,
    raised_since,
    turn_after,
)
from dynoresilience.model import (
    CapacityUpdate,
    Change,
    Dimension,
    Resource,
    ResourceState,
    TableState,
    Units,
)

chances = st.floats(0, 1, exclude_max=True)
NOW = 1_800_000_000.0


@given(size=st.integers(1, 100_000), chance=chances)
def test_a_turn_comes_within_as_many_seconds_as_there_are_processes(
    size: int, chance: float
) -> None:
    assert 0 <= turn_after(size, chance) <= longest_turn(size) == size - 1


@given(chance=chances)
def test_who_is_alone_need_not_wait_for_a_turn(chance: float) -> None:
    assert turn_after(1, chance) == 0
    assert FIRST_LOOK_WITHIN / 2 <= first_look_after(chance) <= FIRST_LOOK_WITHIN


@pytest.mark.parametrize("size", [30, 1000, 10_000])
def test_all_of_them_together_look_about_once_a_second(size: int) -> None:
    chance = random.Random(1)
    turns = [turn_after(size, chance.random()) for _ in range(size)]
    for second in range(0, size, 10):
        assert sum(second <= turn < second + 10 for turn in turns) < 30


def state(own: float | None = None, index: float | None = None) -> TableState:
    """A table and an index, with the instants of their last increases."""
    plain = ResourceState(Units(5, 5))
    return TableState(
        "orders",
        "arn",
        replace(plain, last_increase=own),
        {"by-customer": replace(plain, last_increase=index)},
    )


def target(index: str | None = None) -> CapacityUpdate:
    change = Change(Resource("orders", index), Dimension.WRITE, 5, 10)
    return CapacityUpdate({index: Units(5, 10)}, (change,))


@pytest.mark.parametrize(
    ("increased", "raised"),
    [
        (None, False),  # as in emulators
        (NOW - 60, False),  # before the attempt was sent
        (NOW - 1, False),
        (NOW - 0.9, True),
        (NOW, True),
        (NOW + SKEW, True),
        (NOW + SKEW + 0.1, False),  # clocks differ by more than that
    ],
)
def test_an_increase_since_the_attempt_was_sent(increased: float | None, raised: bool) -> None:
    assert raised_since(state(increased), target(), NOW - 1, NOW) is raised
    assert raised_since(state(None, increased), target("by-customer"), NOW - 1, NOW) is raised


def test_an_increase_of_something_else_is_none() -> None:
    assert not raised_since(state(NOW, None), target("by-customer"), NOW - 1, NOW)
    assert not raised_since(state(None, NOW), target(), NOW - 1, NOW)
    assert not raised_since(state(NOW, NOW), target("gone"), NOW - 1, NOW)
