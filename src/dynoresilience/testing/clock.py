"""Clocks for tests: virtual time for one thread, and real time at another speed for many."""

from __future__ import annotations

import heapq
import itertools
import math
import threading
import time
from collections.abc import Callable

from dynoresilience.ports import Signal

NOON = 1_767_268_800.0
"""2026-01-01 12:00:00 UTC, in seconds since the epoch: far from midnight on both sides."""


class VirtualClock:
    """Time that moves only when it is told to. A `Clock` and a `Timer`, for a single thread.

    Nothing here sleeps: a wait of an hour returns at once, an hour later. Jobs run inside
    `advance`, `sleep` and `wait`, with the clock standing at the instant of each job; an exception
    of a job leaves through the call that was advancing. A job may itself wait: time then moves on
    within it, and the jobs that fall due meanwhile run there.

    Args:
        start: what `monotonic` reads at first, in seconds.
        now: what `now` reads at first, in seconds since the epoch (UTC).
    """

    def __init__(self, start: float = 0.0, now: float = NOON) -> None:
        self._start = start
        self._epoch = now
        self._monotonic = start
        self._jobs: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()

    def monotonic(self) -> float:
        """Seconds since an arbitrary instant."""
        return self._monotonic

    def now(self) -> float:
        """Seconds since the epoch, UTC."""
        return self._epoch + (self._monotonic - self._start)

    def call_at(self, when: float, job: Callable[[], object]) -> None:
        """Run ``job`` when `monotonic` reaches ``when``; if that is past, at the next advance."""
        heapq.heappush(self._jobs, (when, next(self._order), job))

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass. Jobs run in the order of their instants, ties as scheduled.

        Raises:
            ValueError: ``seconds`` is negative, infinite or not a number.
        """
        if not 0 <= seconds < math.inf:
            raise ValueError(f"time can't advance by {seconds} s")
        self._advance_to(self._monotonic + seconds, lambda: False)

    def sleep(self, seconds: float) -> None:
        """What code under test calls in place of `time.sleep`; zero or less lets no time pass."""
        self.advance(max(seconds, 0.0))

    def wait(self, signal: Signal, timeout: float) -> bool:
        """Let at most ``timeout`` seconds pass, fewer if a job sets ``signal`` on the way.

        Returns:
            True if the signal is set; the clock then stands where that happened.

        Raises:
            RuntimeError: the timeout is infinite and no job is left that could set the signal.
        """
        if not signal.is_set():
            self._advance_to(self._monotonic + max(timeout, 0.0), signal.is_set)
        return signal.is_set()

    def pending(self) -> list[float]:
        """The instants of the jobs that are still to run, the next one first."""
        return sorted(when for when, _, _ in self._jobs)

    def _advance_to(self, end: float, stop: Callable[[], bool]) -> None:
        while self._jobs and self._jobs[0][0] <= end:
            when, _, job = heapq.heappop(self._jobs)
            self._monotonic = max(self._monotonic, when)
            job()
            if stop():
                return
        if math.isinf(end):
            raise RuntimeError("an endless wait, and no job is left that could end it")
        self._monotonic = max(self._monotonic, end)


class ScaledClock:
    """Real time, ``speed`` times as fast: at 60 a minute passes in a second. Thread-safe.

    A `Clock`. Readings start at those of the system.
    """

    def __init__(self, speed: float = 1.0) -> None:
        if not 0 < speed < math.inf:
            raise ValueError(f"speed must be a positive number, got {speed}")
        self.speed = speed
        self._origin = time.monotonic()
        self._epoch = time.time()

    def monotonic(self) -> float:
        """Scaled seconds since an arbitrary instant."""
        return self._origin + self._elapsed()

    def now(self) -> float:
        """Scaled seconds since the epoch, UTC."""
        return self._epoch + self._elapsed()

    def wait(self, signal: Signal, timeout: float) -> bool:
        """Wait at most ``timeout`` scaled seconds; True as soon as ``signal`` is set."""
        return signal.wait(min(max(timeout, 0.0) / self.speed, threading.TIMEOUT_MAX))

    def sleep(self, seconds: float) -> None:
        """Sleep ``seconds`` scaled seconds."""
        time.sleep(max(seconds, 0.0) / self.speed)

    def _elapsed(self) -> float:
        return (time.monotonic() - self._origin) * self.speed
