"""Throttles and partial batches that a test ordered, in the form that DynamoDB gives them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dynoresilience.model import Resource, ThrottleKind
from dynoresilience.testing.capacity.meters import Meter, Shortage
from dynoresilience.testing.capacity.table_schema import TableSchema
from dynoresilience.testing.replies import Body, Reply
from dynoresilience.testing.service.fault_kinds import Partial, Throttle
from dynoresilience.testing.service.throttles import Throttled, transaction_cancelled


def shortage(
    fault: Throttle,
    operation: str,
    body: Body,
    schema: Callable[[str], TableSchema | None],
    on_demand: Callable[[str], bool],
) -> tuple[Shortage, str] | None:
    """What the fault says is short, and its ARN; None if the request names no table that exists.

    A request to several tables is short of the first.
    """
    found = schema(_first_table(body))
    if found is None:
        return None
    meter = Meter(Resource(found.name, fault.index), fault.dimension_of(operation))
    without_units = fault.limit is ThrottleKind.ON_DEMAND_MAXIMUM or (
        fault.limit is not ThrottleKind.PROVISIONED and on_demand(found.name)
    )
    short = Shortage(meter, fault.limit, without_units)
    return short, found.arn_of(meter.resource)


def refuse(short: Shortage, arn: str, body: Body) -> None:
    """Raise the refusal of the whole request.

    Raises:
        Throttled: a request, or a batch of which nothing went through.
        Refused: TransactionCanceledException; the first item is the one that was short.
    """
    items = body.get("TransactItems")
    if items and short.kind is not ThrottleKind.ACCOUNT:
        raise transaction_cancelled([short, *[None for _ in items[1:]]])
    raise Throttled(short, arn)


def in_part(
    fault: Partial, operation: str, body: Body, carry_out: Callable[[Body], Reply]
) -> Reply:
    """BatchWriteItem or BatchGetItem of the first ``keep`` items; the others are unprocessed."""
    split = _split_writes if operation == "BatchWriteItem" else _split_reads
    kept, left = split(body.get("RequestItems") or {}, fault.keep)
    reply = carry_out({**body, "RequestItems": kept})
    if not reply.ok or not left:
        return reply
    name = "UnprocessedItems" if operation == "BatchWriteItem" else "UnprocessedKeys"
    return Reply.of({**reply.body, name: _merged(reply.body.get(name) or {}, left)})


def _first_table(body: Body) -> str:
    if body.get("TransactItems"):
        body = next(iter(body["TransactItems"][0].values()), {})
    return str(body.get("TableName") or next(iter(body.get("RequestItems") or {}), ""))


def _split_writes(tables: Body, keep: int) -> tuple[Body, Body]:
    kept: Body = {}
    left: Body = {}
    for table, requests in tables.items():
        _put(kept, table, requests[:keep])
        _put(left, table, requests[keep:])
        keep = max(0, keep - len(requests))
    return kept, left


def _split_reads(tables: Body, keep: int) -> tuple[Body, Body]:
    kept: Body = {}
    left: Body = {}
    for table, request in tables.items():
        keys = request["Keys"]
        for where, some in ((kept, keys[:keep]), (left, keys[keep:])):
            _put(where, table, some and {**request, "Keys": some})
        keep = max(0, keep - len(keys))
    return kept, left


def _put(where: Body, table: str, some: Any) -> None:
    if some:
        where[table] = some


def _merged(found: Body, left: Body) -> Body:
    """Leftovers of both: what was short of capacity, and what was never looked at."""
    both: Body = dict(found)
    for table, some in left.items():
        before = found.get(table)
        if before is None:
            both[table] = some
        elif isinstance(some, list):
            both[table] = [*before, *some]
        else:
            both[table] = {**some, "Keys": [*before["Keys"], *some["Keys"]]}
    return both
