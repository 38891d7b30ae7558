"""What one page of a Query or Scan went over, and what that costs.

The sizes of all items that were looked at are added up before they are rounded to 4 KB. What a
filter or a projection keeps out of the answer is paid for all the same.
"""

from __future__ import annotations

import re
from typing import Any

from dynoresilience.testing.capacity.sizes import Item, item_size, read_units
from dynoresilience.testing.capacity.table_schema import IndexSchema, TableSchema
from dynoresilience.testing.replies import Body, Reply
from dynoresilience.testing.service.gate import Gate

UNSEEN_ITEM = 400
"""Bytes that an item is taken to have if it was read but can't be looked at."""

_HIDING = ("ProjectionExpression", "AttributesToGet", "FilterExpression", "ScanFilter")
_HIDING_QUERY = ("QueryFilter", "ConditionalOperator")
_TOKEN = re.compile(r"[#:]\w+")


def partition_asked(body: Body, schema: TableSchema, index_name: str | None) -> Item | None:
    """The partition key that a Query names; None if it can't be told, and for a Scan."""
    index = schema.index(index_name)
    names = schema.partition if index is None else index.partition
    expression = body.get("KeyConditionExpression") or ""
    aliases = body.get("ExpressionAttributeNames") or {}
    values = body.get("ExpressionAttributeValues") or {}
    found: dict[str, Any] = {}
    for left, right in re.findall(r"([#\w.-]+)\s*=\s*(:\w+)", expression):
        found[aliases.get(left, left)] = values.get(right)
    for name, condition in (body.get("KeyConditions") or {}).items():
        if condition.get("ComparisonOperator") == "EQ":
            found[name] = condition["AttributeValueList"][0]
    return {name: found[name] for name in names} if found.keys() >= set(names) else None


def units(
    operation: str, body: Body, reply: Reply, schema: TableSchema, gate: Gate, consistent: bool
) -> float:
    """Read units of the page that ``reply`` answers with."""
    items = _looked_at(operation, body, reply, gate)
    scanned = int(reply.body.get("ScannedCount", len(items)))
    index = schema.index(body.get("IndexName"))
    held = items if index is None else [index.entry(item) or item for item in items]
    size = sum(item_size(item) for item in held) + UNSEEN_ITEM * max(scanned - len(items), 0)
    total = read_units(size, consistent=consistent)
    if index is not None and _fetches(body, index):
        total += sum(read_units(item_size(item), consistent=consistent) for item in items)
    return total


def _looked_at(operation: str, body: Body, reply: Reply, gate: Gate) -> list[Item]:
    """All items of the page as they are stored; those of the answer if the backend won't tell."""
    items: list[Item] = reply.body.get("Items") or []
    hiding = [name for name in (*_HIDING, *_HIDING_QUERY) if name in body]
    if not hiding and body.get("Select") != "COUNT":
        return items
    again = gate.backend(operation, _without(body, {*hiding, "Select", "ReturnConsumedCapacity"}))
    return again.body.get("Items") or [] if again.ok else items


def _without(body: Body, members: set[str]) -> Body:
    """A request without some members, and without the names and values that only they used."""
    left = {name: value for name, value in body.items() if name not in members}
    used = set(_TOKEN.findall(left.get("KeyConditionExpression") or ""))
    for name in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
        kept = {token: value for token, value in (left.pop(name, None) or {}).items()}
        kept = {token: value for token, value in kept.items() if token in used}
        if kept:
            left[name] = kept
    return left


def _fetches(body: Body, index: IndexSchema) -> bool:
    """Whether each item is fetched from the table, as a local index does for what it lacks."""
    if not index.local or index.carries is None:
        return False
    if body.get("Select") in ("ALL_ATTRIBUTES", "COUNT"):
        return bool(body["Select"] == "ALL_ATTRIBUTES")
    aliases = body.get("ExpressionAttributeNames") or {}
    asked = re.split(r"[\s,]+", (body.get("ProjectionExpression") or "").strip())
    names = {aliases.get(path, path) for path in (re.split(r"[.\[]", each)[0] for each in asked)}
    names.update(body.get("AttributesToGet") or ())
    return not names - {""} <= index.carries
