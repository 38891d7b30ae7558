"""The wait between two attempts: until an instant, or until there is capacity before that."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from dynoresilience.ports import Clock
from dynoresilience.scaling.place import Place
from dynoresilience.scaling.table_record import TableRecord


class Pause:
    """Waits once, in a thread (`sleep`) or in an asyncio task (`sleep_async`).

    ``watched``: the tables whose news end the pause, each with the generation of its record at
    which the wait began, so that a change just before it is not missed. All waiters are woken
    when capacity has changed; ``wake_delay`` then tells how many seconds to let pass, so that
    they do not go on in the same instant. An ``eager`` one may be woken when a success shows
    capacity to spare; ``came_early`` then tells that it was. ``place``: in a queue, as long as the
    pause lasts.
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
        self._watched = watched
        self._wake_delay = wake_delay
        self._when_over = when_over
        self._eager = eager
        self._place = place
        self.came_early = False

    def sleep(self, clock: Clock) -> None:
        """Wait in this thread."""
        news = threading.Event()
        self._subscribe(news.set)
        try:
            clock.wait(news, max(0.0, self._until - clock.monotonic()))
            if self._changed():
                clock.wait(threading.Event(), self._wake_delay(clock.monotonic()))
            else:
                self.came_early = news.is_set()
        finally:
            self._end(news.set)

    async def sleep_async(self, clock: Clock) -> None:
        """Wait in this task; the loop's other tasks go on."""
        import asyncio
        from contextlib import suppress

        loop = asyncio.get_running_loop()
        news = asyncio.Event()

        def wake() -> None:
            with suppress(RuntimeError):  # the loop was closed with the task still waiting
                loop.call_soon_threadsafe(news.set)

        self._subscribe(wake)
        try:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(news.wait(), max(0.0, self._until - clock.monotonic()))
            if self._changed():
                await asyncio.sleep(self._wake_delay(clock.monotonic()))
            else:
                self.came_early = news.is_set()
        finally:
            self._end(wake)

    def _changed(self) -> bool:
        return any(record.generation != generation for record, generation in self._watched)

    def _subscribe(self, wake: Callable[[], object]) -> None:
        if self._place is not None:
            self._place.enter()
        for record, generation in self._watched:
            record.subscribe(wake, generation, eager=self._eager)

    def _end(self, wake: Callable[[], object]) -> None:
        for record, _ in self._watched:
            record.unsubscribe(wake)
        if self._place is not None:
            self._place.leave()
        self._when_over()
