"""What a request asks of tables and indexes, in units, as far as the request tells. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dynoresilience.model import Dimension, RefusedWrite

READS = frozenset({"GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"})
WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})

WRITE_BYTES, READ_BYTES = 1024, 4096
"""What one unit writes or reads in a second."""
WIRE = 0.75
"""About the part of a request or answer that DynamoDB counts: names and values, without types."""

_TABLE = re.compile(rb'"TableName": ?"([^"]+)"')
_FIRST_OF_BATCH = re.compile(rb'"RequestItems": ?\{"([^"]+)"')
_INDEX = re.compile(rb'"IndexName": ?"([^"]+)"')
_CONSISTENT = re.compile(rb'"ConsistentRead": ?true')


@dataclass(frozen=True, slots=True)
class Work:
    """What a request takes of one table or index, about. ``units`` 0: of a read, not known yet."""

    table: str
    index: str | None
    dimension: Dimension
    units: float


def dimension_of(operation: str) -> Dimension | None:
    """What a request takes; None: of PartiQL, where only the statement tells."""
    if operation in WRITES:
        return Dimension.WRITE
    return Dimension.READ if operation in READS else None


def read_work(operation: str, head: bytes, size: int, answered: int | None) -> Work | None:
    """What a request takes, by the first bytes of its body; None: it does not tell its table.

    ``size``: bytes of the whole body; of a batch of writes, how many writes it holds. ``answered``:
    bytes of the answer, if there was one. Only the first table of several is told.
    """
    table = (_FIRST_OF_BATCH if operation.startswith("Batch") else _TABLE).search(head)
    if table is None:
        return None
    name, dimension = table[1].decode(errors="replace"), dimension_of(operation)
    if dimension is None:
        return None
    if dimension is Dimension.WRITE:
        return Work(name, None, dimension, _write_units(operation, head, size))
    index = _INDEX.search(head)
    found = None if index is None else index[1].decode(errors="replace")
    if answered is None:
        return Work(name, found, dimension, 0.0)
    units = float(max(1, -(-int(answered * WIRE) // READ_BYTES)))
    if operation.startswith("Transact"):
        units *= 2
    elif _CONSISTENT.search(head) is None:
        units /= 2
    return Work(name, found, dimension, units)


def _write_units(operation: str, head: bytes, size: int) -> float:
    if operation == "BatchWriteItem":
        return float(max(1, size))
    if operation == "TransactWriteItems":
        return 2.0 * max(1, len(_TABLE.findall(head)))
    if operation == "PutItem":
        return float(max(1, -(-int(size * WIRE) // WRITE_BYTES)))
    return 1.0


def attributes_of(operation: str, body: bytes) -> frozenset[str] | None:
    """The names of the attributes of the item that is put; None: it is no put, or not known."""
    if operation != "PutItem":
        return None
    try:
        return frozenset(json.loads(body)["Item"])
    except (KeyError, TypeError, ValueError):
        return None


def written(operation: str, request: Mapping[str, Any]) -> RefusedWrite | None:
    """The single write that a request makes, so far as it is known which indexes it touches."""
    if operation != "PutItem":
        return None
    item = request.get("Item")
    return None if not isinstance(item, Mapping) else refused_put(item)


def refused_put(item: Mapping[str, Any]) -> RefusedWrite:
    """A put of an item, given as it is on the wire."""
    return RefusedWrite(frozenset(item), max(1, -(-item_size(item) // WRITE_BYTES)))


def item_size(value: Any) -> int:
    """About the bytes that DynamoDB counts for an item: names and values, without their types."""
    if isinstance(value, Mapping):
        return sum(len(name) + item_size(held) for name, held in value.items())
    if isinstance(value, list):
        return sum(map(item_size, value))
    return len(value) if isinstance(value, str) else 1
