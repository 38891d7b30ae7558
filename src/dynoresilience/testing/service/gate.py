"""What one request is let through on: takes capacity before the backend works, settles after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dynoresilience.model import ThrottleKind
from dynoresilience.testing.capacity.buckets import CapacityModel
from dynoresilience.testing.capacity.meters import Charges, Shortage, add
from dynoresilience.testing.capacity.sizes import Item
from dynoresilience.testing.capacity.table_schema import TableSchema
from dynoresilience.testing.replies import Backend, Body
from dynoresilience.testing.service.throttles import Throttled, transaction_cancelled


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
    on_short: Callable[[Shortage], None]

    def admit(self, charges: Charges) -> Shortage | None:
        """Take ``charges``; if that can't be done take nothing and say what was short."""
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

    def _refuse(self, short: Shortage | None, schema: TableSchema) -> None:
        if short is not None:
            self.on_short(short)
            raise throttled(short, schema)

    def admit_together(
        self, each: Sequence[Charges], schemas: Sequence[TableSchema | None]
    ) -> Charges:
        """Take what each item of a transaction costs, or nothing; what was taken in all.

        Raises:
            Refused: TransactionCanceledException, with a reason at each item that was short.
            Throttled: the account is short; that is no matter of single items.
        """
        shorts = [self.admit(charges) for charges in each]
        taken = add(*(charges for charges, short in zip(each, shorts, strict=True) if not short))
        if any(shorts):
            self.settle(taken, {})
            for short, schema in zip(shorts, schemas, strict=True):
                if short is not None and short.kind is ThrottleKind.ACCOUNT and schema is not None:
                    raise throttled(short, schema)
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


def throttled(short: Shortage, schema: TableSchema) -> Throttled:
    """The refusal of a request to the table of ``schema`` or one of its indexes."""
    return Throttled(short, schema.arn_of(short.meter.resource))
