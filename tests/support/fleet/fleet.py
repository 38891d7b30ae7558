"""A fleet: processes that are all throttled at once, each with a memory of its own."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from dynoresilience import fork_safe
from dynoresilience.aws.table_control import BotoTableControl
from dynoresilience.aws.tag_ledger import TagLedger
from dynoresilience.config import ScalingConfig
from dynoresilience.engine import Engine, Runtime
from dynoresilience.events import Event
from dynoresilience.model import Dimension, Resource, ThrottleSignal
from dynoresilience.scope import Scope
from dynoresilience.testing.control.control_plane import AcceptedUpdate
from dynoresilience.throttling.signals import Throttle
from tests.support.fleet.hub import Hub, Process
from tests.support.fleet.service import Service, WireClient

TABLE = "orders"
THROTTLE = Throttle((ThrottleSignal(Resource(TABLE), Dimension.WRITE),))
DAY = 86_400.0


@dataclass
class Figures:
    """What a fleet asked of the control plane, and how its calls fared. Times in seconds."""

    clients: int
    writes: int
    failed: int = 0
    attempts: int = 0
    raised_at_end: int = 0
    done_at: list[float] = field(default_factory=list)
    requests: list[tuple[float, str, str]] = field(default_factory=list)
    updates: list[AcceptedUpdate] = field(default_factory=list)

    def sent(self, operation: str) -> int:
        return sum(name == operation for _, name, _ in self.requests)

    def refused(self, operation: str) -> Counter[str]:
        codes = (code for _, name, code in self.requests if name == operation and code)
        return Counter(codes)

    def most_a_second(self, operation: str) -> int:
        """In any second, wherever it begins."""
        instants = [at for at, name, _ in self.requests if name == operation]
        most = first = 0
        for last, at in enumerate(instants):
            while instants[first] <= at - 1.0:
                first += 1
            most = max(most, last - first + 1)
        return most

    @property
    def raises(self) -> list[AcceptedUpdate]:
        return [update for update in self.updates if not _lowers(update)]

    @property
    def decreases(self) -> list[AcceptedUpdate]:
        return [update for update in self.updates if _lowers(update)]

    @property
    def updates_sent_a_step(self) -> list[int]:
        """UpdateTables sent for each raise that was accepted: up to the next one's, it included."""
        found, sent = [], 0
        accepted = {update.at for update in self.raises}
        lowered = min((update.at for update in self.decreases), default=float("inf"))
        for at, name, code in self.requests:
            if name != "UpdateTable" or at >= lowered:
                continue
            if not code and at in accepted:
                found.append(0)
            if found:
                found[-1] += 1
            else:
                sent += 1
        if found:
            found[0] += sent
        return found

    def __str__(self) -> str:
        steps = (
            " -> ".join(
                str(units) for units in [self.raises[0].before[None].write, *_after(self.raises)]
            )
            if self.raises
            else "none"
        )
        done = sorted(self.done_at)
        half, last = (done[len(done) // 2], done[-1]) if done else (0.0, 0.0)
        lines = [
            f"{self.clients} clients, {self.writes} writes, {self.failed} failed, "
            f"{self.attempts} attempts",
            f"clients done: half after {half:.1f} s, all after {last:.1f} s",
            f"raises: {steps}; UpdateTables sent for each {self.updates_sent_a_step}; "
            f"decreases {len(self.decreases)} {_after(self.decreases)}; "
            f"clients that know of a raise at the end: {self.raised_at_end}",
        ]
        for name in sorted({name for _, name, _ in self.requests}):
            lines.append(
                f"{name}: {self.sent(name)} sent, at most {self.most_a_second(name)} in a second, "
                f"refused {dict(self.refused(name)) or 'none'}"
            )
        return "\n".join(lines)


def _lowers(update: AcceptedUpdate) -> bool:
    return any(units.write < update.before[index].write for index, units in update.after.items())


def _after(updates: list[AcceptedUpdate]) -> list[int]:
    return [update.after[None].write for update in updates]


class Client:
    """One process with one client of the library, that writes a few items one after the other."""

    def __init__(
        self, fleet: Fleet, number: int, config: ScalingConfig, writes: int, skew: float
    ) -> None:
        self._fleet = fleet
        self._number = number
        self._config = config
        self._writes = writes
        self.process = Process(fleet.hub, skew)
        self._wire = WireClient(fleet.service, self.process)
        self._engine: Engine | None = None
        self.process.before_wait = self._check_locks

    def emit(self, event: Event) -> None:
        self._fleet.events[type(event).__name__] += 1

    def work(self) -> None:
        for write in range(self._writes):
            done = self._put(f"{self._number}-{write}")  # others count meanwhile
            self._fleet.figures.failed += not done
        self._fleet.figures.done_at.append(self.process.monotonic())

    def _put(self, key: str) -> bool:
        call: Any = None
        started = self.process.monotonic()
        attempt = 1
        while True:
            self._fleet.figures.attempts += 1
            if self._wire.put(TABLE, key):
                if self._engine is not None and self._engine.resting:
                    self._engine.succeeded([TABLE])
                return True
            if call is None:
                call = self.engine.begin("PutItem", started, Scope())
            if not call.try_again(THROTTLE, attempt):
                return False
            attempt += 1

    @property
    def engine(self) -> Engine:
        """Made at the first throttle, as for any client."""
        if self._engine is None:
            chance = random.Random(f"{self._fleet.seed} {self._number}").random
            self.runtime = Runtime(self.process, self.process, chance)
            control = BotoTableControl(self._wire)
            ledger = TagLedger(self._wire, self.process)
            self._engine = Engine(control, ledger, "fleet", self._config, [self], self.runtime)
        return self._engine

    @property
    def knows_of_a_raise(self) -> bool:
        return self._engine is not None and bool(self.runtime.pending())

    def _check_locks(self) -> None:
        assert not fork_safe.lock._is_owned(), "waits with the lock of the process"  # type: ignore[attr-defined]
        if self._engine is not None:
            for record in self._engine._scaler.records():
                assert not record.lock._is_owned(), "waits with the lock of a table"  # type: ignore[attr-defined]


class Fleet:
    """So many clients of one table, whose first writes are sent in the same instant.

    ``settings`` are those of the simulator.
    """

    def __init__(
        self,
        clients: int,
        config: ScalingConfig,
        *,
        writes: int = 1,
        units: int = 5,
        seed: int = 0,
        skew: float = 0.0,
        **settings: Any,
    ) -> None:
        self.hub = Hub()
        self.seed = seed
        self.events: Counter[str] = Counter()
        self.figures = Figures(clients, clients * writes)
        options = {"burst_seconds": 1.0, "start_full": False, "tag_seconds": 2.0, **settings}
        self.service = Service(Process(self.hub), **options)
        self.service.create_table(TABLE, units)
        chance = random.Random(seed)
        self.clients = [
            Client(self, number, config, writes, skew * (2 * chance.random() - 1))
            for number in range(clients)
        ]

    def run(self, days: float = 1.0) -> Figures:
        """Until all writes are done, and until everything is quiet again."""
        for client in self.clients:
            client.process.start(client.work)
        figures = self.figures
        self.hub.run(stop=lambda: len(figures.done_at) == figures.clients)
        self.hub.run(until=self.hub.instant + days * DAY)
        figures.raised_at_end = sum(client.knows_of_a_raise for client in self.clients)
        figures.requests = self.service.requests
        figures.updates = self.service.journal.updates
        return figures
