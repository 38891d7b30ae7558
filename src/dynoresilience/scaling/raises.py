"""The book of raises: what we raised, from what, and so what is to be taken back.

Beside what this process knows of it stands the durable ledger, written before each raise and
read before whatever is lowered, so that any other process can take over.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from dynoresilience import events, fork_safe
from dynoresilience.capacity.entries import (
    about_to_be_raised,
    combined,
    raised_just_now,
    within_mode,
)
from dynoresilience.capacity.spending import Spent, hourly_cost
from dynoresilience.capacity.unit_hours import Held, ended, of_day
from dynoresilience.model import (
    CapacityUpdate,
    PendingScaleDown,
    Raised,
    RaisedKey,
    RaisedTable,
    Resource,
    TableState,
)
from dynoresilience.ports import (
    Clock,
    ControlPlaneError,
    LedgerUnavailable,
    TableBusy,
    TooLate,
)
from dynoresilience.scaling.look import FRESH_FOR, is_still
from dynoresilience.scaling.lowerer import Lowerer
from dynoresilience.scaling.table_record import TableBook, TableRecord

OTHERS_ARE_RAISING = 5.0
"""Seconds after which a raise that another process has written down, and that is not there, is
taken for one that was never sent."""
STILL_WRITTEN = 2.0
"""Seconds for which what was read is still written there: after that somebody may have raised what
was lowered. Until then the lock of that change of the tags refuses ours."""


DECREASE_TAKES = 30.0
"""Seconds for which what is lowered is counted as if it were still up, beside those that the latest
change took."""


class MinimumRaised(ControlPlaneError):
    """Somebody has raised the minimum of a number that looks as if it had no scalable target.

    To write down a raise of its units would be to forget the minimum.
    """

    def __init__(self, state: TableState) -> None:
        super().__init__("its minimum is raised, and its scalable target can't be seen")
        self.state = state


class NoLedger:
    """`ports.ScaleDownLedger` for those who want none: only this process knows what is up."""

    def read(self, state: TableState) -> None:
        """Nothing is written."""

    def write(self, entry: RaisedTable) -> bool:
        return False

    def erase(self, entry: RaisedTable) -> None:
        """There is nothing to erase."""


NO_LEDGER = NoLedger()


class Raises:
    """Reads and writes the entries; each write within the single flight of its table.

    A forked child begins with none: taking the raises back is its parent's affair.
    """

    def __init__(self, book: TableBook, clock: Clock) -> None:
        self._book = book
        self._clock = clock
        self._entries: dict[str, RaisedTable] = {}
        self._past: dict[str, tuple[Held, ...]] = {}
        fork_safe.in_child(self._entries.clear)
        fork_safe.in_child(self._past.clear)

    def of(self, record: TableRecord) -> RaisedTable | None:
        """What this process knows to be raised of a table; None: nothing."""
        return self._entries.get(record.state.arn) if record.state is not None else None

    def known(self) -> tuple[RaisedTable, ...]:
        """What this process knows to be raised of any table."""
        return tuple(self._entries.values())

    def spent(self, record: TableRecord) -> Spent:
        """What of a table is up, and what was up earlier in the UTC day.

        As far as this process knows: what others have raised and lowered again leaves no note.
        """
        if record.state is None:
            return Spent({})
        past = of_day(self._past.get(record.state.arn, ()), self._clock.now())
        return Spent(_provisioned(self.of(record)), past)

    def is_written(self, table: str) -> bool:
        """Whether others can find what is raised of a table (as its entry names it)."""
        arns = (entry.arn for entry in self.known() if entry.table == table)
        records = (self._book.by_arn(arn) for arn in arns)
        return all(record is not None and record.written_due is not None for record in records)

    def found(self, record: TableRecord, lowerer: Lowerer, state: TableState) -> RaisedTable | None:
        """What this process and the ledger know to be raised; both agree afterwards.

        Raises:
            ControlPlaneError: the ledger failed.
        """
        mine, asked_at = self._entries.get(state.arn), self._clock.monotonic()
        try:
            written = lowerer.ledger.read(state)
        except LedgerUnavailable as error:
            record.complaint = str(error)
            return mine
        record.ledger_read_at = asked_at
        entry = combined(mine, written, state)
        if entry is None:
            return None
        record.lower_by(lowerer)
        record.written_due = written.due if written is not None else None
        self._know(entry.arn, entry)
        return entry

    def about_to(
        self, record: TableRecord, lowerer: Lowerer, state: TableState, target: CapacityUpdate
    ) -> RaisedTable | None:
        """Written before UpdateTable is sent: either value may be there from now on.

        Returns the entry as it was before, for `refused`.

        Raises:
            TableBusy: another process is about to raise this, or is writing to the ledger.
            TooLate: the table has changed since it was looked at; nothing is written.
            MinimumRaised: units are about to be raised of which the minimum is up.
            ControlPlaneError: the ledger failed; without it the base may be another one's raise.
        """
        now = self._clock.now()
        mine = before = within_mode(self._entries.get(state.arn), state)
        has_read = mine is None or not _knows(mine, target)
        if has_read:
            before = within_mode(self.found(record, lowerer, state), state)
            if about_to_be_raised(mine, before, target, now, OTHERS_ARE_RAISING):
                raise TableBusy("another process is about to raise it")
            if raised_just_now(before, state, target, now):
                raise TableBusy("it was raised just now; by whom is not to be seen yet")
        raised = dict(before.raised) if before is not None else {}
        for change in target.changes:
            old = raised.get(change.key)
            if old is not None and old.minimum and not change.minimum and state.targets is None:
                raise MinimumRaised(state)
            base = old.base if old is not None and old.explains(change) else change.before
            raised[change.key] = Raised(
                base, was=change.before, to=change.after, at=now, minimum=change.minimum
            )
        due = now + lowerer.settings.scale_down_delay
        entry = RaisedTable(lowerer.table, state.arn, raised, due, state.table_id, state.on_demand)
        if not is_still(state, record.read_at, lowerer.control, lowerer.table, self._clock):
            raise TooLate("the table has changed since it was looked at")
        if before is not None and before.due > due:  # another process may hold it up for longer
            entry = replace(entry, due=before.due, by_others=before.by_others)
        # What this process knows of the other numbers may be old: others may have raised them.
        keys = {(change.resource.index, change.dimension) for change in target.changes}
        news = {key: raised[key] for key in keys}
        is_whole = has_read or record.written_due is None
        self._write(record, lowerer, entry if is_whole else replace(entry, raised=news))
        self._know(state.arn, entry)
        record.lower_by(lowerer)
        return before

    def accepted(self, record: TableRecord, target: CapacityUpdate) -> None:
        """UpdateTable was accepted: from now on only its values are ours."""
        entry = self.of(record)
        if entry is None:
            return
        raised = dict(entry.raised)
        for change in target.changes:
            raised[change.key] = replace(raised[change.key], was=change.after)
        self._entries[entry.arn] = replace(entry, raised=raised)

    def refused(self, state: TableState, before: RaisedTable | None) -> None:
        """UpdateTable was refused: this process knows again what it knew before.

        What is written stays: others may have written the same, and made it true. It is looked
        at when it is due.
        """
        if before is not None:
            self._entries[state.arn] = before
        else:
            self._entries.pop(state.arn, None)

    def extend(self, record: TableRecord, lowerer: Lowerer) -> None:
        """The table is still short: it is not to be lowered by anybody yet.

        Written once in a quarter of `Settings.scale_down_delay` at most, and only just after
        `found`: else it would cover what others have written since.
        """
        entry, delay = self.of(record), lowerer.settings.scale_down_delay
        now = self._clock.now()
        if entry is None or entry.due > now + 0.75 * delay:
            return
        if self._clock.monotonic() - record.ledger_read_at > FRESH_FOR:
            return
        entry = replace(entry, due=now + delay, by_others=False)
        self._entries[entry.arn] = entry
        with suppress(ControlPlaneError):  # as when somebody else is writing; the next look tries
            self._write(record, lowerer, entry)

    def keep(
        self,
        record: TableRecord,
        lowerer: Lowerer,
        entry: RaisedTable,
        raised: Mapping[RaisedKey, Raised],
    ) -> bool:
        """Only this of it is raised any more. False: the ledger does not know it yet."""
        gone = {key: value for key, value in entry.raised.items() if key not in raised}
        erased = True
        if gone and record.written_due is not None:
            try:
                self._erase(record, lowerer, replace(entry, raised=gone))
            except LedgerUnavailable as error:
                record.complaint = str(error)
            except ControlPlaneError:
                erased = False
        self._know(entry.arn, replace(entry, raised=dict(raised)) if raised else None)
        if not raised:
            record.written_due = None if erased else record.written_due
        return erased

    def complaint(self, record: TableRecord) -> tuple[events.Event, ...]:
        """What is to be told of the ledger; each once."""
        told, record.complaint = record.complaint, None
        table = record.state.name if record.state is not None else None
        return (events.LedgerUnavailable(table, told),) if told is not None else ()

    def pending(self, record: TableRecord) -> tuple[PendingScaleDown, ...]:
        """What of this table is raised and not yet taken back."""
        entry, lowerer = self.of(record), record.lowerer
        if entry is None or lowerer is None:
            return ()
        quiet = self._clock.now() + lowerer.quiet_at(record) - self._clock.monotonic()
        due = max(entry.due, quiet)
        found = []
        for (index, dimension), raised in entry.raised.items():
            limits = lowerer.settings.limits(entry.table, index).in_mode(entry.on_demand)
            configured = limits.base(dimension)
            base = raised.base if configured is None or raised.minimum else configured
            above = {(index, dimension): raised.to - base}
            prices = lowerer.settings.budget(entry.table).prices
            found.append(
                PendingScaleDown(
                    Resource(entry.table, index),
                    dimension,
                    raised.to,
                    base,
                    due,
                    entry.on_demand and not raised.minimum,
                    raised.minimum,
                    hourly_cost(record.state, above, prices) if record.state else None,
                )
            )
        return tuple(found)

    def all_pending(self) -> tuple[PendingScaleDown, ...]:
        """What of any table is raised and not yet taken back."""
        records = (self._book.by_arn(entry.arn) for entry in self.known())
        return tuple(entry for record in records if record for entry in self.pending(record))

    def _know(self, arn: str, entry: RaisedTable | None) -> None:
        """From now on this is raised (None: nothing); what no longer is so was up today."""
        now = self._clock.now()
        before, after = _provisioned(self._entries.get(arn)), _provisioned(entry)
        record = self._book.by_arn(arn)
        takes = DECREASE_TAKES + (record.change_seconds if record is not None else 0.0)
        over = ended(before, after, now + takes)
        if over:
            self._past[arn] = of_day((*self._past.get(arn, ()), *over), now)
        if entry is None:
            self._entries.pop(arn, None)
        else:
            self._entries[arn] = entry

    def _erase(self, record: TableRecord, lowerer: Lowerer, gone: RaisedTable) -> None:
        """Raises: ControlPlaneError: the ledger failed, or may say something else by now."""
        if self._clock.monotonic() - record.ledger_read_at > STILL_WRITTEN:
            raise ControlPlaneError("what is written may be about another raise by now")
        lowerer.ledger.erase(gone)

    def _write(self, record: TableRecord, lowerer: Lowerer, entry: RaisedTable) -> None:
        """Without a ledger it is known to this process alone, and that is told.

        Raises:
            ControlPlaneError: the ledger failed, or (TableBusy) somebody else is writing to it.
        """
        raised = {}
        for (index, dimension), number in entry.raised.items():
            limits = lowerer.settings.limits(entry.table, index).in_mode(entry.on_demand)
            configured = limits.base(dimension)
            base = number.base if configured is None or number.minimum else configured
            raised[index, dimension] = replace(number, base=base)
        try:
            if lowerer.ledger.write(replace(entry, raised=raised)):
                record.written_due = entry.due
        except LedgerUnavailable as error:
            record.complaint = str(error)


def _provisioned(entry: RaisedTable | None) -> Mapping[RaisedKey, Raised]:
    """What of an entry is billed by the hour: maxima of an on-demand table are not."""
    return {} if entry is None or entry.on_demand else entry.raised


def _knows(entry: RaisedTable, target: CapacityUpdate) -> bool:
    """Whether the entry explains what is about to be raised: nobody else has a part in it."""
    for change in target.changes:
        known = entry.raised.get(change.key)
        if known is None or not known.explains(change):
            return False
    return True
