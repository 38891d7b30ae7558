"""What a creation leaves to do once the table is there, for CreateTable can't be asked for it. Pure.

A creator that is killed after CreateTable leaves a table without it. Whoever comes next can't tell
that from drift, but for two things: the table is young, and the setting looks as if nobody had ever
touched it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dynoresilience.tables.found import FoundTable
from dynoresilience.tables.report import Difference, DriftReport
from dynoresilience.tables.spec import TableSpec

YOUNG = 3600.0
"""Seconds since its creation for which a table's missing settings are taken for unfinished."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One request that is left to do, and the fields that it sees to.

    ``name``: of the setting, and of the index that it is of.
    """

    operation: str
    request: Mapping[str, Any]
    what: str
    fields: Collection[str]
    index: str | None = None

    @property
    def name(self) -> tuple[str, str | None]:
        return self.operation, self.index

    def closes(self, difference: Difference) -> bool:
        return difference.field in self.fields and difference.index == self.index


def is_young(found: FoundTable, now: float) -> bool:
    """Whether it was created within the last hour; ``now``: epoch seconds."""
    return found.created is not None and now - found.created < YOUNG


def unfinished(spec: TableSpec, found: FoundTable, report: DriftReport) -> list[Setting]:
    """What is declared, and off as it is of a new table; in the order in which it is to be done.

    Point-in-time recovery that was just enabled keeps the time to live from being changed for a
    while, so it comes after it.
    """
    return [
        setting
        for setting in _settings(spec, found)
        if any(setting.closes(difference) for difference in report.differences)
    ]


def nothing_else(settings: Collection[Setting], report: DriftReport) -> bool:
    """Whether these settings are all that differs."""
    return all(any(each.closes(difference) for each in settings) for difference in report.differences)


def _settings(spec: TableSpec, found: FoundTable) -> Iterator[Setting]:
    """What a new table has yet to be told, for what it does not have at all."""
    name = {"TableName": spec.name}
    if spec.time_to_live and not found.time_to_live:
        ttl = {"Enabled": True, "AttributeName": spec.time_to_live}
        yield Setting(
            "UpdateTimeToLive",
            {**name, "TimeToLiveSpecification": ttl},
            "time to live",
            ("time_to_live",),
        )
    if spec.tags and not found.tags.keys() & spec.tags.keys():
        tags = [{"Key": key, "Value": value} for key, value in spec.tags.items()]
        yield Setting(
            "TagResource", {"ResourceArn": found.arn, "Tags": tags}, "tags", ("tags",)
        )
    if spec.point_in_time_recovery and not found.point_in_time_recovery:
        recovery: dict[str, Any] = {"PointInTimeRecoveryEnabled": True}
        if spec.recovery_period_days is not None:
            recovery["RecoveryPeriodInDays"] = spec.recovery_period_days
        yield Setting(
            "UpdateContinuousBackups",
            {**name, "PointInTimeRecoverySpecification": recovery},
            "point-in-time recovery",
            ("point_in_time_recovery", "recovery_period_days"),
        )
    parts: list[tuple[str | None, Any, Any]] = [(None, spec, found)]
    parts += [
        (index.name, index, found.indexes.get(index.name))
        for index in spec.global_secondary_indexes
    ]
    for index, declared, there in parts:
        if not declared.contributor_insights or there is None or there.contributor_insights:
            continue
        mode = declared.contributor_insights
        yield Setting(
            "UpdateContributorInsights",
            {
                **name,
                **({"IndexName": index} if index is not None else {}),
                "ContributorInsightsAction": "ENABLE",
                **({"ContributorInsightsMode": mode} if mode is not True else {}),
            },
            "contributor insights" + (f" of index {index}" if index is not None else ""),
            ("contributor_insights",),
            index,
        )
