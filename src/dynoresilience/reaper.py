"""The reaper: lowers what is raised and due, whoever raised it, dead or alive.

It finds the raises by the tags that were written before them. Run it on a schedule, as a Lambda
function (`handler`) or by ``python -m dynoresilience reap``; a few minutes apart is enough, and
several at once do no harm.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dynoresilience import events, stand_in
from dynoresilience.attachment import client_behind, control_plane_client
from dynoresilience.aws.autoscaling import ScalableTargets
from dynoresilience.aws.eventbridge import EventBridgeScheduler
from dynoresilience.aws.punctual import be_punctual
from dynoresilience.aws.table_control import BotoTableControl
from dynoresilience.aws.tag_ledger import TagLedger
from dynoresilience.config import ScalingConfig
from dynoresilience.engine import Runtime
from dynoresilience.errors import ConfigError, DynoResilienceError
from dynoresilience.model import (
    CapacityUpdate,
    RaisedKey,
    RaisedTable,
    ScalableTarget,
    TableState,
)
from dynoresilience.ports import (
    AccessDenied,
    Clock,
    ControlPlaneError,
    LedgerUnavailable,
    ScaleDownLedger,
    ScaleDownScheduler,
    TableControl,
    TableNotFound,
)
from dynoresilience.process.log_sink import LoggingSink, SafeSinks, utc
from dynoresilience.scaling.raises import Raises
from dynoresilience.scaling.scale_down import Outcome, ScaleDown
from dynoresilience.scaling.table_record import Lowerer, TableBook, TableRecord

if TYPE_CHECKING:
    from dynoresilience.ports import EventSink

TABLE_TIMEOUT = 20.0
"""Seconds to wait for a change of a table that is under way."""
PAUSE = 0.1
"""Seconds between two tables: DynamoDB answers ListTagsOfResource 10 times a second. Source:
"Service, account, and table quotas", Amazon DynamoDB Developer Guide."""
LOOKS = 3
LOOK_AGAIN = 1.0
"""How often a table is looked at if that fails, and seconds until the next time: thousands of
requests are made, and one that is throttled is no failure of the run."""
RESERVE = 5.0
"""Seconds before the end of a Lambda invocation after which no other table is begun."""


@dataclass(frozen=True, slots=True)
class Reaped:
    """What became of one table with raises.

    ``outcome``: "lowered", "not due", "postponed" (no decrease left), "busy" (being changed),
    "released" (someone else has changed it since, or it is back already), "failed", "not reached"
    (no time left), "skipped" (the credentials may not look at it). ``until``: epoch seconds when
    it is due or permitted.
    """

    table: str
    outcome: str
    changes: tuple[str, ...] = ()
    until: float | None = None
    reason: str | None = None

    def __str__(self) -> str:
        text = f"{self.table}: {self.outcome}"
        if self.changes:
            text += " " + ", ".join(self.changes)
        if self.until is not None:
            text += f" until {utc(self.until)}"
        return f"{text} ({self.reason})" if self.reason else text


@dataclass(slots=True)
class Report:
    """What a run of the reaper has found and done. ``looked_at``: how many tables it looked at."""

    dry_run: bool = False
    looked_at: int = 0
    tables: list[Reaped] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0: all is done that can be done now. 1: nothing could be done. 2: some of it."""
        bad = [entry for entry in self.tables if entry.outcome in ("failed", "not reached")]
        skipped = [entry for entry in self.tables if entry.outcome == "skipped"]
        if not bad:
            return 1 if skipped and len(skipped) == self.looked_at else 0
        return 1 if len(bad) + len(skipped) == len(self.tables) else 2

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "dry_run": self.dry_run,
            "looked_at": self.looked_at,
            "tables": [
                {
                    "table": entry.table,
                    "outcome": entry.outcome,
                    "changes": list(entry.changes),
                    "until": None if entry.until is None else utc(entry.until),
                    "reason": entry.reason,
                }
                for entry in self.tables
            ],
        }

    def __str__(self) -> str:
        lines = [str(entry) for entry in self.tables]
        would = " (dry run: nothing was changed)" if self.dry_run else ""
        lines.append(f"{self.looked_at} tables looked at, {len(self.tables)} to tell of{would}")
        return "\n".join(lines)


class ReapError(DynoResilienceError):
    """Some tables could not be lowered, or not even looked at. ``report``: what was done."""

    def __init__(self, report: Report) -> None:
        super().__init__(str(report))
        self.report = report


def handler(event: Any, context: Any) -> dict[str, Any]:
    """For a Lambda function on a schedule.

    Args:
        event: what a scheduled rule sends; ``{"tables": [...], "dry_run": true}`` may narrow it.
        context: its remaining time bounds the run.

    Returns:
        The report, as JSON has it.

    Raises:
        ReapError: at the end, if something failed, so that the invocation counts as failed.
        ConfigError: a faulty event or environment variable.
    """
    given = event if isinstance(event, dict) else {}
    told = getattr(context, "get_remaining_time_in_millis", None)
    left = told() / 1000 - RESERVE if callable(told) else None
    report = reap(tables=given.get("tables"), dry_run=given.get("dry_run", False), time_limit=left)
    if report.exit_code:
        raise ReapError(report)
    return report.to_dict()


def reap(
    client: Any = None,
    *,
    tables: Sequence[str] | None = None,
    dry_run: bool = False,
    time_limit: float | None = None,
    config: ScalingConfig | None = None,
    sinks: Sequence[EventSink] | None = None,
) -> Report:
    """Lower what is raised and due, of every table of the client's region.

    Args:
        client: a boto3 DynamoDB client. None: ``boto3.client("dynamodb")``.
        tables: only these, by name or ARN. None: all, by ListTables.
        dry_run: only tell what would be lowered.
        time_limit: seconds after which no other table is begun. None: no limit.
        config: None: from the environment. Its bases matter: where one is set it is what a
            table returns to; else what is written down. With ``scale_down_via="eventbridge"`` a
            table that has no decrease left is scheduled for when it has.
        sinks: where events go. None: to the ``dynoresilience`` logger.

    Raises:
        ConfigError: an argument or a variable is wrong.
        ControlPlaneError: the tables could not be listed.
    """
    _check(tables, dry_run, time_limit)
    config = config or ScalingConfig.from_env()
    if client is None:
        import boto3

        client = boto3.client("dynamodb")
    block = stand_in.current()
    runtime = block.runtime if block is not None else Runtime.of_process()
    original = client_behind(client)
    twin = control_plane_client(original)
    be_punctual(twin, runtime.clock)
    control = BotoTableControl(twin, ScalableTargets.beside(original))
    told = (LoggingSink(runtime.clock),) if sinks is None else tuple(sinks)
    sink = SafeSinks(() if dry_run else told)
    run = _Run(
        control,
        TagLedger(twin, runtime.clock),
        config,
        sink,
        runtime,
        dry_run=dry_run,
        scheduler=None if dry_run else EventBridgeScheduler(original),
    )
    names = BotoTableControl(original).tables() if tables is None else tables
    if tables is None and time_limit is not None:
        # Where there is no time for all, it must not be the same ones each time.
        names = sorted(names, key=lambda _: runtime.chance())
    return run.over(names, named=tables is not None, time_limit=time_limit)


class _Run:
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
        self._control = _Sham(control) if dry_run else control
        self._ledger = _ShamLedger(ledger) if dry_run else ledger
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


class _Sham:
    """A `TableControl` that only looks."""

    def __init__(self, control: TableControl) -> None:
        self._control = control

    def describe(self, table: str) -> TableState:
        return self._control.describe(table)

    def targets(
        self, table: str, state: TableState, keys: Collection[RaisedKey]
    ) -> Mapping[RaisedKey, ScalableTarget]:
        return self._control.targets(table, state, keys)

    def update(self, table: str, update: CapacityUpdate) -> bool:
        return True


class _ShamLedger:
    """A `ScaleDownLedger` that is only read."""

    def __init__(self, ledger: ScaleDownLedger) -> None:
        self._ledger = ledger

    def read(self, state: TableState) -> RaisedTable | None:
        return self._ledger.read(state)

    def write(self, entry: RaisedTable) -> bool:
        return True

    def erase(self, entry: RaisedTable) -> None:
        """Nothing is changed."""


def _check(tables: object, dry_run: object, time_limit: object) -> None:
    faults = []
    if tables is not None and (
        isinstance(tables, str)
        or not isinstance(tables, Sequence)
        or not all(isinstance(name, str) and name for name in tables)
    ):
        faults.append(f"tables={tables!r} must be a list of names or ARNs, or None for all")
    if not isinstance(dry_run, bool):
        faults.append(f"dry_run={json.dumps(dry_run, default=repr)} must be true or false")
    if time_limit is not None and not isinstance(time_limit, (int, float)):
        faults.append(f"time_limit={time_limit!r} must be a number of seconds, or None")
    if faults:
        raise ConfigError("reaper: " + "; ".join(faults))
