"""Figures of a run, out of what was seen of it. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dynoresilience.capacity.prices import LIST
from dynoresilience.model import Dimension
from dynoresilience.testing.control.control_plane import AcceptedUpdate

from .bounds import Yardstick
from .hours import billed, held
from .run import Done, Seen
from .workloads import Workload

_PRICES = LIST["us-east-1"]
PER_WRITE, PER_READ = 0.625e-6, 0.125e-6
"""Dollars for a request unit in on-demand mode, us-east-1, since November 2024; second-hand."""


@dataclass(frozen=True)
class Figures:
    """What a run came to.

    Attributes:
        calls: how many were made; finished: how many of them went through.
        failures: the others, by their error.
        makespan: seconds from the first call to the end of the last; of several rounds the mean.
        least_makespan: the clairvoyant's.
        unit_hours: as billed, until all is back at base; of all tables, indexes, reads and writes.
        least_unit_hours: the clairvoyant's, who pays for the same clock hours.
        held: unit-hours to the second; least_held: the clairvoyant's.
        dollars: what ``unit_hours`` cost.
        on_demand_dollars: what the whole work would cost in on-demand mode, finished or not.
        requests: for items; wasted: those of them that were throttled.
        update_tables: requests, and Application Auto Scaling's; describe_tables: requests.
        decreases: changes that lowered something; increases: those that raised, and did not.
        fairness: Jain's index, see `fairness`.
        p50, p99: seconds that a call took that went through, as percentiles.
        back_at_base: whether everything came down in `run.PATIENCE`.
    """

    calls: int
    finished: int
    failures: dict[str, int]
    makespan: float
    least_makespan: float
    unit_hours: float
    least_unit_hours: float
    held: float
    least_held: float
    dollars: float
    on_demand_dollars: float
    requests: int
    wasted: int
    update_tables: int
    describe_tables: int
    decreases: int
    increases: int
    fairness: float | None
    p50: float | None
    p99: float | None
    back_at_base: bool


def figures(workload: Workload, seen: Seen, best: Yardstick) -> Figures:
    """``best`` is of the same workload and seed."""
    done = seen.done
    begin, end = best.begins, seen.epoch + max(seen.settled, _last(done))
    histories = [
        (dimension, [(seen.epoch + at, units.of(dimension)) for at, units in history])
        for history in seen.history.values()
        for dimension in Dimension
    ]
    bought = [(dimension, billed(history, begin, end)) for dimension, history in histories]
    latencies = [each.ended - each.begun for each in done if each.error is None]
    return Figures(
        calls=len(done),
        finished=len(latencies),
        failures=dict(Counter(each.error for each in done if each.error is not None)),
        makespan=makespan(done),
        least_makespan=best.makespan,
        unit_hours=sum(units for _, units in bought),
        least_unit_hours=best.billed(end),
        held=sum(held(history, begin, end) for _, history in histories),
        least_held=best.held(end),
        dollars=sum(
            units * (_PRICES.read if dimension is Dimension.READ else _PRICES.write)
            for dimension, units in bought
        ),
        on_demand_dollars=best.writes * PER_WRITE + best.reads * PER_READ,
        requests=seen.requests.get("items", 0),
        wasted=seen.throttled,
        update_tables=seen.requests.get("UpdateTable", 0)
        + sum(update.autoscaled for update in seen.updates),
        describe_tables=seen.requests.get("DescribeTable", 0),
        decreases=sum(map(_lowers, seen.updates)),
        increases=sum(not _lowers(update) for update in seen.updates),
        fairness=fairness(workload, done),
        p50=percentile(latencies, 50),
        p99=percentile(latencies, 99),
        back_at_base=seen.back_at_base,
    )


def _lowers(update: AcceptedUpdate) -> bool:
    return any(
        units.of(dimension) < update.before[index].of(dimension)
        for index, units in update.after.items()
        for dimension in Dimension
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


def fairness(workload: Workload, done: Sequence[Done]) -> float | None:
    """Jain's index over the calls that each caller has finished when half of the time is over.

    1: all alike; 1/n: one of n has had everything. Of several processes it is the index over the
    mean latencies of their calls; where calls come by themselves there is none. The mean of the
    rounds.
    """
    if not workload.closed or not any(each.error is None for each in done):
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


def percentile(numbers: Sequence[float], percent: float) -> float | None:
    """The number that so many per cent are not above; None of none."""
    if not numbers:
        return None
    return sorted(numbers)[max(0, math.ceil(len(numbers) * percent / 100) - 1)]
