"""A throttle asks for capacity: look at the table, decide, ask for exactly what was short.

One thread of the process at a time talks to the control plane about a table; the others wait
for its answer and share it. No failure here reaches the call: every outcome is an `Answer`.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from dynoresilience import events
from dynoresilience.capacity.plan import Scale, hold_without_looking, plan_up
from dynoresilience.model import (
    CapacityUpdate,
    Change,
    Hold,
    HoldReason,
    Limits,
    TableState,
    ThrottleSignal,
)
from dynoresilience.ports import (
    AccessDenied,
    Clock,
    ControlPlaneError,
    EventSink,
    OutcomeUnknown,
    ServiceLimit,
    Settings,
    TableBusy,
    TableControl,
    Timer,
)
from dynoresilience.scaling.scale_down import ScaleDown
from dynoresilience.scaling.table_record import Flight, Lowerer, TableBook, TableRecord
from dynoresilience.scaling.watch import Watch
from dynoresilience.throttling.retry import Excuse

STATE_TTL = 10.0
"""Seconds for which a state that allowed no raise is believed without a new DescribeTable."""
JOIN_TIMEOUT = 5.0
"""Seconds that a throttled call waits for the thread that already looks at its table."""
DENIED_FOR = 300.0
LIMITED_FOR = 60.0
REBUILDING_FOR = 10.0
FAILED_FOR = 1.0
"""Seconds until the control plane is asked again: after AccessDenied, a quota, while an index is
built (which takes minutes to hours), after a passing error."""
STALE_FOR = 10.0
"""Seconds after a change for which a DescribeTable that shows less is taken for an old one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a throttle: a raise (``raised``) or a ``hold``.

    ``excuse``: the throttle is not held against the call, and why. ``generation``: the record's
    when this was answered; a later one means that capacity has changed since.
    """

    record: TableRecord | None
    generation: int = 0
    raised: tuple[Change, ...] = ()
    hold: Hold | None = None
    excuse: Excuse | None = None


class Scaler:
    """Raises capacity in one account and region. Thread-safe."""

    def __init__(
        self,
        control: TableControl,
        book: TableBook,
        scale_down: ScaleDown,
        *,
        clock: Clock,
        timer: Timer,
        sink: EventSink,
    ) -> None:
        self._control = control
        self._book = book
        self._scale_down = scale_down
        self._clock = clock
        self._timer = timer
        self._sink = sink
        self._records: dict[str, TableRecord] = {}
        # A hold that needs no new look until the instant beside it; by table, for these
        # credentials only, so not in the shared record.
        self._standing: dict[str, tuple[Hold, float]] = {}

    def records(self) -> tuple[TableRecord, ...]:
        """The tables that this scaler has met."""
        return tuple(self._records.values())

    def raise_if_needed(
        self,
        table: str,
        signals: Sequence[ThrottleSignal],
        sent_at: float,
        settings: Settings,
        deadline: float | None = None,
    ) -> Answer:
        """Raise what the signals (all of ``table``) say was short, or say why not.

        ``sent_at``: when the throttled attempt was sent, on the clock's monotonic scale. With a
        ``deadline`` the table is looked at on the timer, and waited for no longer than that.
        """
        hold = hold_without_looking(signals)
        if not settings.scaling_enabled:
            hold = Hold(HoldReason.DISABLED, signals[0].resource, signals[0].dimension)
        if hold is not None:
            return Answer(None, hold=hold)
        give_up = self._clock.monotonic() + JOIN_TIMEOUT
        if deadline is not None:
            give_up = min(give_up, deadline)
        while True:
            record = self._records.get(table) or self._first_met(table)
            with record.lock:
                now = record.last_throttle = self._clock.monotonic()
                answer = self._known(record, signals, sent_at, settings)
                if answer is not None:
                    return answer
                busy = record.busy
                flight = record.begin(now)
            if flight is None:
                if busy is None or busy.thread == threading.get_ident():
                    # A signal handler has come in while its own thread was looking.
                    return _held(record, HoldReason.UPDATING, signals, None)
                if not self._clock.wait(busy.over, max(0.0, give_up - now)):
                    return _held(record, HoldReason.UPDATING, signals, Excuse.IN_FLIGHT)
                continue
            look = functools.partial(self._look, record, flight, table, signals, settings)
            if deadline is None:
                answer = look()
                if answer is not None:
                    return answer
                continue
            flight.thread = 0
            self._timer.call_at(now, look)
            if not self._clock.wait(flight.over, max(0.0, give_up - now)):
                return _held(record, HoldReason.UPDATING, signals, Excuse.IN_FLIGHT)

    def _look(
        self,
        record: TableRecord,
        flight: Flight,
        table: str,
        signals: Sequence[ThrottleSignal],
        settings: Settings,
    ) -> Answer | None:
        """`_look_and_raise` within its single flight."""
        try:
            return self._look_and_raise(record, table, signals, settings)
        finally:
            record.end(flight)

    def _first_met(self, table: str) -> TableRecord:
        return self._records.setdefault(table, self._book.new_record())

    def _known(
        self,
        record: TableRecord,
        signals: Sequence[ThrottleSignal],
        sent_at: float,
        settings: Settings,
    ) -> Answer | None:
        """The answer, if it needs no look at the table. Called with the record's lock held."""
        now = self._clock.monotonic()
        if record.is_changing(now, settings.scale_up_timeout):
            return _held(record, HoldReason.UPDATING, signals, Excuse.IN_FLIGHT)
        if record.changed_at >= sent_at:
            return _held(record, HoldReason.JUST_RAISED, signals, Excuse.JUST_CHANGED)
        standing, until = self._standing.get(signals[0].resource.table, (None, now))
        if standing is not None and now < until:
            return Answer(record, record.generation, hold=standing)
        if record.state is not None and now - record.read_at < STATE_TTL:
            plan = self._plan(record.state, signals, settings)
            if isinstance(plan, Hold) and plan.reason is not HoldReason.UPDATING:
                return Answer(record, record.generation, hold=plan)
        return None

    def _plan(
        self, state: TableState, signals: Sequence[ThrottleSignal], settings: Settings
    ) -> Scale | Hold:
        def limits(index: str | None) -> Limits:
            return settings.limits(signals[0].resource.table, index)

        return plan_up(state, signals, limits, settings.scale_up_factor)

    def _look_and_raise(
        self,
        record: TableRecord,
        table: str,
        signals: Sequence[ThrottleSignal],
        settings: Settings,
    ) -> Answer | None:
        """Describe, plan, ask. None: the table turned out to have a record already; use that."""
        try:
            state = self._control.describe(table)
            now = self._clock.monotonic()
            shared = self._book.adopt(state.arn, record)
            if shared is not record:
                self._records[table] = shared
                if not self._is_stale(shared, state, now):
                    shared.observe(state, now)
                return None
            if self._is_stale(record, state, now):
                return _held(record, HoldReason.UPDATING, signals, Excuse.IN_FLIGHT)
            record.observe(state, now)
            if state.rebuilding:
                why = "an index is being built or removed, or the table is not active"
                return self._stand(record, HoldReason.UPDATING, why, REBUILDING_FOR, signals)
            plan = self._plan(state, signals, settings)
            if isinstance(plan, Hold):
                if plan.reason is not HoldReason.UPDATING:
                    return Answer(record, record.generation, hold=plan)
                return self._join(record, table, signals, settings)
            return self._raise(record, table, state, plan.target, signals, settings)
        except TableBusy:
            return self._join(record, table, signals, settings)
        except AccessDenied as error:
            action = f"not allowed to call {error.action}"
            return self._stand(record, HoldReason.NO_PERMISSION, action, DENIED_FOR, signals)
        except ServiceLimit as error:
            return self._stand(record, HoldReason.SERVICE_LIMIT, str(error), LIMITED_FOR, signals)
        except Exception as error:  # whatever went wrong here, the call goes on
            return self._stand(record, HoldReason.FAILED, str(error), FAILED_FOR, signals)

    @staticmethod
    def _is_stale(record: TableRecord, state: TableState, now: float) -> bool:
        """DescribeTable is eventually consistent: what we just saw in force still is."""
        known = record.state
        if known is None or known.table_id != state.table_id:
            return False
        return now - record.changed_at < STALE_FOR and state.is_behind(known)

    def _raise(
        self,
        record: TableRecord,
        table: str,
        state: TableState,
        target: CapacityUpdate,
        signals: Sequence[ThrottleSignal],
        settings: Settings,
    ) -> Answer:
        generation = record.generation
        lowerer = Lowerer(self._control, table, settings, self._sink)
        self._scale_down.before_raise(record, lowerer, state, target)
        try:
            accepted = self._control.update(table, target)
        except OutcomeUnknown:
            # It may have been carried out all the same: look, and keep the ledger's entry.
            self._watch(record, table, settings, None)
            raise
        except ControlPlaneError:
            self._scale_down.raise_refused(record, target)
            raise
        if not accepted:
            # Someone else asked for just this meanwhile: good for the call, but not ours.
            self._scale_down.raise_refused(record, target)
            return self._join(record, table, signals, settings)
        self._sink.emit(events.ScaleUpRequested(table, target.changes))
        self._watch(record, table, settings, target)
        self._scale_down.raise_accepted(record, target)
        return Answer(record, generation, raised=target.changes, excuse=Excuse.IN_FLIGHT)

    def _join(
        self,
        record: TableRecord,
        table: str,
        signals: Sequence[ThrottleSignal],
        settings: Settings,
    ) -> Answer:
        """Someone else is changing the table: wait for that, the next throttle looks again."""
        generation = record.generation
        self._watch(record, table, settings, None)
        hold = Hold(HoldReason.UPDATING, signals[0].resource, signals[0].dimension)
        return Answer(record, generation, hold=hold, excuse=Excuse.IN_FLIGHT)

    def _watch(
        self, record: TableRecord, table: str, settings: Settings, target: CapacityUpdate | None
    ) -> None:
        def done(seconds: float) -> None:
            if target is not None:
                self._sink.emit(events.ScaleUpFinished(table, target.changes, seconds))

        Watch(
            record,
            self._control,
            table,
            clock=self._clock,
            timer=self._timer,
            timeout=settings.scale_up_timeout,
            target=target,
            when_done=done,
        ).start()

    def _stand(
        self,
        record: TableRecord,
        reason: HoldReason,
        detail: str,
        seconds: float,
        signals: Sequence[ThrottleSignal],
    ) -> Answer:
        hold = Hold(reason, signals[0].resource, signals[0].dimension, detail)
        self._standing[signals[0].resource.table] = hold, self._clock.monotonic() + seconds
        return Answer(record, record.generation, hold=hold)


def _held(
    record: TableRecord,
    reason: HoldReason,
    signals: Sequence[ThrottleSignal],
    excuse: Excuse | None,
) -> Answer:
    hold = Hold(reason, signals[0].resource, signals[0].dimension)
    return Answer(record, record.generation, hold=hold, excuse=excuse)
