"""The least integral of units over time that does the work in time. Pure.

The conditions of `needs`, with the level free to change at any instant: x(s) units above the base,
and X(s) unit-seconds of them from s to the deadline D, so X' = -x. From any s on must hold

    burst_seconds * (base + x(s)) + base * (D - s) + X(s)  >=  W - flow(s)

Going back from the deadline, the least X grows by x = missing / burst_seconds where something is
missing and not at all elsewhere: any other X that meets the condition is above it, for where the
two touch it grows at least as fast. Between two bends of ``flow`` that is an exponential in closed
form. A raise before the calls come is in it: a bucket with more room keeps what would be lost.

It is a lower bound: it changes the level at every instant, is silent about whole units, and does
not count decreases.
"""

from __future__ import annotations

import itertools
import math

from .bound import Bound
from .fluid import Curve, Tank
from .work import Meter


def least_held(meter: Meter, best: Bound, name: str) -> float:
    """Unit-seconds above the base that a meter must have, at least."""
    tank, begin, total = best.tanks[name], 0.0, 0.0
    for end, load in zip(best.ends, best.loads[name], strict=True):
        more = _of_job(meter, tank, best.flows[name], (begin, end), load)
        if begin == 0 < more and meter.change_seconds < end < 2 * meter.change_seconds:
            # One raise is all that comes in time, and none can be taken back at once.
            more *= meter.change_seconds / (end - meter.change_seconds)
        begin, total = end, total + more
    return total


def _of_job(
    meter: Meter, tank: Tank, flow: Curve, window: tuple[float, float], load: float
) -> float:
    begin, end = window
    change, burst = meter.change_seconds, meter.burst_seconds
    most = burst * (meter.cap - meter.base)

    def missing(at: float, came: float) -> float:
        return load - came - tank.debt - meter.base * (burst + end - at)

    bends = {begin, end, *flow.bends(begin, end)}
    if begin < change < end:
        bends.add(change)
    instants = sorted(bends, reverse=True)
    more = 0.0
    for late, early in itertools.pairwise(instants):
        after, before = missing(late, flow.before(late)), missing(early, flow.upto(early))
        if late <= change or burst == 0:  # nothing above the base yet, or nothing kept
            more = max(more, after, before)
            continue
        more = max(more, after - most)
        more += _growth(after - more, (before - after) / (late - early), late - early, burst)
        more = max(more, before - most)
    if begin == 0:  # what the bucket held then is known
        more = max(more, load - tank.tokens - tank.debt - meter.base * end)
    return more if more > 1e-9 * load else 0.0


def _growth(missing: float, slope: float, seconds: float, burst: float) -> float:
    """How much X grows while what X should be rises by ``slope`` a second (or falls)."""
    if missing < 0:
        if missing + slope * seconds <= 0:
            return 0.0
        seconds, missing = seconds + missing / slope, 0.0
    if slope < 0:  # until nothing is missing any more
        seconds = min(seconds, burst * math.log1p(missing / (-slope * burst)))
    left = slope * burst + (missing - slope * burst) * math.exp(-seconds / burst)
    return slope * seconds + missing - left
