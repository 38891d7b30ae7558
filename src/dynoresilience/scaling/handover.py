"""Handing the decrease over to a scheduler outside of the process, which outlives it.

The process still looks, but later than the schedule comes, so that one decrease is made and not
two; it finds the table at its base, or lowers it if the schedule has come to nothing.
"""

from __future__ import annotations

import logging

from dynoresilience import events
from dynoresilience.model import CapacityUpdate, RaisedTable
from dynoresilience.ports import AccessDenied, Clock, NotThere, Random, ScaleDownScheduler, Timer
from dynoresilience.scaling.lowerer import Lowerer
from dynoresilience.scaling.table_record import TableRecord

_log = logging.getLogger("dynoresilience")

SOONEST = 60.0
"""Seconds from now to a schedule at least: an instant that is past is refused."""
LATEST = 180.0
"""Seconds after the due time by which a schedule has come: it is put off by `SOONEST` at most, to
the next whole minute, and comes within that."""
LOOK_AFTER = LATEST + 60.0
"""Seconds after the due time at which the process looks itself: a change takes its time, too."""
SPREAD = 60.0
"""Seconds over which the processes that share a table look."""
DENIED_FOR = 300.0
FAILED_FOR = 60.0
"""Seconds until the scheduler is asked again for a table: if it is not there or not allowed, and
if it failed otherwise."""


class Handover:
    """Puts and removes the schedule of a table, within the table's single flight."""

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

        If it asks for no units there is nothing that an UpdateTable could do.
        What fails is told, and harms nothing: then the timer serves, as if there were no schedule.
        """
        scheduler, now = _scheduler(lowerer), self._clock.monotonic()
        if scheduler is None:
            return
        by_function = lowerer.settings.reaper_function_arn is not None
        if not by_function and (lower is None or not lower.units):
            self.remove(record, lowerer, entry)
            return
        if record.unhanded_until is not None and now < record.unhanded_until:
            return
        record.handed_due = None
        if by_function and record.written_due is None:
            self._failed(record, lowerer, "the function would find nothing in the table's tags")
            return
        soonest = self._clock.now() + SOONEST
        try:
            record.handed_due = scheduler.put(entry, lower, max(due, soonest), lowerer.settings)
        except (AccessDenied, NotThere) as error:
            told = f"not allowed to call {error.action}" if isinstance(error, AccessDenied) else ""
            self._failed(record, lowerer, told or str(error), DENIED_FOR)
        except Exception as error:  # whatever it is, the raise goes on
            self._failed(record, lowerer, str(error))
        else:
            record.unhanded_until = None

    def comes_too_early(self, record: TableRecord, entry: RaisedTable) -> bool:
        """True if the table's schedule has to be moved, or may be another process's."""
        return record.handed_due is None or record.handed_due < entry.due

    def remove(self, record: TableRecord, lowerer: Lowerer, entry: RaisedTable) -> None:
        """The table needs no schedule any more."""
        scheduler, record.handed_due = _scheduler(lowerer), None
        if scheduler is None or record.unhanded_until is not None:
            return
        try:
            scheduler.remove(entry, lowerer.settings)
        except Exception as error:
            # It will ask for what is there already, and be refused.
            _log.debug("the schedule of %s is not removed: %s", entry.table, error)

    def is_over(self, entry: RaisedTable) -> bool:
        """True if the schedule of an entry has come, and so is gone, or is another raise's."""
        return self._clock.now() > entry.due + LATEST

    def patience(self, record: TableRecord, lowerer: Lowerer) -> float:
        """Seconds after the due time for which the process leaves the table to its schedule.

        Also to one that another process has put: who adopts a raise does not know of it.
        """
        if _scheduler(lowerer) is None or record.unhanded_until is not None:
            return 0.0
        if record.patience is None:
            record.patience = LOOK_AFTER + self._chance() * SPREAD
        return record.patience

    def _failed(
        self, record: TableRecord, lowerer: Lowerer, why: str, pause: float = FAILED_FOR
    ) -> None:
        now = self._clock.monotonic()
        record.unhanded_until = now + pause
        news = events.ScaleDownNotHandedOver(lowerer.table, why)
        # Not within the flight: whoever hears of it may call DynamoDB.
        self._timer.call_at(now, lambda: lowerer.sink.emit(news))


def is_wanted(lowerer: Lowerer) -> bool:
    """Whether the owner wants schedules."""
    return lowerer.settings.scale_down_via == "eventbridge"


def _scheduler(lowerer: Lowerer) -> ScaleDownScheduler | None:
    return lowerer.scheduler if is_wanted(lowerer) else None
