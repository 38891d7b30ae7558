"""A call's place among those that wait for the same table."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from dynoresilience.capacity.shortfall import LimitsOf, resources_short
from dynoresilience.model import RaisedKey, ThrottleKind, ThrottleSignal
from dynoresilience.scaling.pace import queue_of
from dynoresilience.scaling.table_record import NEVER, TableRecord

RELIABLE = 0.8
"""The share of a table from which on its queue is to be relied on: others hardly use it."""


class Place:
    """Of a call of about so many ``units``, in one queue of a table.

    ``times`` as many are given to it. ``went_at``: when the call was sent that had it before its
    first attempt.
    """

    def __init__(
        self, record: TableRecord, queue: RaisedKey, units: float, times: float = 1.0
    ) -> None:
        self.went_at = NEVER
        self._record = record
        self._queue = queue
        self._known = units
        self._units = times * units

    def at(
        self,
        now: float,
        *,
        before: float = math.inf,
        refused: bool = False,
        chance: float = 0.0,
    ) -> float | None:
        """When it is the call's turn (monotonic seconds); None: there is nothing to tell it by.

        None as well if that would not be ``before`` an instant. Each time it is asked it is the
        last of the queue. ``refused``: it was, just now. ``chance``: as for `Pace.place`.
        """
        with self._record.lock:
            state = self._record.state
            if state is None:
                return None
            pace = self._record.pace(self._queue)
            return pace.place(
                state,
                self._units,
                now,
                known=self._known,
                before=before,
                refused=refused,
                chance=chance,
            )

    @contextmanager
    def taken(self) -> Iterator[None]:
        """The call waits in this block."""
        with self._record.lock:
            pace = self._record.pace(self._queue)
            pace.waiting += self._units
        try:
            yield
        finally:
            with self._record.lock:
                pace.waiting = max(0.0, pace.waiting - self._units)

    def went_through(self, now: float) -> None:
        """The call went when it was its turn, and was admitted."""
        with self._record.lock:
            self._record.pace(self._queue).went_through(now)

    def is_reliable(self) -> bool:
        """Whether nearly all are admitted when it is their turn."""
        with self._record.lock:
            pace = self._record.pace(self._queue)
            return pace.share >= RELIABLE and pace.keeps_its_word

    def was_refused(self, now: float) -> None:
        """The call went when it was its turn, and was refused."""
        with self._record.lock:
            self._record.pace(self._queue).was_refused(now)


def place_of_refused(
    record: TableRecord,
    signals: Iterable[ThrottleSignal],
    units: float | None,
    times: float,
    limits: LimitsOf,
    now: float,
) -> Place | None:
    """That of a call which was refused; None: of the limit that it met nobody knows the rate.

    ``units`` None: it is a read, which takes what those before have taken. ``times`` as many are
    given to it.
    """
    queues = set()
    with record.lock:
        state = record.state
        if state is None or state.on_demand:
            return None
        for signal in signals:
            if signal.kind is not ThrottleKind.PROVISIONED:
                return None
            for resource in resources_short(state, signal, limits):
                queue = queue_of(resource.index, signal.dimension)
                record.pace(queue).is_short((resource.index, signal.dimension), now)
                queues.add(queue)
        if len(queues) != 1:
            return None
        queue = queues.pop()
        return Place(record, queue, units or record.costs.get(queue, 1.0), times)


def place_of_new(
    record: TableRecord,
    queue: RaisedKey,
    units: float,
    attributes: frozenset[str] | None,
    now: float,
) -> Place | None:
    """That of a call which was not sent yet; None: nobody waits for what it needs.

    ``attributes``: those of the item, of a put. A write that may not be in the index that is short
    does not wait for it.
    """
    with record.lock:
        state, pace = record.state, record.paces.get(queue)
        if state is None or pace is None or pace.waiting <= 0 or pace.may_have_room(now):
            return None
        short = pace.indexes_short()
        if queue[0] is None and None not in short:
            found = (state.resource(index) for index in short)
            keys = [resource.keys for resource in found if resource is not None]
            if attributes is None or not any(key and key <= attributes for key in keys):
                return None
        return Place(record, queue, units or record.costs.get(queue, 1.0))
