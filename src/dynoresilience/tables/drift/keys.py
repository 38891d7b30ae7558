"""What makes it this table: keys, their types, billing mode."""

from __future__ import annotations

from collections.abc import Iterator

from dynoresilience.tables.drift.place import RECREATE, TABLE
from dynoresilience.tables.report import Difference, Severity
from dynoresilience.tables.seen.found import FoundTable
from dynoresilience.tables.spec import TableSpec

_OF_INDEXES = "delete the indexes that it is a key of, and create them again"


def keys(spec: TableSpec, found: FoundTable) -> Iterator[Difference]:
    """A type is compared where both sides know one: else a key differs, or a whole index."""
    for name, declared, seen in (
        ("hash_key", spec.hash_key, found.hash_key),
        ("range_key", spec.range_key, found.range_key),
    ):
        there = ", ".join(seen) or None
        if declared != there:
            yield TABLE.drift(name, declared, there, RECREATE, Severity.ERROR)
    own = (spec.hash_key, spec.range_key, *_local_keys(spec))
    for name in sorted(spec.attributes.keys() & found.attributes.keys()):
        declared, there = spec.attributes[name], found.attributes[name]
        if declared != there:
            remedy = RECREATE if name in own else _OF_INDEXES
            yield TABLE.drift("attributes", declared, there, remedy, Severity.ERROR, name)
    if spec.billing_mode != found.billing_mode:
        yield TABLE.drift("billing_mode", spec.billing_mode, found.billing_mode)


def _local_keys(spec: TableSpec) -> tuple[str, ...]:
    return tuple(index.range_key for index in spec.local_secondary_indexes)
