"""Which partition key a request was about, and how to speak of it without telling it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

PartitionKey = dict[str, Any]
"""Attribute values by name, in DynamoDB's types."""

_EQUALS = re.compile(r"([#\w.-]+)\s*=\s*(:\w+)")


def partition_key(request: Mapping[str, Any], table: str, names: Sequence[str]) -> PartitionKey:
    """The partition key that all of a request is about; empty if it is not just one, or not told.

    Args:
        request: the parameters of the call.
        table: as the request names it; only what is about this table counts.
        names: the attributes that make up the partition key of the table or index.
    """
    found = [
        {name: values[name] for name in names} if values.keys() >= set(names) else {}
        for values in _values(request, table)
    ]
    return found[0] if found and all(key == found[0] for key in found) else {}


def _values(request: Mapping[str, Any], table: str) -> Iterator[Mapping[str, Any]]:
    """For each item that the request is about, the attributes that are told of it."""
    items = request.get("RequestItems") or {}
    if isinstance(items.get(table), list):  # of BatchWriteItem
        for write in items[table]:
            yield from map(_item, write.values())
    elif items:
        yield from (items.get(table) or {}).get("Keys") or ()
    elif "TransactItems" in request:
        actions = [action for each in request["TransactItems"] for action in each.values()]
        yield from (_item(action) for action in actions if action.get("TableName") == table)
    else:
        yield _item(request) or _condition(request)


def _item(request: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = request.get("Key") or request.get("Item") or {}
    return found


def _condition(query: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a Query says that attributes are equal to."""
    aliases = query.get("ExpressionAttributeNames") or {}
    values = query.get("ExpressionAttributeValues") or {}
    expression = str(query.get("KeyConditionExpression") or "")
    equal = {
        aliases.get(name, name): values.get(value) for name, value in _EQUALS.findall(expression)
    }
    for name, condition in (query.get("KeyConditions") or {}).items():
        if condition.get("ComparisonOperator") == "EQ":
            equal[name] = (condition.get("AttributeValueList") or [None])[0]
    return equal


def fingerprint(key: PartitionKey, table: str, salt: bytes) -> str:
    """16 hexadecimal digits: the same for the same key, and no way back without the salt."""
    text = json.dumps([table, key], sort_keys=True)
    return blake2b(text.encode(), key=salt, digest_size=8).hexdigest()
