"""How much is asked, by the latest calls: what a rate is taken from, and how sure it is."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.capacity.demand import (
    LATELY,
    LEAST_SECONDS,
    WINDOW,
    Arrival,
    Asked,
    Demand,
    measured,
)
from dynoresilience.model import Dimension

NOW = 1000.0


CALLERS = 16


def asked(instants: Iterable[float], units: float = 1.0, since: float | None = None) -> Asked:
    """Calls of some threads in turn, each of which was answered."""
    arrivals = [
        Arrival(at, None, Dimension.WRITE, units, None, True, number % CALLERS)
        for number, at in enumerate(instants)
    ]
    return Asked(arrivals, since)


def by_callers(count: int, at: float = NOW, *, answered: int = 0) -> Asked:
    """A call of each, in one instant."""
    return Asked(
        [
            Arrival(at, None, Dimension.WRITE, 1.0, None, number < answered, number)
            for number in range(count)
        ]
    )


def steady(rate: float, seconds: float, until: float = NOW) -> list[float]:
    """Instants of so many calls a second, at equal intervals, the last one now."""
    return [until - number / rate for number in reversed(range(round(rate * seconds)))]


def demand(found: Demand | None) -> Demand:
    assert found is not None
    return found


def test_nothing_asked_is_no_demand() -> None:
    assert measured(Asked(), NOW) is None
    assert measured(asked([NOW - WINDOW - 1, NOW + 1]), NOW) is None


@pytest.mark.parametrize("rate", [2, 20, 200])
@pytest.mark.parametrize("units", [1.0, 0.5, 7.0])
def test_a_steady_rate(rate: int, units: float) -> None:
    found = demand(measured(asked(steady(rate, 60), units), NOW))

    assert found.rate == pytest.approx(rate * units, rel=0.1)
    assert found.seconds == pytest.approx(WINDOW, rel=0.1)
    assert not found.held_up


def test_work_that_has_just_begun_counts_from_its_first_call() -> None:
    found = demand(measured(asked(steady(100, 0.5)), NOW))

    assert found.rate == pytest.approx(100, rel=0.05)


@pytest.mark.parametrize("answered", [0, 5, 12])
def test_a_handful_at_once_may_be_all_there_is(answered: int) -> None:
    found = demand(measured(by_callers(12, answered=answered), NOW))

    assert (found.rate, found.seconds) == (12 / LATELY, LATELY)


def test_callers_that_come_again_once_they_are_answered_are_a_loop() -> None:
    """Those that wait do not come again: half of 16 threads have been answered, and are back."""
    first, again = by_callers(16, NOW - 0.05, answered=8), by_callers(8)

    found = demand(measured(Asked([*first.arrivals, *again.arrivals]), NOW))

    assert (found.rate, found.seconds) == (24 / LEAST_SECONDS, LEAST_SECONDS)


def test_a_spike_over_a_slow_rate_is_what_counts() -> None:
    slow, spike = steady(5, 10, NOW - 1), [NOW - 0.5 + n * 0.005 for n in range(100)]

    found = demand(measured(asked(slow + spike), NOW))

    assert (found.rate, found.seconds) == (100, LATELY)


def test_chance_is_no_spike() -> None:
    """Two calls more in the last second than in those before say nothing."""
    slow = steady(5, 9, NOW - 1)

    found = demand(measured(asked([*slow, *steady(7, 1)]), NOW))

    assert found.seconds == pytest.approx(WINDOW, rel=0.05)
    assert found.rate == pytest.approx(5.2, rel=0.05)


def test_where_the_notes_are_full_only_what_they_cover_counts() -> None:
    """256 calls of a thousand a second are a quarter of a second, and not of ten."""
    instants = steady(1000, 0.256)

    found = demand(measured(asked(instants, since=instants[0]), NOW))

    assert found.rate == pytest.approx(1000, rel=0.05)


def test_notes_that_are_full_of_other_tables_calls_hide_what_was_before() -> None:
    found = demand(measured(asked(steady(5, 10), since=NOW - 2), NOW))

    assert found.rate == pytest.approx(5, rel=0.2)
    assert found.seconds <= 2


def test_since_a_change_the_seconds_count_in_which_nothing_was_asked_too() -> None:
    """Those who wait make no calls, so the rate is what was served: it is held up."""
    found = demand(measured(asked(steady(5, 10)), NOW, since=NOW - 4))

    assert found.held_up
    assert found.seconds == 4
    assert found.rate == pytest.approx(5, rel=0.1)
    quiet = demand(measured(asked([NOW - 0.1]), NOW, since=NOW - 4))
    assert (quiet.rate, quiet.seconds) == (0.25, 4)


def test_what_waits_is_told() -> None:
    assert demand(measured(asked([NOW]), NOW, waiting=30.0)).waiting == 30.0


@pytest.mark.parametrize(
    ("before", "since", "growth"),
    [
        (None, None, 0.0),
        ((NOW - 60, 4.0), None, 0.1),  # from 4 to 10 in a minute
        ((NOW - 60, 40.0), None, 0.0),  # it has become less
        ((NOW - LATELY, 4.0), None, 0.0),  # too short a time to tell
        ((NOW - 60, 4.0), NOW - 5, 0.0),  # held up: what is served
    ],
)
def test_growth(before: tuple[float, float] | None, since: float | None, growth: float) -> None:
    found = demand(measured(asked(steady(10, 10)), NOW, since=since, before=before))

    assert found.growth == pytest.approx(growth, abs=0.003)


@pytest.mark.parametrize(
    ("units", "seconds", "there", "exceeds", "is_firm"),
    [
        (100, 1.0, 5, True, True),
        (12, 0.1, 5, True, True),  # a burst that has just begun
        (1, 0.1, 5, False, False),  # one call says nothing
        (6, 1.0, 5, False, False),  # nor do six in a second
        (50, 10.0, 5, False, True),  # ten seconds do, though it is no more than there is
        (9, 10.0, 5, False, False),
    ],
)
def test_how_sure_it_is(
    units: float, seconds: float, there: int, exceeds: bool, is_firm: bool
) -> None:
    found = Demand(units / seconds, units, seconds)

    assert found.exceeds(there) is exceeds
    assert found.is_firm(there) is is_firm


def test_a_share_of_it() -> None:
    whole = Demand(10.0, 100.0, 10.0, 2.0, 8.0, True)

    assert whole.times(0.25) == Demand(2.5, 25.0, 10.0, 0.5, 2.0, True)
    assert whole.times(1.0) == whole


# Ticks of 1/64 s: floats that add without an error, also once they are shifted.
ticks = st.integers(0, 64 * 20)
Made = list[tuple[int, int, bool, int]]
calls = st.lists(
    st.tuples(ticks, st.integers(1, 40), st.booleans(), st.integers(0, 3)), max_size=60
)
maybe_tick = st.none() | ticks


def at(tick: int | None, shift: int = 0) -> float | None:
    return None if tick is None else (tick + shift) / 64


def find(
    made: Made,
    until: int,
    since: int | None,
    full: int | None,
    *,
    shift: int = 0,
    times: int = 1,
) -> Demand | None:
    arrivals = [
        Arrival((tick + shift) / 64, None, Dimension.WRITE, units * times, None, answered, caller)
        for tick, units, answered, caller in sorted(made)
    ]
    return measured(Asked(arrivals, at(full, shift)), (until + shift) / 64, since=at(since, shift))


@given(made=calls, until=ticks, since=maybe_tick, full=maybe_tick)
def test_it_is_never_negative_nor_infinite(
    made: Made, until: int, since: int | None, full: int | None
) -> None:
    found = find(made, until, since, full)

    if found is not None:
        assert 0 < found.units <= sum(units for _, units, _, _ in made)
        assert LEAST_SECONDS <= found.seconds <= WINDOW
        assert 0 < found.rate < math.inf
        assert found.growth == 0


@given(
    made=calls, until=ticks, since=maybe_tick, full=maybe_tick, shift=st.integers(-(10**6), 10**6)
)
def test_another_clock_changes_nothing(
    made: Made, until: int, since: int | None, full: int | None, shift: int
) -> None:
    assert find(made, until, since, full, shift=shift) == find(made, until, since, full)


@given(made=calls, until=ticks, since=maybe_tick, full=maybe_tick, times=st.integers(2, 50))
def test_so_many_times_the_units_are_so_many_times_the_demand(
    made: Made, until: int, since: int | None, full: int | None, times: int
) -> None:
    """At least: of more units it is sooner certain that the latest are more than chance."""
    once, often = find(made, until, since, full), find(made, until, since, full, times=times)

    if once is None or often is None:
        assert once is often
    elif often.seconds == once.seconds:
        assert often.rate == pytest.approx(times * once.rate)
    else:
        assert often.seconds == LATELY
        assert often.rate > times * once.rate


@given(made=calls, until=ticks, full=maybe_tick, more=st.lists(ticks, max_size=20))
def test_calls_outside_of_the_window_change_nothing(
    made: Made, until: int, full: int | None, more: list[int]
) -> None:
    window = round(64 * WINDOW)
    outside = [(tick, 9, True, 0) for tick in more if not until - window <= tick <= until]

    assert find(made + outside, until, None, full) == find(made, until, None, full)
