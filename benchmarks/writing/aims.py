"""What was aimed at, and whether it is met."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from .text import ratio, short, table
from .throttled import OURS, Middle

TIME, MONEY = 1.15, 1.30
AIMED_AT = ("burst", "ramp", "spike", "index-bound")
LEFT_ALONE = "hot-key"
FLEET, CALLS = "lambdas", 2


class Aim(NamedTuple):
    """``figure`` should not be above ``most``; None: there is none, as work was left undone."""

    benchmark: str
    what: str
    figure: float | None
    most: float

    @property
    def met(self) -> bool:
        return self.figure is not None and self.figure <= self.most


def of_rows(content: Mapping[str, Any]) -> list[Aim]:
    """Of a benchmark whose rows carry their aims."""
    return [
        Aim(row["benchmark"], row["case"], row["ratio"], row["aim"])
        for row in content.get("rows", ())
        if row["aim"] is not None
    ]


def of_throttled(content: Mapping[str, Any]) -> list[Aim]:
    """Of the work in virtual time, where its aims are of more than one figure."""
    found = []
    for name, workload in content.get("workloads", {}).items():
        if OURS not in workload["alternatives"]:
            continue
        ours = Middle.of(OURS, workload["alternatives"][OURS])
        if name in AIMED_AT:
            found.append(Aim("throttled", f"{name}: failures", ours.failed, 0))
            for what, figure, most in (
                ("makespan / bound", ours.over_bound, TIME),
                ("unit-hours / least", ours.over_least, MONEY),
            ):
                known = figure if ours.whole else None
                found.append(Aim("throttled", f"{name}: {what}", known, most))
        if name == LEFT_ALONE:
            found.append(Aim("throttled", f"{name}: raises", ours.raises, 0))
        if name == FLEET:
            what = f"{name}: UpdateTable calls for each step up"
            found.append(Aim("throttled", what, ours.sent_a_raise, CALLS))
    return found


def table_of(aims: Iterable[Aim]) -> str:
    """All of them; those that are missed stand out."""
    rows = []
    for aim in aims:
        shown = ratio if isinstance(aim.most, float) and aim.most % 1 else short
        verdict = "met" if aim.met else "**missed**"
        rows.append([aim.benchmark, aim.what, shown(aim.figure), f"≤ {shown(aim.most)}", verdict])
    return table(["benchmark", "what", "measured", "aim", ""], rows, left=2)
