"""The use cases on a virtual clock and a control plane in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from dynoresilience.config import ScalingConfig
from dynoresilience.engine import Engine, Runtime
from dynoresilience.events import Event
from dynoresilience.model import Dimension, Resource, ThrottleSignal
from dynoresilience.scaling.scaler import Scaler
from dynoresilience.scaling.shortage import Answer
from dynoresilience.scope import Scope
from dynoresilience.testing.clock import VirtualClock
from dynoresilience.throttling.signals import Throttle
from tests.support.fake_control import FakeControl
from tests.support.fake_ledger import FakeLedger

WRITE, READ = Dimension.WRITE, Dimension.READ
TABLE = ThrottleSignal(Resource("orders"), WRITE)
INDEX = ThrottleSignal(Resource("orders", "by-customer"), WRITE)


@dataclass
class World:
    """Everything around one engine."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    config: ScalingConfig = field(
        default_factory=lambda: ScalingConfig(max_read_capacity=200, max_write_capacity=200)
    )
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.control = FakeControl(self.clock)
        self.ledger = FakeLedger(self.clock)
        self.runtime = Runtime(self.clock, self.clock, lambda: 0.5)
        self.engine = self.new_engine()

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def new_engine(self) -> Engine:
        """Another client of the same process."""
        return Engine(self.control, self.ledger, "fake", self.config, [self], self.runtime)

    @property
    def scaler(self) -> Scaler:
        return self.engine._scaler

    def throttle(
        self, *signals: ThrottleSignal, sent_at: float | None = None, engine: Engine | None = None
    ) -> Answer:
        """One throttled attempt, sent just now unless said otherwise."""
        scaler = (engine or self.engine)._scaler
        sent = self.clock.monotonic() if sent_at is None else sent_at
        return scaler.raise_if_needed(signals[0].resource.table, signals, sent, self.config)

    def attempts(
        self, signals: Sequence[ThrottleSignal] = (TABLE,), scope: Scope | None = None
    ) -> int:
        """HTTP attempts of a call that is throttled whenever it is sent."""
        call = self.engine.begin("PutItem", self.clock.monotonic(), scope or Scope())
        attempt = 1
        while call.try_again(Throttle(tuple(signals)), attempt):
            attempt += 1
        return attempt

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def world() -> World:
    return World()
