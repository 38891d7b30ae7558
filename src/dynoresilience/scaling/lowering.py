"""The decrease itself: one look at a table that is raised, and what follows from it."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import NamedTuple

from dynoresilience import events
from dynoresilience.capacity.entries import SEEN_AFTER, may_be_unseen
from dynoresilience.capacity.plan import plan_down
from dynoresilience.capacity.spending import hourly_cost
from dynoresilience.capacity.turns import longest_turn
from dynoresilience.capacity.unit_hours import regions, spent_at
from dynoresilience.capacity.way_back import way_back
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
    Random,
    TableBusy,
    TableNotFound,
    Timer,
    TooLate,
)
from dynoresilience.scaling.handover import Handover, is_wanted
from dynoresilience.scaling.look import is_still
from dynoresilience.scaling.lowerer import Lowerer
from dynoresilience.scaling.raises import Raises
from dynoresilience.scaling.table_record import NEVER, TableRecord
from dynoresilience.scaling.watch import Watch

_log = logging.getLogger("dynoresilience")

BUDGET_SPENT = "the decrease budget is spent"
TARGET_UNKNOWN = "its scalable target can't be seen"
OUTCOME_UNKNOWN = "it is not known whether the raise was carried out"
ANOTHER_TABLE = "another table has its name now"
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
ROUNDING = 0.005
"""Seconds by which something may seem not to be due yet: instants are written in milliseconds."""
BEFORE_THE_HOUR = 60.0
"""Seconds before an hour of the clock that the day can't pay by which the table is to be down."""
LONGEST_SHARE = 60.0
"""Seconds by which a process comes later at most that takes over what another one has raised; in
a large fleet it is the longest turn."""


class Outcome(NamedTuple):
    """Of one try: the decreases accepted, what to tell, and when to come back (None: never).

    ``error``: why the try failed, if it did.
    """

    changes: tuple[Change, ...] = ()
    again_at: float | None = None
    news: tuple[events.Event, ...] = ()
    error: str | None = None


class Lowering:
    """Lowers a table, leaves it alone, or says when to come back."""

    def __init__(
        self, raises: Raises, handover: Handover, *, clock: Clock, timer: Timer, chance: Random
    ) -> None:
        self._raises = raises
        self._handover = handover
        self._clock = clock
        self._timer = timer
        self._chance = chance

    def attempt(self, record: TableRecord, lowerer: Lowerer, *, even_if_throttled: bool) -> Outcome:
        """One try, within the table's single flight; the news is told after it."""
        now = self._clock.monotonic()
        changing = record.is_changing(now, lowerer.settings.scale_up_timeout)
        flight = None if changing else record.begin(now)
        if flight is None:
            return Outcome(again_at=now + BUSY_FOR)
        try:
            outcome = self._look_and_lower(record, lowerer, even_if_throttled)
        except (TableBusy, TooLate):
            outcome = Outcome(again_at=self._clock.monotonic() + BUSY_FOR)
        except TableNotFound:
            gone = self._raises.of(record)
            outcome = Outcome()
            if gone is not None:
                record.written_due = None  # its tags are gone with it
                outcome = self._release_all(record, lowerer, gone, "the table is gone")
        except DecreaseRefused as error:
            pause = REFUSED_FOR
            if error.until is not None:
                pause = max(error.until - self._clock.now(), TRY_AGAIN)
            outcome = self._postponed(lowerer, BUDGET_SPENT, pause)
            if record.state is not None:
                self.hand_over(record, lowerer, record.state, due=self._clock.now() + pause)
        except AccessDenied as error:
            why = f"not allowed to call {error.action}"
            outcome = self._postponed(lowerer, why, DENIED_FOR)._replace(error=why)
            record.go_another_way()
        except Exception as error:  # whatever went wrong, the capacity must still come down
            # Spread, for where many tables are due at once the control plane refuses most.
            pause = TRY_AGAIN * (0.5 + self._chance())
            outcome = self._postponed(lowerer, str(error), pause)._replace(error=str(error))
            record.go_another_way()
        finally:
            record.end(flight)
        for event in (*outcome.news, *self._raises.complaint(record)):
            lowerer.sink.emit(event)
        return outcome

    def ready_at(self, record: TableRecord, lowerer: Lowerer) -> float:
        """When the table may be lowered as far as this process knows; monotonic seconds.

        That is earlier than it is due if the day can't pay for it any longer.
        """
        entry, behind = self._raises.of(record), self._clock.monotonic() - self._clock.now()
        due = entry.due + behind if entry else NEVER
        ready = max(lowerer.quiet_at(record), due) + self._handover.patience(record, lowerer)
        limit = lowerer.settings.budget(lowerer.table).unit_hours_per_day
        if limit is None or record.state is None:
            return ready
        spent = self._raises.spent(record)
        if not spent.raised:
            return ready
        unpaid = spent_at(spent.held, limit, self._clock.now(), regions(record.state))
        return min(ready, unpaid - BEFORE_THE_HOUR - record.change_seconds + behind)

    def share(self, lowerer: Lowerer) -> float:
        """A random pause (seconds), so that of many processes one lowers and the rest sees it."""
        settings = lowerer.settings
        most = min(LONGEST_SHARE, settings.scale_down_delay / 10)
        return self._chance() * max(most, longest_turn(settings.fleet_size))

    def hand_over(
        self,
        record: TableRecord,
        lowerer: Lowerer,
        state: TableState,
        *,
        target: CapacityUpdate | None = None,
        due: float | None = None,
    ) -> None:
        """Have a schedule lower what is raised, once ``target`` has been asked for."""
        entry = self._raises.of(record)
        if entry is None or not is_wanted(lowerer):
            return
        settings, table = lowerer.settings, entry.table
        lower = way_back(
            state,
            entry.raised,
            lambda index: settings.limits(table, index),
            target=target,
            table=table,
        )
        self._handover.put(record, lowerer, entry, lower, entry.due if due is None else due)

    def _look_and_lower(
        self, record: TableRecord, lowerer: Lowerer, even_if_throttled: bool
    ) -> Outcome:
        """Look, and if all of it is due, carry out what follows."""
        looked_at = self._clock.monotonic()
        state = lowerer.control.describe(lowerer.table)
        now = self._clock.monotonic()
        if state.updating:
            return Outcome(again_at=now + (REBUILDING_FOR if state.rebuilding else BUSY_FOR))
        if record.outdates(state, now):
            return Outcome(again_at=now + BUSY_FOR)
        known = self._raises.of(record)
        if known is not None and known.table_id != state.table_id:
            record.written_due = None
            return self._release_all(record, lowerer, known, ANOTHER_TABLE)
        record.observe(state, looked_at)
        try:
            entry = self._raises.found(record, lowerer, state)
        except TableBusy:
            if even_if_throttled:
                raise
            # Too many ask at once, as when a fleet comes to take back what one of it has raised.
            return Outcome(again_at=now + TRY_AGAIN * (0.5 + self._chance()))
        if entry is None:
            return Outcome(error=record.complaint)  # nothing, or there is no telling
        if entry.table_id != state.table_id:
            return self._release_all(record, lowerer, entry, ANOTHER_TABLE)
        ready_at = self.ready_at(record, lowerer)
        now = self._clock.monotonic()
        if even_if_throttled:  # by this process, that is
            ready_at = entry.due - self._clock.now() + now if entry.by_others else now
        if now < ready_at - ROUNDING:
            # Throttled again while we looked; or another process was, or has raised it further.
            return Outcome(again_at=ready_at + (self.share(lowerer) if entry != known else 0.0))
        return self._carry_out(record, lowerer, state, looked_at, entry)

    def _carry_out(
        self,
        record: TableRecord,
        lowerer: Lowerer,
        state: TableState,
        looked_at: float,
        entry: RaisedTable,
    ) -> Outcome:
        """Lower what the plan says, forget what is not ours, and keep the rest for later."""

        def limits(index: str | None) -> Limits:
            return lowerer.settings.limits(entry.table, index)

        today = self._clock.now()
        plan = plan_down(
            self._with_targets(lowerer, state, entry),
            entry.raised,
            limits,
            today,
            due=entry.due,
            table=entry.table,
            on_demand=entry.on_demand,
        )
        others = {(gone.resource.index, gone.dimension) for gone in plan.released}
        if may_be_unseen(others, state, today):
            # Another process may have raised it further.
            return Outcome(again_at=self._clock.monotonic() + SEEN_AFTER)
        cost = self._cost(lowerer, state, plan.lower) if plan.lower is not None else None
        if lowerer.dry_run:
            if plan.lower is None:
                return Outcome()
            told = events.ScaleDownPlanned(entry.table, plan.lower.changes, cost)
            return Outcome(plan.lower.changes, news=(told,))
        news: list[events.Event] = [
            events.ScaleDownReleased(entry.table, gone.resource, gone.dimension, gone.reason)
            for gone in plan.released
            if not gone.is_down
        ]
        if plan.lower is not None:
            if not is_still(state, looked_at, lowerer.control, lowerer.table, self._clock):
                return Outcome(again_at=self._clock.monotonic())
            lowerer.control.update(lowerer.table, plan.lower)
            if plan.lower.units:
                self._watch(record, lowerer, plan.lower)
            news.append(events.ScaleDownDone(entry.table, plan.lower.changes, cost))
        erased = self._raises.keep(record, lowerer, entry, plan.kept)
        if plan.kept:
            self.hand_over(record, lowerer, state, target=plan.lower, due=plan.wait_until)
        elif plan.lower is not None or not self._handover.is_over(entry):
            self._handover.remove(record, lowerer, entry)
        changes = plan.lower.changes if plan.lower is not None else ()
        if plan.wait_until is None:
            # What could not be erased is found at base then.
            again_at = None if erased else self._clock.monotonic() + TRY_AGAIN
            return Outcome(changes, again_at, tuple(news))
        if plan.wait_until <= today:  # the rest goes into a request of its own
            return Outcome(changes, self._clock.monotonic() + BUSY_FOR, tuple(news))
        why = BUDGET_SPENT
        if any(raised.was != raised.to for raised in plan.kept.values()):
            why = OUTCOME_UNKNOWN
        elif any(raised.minimum for raised in plan.kept.values()):
            why = TARGET_UNKNOWN
        later = self._postponed(lowerer, why, plan.wait_until - today)
        return Outcome(changes, later.again_at, (*news, *later.news))

    @staticmethod
    def _with_targets(lowerer: Lowerer, state: TableState, entry: RaisedTable) -> TableState:
        """Asked anew: a minimum that someone else has set since is not ours to lower.

        Where it can't be told, units are lowered as if there were no target: it would have taken
        the raise back itself.
        """
        if state.on_demand and not any(raised.minimum for raised in entry.raised.values()):
            return state
        try:
            found = lowerer.control.targets(lowerer.table, state, tuple(entry.raised))
            return replace(state, targets=found)
        except Exception as error:  # whatever it is, units must still come down
            _log.debug("the scalable targets of %s are not known: %s", lowerer.table, error)
            return replace(state, targets=None)

    @staticmethod
    def _cost(lowerer: Lowerer, state: TableState, lower: CapacityUpdate) -> float | None:
        """About what is saved an hour, in dollars."""
        above = {change.key: change.before - change.after for change in lower}
        return hourly_cost(state, above, lowerer.settings.budget(lowerer.table).prices)

    def _release_all(
        self, record: TableRecord, lowerer: Lowerer, entry: RaisedTable, reason: str
    ) -> Outcome:
        self._raises.keep(record, lowerer, entry, {})
        if not self._handover.is_over(entry):
            self._handover.remove(record, lowerer, entry)
        return Outcome(
            news=tuple(
                events.ScaleDownReleased(entry.table, Resource(entry.table, index), which, reason)
                for index, which in entry.raised
            )
        )

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

    def _postponed(self, lowerer: Lowerer, reason: str, seconds: float) -> Outcome:
        until = self._clock.now() + seconds
        news = events.ScaleDownPostponed(lowerer.table, reason, until)
        return Outcome(again_at=self._clock.monotonic() + max(0.0, seconds), news=(news,))
