"""What charges are counted on, and what it is called when it is short. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from dynoresilience.model import Dimension, Resource, ThrottleKind
from dynoresilience.testing.capacity.partition_key import PartitionKey


class Meter(NamedTuple):
    """One dimension of a table or an index."""

    resource: Resource
    dimension: Dimension


class Spot(NamedTuple):
    """Where on a meter a charge falls.

    ``key`` is the value of the partition key, that of the index on an index; None if it is not
    known yet or if there are many, as in a Scan.
    """

    meter: Meter
    key: PartitionKey | None = None


Charges = Mapping[Spot, float]
"""Capacity units that a request costs, by where they fall. The first is the first looked at."""


class Shortage(NamedTuple):
    """What was short, and whose limit that was. ``on_demand``: the resource has no provisioning."""

    meter: Meter
    kind: ThrottleKind
    on_demand: bool = False

    @property
    def reason(self) -> str:
        """The reason as ``ThrottlingReasons`` names it."""
        what = "Table" if self.meter.resource.index is None else "Index"
        return f"{what}{self.meter.dimension.value.capitalize()}{self.kind.value}"


def add(*charges: Charges) -> dict[Spot, float]:
    """The sum of charges, in the order in which the spots come up."""
    total: dict[Spot, float] = {}
    for each in charges:
        for spot, cost in each.items():
            total[spot] = total.get(spot, 0.0) + cost
    return total


def times(factor: int, charges: Charges) -> dict[Spot, float]:
    """The charges ``factor`` times."""
    return {spot: factor * cost for spot, cost in charges.items()}
