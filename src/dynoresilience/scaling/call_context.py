"""What holds for one call, from its first throttle to its end."""

from __future__ import annotations

from dataclasses import dataclass

from dynoresilience.ports import Settings
from dynoresilience.throttling.retry import RetryPolicy


@dataclass(frozen=True, slots=True)
class CallContext:
    """Where a call is sent, under which bounds, since when.

    ``started`` and ``deadline`` are on the clock's monotonic scale. ``operation`` is the
    caller's own name for the work, if it gave one.
    """

    api: str
    started: float
    policy: RetryPolicy
    settings: Settings
    deadline: float | None = None
    operation: str | None = None
