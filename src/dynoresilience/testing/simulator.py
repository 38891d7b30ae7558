"""A DynamoDB in this process that enforces capacity as the real one does, on top of moto."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from dynoresilience.model import Dimension, Resource, Units
from dynoresilience.ports import Clock
from dynoresilience.testing import interception
from dynoresilience.testing.capacity_model import Meter
from dynoresilience.testing.clock import ScaledClock
from dynoresilience.testing.control_plane import AcceptedUpdate
from dynoresilience.testing.engine import Engine
from dynoresilience.testing.faults import Dropped, api_error
from dynoresilience.testing.moto_backend import Moto, call_moto, is_absent
from dynoresilience.testing.regions import Regions
from dynoresilience.testing.replies import Body, Reply
from dynoresilience.testing.sessions import new_session
from dynoresilience.testing.settings import Settings
from dynoresilience.testing.table_request import create_table_request

_running = threading.Lock()


class SimulatedDynamoDB:
    """Simulates DynamoDB for every boto3 or botocore client of the process while it is started.

    Which means: every client of a session that was made after ``import dynoresilience.testing``,
    other than those with an ``endpoint_url`` of their own. All regions are simulated; the methods
    here speak of ``region``. Other AWS services are mocked by moto.

        with SimulatedDynamoDB(clock=VirtualClock()) as sim:
            sim.create_table("orders", write=5, indexes={"by-customer": (5, 5)})
            sim.client().put_item(TableName="orders", Item={"id": {"S": "1"}})

    Args:
        clock: where its time comes from; None is real time.
        region: the default region of its clients.
        update_seconds: how long a change of a table's capacity takes to come into force.
        index_update_seconds: the same for an index; None means as long as a table.
        burst_seconds: how many seconds of unused capacity are kept for a burst (AWS: up to 300).
        start_full: whether a new table has its burst from the start.
        reasons: whether throttles carry ``ThrottlingReasons``; older endpoints have none.
        retry_after_ms: send ``x-amz-retry-after`` with throttles, in milliseconds.
        long_dates: spell dates in refused decreases as AWS does nowadays; see `decreases.aws_date`.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        region: str = "us-east-1",
        update_seconds: float = 2.0,
        index_update_seconds: float | None = None,
        burst_seconds: float = 300.0,
        start_full: bool = True,
        reasons: bool = True,
        retry_after_ms: int | None = None,
        long_dates: bool = False,
    ) -> None:
        self.clock: Clock = ScaledClock() if clock is None else clock
        self.region = region
        self._settings = Settings(
            update_seconds=update_seconds,
            index_update_seconds=index_update_seconds,
            burst_seconds=burst_seconds,
            start_full=start_full,
            reasons=reasons,
            retry_after_ms=retry_after_ms,
            long_dates=long_dates,
        )
        self._lock = threading.RLock()
        self._moto = Moto()
        self._started = False
        self._session: Any = None
        self._regions = Regions(self.clock, self._settings, self._lock)

    def start(self) -> None:
        """Begin to simulate, with no tables.

        Raises:
            RuntimeError: a simulator, this or another one, is running in this process already.
        """
        if not _running.acquire(blocking=False):
            raise RuntimeError(
                "a SimulatedDynamoDB is already running in this process; stop it before the next "
                "one is started (use one for all regions and tables)"
            )
        try:
            self._regions = Regions(self.clock, self._settings, self._lock)
            self._moto.start()
        except BaseException:
            _running.release()
            raise
        self._started = True
        interception.activate(self._handle)

    def stop(self) -> None:
        """Stop simulating: tables are gone, environment and sessions are as before.

        What was observed stays readable. Stopping twice is harmless.
        """
        with self._lock:
            if not self._started:
                return
            self._started = False
            interception.deactivate()
            self._session = None
            try:
                self._moto.stop()
            finally:
                _running.release()

    def __enter__(self) -> SimulatedDynamoDB:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # Clients and tables

    def session(self) -> Any:
        """The simulator's own boto3 session: dummy credentials, `region`.

        Its clients never reach AWS: once the simulator is stopped they raise RuntimeError.
        """
        with self._lock:
            self._check_started()
            if self._session is None:
                self._session = new_session(self.region)
                self._session.events.register_first(interception.EVENT, self._respond)
            return self._session

    def client(self, **options: Any) -> Any:
        """A boto3 DynamoDB client of `session`; ``options`` as for ``boto3.client``."""
        with self._lock:
            return self.session().client("dynamodb", **options)

    def resource(self, **options: Any) -> Any:
        """A boto3 DynamoDB resource of `session`; ``options`` as for ``boto3.resource``."""
        with self._lock:
            return self.session().resource("dynamodb", **options)

    def create_table(
        self,
        name: str,
        *,
        read: int = 5,
        write: int = 5,
        indexes: Mapping[str, tuple[int, int]] | None = None,
        hash_key: str = "id",
        index_keys: Mapping[str, str] | None = None,
        on_demand: bool = False,
        update_seconds: float | None = None,
        index_update_seconds: float | None = None,
    ) -> str:
        """Create a table with global secondary indexes that carry all attributes; its ARN.

        Args:
            name: the table's name.
            read: its read units.
            write: its write units.
            indexes: read and write units of each index, by its name.
            hash_key: the table's partition key, a string attribute. There is no sort key.
            index_keys: the partition key of each index, a string attribute; one that is not named
                is the index name without a leading "by-".
            on_demand: no provisioned capacity, no limits; units are ignored.
            update_seconds: how long a change of this table takes, if other than usual.
            index_update_seconds: the same for its indexes.
        """
        request = create_table_request(
            name, read, write, indexes or {}, hash_key, index_keys or {}, on_demand
        )
        arn: str = self.client().create_table(**request)["TableDescription"]["TableArn"]
        if update_seconds is not None:
            self.set_update_seconds(name, update_seconds)
        if index_update_seconds is not None:
            for index in indexes or {}:
                self.set_update_seconds(name, index_update_seconds, index)
        return arn

    def set_update_seconds(self, table: str, seconds: float, index: str | None = None) -> None:
        """Later changes of this table or index take ``seconds`` to come into force."""
        self._home.take_seconds(Resource(table, index), seconds)

    # Failures on demand

    def deny(self, *operations: str) -> None:
        """Answer these operations with AccessDeniedException until they are allowed."""
        self._regions.faults.deny(*operations)

    def allow(self, *operations: str) -> None:
        """Take a denial back; without arguments, all of them."""
        self._regions.faults.allow(*operations)

    def fail_next(
        self,
        operation: str,
        n: int = 1,
        code: str = "InternalServerError",
        message: str = "Internal server error",
        *,
        status: int | None = None,
    ) -> None:
        """Answer the next ``n`` attempts of ``operation`` with an error, none is carried out."""
        self._regions.faults.order(operation, n, api_error(code, message, status))

    def drop_next(self, operation: str, n: int = 1, *, connected: bool = True) -> None:
        """Break the connection of the next ``n`` attempts of ``operation``; none is carried out.

        The client sees ConnectionClosedError, or EndpointConnectionError if not ``connected``.
        """
        self._regions.faults.order(operation, n, Dropped(connected=connected))

    # What happened

    @property
    def calls(self) -> Counter[str]:
        """Attempts by operation, refused ones included."""
        with self._lock:
            return Counter(self._regions.journal.calls)

    @property
    def throttles(self) -> Counter[tuple[Resource, Dimension]]:
        """Items and requests not let in, by ``(Resource, Dimension)`` of what was short."""
        with self._lock:
            return Counter[tuple[Resource, Dimension]](self._regions.journal.throttles)

    @property
    def updates(self) -> tuple[AcceptedUpdate, ...]:
        """The UpdateTable calls that changed capacity, in their order."""
        with self._lock:
            return tuple(self._regions.journal.updates)

    def units(self, table: str, index: str | None = None) -> Units:
        """The units in force now; 0/0 on demand.

        Raises:
            KeyError: there is no such table or index, or nobody has used it yet.
        """
        units = self._home.units(Resource(table, index))
        if units is None:
            raise KeyError(str(Resource(table, index)))
        return units

    def available(self, table: str, dimension: Dimension, index: str | None = None) -> float:
        """Capacity units that could be used at once, burst included; negative while in debt."""
        return self._home.available(Meter(Resource(table, index), dimension))

    def capacity_history(
        self, table: str, index: str | None = None
    ) -> tuple[tuple[float, Units], ...]:
        """Units that were in force, each with the reading of ``clock.monotonic`` from which on."""
        return tuple(self._home.history(Resource(table, index)))

    # Requests

    @property
    def _home(self) -> Engine:
        return self._regions.engine(self.region)

    def _handle(self, request: Any, region: str, operation: str, body: Body) -> Reply:
        def backend(asked: str, its_body: Body) -> Reply:
            is_glance = asked == "GetItem" and its_body is not body
            if is_glance and is_absent(region, its_body):
                return Reply.of({})
            return call_moto(request, region, asked, its_body)

        with self._lock:
            self._check_started()
            return self._regions.engine(region).handle(operation, body, backend)

    def _respond(self, request: Any, **_: Any) -> Any:
        """For clients of our own session: an answer even while no simulator is running."""
        return interception.respond(self._handle, request)

    def _check_started(self) -> None:
        if not self._started:
            raise RuntimeError("this SimulatedDynamoDB is not started")
