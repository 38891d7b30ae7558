"""What a test starts with and leaves behind: its own memory of raises, and virtual time."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, SupportsIndex

from dynoresilience.engine import Runtime
from dynoresilience.ports import Timer
from dynoresilience.stand_in import process_runtime
from dynoresilience.testing.clock import VirtualClock


@contextmanager
def virtual_time(clock: VirtualClock | None = None) -> Iterator[VirtualClock]:
    """Within the block nobody waits: time passes on the clock that the block is given.

    - `time.sleep` in this thread lets virtual time pass: in your code, in boto3's retries and
      waiters. In other threads it sleeps as ever.
    - Every `ScalingClient`, attached client and decorated function retries, raises and scales down
      on this clock, whenever it was made, and knows of nothing that was raised before the block.
      Their jitter is the same in every run. What is still raised at its end is forgotten.

    It is for one thread: code under test that starts threads of its own needs real time. Only
    ``sleep`` is replaced: `time.time`, `time.monotonic`, `threading.Event.wait` and asyncio go by
    real time.

        with virtual_time() as clock, SimulatedDynamoDB(clock=clock) as simulator:
            ...
            clock.advance(600)

    Args:
        clock: None: a new one.
    """
    clock = clock or VirtualClock()
    chance = random.Random(0).random
    with process_runtime(Runtime(clock, clock, chance)), _sleeping_on(clock):
        yield clock


@contextmanager
def fresh_start() -> Iterator[None]:
    """Within the block the library remembers nothing from before, and afterwards nothing of it.

    In real time. Jobs of the timer thread that were not due by the end are dropped; one that is
    just running is waited for.
    """
    shared = Runtime.of_process()
    timer = _TimerOfABlock(shared.timer)
    try:
        with process_runtime(Runtime(shared.clock, timer)):
            yield
    finally:
        timer.close()


@contextmanager
def _sleeping_on(clock: VirtualClock) -> Iterator[None]:
    thread = threading.get_ident()
    _sleeps.append((thread, clock))
    if len(_sleeps) == 1:
        _real_sleep.append(time.sleep)
        time.sleep = _virtual_sleep
    try:
        yield
    finally:
        _sleeps.remove((thread, clock))
        if not _sleeps:
            time.sleep = _real_sleep.pop()


_sleeps: list[tuple[int, VirtualClock]] = []
"""The blocks of virtual time that have not ended: thread and clock, the latest last."""
_real_sleep: list[Any] = []
"""What `time.sleep` was before the first of them."""


def _virtual_sleep(seconds: float | SupportsIndex, /) -> None:
    """In place of `time.sleep`: the thread of a block lets its clock go on, others sleep."""
    here = threading.get_ident()
    clock = next((clock for thread, clock in reversed(_sleeps) if thread == here), None)
    wanted = float(seconds)
    if clock is None:
        _real_sleep[-1](wanted)
    elif wanted < 0:
        raise ValueError("sleep length must be non-negative")
    else:
        clock.sleep(wanted)


class _TimerOfABlock:
    """A `Timer` on another one, whose jobs end with a block."""

    def __init__(self, timer: Timer) -> None:
        self._timer = timer
        self._jobs: dict[int, Callable[[], object]] = {}
        self._numbers = itertools.count()
        self._running = threading.RLock()
        self._closed = False

    def call_at(self, when: float, job: Callable[[], object]) -> None:
        if self._closed:
            return
        number = next(self._numbers)
        self._jobs[number] = job
        self._timer.call_at(when, lambda: self._run(number))

    def close(self) -> None:
        """No job is running after this, and none will."""
        with self._running:
            self._closed = True
            self._jobs.clear()

    def _run(self, number: int) -> None:
        with self._running:
            job = self._jobs.pop(number, None)
            if job is not None:
                job()
