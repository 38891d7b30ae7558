"""What a schedule costs, and whether it can be had."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from benchmarks.clairvoyant import Meter
from dynoresilience.testing.control.decreases import DecreaseBudget

HOUR = 3600.0
Steps = Sequence[tuple[float, float]]


def billed(steps: Steps, begins: float, horizon: float) -> float:
    """Clock hour by clock hour, the most units in force."""
    first = begins % HOUR
    total = 0.0
    for start in range(0, int(first + horizon), int(HOUR)):
        low, high = max(start - first, 0.0), min(start + HOUR - first, horizon)
        ends = [at for at, _ in steps[1:]] + [horizon]
        total += max(
            units
            for (at, units), end in zip(steps, ends, strict=True)
            if at < high and end > low and at < end
        )
    return total


def held(steps: Steps, horizon: float) -> float:
    """The integral, in unit-hours."""
    ends = [*(at for at, _ in steps[1:]), horizon]
    return (
        sum(u * (min(end, horizon) - at) for (at, u), end in zip(steps, ends, strict=True)) / HOUR
    )


def affordable(steps: Steps, meter: Meter, begins: float) -> bool:
    """Whether the budget has the decreases of a schedule, each asked for a change earlier."""
    budget = DecreaseBudget()
    for (_, before), (at, after) in itertools.pairwise(steps):
        asked = begins + at - meter.change_seconds
        if after < before:
            if not budget.allows(asked):
                return False
            budget.record(asked)
    return True
