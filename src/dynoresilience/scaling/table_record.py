"""What this process knows of one table: one record, shared by every client that meets it."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass

from dynoresilience.model import TableState
from dynoresilience.ports import EventSink, Settings, TableControl

NEVER = float("-inf")


@dataclass(frozen=True, slots=True)
class Lowerer:
    """By what means, and within which bounds, a table's raises are taken back."""

    control: TableControl
    table: str
    settings: Settings
    sink: EventSink


class TableRecord:
    """Facts about a table, guarded by ``lock``. Instants are `Clock.monotonic` seconds.

    ``busy``: set while a thread talks to the control plane about this table (single flight);
    the others wait for it to be set. ``change_since``: when a capacity change that is not yet in
    force was first seen. ``changed_at``: when we last saw a change come into force.
    ``lowering_due``: when the job that lowers the table is to run; None if there is none.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Know nothing. Also what a forked child does: the changes are its parent's."""
        self.lock = threading.Lock()
        self.busy: threading.Event | None = None
        self.state: TableState | None = None
        self.read_at = NEVER
        self.change_since: float | None = None
        self.changed_at = NEVER
        self.last_throttle = NEVER
        self.lowerer: Lowerer | None = None
        self.lowering_due: float | None = None
        self.generation = 0
        self._waiters: list[Callable[[], object]] = []

    def try_begin(self, stale_after: float, now: float) -> threading.Event | None:
        """Take the single flight for a decrease; None while anything else is going on."""
        with self.lock:
            changing = self.change_since is not None and now - self.change_since < stale_after
            if self.busy is not None or changing:
                return None
            self.busy = threading.Event()
            return self.busy

    def end(self, flight: threading.Event) -> None:
        """Give the single flight back and let those go on who wait for it."""
        with self.lock:
            if self.busy is flight:
                self.busy = None
        flight.set()

    def observe(self, state: TableState, now: float) -> None:
        with self.lock:
            self.state, self.read_at = state, now

    def begin_change(self, now: float) -> bool:
        """True if this is news: nobody has seen the change yet, so nobody watches it."""
        with self.lock:
            news = self.change_since is None
            if news:
                self.change_since = now
            return news

    def end_change(self, now: float | None) -> None:
        """The change is in force since ``now`` (None: not known); wake whoever waits for it."""
        with self.lock:
            self.change_since = None
            if now is None:
                return
            self.changed_at = now
            self.generation += 1
            waiters, self._waiters = self._waiters, []
        for wake in waiters:
            wake()

    def subscribe(self, wake: Callable[[], object], generation: int) -> None:
        """Call ``wake`` at the next change after ``generation``: at once if that is past."""
        with self.lock:
            if self.generation == generation:
                self._waiters.append(wake)
                return
        wake()

    def unsubscribe(self, wake: Callable[[], object]) -> None:
        with self.lock:
            if wake in self._waiters:
                self._waiters.remove(wake)


class TableBook:
    """Every record of this process, by table ARN once it is known.

    Clients of one process share the record of a table, whatever session, credentials or name
    they reach it by; before the first DescribeTable has told the ARN, a client has its own.
    """

    def __init__(self) -> None:
        self._by_arn: dict[str, TableRecord] = {}
        self._all: weakref.WeakSet[TableRecord] = weakref.WeakSet()
        os.register_at_fork(after_in_child=self._reset)

    def new_record(self) -> TableRecord:
        record = TableRecord()
        self._all.add(record)
        return record

    def adopt(self, arn: str, record: TableRecord) -> TableRecord:
        """The record for this ARN: ``record`` itself if it is the first."""
        return self._by_arn.setdefault(arn, record)

    def by_arn(self, arn: str) -> TableRecord | None:
        return self._by_arn.get(arn)

    def _reset(self) -> None:
        for record in list(self._all):
            record.reset()
