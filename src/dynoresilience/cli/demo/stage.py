"""The table that a trial writes to, in a DynamoDB simulated in this process."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from dynoresilience.cli.demo.view import History
from dynoresilience.model import Resource, Units
from dynoresilience.testing import SimulatedDynamoDB

TABLE = Resource("orders")
INDEX = Resource("orders", "by-customer")
BASE = Units(read=5, write=5)
"""Of the table, and of the index."""
UPDATE_SECONDS = 2.0
"""What a change of capacity takes to come into force."""
CUSTOMERS = 7


class Stage:
    """A fresh table with an index, from `__enter__` on. Its time is real time."""

    def __init__(self) -> None:
        # Unused capacity is not saved up: this is about a table that has none left.
        self._sim = SimulatedDynamoDB(
            update_seconds=UPDATE_SECONDS, burst_seconds=1.0, start_full=False
        )

    def __enter__(self) -> Stage:
        self._sim.start()
        self._sim.create_table(
            TABLE.table,
            read=BASE.read,
            write=BASE.write,
            indexes={str(INDEX.index): (BASE.read, BASE.write)},
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._sim.stop()

    def client(self) -> Any:
        """A new boto3 client, as `boto3.client` makes it."""
        return self._sim.client()

    def now(self) -> float:
        """Seconds from an arbitrary instant."""
        return self._sim.clock.monotonic()

    def throttles(self) -> int:
        """Attempts that were refused."""
        return self._sim.throttles.total()

    def update_calls(self) -> int:
        """UpdateTable calls that were sent, refused ones included."""
        return self._sim.calls["UpdateTable"]

    def raises(self) -> int:
        """UpdateTable calls that were accepted and raised something."""
        return sum(
            any(after.write > update.before[index].write for index, after in update.after.items())
            for update in self._sim.updates
        )

    def decreases(self) -> int:
        """UpdateTable calls that were accepted and raised nothing."""
        return len(self._sim.updates) - self.raises()

    def history(self, resource: Resource, since: float) -> History:
        """Write units that were in force, by seconds after the instant ``since``."""
        changes = self._sim.capacity_history(resource.table, resource.index)
        return [(max(0.0, at - since), units.write) for at, units in changes]

    def is_at_base(self) -> bool:
        """Whether all units in force, read and write, are what they were at first."""
        return all(self._sim.units(each.table, each.index) == BASE for each in (TABLE, INDEX))

    def read_back(self) -> set[int]:
        """The numbers of the items in the table. The last thing to do: it goes on-demand.

        So that no throttle bends the count; capacity and UpdateTable calls are to be read before.
        """
        client = self._sim.client()
        client.update_table(TableName=TABLE.table, BillingMode="PAY_PER_REQUEST")
        pages = client.get_paginator("scan").paginate(TableName=TABLE.table, ConsistentRead=True)
        return {int(found["id"]["S"]) for page in pages for found in page["Items"]}


def put(client: Any, number: int) -> None:
    """Write the item of this number."""
    item = {"id": {"S": str(number)}, "customer": {"S": f"customer-{number % CUSTOMERS}"}}
    client.put_item(TableName=TABLE.table, Item=item)
