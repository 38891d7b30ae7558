"""CreateTable and DeleteTable: the backend does it at once, the states take their time."""

from __future__ import annotations

from dynoresilience.model import Units
from dynoresilience.testing.control.attributes import types_of
from dynoresilience.testing.control.descriptions import lay_over
from dynoresilience.testing.control.encryption import check_specification
from dynoresilience.testing.control.lifecycle import Lifecycle, in_use
from dynoresilience.testing.control.on_demand_maximum import (
    check_mode,
    check_quota,
    wanted_maximum,
)
from dynoresilience.testing.control.streams import check_new_stream
from dynoresilience.testing.control.table_class import STANDARD, check_class
from dynoresilience.testing.control.throughput import check_create, wanted_by_create
from dynoresilience.testing.control.warm_throughput import wanted_warm
from dynoresilience.testing.replies import Refused, Reply
from dynoresilience.testing.service.describe import described, overlay
from dynoresilience.testing.service.encryption import key_of
from dynoresilience.testing.service.laid_over import for_backend
from dynoresilience.testing.service.tables import Request, Tables
from dynoresilience.testing.service.tags import check_tags_settled
from dynoresilience.testing.service.warm import check_new_warm, is_warming, take_new_warm

_PROTECTED = (
    "Resource cannot be deleted as it is currently protected against deletion. Disable deletion "
    "protection first."
)


def create_table(tables: Tables, request: Request) -> Reply:
    """CreateTable.

    Raises:
        Refused: its capacity is not allowed, or a table of that name is still being deleted.
    """
    body, backend, at = request
    known = tables.get(body.get("TableName") or "")
    if known is not None and known.life.gone_from is not None:
        known.life.check_exists(at)
    check_create(body, tables.region, tables.settings.table_max_units)
    check_new_stream(body.get("StreamSpecification") or {})
    check_specification(body.get("SSESpecification") or {})
    check_class(body.get("TableClass") or STANDARD)
    indexes = body.get("GlobalSecondaryIndexes") or ()
    warm = check_new_warm(tables, wanted_warm(body, indexes), wanted_by_create(body))
    maximum = wanted_maximum(body, "GlobalSecondaryIndexes")
    check_mode(maximum, body.get("BillingMode") == "PAY_PER_REQUEST")
    check_quota(maximum, tables.region, tables.settings.table_max_units)
    tables.check_change(at)
    wanted = wanted_by_create(body).values()
    tables.check_account(Units(sum(u.read for u in wanted), sum(u.write for u in wanted)))
    reply = backend("CreateTable", for_backend(body))
    if not reply.ok:
        return reply
    table, settings = reply.body["TableDescription"], tables.settings
    name = table["TableName"]
    tables.forget(name)
    life = Lifecycle(name, at + settings.create_seconds, at + settings.describe_lag_seconds)
    known = tables.learn(table, at, life)
    known.created = tables.utc(at)
    known.types.update(types_of(body))
    if body.get("TableClass") not in (None, STANDARD):
        known.table_class.now = body["TableClass"]
    known.encryption.key = key_of(tables, known, body.get("SSESpecification") or {})
    take_new_warm(tables, known, warm)
    tables.set_maximum(known, maximum, at)
    return Reply.of({"TableDescription": lay_over(table, overlay(tables, known, at))})


def delete_table(tables: Tables, request: Request) -> Reply:
    """DeleteTable. One that is being deleted may be deleted again.

    Raises:
        Refused: the table or an index is in the middle of something.
    """
    body, backend, at = request
    known = tables.find(body.get("TableName") or "", backend, at)
    if known is None:
        return backend("DeleteTable", body)
    if known.life.gone_from is not None:
        return Reply.of({"TableDescription": known.life.last_seen})
    before = described(tables, request)
    if before.ok and before.body["Table"]["DeletionProtectionEnabled"]:
        raise Refused("ValidationException", _PROTECTED)
    known.life.check_deletable(at)
    check_tags_settled(known, at)
    tables.control.check_idle(known.name)
    if known.encryption.is_changing(at) or is_warming(tables, known, at):
        raise in_use(f"Table: {known.name} is in the process of being updated.")
    tables.check_change(at)
    reply = backend("DeleteTable", body)
    if not reply.ok:
        return reply
    kept = ("TableName", "TableArn", "TableId", "ProvisionedThroughput", "BillingModeSummary")
    table = {name: value for name, value in before.body["Table"].items() if name in kept}
    known.life.last_seen = {**table, "TableStatus": "DELETING", "ItemCount": 0, "TableSizeBytes": 0}
    known.life.gone_from = at + tables.settings.delete_seconds
    tables.catch_up(at)
    return Reply.of({"TableDescription": known.life.last_seen})
