"""UpdateTimeToLive and DescribeTimeToLive."""

from __future__ import annotations

from dynoresilience.testing.control.time_to_live import TimeToLive
from dynoresilience.testing.replies import Body, Refused, Reply
from dynoresilience.testing.service.known_table import KnownTable
from dynoresilience.testing.service.tables import Request, Tables, no_such_table, table_name


def update_time_to_live(tables: Tables, request: Request) -> Reply:
    """UpdateTimeToLive: once an hour for each table, in force after a while.

    Raises:
        Refused: it would change nothing, or comes too soon.
    """
    body, backend, at = request
    known = tables.find(body.get("TableName") or "", backend, at)
    specification = body.get("TimeToLiveSpecification") or {}
    if known is None:
        return _refused(backend("UpdateTimeToLive", body), body)
    if not {"Enabled", "AttributeName"} <= specification.keys():
        return backend("UpdateTimeToLive", body)
    known.life.check_exists(at)
    ttl = _of(known, request)
    if specification["AttributeName"]:
        ttl.check(specification, at, tables.settings.ttl_pause_seconds)
    if known.recovery is not None:
        known.recovery.check_time_to_live(known.name, at, tables.settings.recovery_seconds)
    tables.check_change(at)
    reply = backend("UpdateTimeToLive", body)
    if reply.ok:
        ttl.change(specification, at, tables.settings.ttl_seconds)
    return reply


def describe_time_to_live(tables: Tables, request: Request) -> Reply:
    """DescribeTimeToLive.

    Raises:
        Refused: the table is coming or going.
    """
    body, backend, at = request
    known = tables.get(body.get("TableName") or "")
    status = "ACTIVE" if known is None else known.life.status(at)
    if status in ("CREATING", "DELETING"):
        message = (
            f"Cannot describe time to live while table is in {status} state: "
            f"Current table state is {status}"
        )
        raise Refused("ValidationException", message)
    reply = backend("DescribeTimeToLive", body)
    if not reply.ok:
        return _refused(reply, body)
    if known is None or known.ttl is None:
        return reply
    return Reply.of({"TimeToLiveDescription": known.ttl.describe(at)})


def _refused(reply: Reply, body: Body) -> Reply:
    """The reply in DynamoDB's words, where moto has a code of its own for a missing table."""
    if reply.code == "ResourceNotFound":
        name = table_name(body["TableName"])
        return Refused("ResourceNotFoundException", no_such_table(name)).reply()
    return reply


def _of(known: KnownTable, request: Request) -> TimeToLive:
    """The setting of a table, learned from the backend if it is asked for the first time."""
    if known.ttl is None:
        found = request.backend("DescribeTimeToLive", {"TableName": known.name})
        description = found.body.get("TimeToLiveDescription") or {}
        is_on = str(description.get("TimeToLiveStatus")).startswith("ENABL")
        known.ttl = TimeToLive(description.get("AttributeName"), is_on)
    return known.ttl
