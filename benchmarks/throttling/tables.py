"""Figures of several seeds, for people: a Markdown table a workload, a row in the closing one."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING

from .figures import Figures

if TYPE_CHECKING:
    from benchmarks.report import Row

AIMED_AT = ("burst", "ramp", "spike", "index-bound")
AIM = 1.15
"""Makespan over the bound, in these workloads."""

COLUMNS: Mapping[str, Callable[[Figures], float | None]] = {
    "done %": lambda f: 100 * f.finished / f.calls,
    "makespan s": lambda f: f.makespan,
    "/ bound": lambda f: if_done(f, f.makespan / f.least_makespan),
    "unit-hours": lambda f: f.unit_hours,
    "/ least": lambda f: if_done(f, f.unit_hours / f.least_unit_hours),
    "held": lambda f: f.held,
    "$": lambda f: f.dollars,
    "requests": lambda f: f.requests,
    "wasted": lambda f: f.wasted,
    "UpdateTable": lambda f: f.update_tables,
    "DescribeTable": lambda f: f.describe_tables,
    "decreases": lambda f: f.decreases,
    "fairness": lambda f: f.fairness,
    "p50 s": lambda f: f.p50,
    "p99 s": lambda f: f.p99,
}


def if_done(figures: Figures, ratio: float) -> float | None:
    """Only if nothing failed can time and money be held against those of the whole work."""
    return ratio if figures.finished == figures.calls else None


def table_of(found: Mapping[str, Sequence[Figures]]) -> str:
    """Medians, and the range where the seeds differ."""
    lines = [f"| | {' | '.join(COLUMNS)} |", f"|---|{'---:|' * len(COLUMNS)}"]
    for alternative, runs in found.items():
        cells = [spread([column(each) for each in runs]) for column in COLUMNS.values()]
        stays = "" if all(each.back_at_base for each in runs) else " *"
        lines.append(f"| {alternative}{stays} | {' | '.join(cells)} |")
    if any(not each.back_at_base for runs in found.values() for each in runs):
        lines.append("\n\\* not back at base two hours after the work")
    return "\n".join(lines)


def spread(numbers: Sequence[float | None]) -> str:
    """The median and, in brackets, the least and the most; a dash if there is none of some run."""
    known = [number for number in numbers if number is not None and not math.isnan(number)]
    if len(known) < len(numbers):
        return "–"
    middle, low, high = (short(number) for number in (median(known), min(known), max(known)))
    return middle if low == high else f"{middle} ({low}–{high})"


def short(number: float) -> str:
    """Three digits are enough."""
    return f"{number:.0f}" if number >= 100 or number == int(number) else f"{number:.3g}"


def row_of(name: str, found: Mapping[str, Sequence[Figures]]) -> Row:
    """Ours, and the quickest of the others that have done all of it."""
    from benchmarks.report import Row, Spread

    ours = found["ours"]
    ratio = Spread.of([each.makespan / each.least_makespan for each in ours])
    said = [
        f"{sum(each.calls - each.finished for each in ours)} failed",
        f"{short(median(each.makespan for each in ours))} s",
        f"{spread([each.unit_hours / each.least_unit_hours for each in ours])} × least unit-hours",
        f"{spread([each.update_tables for each in ours])} UpdateTable",
    ]
    others = {
        other: median(each.makespan / each.least_makespan for each in runs)
        for other, runs in found.items()
        if not other.startswith("ours") and all(each.finished == each.calls for each in runs)
    }
    if others:
        quickest = min(others, key=lambda other: others[other])
        said.append(f"{quickest}: {others[quickest]:.3g} × bound")
    else:
        said.append("no other without a failure")
    whole = all(each.finished == each.calls for each in ours)
    return Row(
        "throttled",
        name,
        ratio.median if whole else None,
        ratio.quartiles if whole else None,
        ", ".join(said),
        AIM if name in AIMED_AT else None,
    )
