"""Try a throttled call again, or give up? Pure: the instant and the chance come as arguments.

A call has one budget: ``max_retries`` attempts after the first. An attempt that was refused
while a capacity change was under way is excused, not counted, since the refusal was to be
expected. A call is excused for ``scale_up_timeout`` seconds in all, from its first excuse on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

IN_FLIGHT_DOUBLINGS = 2
"""While a change is under way the old capacity still serves, so the backoff stops growing at
``initial_delay * 2**2``: the calls go on at about the rate that the table still admits."""

LEAST_IN_FLIGHT = 0.05
"""Seconds: nor does it go below this, as attempts that do not count must not come in a loop. So
close to the deadline, or to the end of the excuses, every attempt counts."""

WAKE_SPREAD = 0.2
"""Seconds over which calls are spread that go on because capacity has just changed."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Delays and timeout in seconds. ``max_retries`` 0 means: never try again."""

    max_retries: int
    initial_delay: float
    max_delay: float
    scale_up_timeout: float


class Excuse(str, Enum):
    """Why an attempt's failure is not held against its call."""

    IN_FLIGHT = "a capacity change is under way"
    JUST_CHANGED = "capacity changed after the attempt was sent"


@dataclass(frozen=True, slots=True)
class CallState:
    """How a call has fared so far; a new call begins with the defaults.

    ``excused``: attempts that are not held against the budget. ``streak``: throttles in a row
    since capacity last changed; it sets the backoff. ``excused_until``: when excuses end.
    """

    excused: int = 0
    streak: int = 0
    excused_until: float | None = None


class GiveUpReason(str, Enum):
    """Why a call ends in its exception."""

    RETRIES = "retries used up"
    DEADLINE = "deadline"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Retry:
    """Wait ``delay`` seconds at most, then send the call again; ``state`` replaces the old."""

    delay: float
    state: CallState


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The call ends now, in its original exception."""

    reason: GiveUpReason
    state: CallState


def decide(
    policy: RetryPolicy,
    state: CallState,
    *,
    attempt: int,
    now: float,
    chance: float,
    excuse: Excuse | None = None,
    deadline: float | None = None,
    retry_after: float | None = None,
) -> Retry | GiveUp:
    """What to do after a throttled attempt.

    ``attempt`` counts every attempt of the call from 1, also those that failed for another
    reason. ``now`` and ``deadline`` are instants of one clock, ``retry_after`` (seconds, from
    ``x-amz-retry-after``) is a least delay, honoured up to ``policy.max_delay``. ``chance`` in
    [0, 1) is the jitter: the delay is drawn from the whole of [0, ceiling) ("full jitter", of
    AWS's published strategies the one with the fewest calls).
    """
    excused_until = state.excused_until
    if excuse is not None:
        if excused_until is None:
            excused_until = now + policy.scale_up_timeout
        if now >= excused_until:
            excuse = None
    reason = GiveUpReason.RETRIES
    if excuse is Excuse.IN_FLIGHT and excused_until is not None:
        # No delay is longer than what is left: where that is next to nothing, they would be a loop.
        if excused_until - now < LEAST_IN_FLIGHT:
            excuse = None
        elif deadline is not None and deadline - now < LEAST_IN_FLIGHT:
            excuse, reason = None, GiveUpReason.DEADLINE
    excused = state.excused if excuse is None else state.excused + 1
    streak = 0 if excuse is Excuse.JUST_CHANGED else state.streak
    if excuse is Excuse.IN_FLIGHT:
        streak = min(streak, IN_FLIGHT_DOUBLINGS)
    after = CallState(excused, streak + 1, excused_until)

    if attempt - excused > policy.max_retries or policy.max_retries == 0:
        return GiveUp(reason, after)
    ceiling = _ceiling(policy, streak, excuse)
    if excuse is Excuse.IN_FLIGHT and excused_until is not None:
        ceiling = min(max(ceiling, LEAST_IN_FLIGHT), excused_until - now)
    least = min(retry_after or 0.0, policy.max_delay)
    if deadline is not None:
        remaining = deadline - now
        if remaining <= least:
            return GiveUp(GiveUpReason.DEADLINE, after)
        ceiling = min(ceiling, remaining)
    return Retry(max(chance * ceiling, least), after)


def _ceiling(policy: RetryPolicy, streak: int, excuse: Excuse | None) -> float:
    if excuse is Excuse.JUST_CHANGED:
        return min(WAKE_SPREAD, policy.max_delay)
    # 2.0**1024 overflows; no backoff needs more than 60 doublings to reach its maximum.
    return min(policy.max_delay, policy.initial_delay * 2.0 ** min(streak, 60))


def woken(state: CallState) -> CallState:
    """The state of a call that was woken because capacity changed: its backoff starts anew."""
    return replace(state, streak=0)
