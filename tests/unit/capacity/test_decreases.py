"""The decrease budget: four in a UTC day, then one an hour."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.capacity.decreases import (
    CLOCK_MARGIN,
    DAY,
    END_OF_HOUR,
    HOUR,
    next_decrease,
    pays_off_at,
)
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


# When it pays off


def test_the_last_free_one_waits_for_the_end_of_the_hour_if_it_may_be_short_again() -> None:
    lowered = state(3, at("09:50"))

    assert pays_off_at(lowered, at("10:00"), at("10:10"), at("10:10")) == at("10:55")


@pytest.mark.parametrize("used", [0, 1, 2])
def test_while_there_are_others_it_comes_at_once(used: int) -> None:
    lowered = state(used, at("09:50"))

    assert pays_off_at(lowered, at("10:00"), at("10:10"), at("10:10")) == at("10:10")


def test_it_comes_at_once_if_nothing_is_likely_to_come_within_the_hour() -> None:
    lowered = state(3, at("09:14"))

    assert pays_off_at(lowered, at("10:00"), at("10:10"), at("10:10")) == at("10:10")


def test_it_comes_at_once_if_it_is_too_late_for_its_hour() -> None:
    lowered = state(3, at("09:50"))

    assert pays_off_at(lowered, at("10:00"), at("10:10"), at("11:02")) == at("11:02")
    assert pays_off_at(lowered, at("10:48"), at("10:58"), at("10:58")) == at("10:58")


def test_one_that_had_to_wait_for_the_budget_belongs_to_the_hour_that_began_meanwhile() -> None:
    lowered = state(4, at("09:10"))

    assert pays_off_at(lowered, at("09:20"), at("09:30"), at("10:11")) == at("10:55")


def test_who_does_not_know_the_latest_decrease_does_not_wait() -> None:
    assert pays_off_at(state(4, None), at("10:00"), at("10:10"), at("10:10")) == at("10:10")
    assert pays_off_at(state(4, at("10:05")), at("10:00"), at("11:10"), at("11:10")) == at("11:10")


def test_at_midnight_there_are_new_ones() -> None:
    lowered, now = state(9, at("23:40")), at("00:10", day=11)

    assert pays_off_at(lowered, at("23:50"), now, now) == now


@given(
    used=st.integers(0, 27),
    last=st.floats(DAY, 2 * DAY),
    raised=st.floats(0, 2 * HOUR),
    due=st.floats(0, 2 * HOUR),
    later=st.floats(0, 3 * HOUR),
)
def test_invariant_9_what_is_left_for_later_costs_no_hour_and_is_not_refused(
    used: int, last: float, raised: float, due: float, later: float
) -> None:
    lowered, raised_at = state(used, last), last + raised
    due = raised_at + due
    now = next_decrease(lowered, due + later)  # it is asked only of what may be lowered

    when = pays_off_at(lowered, raised_at, due, now)

    assert when >= now
    assert next_decrease(lowered, when) == when
    if when > now:
        assert when // HOUR == now // HOUR  # of the hour that is paid for by then
        assert when % HOUR == pytest.approx(HOUR - END_OF_HOUR, abs=1e-3)
        assert used >= 3
        assert raised < HOUR
