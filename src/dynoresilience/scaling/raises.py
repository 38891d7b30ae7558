"""The book of raises: what we raised, from what, and so what is to be taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dynoresilience.model import (
    CapacityUpdate,
    PendingScaleDown,
    Raised,
    RaisedKey,
    RaisedTable,
    Resource,
    TableState,
)
from dynoresilience.ports import Clock, ScaleDownLedger
from dynoresilience.scaling.table_record import Lowerer, TableBook, TableRecord


class Raises:
    """Reads and writes the ledger; each write within the single flight of its table."""

    def __init__(self, ledger: ScaleDownLedger, book: TableBook, clock: Clock) -> None:
        self._ledger = ledger
        self._book = book
        self._clock = clock

    def of(self, record: TableRecord) -> RaisedTable | None:
        """The ledger's entry for a table; None: we have raised nothing of it."""
        return self._ledger.load(record.state.arn) if record.state is not None else None

    def keep(self, entry: RaisedTable, raised: Mapping[RaisedKey, Raised]) -> None:
        """Only this of it is raised any more."""
        if raised:
            self._ledger.record(replace(entry, raised=dict(raised)))
        else:
            self._ledger.forget(entry.arn)

    def about_to(
        self, record: TableRecord, lowerer: Lowerer, state: TableState, target: CapacityUpdate
    ) -> RaisedTable | None:
        """Written before UpdateTable is sent: either value may be there from now on.

        Returns the entry as it was before, for `refused`.
        """
        before = self._ledger.load(state.arn)
        if before is not None:
            same = before.table_id == state.table_id and before.on_demand is state.on_demand
            before = before if same else None
        raised = dict(before.raised) if before is not None else {}
        for change in target.changes:
            key = change.resource.index, change.dimension
            old = raised.get(key)
            ours = old is not None and old.is_ours(change.before)
            base = old.base if old is not None and ours else change.before
            raised[key] = Raised(base, was=change.before, to=change.after)
        due = self._clock.now() + lowerer.settings.scale_down_delay
        entry = RaisedTable(lowerer.table, state.arn, raised, due, state.table_id, state.on_demand)
        self._ledger.record(entry)
        record.lowerer = record.lowerer or lowerer
        return before

    def accepted(self, record: TableRecord, target: CapacityUpdate) -> None:
        """UpdateTable was accepted: from now on only its values are ours."""
        entry = self.of(record)
        if entry is None:
            return
        raised = dict(entry.raised)
        for change in target.changes:
            key = change.resource.index, change.dimension
            raised[key] = replace(raised[key], was=change.after)
        self._ledger.record(replace(entry, raised=raised))

    def refused(self, state: TableState, before: RaisedTable | None) -> None:
        """UpdateTable was refused: the entry is again what it was before."""
        if before is not None:
            self._ledger.record(before)
        else:
            self._ledger.forget(state.arn)

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
            base = raised.base if configured is None else configured
            found.append(
                PendingScaleDown(
                    Resource(entry.table, index), dimension, raised.to, base, due, entry.on_demand
                )
            )
        return tuple(found)

    def all_pending(self) -> tuple[PendingScaleDown, ...]:
        """What of any table is raised and not yet taken back."""
        records = (self._book.by_arn(entry.arn) for entry in self._ledger.entries())
        return tuple(entry for record in records if record for entry in self.pending(record))
