"""What one call may do, however it ends: its attempts, held against the numbered invariants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dynoresilience.config import ScalingConfig
from tests.support.answers import DROPPED
from tests.support.witness import Attempt, Change, Witness

NEWS = 0.8
"""Seconds after a change at which a call that waits for it has been sent again: the next look at
the table is at most 0.5 s away (12 % of what a change takes), callers are spread over 0.2."""
SHORT = 4.0
"""A change of at most so many seconds is held against `NEWS`."""
WATCHED = 20.0
"""Seconds for which a change is known to be under way, whatever else happens."""
LOOP = 0.05
"""Attempts that are not counted have a pause between them that is drawn from so many seconds at
least; an excuse ends so long before its time."""
LAST_LOOK = 5.0
"""Seconds until a watch looks again at most, and finds that its time is over."""
_EPSILON = 1e-6


def broken(
    witness: Witness,
    config: ScalingConfig,
    began: float,
    ended: float,
    deadline: float | None,
    error: str | None,
) -> Iterator[str]:
    """What a call did wrong. Its attempts are those of ``witness``.

    Args:
        witness: has seen the attempts.
        config: of the process.
        began: when it began.
        ended: when it ended.
        deadline: an instant, as the others; None: no deadline.
        error: the code of the error that it ended in; empty if it went through, None: not known.
    """
    attempts, last = witness.attempts, witness.attempts[-1]
    expected = "" if _has_done_a_part(attempts) and last.code != DROPPED else last.code
    if error not in (expected, None):
        yield f"invariant 4: {error!r} after {attempts}"
    if any(not attempt.is_ours and attempt.code != DROPPED for attempt in attempts[:-1]):
        yield f"invariant 6: sent again after {attempts}"
    first = next((n for n, attempt in enumerate(attempts) if attempt.is_ours), None)
    if first is None:
        return  # never throttled: botocore's affair alone
    if deadline is not None and ended > max(deadline, attempts[first].at) + _EPSILON:
        yield f"invariant 5: {ended - deadline} s over the deadline"
    budget = config.max_retries + 1
    at_deadline = deadline is not None and ended > deadline - _EPSILON
    if last.is_ours and len(attempts) < budget and not at_deadline:
        yield f"invariant 4: gave up after {len(attempts)} attempts, the budget is {budget}"
    if any(b.at - a.at < LOOP for a, b in zip(attempts, attempts[2 * budget :], strict=False)):
        yield f"invariant 5: more than {2 * budget} attempts within {LOOP} s"
    counted = _counted(attempts, _excused_from(witness, config, began), config.scale_up_timeout)
    if counted > max(budget, first + 1):  # until the first throttle botocore decides
        yield f"invariant 5: {counted} attempts count, the budget is {budget}"
    for change in witness.changes:
        if witness.sees(change.sent):
            yield from _idle(witness, config, change, ended)


def _has_done_a_part(attempts: Sequence[Attempt]) -> bool:
    """Of a batch: what was done is its answer then, whatever became of the rest."""
    return any(attempt.part for attempt in attempts)


def _excused_from(witness: Witness, config: ScalingConfig, began: float) -> float:
    """The earliest instant of the call at which the process may take a change for under way."""
    before = [at for at in witness.asked if at < began]
    latest = max([*before, *(change.due for change in witness.changes)], default=float("-inf"))
    if began <= latest + config.scale_up_timeout + LAST_LOOK:
        return began
    return min((at for at in witness.asked if at >= began), default=float("inf"))


def _counted(attempts: Sequence[Attempt], start: float, timeout: float) -> int:
    """Attempts that no excuse covers, whenever from ``start`` on the excuses have begun."""
    outside = [
        sum(not (each.is_ours and begin <= each.at <= begin + timeout) for each in attempts)
        for begin in {attempt.at for attempt in attempts if attempt.at >= start}
    ]
    return min(outside, default=len(attempts))


def _idle(witness: Witness, config: ScalingConfig, change: Change, ended: float) -> Iterator[str]:
    """Whether a call goes on while a change is under way, and is woken when it is in force.

    Somebody else's change has to be joined once it was seen: that is invariant 7.
    """
    attempts, pause = witness.attempts, 4 * config.initial_retry_delay
    excused_until = attempts[0].at + config.scale_up_timeout - LOOP
    known = min(change.due, change.sent + WATCHED)
    later = [*(attempt.at for attempt in attempts[1:]), ended]
    for attempt, after in zip(attempts, later, strict=True):
        if not (attempt.names and change.sent <= attempt.at < known):
            continue
        if not change.ours and attempt.at not in witness.looked:
            continue
        waited, late = after - attempt.at, after - change.due
        most = max(pause, attempt.needs)
        if waited > most + NEWS and attempt.at < excused_until:
            yield f"invariant 11: waited {waited} s amid a change, at most {most} s are in order"
        if late > NEWS and change.due - change.sent <= SHORT:
            yield f"invariant 11: went on {late} s after the change"
