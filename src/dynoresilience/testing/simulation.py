"""What a test orders from a simulated DynamoDB, and what it sees of it."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from dynoresilience.model import Dimension, Resource, Units
from dynoresilience.ports import Clock
from dynoresilience.testing.capacity.meters import Meter
from dynoresilience.testing.capacity.partition_key import key_given
from dynoresilience.testing.checks import Checks
from dynoresilience.testing.clock import ScaledClock
from dynoresilience.testing.control.control_plane import AcceptedUpdate
from dynoresilience.testing.fault_orders import FaultOrders
from dynoresilience.testing.service.engine import Engine
from dynoresilience.testing.service.faults import FaultPlan
from dynoresilience.testing.service.journal import FaultMet
from dynoresilience.testing.service.numbers import check_number
from dynoresilience.testing.service.regions import Regions
from dynoresilience.testing.service.settings import Settings
from dynoresilience.testing.table_request import create_table_request

if TYPE_CHECKING:
    from typing_extensions import Self


class Simulation(FaultOrders, Checks):
    """One simulated account: its clients, tables, failures and history.

    How requests reach it is the affair of those who inherit. The methods speak of ``region``; all
    other regions are simulated too. Thread-safe.

    Args:
        clock: where its time comes from; None is real time.
        region: the default region of its clients.
        settings: how it behaves.

    Attributes:
        began: the reading of ``clock.monotonic`` when it began.
    """

    def __init__(self, clock: Clock | None, region: str, settings: Settings) -> None:
        self.clock: Clock = ScaledClock() if clock is None else clock
        self.region = region
        self.settings = settings
        self._lock = threading.RLock()
        self._regions = self._new_regions()
        self.began = self.clock.monotonic()
        self._is_new = True

    def _begin(self) -> None:
        """Begin anew, but for what was ordered before the first time."""
        if not self._is_new:
            self._regions = self._new_regions()
        self._is_new = False
        self.began = self.clock.monotonic()

    def _new_regions(self) -> Regions:
        return Regions(self.clock, self.settings, self._lock)

    @abstractmethod
    def start(self) -> None:
        """Begin to simulate."""

    @abstractmethod
    def stop(self) -> None:
        """Stop simulating. What was observed stays readable."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @abstractmethod
    def client(self, **options: Any) -> Any:
        """A boto3 DynamoDB client that talks to this simulation; ``options`` as for boto3."""

    @abstractmethod
    def resource(self, **options: Any) -> Any:
        """A boto3 DynamoDB resource that talks to it; ``options`` as for boto3."""

    @abstractmethod
    def autoscaling_client(self, **options: Any) -> Any:
        """A boto3 Application Auto Scaling client that talks to it; ``options`` as for boto3."""

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
        once = self.client(config=Config(retries={"total_max_attempts": 1}))  # a refusal stands
        arn: str = once.create_table(**request)["TableDescription"]["TableArn"]
        if update_seconds is not None:
            self.set_update_seconds(name, update_seconds)
        if index_update_seconds is not None:
            for index in indexes or {}:
                self.set_update_seconds(name, index_update_seconds, index)
        return arn

    def set_update_seconds(self, table: str, seconds: float, index: str | None = None) -> None:
        """Later changes of this table or index take ``seconds`` to come into force.

        Raises:
            ValueError: ``seconds`` is negative, infinite or no number.
        """
        check_number("seconds", seconds)
        self._home.take_seconds(Resource(table, index), seconds)

    def limit_key(
        self,
        table: str,
        key: Any,
        *,
        read: float | None = None,
        write: float | None = None,
        index: str | None = None,
    ) -> None:
        """Let one partition-key value live in a partition that serves less than usual.

        A usual one serves 3,000 read and 1,000 write units a second, and so does each key value;
        raising the capacity of the table does not help. With a low limit a few calls make a hot
        key, refused with ``...KeyRangeThroughputExceeded``.

        Args:
            table: the table's name.
            key: the value of its partition key, as a Python value or as ``{"S": "x"}``; a list of
                them where the key has several attributes.
            read: read units a second of the key; None is what is usual.
            write: the same for write units.
            index: the index, if ``key`` is a value of its partition key.

        Raises:
            TypeError: no partition key can have the type of ``key``.
            ValueError: ``read`` or ``write`` is not positive.
        """
        for name, units in (("read", read), ("write", write)):
            if units is not None:
                check_number(name, units, positive=True)
        self._home.limit_key(Resource(table, index), key_given(key), read, write)

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
    def throttle_reasons(self) -> Counter[str]:
        """The same by reason, such as ``"TableWriteKeyRangeThroughputExceeded"``."""
        with self._lock:
            return Counter(self._regions.journal.throttle_reasons)

    @property
    def updates(self) -> tuple[AcceptedUpdate, ...]:
        """The UpdateTable calls that changed capacity, in their order."""
        with self._lock:
            self._regions.catch_up()
            return tuple(self._regions.journal.updates)

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions that were called."""
        return self._regions.names

    @property
    def resources(self) -> tuple[Resource, ...]:
        """The tables and indexes of ``region`` that there are, as far as anybody has used them."""
        return tuple(sorted(self._home.resources(), key=str))

    @property
    def faults(self) -> tuple[FaultMet, ...]:
        """The faults that attempts met, ordered and random ones, in their order."""
        with self._lock:
            return tuple(self._regions.journal.faults)

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

    @property
    def _home(self) -> Engine:
        return self._regions.engine(self.region)

    @property
    def _faults(self) -> FaultPlan:
        return self._regions.faults

    def _note_frozen(self, operation: str) -> None:
        """A request came while the endpoint was frozen."""
        with self._lock:
            fault = FaultMet(self.clock.monotonic(), operation, "freeze")
            self._regions.journal.faults.append(fault)
