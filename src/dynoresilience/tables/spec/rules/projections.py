"""What indexes carry besides keys.

A key attribute may be among them, AWS takes it.

Source: Projection, Amazon DynamoDB API Reference, and its model in botocore.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dynoresilience.tables.spec.faults import NOT_GIVEN, Fault
from dynoresilience.tables.spec.walk import indexes, several

if TYPE_CHECKING:
    from dynoresilience.tables.spec import GlobalIndex, LocalIndex, TableSpec

MOST_OF_AN_INDEX, MOST_OF_A_TABLE = 20, 100


def only_include_lists_attributes(spec: TableSpec) -> Iterator[Fault]:
    """INCLUDE needs them, the other types allow none."""
    for path, index in _projections(spec):
        if index.projection_type == "INCLUDE" and index.non_key_attributes == ():
            remedy = "projection_type 'INCLUDE' needs them; list some, or make it 'KEYS_ONLY'"
            yield Fault(path, NOT_GIVEN, remedy)
        elif index.projection_type in ("ALL", "KEYS_ONLY") and several(index.non_key_attributes):
            remedy = (
                f"projection_type {index.projection_type!r} takes none; "
                "leave them out, or make it 'INCLUDE'"
            )
            yield Fault(path, index.non_key_attributes, remedy)


def projected_attributes(spec: TableSpec) -> Iterator[Fault]:
    """Of an index: each once, and 20 at most."""
    for path, index in _projections(spec):
        names = several(index.non_key_attributes)
        for name in dict.fromkeys(
            name for place, name in enumerate(names) if name in names[:place]
        ):
            yield Fault(path, name, "is listed twice; once is enough")
        if len(names) > MOST_OF_AN_INDEX:
            remedy = f"is more than the {MOST_OF_AN_INDEX} that an index can list; there is 'ALL'"
            yield Fault(path, len(names), remedy)


def projected_in_all(spec: TableSpec) -> Iterator[Fault]:
    """Of all indexes: 100; what two of them list counts twice."""
    listed = [several(index.non_key_attributes) for _, index in indexes(spec)]
    total = sum(map(len, listed))
    if total > MOST_OF_A_TABLE:
        remedy = (
            f"is how many the indexes list in all, and they can list {MOST_OF_A_TABLE}; "
            "make one of them 'ALL' or 'KEYS_ONLY'"
        )
        yield Fault("non_key_attributes", total, remedy)


def _projections(spec: TableSpec) -> list[tuple[str, GlobalIndex | LocalIndex]]:
    return [(f"{path}.non_key_attributes", index) for path, index in indexes(spec)]
