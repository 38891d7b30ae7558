"""The least makespan: against whole calls on the simulator's buckets, under every schedule."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.clairvoyant import Calls, Limit, Meter, Work, bound, makespan
from benchmarks.clairvoyant.fluid import Curve, Tank, serve
from benchmarks.clairvoyant.hours import HOUR, Hours
from tests.benchmarks.one_by_one import schedules, seconds_taken

SMALL = Meter(base=5, cap=200, change_seconds=2.0)


def puts(count: int, **work: object) -> Work:
    """Puts that come at once, on a table and an index."""
    calls = (Calls(0.0, {"table": 1.0, "index": 1.0}, count),)
    return Work(calls, {"table": SMALL, "index": SMALL}, **work)  # type: ignore[arg-type]


def test_640_puts_on_5_units_take_5_and_an_eighth_seconds() -> None:
    assert makespan(puts(640)) == pytest.approx(2 + (640 - 5 - 2 * 5) / 200)
    assert seconds_taken(puts(640), at_caps(puts(640))) == pytest.approx(5.125)


@pytest.mark.parametrize(("count", "seconds"), [(3, 0.0), (5, 0.0), (10, 1.0), (15, 2.0)])
def test_what_the_old_units_can_do_does_not_wait(count: int, seconds: float) -> None:
    assert makespan(puts(count)) == pytest.approx(seconds)


def test_an_empty_bucket_has_to_be_filled_first() -> None:
    empty = replace(SMALL, full=False)
    work = replace(puts(640), meters={"table": empty, "index": SMALL})
    assert makespan(work) == pytest.approx(2 + (640 - 2 * 5) / 200)


def test_what_is_saved_goes_where_there_is_less_room() -> None:
    burst = Curve([(10.0, 0.0), (10.0, 100.0)])
    tank = Tank(rates=((0.0, 10.0), (10.0, 1.0)), burst_seconds=5.0, tokens=50.0)
    assert serve(burst, [tank]).when(100.0) == pytest.approx(10 + 95)


def test_callers_that_wait_for_answers_are_a_limit_of_their_own() -> None:
    work = puts(640, callers=16, latency=0.1)  # 160 a second at best; 16 are there when it starts
    assert makespan(work) == pytest.approx(2 + (640 - 15 - 16) / 160)
    rich = Meter(base=10_000, cap=10_000, change_seconds=2.0)
    unhindered = replace(work, meters={"table": rich, "index": rich})
    assert makespan(unhindered) == pytest.approx(640 / 16 * 0.1)


def test_the_index_that_can_get_less_decides() -> None:
    index = Meter(base=5, cap=20, change_seconds=4.0)
    work = replace(puts(640), meters={"table": SMALL, "index": index})
    assert makespan(work) == pytest.approx(4 + (640 - 5 - 4 * 5) / 20)


def test_a_hot_key_gets_what_its_partition_admits() -> None:
    calls = (Calls(0.0, {"table": 1.0, "hot key": 1.0}, 500),)
    work = Work(calls, {"table": Meter(200, 4_000, 2.0)}, {"hot key": Limit(10.0)})
    assert makespan(work) == pytest.approx((500 - 10) / 10)


def test_kinds_of_calls_that_share_a_table_share_its_units() -> None:
    calls = (Calls(0.0, {"table": 1.0}, 100), Calls(0.0, {"table": 1.0, "index": 1.0}, 100))
    work = Work(calls, {"table": SMALL, "index": SMALL})
    assert makespan(work) == pytest.approx(2 + (200 - 15) / 200)


def test_jobs_are_timed_each_for_itself() -> None:
    one = Calls(0.0, {"table": 1.0}, 640)
    work = Work((one, replace(one, at=60.0, job=1)), {"table": SMALL})
    assert bound(work).ends == pytest.approx((5.125, 60 + (640 - 200) / 200))  # the bucket is full
    assert makespan(work) == pytest.approx(5.125 + 2.2)
    with pytest.raises(ValueError, match=r"job 1 begins at 5\.0 s.*before 5\.125 s"):
        makespan(Work((one, replace(one, at=5.0, job=1)), {"table": SMALL}))


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize(("table", "index"), [((1, 4), (1, 4)), ((2, 4), (1, 3)), ((1, 2), (2, 4))])
def test_no_schedule_is_faster_and_one_is_as_fast(
    table: tuple[int, int], index: tuple[int, int], full: bool
) -> None:
    meters = {
        name: Meter(base, cap, change_seconds=2.0, full=full)
        for name, (base, cap) in (("table", table), ("index", index))
    }
    calls = (
        Calls(0.0, {"table": 1.0, "index": 1.0}, 6),
        Calls(3.0, {"table": 1.0, "index": 1.0}, 5),
    )
    work = Work(calls, meters)
    every = (
        schedules(meter, instants=(1, 2, 3, 4, 6), levels=(1, 2, 3, meter.cap))
        for meter in meters.values()
    )
    best = min(
        seconds_taken(work, {"table": one, "index": other})
        for one, other in itertools.product(*every)
        if all(to <= meters["table"].cap for _, to in one)
        and all(to <= meters["index"].cap for _, to in other)
    )
    assert best - 0.5 <= makespan(work) <= best + 1e-9


units = st.integers(1, 40)


@st.composite
def works(draw: st.DrawFn) -> Work:
    shares = draw(st.sampled_from([{"table": 1.0}, {"table": 1.0, "index": 2.0}, {"table": 30.0}]))
    other = draw(st.sampled_from([shares, {"table": 2.0}, {"table": 0.5, "key": 0.5}]))
    instants = sorted(draw(st.lists(st.floats(0.0, 30.0), max_size=6)))
    calls = [
        Calls(at, draw(st.sampled_from([shares, other])), draw(st.integers(1, 40)))
        for at in [0.0, *instants]
    ]
    meters = {}
    for name in ("table", "index"):
        base = draw(units)
        meters[name] = Meter(
            base,
            base + draw(units),
            change_seconds=draw(st.sampled_from([0.0, 1.0, 2.5, 30.0])),
            burst_seconds=draw(st.sampled_from([0.5, 1.0, 10.0, 300.0])),
            full=draw(st.booleans()),
        )
    return Work(
        tuple(calls),
        meters,
        {"key": Limit(float(draw(units)))},
        callers=draw(st.sampled_from([None, 1, 3])),
        latency=draw(st.sampled_from([0.0, 0.05, 0.5])),
    )


def at_caps(work: Work) -> dict[str, list[tuple[float, float]]]:
    return {
        name: [(0.0, meter.base), (meter.change_seconds, meter.cap)]
        for name, meter in work.meters.items()
    }


@given(works(), st.data())
def test_the_bound_is_never_exceeded(work: Work, data: st.DataObject) -> None:
    schedule = {}
    for name, meter in work.meters.items():
        levels = data.draw(st.lists(st.integers(meter.base, meter.cap), max_size=3))
        gap = max(meter.change_seconds, 0.1)
        first = meter.change_seconds + data.draw(st.floats(0.0, 5.0))
        schedule[name] = [(first + number * gap, to) for number, to in enumerate(levels)]
    moment = data.draw(st.sampled_from([0.0, 0.5, 1.0]))
    least = makespan(work) - 1e-5
    assert least <= seconds_taken(work, schedule, moment=moment)
    assert least <= seconds_taken(work, at_caps(work), moment=moment)


@given(works(), st.floats(0.5, 40.0))
def test_nor_by_reads_whose_cost_is_known_afterwards(work: Work, page: float) -> None:
    calls = tuple(replace(call, units={"table": page}) for call in work.calls)
    meter = replace(work.meters["table"], debt=page - 0.5)
    pages = replace(work, calls=calls, meters={"table": meter})
    assert makespan(pages) - 1e-5 <= seconds_taken(pages, at_caps(pages), let_in_on=0.5)


@given(works())
def test_calls_of_one_kind_are_done_in_about_that_time(work: Work) -> None:
    calls = tuple(replace(call, units={"table": 1.0}) for call in work.calls)
    whole = {
        name: replace(meter, base=meter.base + 1, cap=meter.cap + 1)
        for name, meter in work.meters.items()
    }
    one_kind = replace(work, calls=calls, meters=whole)
    taken = seconds_taken(one_kind, at_caps(one_kind))
    rounded = 2 * work.latency + 2 / whole["table"].base  # to whole calls, by callers and table
    assert taken <= makespan(one_kind) + rounded + 1e-5


@given(works(), st.integers(0, 7))
def test_more_to_have_is_never_slower_and_more_to_do_never_faster(work: Work, which: int) -> None:
    least = makespan(work)
    for name, meter in work.meters.items():
        higher = replace(meter, cap=meter.cap + 10)
        assert makespan(replace(work, meters={**work.meters, name: higher})) <= least + 1e-6
        quicker = replace(meter, change_seconds=meter.change_seconds / 2)
        assert makespan(replace(work, meters={**work.meters, name: quicker})) <= least + 1e-6
    calls = list(work.calls)
    which %= len(calls)
    calls[which] = replace(calls[which], count=calls[which].count + 5)
    assert makespan(replace(work, calls=tuple(calls))) >= least - 1e-6


@given(works())
def test_no_call_is_answered_before_it_is_made(work: Work) -> None:
    assert makespan(work) >= work.calls[-1].at + work.latency - 1e-6


@given(st.floats(0.0, HOUR, exclude_max=True), st.integers(1, 200))
def test_an_instant_between_two_hours_belongs_to_both(begins: float, hour: int) -> None:
    hours = Hours(begins)
    assert (hours.upto(hours.start(hour)), hours.since(hours.start(hour))) == (hour - 1, hour)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"calls": ()}, "there must be one"),
        ({"calls": (Calls(1.0, {}),)}, "the first comes at 0"),
        ({"calls": (Calls(0.0, {"tabel": 1.0}),)}, "tabel"),
        ({"calls": (Calls(0.0, {}, 0),)}, "count from 1"),
        ({"calls": (Calls(0.0, {}), Calls(2.0, {}), Calls(1.0, {}))}, "sort them"),
        ({"calls": (Calls(0.0, {}), Calls(1.0, {}, job=2))}, "without a gap"),
        ({"callers": 0}, "callers=0"),
    ],
)
def test_what_makes_no_sense_is_said(change: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        replace(puts(1), **change)  # type: ignore[arg-type]


def test_so_with_meters_and_limits() -> None:
    with pytest.raises(ValueError, match="base=5, cap=4"):
        Meter(5, 4, 2.0)
    with pytest.raises(ValueError, match="change_seconds must not be negative"):
        Meter(5, 5, -1.0)
    with pytest.raises(ValueError, match="admits something"):
        Limit(0.0)
