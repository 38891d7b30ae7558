"""Real time."""

from __future__ import annotations

import threading
import time

from dynoresilience.ports import Signal


class SystemClock:
    """`ports.Clock` on the machine's clocks."""

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> float:
        return time.time()

    def wait(self, signal: Signal, timeout: float) -> bool:
        return signal.wait(min(timeout, threading.TIMEOUT_MAX))
