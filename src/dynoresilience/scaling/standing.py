"""Holds that need no new look for a while."""

from __future__ import annotations

from dynoresilience.model import Hold, HoldReason, RaisedKey
from dynoresilience.ports import Clock
from dynoresilience.scaling.shortage import Answer, Shortage
from dynoresilience.scaling.table_record import TableRecord
from dynoresilience.scaling.turns import Turns

_OF_THE_TABLE = (HoldReason.NO_PERMISSION, HoldReason.UPDATING)
"""What keeps any number of a table from being raised. Others may keep one of them alone: a quota of
writes says nothing of reads."""


class Standing:
    """By table, for one client's credentials only: so it is not in the shared record."""

    def __init__(self, turns: Turns, clock: Clock) -> None:
        self._turns = turns
        self._clock = clock
        self._holds: dict[tuple[str, frozenset[RaisedKey] | None], tuple[Hold, float]] = {}

    def hold(self, short: Shortage, now: float) -> Hold | None:
        """A hold from an earlier look that still stands."""
        for keys in (None, short.keys):
            hold, until = self._holds.get((short.table, keys), (None, now))
            if now < until:
                return hold
        return None

    def stand(
        self, record: TableRecord, short: Shortage, reason: HoldReason, why: str, seconds: float
    ) -> Answer:
        """Hold, and let the hold stand for so long: for the same numbers, or the whole table."""
        hold = short.hold(reason, why)
        self._turns.follow(record)
        keys = None if reason in _OF_THE_TABLE else short.keys
        self._holds[short.table, keys] = hold, self._clock.monotonic() + seconds
        return Answer(record, record.generation, hold=hold)
