"""Virtual time for many processes: each task is a greenlet, and waits without holding up others."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable

from greenlet import getcurrent, greenlet

from dynoresilience.ports import Signal
from dynoresilience.testing.clock import NOON


class Hub:
    """Runs what is due, in the order of its instants; ties as they were ordered.

    ``epoch``: what the wall clocks show at the instant 0, in seconds since 1970, UTC.
    """

    def __init__(self, epoch: float = NOON) -> None:
        self.instant = 0.0
        self.epoch = epoch
        self._main = getcurrent()
        self._events: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()

    def at(self, when: float, action: Callable[[], object]) -> None:
        heapq.heappush(self._events, (max(when, self.instant), next(self._order), action))

    def run(self, until: float = math.inf, stop: Callable[[], bool] = lambda: False) -> None:
        """Let time pass until then, or until ``stop()``, or until nothing is left to be done.

        An exception that a task lets out comes out here.
        """
        self._main = getcurrent()
        while self._events and self._events[0][0] <= until and not stop():
            self.instant, _, action = heapq.heappop(self._events)
            action()

    def pause(self) -> None:
        """Let others run; the task goes on when somebody switches to it."""
        self._main.switch()


class _Wait:
    """A task that waits for a signal, and whether that is over."""

    def __init__(self, signal: Signal) -> None:
        self.task = getcurrent()
        self.signal = signal
        self.over = False


class Process:
    """Time as one process sees it: a `Clock` and a `Timer`, whose jobs run one at a time.

    ``skew``: seconds by which its wall clock is fast. ``before_wait`` hears of every wait: there
    a test sees to it that no lock is held, which in one thread would hold up nobody.
    """

    def __init__(self, hub: Hub, skew: float = 0.0) -> None:
        self.hub = hub
        self._skew = skew
        self._waits: list[_Wait] = []
        self._jobs: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._at_work = False
        self.before_wait: Callable[[], None] = lambda: None

    def monotonic(self) -> float:
        return self.hub.instant

    def now(self) -> float:
        return self.hub.epoch + self.hub.instant + self._skew

    def start(self, work: Callable[[], object], at: float = 0.0) -> None:
        """Run ``work`` as a task of this process, from the instant ``at`` on, or from now on."""
        self.hub.at(at, lambda: self.switch_to(self._task(work)))

    @staticmethod
    def current() -> Process:
        """The process of the task that is running.

        Raises:
            LookupError: it is no task.
        """
        process: Process | None = getattr(getcurrent(), "process", None)
        if process is None:
            raise LookupError("only a task belongs to a process")
        return process

    def wait(self, signal: Signal, timeout: float) -> bool:
        """`Clock.wait`. Only tasks of this process can set its signals."""
        if signal.is_set():
            return True
        self.before_wait()
        wait = _Wait(signal)
        self._waits.append(wait)
        self.hub.at(self.hub.instant + max(0.0, timeout), lambda: self._end(wait))
        self.hub.pause()
        return signal.is_set()

    def sleep(self, seconds: float) -> None:
        Nap(self).rest(seconds)

    def call_at(self, when: float, job: Callable[[], object]) -> None:
        heapq.heappush(self._jobs, (when, next(self._order), job))
        self.hub.at(when, self._work)

    def _work(self) -> None:
        if not self._at_work:
            self._at_work = True
            self.switch_to(self._task(self._run_jobs))

    def _run_jobs(self) -> None:
        while self._jobs and self._jobs[0][0] <= self.hub.instant:
            heapq.heappop(self._jobs)[2]()
        self._at_work = False

    def _task(self, work: Callable[[], object]) -> greenlet:
        task = greenlet(work)
        task.process = self
        return task

    def _end(self, wait: _Wait) -> None:
        if not wait.over:
            wait.over = True
            self._waits.remove(wait)
            self.switch_to(wait.task)

    def switch_to(self, task: greenlet) -> None:
        """Let a task go on, and then those whose signals it has set."""
        task.switch()
        for wait in self._waits:
            if wait.signal.is_set():
                self.hub.at(self.hub.instant, lambda wait=wait: self._end(wait))


class Nap:
    """The rest of a task, until it is over or somebody ends it. For a single use."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._task: greenlet | None = None

    def rest(self, seconds: float) -> None:
        self._process.before_wait()
        self._task = getcurrent()
        if seconds < math.inf:
            self._process.hub.at(self._process.hub.instant + seconds, self._over)
        self._process.hub.pause()

    def end(self) -> None:
        self._process.hub.at(self._process.hub.instant, self._over)

    def _over(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            self._process.switch_to(task)
