"""Holds that need no new look for a while."""

from __future__ import annotations

from dynoresilience.model import Hold, HoldReason
from dynoresilience.ports import Clock
from dynoresilience.scaling.shortage import Answer, Shortage
from dynoresilience.scaling.table_record import TableRecord
from dynoresilience.scaling.turns import Turns


class Standing:
    """By table, for one client's credentials only: so it is not in the shared record."""

    def __init__(self, turns: Turns, clock: Clock) -> None:
        self._turns = turns
        self._clock = clock
        self._holds: dict[str, tuple[Hold, float]] = {}

    def hold(self, short: Shortage, now: float) -> Hold | None:
        """A hold from an earlier look that still stands."""
        hold, until = self._holds.get(short.table, (None, now))
        return hold if now < until else None

    def stand(
        self, record: TableRecord, short: Shortage, reason: HoldReason, why: str, seconds: float
    ) -> Answer:
        """Hold, and let the hold stand for so long."""
        hold = short.hold(reason, why)
        self._turns.follow(record)
        self._holds[short.table] = hold, self._clock.monotonic() + seconds
        return Answer(record, record.generation, hold=hold)
