"""Clock hours, and what was up in them."""

from __future__ import annotations

import math
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.capacity.unit_hours import (
    DAY,
    HOUR,
    Held,
    day_of,
    ended,
    of_day,
    regions,
    spent_at,
    still_held,
    unit_hours,
)
from dynoresilience.model import Dimension, Raised, RaisedKey, ResourceState, TableState, Units

WRITE: RaisedKey = (None, Dimension.WRITE)
READ: RaisedKey = (None, Dimension.READ)
INDEX: RaisedKey = ("by-customer", Dimension.WRITE)
DAY_BEGINS = 20_000 * DAY
TEN = DAY_BEGINS + 10 * HOUR
MINUTE = 60.0


def test_a_part_of_an_hour_is_an_hour() -> None:
    held = [Held(WRITE, 5, TEN + MINUTE, TEN + 2 * MINUTE)]

    assert unit_hours(held, DAY_BEGINS, DAY_BEGINS + DAY) == 5


def test_an_hour_counts_with_the_most_that_was_up_in_it_each_number_for_itself() -> None:
    held = [
        Held(WRITE, 5, TEN, TEN + 10 * MINUTE),
        Held(WRITE, 15, TEN + 10 * MINUTE, TEN + 30 * MINUTE),
        Held(WRITE, 5, TEN + 40 * MINUTE, TEN + 50 * MINUTE),
        Held(READ, 3, TEN, TEN + MINUTE),
        Held(INDEX, 2, TEN, TEN + MINUTE),
    ]

    assert unit_hours(held, DAY_BEGINS, DAY_BEGINS + DAY) == 15 + 3 + 2
    assert unit_hours(held, DAY_BEGINS, DAY_BEGINS + DAY, regions=3) == 3 * 15 + 3 + 3 * 2


def test_what_ends_on_the_hour_is_not_in_the_next_and_what_is_open_goes_on() -> None:
    assert unit_hours([Held(WRITE, 5, TEN, TEN + HOUR)], DAY_BEGINS, DAY_BEGINS + DAY) == 5
    assert unit_hours([Held(WRITE, 5, TEN, TEN)], DAY_BEGINS, DAY_BEGINS + DAY) == 5
    assert unit_hours([Held(WRITE, 5, TEN)], DAY_BEGINS, TEN + 2 * HOUR + 1) == 15


def test_over_midnight_each_day_has_its_part() -> None:
    midnight = DAY_BEGINS + DAY
    held = [Held(WRITE, 5, midnight - 90 * MINUTE, midnight + MINUTE)]

    assert unit_hours(held, DAY_BEGINS, midnight) == 10
    assert unit_hours(held, midnight, midnight + DAY) == 5
    up_to_it = [Held(WRITE, 5, midnight - MINUTE, midnight)]
    assert unit_hours(up_to_it, midnight, midnight + DAY) == 0
    assert of_day((*held, *up_to_it), midnight + HOUR) == (*held, *up_to_it)
    assert of_day((*held, *up_to_it), midnight + DAY) == ()
    assert day_of(midnight) == midnight
    assert day_of(midnight - 1) == DAY_BEGINS


@given(
    st.lists(
        st.builds(
            lambda key, units, since, length: Held(
                key, units, DAY_BEGINS + since, DAY_BEGINS + since + length
            ),
            st.sampled_from([WRITE, READ, INDEX]),
            st.integers(1, 50),
            st.floats(0, DAY - 1),
            st.floats(0, DAY),
        ),
        max_size=5,
    )
)
def test_never_less_than_what_was_held_nor_more_than_each_for_itself(held: list[Held]) -> None:
    end = DAY_BEGINS + 3 * DAY

    together = unit_hours(held, DAY_BEGINS, end)

    for key in {entry.key for entry in held}:
        of_key = [entry for entry in held if entry.key == key]
        longest = max(entry.units * (entry.until - entry.since) / HOUR for entry in of_key)
        assert unit_hours(of_key, DAY_BEGINS, end) >= longest - 1e-6
    assert together <= sum(unit_hours([entry], DAY_BEGINS, end) for entry in held)
    days = (DAY_BEGINS, DAY_BEGINS + DAY, DAY_BEGINS + 2 * DAY)
    assert together == sum(unit_hours(held, day, day + DAY) for day in days)


def test_what_is_raised_is_held_since_it_was_written_down() -> None:
    raised = {WRITE: Raised(5, 5, 20, at=TEN), READ: Raised(9, 9, 9, at=TEN)}

    assert still_held(raised) == (Held(WRITE, 15, TEN, math.inf),)


def keys(held: Iterable[Held]) -> list[tuple[RaisedKey, int, float, float]]:
    return [(entry.key, entry.units, entry.since, entry.until) for entry in held]


def test_what_ends_when_a_number_is_lowered_or_raised_further() -> None:
    before = {WRITE: Raised(5, 5, 20, at=TEN), INDEX: Raised(5, 5, 10, at=TEN)}
    later = TEN + 5 * MINUTE

    assert keys(ended(before, {}, later)) == [(WRITE, 15, TEN, later), (INDEX, 5, TEN, later)]
    further = {**before, WRITE: Raised(5, 20, 40, at=TEN + MINUTE)}
    assert keys(ended(before, further, later)) == [(WRITE, 15, TEN, TEN + MINUTE)]
    accepted = {**before, WRITE: Raised(5, 20, 20, at=TEN)}
    assert ended(before, accepted, later) == ()
    # Another process's clock may be before ours, or after.
    for at in (TEN - MINUTE, later + MINUTE):
        [over] = ended(before, {**before, WRITE: Raised(5, 20, 40, at=at)}, later)
        assert over.since <= over.until <= later


def test_the_hour_that_a_day_can_not_pay() -> None:
    held = [Held(WRITE, 10, TEN)]

    assert spent_at(held, 30, TEN + MINUTE) == TEN + 3 * HOUR
    assert spent_at(held, 9, TEN + MINUTE) == TEN + HOUR
    assert spent_at(held, 240, TEN + MINUTE) == math.inf
    assert spent_at(held, 239, TEN + MINUTE) == DAY_BEGINS + DAY + 23 * HOUR
    assert spent_at(held, 60, TEN + MINUTE, regions=3) == TEN + 2 * HOUR
    assert spent_at([], 0, TEN) == math.inf


def test_the_regions_of_a_table() -> None:
    table = TableState("orders", "arn", ResourceState(Units(1, 1)), replicas=("a", "b"))

    assert regions(table) == 3
