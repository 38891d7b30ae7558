"""Handing the decrease over to a scheduler outside of the process, which outlives it.

The process still looks, but later than the schedule comes, so that one decrease is made and not
two; it finds the table at its base, or lowers it if the schedule has come to nothing.
"""

from __future__ import annotations

import logging

from dynoresilience import events
from dynoresilience.model import CapacityUpdate, RaisedTable
from dynoresilience.ports import AccessDenied, Clock, NotThere, Random, Timer
from dynoresilience.scaling.table_record import Handed, Lowerer, TableRecord

_log = logging.getLogger("dynoresilience")

SOONEST = 60.0
"""Seconds from now to a schedule at least: an instant that is past is refused."""
LOOK_AFTER = 240.0
"""Seconds after the due time at which the process looks itself: a schedule is for a whole minute
and comes within that minute, and the change that it asks for takes its time."""
SPREAD = 60.0
"""Seconds over which the processes that share a table look."""
MOVE_AFTER = 0.25
"""A schedule is moved by later throttles once this share of `Settings.scale_down_delay` has gone
by: it comes when the table has been quiet for three quarters of the delay at least."""
DENIED_FOR = 300.0
FAILED_FOR = 60.0
"""Seconds until the scheduler is asked again for a table that it refused."""


class Handover:
    """Puts, moves and removes the schedule of a table, within the table's single flight."""

    def __init__(self, clock: Clock, timer: Timer, chance: Random) -> None:
        self._clock = clock
        self._timer = timer
        self._chance = chance

    def put(
        self,
        record: TableRecord,
        lowerer: Lowerer,
        entry: RaisedTable,
        lower: CapacityUpdate | None,
        due: float,
    ) -> None:
        """Have ``lower`` carried out at ``due``, in place of what was put before.

        What fails is told, and harms nothing: then the timer serves, as if there were no schedule.
        """
        scheduler, now = lowerer.scheduler, self._clock.monotonic()
        if scheduler is None or not is_wanted(lowerer):
            return
        if lower is None:
            self.remove(record, lowerer, entry)
            return
        if record.unhanded_until is not None and now < record.unhanded_until:
            return
        record.handed = None
        soonest = self._clock.now() + SOONEST
        try:
            at = scheduler.put(entry, lower, max(due, soonest), lowerer.settings)
        except Exception as error:  # whatever it is, the raise goes on
            for_good = isinstance(error, (AccessDenied, NotThere))
            record.unhanded_until = now + (DENIED_FOR if for_good else FAILED_FOR)
            why = str(error)
            if isinstance(error, AccessDenied):
                why = f"not allowed to call {error.action}"
            news = events.ScaleDownNotHandedOver(entry.table, why)
            # Not within the flight: whoever hears of it may call DynamoDB.
            self._timer.call_at(now, lambda: lowerer.sink.emit(news))
            return
        record.unhanded_until = None
        record.handed = Handed(entry, lower, at)

    def move(self, record: TableRecord, lowerer: Lowerer) -> None:
        """The table was throttled again: the schedule comes later, if that is worth a request."""
        handed = record.handed
        if handed is None or not self.is_to_be_moved(record, lowerer):
            return
        self.put(record, lowerer, handed.entry, handed.lower, self._quiet_at(record, lowerer))

    def is_to_be_moved(self, record: TableRecord, lowerer: Lowerer) -> bool:
        """True if throttles came after the schedule was put, and long enough after it."""
        handed = record.handed
        if handed is None:
            return False
        late = self._quiet_at(record, lowerer) - handed.due
        return late >= MOVE_AFTER * lowerer.settings.scale_down_delay

    def remove(self, record: TableRecord, lowerer: Lowerer, entry: RaisedTable) -> None:
        """The table needs no schedule any more."""
        scheduler = lowerer.scheduler
        record.handed = None
        if scheduler is None or not is_wanted(lowerer) or record.unhanded_until is not None:
            return
        try:
            scheduler.remove(entry, lowerer.settings)
        except Exception as error:
            # It will ask for what is there already, and be refused.
            _log.debug("the schedule of %s is not removed: %s", entry.table, error)

    def patience(self, record: TableRecord, lowerer: Lowerer) -> float:
        """Seconds after the due time for which the process leaves the table to its schedule.

        Also to one that another process has put: who adopts a raise does not know of it.
        """
        if lowerer.scheduler is None or not is_wanted(lowerer) or record.unhanded_until is not None:
            return 0.0
        if record.patience is None:
            record.patience = LOOK_AFTER + self._chance() * SPREAD
        return record.patience

    def _quiet_at(self, record: TableRecord, lowerer: Lowerer) -> float:
        return self._clock.now() + lowerer.quiet_at(record) - self._clock.monotonic()


def is_wanted(lowerer: Lowerer) -> bool:
    """Whether the owner wants schedules."""
    return lowerer.settings.scale_down_via == "eventbridge"
