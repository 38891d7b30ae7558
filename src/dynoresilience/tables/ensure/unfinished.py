"""What a creation leaves to do, for CreateTable can't be asked for it. Pure."""

from __future__ import annotations

from collections.abc import Collection

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
"""Point-in-time recovery that was just enabled keeps the time to live from being changed."""


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
    return sorted(steps, key=lambda step: _IN_ORDER.index(step.operation))


def nothing_else(steps: Collection[Step], report: DriftReport) -> bool:
    """Whether these steps mend all that differs."""
    mended = {path for step in steps for path in step.changes}
    return all(each.path in mended for each in report.differences)
