"""One daemon thread for everything that happens later. None before the first job.

A heap of jobs and an event: the thread sleeps until the next instant or a new job. Being a
daemon it never keeps an interpreter alive; a forked child starts without jobs, since they are
the parent's to do.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from collections.abc import Callable

from dynoresilience import fork_safe
from dynoresilience.ports import Clock

_log = logging.getLogger("dynoresilience")
_IDLE = 3600.0
"""Seconds to sleep at most; a new job ends the sleep at once."""


class ThreadTimer:
    """`ports.Timer` on a thread of its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._start_anew()
        fork_safe.in_child(self._start_anew)

    def _start_anew(self) -> None:
        self._jobs: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._lock = threading.RLock()  # a signal handler may come in here too
        self._new_job = threading.Event()
        self._thread: threading.Thread | None = None

    def call_at(self, when: float, job: Callable[[], object]) -> None:
        with self._lock:
            heapq.heappush(self._jobs, (when, next(self._order), job))
            if self._thread is None or not self._thread.is_alive():
                thread = threading.Thread(target=self._run, name="dynoresilience", daemon=True)
                try:
                    thread.start()
                except RuntimeError as error:
                    # The interpreter is ending, or the process is out of threads. The next
                    # call_at tries again; at exit what is still raised is said.
                    _log.debug("no timer thread: %s", error)
                else:
                    self._thread = thread
        self._new_job.set()

    def _run(self) -> None:
        while True:
            self._new_job.clear()
            job, pause = self._next()
            if job is None:
                self._clock.wait(self._new_job, pause)
                continue
            try:
                try:
                    job()
                except Exception:
                    _log.exception("a background job failed")
            except BaseException:
                pass  # whatever a sink or a log handler raises: others' jobs are still to be done

    def _next(self) -> tuple[Callable[[], object] | None, float]:
        with self._lock:
            if not self._jobs:
                return None, _IDLE
            pause = self._jobs[0][0] - self._clock.monotonic()
            if pause > 0:
                return None, min(pause, _IDLE)
            return heapq.heappop(self._jobs)[2], 0.0
