"""All regions of a simulated account: an engine for each, made when it is first spoken of."""

from __future__ import annotations

import threading

from dynoresilience.ports import Clock
from dynoresilience.testing.service.engine import Engine
from dynoresilience.testing.service.faults import FaultPlan
from dynoresilience.testing.service.journal import Journal
from dynoresilience.testing.service.settings import Settings


class Regions:
    """What the engines share: clock, settings, journal, ordered faults, and the lock."""

    def __init__(self, clock: Clock, settings: Settings, lock: threading.RLock) -> None:
        self.journal = Journal()
        self.faults = FaultPlan()
        self._clock = clock
        self._settings = settings
        self._lock = lock
        self._engines: dict[str, Engine] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The regions that were spoken of."""
        with self._lock:
            return tuple(self._engines)

    def catch_up(self) -> None:
        """Let everything happen that is due by now, in all regions."""
        with self._lock:
            for engine in self._engines.values():
                engine.catch_up()

    def engine(self, region: str) -> Engine:
        """The engine of a region."""
        with self._lock:
            if region not in self._engines:
                self._engines[region] = Engine(
                    region,
                    self._clock,
                    self._settings,
                    journal=self.journal,
                    faults=self.faults,
                    lock=self._lock,
                )
            return self._engines[region]
