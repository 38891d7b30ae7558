"""A simulated account in virtual time, and what a test of `ensure_table` needs of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from dynoresilience.events import Event, TableProgress
from dynoresilience.tables import Ensured, TableSpec, ensure_table
from dynoresilience.tables.ensure.mark import marked_request
from dynoresilience.testing import SimulatedDynamoDB, VirtualClock, virtual_time

SPEC = TableSpec(
    name="orders",
    attributes={"id": "S", "day": "S"},
    hash_key="id",
    billing_mode="PAY_PER_REQUEST",
    global_secondary_indexes=[{"name": "by-day", "hash_key": "day"}],
)
FULL = TableSpec(
    **SPEC.declared(),
    time_to_live="expires",
    tags={"team": "shop"},
    point_in_time_recovery=True,
    recovery_period_days=7,
    contributor_insights=True,
)
"""With all that CreateTable can't be asked for."""

CHANGES = (
    "CreateTable",
    "DeleteTable",
    "TagResource",
    "UntagResource",
    "UpdateContinuousBackups",
    "UpdateContributorInsights",
    "UpdateTable",
    "UpdateTimeToLive",
)


class World:
    """One simulator, its clock, and the events of whoever calls `ensure` here."""

    def __init__(self, clock: VirtualClock, simulator: SimulatedDynamoDB) -> None:
        self.clock = clock
        self.simulator = simulator
        self.client = simulator.client()
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def ensure(self, spec: TableSpec = SPEC, **settings: Any) -> Ensured:
        return ensure_table(self.client, spec, sinks=[self], **settings)

    def create(self, spec: TableSpec = SPEC) -> None:
        """As somebody else's program would."""
        self.client.create_table(**spec.to_boto3())

    def begin(self, spec: TableSpec) -> None:
        """As the library would, and then its process died."""
        self.client.create_table(**marked_request(spec))

    def later(self, seconds: float, job: Callable[[], object]) -> None:
        """Somebody else does something while we wait."""
        self.clock.call_at(self.clock.monotonic() + seconds, job)

    @property
    def told(self) -> list[str]:
        return [event.what for event in self.events if isinstance(event, TableProgress)]

    @property
    def changes(self) -> dict[str, int]:
        """Attempts that would change something, by operation."""
        return {name: n for name, n in self.simulator.calls.items() if name in CHANGES}

    def calls_of(self, work: Callable[[], object]) -> dict[str, int]:
        """The attempts that ``work`` makes, by operation."""
        before = self.simulator.calls
        work()
        return dict(self.simulator.calls - before)


@contextmanager
def world(**settings: Any) -> Iterator[World]:
    with virtual_time() as clock, SimulatedDynamoDB(clock=clock, **settings) as simulator:
        yield World(clock, simulator)
