"""One call that was throttled: raise, back off, go on or give up.

The hooks, `execute` and the decorator all bring their calls through here; they differ only in
how they send the next attempt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from dynoresilience import events
from dynoresilience.model import (
    Change,
    Dimension,
    Hold,
    HoldReason,
    RefusedWrite,
    ThrottleKind,
    ThrottleSignal,
)
from dynoresilience.ports import Clock, EventSink, Random, Settings
from dynoresilience.scaling.hot_keys import HotKeys
from dynoresilience.scaling.pause import Pause
from dynoresilience.scaling.place import Place, place_of_refused
from dynoresilience.scaling.scaler import Scaler
from dynoresilience.scaling.shortage import Answer
from dynoresilience.scaling.table_record import NEVER
from dynoresilience.throttling.retry import (
    LEAST_IN_FLIGHT,
    WAKE_SPREAD,
    CallState,
    Excuse,
    GiveUp,
    GiveUpReason,
    RetryPolicy,
    decide,
    woken,
)
from dynoresilience.throttling.signals import Throttle
from dynoresilience.throttling.work import dimension_of, written

RATE_SETTLES = 5.0
"""Seconds after a change until the rate of a client's calls says something about the capacity
there is now, rather than about what there was before."""


@dataclass(frozen=True, slots=True)
class CallContext:
    """What holds for one call: where it is sent, under which bounds, since when.

    ``started`` and ``deadline`` are on the clock's monotonic scale. ``operation`` is the
    caller's own name for the work, if it gave one.
    """

    api: str
    started: float
    policy: RetryPolicy
    settings: Settings
    deadline: float | None = None
    operation: str | None = None


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
        self._sent_at = context.started
        self._changes: list[Change] = []
        self._holds: list[HoldReason] = []
        self._reason: GiveUpReason | None = None
        self._came_early = False
        self._place = place
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
        place = None if retry_after is not None else self._take_place(throttle, answers)
        at = None if place is None else place.at(now, refused=True)
        if at is not None and self._ends_before(at, now):
            until = self._in_turn(at, until, now, excused=excuse is not None)
            eager = eager and until > at
        for record, _ in watched:
            if excuse is Excuse.IN_FLIGHT and retry_after is None:
                until = record.take_turn(now, until)
        return Pause(until, watched, self._wake_delay, self._resumed, eager=eager, place=place)

    def _take_place(self, throttle: Throttle, answers: list[Answer]) -> Place | None:
        """A place in the queue, if the call waits for a single thing of which the rate is known.

        In a fleet the others' queues are the longer ones, and nobody knows of them.
        """
        if self._place is not None and Excuse.JUST_CHANGED not in {a.excuse for a in answers}:
            self._place.was_refused(self._clock.monotonic())
        settings = self._context.settings
        record = answers[0].record if len(answers) == 1 else None
        self._place = None
        if record is not None and settings.fleet_size == 1:
            table = throttle.signals[0].resource.table
            self._place = place_of_refused(
                record,
                throttle.signals,
                _units(self._context.api, throttle),
                lambda index: settings.limits(table, index),
                self._clock.monotonic(),
            )
        return self._place

    def went_through(self, now: float) -> None:
        """The call was admitted after all, at this instant (monotonic seconds)."""
        if self._place is not None:
            self._place.went_through(now)

    def _ends_before(self, at: float, now: float) -> bool:
        """Whether a wait until then is one that the call may make."""
        deadline = self._context.deadline
        return at - now <= self._context.policy.max_delay and (deadline is None or at < deadline)

    def _in_turn(self, at: float, until: float, now: float, *, excused: bool) -> float:
        """When a call goes whose turn is then, and that would else back off ``until`` then.

        An attempt that is held against the call comes before its time only once: if it is in vain
        the call backs off, as the queue knows too little of who else uses the table.
        """
        if excused:
            deadline = self._context.deadline
            least = max(at, now + LEAST_IN_FLIGHT)
            return least if deadline is None else min(least, deadline)
        if self._came_early:
            return max(at, until)
        if at < until:
            self._came_early, self._state = True, woken(self._state)
        return at

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
            wrote = written(self._context.api, throttle.request)
            answer = self._scaler.raise_if_needed(
                table, signals, self._sent_at, settings, deadline, _refused(signals, wrote)
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
        at = None if self._place is None else self._place.at(now)
        if at is not None and self._ends_before(at, now):
            spread = at - now
        else:
            spread = self._random() * WAKE_SPREAD
        deadline = self._context.deadline
        return spread if deadline is None else max(0.0, min(spread, deadline - now))

    def _resumed(self) -> None:
        """The pause is over; what is sent from now on meets the capacity there is now."""
        self._sent_at = self._clock.monotonic()


def _units(api: str, throttle: Throttle) -> float | None:
    """About what the call takes of the table that was short; None: it is a read."""
    refused = [write for signal in throttle.signals for write in signal.refused]
    wrote = written(api, throttle.request)
    if wrote is None and not refused:
        return None if dimension_of(api) is Dimension.READ else 1.0
    return float(sum(write.units for write in refused) or (wrote.units if wrote else 1))


def _refused(signals: Sequence[ThrottleSignal], wrote: RefusedWrite | None) -> list[RefusedWrite]:
    told = [write for signal in signals for write in signal.refused]
    return told or ([] if wrote is None else [wrote])


def _table(throttle: Throttle) -> str | None:
    return throttle.signals[0].resource.table if throttle.signals else None
