"""What happened, as frozen values for `EventSink`s. No item data, key values or credentials.

The one exception is the key of a `HotKeyRange`, if its owner asks for it. Durations are
seconds; instants (``due``, ``until``) are seconds since the epoch, UTC.
"""

from __future__ import annotations

from dataclasses import dataclass

from dynoresilience.model import Change, Dimension, Hold, PendingScaleDown, Resource


@dataclass(frozen=True, slots=True)
class Event:
    """The root of all events. ``table`` is as the caller addressed it, None if not known."""

    table: str | None


@dataclass(frozen=True, slots=True)
class Throttled(Event):
    """An attempt was refused for lack of capacity. ``attempt`` counts from 1."""

    resource: Resource | None
    dimension: Dimension | None
    kind: str
    api: str
    attempt: int
    operation: str | None = None


@dataclass(frozen=True, slots=True)
class HotKeyRange(Event):
    """One partition's limit was hit: more capacity does not help, nothing is raised.

    ``key_hash``: stands for the partition key, the same for the same key as long as the process
    lives (it is salted); None if the request does not tell it, or is about several. ``key``: the
    partition key itself, as JSON in DynamoDB's types, if `ScalingConfig.show_hot_keys` is set.
    """

    resource: Resource | None
    dimension: Dimension | None
    key_hash: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class ScaleUpRequested(Event):
    """These changes were accepted: of units by DynamoDB, of minimums by Auto Scaling.

    ``hourly_cost``: about what the changed numbers cost an hour above their bases, in dollars;
    None: not known, or (of on-demand maxima) nothing by itself.
    """

    changes: tuple[Change, ...]
    hourly_cost: float | None = None


@dataclass(frozen=True, slots=True)
class ScaleUpPlanned(Event):
    """A dry run would have asked for these changes. ``hourly_cost``: as in `ScaleUpRequested`."""

    changes: tuple[Change, ...]
    hourly_cost: float | None = None


@dataclass(frozen=True, slots=True)
class ScaleUpForeseen(Event):
    """These changes were asked for before they are needed, by what was short on the last days.

    ``at``: when they will be, about. `ScaleUpRequested` follows, as for every raise.
    """

    changes: tuple[Change, ...]
    at: float


@dataclass(frozen=True, slots=True)
class ScaleUpFinished(Event):
    """The new capacity is in force, ``seconds`` after we saw the change begin."""

    changes: tuple[Change, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class ScaleUpHeld(Event):
    """A throttle did not lead to a raise, and why."""

    hold: Hold


@dataclass(frozen=True, slots=True)
class TargetsUnseen(Event):
    """The credentials may not ask Application Auto Scaling what it looks after, and why.

    For a while all tables are raised as if it looked after none.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Retrying(Event):
    """The call backs off for up to ``delay`` seconds and is sent again."""

    api: str
    attempt: int
    delay: float
    operation: str | None = None


@dataclass(frozen=True, slots=True)
class GaveUp(Event):
    """The call ends in its original exception."""

    api: str
    attempts: int
    waited: float
    reason: str
    operation: str | None = None


@dataclass(frozen=True, slots=True)
class ScaleDownScheduled(Event):
    """Raised capacity will be taken back at ``due``, unless the table is throttled again."""

    pending: tuple[PendingScaleDown, ...]
    due: float


@dataclass(frozen=True, slots=True)
class ScaleDownNotHandedOver(Event):
    """There is no schedule that would lower the table; the process's timer does, if it lives."""

    reason: str


@dataclass(frozen=True, slots=True)
class ScaleDownDone(Event):
    """These decreases were accepted, of units or of minimums.

    ``hourly_cost``: about what is saved an hour, in dollars; None: not known, or on-demand.
    """

    changes: tuple[Change, ...]
    hourly_cost: float | None = None


@dataclass(frozen=True, slots=True)
class ScaleDownPlanned(Event):
    """A dry run would have asked for these decreases. ``hourly_cost``: as in `ScaleDownDone`."""

    changes: tuple[Change, ...]
    hourly_cost: float | None = None


@dataclass(frozen=True, slots=True)
class ScaleDownPostponed(Event):
    """A decrease would have been refused, or was; it is tried again at ``until``."""

    reason: str
    until: float


@dataclass(frozen=True, slots=True)
class ScaleDownReleased(Event):
    """Someone else changed what we raised (or the table is gone): we leave it alone."""

    resource: Resource
    dimension: Dimension
    reason: str


@dataclass(frozen=True, slots=True)
class LedgerUnavailable(Event):
    """What is raised could not be written down (or read): only this process knows of it."""

    reason: str


@dataclass(frozen=True, slots=True)
class TableProgress(Event):
    """What is being done about a table, or waited for: ``waiting: index by-day is CREATING``.

    ``seconds``: since the work on this table began.
    """

    what: str
    seconds: float


@dataclass(frozen=True, slots=True)
class TableDrifted(Event):
    """A table is not as its spec says, and is left so. ``report``: all differences, in words."""

    report: str
