"""How many indexes a table has, and that each has a name of its own.

Source: Quotas, Amazon DynamoDB Developer Guide; CreateTable, Amazon DynamoDB API Reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dynoresilience.tables.spec.faults import UNREAD, Fault
from dynoresilience.tables.spec.walk import indexes

if TYPE_CHECKING:
    from dynoresilience.tables.spec import TableSpec

MOST_GLOBAL, MOST_LOCAL = 20, 5


def no_more_indexes_than(spec: TableSpec) -> Iterator[Fault]:
    """20 global and 5 local ones."""
    for field, most in (
        ("global_secondary_indexes", MOST_GLOBAL),
        ("local_secondary_indexes", MOST_LOCAL),
    ):
        count = len(getattr(spec, field))
        if count > most:
            yield Fault(field, count, f"is more than the {most} that a table can have")


def unique_index_names(spec: TableSpec) -> Iterator[Fault]:
    """Global and local ones share their names; upper and lower case differ."""
    seen: set[str] = set()
    for path, index in indexes(spec):
        if index.name is UNREAD:
            continue
        if index.name in seen:
            remedy = "another index of the table, global or local, has this name; give another"
            yield Fault(f"{path}.name", index.name, remedy)
        seen.add(index.name)
