"""What one request is let through on: takes capacity before the backend works, settles after."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dynoresilience.testing.capacity.buckets import CapacityModel, Charges, Meter
from dynoresilience.testing.capacity.sizes import Item
from dynoresilience.testing.capacity.table_schema import TableSchema
from dynoresilience.testing.replies import Backend, Body, transaction_cancelled


class Throttled(Exception):
    """A request is refused for lack of capacity on ``meter``; ``arn`` is that of its resource."""

    def __init__(self, meter: Meter, arn: str) -> None:
        super().__init__(f"{meter.resource} is short of {meter.dimension} capacity")
        self.meter = meter
        self.arn = arn


@dataclass(frozen=True, slots=True)
class Gate:
    """The surroundings of one request at the instant ``at``.

    ``schema`` finds a table by name or ARN, None if there is none. ``on_short`` hears of each
    item or request that was not let in.
    """

    capacity: CapacityModel
    schema: Callable[[str], TableSchema | None]
    backend: Backend
    at: float
    on_short: Callable[[Meter], None]

    def admit(self, charges: Charges) -> Meter | None:
        """Take ``charges``; if that can't be done take nothing and say which meter was short."""
        short = self.capacity.charge(charges, self.at)
        if short is not None:
            self.on_short(short)
        return short

    def require(self, charges: Charges, schema: TableSchema) -> None:
        """Take ``charges``.

        Raises:
            Throttled: it can't be done.
        """
        self._refuse(self.capacity.charge(charges, self.at), schema)

    def expect(self, charges: Charges, schema: TableSchema) -> None:
        """Raise what `require` would raise, but take nothing yet."""
        self._refuse(self.capacity.short(charges, self.at), schema)

    def _refuse(self, short: Meter | None, schema: TableSchema) -> None:
        if short is not None:
            self.on_short(short)
            raise Throttled(short, schema.arn_of(short.resource))

    def admit_together(self, each: Sequence[Charges]) -> Charges:
        """Take what each item of a transaction costs, or nothing; what was taken in all.

        Raises:
            Refused: TransactionCanceledException, with a reason at each item that was short.
        """
        shorts = [self.admit(charges) for charges in each]
        taken = add(*(charges for charges, short in zip(each, shorts, strict=True) if not short))
        if any(shorts):
            self.settle(taken, {})
            raise transaction_cancelled(shorts)
        return taken

    def settle(self, reserved: Charges, spent: Charges) -> None:
        """Replace what was taken by what it turned out to cost."""
        self.capacity.settle(reserved, spent, self.at)

    def stored(self, schema: TableSchema, item: Item) -> Item | None:
        """The item that is stored now under the primary key that ``item`` has."""
        key = schema.key_of(item)
        if key is None:
            return None
        request: Body = {"TableName": schema.name, "Key": key, "ConsistentRead": True}
        found: Item | None = self.backend("GetItem", request).body.get("Item")
        return found


def add(*charges: Charges) -> dict[Meter, float]:
    """The sum of charges, in the order in which the meters come up."""
    total: dict[Meter, float] = {}
    for each in charges:
        for meter, cost in each.items():
            total[meter] = total.get(meter, 0.0) + cost
    return total


def times(factor: int, charges: Charges) -> Mapping[Meter, float]:
    """The charges ``factor`` times."""
    return {meter: factor * cost for meter, cost in charges.items()}
