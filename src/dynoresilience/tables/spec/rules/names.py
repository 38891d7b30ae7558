"""Names of tables, indexes and attributes.

Source: Supported data types and naming rules, Amazon DynamoDB Developer Guide; the bytes of names
of attributes in keys and projections, as DynamoDB Local counts them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dynoresilience.tables.spec.expected import EXPECTED
from dynoresilience.tables.spec.faults import UNREAD, Fault
from dynoresilience.tables.spec.walk import indexes, key_attributes, several

if TYPE_CHECKING:
    from dynoresilience.tables.spec import TableSpec

LONGEST_ATTRIBUTE = 255
"""Bytes in UTF-8."""

_NAME = re.compile(r"[a-zA-Z0-9_.-]{3,255}")


def table_name(spec: TableSpec) -> Iterator[Fault]:
    """Of 3 to 255 plain characters."""
    yield from _name("name", spec.name)


def names_of_indexes(spec: TableSpec) -> Iterator[Fault]:
    """The same for each index."""
    for path, index in indexes(spec):
        yield from _name(f"{path}.name", index.name)


def names_of_attributes(spec: TableSpec) -> Iterator[Fault]:
    """Of 1 to 255 bytes, where a table, an index or time to live names an attribute."""
    named = key_attributes(spec)
    for path, index in indexes(spec):
        named += [
            (f"{path}.non_key_attributes", each) for each in several(index.non_key_attributes)
        ]
    if isinstance(spec.time_to_live, str):
        named.append(("time_to_live", spec.time_to_live))
    for path, name in named:
        if not 1 <= len(name.encode()) <= LONGEST_ATTRIBUTE:
            yield Fault(path, name, f"such a name has 1 to {LONGEST_ATTRIBUTE} bytes (UTF-8)")


def _name(path: str, name: str) -> Iterator[Fault]:
    if name is not UNREAD and not _NAME.fullmatch(name):
        yield Fault(path, name, f"give {EXPECTED['name']}")
