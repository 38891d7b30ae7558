"""What reads cost, and what of them is let through.

How much is read is known only afterwards. A read is let in on the least that it may cost, and what
came back is settled, into debt if need be: the next read waits until that is paid.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dynoresilience.testing.capacity.meters import Charges, Spot, add
from dynoresilience.testing.capacity.sizes import Item, item_size, read_units
from dynoresilience.testing.capacity.table_schema import TableSchema
from dynoresilience.testing.replies import Body, Reply
from dynoresilience.testing.service import pages
from dynoresilience.testing.service.gate import Gate, throttled
from dynoresilience.testing.service.throttles import Throttled


def read_one(operation: str, body: Body, gate: Gate) -> Reply:
    """GetItem.

    Raises:
        Throttled: the table is short.
    """
    schema = gate.schema(body.get("TableName", ""))
    if schema is None:
        return gate.backend(operation, body)
    spot, consistent = schema.read_spot(body.get("Key")), bool(body.get("ConsistentRead"))
    reserved = {spot: read_units(0, consistent=consistent)}
    gate.require(reserved, schema)
    reply = gate.backend(operation, body)
    item = reply.body.get("Item")
    if item is not None and is_partial(body):
        item = gate.stored(schema, body["Key"])
    spent = {spot: read_units(item_size(item), consistent=consistent)} if reply.ok else {}
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
    index = body.get("IndexName")
    spot = schema.read_spot(pages.partition_asked(body, schema, index), index)
    consistent = bool(body.get("ConsistentRead"))
    reserved = {spot: read_units(0, consistent=consistent)}
    gate.require(reserved, schema)
    reply = gate.backend(operation, body)
    units = pages.units(operation, body, reply, schema, gate, consistent) if reply.ok else 0.0
    gate.settle(reserved, {spot: units})
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
        for key in request["Keys"]:
            charges = _least(schema, key, request)
            short = gate.admit(charges)
            if short is not None and schema is not None:
                refusal = refusal or throttled(short, schema)
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
    gets = [action.get("Get", {}) for action in body.get("TransactItems", ())]
    schemas = [gate.schema(get.get("TableName", "")) for get in gets]
    spots = [
        None if schema is None else schema.read_spot(get.get("Key"))
        for get, schema in zip(gets, schemas, strict=True)
    ]
    least = 2 * read_units(0, consistent=True)
    taken = gate.admit_together([{} if spot is None else {spot: least} for spot in spots], schemas)
    reply = gate.backend(operation, body)
    spent: list[Charges] = []
    for get, schema, spot, answer in zip(
        gets, schemas, spots, reply.body.get("Responses") or (), strict=False
    ):
        if schema is not None and spot is not None:
            item = answer.get("Item")
            whole = gate.stored(schema, get["Key"]) if item and is_partial(get) else item
            spent.append({spot: 2 * read_units(item_size(whole), consistent=True)})
    gate.settle(taken, add(*spent))
    return reply


def is_partial(request: Body) -> bool:
    """Whether the answer holds less of an item than was read."""
    return "ProjectionExpression" in request or "AttributesToGet" in request


def _least(schema: TableSchema | None, key: Item, request: Body) -> Charges:
    if schema is None:
        return {}
    consistent = bool(request.get("ConsistentRead"))
    return {schema.read_spot(key): read_units(0, consistent=consistent)}


def _spent_on_batch(
    reply: Reply, admitted: Mapping[str, Body], gate: Gate
) -> Iterable[Mapping[Spot, float]]:
    """What came back, item by item, and the least for each key that found nothing."""
    answers: Mapping[str, list[Item]] = reply.body.get("Responses") or {}
    for table, request in admitted.items():
        schema = gate.schema(table)
        if schema is None:
            continue
        consistent = bool(request.get("ConsistentRead"))
        items = answers.get(table, [])
        if is_partial(request):
            sizes = [(key, item_size(gate.stored(schema, key))) for key in request["Keys"]]
        else:
            sizes = [(item, item_size(item)) for item in items]
            there = [schema.key_of(item) for item in items]
            sizes += [(key, 0) for key in request["Keys"] if key not in there]
        for key, size in sizes:
            yield {schema.read_spot(key): read_units(size, consistent=consistent)}


def _merged(body: Body, left: Mapping[str, Body]) -> dict[str, Any]:
    found: Mapping[str, Body] = body.get("UnprocessedKeys") or {}
    merged: dict[str, Any] = {}
    for table in {**found, **left}:
        request = {**found.get(table, {}), **left.get(table, {})}
        keys = [*found.get(table, {}).get("Keys", ()), *left.get(table, {}).get("Keys", ())]
        merged[table] = {**request, "Keys": keys}
    return merged
