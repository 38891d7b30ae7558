"""UpdateContinuousBackups and DescribeContinuousBackups: point-in-time recovery.

A backend that restores tables hears of it; one that has no backups (DynamoDB Local) need not.
"""

from __future__ import annotations

from dynoresilience.testing.control.point_in_time import (
    PointInTimeRecovery,
    being_enabled,
    check_specification,
)
from dynoresilience.testing.replies import Refused, Reply
from dynoresilience.testing.service.known_table import KnownTable
from dynoresilience.testing.service.tables import Request, Tables, table_name


def update_continuous_backups(tables: Tables, request: Request) -> Reply:
    """UpdateContinuousBackups: done at once.

    Raises:
        Refused: there is no such table, it is too new, or the request contradicts itself.
    """
    body, backend, at = request
    specification = body.get("PointInTimeRecoverySpecification") or {}
    if "PointInTimeRecoveryEnabled" not in specification:
        return backend("UpdateContinuousBackups", body)
    check_specification(specification)
    known = _table(tables, request)
    recovery = recovery_of(tables, known, request)
    if known.life.status(at) == "CREATING":
        raise being_enabled(known.name)
    recovery.check_ready(known.name, at)
    tables.check_change(at)
    reply = backend("UpdateContinuousBackups", body)
    if not reply.ok and reply.code != "UnknownOperationException":
        return reply
    recovery.change(specification, at, tables.utc(at))
    return _described(tables, recovery, at)


def describe_continuous_backups(tables: Tables, request: Request) -> Reply:
    """DescribeContinuousBackups.

    Raises:
        Refused: there is no such table.
    """
    recovery = recovery_of(tables, _table(tables, request), request)
    return _described(tables, recovery, request.at)


def recovery_of(tables: Tables, known: KnownTable, request: Request) -> PointInTimeRecovery:
    """That of a table, learned from the backend if it is asked for the first time."""
    if known.recovery is None:
        found = request.backend("DescribeContinuousBackups", {"TableName": known.name}).body
        description = found.get("ContinuousBackupsDescription") or {}
        present = description.get("PointInTimeRecoveryDescription") or {}
        ready_at = known.life.active_from + tables.settings.backups_seconds
        known.recovery = PointInTimeRecovery(ready_at)
        if present.get("PointInTimeRecoveryStatus") == "ENABLED":
            known.recovery.days = present.get("RecoveryPeriodInDays", 35)
            known.recovery.since = tables.utc(request.at)
    return known.recovery


def _described(tables: Tables, recovery: PointInTimeRecovery, at: float) -> Reply:
    description = recovery.describe(at, tables.utc(at))
    return Reply.of({"ContinuousBackupsDescription": description})


def _table(tables: Tables, request: Request) -> KnownTable:
    asked = request.body.get("TableName") or ""
    known = tables.find(asked, request.backend, request.at)
    if known is None:
        raise Refused("TableNotFoundException", f"Table not found: {table_name(asked)}")
    return known
