"""The latest calls of a client: how much a program asks, should its tables become short.

Each call is noted when it is made, throttled or not, in a fraction of a microsecond. Nothing is
read of it before a table is short.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from threading import get_ident
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dynoresilience.capacity.demand import Asked

LATEST = 256
"""Calls that are remembered of a client: those of a fraction of a second, or of minutes."""
HEAD = 512
"""Bytes of a request's body that are kept, to tell its table by."""

Note = list[Any]
"""When it was made, the operation, the beginning of the body, its size (of a batch the number of
writes), the thread, and the bytes of the answer once there is one."""


class Arrivals:
    """The notes of one client's latest calls."""

    def __init__(self) -> None:
        self._latest: deque[Note] = deque(maxlen=LATEST)

    def note(self, at: float, operation: str, request: dict[str, Any]) -> Note | None:
        """A call is made. What is returned is to be told of the answer: its last place."""
        try:
            body = request["body"]
            size = len(body)
            head = body if size <= HEAD else body[:HEAD]
            if operation == "BatchWriteItem":
                size = body.count(b'Request":')
        except (AttributeError, KeyError, TypeError):
            return None  # somebody else's handler has left another shape
        note = [at, operation, head, size, get_ident(), None]
        self._latest.append(note)
        return note

    def of(self, table: str) -> Asked:
        """The calls on a table (a name or an ARN).

        A read that was not answered is taken to be like those that were.
        """
        from dynoresilience.capacity.demand import Arrival, Asked
        from dynoresilience.throttling.work import attributes_of, read_work

        name, found, answered = _name(table), [], defaultdict(list)
        notes = tuple(self._latest)
        for note in notes:
            _, operation, head, size, _, answer = note
            try:
                work = read_work(operation, head, size, answer)
            except (TypeError, ValueError):
                continue  # a body of an unknown shape
            if work is not None and _name(work.table) == name:
                found.append((note, work))
                if work.units:
                    answered[operation, work.index].append(work.units)
        arrivals = []
        for (at, operation, head, size, caller, answer), work in found:
            like = answered.get((operation, work.index)) or [1.0]
            arrival = Arrival(
                at,
                work.index,
                work.dimension,
                work.units or sum(like) / len(like),
                attributes_of(operation, head) if size <= HEAD else None,
                answer is not None,
                caller,
            )
            arrivals.append(arrival)
        return Asked(arrivals, notes[0][0] if len(notes) == LATEST else None)


def together(parts: Iterable[Asked]) -> Asked:
    """What several clients have asked of one table."""
    from dynoresilience.capacity.demand import Asked

    known = list(parts)
    arrivals = sorted((one for part in known for one in part.arrivals), key=lambda one: one.at)
    starts = (part.since for part in known if part.arrivals and part.since is not None)
    since = max(starts, default=None)
    return Asked(arrivals, since)


def _name(table: str) -> str:
    return table.rpartition(":table/")[2]
