"""One look at a table that was short, and the raise that follows from it."""

from __future__ import annotations

import logging

from dynoresilience import events
from dynoresilience.capacity.demand import UNKNOWN, Asked, Outlook
from dynoresilience.capacity.plan import Scale
from dynoresilience.capacity.turns import raised_since
from dynoresilience.model import CapacityUpdate, Hold, HoldReason, TableState
from dynoresilience.ports import (
    AccessDenied,
    AskedOf,
    Clock,
    ControlPlaneError,
    EventSink,
    ScaleDownLedger,
    ScaleDownScheduler,
    ServiceLimit,
    Settings,
    TableBusy,
    TableControl,
    TargetDenied,
    Timer,
)
from dynoresilience.scaling.dry_run import Rehearsals
from dynoresilience.scaling.outlook import outlook_of
from dynoresilience.scaling.raises import MinimumRaised
from dynoresilience.scaling.scale_down import ScaleDown
from dynoresilience.scaling.sender import Sender
from dynoresilience.scaling.shortage import Answer, Shortage
from dynoresilience.scaling.spend_guard import SpendGuard
from dynoresilience.scaling.standing import Standing
from dynoresilience.scaling.table_record import TableBook, TableRecord
from dynoresilience.scaling.targets import Targets
from dynoresilience.scaling.turns import Turns
from dynoresilience.throttling.retry import Excuse

_log = logging.getLogger("dynoresilience")

LOOKS = 3
"""How often a table is looked at until a raise is sent within `FRESH_FOR` of the look..."""
LOOK_AGAIN_WITHIN = 10.0
"""...and the seconds after which it is not looked at again: a throttled call waits for this."""
DENIED_FOR = 300.0
LIMITED_FOR = 60.0
REBUILDING_FOR = 10.0
FAILED_FOR = 1.0
"""Seconds until the control plane is asked again: after AccessDenied, a quota, while an index is
built (which takes minutes to hours), after a passing error."""
ENOUGH_FOR = 0.5
"""The same where there is enough for what is asked, once those that wait are served."""
_AT_A_LIMIT = (HoldReason.AT_CAP, HoldReason.ABOVE_CAP, HoldReason.SPEND_LIMIT)
"""What is up is to stay up, though no more is to be had."""


class Raiser:
    """Looks at a table and plans. Used within a table's single flight."""

    def __init__(
        self,
        control: TableControl,
        ledger: ScaleDownLedger,
        book: TableBook,
        scale_down: ScaleDown,
        turns: Turns,
        guard: SpendGuard,
        *,
        clock: Clock,
        timer: Timer,
        sink: EventSink,
        scheduler: ScaleDownScheduler | None = None,
        asked: AskedOf = lambda table: Asked(),
    ) -> None:
        self._asked = asked
        self._control = control
        self._book = book
        self._scale_down = scale_down
        self._turns = turns
        self._guard = guard
        self._rehearsals = Rehearsals()
        self._clock = clock
        self._sink = sink
        self._targets = Targets(control, clock, sink)
        self._records: dict[str, TableRecord] = {}
        self._standing = standing = Standing(turns, clock)
        self._sender = Sender(
            control,
            ledger,
            scale_down,
            turns,
            standing,
            clock=clock,
            timer=timer,
            sink=sink,
            scheduler=scheduler,
        )
        self.standing_hold = standing.hold

    def records(self) -> tuple[TableRecord, ...]:
        """The tables that were met with these credentials."""
        return tuple(self._records.values())

    def met(self, table: str) -> TableRecord | None:
        """What is known of a table, if it was ever short."""
        return self._records.get(table)

    def record(self, table: str) -> TableRecord:
        """What is known of a table; its own until the first look has told its ARN."""
        found = self._records.get(table)
        return found or self._records.setdefault(table, self._book.new_record())

    def plan(
        self, record: TableRecord, short: Shortage, state: TableState, outlook: Outlook = UNKNOWN
    ) -> Scale | Hold:
        """What to ask for from this state: what is short, and the owner can afford."""
        return self._guard.affordable(record, short, state, short.plan(state, outlook))

    def rehearsed(self, short: Shortage, plan: Scale) -> Hold | None:
        """The hold of a dry run that has told of this plan already."""
        was_told = short.settings.dry_run and self._rehearsals.know(short.table, plan.target)
        return short.hold(HoldReason.DRY_RUN) if was_told else None

    def look_and_raise(self, record: TableRecord, short: Shortage) -> Answer | None:
        """The answer; None: the table has another record, which may know it already."""
        begun = self._clock.monotonic()
        try:
            state = self._control.describe(short.table)
            now = self._clock.monotonic()
            shared = self._book.adopt(state.arn, record)
            shared.met_by(self._sender.lowerer(short.table, short.settings))
            stale = shared.outdates(state, now)
            if not stale:
                shared.observe(state, begun)
            if shared is not record:
                shared.hears_of(record.last_throttle)
                self._records[short.table] = shared
                return None
            if stale:
                hold = short.hold(HoldReason.UPDATING, "DescribeTable lags behind")
                return Answer(record, record.generation, hold=hold, excuse=Excuse.IN_FLIGHT)
            return self._decide(record, short, state)
        except TableBusy:
            return self._sender.join(record, short)
        except MinimumRaised as error:
            self._targets.forget(error.state)
            return self._standing.stand(record, short, HoldReason.FAILED, str(error), FAILED_FOR)
        except TargetDenied as error:
            self._targets.change_denied(error.action)
            hold = short.hold(HoldReason.NO_PERMISSION, f"not allowed to call {error.action}")
            return Answer(record, record.generation, hold=hold)
        except AccessDenied as error:
            why = f"not allowed to call {error.action}"
            return self._standing.stand(record, short, HoldReason.NO_PERMISSION, why, DENIED_FOR)
        except ServiceLimit as error:
            why = str(error)
            return self._standing.stand(record, short, HoldReason.SERVICE_LIMIT, why, LIMITED_FOR)
        except Exception as error:  # whatever went wrong here, the call goes on
            # Not again soon if it took long: a throttled call waits for this. But the process may
            # have been frozen.
            seconds = min(max(FAILED_FOR, 5 * (self._clock.monotonic() - begun)), LIMITED_FOR)
            return self._standing.stand(record, short, HoldReason.FAILED, str(error), seconds)

    def take_over(self, table: str, settings: Settings) -> None:
        """Find what others have raised of a table that is in no trouble now.

        Raises:
            ControlPlaneError: the table, or what is written of it, could not be read now.
        """
        known, lowerer = self.met(table), self._sender.lowerer(table, settings)
        if known is not None and known.is_seen_to:
            known.met_by(lowerer)
            return  # it has raised the table itself, or found that somebody has
        looked_at = self._clock.monotonic()
        state = self._control.describe(table)
        record = self._book.adopt(state.arn, self._book.new_record())
        flight = record.begin(self._clock.monotonic())
        if flight is None:
            raise TableBusy("another thread is looking at it")
        try:
            if not record.outdates(state, self._clock.monotonic()):
                record.observe(state, looked_at)
            self._records[table] = record
            record.met_by(lowerer)
            self._scale_down.take_over(record, lowerer, state)
        finally:
            record.end(flight)
        self._scale_down.tell(record, self._sink, raised=True)

    def _decide(self, record: TableRecord, short: Shortage, state: TableState) -> Answer:
        begun = self._clock.monotonic()
        outlook = self._outlook(record, short, state, begun)
        for _ in range(LOOKS):
            if state.rebuilding:
                why = "an index is being built or removed, or the table is not active"
                return self._standing.stand(record, short, HoldReason.UPDATING, why, REBUILDING_FOR)
            lowerer = self._sender.lowerer(short.table, short.settings)
            plan = short.plan(state, outlook)
            if not isinstance(plan, Hold):
                keys = [change.key for change in plan.target]
                state = self._targets.added_to(state, short.table, keys)
                record.observe(state, record.read_at)
                self._guard.look_for_others(record, lowerer, state)
                plan = self.plan(record, short, state, outlook)
            if isinstance(plan, Hold):
                if plan.reason is HoldReason.UPDATING:
                    return self._sender.join(record, short, state.unmet_minimums())
                if plan.reason in _AT_A_LIMIT or short.policy:
                    self._scale_down.still_short(record, lowerer, state)
                if plan.reason is HoldReason.ENOUGH:
                    return self._standing.stand(record, short, plan.reason, plan.detail, ENOUGH_FOR)
                self._turns.follow(record)
                return Answer(record, record.generation, hold=plan)
            if self._has_risen(short, state, plan.target):
                # The turn is not over: if the next attempt is short too, this process looks again.
                hold, excuse = short.hold(HoldReason.JUST_RAISED), Excuse.JUST_CHANGED
                return Answer(record, record.generation, hold=hold, excuse=excuse)
            if short.settings.dry_run:
                self._turns.follow(record)
                is_news = self._rehearsals.add(short.table, plan.target)
                planned = plan.target.changes if is_news else ()
                hold = short.hold(HoldReason.DRY_RUN)
                return Answer(record, record.generation, hold=hold, planned=planned)
            answer = self._sender.send(record, short, state, plan.target)
            if answer is not None:
                return answer
            if self._clock.monotonic() - begun > LOOK_AGAIN_WITHIN:
                break
            looked_at = self._clock.monotonic()
            state = self._control.describe(short.table)
            record.observe(state, looked_at)
        raise ControlPlaneError("the table changes again and again while it is looked at")

    def _outlook(
        self, record: TableRecord, short: Shortage, state: TableState, now: float
    ) -> Outlook:
        """What is known of the demand; a fault there only makes the step one by the factor."""
        try:
            return outlook_of(record, short, state, self._asked(short.table), now)
        except Exception:
            _log.exception("a fault of ours; the demand on %s is not known", short.table)
            return UNKNOWN

    def _has_risen(self, short: Shortage, state: TableState, target: CapacityUpdate) -> bool:
        """Whether somebody has raised what is short since the throttled attempt was sent."""
        now = self._clock.now()
        sent = now - (self._clock.monotonic() - short.sent_at)
        return raised_since(state, target, sent, now)

    def tell(self, record: TableRecord, short: Shortage, answer: Answer) -> None:
        """Tell the sink of a raise, and of the ledger; not within the flight."""
        if answer.raised:
            cost = self._guard.above_base(record, short, answer.raised)
            self._sink.emit(events.ScaleUpRequested(short.table, answer.raised, cost))
        if answer.planned:
            cost = self._guard.above_base(record, short, answer.planned)
            self._sink.emit(events.ScaleUpPlanned(short.table, answer.planned, cost))
        self._scale_down.tell(record, self._sink, raised=bool(answer.raised))
