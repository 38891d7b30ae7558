"""Capacity over time as a line of small bars."""

from __future__ import annotations

from dynoresilience.cli.demo.view import History

BARS = "▁▂▃▄▅▆▇█"


def chart(history: History, now: float, *, width: int, seconds: float, top: int) -> str:
    """One bar for each ``seconds / width`` that have begun by ``now``; as high as the most units.

    Args:
        history: the units.
        now: the bars end here.
        width: columns for all ``seconds``.
        seconds: what the whole width stands for.
        top: the units of the highest bar.
    """
    step = seconds / width
    begun = min(width, int(now / step) + 1)
    return "".join(
        _bar(_most(history, column * step, (column + 1) * step), top) for column in range(begun)
    )


def _most(history: History, start: float, end: float) -> int:
    """The most units in force at any moment from ``start`` to before ``end``."""
    at_start = [units for since, units in history if since <= start][-1:]
    return max(at_start + [units for since, units in history if start < since < end], default=0)


def _bar(units: int, top: int) -> str:
    return BARS[min(len(BARS) - 1, max(0, units * len(BARS) // top))]
