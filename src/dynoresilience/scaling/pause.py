"""The wait between two attempts: until an instant, or until the capacity has changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from dynoresilience.ports import Clock
from dynoresilience.scaling.table_record import TableRecord


class Pause:
    """Waits once, in a thread (`sleep`) or in an asyncio task (`sleep_async`).

    ``watched``: the tables whose change ends the pause, each with the generation of its record
    at which the wait began, so that a change just before it is not missed. ``wake_delay`` then
    tells how many seconds to let pass, so that not all go on in the same instant.
    """

    def __init__(
        self,
        until: float,
        watched: Sequence[tuple[TableRecord, int]],
        wake_delay: Callable[[float], float],
        when_over: Callable[[], None],
    ) -> None:
        self._until = until
        self._watched = watched
        self._wake_delay = wake_delay
        self._when_over = when_over

    def sleep(self, clock: Clock) -> None:
        """Wait in this thread."""
        changed = threading.Event()
        self._subscribe(changed.set)
        try:
            if clock.wait(changed, max(0.0, self._until - clock.monotonic())):
                clock.wait(threading.Event(), self._wake_delay(clock.monotonic()))
        finally:
            self._end(changed.set)

    async def sleep_async(self, clock: Clock) -> None:
        """Wait in this task; the loop's other tasks go on."""
        import asyncio
        from contextlib import suppress

        loop = asyncio.get_running_loop()
        changed = asyncio.Event()

        def wake() -> None:
            with suppress(RuntimeError):  # the loop was closed with the task still waiting
                loop.call_soon_threadsafe(changed.set)

        self._subscribe(wake)
        try:
            await asyncio.wait_for(changed.wait(), max(0.0, self._until - clock.monotonic()))
            await asyncio.sleep(self._wake_delay(clock.monotonic()))
        except asyncio.TimeoutError:
            pass
        finally:
            self._end(wake)

    def _subscribe(self, wake: Callable[[], object]) -> None:
        for record, generation in self._watched:
            record.subscribe(wake, generation)

    def _end(self, wake: Callable[[], object]) -> None:
        for record, _ in self._watched:
            record.unsubscribe(wake)
        self._when_over()
