"""Many writes by several threads at once, counted while they run."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable


class Burst:
    """Calls ``write(0)`` to ``write(count - 1)``, each once, from ``threads`` threads.

    The threads are daemons: a call that backs off for long never holds up the end of the process.
    """

    def __init__(self, write: Callable[[int], object], count: int, threads: int) -> None:
        self._write = write
        self._numbers = iter(range(count))
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._stopped = False
        self._working = threads
        self._written: set[int] = set()
        self._failures: Counter[str] = Counter()

    def start(self) -> None:
        """Begin; returns at once."""
        for number in range(self._working):
            threading.Thread(target=self._work, name=f"burst-{number}", daemon=True).start()

    def wait(self, timeout: float) -> bool:
        """Wait up to ``timeout`` seconds; True once every write has ended."""
        return self._over.wait(timeout)

    def stop(self) -> None:
        """Begin no more writes; those that are under way go on."""
        with self._lock:
            self._stopped = True

    @property
    def written(self) -> frozenset[int]:
        """The numbers of the writes that returned."""
        with self._lock:
            return frozenset(self._written)

    @property
    def failures(self) -> Counter[str]:
        """How many writes raised, by what their exceptions say."""
        with self._lock:
            return Counter(self._failures)

    def _work(self) -> None:
        while (number := self._next()) is not None:
            try:
                self._write(number)
            except Exception as error:
                with self._lock:
                    self._failures[str(error)] += 1
            else:
                with self._lock:
                    self._written.add(number)
        with self._lock:
            self._working -= 1
            if not self._working:
                self._over.set()

    def _next(self) -> int | None:
        with self._lock:
            return None if self._stopped else next(self._numbers, None)
