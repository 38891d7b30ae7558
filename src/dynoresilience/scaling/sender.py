"""A raise on its way: written down, asked for, and watched until it is in force."""

from __future__ import annotations

from dynoresilience import events
from dynoresilience.model import CapacityUpdate, HoldReason, TableState
from dynoresilience.ports import (
    Clock,
    ControlPlaneError,
    EventSink,
    OutcomeUnknown,
    ScaleDownLedger,
    ScaleDownScheduler,
    Settings,
    TableBusy,
    TableControl,
    Timer,
    TooLate,
)
from dynoresilience.scaling.dry_run import rehearsing
from dynoresilience.scaling.look import is_still
from dynoresilience.scaling.lowerer import Lowerer
from dynoresilience.scaling.raises import NO_LEDGER
from dynoresilience.scaling.scale_down import ScaleDown
from dynoresilience.scaling.shortage import Answer, Shortage
from dynoresilience.scaling.standing import Standing
from dynoresilience.scaling.table_record import TableRecord
from dynoresilience.scaling.turns import Turns
from dynoresilience.scaling.watch import Watch
from dynoresilience.throttling.retry import Excuse

UNMET_FOR = 60.0
"""Seconds until the control plane is asked again where Application Auto Scaling has not acted on
a minimum."""


class Sender:
    """Changes what was decided. Used within a table's single flight."""

    def __init__(
        self,
        control: TableControl,
        ledger: ScaleDownLedger,
        scale_down: ScaleDown,
        turns: Turns,
        standing: Standing,
        *,
        clock: Clock,
        timer: Timer,
        sink: EventSink,
        scheduler: ScaleDownScheduler | None,
    ) -> None:
        self._control = control
        self._ledger = ledger
        self._scheduler = scheduler
        self._scale_down = scale_down
        self._turns = turns
        self._standing = standing
        self._clock = clock
        self._timer = timer
        self._sink = sink

    def lowerer(self, table: str, settings: Settings) -> Lowerer:
        """What a raise of this table is taken back with."""
        ledger = self._ledger if settings.ledger == "tags" else NO_LEDGER
        lowerer = Lowerer(self._control, table, settings, self._sink, ledger, self._scheduler)
        return rehearsing(lowerer) if settings.dry_run else lowerer

    def send(
        self, record: TableRecord, short: Shortage, state: TableState, target: CapacityUpdate
    ) -> Answer | None:
        """Write the raise down, ask for it, and watch the table until it is in force.

        None: too much time has passed since the look, and the table may be another by now.
        """
        generation = record.generation
        lowerer = self.lowerer(short.table, short.settings)
        try:
            before = self._scale_down.before_raise(record, lowerer, state, target)
        except TooLate:
            return None
        try:
            if not is_still(state, record.read_at, self._control, short.table, self._clock):
                self._scale_down.raise_refused(record, lowerer, state, before, by_others=True)
                return None
            accepted = self._control.update(short.table, target)
        except TooLate:
            self._scale_down.raise_refused(record, lowerer, state, before, by_others=True)
            return None
        except OutcomeUnknown:
            # It may have been carried out all the same: look, and keep the ledger's entry.
            record.lowerer = lowerer
            self._watch(record, short)
            raise
        except ControlPlaneError as error:
            by_others = isinstance(error, TableBusy)
            self._scale_down.raise_refused(record, lowerer, state, before, by_others=by_others)
            raise
        if not accepted:
            # Someone else asked for just this meanwhile: good for the call, but not ours.
            self._scale_down.raise_refused(record, lowerer, state, before, by_others=True)
            return self.join(record, short)
        record.lowerer = lowerer
        self._turns.lead(record, self._clock.monotonic())
        self._watch(record, short, target)
        self._scale_down.raise_accepted(record, target)
        return Answer(record, generation, raised=target.changes, excuse=Excuse.IN_FLIGHT)

    def join(
        self, record: TableRecord, short: Shortage, unmet: CapacityUpdate | None = None
    ) -> Answer:
        """Someone else is changing the table: wait for that, the next throttle looks again.

        ``unmet``: minimums that were raised, and that the units have not reached.
        """
        generation = record.generation
        self._turns.follow(record)
        if short.settings.fleet_size == 1:
            self._watch(record, short, unmet if unmet and unmet.changes else None, ours=False)
        hold = short.hold(HoldReason.UPDATING)
        return Answer(record, generation, hold=hold, excuse=Excuse.IN_FLIGHT)

    def _watch(
        self,
        record: TableRecord,
        short: Shortage,
        target: CapacityUpdate | None = None,
        *,
        ours: bool = True,
    ) -> None:
        def done(seconds: float) -> None:
            if target is None:
                return
            if target.minimums and record.state is not None and not target.reached(record.state):
                # Or each throttle would join anew, and calls wait for what does not come.
                why = f"Application Auto Scaling has not acted in {seconds:.0f} s"
                self._standing.stand(record, short, HoldReason.FAILED, why, UNMET_FOR)
            elif ours:
                self._sink.emit(events.ScaleUpFinished(short.table, target.changes, seconds))

        Watch(
            record,
            self._control,
            short.table,
            clock=self._clock,
            timer=self._timer,
            timeout=short.settings.scale_up_timeout,
            fleet_size=short.settings.fleet_size,
            target=target,
            when_done=done,
        ).start()
