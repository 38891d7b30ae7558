"""The wait between two attempts: until an instant, or until there is capacity before that."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext

from dynoresilience.ports import Clock
from dynoresilience.scaling.place import Place
from dynoresilience.scaling.table_record import TableRecord


class Pause:
    """Waits once, in a thread (`sleep`) or in an asyncio task (`sleep_async`).

    ``watched``: the tables whose news end the pause, each with the generation of its record at
    which the wait began, so that a change just before it is not missed. All waiters are woken
    when capacity has changed; ``wake_delay`` then tells how many seconds to let pass, so that
    they do not go on in the same instant, a wait that another change ends, too. An ``eager`` one
    may be woken when a success shows capacity to spare; ``came_early`` then tells that it was.
    ``place``: in a queue, as long as the pause lasts.
    """

    def __init__(
        self,
        until: float,
        watched: Sequence[tuple[TableRecord, int]],
        wake_delay: Callable[[float], float],
        when_over: Callable[[], None],
        *,
        eager: bool = False,
        place: Place | None = None,
    ) -> None:
        self._until = until
        self._watched = list(watched)
        self._wake_delay = wake_delay
        self._when_over = when_over
        self._eager = eager
        self._place = place
        self.came_early = False

    def sleep(self, clock: Clock) -> None:
        """Wait in this thread."""
        with self._in_queue():
            while True:
                news = threading.Event()
                try:
                    self._subscribe(news.set)
                    clock.wait(news, max(0.0, self._until - clock.monotonic()))
                finally:
                    self._unsubscribe(news.set)
                if not self._begins_anew(clock):
                    self.came_early = news.is_set()
                    return

    async def sleep_async(self, clock: Clock) -> None:
        """Wait in this task; the loop's other tasks go on."""
        import asyncio
        from contextlib import suppress

        loop = asyncio.get_running_loop()
        with self._in_queue():
            while True:
                news = asyncio.Event()

                def wake(news: asyncio.Event = news) -> None:
                    with suppress(RuntimeError):  # the loop was closed with the task still waiting
                        loop.call_soon_threadsafe(news.set)

                try:
                    self._subscribe(wake)
                    left = max(0.0, self._until - clock.monotonic())
                    with suppress(asyncio.TimeoutError):
                        await asyncio.wait_for(news.wait(), left)
                finally:
                    self._unsubscribe(wake)
                if not self._begins_anew(clock):
                    self.came_early = news.is_set()
                    return

    def _begins_anew(self, clock: Clock) -> bool:
        """Whether capacity has changed: then the wait goes on until the call's turn, or news."""
        watched = [(record, record.generation) for record, _ in self._watched]
        if watched == self._watched:
            return False
        self._watched, self._eager = watched, False
        now = clock.monotonic()
        self._until = now + self._wake_delay(now)
        return True

    @contextmanager
    def _in_queue(self) -> Iterator[None]:
        with nullcontext() if self._place is None else self._place.taken():
            try:
                yield
            finally:
                self._when_over()

    def _subscribe(self, wake: Callable[[], object]) -> None:
        for record, generation in self._watched:
            record.subscribe(wake, generation, eager=self._eager)

    def _unsubscribe(self, wake: Callable[[], object]) -> None:
        for record, _ in self._watched:
            record.unsubscribe(wake)
