"""The least unit-hours: against every schedule on a coarse grid that does the work in time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from benchmarks.clairvoyant import (
    MIDNIGHT,
    Bound,
    Calls,
    Limit,
    Meter,
    Work,
    bound,
    least_unit_hours,
)
from benchmarks.clairvoyant.bound import stream, tanks_of
from benchmarks.clairvoyant.hours import Hours
from tests.benchmarks.costs import HOUR, Steps, affordable, billed, held
from tests.benchmarks.one_by_one import Schedule, schedules, seconds_taken
from tests.benchmarks.test_clairvoyant_time import puts, works

SLOT = 1800.0
SLOW = Meter(base=1, cap=4, change_seconds=SLOT)


def in_time(work: Work, best: Bound, schedule: Schedule) -> bool:
    """Whether a schedule does the work, of kinds that share nothing, within the bound."""
    tanks = tanks_of(work, {name: tuple(steps) for name, steps in schedule.items()})
    return all(
        stream(kind, tanks).when(load) <= end + 1e-6
        for kind in best.kinds
        for load, end in zip(kind.by_job, best.ends, strict=True)
    )


def every(work: Work, hours: int) -> Iterator[Steps]:
    meter, best = work.meters["table"], bound(work)
    slots = [SLOT * number for number in range(1, round(hours * HOUR / SLOT))]
    for steps in schedules(meter, slots, range(meter.base, meter.cap + 1)):
        if affordable(steps, meter, work.begins) and in_time(work, best, {"table": steps}):
            yield steps


def one(at: float, units: int, job: int = 0) -> Calls:
    return Calls(at, {"table": 1.0}, units, job)


def behind(units: float, keeps: float, meter: Meter, *calls: tuple[float, int]) -> Work:
    """Calls on a table that all have to pass a limit too."""
    both = {"table": 1.0, "limit": 1.0}
    return Work(
        tuple(Calls(at, both, count) for at, count in calls),
        {"table": meter},
        {"limit": Limit(units, burst_seconds=keeps)},
    )


CASES = {
    "one hour": Work((one(0, 4000),), {"table": SLOW}),
    "two hours, at the cap in both": Work((one(0, 12_000),), {"table": SLOW}),
    "base is enough": Work((one(0, 1000),), {"table": SLOW}),
    "two jobs, one peak": Work((one(0, 4000), one(2 * HOUR, 2000, 1)), {"table": SLOW}),
    "after the full hour": Work((one(0, 7000),), {"table": SLOW}, begins=MIDNIGHT + SLOT),
    "the limit decides": behind(1.7, 1, SLOW, (0, 12_000)),
    "no hour makes up for another": behind(2.2, 1, SLOW, (0, 8271), (3000, 4563), (5400, 5975)),
    "an hour makes up for another": behind(1.7, 3000, SLOW, (0, 8728), (900, 5719), (5400, 3900)),
    "so with a bucket": behind(
        1.3, 3000, replace(SLOW, burst_seconds=2400), (0, 7795), (1800, 2267), (5000, 1627)
    ),
    "a bucket filled beforehand": Work(
        (one(0, 100), one(1.5 * HOUR, 6000)), {"table": replace(SLOW, burst_seconds=900)}
    ),
    "just as the raise is in force": Work(
        (one(0, 100), one(SLOT, 5000)), {"table": replace(SLOW, burst_seconds=900)}
    ),
    "less room than was saved": replace(
        behind(1.3, 1, replace(SLOW, burst_seconds=900, full=False), (0, 7691), (900, 5081)),
        begins=MIDNIGHT + SLOT,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_nothing_in_time_is_billed_less_and_something_is_billed_as_little(name: str) -> None:
    work = replace(CASES[name], horizon=3 * HOUR)
    least, found = least_unit_hours(work), list(every(work, 3))
    assert least.attained
    assert least.billed == min(billed(steps, work.begins, 3 * HOUR) for steps in found)
    assert least.held <= min(held(steps, 3 * HOUR) for steps in found) + 1e-6


def test_an_hour_that_two_jobs_share_counts_once() -> None:
    work = behind(1.3, 3000, replace(SLOW, burst_seconds=900), (0, 10_376), (5800, 5317))
    work = replace(work, calls=(work.calls[0], replace(work.calls[1], job=1)), horizon=3 * HOUR)
    cheapest = min(billed(steps, work.begins, 3 * HOUR) for steps in every(work, 3))
    assert least_unit_hours(work).billed <= cheapest


@st.composite
def long_works(draw: st.DrawFn) -> Work:
    meter = replace(
        SLOW,
        cap=draw(st.sampled_from([3, 4])),
        burst_seconds=draw(st.sampled_from([1.0, 900.0, 2400.0])),
        full=draw(st.booleans()),
    )
    instants = draw(st.lists(st.sampled_from([900, 1800, 3000, 3600, 5400, 7200]), max_size=2))
    work = behind(
        draw(st.sampled_from([1.3, 1.7, 2.2, 9.0])),
        draw(st.sampled_from([1.0, 600.0, 3000.0])),
        meter,
        *((at, draw(st.integers(100, 6000))) for at in [0, *sorted(instants)]),
    )
    calls = list(work.calls)
    if len(calls) > 1 and draw(st.booleans()):
        calls[-1] = replace(calls[-1], at=7500.0, job=1)
    begins = MIDNIGHT + draw(st.sampled_from([0.0, SLOT]))
    return replace(work, calls=tuple(calls), begins=begins, horizon=3 * HOUR)


@settings(max_examples=30)
@given(long_works())
def test_the_least_is_never_exceeded(work: Work) -> None:
    try:
        least = least_unit_hours(work)
    except ValueError:  # jobs overlap, or three hours are not enough
        assume(False)
    found = list(every(work, 3))
    cheapest = min(billed(steps, work.begins, 3 * HOUR) for steps in found)
    assert least.billed == cheapest if least.attained else least.billed <= cheapest
    assert least.held <= min(held(steps, 3 * HOUR) for steps in found) + 1e-6


def test_the_burst_holds_what_it_needs_and_no_more() -> None:
    work = replace(puts(640), horizon=60.0)
    least = least_unit_hours(work)
    assert least.billed_by == {"table": 200, "index": 200}
    assert least.held_by["index"] == pytest.approx((5 * 60 + 195 * 3.125) / HOUR)
    assert least.attained
    assert bound(work).makespan == pytest.approx(seconds_taken(work, least.schedule))


def test_a_burst_over_the_hour_is_billed_twice() -> None:
    work = replace(puts(640), begins=MIDNIGHT - 3)
    assert least_unit_hours(work).billed == 2 * 400
    assert least_unit_hours(replace(work, begins=MIDNIGHT - 5.125)).billed == 400


def test_the_first_raise_may_be_in_force_after_the_hour_only() -> None:
    work = replace(puts(640), begins=MIDNIGHT - 1)
    least = least_unit_hours(work)
    assert least.schedule["table"] == ((0.0, 5.0), (2.0, 200.0), (3601.0, 5.0))
    assert (least.billed, least.attained) == (2 * 205, True)


def test_it_is_not_said_to_be_attained_if_changes_would_overlap() -> None:
    index = Meter(base=5, cap=400, change_seconds=2.0)
    work = replace(puts(640), begins=MIDNIGHT - 3)
    work = replace(work, meters={**work.meters, "index": index})
    least = least_unit_hours(work)  # the index needs less than the cap, and only after the hour
    assert [at for steps in least.schedule.values() for at, _ in steps[1:]] == [2, 3603, 3, 3603]
    assert not least.attained


def test_one_raise_can_be_taken_back_only_when_it_is_in_force() -> None:
    slow = replace(puts(640).meters["table"], change_seconds=30.0)
    work = replace(puts(640), meters={"table": slow, "index": slow}, horizon=HOUR)
    taken = 30 + (640 - 5 - 150) / 200
    assert bound(work).makespan == pytest.approx(taken)
    assert least_unit_hours(work).held_by["table"] == pytest.approx((5 * HOUR + 195 * 30) / HOUR)


def test_a_hot_key_is_no_reason_to_pay() -> None:
    calls = (Calls(0.0, {"table": 1.0, "hot key": 1.0}, 5000),)
    work = Work(calls, {"table": Meter(50, 4_000, 2.0)}, {"hot key": Limit(10.0)})
    least = least_unit_hours(work)
    assert (least.billed, least.held, least.attained) == (50, 50, True)


def test_a_bucket_is_filled_for_less_than_it_holds() -> None:
    meter = Meter(base=10, cap=110, change_seconds=1.0, burst_seconds=50.0)
    work = Work((one(0, 1), one(1000, 6000)), {"table": meter}, horizon=HOUR)
    # At the cap for as long as the bucket takes to fill up: 5,500 units, 500 were there.
    # What is put in force may as well rise with what is in the bucket: 10 + (units / 50).
    best = bound(work)
    plain = ((0.0, 10.0), (1000 - 5000 / 110, 110.0), (best.ends[0], 10.0))
    steps, units, at = [(0.0, 10.0)], 500.0, 1000 - 50 * math.log(11)
    while at < 1000:
        to = 10 + (units - 500) / 50 + 0.5
        steps.append((at, to))
        units, at = units + to * 0.2, at + 0.2
    steps += [(1000.0, 110.0), (best.ends[0], 10.0)]
    assert in_time(work, best, {"table": plain})
    least = least_unit_hours(work).held
    exactly = 100 * (best.ends[0] - 1000) + 5000 - 500 * math.log(11)
    assert least == pytest.approx(10 + exactly / HOUR)
    assert least < held(steps, HOUR) < held(plain, HOUR)
    assert held(steps, HOUR) < 1.02 * least


def test_a_decrease_every_hour_is_within_the_budget() -> None:
    calls = tuple(
        Calls(hour * HOUR, {"table": 1 - hour / 50, "key": 1.0}, 30_000, hour) for hour in range(40)
    )
    meter = Meter(base=1, cap=60, change_seconds=30.0)
    work = Work(calls, {"table": meter}, {"key": Limit(50.0)}, begins=MIDNIGHT + 600)
    steps = least_unit_hours(work).schedule["table"]
    drops = [at for (_, before), (at, after) in itertools.pairwise(steps) if after < before]
    assert drops == [hour * HOUR - 600 for hour in range(1, 41)]
    assert affordable(steps, meter, work.begins)
    twice = [(at - 1, units + 1) for at, units in steps[2:]]  # two decreases in each hour
    assert not affordable(sorted([*steps, *twice]), meter, work.begins)


@given(works(), st.sampled_from([0.0, 3.0, 10.0, 25.0]))
def test_nothing_is_cheaper_where_the_bound_says_so(work: Work, before: float) -> None:
    work = replace(work, begins=MIDNIGHT - before)
    least, best = least_unit_hours(work), bound(work)
    assert least.held <= least.billed + 1e-6
    if not least.attained:
        return
    for name, steps in least.schedule.items():
        horizon = Hours.of(work).start(Hours.of(work).upto(best.ends[-1]) + 1)
        assert billed(steps, work.begins, horizon) == least.billed_by[name]
        for number, (at, to) in enumerate(steps[1:], start=1):
            if to > work.meters[name].base:
                less = [*steps[:number], (at, to - 1), *steps[number + 1 :]]
                assert not in_time(work, best, {**least.schedule, name: less})


def test_a_horizon_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match=r"horizon=5\.0 ends before the work"):
        least_unit_hours(replace(puts(640), horizon=5.0))
