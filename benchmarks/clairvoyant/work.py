"""What is to be done, and on what: the question that the bound answers. Plain frozen data.

Seconds count from the first call, which comes at 0. Units are capacity units, of one dimension.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MIDNIGHT = 1_767_225_600.0
"""2026-01-01 00:00:00 UTC, in seconds since the epoch."""


@dataclass(frozen=True)
class Meter:
    """One dimension of a table or an index: what can be raised, and what is paid for.

    Attributes:
        base: units a second in force at the start, and wanted back at the end.
        cap: the most units that may ever be asked for.
        change_seconds: how long a change takes; the old units serve meanwhile.
        burst_seconds: how many seconds of unused units are kept.
        full: whether those are there at the start.
        debt: units by which one call may go beyond what is there. DynamoDB knows only afterwards
            what a page of a Query costs: with pages of 64 units, let in on half a unit, 63.5. For
            a call that costs more than the bucket can hold it is added without being asked for.
    """

    base: int
    cap: int
    change_seconds: float
    burst_seconds: float = 1.0
    full: bool = True
    debt: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.base <= self.cap:
            raise ValueError(f"0 < base <= cap is wanted, got base={self.base}, cap={self.cap}")
        for name in ("change_seconds", "burst_seconds", "debt"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, got {getattr(self, name)}")


@dataclass(frozen=True)
class Limit:
    """What no capacity lifts: the partition of a hot key. Full at the start, and free.

    Attributes:
        units: units a second that it admits.
        burst_seconds: how many seconds of unused units are kept; a partition keeps one.
    """

    units: float
    burst_seconds: float = 1.0

    def __post_init__(self) -> None:
        if not self.units > 0 or self.burst_seconds < 0:
            raise ValueError(f"a limit admits something, and keeps no less than nothing: {self}")


@dataclass(frozen=True)
class Calls:
    """Equal calls that come at the same instant.

    Attributes:
        at: seconds since the first call of the whole work.
        units: what each takes, by the name of the meter or limit.
        count: how many there are.
        job: which part of the work this is, counted up from 0. A nightly job for a week is seven
            parts: each is to be done as fast as can be, and the time between two does not count.
    """

    at: float
    units: Mapping[str, float]
    count: int = 1
    job: int = 0


@dataclass(frozen=True)
class Work:
    """Calls, and what they are made on.

    Attributes:
        calls: in the order in which they come; the first at 0.
        meters: what can be raised, by any name: "orders write", "orders/by-customer write".
        limits: what can't, by name.
        callers: None if calls come when they come. N: N callers, and each makes the next call as
            soon as it has the answer to the last; ``Calls.at`` is then when a call may be made at
            the earliest.
        latency: seconds from a request to its answer, the shortest if they vary.
        begins: the first call, in seconds since the epoch: hours and days are UTC's.
        horizon: seconds that are paid for; None: to the end of the hour in which the work can be
            finished. Compare costs under one horizon only: it holds hours at base capacity.
    """

    calls: tuple[Calls, ...]
    meters: Mapping[str, Meter]
    limits: Mapping[str, Limit] = field(default_factory=dict)
    callers: int | None = None
    latency: float = 0.0
    begins: float = MIDNIGHT
    horizon: float | None = None

    def __post_init__(self) -> None:
        if not self.calls or self.calls[0].at != 0:
            raise ValueError("calls: there must be one, and the first comes at 0")
        known = {*self.meters, *self.limits}
        for one, after in zip(self.calls, (*self.calls[1:], self.calls[-1]), strict=True):
            if after.at < one.at or after.job < one.job:
                raise ValueError(f"calls: sort them by `at`, and jobs with them: {after}")
            if unknown := one.units.keys() - known:
                raise ValueError(f"calls use {sorted(unknown)}, which is no meter and no limit")
            if one.count < 1 or any(units < 0 for units in one.units.values()):
                raise ValueError(f"calls: no negative units, and a count from 1 on: {one}")
        if {call.job for call in self.calls} != set(range(self.calls[-1].job + 1)):
            raise ValueError("calls: jobs count up from 0 without a gap")
        if self.latency < 0 or (self.callers is not None and self.callers < 1):
            raise ValueError(
                f"callers={self.callers}, latency={self.latency}: not negative, please"
            )
