"""Events as log records, and the way they reach the sinks.

The logger is ``dynoresilience``; each record carries ``extra={"dynoresilience": {...}}`` with
the event's name and fields. A warning is for what a person should look at, and is said once
in `REPEAT_AFTER` for the same cause; the rest is INFO (changes of capacity) or DEBUG.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Hashable, Sequence
from datetime import datetime, timezone
from enum import Enum
from typing import Any

from dynoresilience import events
from dynoresilience.capacity.spending import dollars
from dynoresilience.model import HoldReason
from dynoresilience.ports import Clock, EventSink

_log = logging.getLogger("dynoresilience")

_here = threading.local()

REPEAT_AFTER = 3600.0
"""Seconds until the same warning is said again."""

_REMEDIES = {
    HoldReason.AT_CAP: (
        "raise the cap (max_read_capacity / max_write_capacity, of an on-demand maximum "
        "max_read_request_units / max_write_request_units, of a scalable target its MaxCapacity) "
        "if this lasts"
    ),
    HoldReason.ABOVE_CAP: "the table has more than the cap allows us to ask for",
    HoldReason.ON_DEMAND_MAXIMUM: (
        "it is raised only up to max_read_request_units / max_write_request_units"
    ),
    HoldReason.AUTO_SCALING: (
        "raise the maximum or minimum of its target, or set autoscaling='cooperate'"
    ),
    HoldReason.REPLICATED: (
        "its writes are raised in all regions, and so only with raise_replicated_writes=True"
    ),
    HoldReason.SPEND_LIMIT: (
        "raise max_hourly_cost / max_unit_hours_per_day if this lasts and is worth it"
    ),
    HoldReason.NO_PERMISSION: "allow the action, or set scaling_enabled=False",
    HoldReason.SERVICE_LIMIT: "ask AWS for a higher quota",
    HoldReason.FAILED: "the calls go on with backoff",
}


class LoggingSink:
    """The default `EventSink`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._warned: dict[Hashable, float] = {}

    def emit(self, event: events.Event) -> None:
        level, cause = _level(event)
        if level == logging.WARNING and not self._is_new(cause):
            level = logging.DEBUG
        if _log.isEnabledFor(level):
            _log.log(level, "%s", sentence(event), extra={"dynoresilience": fields(event)})

    def _is_new(self, cause: Hashable) -> bool:
        now = self._clock.monotonic()
        if now - self._warned.get(cause, float("-inf")) < REPEAT_AFTER:
            return False
        self._warned[cause] = now
        return True


class SafeSinks:
    """Hands every event to every sink; what a sink raises is logged and goes no further."""

    def __init__(self, sinks: Sequence[EventSink] = ()) -> None:
        self.sinks = tuple(sinks)

    def emit(self, event: events.Event) -> None:
        if getattr(_here, "emitting", False):
            return  # a sink that calls DynamoDB itself is not told of its own throttles
        _here.emitting = True
        try:
            for sink in self.sinks:
                try:
                    sink.emit(event)
                except Exception:
                    _log.debug("an event sink failed", exc_info=True)
        finally:
            _here.emitting = False


def _level(event: events.Event) -> tuple[int, Hashable]:
    match event:
        case events.ScaleUpHeld(hold=hold) if hold.reason in _REMEDIES:
            # A permission is one thing for the whole table, whatever was short.
            whole = hold.reason is HoldReason.NO_PERMISSION
            where = hold.detail if whole else (hold.resource, hold.dimension)
            return logging.WARNING, (event.table, hold.reason, where)
        case events.HotKeyRange(resource=resource, dimension=dimension):
            return logging.WARNING, (resource, dimension)
        case events.ScaleDownPostponed():
            return logging.WARNING, (event.table, event.reason)
        case events.TargetsUnseen():
            return logging.WARNING, "targets"
        case events.ScaleDownNotHandedOver(reason=reason):
            return logging.WARNING, reason
        case events.LedgerUnavailable():
            return logging.WARNING, ("ledger", event.reason)
        case events.TableDrifted():
            return logging.WARNING, (event.table, event.report)
        case (
            events.ScaleUpRequested()
            | events.ScaleUpForeseen()
            | events.ScaleUpPlanned()
            | events.ScaleUpFinished()
            | events.ScaleDownScheduled()
            | events.ScaleDownDone()
            | events.ScaleDownPlanned()
            | events.ScaleDownReleased()
            | events.GaveUp()
            | events.TableProgress()
        ):
            return logging.INFO, None
        case _:
            return logging.DEBUG, None


def sentence(event: events.Event) -> str:
    """The event in words, as the log has it."""
    table = event.table or "a table"
    match event:
        case events.Throttled():
            what = f"{event.resource or table} {event.dimension or 'capacity'}"
            return f"{what} throttled {event.api} (attempt {event.attempt}): {event.kind}"
        case events.HotKeyRange(key_hash=key_hash, key=key):
            which = f" ({key})" if key else f" (key hash {key_hash})" if key_hash else ""
            return (
                f"{event.resource or table}: one key range{which} took more {event.dimension} "
                "units than a partition gives; more capacity does not help, spread the keys"
            )
        case events.ScaleUpRequested():
            return f"raising {_list(event.changes)}{_cost(event.hourly_cost, 'above base')}"
        case events.ScaleUpPlanned():
            cost = _cost(event.hourly_cost, "above base")
            return f"would raise {_list(event.changes)}{cost} {_DRY_RUN}"
        case events.ScaleUpForeseen():
            return f"{table} was short at this time of the day: raised before {utc(event.at)}"
        case events.ScaleUpFinished():
            return f"raised {_list(event.changes)} in {event.seconds:.1f} s"
        case events.ScaleUpHeld(hold=hold):
            where = f"{hold.resource or table} {hold.dimension or 'capacity'}"
            remedy = _REMEDIES.get(hold.reason)
            return f"{where} not raised: {hold}" + (f"; {remedy}" if remedy else "")
        case events.TargetsUnseen():
            return (
                f"{event.reason}: whether {table} is under Application Auto Scaling is not known, "
                "so no table is taken to be; allow the action, lest raises be taken back"
            )
        case events.LedgerUnavailable():
            return (
                f"{table}: what is raised is known to this process alone, as it can't be written "
                f"in the table's tags: {event.reason}; allow dynamodb:ListTagsOfResource, "
                'TagResource and UntagResource, or set ledger="memory"'
            )
        case events.Retrying():
            return f"{event.api} is tried again within {event.delay:.2f} s (after {event.attempt})"
        case events.GaveUp():
            return (
                f"{event.api} on {table} gave up after {event.attempts} attempts and "
                f"{event.waited:.1f} s: {event.reason}"
            )
        case events.ScaleDownScheduled():
            costs = [entry.hourly_cost for entry in event.pending if entry.hourly_cost is not None]
            until_then = _cost(sum(costs), "until then")
            return f"{_list(event.pending)} due {utc(event.due)}{until_then}"
        case events.ScaleDownNotHandedOver():
            return f"no schedule lowers {table}, but this process does, if it lives: {event.reason}"
        case events.ScaleDownDone():
            return f"lowering {_list(event.changes)}{_cost(event.hourly_cost, 'less')}"
        case events.ScaleDownPlanned():
            cost = _cost(event.hourly_cost, "less")
            return f"would lower {_list(event.changes)}{cost} {_DRY_RUN}"
        case events.ScaleDownPostponed():
            return f"{table} stays raised until {utc(event.until)}: {event.reason}"
        case events.ScaleDownReleased():
            return f"{event.resource} {event.dimension} is left alone: {event.reason}"
        case events.TableProgress():
            return f"{table}: {event.what} (after {event.seconds:.1f} s)"
        case events.TableDrifted():
            return event.report  # it begins with the table
        case _:
            return repr(event)


def fields(event: events.Event) -> dict[str, Any]:
    """The event as plain values: its name, and its fields as strings and numbers."""
    plain = {name: _plain(getattr(event, name)) for name in _field_names(type(event))}
    return {"event": type(event).__name__, **plain}


def _field_names(kind: type[events.Event]) -> tuple[str, ...]:
    return tuple(kind.__dataclass_fields__)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return value.value if isinstance(value, Enum) else str(value)


def _list(entries: Sequence[object]) -> str:
    return ", ".join(str(entry) for entry in entries)


def _cost(hourly: float | None, words: str) -> str:
    return f", about {dollars(hourly)} an hour {words}" if hourly else ""


_DRY_RUN = "(dry run: nothing was changed)"


def utc(instant: float) -> str:
    """Epoch seconds as ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(instant, timezone.utc).isoformat(timespec="seconds")
