"""Watching a capacity change until it is in force."""

from __future__ import annotations

import logging
from collections.abc import Callable

from dynoresilience.model import CapacityUpdate, TableState
from dynoresilience.ports import (
    AccessDenied,
    Clock,
    TableControl,
    TableNotFound,
    Timer,
)
from dynoresilience.scaling.table_record import TableRecord

_log = logging.getLogger("dynoresilience")

FIRST_LOOK = 0.2
"""Seconds after the request to the first DescribeTable, and between two at least."""
FIRST_LOOK_IN_FLEET = 0.5
"""The same where others look at the table, too."""
LOOK_AGAIN = 0.12
"""Next look after this share of the time already waited: news is at most that much late, and
a change of a minute costs about 40 looks."""
LONGEST_PAUSE = 5.0
SETTLE = 5.0
"""Seconds after which an ACTIVE table whose units are not the ones asked for is believed:
DescribeTable is eventually consistent just after UpdateTable, and others may change it too."""
SETTLE_MINIMUM = 20.0
"""The same after a raise of a minimum: Application Auto Scaling takes about 5 s to act on it (as
others measured), and the table is ACTIVE meanwhile."""


class Watch:
    """Looks at one table on the timer until its change is in force, or ``timeout`` seconds."""

    def __init__(
        self,
        record: TableRecord,
        control: TableControl,
        table: str,
        *,
        clock: Clock,
        timer: Timer,
        timeout: float,
        fleet_size: int = 1,
        target: CapacityUpdate | None = None,
        when_done: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self._record = record
        self._control = control
        self._table = table
        self._clock = clock
        self._timer = timer
        self._timeout = timeout
        self._least = FIRST_LOOK if fleet_size == 1 else FIRST_LOOK_IN_FLEET
        self._target = target
        self._when_done = when_done

    def start(self) -> None:
        """Mark the change as under way and begin to watch it, unless someone does already."""
        self._since = self._clock.monotonic()
        if self._record.begin_change(self._since, self._timeout):
            self._timer.call_at(self._since + self._least, self._look)

    def _look(self) -> None:
        state: TableState | None = None
        try:
            state = self._control.describe(self._table)
        except (AccessDenied, TableNotFound):
            self._record.end_change(None)
            return
        except Exception as error:  # whatever it is, the watch goes on until its timeout
            _log.debug("%s could not be looked at: %s", self._table, error)
        now = self._clock.monotonic()
        waited = now - self._since
        if state is not None:
            self._record.change_seen_at = now
        if state is not None and self._in_force(state, waited):
            self._record.observe(state, now)
            self._record.end_change(now)
            self._when_done(waited)
        elif waited >= self._timeout:
            self._record.change_seconds = max(self._record.change_seconds, waited)
            self._record.end_change(None)
        else:
            pause = min(max(self._least, LOOK_AGAIN * waited), LONGEST_PAUSE)
            self._timer.call_at(now + pause, self._look)

    def _in_force(self, state: TableState, waited: float) -> bool:
        if state.updating:
            return False
        if self._target is None or self._target.reached(state):
            return True
        return waited >= (SETTLE_MINIMUM if self._target.minimums else SETTLE)
