"""What is being done about one table, for the event sinks."""

from __future__ import annotations

from dynoresilience.events import TableProgress
from dynoresilience.ports import Clock, EventSink


class Progress:
    """Tells each thing once, as it begins."""

    def __init__(self, table: str, clock: Clock, sink: EventSink) -> None:
        self._table = table
        self._clock = clock
        self._sink = sink
        self._began = clock.monotonic()
        self._told = ""

    @property
    def seconds(self) -> float:
        """Since the work on this table began."""
        return self._clock.monotonic() - self._began

    def tell(self, what: str) -> None:
        """Emit it, unless it is what was told last."""
        if what != self._told:
            self._told = what
            self._sink.emit(TableProgress(self._table, what, self.seconds))
