"""What `ScalingClient` tells of its doings, as lines for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue

from dynoresilience import events
from dynoresilience.model import HoldReason
from dynoresilience.process.log_sink import sentence

_IN_PASSING = (HoldReason.UPDATING, HoldReason.JUST_RAISED, HoldReason.NOT_OUR_TURN)
"""Holds that end by themselves, and that every raise brings along."""


class News:
    """An `EventSink`: keeps what is worth a line, from any thread, until one thread reads it.

    Args:
        clock: the seconds that a line is stamped with.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lines: SimpleQueue[tuple[float, str]] = SimpleQueue()
        self._held: set[tuple[object, ...]] = set()

    def emit(self, event: events.Event) -> None:
        if self._is_worth_a_line(event):
            self._lines.put((self._clock(), sentence(event)))

    def read(self) -> Iterator[tuple[float, str]]:
        """The lines that are new, each with its second."""
        while True:
            try:
                yield self._lines.get_nowait()
            except Empty:
                return

    def _is_worth_a_line(self, event: events.Event) -> bool:
        match event:
            case events.Throttled() | events.Retrying() | events.ScaleDownScheduled():
                return False
            case events.ScaleUpHeld(hold=hold):
                cause = hold.reason, hold.resource, hold.dimension
                if hold.reason in _IN_PASSING or cause in self._held:
                    return False
                self._held.add(cause)
        return True
