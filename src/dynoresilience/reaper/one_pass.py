"""One pass over tables: each is looked at, and lowered if it is due."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable

from dynoresilience import events
from dynoresilience.config import ScalingConfig
from dynoresilience.engine import Runtime
from dynoresilience.model import RaisedTable
from dynoresilience.ports import (
    AccessDenied,
    Clock,
    ControlPlaneError,
    EventSink,
    LedgerUnavailable,
    ScaleDownLedger,
    ScaleDownScheduler,
    TableControl,
    TableNotFound,
)
from dynoresilience.reaper.report import Reaped, Report
from dynoresilience.scaling.dry_run import LookOnly, ReadOnly
from dynoresilience.scaling.lowerer import Lowerer
from dynoresilience.scaling.lowering import Outcome
from dynoresilience.scaling.raises import Raises
from dynoresilience.scaling.scale_down import ScaleDown
from dynoresilience.scaling.table_record import TableBook, TableRecord

TABLE_TIMEOUT = 20.0
"""Seconds to wait for a change of a table that is under way."""
PAUSE = 0.1
"""Seconds between two tables: DynamoDB answers ListTagsOfResource 10 times a second. Source:
"Service, account, and table quotas", Amazon DynamoDB Developer Guide."""
LOOKS = 3
LOOK_AGAIN = 1.0
"""How often a table is looked at if that fails, and seconds until the next time: thousands of
requests are made, and one that is throttled is no failure of the run."""


class Pass:
    """One pass over tables."""

    def __init__(
        self,
        control: TableControl,
        ledger: ScaleDownLedger,
        config: ScalingConfig,
        sink: EventSink,
        runtime: Runtime,
        *,
        dry_run: bool,
        scheduler: ScaleDownScheduler | None,
    ) -> None:
        self._scheduler = scheduler
        self._control = LookOnly(control) if dry_run else control
        self._ledger = ReadOnly(ledger) if dry_run else ledger
        self._config = config
        self._sink = sink
        self._clock: Clock = runtime.clock
        self._raises = Raises(TableBook(), runtime.clock)
        self._scale_down = ScaleDown(
            self._raises, clock=runtime.clock, timer=runtime.timer, chance=runtime.chance
        )
        self._report = Report(dry_run)

    def over(self, names: Iterable[str], *, named: bool, time_limit: float | None) -> Report:
        end = math.inf if time_limit is None else self._clock.monotonic() + time_limit
        for name in names:
            if self._report.looked_at:
                self._clock.wait(threading.Event(), PAUSE)
            if self._clock.monotonic() >= end:
                self._report.tables.append(Reaped(name, "not reached", reason="no time left"))
                continue
            self._report.looked_at += 1
            timeout = 0.0 if self._report.dry_run else TABLE_TIMEOUT
            found = self._one(name, named, min(timeout, end - self._clock.monotonic()))
            if found is not None:
                self._report.tables.append(found)
        return self._report

    def _one(self, name: str, named: bool, timeout: float) -> Reaped | None:
        try:
            written = self._written(name)
        except TableNotFound as error:
            return Reaped(name, "failed", reason=str(error)) if named else None
        except (AccessDenied, LedgerUnavailable) as error:
            return Reaped(name, "failed" if named else "skipped", reason=str(error))
        except ControlPlaneError as error:
            return Reaped(name, "failed", reason=str(error))
        if written is None:
            return None
        record = TableRecord()
        record.patience = 0.0  # it may be the one that the schedule of this table has woken
        lowerer = Lowerer(
            self._control, name, self._config, self._sink, self._ledger, self._scheduler
        )
        outcome = self._scale_down.lower_due(record, lowerer, timeout)
        return self._told(name, record, outcome)

    def _written(self, name: str) -> RaisedTable | None:
        for _ in range(LOOKS - 1):
            try:
                return self._ledger.read(self._control.describe(name))
            except (TableNotFound, AccessDenied, LedgerUnavailable):
                raise
            except ControlPlaneError:
                self._clock.wait(threading.Event(), LOOK_AGAIN)
        return self._ledger.read(self._control.describe(name))

    def _told(self, name: str, record: TableRecord, outcome: Outcome) -> Reaped:
        changes = tuple(str(change) for change in outcome.changes)
        entry = self._raises.of(record)
        if outcome.error is not None:
            return Reaped(name, "failed", changes, reason=outcome.error)
        later = [e for e in outcome.news if isinstance(e, events.ScaleDownPostponed)]
        if later:
            return Reaped(name, "postponed", changes, later[-1].until, later[-1].reason)
        if changes:
            return Reaped(name, "lowered", changes)
        if entry is None and (outcome.again_at is None or outcome.news):
            gone = [e.reason for e in outcome.news if isinstance(e, events.ScaleDownReleased)]
            return Reaped(name, "released", reason="; ".join(dict.fromkeys(gone)) or None)
        if entry is not None and entry.due > self._clock.now():
            return Reaped(name, "not due", until=entry.due)
        return Reaped(name, "busy", reason="it is being changed")
