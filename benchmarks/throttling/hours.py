"""Unit-hours, in the two ways to count them. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .workloads import HOUR

History = Sequence[tuple[float, int]]
"""Units that were in force, each with the instant from which on; the first have always been."""


def clock_hours(begin: float, end: float) -> range:
    """The hours of UTC that are begun between two instants, in seconds since 1970."""
    first = math.floor(begin / HOUR)
    return range(first, max(first + 1, math.ceil(end / HOUR)))


def billed(history: History, begin: float, end: float) -> float:
    """Each clock hour costs the most units that are in force in it. Instants since 1970."""
    spans = _spans(history)
    return float(
        sum(
            max(
                units
                for at, until, units in spans
                if at < (hour + 1) * HOUR and until > hour * HOUR
            )
            for hour in clock_hours(begin, end)
        )
    )


def held(history: History, begin: float, end: float) -> float:
    """Each second costs the units that are in force in it."""
    seconds = (
        units * max(0.0, min(until, end) - max(at, begin)) for at, until, units in _spans(history)
    )
    return sum(seconds) / HOUR


def _spans(history: History) -> list[tuple[float, float, int]]:
    """From when until when there were so many units."""
    changes = [at for at, _ in history[1:]]
    return [
        (at, until, units)
        for at, until, (_, units) in zip(
            [-math.inf, *changes], [*changes, math.inf], history, strict=True
        )
    ]
