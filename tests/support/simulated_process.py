"""A program that uses the library, on a simulator in virtual time: it may freeze, and die."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from dynoresilience.attachment import Attachment, attach_to, detach_from
from dynoresilience.config import ScalingConfig
from dynoresilience.engine import Runtime
from dynoresilience.events import Event
from dynoresilience.process.log_sink import LoggingSink
from dynoresilience.testing import VirtualClock


class ProcessTimer:
    """A `Timer` whose jobs wait while the process is frozen, and are never run once it is dead."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._held: list[Callable[[], object]] = []
        self.is_frozen = False
        self.is_dead = False

    def call_at(self, when: float, job: Callable[[], object]) -> None:
        self._clock.call_at(when, lambda: self._run(job))

    def thaw(self) -> None:
        self.is_frozen = False
        held, self._held = self._held, []
        for job in held:
            job()

    def _run(self, job: Callable[[], object]) -> None:
        if self.is_frozen:
            self._held.append(job)
        elif not self.is_dead:
            job()


class SimulatedProcess:
    """One process; it is an event sink of its clients beside the log, and may have a bug."""

    def __init__(self, clock: VirtualClock, config: ScalingConfig, seed: int = 0) -> None:
        self._config = config
        self._log = LoggingSink(clock)
        self.timer = ProcessTimer(clock)
        self.runtime = Runtime(clock, self.timer, random.Random(seed).random)
        self.events: list[Event] = []
        self.sink_fails = False

    def emit(self, event: Event) -> None:
        self.events.append(event)
        if self.sink_fails:
            raise RuntimeError("a bug in the owner's sink")

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def attach(self, client: Any) -> Attachment:
        """Make a client one of this process, whoever had it before."""
        if is_attached(client):
            detach_from(client)
        return attach_to(client, self._config, [self, self._log], runtime=self.runtime)


def is_attached(client: Any) -> bool:
    return "_dynoresilience" in vars(client)
