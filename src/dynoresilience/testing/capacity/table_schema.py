"""What of a table's schema decides costs: its keys, and what its indexes hold. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass
from typing import Any

from dynoresilience.model import Dimension, Resource
from dynoresilience.testing.capacity.meters import Meter, Spot
from dynoresilience.testing.capacity.partition_key import PartitionKey, partition_key
from dynoresilience.testing.capacity.sizes import Item, item_size, write_units


@dataclass(frozen=True, slots=True)
class IndexSchema:
    """A secondary index. A local one has no capacity of its own: the table pays.

    ``partition`` are the attributes of its partition key, ``carries`` those that it holds; None
    means all.
    """

    name: str
    keys: tuple[str, ...]
    partition: tuple[str, ...]
    carries: frozenset[str] | None
    local: bool

    def entry(self, item: Item | None) -> dict[str, Any] | None:
        """What the index holds of ``item``; None if it is not in the index."""
        if item is None or any(key not in item for key in self.keys):
            return None
        if self.carries is None:
            return dict(item)
        return {name: value for name, value in item.items() if name in self.carries}

    def write_costs(self, old: Item | None, new: Item | None) -> dict[PartitionKey | None, float]:
        """Units to bring the index from ``old`` to ``new``, by key; empty if it does not notice.

        An indexed key that changes costs two writes, one to remove and one to add. Writing an
        item that is there already costs one, as for the table.
        """
        before, after = self.entry(old), self.entry(new)
        if before and after and all(before[key] == after[key] for key in self.keys):
            if before == after and old != new:
                return {}
            size = max(item_size(before), item_size(after))
            return {partition_key(self.partition, after): float(write_units(size))}
        costs: dict[PartitionKey | None, float] = {}
        for entry in (before, after):
            if entry is not None:
                key = partition_key(self.partition, entry)
                costs[key] = costs.get(key, 0.0) + write_units(item_size(entry))
        return costs

    def update_costs(
        self, old: Item | None, new: Item | None, touched: Set[str]
    ) -> dict[PartitionKey | None, float]:
        """The least that an update of ``touched`` attributes may cost, by key.

        ``new`` is as much as is known of what the update will leave behind.
        """
        if touched.isdisjoint(self.keys) and (
            self.entry(old) is None
            or (self.carries is not None and touched.isdisjoint(self.carries))
        ):
            return {}
        return self.write_costs(old, new) or {None: 1.0}


@dataclass(frozen=True, slots=True)
class TableSchema:
    """A table, as DescribeTable told it."""

    name: str
    arn: str
    keys: tuple[str, ...]
    partition: tuple[str, ...]
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
        partition = _attribute_names(table["KeySchema"], "HASH")
        return cls(table["TableName"], table["TableArn"], keys, partition, tuple(indexes))

    def key_of(self, item: Item) -> dict[str, Any] | None:
        """The primary key of ``item``; None if it is not complete."""
        if any(key not in item for key in self.keys):
            return None
        return {key: item[key] for key in self.keys}

    def index(self, name: str | None) -> IndexSchema | None:
        """An index by name, None if there is none."""
        return next((index for index in self.indexes if index.name == name), None)

    def has_range_key(self, index_name: str | None) -> bool:
        """Whether the key of the table, or of the index of that name, has a sort key."""
        part = self.index(index_name) or self
        return len(part.keys) > len(part.partition)

    def arn_of(self, resource: Resource) -> str:
        """The ARN of the table, or of one of its indexes."""
        return self.arn if resource.index is None else f"{self.arn}/index/{resource.index}"

    def write_spot(self, item: Item | None) -> Spot:
        """Where a write of ``item`` to the table is counted."""
        meter = Meter(Resource(self.name), Dimension.WRITE)
        return Spot(meter, partition_key(self.partition, item))

    def read_spot(self, item: Item | None, index_name: str | None = None) -> Spot:
        """Where a read is counted; ``item`` has the partition key of the table or index.

        A local index is read from the table's partition, and paid by the table.
        """
        index = self.index(index_name)
        if index is None or index.local:
            name, partition = None, self.partition
        else:
            name, partition = index.name, index.partition
        meter = Meter(Resource(self.name, name), Dimension.READ)
        return Spot(meter, partition_key(partition, item))

    def write_charges(self, key: Item, old: Item | None, new: Item | None) -> dict[Spot, float]:
        """The cost of replacing ``old`` by ``new`` under ``key``, on the table first."""
        charges = self._on_table(key, old, new)
        for index in self.indexes:
            self._add(charges, index, key, index.write_costs(old, new))
        return charges

    def update_charges(
        self, key: Item, old: Item | None, new: Item | None, touched: Set[str]
    ) -> dict[Spot, float]:
        """The least that an update may cost; see `IndexSchema.update_costs`."""
        charges = self._on_table(key, old, new)
        for index in self.indexes:
            if not index.local:
                self._add(charges, index, key, index.update_costs(old, new, touched))
        return charges

    def _on_table(self, key: Item, old: Item | None, new: Item | None) -> dict[Spot, float]:
        units = write_units(max(item_size(old), item_size(new)))
        return {self.write_spot(key): float(units)}

    def _add(
        self,
        charges: dict[Spot, float],
        index: IndexSchema,
        table_key: Item,
        costs: Mapping[PartitionKey | None, float],
    ) -> None:
        for key, cost in costs.items():
            if index.local:
                spot = self.write_spot(table_key)
            else:
                spot = Spot(Meter(Resource(self.name, index.name), Dimension.WRITE), key)
            charges[spot] = charges.get(spot, 0.0) + cost


def _index(index: Mapping[str, Any], table_keys: tuple[str, ...], *, local: bool) -> IndexSchema:
    keys = _attribute_names(index["KeySchema"])
    partition = _attribute_names(index["KeySchema"], "HASH")
    projection = index.get("Projection") or {}
    carries = None
    if projection.get("ProjectionType", "ALL") != "ALL":
        carries = frozenset((*keys, *table_keys, *(projection.get("NonKeyAttributes") or ())))
    return IndexSchema(index["IndexName"], keys, partition, carries, local)


def _attribute_names(
    key_schema: Collection[Mapping[str, str]], kind: str | None = None
) -> tuple[str, ...]:
    return tuple(
        element["AttributeName"] for element in key_schema if kind in (None, element["KeyType"])
    )
