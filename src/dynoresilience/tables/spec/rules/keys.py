"""The attributes of keys, and their types.

Source: CreateTable, Amazon DynamoDB API Reference; the refusals of DynamoDB Local.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dynoresilience.tables.spec.expected import EXPECTED
from dynoresilience.tables.spec.faults import NOT_GIVEN, UNREAD, Fault, shown
from dynoresilience.tables.spec.walk import (
    global_indexes,
    indexes,
    key_attributes,
    local_indexes,
    several,
)

if TYPE_CHECKING:
    from dynoresilience.tables.spec import TableSpec

MOST_OF_EACH = 4
"""Attributes in either part of a global index's key. Source: the same."""


def keys_of_the_table(spec: TableSpec) -> Iterator[Fault]:
    """Two different attributes, if there are two; local indexes need the second."""
    if spec.range_key is None and spec.local_secondary_indexes:
        remedy = "local indexes need a table with one; give it, or make them global"
        yield Fault("range_key", NOT_GIVEN, remedy)
    if spec.range_key is not UNREAD and spec.range_key == spec.hash_key:
        yield Fault("range_key", spec.range_key, "is the hash_key already; give another, or none")


def keys_of_global_indexes(spec: TableSpec) -> Iterator[Fault]:
    """One to four attributes and up to four more, each of them once."""
    for path, index in global_indexes(spec):
        for part in ("hash_key", "range_key"):
            names = several(getattr(index, part))
            if len(names) > MOST_OF_EACH:
                remedy = f"has {len(names)} attributes, and can have {MOST_OF_EACH}"
                yield Fault(f"{path}.{part}", names, remedy)
        if index.hash_key == ():
            yield Fault(f"{path}.hash_key", (), "give at least one attribute")
        seen: set[str] = set()
        for part in ("hash_key", "range_key"):
            for name in several(getattr(index, part)):
                if name in seen:
                    remedy = "is in this key already; take it out, or give another"
                    yield Fault(f"{path}.{part}", name, remedy)
                seen.add(name)


def keys_of_local_indexes(spec: TableSpec) -> Iterator[Fault]:
    """The table's hash_key, and another attribute; it may be the table's range_key."""
    for path, index in local_indexes(spec):
        if index.range_key is not UNREAD and index.range_key == spec.hash_key:
            remedy = "is the table's hash_key, which leads the index already; give another"
            yield Fault(f"{path}.range_key", index.range_key, remedy)


def key_attributes_have_types(spec: TableSpec) -> Iterator[Fault]:
    """Every attribute of a key has one."""
    if spec.attributes is UNREAD:
        return
    told: set[str] = set()
    for path, name in key_attributes(spec):
        if name not in spec.attributes and name not in told:
            told.add(name)
            remedy = f"{path} names it; give {EXPECTED['attributes[]']}"
            yield Fault(f"attributes[{shown(name)}]", NOT_GIVEN, remedy)


def typed_attributes_are_keys(spec: TableSpec) -> Iterator[Fault]:
    """And nothing else has one; unless a key that can't be read may be it."""
    parts = [spec.hash_key, spec.range_key, *(index.range_key for _, index in indexes(spec))]
    parts += [index.hash_key for _, index in global_indexes(spec)]
    if spec.attributes is UNREAD or any(part is UNREAD for part in parts):
        return
    used = {name for _, name in key_attributes(spec)}
    for name, kind in spec.attributes.items():
        if name not in used:
            remedy = "is in no key; take it out, only attributes of keys are declared"
            yield Fault(f"attributes[{shown(name)}]", kind, remedy)
