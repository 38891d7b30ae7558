"""One call that was throttled: raise, back off, go on or give up.

The hooks, `execute` and the decorator all bring their calls through here; they differ only in
how they send the next attempt.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from dynoresilience import events
from dynoresilience.model import Change, Hold, HoldReason, ThrottleKind
from dynoresilience.ports import Clock, EventSink, Random
from dynoresilience.scaling.call_context import CallContext
from dynoresilience.scaling.hot_keys import HotKeys
from dynoresilience.scaling.pause import Pause
from dynoresilience.scaling.place import Place
from dynoresilience.scaling.queueing import Queueing, refused_writes
from dynoresilience.scaling.scaler import Scaler
from dynoresilience.scaling.shortage import Answer
from dynoresilience.scaling.table_record import NEVER
from dynoresilience.throttling.retry import (
    WAKE_SPREAD,
    CallState,
    Excuse,
    GiveUp,
    GiveUpReason,
    decide,
    woken,
)
from dynoresilience.throttling.signals import Throttle

RATE_SETTLES = 5.0
"""Seconds after a change until the rate of a client's calls says something about the capacity
there is now, rather than about what there was before."""


class ThrottledCall:
    """Lives from a call's first throttle to its end, in one thread (or one task) at a time."""

    def __init__(
        self,
        scaler: Scaler,
        hot_keys: HotKeys,
        context: CallContext,
        clock: Clock,
        random: Random,
        sink: EventSink,
        place: Place | None = None,
    ) -> None:
        self._scaler = scaler
        self._hot_keys = hot_keys
        self._context = context
        self._clock = clock
        self._random = random
        self._sink = sink
        self._state = CallState()
        self._sent_at = context.started if place is None else place.went_at
        self._changes: list[Change] = []
        self._holds: list[HoldReason] = []
        self._reason: GiveUpReason | None = None
        self._came_early = False
        self._queueing = Queueing(context, place, random)
        self.slows_down = True

    @property
    def excused(self) -> int:
        """Throttled attempts that are not held against the budget."""
        return self._state.excused

    @property
    def max_retries(self) -> int:
        return self._context.policy.max_retries

    def try_again(self, throttle: Throttle, attempt: int, retry_after: float | None = None) -> bool:
        """Wait for the next attempt in this thread; False: there is none, the call ends."""
        pause = self.on_throttle(throttle, attempt, retry_after)
        if pause is None:
            return False
        with self._scaler.rest():
            pause.sleep(self._clock)
        self._came_early |= pause.came_early
        return True

    async def try_again_async(
        self, throttle: Throttle, attempt: int, retry_after: float | None = None
    ) -> bool:
        """`try_again` for a task: a thread asks the control plane, the loop goes on meanwhile."""
        import asyncio

        pause = await asyncio.to_thread(self.on_throttle, throttle, attempt, retry_after)
        if pause is None:
            return False
        await pause.sleep_async(self._clock)
        self._came_early |= pause.came_early
        return True

    def on_throttle(
        self, throttle: Throttle, attempt: int, retry_after: float | None = None
    ) -> Pause | None:
        """Called for each throttled attempt (from 1): the pause before the next, None = give up.

        May talk to the control plane before it returns.
        """
        self._tell(throttle, attempt)
        answers = self._ask(throttle, self._context.deadline)
        excuses = {answer.excuse for answer in answers}
        excuse = next((e for e in (Excuse.IN_FLIGHT, Excuse.JUST_CHANGED) if e in excuses), None)
        now = self._clock.monotonic()
        changed = max((a.record.changed_at for a in answers if a.record is not None), default=NEVER)
        in_hand = excuse is not None or now - changed < RATE_SETTLES
        # A rate limiter in the client waits without an eye on our deadline.
        self.slows_down = not in_hand and self._context.deadline is None
        context = self._context
        step = decide(
            context.policy,
            self._state,
            attempt=attempt,
            now=now,
            chance=self._random(),
            excuse=excuse,
            deadline=context.deadline,
            retry_after=retry_after,
        )
        counts = step.state.excused == self._state.excused
        self._state = step.state
        if isinstance(step, GiveUp):
            self._reason = step.reason
            self._sink.emit(
                events.GaveUp(
                    _table(throttle),
                    context.api,
                    attempt,
                    now - context.started,
                    str(step.reason),
                    context.operation,
                )
            )
            return None
        self._sink.emit(
            events.Retrying(_table(throttle), context.api, attempt, step.delay, context.operation)
        )
        watched = [(a.record, a.generation) for a in answers if a.record is not None]
        # An attempt that comes early, and in vain, is one less for later: one is enough to lose.
        has_more = attempt - self._state.excused < context.policy.max_retries
        eager = has_more and not self._came_early and retry_after is None
        until = now + step.delay
        turn = self._queueing.turn(throttle, answers, now) if retry_after is None else None
        if turn is not None:
            left = self.max_retries - attempt + self._state.excused if counts else None
            until = self._queueing.until(turn, until, now, left)
            eager = eager and until > turn
            if not counts and self._state.excused_until is not None:
                until = min(until, self._state.excused_until)
        for record, _ in watched:
            if excuse is Excuse.IN_FLIGHT and retry_after is None:
                until = record.take_turn(now, until)
        place = self._queueing.place
        return Pause(until, watched, self._wake_delay, self._resumed, eager=eager, place=place)

    def went_through(self, now: float) -> None:
        """The call was admitted after all, at this instant (monotonic seconds)."""
        self._queueing.went_through(now)

    def may_go_on(self, attempt: int) -> bool:
        """Whether another attempt is within the budget and the deadline, though none failed."""
        deadline = self._context.deadline
        if attempt - self._state.excused > self.max_retries:
            self._reason = GiveUpReason.RETRIES
        elif deadline is not None and self._clock.monotonic() >= deadline:
            self._reason = GiveUpReason.DEADLINE
        else:
            self._sent_at = self._clock.monotonic()
            return True
        return False

    def cut(self, delay: float) -> float | None:
        """Seconds of ``delay`` before another attempt; None: the deadline is past, there is none.

        For an attempt that failed of something else than a throttle, in a call that has met one.
        """
        deadline = self._context.deadline
        if deadline is None:
            return delay
        remaining = deadline - self._clock.monotonic()
        if remaining > 0:
            return min(delay, remaining)
        self._reason = GiveUpReason.DEADLINE
        return None

    def ask_for_capacity(self, throttle: Throttle, attempt: int) -> None:
        """Have raised what was short, and wait for nothing: somebody else tries again."""
        self._tell(throttle, attempt)
        self._ask(throttle, self._clock.monotonic())

    def report(self, attempts: int) -> dict[str, Any]:
        """How the call fared, for the exception that it ends in. No item data."""
        reason = self._reason or GiveUpReason.RETRIES  # the last failure was no throttle
        return {
            "attempts": attempts,
            "seconds_waited": round(self._clock.monotonic() - self._context.started, 3),
            "raises": [str(change) for change in self._changes],
            "hold_reasons": [str(reason) for reason in self._holds],
            "reason": str(reason),
        }

    def _ask(self, throttle: Throttle, deadline: float | None) -> list[Answer]:
        if not throttle.signals:
            hold = Hold(
                HoldReason.UNKNOWN_RESOURCE, detail="the answer does not say what was short"
            )
            self._note(None, Answer(None, hold=hold))
            return []
        answers = []
        by_table = sorted(throttle.signals, key=lambda signal: signal.resource.table)
        for table, group in groupby(by_table, key=lambda signal: signal.resource.table):
            signals = tuple(group)
            settings = self._context.settings
            writes = refused_writes(self._context.api, throttle)
            answer = self._scaler.raise_if_needed(
                table, signals, self._sent_at, settings, deadline, writes
            )
            self._note(table, answer)
            answers.append(answer)
        return answers

    def _note(self, table: str | None, answer: Answer) -> None:
        self._changes.extend(answer.raised)
        if answer.hold is not None:
            if answer.hold.reason not in self._holds:
                self._holds.append(answer.hold.reason)
            self._sink.emit(events.ScaleUpHeld(table, answer.hold))

    def _tell(self, throttle: Throttle, attempt: int) -> None:
        context = self._context
        for signal in throttle.signals:
            table, dimension = signal.resource.table, signal.dimension
            self._sink.emit(
                events.Throttled(
                    table,
                    signal.resource,
                    dimension,
                    str(signal.kind),
                    context.api,
                    attempt,
                    context.operation,
                )
            )
            if signal.kind is ThrottleKind.KEY_RANGE:
                settings, deadline = context.settings, context.deadline
                self._sink.emit(self._hot_keys.event(throttle, signal, settings, deadline))
        if not throttle.signals:
            event = events.Throttled(
                None, None, None, "unknown", context.api, attempt, context.operation
            )
            self._sink.emit(event)

    def _wake_delay(self, now: float) -> float:
        """The capacity has changed: the backoff starts anew; seconds until this call's turn."""
        self._state = woken(self._state)
        turn = self._queueing.again(now)
        spread = self._random() * WAKE_SPREAD if turn is None else turn - now
        deadline = self._context.deadline
        return spread if deadline is None else max(0.0, min(spread, deadline - now))

    def _resumed(self) -> None:
        """The pause is over; what is sent from now on meets the capacity there is now."""
        self._sent_at = self._clock.monotonic()


def _table(throttle: Throttle) -> str | None:
    return throttle.signals[0].resource.table if throttle.signals else None
