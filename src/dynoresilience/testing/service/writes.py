"""What writes cost, and what of them is let through.

Known before the backend works: the stored item, and for everything but an update the new one. An
update is let in on the least that it may cost, and settled with what it left behind.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass
from typing import Any

from dynoresilience.testing.capacity.meters import Charges, add, times
from dynoresilience.testing.capacity.sizes import Item, item_size, write_units
from dynoresilience.testing.capacity.table_schema import TableSchema
from dynoresilience.testing.replies import Body, Reply
from dynoresilience.testing.service.gate import Gate, throttled
from dynoresilience.testing.service.throttles import Throttled

_NAME = re.compile(r"[#\w-]+")
_ASSIGNED = re.compile(
    r"(?:\bSET|,)\s*([#\w-]+)\s*=\s*(:\w+)\s*(?=,|$|\bREMOVE\b|\bADD\b|\bDELETE\b)", re.IGNORECASE
)
"""Where an update sets a whole attribute to a value that is in the request."""
_KINDS = {"PutItem": "Put", "UpdateItem": "Update", "DeleteItem": "Delete"}


@dataclass(frozen=True, slots=True)
class Write:
    """One write of one item: what it takes at the gate, and what is needed to settle it."""

    schema: TableSchema
    kind: str
    key: Item
    old: Item | None
    reserved: Charges

    def spent(self, gate: Gate) -> Charges:
        """What the write cost, once it is done."""
        if self.kind != "Update":
            return self.reserved
        new = gate.stored(self.schema, self.key)
        return self.schema.write_charges(self.key, self.old, new)

    def failed(self) -> Charges:
        """What a write whose condition failed costs: the table had to look at the stored item."""
        return {self.schema.write_spot(self.key): float(write_units(item_size(self.old)))}


def write_one(operation: str, body: Body, gate: Gate) -> Reply:
    """PutItem, UpdateItem or DeleteItem.

    Raises:
        Throttled: the table or an index is short; nothing was written.
    """
    schema = gate.schema(body.get("TableName", ""))
    if schema is not None:
        spot = schema.write_spot(body.get("Item" if operation == "PutItem" else "Key"))
        gate.expect({spot: 1.0}, schema)  # spares the backend in a storm
    write = _plan(_KINDS[operation], body, gate)
    if write is None:
        return gate.backend(operation, body)
    gate.require(write.reserved, write.schema)
    reply = gate.backend(operation, body)
    if reply.ok:
        gate.settle(write.reserved, write.spent(gate))
    else:
        failed = reply.code == "ConditionalCheckFailedException"
        gate.settle(write.reserved, write.failed() if failed else {})
    return reply


def write_batch(operation: str, body: Body, gate: Gate) -> Reply:
    """BatchWriteItem: what is not let in comes back as unprocessed.

    Raises:
        Throttled: not one item was let in.
    """
    admitted: dict[str, list[Body]] = {}
    left: dict[str, list[Body]] = {}
    taken: list[Charges] = []
    refusal: Throttled | None = None
    for table, requests in body.get("RequestItems", {}).items():
        for request in requests:
            write = _plan_batched(table, request, gate)
            short = None if write is None else gate.admit(write.reserved)
            if write is not None and short is not None:
                refusal = refusal or throttled(short, write.schema)
                left.setdefault(table, []).append(request)
            else:
                admitted.setdefault(table, []).append(request)
                taken.append({} if write is None else write.reserved)
    if refusal is not None and not admitted:
        raise refusal
    reply = gate.backend(operation, {**body, "RequestItems": admitted})
    if not reply.ok:
        gate.settle(add(*taken), {})
        return reply
    return reply if not left else Reply.of(_with_unprocessed(reply.body, left))


def write_transaction(operation: str, body: Body, gate: Gate) -> Reply:
    """TransactWriteItems: everything or nothing, at twice the price.

    Raises:
        Refused: TransactionCanceledException, at least one item was short.
    """
    writes: list[Write | None] = []
    for action in body.get("TransactItems", ()):
        kind, request = next(iter(action.items()), ("", {}))
        writes.append(_plan(kind, request, gate))
    taken = gate.admit_together(
        [{} if write is None else times(2, write.reserved) for write in writes],
        [None if write is None else write.schema for write in writes],
    )
    reply = gate.backend(operation, body)
    if reply.ok:
        spent = [times(2, write.spent(gate)) for write in writes if write is not None]
        gate.settle(taken, add(*spent))
    elif reply.code != "TransactionCanceledException":
        gate.settle(taken, {})
    return reply


def _plan(kind: str, request: Body, gate: Gate) -> Write | None:
    """None if the backend will refuse the request anyway: no such table, no complete key."""
    schema = gate.schema(request.get("TableName", ""))
    item = request.get("Item" if kind == "Put" else "Key", {})
    key = None if schema is None else schema.key_of(item)
    if schema is None or key is None:
        return None
    old = gate.stored(schema, key)
    reserved: Charges
    if kind == "ConditionCheck":
        reserved = {schema.write_spot(key): float(write_units(item_size(old)))}
    elif kind == "Update":
        new = {**(old or {}), **key, **_assigned(request)}
        reserved = schema.update_charges(key, old, new, _touched(request))
    else:
        reserved = schema.write_charges(key, old, item if kind == "Put" else None)
    return Write(schema, kind, key, old, reserved)


def _plan_batched(table: str, request: Body, gate: Gate) -> Write | None:
    if "PutRequest" in request:
        return _plan("Put", {"TableName": table, **request["PutRequest"]}, gate)
    return _plan("Delete", {"TableName": table, **request.get("DeleteRequest", {})}, gate)


def _touched(request: Body) -> Set[str]:
    """Attributes that an update names, and so may change."""
    names = request.get("ExpressionAttributeNames") or {}
    words = _NAME.findall(request.get("UpdateExpression") or "")
    return {names.get(word, word) for word in words} | set(request.get("AttributeUpdates") or ())


def _assigned(request: Body) -> dict[str, Any]:
    """Attributes whose new value is plain from the request."""
    names = request.get("ExpressionAttributeNames") or {}
    values = request.get("ExpressionAttributeValues") or {}
    found = {
        names.get(name, name): values[value]
        for name, value in _ASSIGNED.findall(request.get("UpdateExpression") or "")
        if value in values
    }
    for name, change in (request.get("AttributeUpdates") or {}).items():
        if change.get("Action", "PUT") == "PUT" and "Value" in change:
            found[name] = change["Value"]
    return found


def _with_unprocessed(body: Body, left: dict[str, list[Body]]) -> Body:
    found: dict[str, list[Body]] = body.get("UnprocessedItems") or {}
    tables = {table: [*found.get(table, ()), *left.get(table, ())] for table in {**found, **left}}
    return {**body, "UnprocessedItems": tables}
