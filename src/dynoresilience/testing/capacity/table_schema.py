"""What of a table's schema decides costs: its keys, and what its indexes hold. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from dynoresilience.model import Dimension, Resource
from dynoresilience.testing.capacity.buckets import Charges, Meter
from dynoresilience.testing.capacity.sizes import Item, item_size, write_units


@dataclass(frozen=True, slots=True)
class IndexSchema:
    """A secondary index. A local one has no capacity of its own: the table pays."""

    name: str
    keys: tuple[str, ...]
    carries: frozenset[str] | None
    local: bool

    def entry(self, item: Item | None) -> dict[str, Any] | None:
        """What the index holds of ``item``; None if it is not in the index."""
        if item is None or any(key not in item for key in self.keys):
            return None
        if self.carries is None:
            return dict(item)
        return {name: value for name, value in item.items() if name in self.carries}

    def write_units(self, old: Item | None, new: Item | None) -> int:
        """Units to bring the index from ``old`` to ``new``; 0 if it does not notice.

        An indexed key that changes costs two writes, one to remove and one to add. Writing an
        item that is there already costs one, as for the table.
        """
        before, after = self.entry(old), self.entry(new)
        if before is None or after is None:
            present = after if before is None else before
            return 0 if present is None else write_units(item_size(present))
        if any(before[key] != after[key] for key in self.keys):
            return write_units(item_size(before)) + write_units(item_size(after))
        if before == after and old != new:
            return 0
        return write_units(max(item_size(before), item_size(after)))


@dataclass(frozen=True, slots=True)
class TableSchema:
    """A table, as DescribeTable told it."""

    name: str
    arn: str
    keys: tuple[str, ...]
    indexes: tuple[IndexSchema, ...]

    @classmethod
    def from_description(cls, table: Mapping[str, Any]) -> TableSchema:
        """Read the ``Table`` of a DescribeTable answer."""
        keys = _attribute_names(table["KeySchema"])
        indexes = [
            _index(index, keys, local=local)
            for member, local in (
                ("GlobalSecondaryIndexes", False),
                ("LocalSecondaryIndexes", True),
            )
            for index in table.get(member) or ()
        ]
        return cls(table["TableName"], table["TableArn"], keys, tuple(indexes))

    def key_of(self, item: Item) -> dict[str, Any] | None:
        """The primary key of ``item``; None if it is not complete."""
        if any(key not in item for key in self.keys):
            return None
        return {key: item[key] for key in self.keys}

    def arn_of(self, resource: Resource) -> str:
        """The ARN of the table, or of one of its indexes."""
        return self.arn if resource.index is None else f"{self.arn}/index/{resource.index}"

    def write_meter(self, index: IndexSchema | None = None) -> Meter:
        """Where a write to the table, or to one of its indexes, is counted."""
        name = None if index is None or index.local else index.name
        return Meter(Resource(self.name, name), Dimension.WRITE)

    def read_meter(self, index_name: str | None) -> Meter:
        """Where a read of the table or index is counted."""
        own = any(index.name == index_name and not index.local for index in self.indexes)
        return Meter(Resource(self.name, index_name if own else None), Dimension.READ)

    def write_charges(self, old: Item | None, new: Item | None) -> dict[Meter, float]:
        """The cost of replacing ``old`` by ``new``, on the table first and on its indexes."""
        charges: dict[Meter, float] = {
            self.write_meter(): write_units(max(item_size(old), item_size(new)))
        }
        for index in self.indexes:
            units = index.write_units(old, new)
            if units:
                meter = self.write_meter(index)
                charges[meter] = charges.get(meter, 0.0) + units
        return charges

    def enterable(self, attributes: Collection[str]) -> Charges:
        """The least that a write may cost the indexes whose key has one of ``attributes``."""
        return {
            self.write_meter(index): 1.0
            for index in self.indexes
            if not index.local and any(key in attributes for key in index.keys)
        }


def _index(index: Mapping[str, Any], table_keys: tuple[str, ...], *, local: bool) -> IndexSchema:
    keys = _attribute_names(index["KeySchema"])
    projection = index.get("Projection") or {}
    carries = None
    if projection.get("ProjectionType", "ALL") != "ALL":
        carries = frozenset((*keys, *table_keys, *(projection.get("NonKeyAttributes") or ())))
    return IndexSchema(index["IndexName"], keys, carries, local)


def _attribute_names(key_schema: Collection[Mapping[str, str]]) -> tuple[str, ...]:
    return tuple(element["AttributeName"] for element in key_schema)
