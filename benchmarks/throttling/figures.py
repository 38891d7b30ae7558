"""Figures of a run, out of what was seen of it. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dynoresilience.model import Dimension

from .run import Done, History, Seen
from .workloads import HOUR, Workload

PRICES = {Dimension.READ: 0.00013, Dimension.WRITE: 0.00065}
"""US dollars for a unit-hour, us-east-1, standard class."""


@dataclass(frozen=True)
class Figures:
    """Times in seconds, ``held`` in unit-hours too; see docs/benchmarks.md for what each means."""

    calls: int
    finished: int
    failures: dict[str, int]
    makespan: float
    unit_hours: float
    held: float
    dollars: float
    requests: int
    wasted: int
    update_tables: int
    describe_tables: int
    decreases: int
    fairness: float | None
    p50: float
    p99: float
    back_at_base: bool


def figures(workload: Workload, seen: Seen) -> Figures:
    done = seen.done
    begin, end = min(each.begun for each in done), max(seen.settled, _last(done))
    bought = {
        dimension: sum(
            unit_hours(units_of(history, dimension), seen.epoch, begin, end)
            for history in seen.history.values()
        )
        for dimension in Dimension
    }
    kept = sum(
        held(units_of(history, dimension), begin, end)
        for history in seen.history.values()
        for dimension in Dimension
    )
    latencies = [each.ended - each.begun for each in done if each.error is None]
    return Figures(
        calls=len(done),
        finished=len(latencies),
        failures=dict(Counter(each.error for each in done if each.error is not None)),
        makespan=makespan(done),
        unit_hours=sum(bought.values()),
        held=kept,
        dollars=sum(PRICES[dimension] * units for dimension, units in bought.items()),
        requests=seen.requests.get("items", 0),
        wasted=seen.throttled,
        update_tables=seen.requests.get("UpdateTable", 0)
        + sum(update.autoscaled for update in seen.updates),
        describe_tables=seen.requests.get("DescribeTable", 0),
        decreases=sum(
            any(
                units.of(dimension) < update.before[index].of(dimension)
                for index, units in update.after.items()
                for dimension in Dimension
            )
            for update in seen.updates
        ),
        fairness=fairness(workload, done),
        p50=percentile(latencies, 50),
        p99=percentile(latencies, 99),
        back_at_base=seen.back_at_base,
    )


def makespan(done: Iterable[Done]) -> float:
    """From the first call's begin to the last one's end; the mean of the rounds."""
    rounds: dict[int, list[Done]] = {}
    for each in done:
        rounds.setdefault(each.round, []).append(each)
    spans = [_last(some) - min(each.begun for each in some) for some in rounds.values()]
    return sum(spans) / len(spans)


def _last(done: Iterable[Done]) -> float:
    return max(each.ended for each in done)


def units_of(history: History, dimension: Dimension) -> list[tuple[float, int]]:
    return [(at, units.of(dimension)) for at, units in history]


def unit_hours(
    history: Sequence[tuple[float, int]], epoch: float, begin: float, end: float
) -> float:
    """What is billed: for each clock hour of UTC from begin to end, the most units in force."""
    first = math.floor((epoch + begin) / HOUR)
    last = max(first, math.ceil((epoch + end) / HOUR) - 1)
    total = 0
    for hour in range(first, last + 1):
        opens, closes = hour * HOUR - epoch, (hour + 1) * HOUR - epoch
        total += max(units for at, until, units in _spans(history) if at < closes and until > opens)
    return float(total)


def held(history: Sequence[tuple[float, int]], begin: float, end: float) -> float:
    """Unit-hours in force, to the second."""
    spans = _spans(history)
    seconds = sum(units * max(0.0, min(until, end) - max(at, begin)) for at, until, units in spans)
    return seconds / HOUR


def _spans(history: Sequence[tuple[float, int]]) -> list[tuple[float, float, int]]:
    """From when until when there were so many; the first ones have always been there."""
    ends = [*(at for at, _ in history[1:]), math.inf]
    begins = [-math.inf, *(at for at, _ in history[1:])]
    return [(at, end, units) for at, end, (_, units) in zip(begins, ends, history, strict=True)]


def fairness(workload: Workload, done: Sequence[Done]) -> float | None:
    """Jain's index over the calls that each caller has finished when half of the time is over.

    1: all alike; 1/n: one of n has had everything. Of several processes it is the index over the
    mean latencies of their calls; where calls come by themselves there is none. The mean of the
    rounds.
    """
    if not workload.closed:
        return None
    if workload.processes > 1:
        waits: dict[int, list[float]] = {}
        for each in done:
            waits.setdefault(each.process, []).append(each.ended - each.begun)
        return jain([sum(some) / len(some) for some in waits.values()])
    found = []
    for number in {each.round for each in done}:
        some = [each for each in done if each.round == number]
        begin = min(each.begun for each in some)
        half = begin + (_last(some) - begin) / 2
        got = Counter(each.caller for each in some if each.error is None and each.ended <= half)
        found.append(jain([got[caller] for caller in {each.caller for each in some}]))
    return sum(found) / len(found)


def jain(shares: Sequence[float]) -> float:
    """Jain's index of fairness; 1 where nobody has anything."""
    squares = sum(share * share for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else 1.0


def percentile(numbers: Sequence[float], percent: float) -> float:
    """The number that so many per cent are not above; NaN of none."""
    if not numbers:
        return math.nan
    return sorted(numbers)[max(0, math.ceil(len(numbers) * percent / 100) - 1)]
