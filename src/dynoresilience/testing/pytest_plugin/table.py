"""What the fixture ``throttled_table`` gives to a test."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dynoresilience.model import Dimension, Resource, Units

if TYPE_CHECKING:
    from dynoresilience.testing import SimulatedDynamoDB

DEFAULTS: dict[str, Any] = {
    "name": "orders",
    "read": 2,
    "write": 2,
    "indexes": {"by-customer": (2, 2)},
}
"""Arguments of `SimulatedDynamoDB.create_table`."""


@dataclass(frozen=True, slots=True)
class ThrottledTable:
    """A table in a simulator, short of capacity from the first call on."""

    simulator: SimulatedDynamoDB = field(repr=False)
    name: str
    arn: str

    @property
    def client(self) -> Any:
        """A new boto3 client of the simulator; nothing is attached to it."""
        return self.simulator.client()

    @property
    def table(self) -> Any:
        """A new boto3 ``Table`` for it; nothing is attached to it."""
        return self.simulator.resource().Table(self.name)

    @property
    def units(self) -> Units:
        """The table's units in force now."""
        return self.simulator.units(self.name)

    def index_units(self, index: str) -> Units:
        """The units of an index in force now."""
        return self.simulator.units(self.name, index)

    @property
    def throttles(self) -> Counter[tuple[Resource, Dimension]]:
        """Those of the simulator that are of this table or its indexes."""
        return Counter(
            {
                meter: count
                for meter, count in self.simulator.throttles.items()
                if meter[0].table == self.name
            }
        )

    @property
    def history(self) -> tuple[tuple[float, Units], ...]:
        """The table's units that were in force, each with the instant from which on."""
        return self.simulator.capacity_history(self.name)
