"""The same throttled work through each alternative: a table a workload, and who is ahead of ours.

Every sentence is computed: where an alternative is ahead of ours, the page says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

from .svg import Bar, Column, Group, chart
from .text import listed, ratio, short, table

OURS = "ours"
TOLERANCE = 1.01
"""What is ahead by less than a hundredth is not ahead."""

Runs = Sequence[Mapping[str, Any]]
"""The figures of each seed, as benchmarks/throttling/figures.py has them."""


class Middle(NamedTuple):
    """Medians of an alternative's runs. ``failed``: of the worst run."""

    name: str
    calls: int
    failed: int
    makespan: float
    over_bound: float
    unit_hours: float
    over_least: float
    dollars: float
    p99: float | None
    wasted: float
    fairness: float | None
    raises: float
    sent_a_raise: float
    back_at_base: bool

    @classmethod
    def of(cls, name: str, runs: Runs) -> Middle:
        def middle(figure: Any) -> float:
            return median(figure(run) for run in runs)

        def if_known(figure: str) -> float | None:
            found = [run[figure] for run in runs]
            return None if None in found else median(found)

        return cls(
            name,
            max(run["calls"] for run in runs),
            max(run["calls"] - run["finished"] for run in runs),
            middle(lambda run: run["makespan"]),
            middle(lambda run: run["makespan"] / run["least_makespan"]),
            middle(lambda run: run["unit_hours"]),
            middle(lambda run: run["unit_hours"] / run["least_unit_hours"]),
            middle(lambda run: run["dollars"]),
            if_known("p99"),
            middle(lambda run: run["wasted"]),
            if_known("fairness"),
            max(run["update_tables"] - run["decreases"] for run in runs),
            max(
                (run["update_tables"] - run["decreases"]) / max(1, run["increases"]) for run in runs
            ),
            all(run["back_at_base"] for run in runs),
        )

    @property
    def whole(self) -> bool:
        return self.failed == 0


COLUMNS = {
    "failed": lambda run: run["calls"] - run["finished"],
    "makespan s": lambda run: run["makespan"],
    "/ bound": lambda run: run["makespan"] / run["least_makespan"],
    "unit-hours": lambda run: run["unit_hours"],
    "/ least": lambda run: run["unit_hours"] / run["least_unit_hours"],
    "held unit-hours": lambda run: run["held"],
    "$": lambda run: run["dollars"],
    "requests": lambda run: run["requests"],
    "wasted": lambda run: run["wasted"],
    "UpdateTable": lambda run: run["update_tables"],
    "DescribeTable": lambda run: run["describe_tables"],
    "decreases": lambda run: run["decreases"],
    "fairness": lambda run: run["fairness"],
    "p99 s": lambda run: run["p99"],
}
_OF_WHOLE_WORK = ("/ bound", "/ least")


def table_of(alternatives: Mapping[str, Runs]) -> str:
    """Medians, with the least and the most where the seeds differ."""
    rows = []
    for name, runs in alternatives.items():
        failed = any(run["finished"] < run["calls"] for run in runs)
        cells = [
            "–" if failed and head in _OF_WHOLE_WORK else _spread([column(run) for run in runs])
            for head, column in COLUMNS.items()
        ]
        star = "" if all(run["back_at_base"] for run in runs) else " \\*"
        shown = f"**{name}**" if name == OURS else name
        rows.append([shown + star, *cells])
    return table(["", *COLUMNS], rows)


def runs_of(alternatives: Mapping[str, Runs]) -> str:
    """How many seeds there were, and what the work would cost in on-demand mode."""
    runs = max(alternatives.values(), key=len)
    dollars = median(run["on_demand_dollars"] for run in runs)
    seeds = "One run" if len(runs) == 1 else f"{len(runs)} runs"
    return f"{seeds} of each; in on-demand mode ${short(dollars)}."


def _spread(numbers: Sequence[float | None]) -> str:
    known = [number for number in numbers if number is not None and number == number]
    if len(known) < len(numbers):
        return "–"
    middle, low, high = short(median(known)), short(min(known)), short(max(known))
    return middle if low == high else f"{middle} ({low}–{high})"


def sentences(alternatives: Mapping[str, Runs]) -> list[str]:
    """Where others are ahead of ours, what they pay for it, and who leaves work undone."""
    middles = [Middle.of(name, runs) for name, runs in alternatives.items()]
    ours = next(middle for middle in middles if middle.name == OURS)
    others = [middle for middle in middles if middle.name != OURS]
    said = []
    if not ours.whole:
        said.append(f"**Ours leaves {ours.failed:,} of {ours.calls:,} calls undone.**")
    undone = [other for other in others if other.failed > ours.failed]
    for other in others:
        if other not in undone:
            ahead, behind = _compared(other, ours)
            if ahead:
                price = f"; behind in {listed(behind)}" if behind else "; behind in nothing"
                said.append(f"**{other.name} is ahead** in {listed(ahead)}{price}.")
    if not said:
        said.append(
            "No alternative that does the work is ahead of ours in failures, makespan, p99, "
            "unit-hours, dollars, wasted requests or fairness."
        )
    if undone:
        counts = [f"{other.name} ({other.failed:,} of {other.calls:,})" for other in undone]
        said.append(
            f"Calls are left undone by {listed(counts)}; time and money of less than the whole "
            "work are not compared."
        )
    return said


def _compared(other: Middle, ours: Middle) -> tuple[list[str], list[str]]:
    """The columns in which the other is ahead of ours, and behind."""
    less_is_better = [("failures", other.failed, ours.failed, "")]
    if other.whole and ours.whole:
        less_is_better.append(("makespan", other.makespan, ours.makespan, " s"))
        if other.p99 is not None and ours.p99 is not None:
            less_is_better.append(("p99", other.p99, ours.p99, " s"))
        less_is_better.append(("unit-hours", other.unit_hours, ours.unit_hours, ""))
        less_is_better.append(("dollars", other.dollars, ours.dollars, ""))
    less_is_better.append(("wasted requests", other.wasted, ours.wasted, ""))
    ahead, behind = [], []
    for name, theirs, mine, unit in less_is_better:
        told = f"{name} ({short(theirs)}{unit} against {short(mine)}{unit})"
        if theirs * TOLERANCE < mine:
            ahead.append(told)
        elif mine * TOLERANCE < theirs:
            behind.append(told)
    if other.fairness is not None and ours.fairness is not None:
        told = f"fairness ({other.fairness:.2f} against {ours.fairness:.2f})"
        if other.fairness > ours.fairness * TOLERANCE:
            ahead.append(told)
        elif ours.fairness > other.fairness * TOLERANCE:
            behind.append(told)
    return ahead, behind


def plot(workloads: Mapping[str, Mapping[str, Any]]) -> str:
    """Makespan and unit-hours of each alternative, over what the clairvoyant needs."""
    groups = []
    for name, workload in workloads.items():
        rows = []
        for alternative, runs in workload["alternatives"].items():
            middle = Middle.of(alternative, runs)
            look = look_of(alternative, whole=middle.whole)
            failed = f", {middle.failed:,} failed" if middle.failed else ""
            bars = [
                Bar(value, ratio(value) + failed, look)
                for value in (middle.over_bound, middle.over_least)
            ]
            rows.append((alternative, bars))
        groups.append(Group(name, rows))
    columns = [Column("makespan / bound"), Column("unit-hours / least")]
    return chart("Throttled work through each alternative, in virtual time", columns, groups)


def look_of(alternative: str, *, whole: bool) -> str:
    """Of a bar: ours stands out, and whatever left work undone is an outline."""
    if alternative == OURS:
        return "ours" if whole else "ours-undone"
    return "other" if whole else "undone"
