"""What a table is: plain frozen data, in the words of a `TableSpec`.

A field has the name, and the values, that it has in a `TableSpec`; what was not asked for, or could
not be seen, is in ``unseen``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

STANDARD = "STANDARD"
DEFAULT_RECOVERY_DAYS = 35
"""Source: PointInTimeRecoverySpecification, Amazon DynamoDB API Reference."""
DEFAULT_INSIGHTS = "ACCESSED_AND_THROTTLED_KEYS"
"""The mode of contributor insights that nobody has given one. Source: ContributorInsightsMode."""

_PASSING = frozenset({"CREATING", "UPDATING", "DELETING", "ARCHIVING", "ENABLING", "DISABLING"})


@dataclass(frozen=True, slots=True)
class Unseen:
    """Why a property could not be seen.

    ``reason``: "unsupported" (an emulator), "denied" (``action`` is what a policy must grant),
    "under way" (it can't be asked for yet) or "not asked".
    """

    reason: Literal["unsupported", "denied", "under way", "not asked"]
    message: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class FoundIndex:
    """An index as it is. Units are 0, and maximums None, where there are none."""

    name: str
    hash_key: tuple[str, ...]
    range_key: tuple[str, ...]
    projection_type: str = "ALL"
    non_key_attributes: frozenset[str] = frozenset()
    local: bool = False
    status: str = "ACTIVE"
    read_capacity_units: int = 0
    write_capacity_units: int = 0
    max_read_request_units: int | None = None
    max_write_request_units: int | None = None
    warm_read_units_per_second: int | None = None
    warm_write_units_per_second: int | None = None
    warm_status: str = "ACTIVE"
    contributor_insights: str | Literal[False] | None = None
    contributor_insights_status: str = "DISABLED"


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table as it is."""

    name: str
    arn: str
    table_id: str
    status: str
    created: float | None
    attributes: Mapping[str, str]
    hash_key: tuple[str, ...]
    range_key: tuple[str, ...]
    billing_mode: str
    read_capacity_units: int
    write_capacity_units: int
    indexes: Mapping[str, FoundIndex]
    stream_view_type: str | Literal[False] = False
    stream_arn: str | None = None
    deletion_protection: bool = False
    table_class: str = STANDARD
    sse: bool = False
    kms_key: str | None = None
    sse_status: str = "DISABLED"
    max_read_request_units: int | None = None
    max_write_request_units: int | None = None
    warm_read_units_per_second: int | None = None
    warm_write_units_per_second: int | None = None
    warm_status: str = "ACTIVE"
    time_to_live: str | Literal[False] = False
    time_to_live_status: str = "DISABLED"
    tags: Mapping[str, str] = field(default_factory=dict)
    point_in_time_recovery: bool = False
    recovery_period_days: int | None = None
    contributor_insights: str | Literal[False] | None = None
    contributor_insights_status: str = "DISABLED"
    restored: bool = False
    """From a backup, or from a point in time of another table: it came with its items."""
    unseen: Mapping[str, Unseen] = field(default_factory=dict)
    """By property, of the table (``tags``) or of an index (``by-day.contributor_insights``)."""

    @property
    def settled(self) -> bool:
        """True if no change is under way that another UpdateTable would have to wait for.

        Time to live and contributor insights don't count: they may be ENABLING for an hour.
        """
        slow = ("time_to_live", "contributor_insights")
        return all(what in slow for _, what, _ in self.passing())

    @property
    def under_way(self) -> tuple[str, ...]:
        """What is in the middle of a change, in words: ``index by-day is CREATING``."""
        return tuple(
            f"{'the table' if index is None else f'index {index}'} is {status}"
            if what == "status"
            else f"{what} of {'the table' if index is None else f'index {index}'} is {status}"
            for index, what, status in self.passing()
        )

    def passing(self) -> Iterator[tuple[str | None, str, str]]:
        """What is in the middle of a change: the index or None, of what, which status."""
        of_table = (
            ("status", self.status),
            ("warm_throughput", self.warm_status),
            ("sse", self.sse_status),
            ("time_to_live", self.time_to_live_status),
            ("contributor_insights", self.contributor_insights_status),
        )
        yield from ((None, what, status) for what, status in of_table if status in _PASSING)
        for index in self.indexes.values():
            of_index = (
                ("status", index.status),
                ("warm_throughput", index.warm_status),
                ("contributor_insights", index.contributor_insights_status),
            )
            for what, status in of_index:
                if status in _PASSING:
                    yield index.name, what, status
