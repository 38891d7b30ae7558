"""One region of a simulated DynamoDB: capacity and control plane in front of any backend.

The engine knows neither HTTP nor moto. It takes an operation with its request and a `Backend` that
stores the items, and answers as DynamoDB would. It never waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from dynoresilience.model import Resource, Units
from dynoresilience.ports import Clock
from dynoresilience.testing.capacity.buckets import Meter
from dynoresilience.testing.replies import (
    Backend,
    Body,
    Refused,
    Reply,
    throttle_message,
    throttling_reasons,
)
from dynoresilience.testing.service import reads, writes
from dynoresilience.testing.service.create_delete import create_table, delete_table
from dynoresilience.testing.service.describe import describe_table
from dynoresilience.testing.service.faults import FaultPlan
from dynoresilience.testing.service.gate import Gate, Throttled
from dynoresilience.testing.service.journal import Journal
from dynoresilience.testing.service.settings import Settings
from dynoresilience.testing.service.tables import Request, Tables, table_name
from dynoresilience.testing.service.tags import change_tags, list_tags
from dynoresilience.testing.service.time_to_live import describe_time_to_live, update_time_to_live
from dynoresilience.testing.service.update_table import update_table

_DATA_PLANE = {
    "PutItem": writes.write_one,
    "UpdateItem": writes.write_one,
    "DeleteItem": writes.write_one,
    "BatchWriteItem": writes.write_batch,
    "TransactWriteItems": writes.write_transaction,
    "GetItem": reads.read_one,
    "Query": reads.read_many,
    "Scan": reads.read_many,
    "BatchGetItem": reads.read_batch,
    "TransactGetItems": reads.read_transaction,
}

_CONTROL_PLANE: dict[str, Callable[[Tables, Request], Reply]] = {
    "CreateTable": create_table,
    "DeleteTable": delete_table,
    "DescribeTable": describe_table,
    "UpdateTable": update_table,
    "DescribeTimeToLive": describe_time_to_live,
    "UpdateTimeToLive": update_time_to_live,
    "ListTagsOfResource": list_tags,
    "TagResource": partial(change_tags, operation="TagResource"),
    "UntagResource": partial(change_tags, operation="UntagResource"),
}


class Engine:
    """Answers the requests to one region, one at a time.

    Args:
        region: its name.
        clock: where the time comes from.
        settings: how it behaves.
        journal: hears of what happened; may be shared with other regions.
        faults: failures that a test ordered; may be shared.
        lock: held while a request is worked on, for backends that can't serve several threads.
            Share it between engines that share a backend.
    """

    def __init__(
        self,
        region: str,
        clock: Clock,
        settings: Settings,
        *,
        journal: Journal,
        faults: FaultPlan,
        lock: threading.RLock,
    ) -> None:
        self._region = region
        self._clock = clock
        self._settings = settings
        self._journal = journal
        self._faults = faults
        self._lock = lock
        self._tables = Tables(
            region,
            settings,
            epoch=clock.now() - clock.monotonic(),
            on_update=journal.updates.append,
        )

    def handle(self, operation: str, body: Body, backend: Backend) -> Reply:
        """Answer one request.

        Raises:
            Dropped: the test ordered a broken connection.
        """
        with self._lock:
            self._journal.calls[operation] += 1
            at = self._catch_up()
            try:
                self._faults.meet(operation, self._arn(body))
                return self._answer(operation, body, backend, at)
            except Throttled as throttled:
                return self._throttle(throttled)
            except Refused as refused:
                return refused.reply()

    def units(self, resource: Resource) -> Units | None:
        """The units in force now, 0/0 on demand; None if the resource is not known."""
        with self._lock:
            self._catch_up()
            state = self._tables.control.get(resource)
            return None if state is None else state.units

    def history(self, resource: Resource) -> list[tuple[float, Units]]:
        """The units that were in force, each with the instant from which on."""
        with self._lock:
            self._catch_up()
            state = self._tables.control.get(resource)
            return [] if state is None else list(state.history)

    def available(self, meter: Meter) -> float:
        """Capacity units that are there now, burst included; negative while a debt is open."""
        with self._lock:
            return self._tables.capacity.available(meter, self._catch_up())

    def take_seconds(self, resource: Resource, seconds: float) -> None:
        """Changes of this resource take ``seconds`` to come into force, from now on."""
        with self._lock:
            self._tables.control.take_seconds(resource, seconds)

    def _catch_up(self) -> float:
        at = self._clock.monotonic()
        self._tables.catch_up(at)
        return at

    def _answer(self, operation: str, body: Body, backend: Backend, at: float) -> Reply:
        tables = self._tables
        if operation in _DATA_PLANE:
            tables.check_served(tables_of(body), body.get("IndexName"), at)
            gate = Gate(
                tables.capacity,
                lambda table: tables.schema(table, backend, at),
                backend,
                at,
                self._on_short,
            )
            return _DATA_PLANE[operation](operation, body, gate)
        if operation in _CONTROL_PLANE:
            return _CONTROL_PLANE[operation](tables, Request(body, backend, at))
        return backend(operation, body)

    def _on_short(self, meter: Meter) -> None:
        self._journal.throttles[meter] += 1

    def _throttle(self, throttled: Throttled) -> Reply:
        members: dict[str, Any] = {}
        if self._settings.reasons:
            members["ThrottlingReasons"] = throttling_reasons(throttled.meter, throttled.arn)
        after = self._settings.retry_after_ms
        headers = {} if after is None else {"x-amz-retry-after": str(after)}
        message = throttle_message(throttled.meter)
        return Refused("ProvisionedThroughputExceededException", message, **members).reply(headers)

    def _arn(self, body: Body) -> str:
        """What a request is about, for a message: one table, or all."""
        name = table_name(body.get("TableName") or "*")
        return f"arn:aws:dynamodb:{self._region}:123456789012:table/{name}"


def tables_of(body: Body) -> Iterator[str]:
    """The tables whose items a request is about."""
    if "TableName" in body:
        yield body["TableName"]
    yield from body.get("RequestItems") or ()
    for action in body.get("TransactItems") or ():
        for request in action.values():
            yield request.get("TableName", "")
