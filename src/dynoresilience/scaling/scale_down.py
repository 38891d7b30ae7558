"""Taking raises back: what is written down before a raise, and when it is to be lowered."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace

from dynoresilience import events
from dynoresilience.capacity.entries import SEEN_AFTER
from dynoresilience.model import (
    CapacityUpdate,
    Change,
    RaisedTable,
    TableState,
)
from dynoresilience.ports import (
    Clock,
    ControlPlaneError,
    EventSink,
    Random,
    ScaleDownLedger,
    TableControl,
    Timer,
)
from dynoresilience.scaling.dry_run import rehearsing
from dynoresilience.scaling.handover import Handover
from dynoresilience.scaling.lowerer import Lowerer
from dynoresilience.scaling.lowering import ROUNDING, Lowering, Outcome
from dynoresilience.scaling.raises import NO_LEDGER, Raises
from dynoresilience.scaling.table_record import TableRecord


class ScaleDown:
    """Lowers what was raised once the table has been quiet for `Settings.scale_down_delay`."""

    def __init__(self, raises: Raises, *, clock: Clock, timer: Timer, chance: Random) -> None:
        self._raises = raises
        self._clock = clock
        self._timer = timer
        self._handover = Handover(clock, timer, chance)
        self._lowering = Lowering(raises, self._handover, clock=clock, timer=timer, chance=chance)

    def before_raise(
        self, record: TableRecord, lowerer: Lowerer, state: TableState, target: CapacityUpdate
    ) -> RaisedTable | None:
        """Write down what is about to be raised, and see to it that it comes down again.

        Returns what was written down before, for `raise_refused`.

        Raises:
            TableBusy: another process is about to raise it.
        """
        try:
            before = self._raises.about_to(record, lowerer, state, target)
        except ControlPlaneError:
            if self._raises.of(record) is not None:  # what another process has raised before
                self._schedule(
                    record, self._lowering.ready_at(record, lowerer) + self._lowering.share(lowerer)
                )
            raise
        self._lowering.hand_over(record, lowerer, state, target=target)
        self._schedule(record, lowerer.quiet_at(record))
        return before

    def raise_accepted(self, record: TableRecord, target: CapacityUpdate) -> None:
        """The request was accepted: what it asked for is ours."""
        self._raises.accepted(record, target)

    def raise_refused(
        self,
        record: TableRecord,
        lowerer: Lowerer,
        state: TableState,
        before: RaisedTable | None,
        *,
        by_others: bool = False,
    ) -> None:
        """The request was refused; nothing more is up than before.

        ``by_others``: because someone else is raising, whose schedule may be in our one's place.
        """
        refused = self._raises.of(record)
        self._raises.refused(state, before)
        if by_others or refused is None:
            return
        if before is None:
            self._handover.remove(record, lowerer, refused)
        else:
            self._lowering.hand_over(record, lowerer, state)

    def take_over(self, record: TableRecord, lowerer: Lowerer, state: TableState) -> bool:
        """See to it that what others have raised comes down. False: there is nothing.

        Raises:
            ControlPlaneError: the ledger could not be read.
        """
        if self._raises.found(record, lowerer, state) is None:
            return False
        now = self._clock.monotonic()
        self._schedule(
            record,
            max(now, self._lowering.ready_at(record, lowerer)) + self._lowering.share(lowerer),
        )
        return True

    def still_short(self, record: TableRecord, lowerer: Lowerer, state: TableState) -> None:
        """The table is short and not raised further: what is up, by whomever, is to stay up."""
        known, quarter = self._raises.of(record), lowerer.settings.scale_down_delay / 4
        if known is None and self._clock.monotonic() < record.ledger_read_at + quarter:
            return
        if known is None or self._clock.now() >= known.due - 3 * quarter:
            with suppress(ControlPlaneError):  # whatever it is, the throttled call goes on
                if known is None and not self.take_over(record, lowerer, state):
                    return
                if known is not None:  # others may have written already that it is short
                    self._raises.found(record, lowerer, state)
                self._raises.extend(record, lowerer)
        entry = self._raises.of(record)
        if entry is None:
            return
        if not (record.is_seen_to or lowerer.dry_run):  # a rehearsal may have met it first
            record.lower_by(lowerer)
            self._schedule(record, self._lowering.ready_at(record, lowerer))
        if self._handover.comes_too_early(record, entry):
            self._lowering.hand_over(record, lowerer, state)

    def tell(self, record: TableRecord, sink: EventSink, *, raised: bool) -> None:
        """Tell what is wrong with the ledger; after a raise also what is up, and until when."""
        for event in self._raises.complaint(record):
            sink.emit(event)
        pending = self._raises.pending(record) if raised else ()
        if pending:
            table, due = pending[0].resource.table, pending[0].due
            sink.emit(events.ScaleDownScheduled(table, pending, due))

    def run_due(self, record: TableRecord) -> None:
        """Lower this table if it is raised and has been quiet long enough, else come back."""
        lowerer = record.lowerer
        if lowerer is None:
            return
        ready_at = self._lowering.ready_at(record, lowerer)
        if self._clock.monotonic() < ready_at - ROUNDING:
            self._schedule(record, ready_at)
            return
        outcome = self._lowering.attempt(record, lowerer, even_if_throttled=False)
        if outcome.again_at is not None:
            self._schedule(record, outcome.again_at)

    def lower_now(
        self,
        record: TableRecord,
        control: TableControl,
        ledger: ScaleDownLedger,
        timeout: float,
        *,
        dry_run: bool = False,
    ) -> tuple[Change, ...]:
        """Lower this table without waiting until it is due; the decreases that were accepted.

        Waits up to ``timeout`` seconds for a change that is under way. What the decrease budget
        does not permit now stays scheduled, and so does what another process wants up for longer.
        In a dry run nothing is lowered, and those are returned that would be asked for.
        """
        if record.lowerer is None:
            return ()
        if record.lowerer.ledger is NO_LEDGER:
            ledger = NO_LEDGER
        lowerer = replace(record.lowerer, control=control, ledger=ledger, dry_run=False)
        if dry_run:
            lowerer = rehearsing(lowerer)
        outcome = self._lower_until(record, lowerer, timeout, even_if_throttled=True)
        if outcome.again_at is not None:
            self._schedule(record, outcome.again_at)
        return outcome.changes

    def lower_due(self, record: TableRecord, lowerer: Lowerer, timeout: float) -> Outcome:
        """Lower what is written of this table and due, once; for one who only passes by.

        Waits up to ``timeout`` seconds for a change that is under way.
        """
        return self._lower_until(record, lowerer, timeout, even_if_throttled=False)

    def _lower_until(
        self, record: TableRecord, lowerer: Lowerer, timeout: float, *, even_if_throttled: bool
    ) -> Outcome:
        give_up = self._clock.monotonic() + timeout
        done: list[Change] = []
        news: list[events.Event] = []
        while True:
            tried = self._lowering.attempt(record, lowerer, even_if_throttled=even_if_throttled)
            done += tried.changes
            news += tried.news
            now = self._clock.monotonic()
            if tried.again_at is None or tried.again_at > min(give_up, now + SEEN_AFTER):
                return tried._replace(changes=tuple(done), news=tuple(news))
            self._clock.wait(threading.Event(), max(0.0, tried.again_at - now))

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
