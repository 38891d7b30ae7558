"""What reads cost, and what of them is let through.

How much is read is known only afterwards. A read is let in on the least that it may cost, and what
came back is settled, into debt if need be: the next read waits until that is paid.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dynoresilience.testing.capacity.buckets import Charges, Meter
from dynoresilience.testing.capacity.sizes import Item, item_size, read_units
from dynoresilience.testing.capacity.table_schema import TableSchema
from dynoresilience.testing.replies import Body, Reply
from dynoresilience.testing.service.gate import Gate, Throttled, add

UNSEEN_ITEM = 400
"""Bytes that an item is taken to have if it was read but is not in the answer."""


def read_one(operation: str, body: Body, gate: Gate) -> Reply:
    """GetItem.

    Raises:
        Throttled: the table is short.
    """
    schema = gate.schema(body.get("TableName", ""))
    if schema is None:
        return gate.backend(operation, body)
    meter, consistent = schema.read_meter(None), bool(body.get("ConsistentRead"))
    reserved = {meter: read_units(0, consistent=consistent)}
    gate.require(reserved, schema)
    reply = gate.backend(operation, body)
    item = reply.body.get("Item")
    if item is not None and _is_partial(body):
        item = gate.stored(schema, body["Key"])
    spent = {meter: read_units(item_size(item), consistent=consistent)} if reply.ok else {}
    gate.settle(reserved, spent)
    return reply


def read_many(operation: str, body: Body, gate: Gate) -> Reply:
    """Query or Scan, of a table or an index.

    Raises:
        Throttled: the table or index is short.
    """
    schema = gate.schema(body.get("TableName", ""))
    if schema is None:
        return gate.backend(operation, body)
    meter, consistent = schema.read_meter(body.get("IndexName")), bool(body.get("ConsistentRead"))
    reserved = {meter: read_units(0, consistent=consistent)}
    gate.require(reserved, schema)
    reply = gate.backend(operation, body)
    size = _scanned_size(reply.body)
    gate.settle(reserved, {meter: read_units(size, consistent=consistent)} if reply.ok else {})
    return reply


def read_batch(operation: str, body: Body, gate: Gate) -> Reply:
    """BatchGetItem: keys that are not let in come back as unprocessed.

    Raises:
        Throttled: not one key was let in.
    """
    admitted: dict[str, Body] = {}
    left: dict[str, Body] = {}
    taken: list[Charges] = []
    refusal: Throttled | None = None
    for table, request in body.get("RequestItems", {}).items():
        schema = gate.schema(table)
        charges = _least(schema, request)
        for key in request["Keys"]:
            short = gate.admit(charges)
            if short is not None and schema is not None:
                refusal = refusal or Throttled(short, schema.arn_of(short.resource))
            else:
                taken.append(charges)
            where = admitted if short is None else left
            where.setdefault(table, {**request, "Keys": []})["Keys"].append(key)
    if refusal is not None and not admitted:
        raise refusal
    reply = gate.backend(operation, {**body, "RequestItems": admitted})
    spent = list(_spent_on_batch(reply, admitted, gate)) if reply.ok else []
    gate.settle(add(*taken), add(*spent))
    if not reply.ok or not left:
        return reply
    return Reply.of({**reply.body, "UnprocessedKeys": _merged(reply.body, left)})


def read_transaction(operation: str, body: Body, gate: Gate) -> Reply:
    """TransactGetItems: everything or nothing, at twice the price of a consistent read.

    Raises:
        Refused: TransactionCanceledException, at least one item was short.
    """
    meters: list[Meter | None] = []
    for action in body.get("TransactItems", ()):
        schema = gate.schema(action.get("Get", {}).get("TableName", ""))
        meters.append(None if schema is None else schema.read_meter(None))
    least = 2 * read_units(0, consistent=True)
    taken = gate.admit_together([{} if meter is None else {meter: least} for meter in meters])
    reply = gate.backend(operation, body)
    spent: list[Charges] = [
        {meter: 2 * read_units(item_size(answer.get("Item")), consistent=True)}
        for meter, answer in zip(meters, reply.body.get("Responses") or (), strict=False)
        if meter is not None
    ]
    gate.settle(taken, add(*spent))
    return reply


def _least(schema: TableSchema | None, request: Body) -> Charges:
    if schema is None:
        return {}
    consistent = bool(request.get("ConsistentRead"))
    return {schema.read_meter(None): read_units(0, consistent=consistent)}


def _spent_on_batch(
    reply: Reply, admitted: Mapping[str, Body], gate: Gate
) -> Iterable[Mapping[Meter, float]]:
    """What came back, item by item, and the least for each key that found nothing."""
    answers: Mapping[str, list[Item]] = reply.body.get("Responses") or {}
    for table, request in admitted.items():
        schema, items = gate.schema(table), answers.get(table, [])
        if schema is None:
            continue
        meter, consistent = schema.read_meter(None), bool(request.get("ConsistentRead"))
        for item in items:
            whole = gate.stored(schema, item) if _is_partial(request) else item
            yield {meter: read_units(item_size(whole), consistent=consistent)}
        for _ in range(len(request["Keys"]) - len(items)):
            yield {meter: read_units(0, consistent=consistent)}


def _scanned_size(body: Body) -> int:
    """Bytes that a Query or Scan went over; what a filter dropped is as large as what it kept."""
    items: list[Item] = body.get("Items") or []
    seen = sum(item_size(item) for item in items)
    scanned = int(body.get("ScannedCount", len(items)))
    if not items:
        return scanned * UNSEEN_ITEM
    return round(seen * max(scanned, len(items)) / len(items))


def _is_partial(request: Body) -> bool:
    """Whether the answer holds less of an item than was read."""
    return "ProjectionExpression" in request or "AttributesToGet" in request


def _merged(body: Body, left: Mapping[str, Body]) -> dict[str, Any]:
    found: Mapping[str, Body] = body.get("UnprocessedKeys") or {}
    merged: dict[str, Any] = {}
    for table in {**found, **left}:
        request = {**found.get(table, {}), **left.get(table, {})}
        keys = [*found.get(table, {}).get("Keys", ()), *left.get(table, {}).get("Keys", ())]
        merged[table] = {**request, "Keys": keys}
    return merged
