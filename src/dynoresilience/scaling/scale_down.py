"""Taking raises back: when it is due, and the decrease itself."""

from __future__ import annotations

import threading

from dynoresilience import events
from dynoresilience.capacity.plan import plan_down
from dynoresilience.model import (
    CapacityUpdate,
    Change,
    Limits,
    RaisedTable,
    Resource,
    TableState,
)
from dynoresilience.ports import (
    AccessDenied,
    Clock,
    DecreaseRefused,
    TableBusy,
    TableNotFound,
    Timer,
)
from dynoresilience.scaling.raises import Raises
from dynoresilience.scaling.table_record import Lowerer, TableRecord
from dynoresilience.scaling.watch import Watch

BUSY_FOR = 2.0
"""Seconds until a table that is being changed is looked at again."""
REBUILDING_FOR = 60.0
"""Seconds until a table is looked at again of which an index is being built or removed."""
TRY_AGAIN = 60.0
"""Seconds until a decrease is tried again that failed for another reason; at least so many if it
was refused, should our clock and AWS's not agree on when the budget allows the next."""
DENIED_FOR = 900.0
"""Seconds until a decrease is tried again that the credentials do not allow."""
REFUSED_FOR = 3600.0
"""Seconds until a decrease is tried again that was refused without naming an instant."""


class ScaleDown:
    """Lowers what was raised once the table has been quiet for `Settings.scale_down_delay`."""

    def __init__(self, raises: Raises, *, clock: Clock, timer: Timer) -> None:
        self._raises = raises
        self._clock = clock
        self._timer = timer

    def before_raise(
        self, record: TableRecord, lowerer: Lowerer, state: TableState, target: CapacityUpdate
    ) -> None:
        """Write down what is about to be raised, and see to it that it comes down again."""
        self._raises.about_to(record, lowerer, state, target)
        self._schedule(record, lowerer.quiet_at(record))

    def raise_accepted(self, record: TableRecord, target: CapacityUpdate) -> None:
        """The request was accepted; what is up now is told."""
        self._raises.accepted(record, target)
        pending = self._raises.pending(record)
        if pending and record.lowerer is not None:
            due = pending[0].due
            scheduled = events.ScaleDownScheduled(record.lowerer.table, pending, due)
            record.lowerer.sink.emit(scheduled)

    def raise_refused(self, record: TableRecord, target: CapacityUpdate) -> None:
        """The request was refused; nothing more is up than before."""
        self._raises.refused(record, target)

    def run_due(self, record: TableRecord) -> None:
        """Lower this table if it is raised and has been quiet long enough, else come back."""
        lowerer = record.lowerer
        if lowerer is None:
            return
        quiet_at = lowerer.quiet_at(record)
        if self._clock.monotonic() < quiet_at:
            self._schedule(record, quiet_at)
            return
        _, again_at = self._lower(record, lowerer)
        if again_at is not None:
            self._schedule(record, again_at)

    def lower_now(self, record: TableRecord, timeout: float) -> tuple[Change, ...]:
        """Lower this table without waiting until it is due; the decreases that were accepted.

        Waits up to ``timeout`` seconds for a change that is under way. What the decrease budget
        does not permit now stays scheduled.
        """
        lowerer = record.lowerer
        if lowerer is None:
            return ()
        give_up = self._clock.monotonic() + timeout
        while True:
            changes, again_at = self._lower(record, lowerer)
            if changes or again_at is None:
                break
            if again_at > min(give_up, self._clock.monotonic() + BUSY_FOR):
                break
            self._clock.wait(threading.Event(), max(0.0, again_at - self._clock.monotonic()))
        if again_at is not None:
            self._schedule(record, again_at)
        return changes

    def _lower(
        self, record: TableRecord, lowerer: Lowerer
    ) -> tuple[tuple[Change, ...], float | None]:
        """One try: the decreases accepted, and when to come back (None: nothing is left up)."""
        now = self._clock.monotonic()
        changing = record.is_changing(now, lowerer.settings.scale_up_timeout)
        flight = None if changing else record.begin(now)
        if flight is None:
            return (), now + BUSY_FOR
        try:
            entry = self._raises.of(record)
            return ((), None) if entry is None else self._look_and_lower(record, lowerer, entry)
        except TableBusy:
            return (), self._clock.monotonic() + BUSY_FOR
        except TableNotFound:
            self._release_all(record, lowerer, "the table is gone")
            return (), None
        except DecreaseRefused as error:
            now = self._clock.now()
            until = now + REFUSED_FOR if error.until is None else max(error.until, now + TRY_AGAIN)
            return (), self._postpone(lowerer, "the decrease budget is spent", until)
        except AccessDenied as error:
            why = f"not allowed to call {error.action}"
            return (), self._postpone(lowerer, why, self._clock.now() + DENIED_FOR)
        except Exception as error:  # whatever went wrong, the capacity must still come down
            return (), self._postpone(lowerer, str(error), self._clock.now() + TRY_AGAIN)
        finally:
            record.end(flight)

    def _look_and_lower(
        self, record: TableRecord, lowerer: Lowerer, entry: RaisedTable
    ) -> tuple[tuple[Change, ...], float | None]:
        state = lowerer.control.describe(lowerer.table)
        now = self._clock.monotonic()
        if state.updating:
            return (), now + (REBUILDING_FOR if state.rebuilding else BUSY_FOR)
        if state.table_id != entry.table_id:
            self._release_all(record, lowerer, "another table has its name now")
            return (), None
        if record.outdates(state, now):
            return (), now + BUSY_FOR
        record.observe(state, now)

        def limits(index: str | None) -> Limits:
            return lowerer.settings.limits(entry.table, index)

        plan = plan_down(state, entry.raised, limits, self._clock.now(), table=entry.table)
        if plan.lower is not None:
            lowerer.control.update(lowerer.table, plan.lower)
            lowerer.sink.emit(events.ScaleDownDone(entry.table, plan.lower.changes))
            self._watch(record, lowerer, plan.lower)
        self._raises.keep(entry, plan.kept)
        for gone in plan.released:
            lowerer.sink.emit(
                events.ScaleDownReleased(entry.table, gone.resource, gone.dimension, gone.reason)
            )
        changes = plan.lower.changes if plan.lower is not None else ()
        if plan.wait_until is None:
            return changes, None
        return changes, self._postpone(lowerer, "the decrease budget is spent", plan.wait_until)

    def _release_all(self, record: TableRecord, lowerer: Lowerer, reason: str) -> None:
        entry = self._raises.of(record)
        if entry is None:
            return
        self._raises.keep(entry, {})
        for index, dimension in entry.raised:
            gone = Resource(entry.table, index)
            lowerer.sink.emit(events.ScaleDownReleased(entry.table, gone, dimension, reason))

    def _watch(self, record: TableRecord, lowerer: Lowerer, target: CapacityUpdate) -> None:
        Watch(
            record,
            lowerer.control,
            lowerer.table,
            clock=self._clock,
            timer=self._timer,
            timeout=lowerer.settings.scale_up_timeout,
            target=target,
        ).start()

    def _postpone(self, lowerer: Lowerer, reason: str, until: float) -> float:
        """Say so, and give the instant on the monotonic scale."""
        lowerer.sink.emit(events.ScaleDownPostponed(lowerer.table, reason, until))
        return self._clock.monotonic() + max(0.0, until - self._clock.now())

    def _schedule(self, record: TableRecord, when: float) -> None:
        """One job a table: an earlier one that is under way comes back by itself."""
        with record.lock:
            if record.lowering_due is not None and record.lowering_due <= when:
                return
            record.lowering_due = when

        def job() -> None:
            with record.lock:
                if record.lowering_due != when:
                    return
                record.lowering_due = None
            self.run_due(record)

        self._timer.call_at(when, job)
