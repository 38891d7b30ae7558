"""Real time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from dynoresilience.ports import Signal

STANDSTILL = 1.0
"""Seconds by which the clock on the wall has to run ahead for a standstill: less is adjustment."""


class SystemClock:
    """`ports.Clock` on the machine's clocks, or in tests on others. Thread-safe."""

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._monotonic = monotonic
        self._now = now
        # How far the clock on the wall was ahead of the other one at the latest reading, and how
        # long both have stood still in all. One value: threads that thaw together add it once.
        self._seen: tuple[float, float] | None = None

    def expect_standstills(self) -> None:
        """Count time for which the process will not have run, from now on.

        A frozen machine's monotonic clock may have been frozen, too; the one on the wall was not.
        Elsewhere that one may be put right by hours, and no deadline should hear of it.
        """
        self._seen = self._seen or (self._now() - self._monotonic(), 0.0)

    def monotonic(self) -> float:
        seen = self._seen
        here = self._monotonic()
        if seen is None:
            return here
        was_ahead, stood_still = seen
        ahead = self._now() - here
        if ahead - was_ahead > STANDSTILL:
            stood_still += ahead - was_ahead
        self._seen = ahead, stood_still
        return here + stood_still

    def now(self) -> float:
        return self._now()

    def wait(self, signal: Signal, timeout: float) -> bool:
        return signal.wait(min(timeout, threading.TIMEOUT_MAX))
