"""One region of a simulated DynamoDB: capacity and control plane in front of any backend.

The engine knows neither HTTP nor moto. It takes an operation with its request and a `Backend` that
stores the items, and answers as DynamoDB would. It never waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial

from dynoresilience.model import Dimension, Resource, Units
from dynoresilience.ports import Clock
from dynoresilience.testing.autoscaling.targets import OPERATIONS as _AUTOSCALING
from dynoresilience.testing.capacity.meters import Meter, Shortage, Spot
from dynoresilience.testing.capacity.partition_key import PartitionKey
from dynoresilience.testing.replies import Backend, Body, Refused, Reply
from dynoresilience.testing.service import autoscaling_api, forced, partiql, reads, writes
from dynoresilience.testing.service.autoscaler import Autoscaler
from dynoresilience.testing.service.autoscaling_api import AutoscalingApi
from dynoresilience.testing.service.backups import (
    describe_continuous_backups,
    update_continuous_backups,
)
from dynoresilience.testing.service.batches import is_divisible
from dynoresilience.testing.service.create_delete import create_table, delete_table
from dynoresilience.testing.service.describe import describe_table
from dynoresilience.testing.service.fault_kinds import BATCHES, Fault, Partial, Throttle
from dynoresilience.testing.service.faults import FaultPlan
from dynoresilience.testing.service.gate import Gate
from dynoresilience.testing.service.insights import (
    describe_contributor_insights,
    list_contributor_insights,
    update_contributor_insights,
)
from dynoresilience.testing.service.journal import FaultMet, Journal
from dynoresilience.testing.service.settings import Settings
from dynoresilience.testing.service.statements import read_statement
from dynoresilience.testing.service.tables import Request, Tables, table_name
from dynoresilience.testing.service.tags import change_tags, list_tags
from dynoresilience.testing.service.throttles import Throttled
from dynoresilience.testing.service.time_to_live import describe_time_to_live, update_time_to_live
from dynoresilience.testing.service.tokens import Tokens
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
    "ExecuteStatement": partiql.execute_one,
    "BatchExecuteStatement": partiql.execute_batch,
    "ExecuteTransaction": partiql.execute_transaction,
}

_CONTROL_PLANE: dict[str, Callable[[Tables, Request], Reply]] = {
    "CreateTable": create_table,
    "DeleteTable": delete_table,
    "DescribeTable": describe_table,
    "UpdateTable": update_table,
    "DescribeContinuousBackups": describe_continuous_backups,
    "UpdateContinuousBackups": update_continuous_backups,
    "DescribeContributorInsights": describe_contributor_insights,
    "ListContributorInsights": list_contributor_insights,
    "UpdateContributorInsights": update_contributor_insights,
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
        self._tokens = Tokens()
        self._tables = Tables(
            region,
            settings,
            epoch=clock.now() - clock.monotonic(),
            on_update=journal.updates.append,
        )
        self._autoscaler = Autoscaler(self._tables)
        self._autoscaling = AutoscalingApi(self._tables, self._autoscaler)

    def handle(self, operation: str, body: Body, backend: Backend) -> Reply:
        """Answer one request, to DynamoDB or to Application Auto Scaling: names tell them apart.

        Raises:
            Dropped: the test ordered a broken connection.
        """
        with self._lock:
            self._journal.calls[operation] += 1
            at = self._catch_up()
            try:
                fault = self._meet_fault(operation, body)
            except Refused as denied:
                return _refusal(operation, denied)
            if fault is None:
                return self._reply(operation, body, backend, at)
            self._journal.faults.append(FaultMet(at, operation, fault.kind))
            return fault.after(self._reply(operation, body, backend, at, fault))

    def units(self, resource: Resource) -> Units | None:
        """The units in force now, 0/0 on demand; None if the resource is not known."""
        with self._lock:
            self._catch_up()
            state = self._tables.control.get(resource)
            return None if state is None else state.units

    def resources(self) -> list[Resource]:
        """The tables and indexes that are known."""
        with self._lock:
            return self._tables.control.resources()

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

    def limit_key(
        self, resource: Resource, key: PartitionKey, read: float | None, write: float | None
    ) -> None:
        """Let a partition-key value live in a partition of these units; None: in a usual one.

        Raises:
            ValueError: a number is not positive.
        """
        with self._lock:
            at = self._catch_up()
            for dimension, units in ((Dimension.READ, read), (Dimension.WRITE, write)):
                spot = Spot(Meter(resource, dimension), key)
                self._tables.capacity.limit_key(spot, units, at)

    def take_seconds(self, resource: Resource, seconds: float) -> None:
        """Changes of this resource take ``seconds`` to come into force, from now on."""
        with self._lock:
            self._tables.control.take_seconds(resource, seconds)

    def catch_up(self) -> None:
        """Let everything happen that is due by now."""
        with self._lock:
            self._catch_up()

    def _catch_up(self) -> float:
        at = self._clock.monotonic()
        self._autoscaler.catch_up(at)
        return at

    def _meet_fault(self, operation: str, body: Body) -> Fault | None:
        if operation not in _AUTOSCALING:
            return self._faults.meet(operation, self._arn(body))
        service = autoscaling_api.SERVICE
        arn = f"arn:aws:{service}:{self._region}:123456789012:scalable-target/*"
        return self._faults.meet(operation, arn, service)

    def _reply(
        self, operation: str, body: Body, backend: Backend, at: float, fault: Fault | None = None
    ) -> Reply:
        def answer(its_body: Body) -> Reply:
            return self._answer(operation, its_body, backend, at)

        try:
            if fault is not None:
                fault.before()
            if isinstance(fault, Throttle):
                self._force_throttle(fault, operation, body, backend, at)
            if isinstance(fault, Partial) and self._is_divisible(operation, body, backend, at):
                return forced.in_part(fault, operation, body, answer)
            return answer(body)
        except Throttled as throttled:
            return self._throttle(throttled)
        except Refused as refused:
            return _refusal(operation, refused)

    def _force_throttle(
        self, fault: Throttle, operation: str, body: Body, backend: Backend, at: float
    ) -> None:
        tables = self._tables
        found = forced.shortage(
            fault,
            operation,
            body,
            lambda table: tables.schema(table, backend, at),
            lambda table: tables.control.of_table(table)[None].on_demand,
        )
        if found is not None:
            self._on_short(found[0])
            forced.refuse(*found, body)

    def _answer(self, operation: str, body: Body, backend: Backend, at: float) -> Reply:
        if operation in _DATA_PLANE:
            return self._tokens.once(
                operation, body, at, lambda: self._let_through(operation, body, backend, at)
            )
        if operation in _CONTROL_PLANE:
            return _CONTROL_PLANE[operation](self._tables, Request(body, backend, at))
        if operation in _AUTOSCALING:
            return self._autoscaling.answer(operation, Request(body, backend, at))
        return backend(operation, body)

    def _let_through(self, operation: str, body: Body, backend: Backend, at: float) -> Reply:
        """One operation on items, charged; a malformed one is left to the backend to refuse."""
        tables, sent = self._tables, []

        def send(asked: str, its_body: Body) -> Reply:
            if asked == operation:
                sent.append(asked)
            return backend(asked, its_body)

        gate = Gate(
            tables.capacity,
            lambda table: tables.schema(table, backend, at),
            send,
            at,
            self._on_short,
        )
        try:
            tables.check_served(asked_of(body), at)
            if operation in BATCHES and not self._is_divisible(operation, body, backend, at):
                return send(operation, body)
            return _DATA_PLANE[operation](operation, body, gate)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            if sent and operation != "GetItem":
                raise  # it may have been done: the mistake is ours, and once is enough
            reply = backend(operation, body)
            if reply.ok:
                raise  # it was not malformed
            return reply

    def _is_divisible(self, operation: str, body: Body, backend: Backend, at: float) -> bool:
        return is_divisible(operation, body, lambda table: self._tables.schema(table, backend, at))

    def _on_short(self, short: Shortage) -> None:
        self._journal.throttles[short.meter] += 1
        self._journal.throttle_reasons[short.reason] += 1

    def _throttle(self, throttled: Throttled) -> Reply:
        after = self._settings.retry_after_ms
        headers = {} if after is None else {"x-amz-retry-after": str(after)}
        return throttled.refusal(reasons=self._settings.reasons).reply(headers)

    def _arn(self, body: Body) -> str:
        """What a request is about, for a message: one table, or all."""
        table = body.get("TableName")
        name = table_name(table) if isinstance(table, str) else "*"
        return f"arn:aws:dynamodb:{self._region}:123456789012:table/{name}"


def _refusal(operation: str, refused: Refused) -> Reply:
    """The error in the words of the service that was asked."""
    return autoscaling_api.refusal(refused) if operation in _AUTOSCALING else refused.reply()


def asked_of(body: Body) -> Iterator[tuple[str, str | None]]:
    """The tables whose items a request is about, each with the index that it reads, if any."""
    if "TableName" in body:
        yield body["TableName"], body.get("IndexName")
    for table in body.get("RequestItems") or ():
        yield table, None
    for action in body.get("TransactItems") or ():
        for request in action.values():
            yield request.get("TableName", ""), None
    for each in (body, *(body.get("Statements") or body.get("TransactStatements") or ())):
        statement = read_statement(each.get("Statement"), each.get("Parameters"))
        if statement is not None:
            yield statement.table, statement.index
