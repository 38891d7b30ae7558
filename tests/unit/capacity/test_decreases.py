"""The decrease budget: four in a UTC day, then one an hour."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.capacity.decreases import CLOCK_MARGIN, DAY, HOUR, next_decrease
from dynoresilience.model import ResourceState, Units


def at(clock: str, day: int = 10) -> float:
    hour, minute = clock.split(":")
    return datetime(2026, 3, day, int(hour), int(minute), tzinfo=timezone.utc).timestamp()


def state(decreases: int, last: float | None) -> ResourceState:
    return ResourceState(Units(10, 10), decreases_today=decreases, last_decrease=last)


@pytest.mark.parametrize("used", [0, 1, 3])
def test_four_a_day_are_free(used: int) -> None:
    assert next_decrease(state(used, at("11:59")), at("12:00")) == at("12:00")


def test_the_fifth_comes_an_hour_after_the_fourth() -> None:
    assert next_decrease(state(4, at("11:30")), at("12:00")) == at("12:30") + CLOCK_MARGIN


def test_an_hour_without_a_decrease_permits_one() -> None:
    assert next_decrease(state(9, at("10:00")), at("12:00")) == at("12:00")


def test_midnight_comes_before_the_hour_is_over() -> None:
    midnight = at("00:00", day=11)

    assert next_decrease(state(4, at("23:40")), at("23:50")) == midnight + CLOCK_MARGIN


def test_a_count_of_yesterday_does_not_bind_today() -> None:
    now = at("00:10", day=11)

    assert next_decrease(state(4, at("23:59")), now) == now


def test_a_full_count_without_a_time_waits_for_the_day_to_change() -> None:
    assert next_decrease(state(4, None), at("12:00")) == at("00:00", day=11) + CLOCK_MARGIN


@given(
    used=st.integers(0, 27),
    last=st.floats(0, 3 * DAY),
    later=st.floats(0, 2 * DAY),
)
def test_invariant_9_what_is_permitted_dynamodb_accepts(
    used: int, last: float, later: float
) -> None:
    now = last + later
    when = next_decrease(state(used, last), now)

    assert when >= now
    another_day = when // DAY > last // DAY
    assert used < 4 or another_day or when - last >= HOUR
    assert when <= max(now, last + HOUR + CLOCK_MARGIN)  # never later than need be
