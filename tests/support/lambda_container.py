"""A Lambda container in virtual time: between its invocations nothing of it runs."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from dynoresilience.engine import Runtime
from dynoresilience.ports import Signal
from dynoresilience.process.clock import SystemClock
from dynoresilience.stand_in import process_runtime
from dynoresilience.testing import VirtualClock


class Container(SystemClock):
    """The clock and the timer of a process that is frozen from one invocation to the next.

    ``clock_stops``: its monotonic clock stands still with it, as that of a machine that is frozen
    with everything on it; else it goes on, as that of a process which is stopped.
    """

    def __init__(self, world: VirtualClock, *, clock_stops: bool = True) -> None:
        super().__init__(lambda: world.monotonic() - self._lost, world.now)
        self._world = world
        self._clock_stops = clock_stops
        self._lost = 0.0  # what the monotonic clock does not know of
        self._frozen_at: float | None = world.monotonic()
        self._deadline = 0.0
        self._order = itertools.count()
        self._jobs: list[tuple[float, int, Callable[[], object]]] = []
        self._sleeps: list[float] = []  # when the timer's thread wakes, by the machine's clock
        self.left_at_end = 0.0

    @contextmanager
    def at_work(self) -> Iterator[Runtime]:
        """The process that everything in the block is a part of."""
        runtime = Runtime(self, self, random.Random(0).random)
        with process_runtime(runtime):
            yield runtime

    def invoke(self, handler: Callable[[Any, Any], Any], event: Any, seconds: float = 30.0) -> Any:
        """Thaw, call the handler, freeze."""
        self.thaw()
        self._deadline = self._world.monotonic() + seconds
        try:
            return handler(event, self)
        finally:
            self.left_at_end = self._deadline - self._world.monotonic()
            self.freeze()

    def get_remaining_time_in_millis(self) -> int:
        return round(1000 * (self._deadline - self._world.monotonic()))

    def freeze(self) -> None:
        self._frozen_at = self._world.monotonic()

    def thaw(self) -> None:
        assert self._frozen_at is not None
        if self._clock_stops:
            self._lost += self._world.monotonic() - self._frozen_at
        self._frozen_at = None
        for until in self._sleeps:
            self._wake_at(until)

    def wait(self, signal: Signal, timeout: float) -> bool:
        return self._world.wait(signal, timeout)

    # `Timer`

    def call_at(self, when: float, job: Callable[[], object]) -> None:
        heapq.heappush(self._jobs, (when, next(self._order), job))
        now = self.monotonic()
        self._sleeps = [self._monotonic() + max(0.0, due - now) for due, _, _ in self._jobs]
        for until in self._sleeps:
            self._wake_at(until)

    def _wake_at(self, until: float) -> None:
        self._world.call_at(max(until + self._lost, self._world.monotonic()), self._run_due)

    def _run_due(self) -> None:
        while self._frozen_at is None and self._jobs and self._jobs[0][0] <= self.monotonic():
            heapq.heappop(self._jobs)[2]()
