"""What is foreseen of the last days: what two of three have shown, and nothing else."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.capacity.daily import (
    MARGIN,
    TOLERANCE,
    Foreseen,
    Needed,
    asked_lately,
    foreseen,
    noted,
    raise_at,
)
from dynoresilience.capacity.decreases import CLOCK_MARGIN, DAY, HOUR
from dynoresilience.capacity.demand import Arrival, Asked
from dynoresilience.capacity.policy import Need
from dynoresilience.model import Dimension, RaisedKey, Resource

WRITES: RaisedKey = (None, Dimension.WRITE)
OF_INDEX: RaisedKey = ("by-customer", Dimension.WRITE)


def on(day: int, clock: str = "02:00:00") -> float:
    hour, minute, second = map(int, clock.split(":"))
    return datetime(2026, 3, day, hour, minute, second, tzinfo=timezone.utc).timestamp()


def needs_of(*days: int, clock: str = "02:00:00", units: int = 40) -> tuple[Needed, ...]:
    needs: tuple[Needed, ...] = ()
    for day in days:
        needs = noted(needs, Needed(WRITES, on(day, clock), units))
    return needs


def test_one_day_is_no_habit() -> None:
    assert foreseen(needs_of(10), on(10, "03:00:00")) is None


def test_after_two_days_it_is_foreseen() -> None:
    assert foreseen(needs_of(10, 11), on(11, "03:00:00")) == Foreseen(on(12), {WRITES: 40})


def test_two_of_three_days_are_enough() -> None:
    assert foreseen(needs_of(10, 12), on(12, "03:00:00")) == Foreseen(on(13), {WRITES: 40})


@pytest.mark.parametrize("days", [(10, 13), (10, 14)])
def test_days_that_lie_further_apart_are_no_habit(days: tuple[int, ...]) -> None:
    assert foreseen(needs_of(*days), on(days[-1], "03:00:00")) is None


def test_two_days_without_it_end_it() -> None:
    needs = needs_of(10, 11, 12)

    assert foreseen(needs, on(12, "03:00:00")) == Foreseen(on(13), {WRITES: 40})
    assert foreseen(needs, on(13, "03:00:00")) == Foreseen(on(14), {WRITES: 40})
    assert foreseen(needs, on(14, "03:00:00")) is None


def test_the_earliest_of_the_days_counts() -> None:
    needs = (*needs_of(10, clock="02:03:00"), *needs_of(11, clock="02:01:00"))

    coming = foreseen(needs, on(11, "12:00:00"))

    assert coming == Foreseen(on(12, "02:01:00"), {WRITES: 40})


def test_work_that_comes_at_another_time_is_other_work() -> None:
    needs = (*needs_of(10, clock="02:00:00"), *needs_of(11, clock="02:05:01"))

    assert foreseen(needs, on(11, "12:00:00")) is None


def test_midnight_is_a_time_like_any_other() -> None:
    needs = (*needs_of(10, clock="23:58:00"), *needs_of(12, clock="00:01:00"))

    assert foreseen(needs, on(12, "12:00:00")) == Foreseen(on(12, "23:58:00"), {WRITES: 40})


def test_a_single_night_that_needed_more_does_not_count() -> None:
    needs = (*needs_of(10, 11), *needs_of(12, units=400))

    coming = foreseen(needs, on(12, "12:00:00"))

    assert coming == Foreseen(on(13), {WRITES: 40})


def test_the_second_that_did_counts() -> None:
    needs = (*needs_of(10), *needs_of(11, units=400), *needs_of(12, units=300))

    coming = foreseen(needs, on(12, "12:00:00"))

    assert coming == Foreseen(on(13), {WRITES: 300})


def test_what_comes_about_the_same_time_is_raised_together() -> None:
    later = [Needed(OF_INDEX, on(day, "02:00:20"), 30) for day in (10, 11)]
    much_later = [Needed(WRITES, on(day, "02:10:00"), 90) for day in (10, 11)]
    needs = (*needs_of(10, 11), *later, *much_later)

    first = foreseen(needs, on(11, "12:00:00"))

    assert first == Foreseen(on(12), {WRITES: 40, OF_INDEX: 30})
    assert foreseen(needs, first.over_at) == Foreseen(on(12, "02:10:00"), {WRITES: 90})


def test_a_shortage_is_one_however_many_steps_it_took() -> None:
    needs: tuple[Needed, ...] = ()
    for second, units in ((0, 10), (5, 20), (240, 40), (100, 30)):
        needs = noted(needs, Needed(WRITES, on(10) + second, units))

    assert needs == (Needed(WRITES, on(10), 40),)


def test_as_a_policy_it_wants_what_was_needed_and_leaves_the_rest() -> None:
    policy = Foreseen(on(12), {WRITES: 40})

    assert policy.wanted(Need(Resource("orders"), Dimension.WRITE, 5)) == 40
    assert policy.wanted(Need(Resource("orders"), Dimension.READ, 5)) == 5
    assert policy.wanted(Need(Resource("orders", "by-customer"), Dimension.WRITE, 7)) == 7


histories = st.lists(
    st.builds(
        Needed,
        st.sampled_from([WRITES, OF_INDEX]),
        st.one_of(
            st.floats(0, 6 * DAY),
            st.builds(
                lambda day, off: day * DAY + 7200 + off, st.integers(0, 6), st.floats(0, 900)
            ),
        ),
        st.integers(1, 100),
    ),
    max_size=14,
).map(lambda needs: sorted(needs, key=lambda need: need.at))


def remembered(history: list[Needed]) -> tuple[Needed, ...]:
    needs: tuple[Needed, ...] = ()
    for need in history:
        needs = noted(needs, need)
    return needs


@given(histories, st.floats(0, 3 * DAY))
def test_what_is_foreseen_was_needed_on_two_of_the_last_three_days(
    history: list[Needed], later: float
) -> None:
    after = (history[-1].at if history else 0.0) + later
    coming = foreseen(remembered(history), after)

    if coming is None:
        return
    assert coming.at > after
    for key, units in coming.units.items():
        # Each of these adds one: a shortage lasts, two days may differ, the earliest of them
        # counts, and what comes about the same time is raised together.
        near = [
            days
            for days in (1, 2, 3)
            if any(
                need.key == key
                and need.units >= units
                and abs(need.at + days * DAY - coming.at) <= 4 * TOLERANCE
                for need in history
            )
        ]
        assert len(near) >= 2


@given(histories, st.integers(1, 400))
def test_it_does_not_matter_which_days_they_are(history: list[Needed], days: int) -> None:
    needs = remembered([Needed(need.key, round(need.at), need.units) for need in history])
    after = needs[-1].at if needs else 0.0
    moved = [Needed(need.key, need.at + days * DAY, need.units) for need in needs]

    coming, then = foreseen(needs, after), foreseen(moved, after + days * DAY)

    assert (coming is None) is (then is None)
    if coming is not None and then is not None:
        assert then == Foreseen(coming.at + days * DAY, coming.units)


@given(
    st.integers(2, 9),
    st.lists(st.floats(0, TOLERANCE), min_size=9, max_size=9),
    st.integers(1, 400),
)
def test_a_daily_job_is_foreseen_from_the_third_day_on_and_ends_after_two(
    days: int, late: list[float], units: int
) -> None:
    history = [Needed(WRITES, on(3 + day) + late[day], units) for day in range(days)]
    needs = remembered(history)

    for vain in (0, 1):
        coming = foreseen(needs, on(3 + days + vain) - HOUR)
        if vain and days == 2:
            break  # it was never seen three days running
        assert coming is not None
        assert on(3 + days + vain) <= coming.at <= on(3 + days + vain) + TOLERANCE
        assert coming.units == {WRITES: units}
    assert foreseen(needs, on(3 + days + 1) + HOUR) is None


@given(histories)
def test_only_the_last_days_are_remembered(history: list[Needed]) -> None:
    needs = remembered(history)

    assert all(needs[-1].at - need.at <= 3 * DAY + 2 * TOLERANCE for need in needs)
    for key in (WRITES, OF_INDEX):
        at = [need.at for need in needs if need.key == key]
        assert all(b - a > TOLERANCE for a, b in zip(sorted(at), sorted(at)[1:], strict=False))


@given(st.floats(DAY, 2 * DAY), st.floats(0, 900))
def test_it_is_raised_in_time_and_the_hour_before_is_not_paid_for_nothing(
    at: float, change_seconds: float
) -> None:
    when = raise_at(at, change_seconds)

    assert at - change_seconds - MARGIN <= when <= at - change_seconds
    if when > at - change_seconds - MARGIN:
        assert when == at - at % HOUR + CLOCK_MARGIN
        assert when + 2 * change_seconds < at


def test_a_need_some_seconds_into_the_hour_waits_for_the_hour() -> None:
    assert raise_at(on(12, "02:00:30"), 4.0) == on(12, "02:00:05")
    assert raise_at(on(12, "02:00:10"), 4.0) == on(12, "01:59:06")
    assert raise_at(on(12, "02:00:20"), 8.0) == on(12, "01:59:12")  # it may take twice as long
    assert raise_at(on(12, "02:30:00"), 4.0) == on(12, "02:28:56")


def test_what_is_asked_is_counted_by_number() -> None:
    read, write = Dimension.READ, Dimension.WRITE
    arrivals = [
        Arrival(1.0, None, write, 100.0),  # too long ago
        Arrival(12.0, None, write, 30.0),
        Arrival(13.0, "by-customer", read, 20.0),
        Arrival(14.0, None, read, 10.0),
    ]
    asked = Asked(arrivals)

    assert asked_lately(asked, (None, write), 20.0, 10.0).rate == 3.0
    assert asked_lately(asked, ("by-customer", write), 20.0, 10.0).rate == 3.0
    assert asked_lately(asked, ("by-customer", read), 20.0, 10.0).rate == 2.0
    assert asked_lately(asked, (None, read), 20.0, 10.0).rate == 1.0


def test_only_the_time_counts_of_which_all_calls_are_remembered() -> None:
    asked = Asked([Arrival(18.0, None, Dimension.WRITE, 30.0)], since=17.0)

    demand = asked_lately(asked, WRITES, 20.0, 10.0)

    assert (demand.units, demand.seconds) == (30.0, 3.0)
