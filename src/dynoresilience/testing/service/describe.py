"""DescribeTable: the backend's answer with units, states and what else it forgot laid over."""

from __future__ import annotations

from dynoresilience.testing.control.descriptions import Overlay, lay_over
from dynoresilience.testing.replies import Refused, Reply
from dynoresilience.testing.service.known_table import KnownTable
from dynoresilience.testing.service.tables import Request, Tables, no_such_table


def describe_table(tables: Tables, request: Request) -> Reply:
    """DescribeTable; it may not find a table that was created just now.

    Raises:
        Refused: ResourceNotFoundException.
    """
    name = request.body.get("TableName")
    known = tables.get(name or "")
    if known is not None and known.life.gone_from is not None:
        return Reply.of({"Table": known.life.last_seen})
    if known is not None and not known.life.is_visible(request.at):
        raise Refused("ResourceNotFoundException", no_such_table(known.name))
    return described(tables, request)


def described(tables: Tables, request: Request, member: str = "Table") -> Reply:
    """The description as it stands, in this ``member`` of the answer."""
    reply = request.backend("DescribeTable", {"TableName": request.body.get("TableName")})
    if not reply.ok:
        return reply
    table = reply.body["Table"]
    known = tables.learn(table, request.at)
    return Reply.of({member: lay_over(table, overlay(tables, known, request.at))})


def overlay(tables: Tables, known: KnownTable, at: float) -> Overlay:
    """What is to be laid over a backend's description of this table."""
    return Overlay(
        states=tables.control.of_table(known.name),
        life=known.life,
        at=at,
        utc=tables.utc(at),
        last_on_demand=known.last_on_demand,
        table_id=known.table_id,
        created=known.created,
        table_class=known.table_class.describe(at),
        encryption=known.encryption.describe(at),
        types=known.types,
        maximum=known.maximum,
    )
