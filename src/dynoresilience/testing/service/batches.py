"""Which batches may be worked on in part."""

from __future__ import annotations

from collections.abc import Callable

from dynoresilience.testing.capacity.partition_key import PartitionKey, partition_key
from dynoresilience.testing.capacity.table_schema import TableSchema
from dynoresilience.testing.replies import Body

_MOST = {"BatchWriteItem": 25, "BatchGetItem": 100}
"""Items of a request (API reference)."""


def is_divisible(operation: str, body: Body, schema: Callable[[str], TableSchema | None]) -> bool:
    """Whether a batch may be split into what is worked on and what is not.

    One that DynamoDB refuses as a whole has to reach the backend whole: with too many items, with
    the same one twice, with none of a table or a table that is not there, or malformed.
    """
    try:
        tables = {table: _keys(request) for table, request in body["RequestItems"].items()}
        seen: set[tuple[str, PartitionKey | None]] = set()
        for table, keys in tables.items():
            found = schema(table)
            if found is None or not keys:
                return False
            seen.update((found.name, partition_key(found.keys, key)) for key in keys)
    except (AttributeError, KeyError, TypeError, ValueError):
        return False
    count = sum(map(len, tables.values()))
    return count == len(seen) <= _MOST[operation] and all(key is not None for _, key in seen)


def _keys(request: list[Body] | Body) -> list[Body]:
    """The keys of a table's items, of a write maybe with more than the key."""
    if not isinstance(request, list):
        return list(request["Keys"])
    actions = [next(iter(each.values())) for each in request if len(each) == 1]
    if len(actions) < len(request):
        raise ValueError("one action for each item")
    return [action.get("Item") or action["Key"] for action in actions]
