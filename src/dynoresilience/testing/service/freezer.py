"""An endpoint that takes requests in and does not answer, as a process that was stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Freezer:
    """Holds all requests back between `freeze` and `thaw`. Thread-safe.

    ``thawed`` is what a request waits for. As with a process that was stopped and goes on, requests
    whose clients no longer wait are worked on all the same.
    """

    def __init__(self) -> None:
        self.thawed = threading.Event()
        self.thawed.set()
        self._lock = threading.Lock()
        self._late: list[Callable[[], object]] = []

    @property
    def frozen(self) -> bool:
        return not self.thawed.is_set()

    def freeze(self) -> None:
        with self._lock:
            self.thawed.clear()

    def thaw(self) -> None:
        """Let everyone go on, and do what was left to `later`."""
        with self._lock:
            late, self._late = self._late, []
            self.thawed.set()
        for job in late:
            job()

    def later(self, job: Callable[[], object]) -> None:
        """Do this once it is thawed; at once if it is."""
        with self._lock:
            if self.frozen:
                self._late.append(job)
                return
        job()

    def release(self) -> None:
        """Let everyone go who waits, and forget what was left: nobody is served any more."""
        with self._lock:
            self._late.clear()
            self.thawed.set()
