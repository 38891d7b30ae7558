"""How a simulated DynamoDB behaves."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TypedDict


class SettingsOptions(TypedDict, total=False):
    """The fields of `Settings` as keyword arguments."""

    update_seconds: float
    index_update_seconds: float | None
    burst_seconds: float
    start_full: bool
    reasons: bool
    retry_after_ms: int | None
    long_dates: bool
    account_read_units: float | None
    account_write_units: float | None


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for all tables of a simulation.

    Args:
        update_seconds: how long a change of a table's capacity takes to come into force.
        index_update_seconds: the same for an index; None means as long as a table.
        burst_seconds: how many seconds of unused capacity are kept for a burst (AWS: up to 300).
        start_full: whether a new table has its burst from the start.
        reasons: whether throttles carry ``ThrottlingReasons``; older endpoints have none.
        retry_after_ms: send ``x-amz-retry-after`` with throttles, in milliseconds.
        long_dates: spell dates in refused decreases as AWS does nowadays; see `aws_date`.
        account_read_units: read units a second that all tables and indexes of a region serve
            together; None means no limit. More is refused with ``...AccountLimitExceeded``.
        account_write_units: the same for write units.

    Raises:
        ValueError: a value is out of range.
    """

    update_seconds: float = 2.0
    index_update_seconds: float | None = None
    burst_seconds: float = 300.0
    start_full: bool = True
    reasons: bool = True
    retry_after_ms: int | None = None
    long_dates: bool = False
    account_read_units: float | None = None
    account_write_units: float | None = None

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            if value is None or isinstance(value, bool):
                continue
            if name in _POSITIVE and not 0 < value < math.inf:
                raise ValueError(f"{name} must be a positive number, got {value}")
            if not 0 <= value < math.inf:
                raise ValueError(f"{name} must not be negative, and not infinite, got {value}")


_POSITIVE = {"account_read_units", "account_write_units", "burst_seconds"}
