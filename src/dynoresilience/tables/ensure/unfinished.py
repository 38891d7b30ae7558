"""What a creation leaves to do, for CreateTable can't be asked for it. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from dynoresilience.tables.drift import compare
from dynoresilience.tables.plan import plan
from dynoresilience.tables.report import DriftReport
from dynoresilience.tables.seen.found import FoundTable
from dynoresilience.tables.spec import TableSpec
from dynoresilience.tables.steps import Step

_IN_ORDER = (
    "UpdateTimeToLive",
    "TagResource",
    "UpdateContinuousBackups",
    "UpdateContributorInsights",
)


def unfinished(spec: TableSpec, found: FoundTable, report: DriftReport) -> list[Step]:
    """The steps to what is declared and has no value yet, in the order in which they are to go."""
    touched = {each.path for each in report.differences if each.found not in (None, False)}
    if spec.tags and found.tags.keys() & spec.tags.keys():  # CreateTable sets all or none
        touched |= {each.path for each in report.differences if each.field == "tags"}
    steps = [
        step
        for step in plan(spec, found, report).steps
        if step.operation in _IN_ORDER and not touched & step.changes.keys()
    ]
    return in_order(steps)


def in_order(steps: Collection[Step]) -> list[Step]:
    """One after the other: recovery that was just enabled keeps the time to live from changing."""
    return sorted(steps, key=lambda step: _IN_ORDER.index(step.operation))


def never_touched(spec: TableSpec, found: FoundTable) -> list[Step]:
    """The same of a table that we have just created, for what may not be looked at.

    Nobody has switched any of it on; tags came with the creation.
    """
    denied = {name for name, why in found.unseen.items() if why.reason == "denied"} - {"tags"}
    if not denied:
        return []
    bare = replace(found, unseen={k: why for k, why in found.unseen.items() if k not in denied})
    steps = unfinished(spec, bare, compare(spec, bare))
    seen = unfinished(spec, found, compare(spec, found))
    return [step for step in steps if step not in seen]


def nothing_else(steps: Collection[Step], report: DriftReport) -> bool:
    """Whether these steps mend all that differs."""
    mended = {path for step in steps for path in step.changes}
    return all(each.path in mended for each in report.differences)
