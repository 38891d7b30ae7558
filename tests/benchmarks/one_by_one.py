"""The same work as whole calls on the simulator's buckets: what the bound must never exceed."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

from benchmarks.clairvoyant import Meter, Work
from dynoresilience.testing.capacity.bucket import Bucket

Schedule = Mapping[str, Sequence[tuple[float, float]]]
"""For each meter, units in force from an instant on; the first from 0 on."""


def seconds_taken(
    work: Work, schedule: Schedule, *, moment: float = 0.0, let_in_on: float | None = None
) -> float:
    """When the last call is answered, if calls are let in one after the other.

    Args:
        work: of one job.
        schedule: what is in force.
        moment: at which part of its latency a call takes its units; 0: as it begins.
        let_in_on: the units on which a call is let in; it goes into debt for the rest.
    """
    buckets = {
        name: Bucket(meter.base, burst_seconds=meter.burst_seconds, at=0.0, full=meter.full)
        for name, meter in work.meters.items()
    }
    for name, limit in work.limits.items():
        buckets[name] = Bucket(limit.units, burst_seconds=limit.burst_seconds, at=0.0)
    changes = sorted((at, name, to) for name, steps in schedule.items() for at, to in steps)
    free = [0.0] * work.callers if work.callers else None
    now = last = 0.0
    for call in work.calls:
        for _ in range(call.count):
            begin = max(call.at, heapq.heappop(free)) if free else call.at
            now = max(now, begin + moment * work.latency)
            now = _let_in(buckets, call.units, let_in_on, changes, now)
            answer = now + (1 - moment) * work.latency
            last = max(last, answer)
            if free is not None:
                heapq.heappush(free, answer)
    return last


def _let_in(
    buckets: Mapping[str, Bucket],
    units: Mapping[str, float],
    let_in_on: float | None,
    changes: list[tuple[float, str, float]],
    now: float,
) -> float:
    asked = {name: min(cost, let_in_on or cost) for name, cost in units.items() if cost}
    while True:
        while changes and changes[0][0] <= now:
            at, name, to = changes.pop(0)
            buckets[name].set_units(to, at)
        waits = [
            (min(cost, buckets[name].room) - buckets[name].tokens(now)) / buckets[name].units
            for name, cost in asked.items()
        ]
        if max(waits, default=0.0) <= 1e-12:
            break
        later = now + max(waits)
        now = min(max(later, math.nextafter(now, math.inf)), changes[0][0] if changes else later)
    for name, cost in asked.items():
        assert buckets[name].take(cost, now)
        buckets[name].settle(units[name] - cost, now)
    return now


def schedules(
    meter: Meter, instants: Sequence[float], levels: Sequence[float]
) -> Iterator[tuple[tuple[float, float], ...]]:
    """Every schedule with changes at some of the instants to some of the levels.

    The first change is in force no sooner than it can be, and no two are closer than a change
    takes.
    """
    instants = [at for at in instants if at >= meter.change_seconds]
    for number in range(len(instants) + 1):
        for chosen in itertools.combinations(instants, number):
            pairs = itertools.pairwise(chosen)
            if any(later - at < meter.change_seconds for at, later in pairs):
                continue
            for to in itertools.product(levels, repeat=number):
                steps = ((0.0, float(meter.base)), *zip(chosen, to, strict=True))
                if all(one[1] != other[1] for one, other in itertools.pairwise(steps)):
                    yield steps
