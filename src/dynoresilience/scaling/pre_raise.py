"""Raising what is short at the same time every day, before it is: `Settings.learn_daily`.

A process learns from the raises that its own calls have led to, and remembers them as long as it
lives. All of it happens on the timer, whose thread a process has from its first raise on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dynoresilience import events
from dynoresilience.capacity.daily import (
    Foreseen,
    Needed,
    asked_lately,
    foreseen,
    noted,
    raise_at,
)
from dynoresilience.capacity.turns import turn_after
from dynoresilience.model import Change, HoldReason, Resource, ThrottleSignal
from dynoresilience.ports import AskedOf, Clock, EventSink, Random, Settings, Timer
from dynoresilience.scaling.raiser import Raiser
from dynoresilience.scaling.raises import Raises
from dynoresilience.scaling.shortage import Shortage
from dynoresilience.scaling.table_record import TableRecord

LOOK_EVERY = 10.0
"""Seconds between two looks at what is asked, while the work is expected."""
TRY_AGAIN = 2.0
"""Seconds until a raise is tried again that could not be made, as during somebody else's change."""

_UP_ALREADY = (HoldReason.ENOUGH, HoldReason.AT_CAP, HoldReason.ABOVE_CAP)


class PreRaises:
    """Plans and makes the raises that are foreseen with one client; one plan for each table.

    ``settings``: the client's, as they are by then.
    """

    def __init__(
        self,
        raiser: Raiser,
        raises: Raises,
        asked: AskedOf,
        settings: Callable[[], Settings],
        *,
        clock: Clock,
        timer: Timer,
        chance: Random,
        sink: EventSink,
    ) -> None:
        self._raiser = raiser
        self._raises = raises
        self._asked = asked
        self._settings = settings
        self._clock = clock
        self._timer = timer
        self._chance = chance
        self._sink = sink

    def learn(self, record: TableRecord, table: str, raised: Iterable[Change]) -> None:
        """A shortage has led to these changes, if the owner wants something to be learned of it.

        On-demand maxima are left out: what one costs is the requests, whenever it is raised.
        """
        changes = [change for change in raised if not change.on_demand]
        if not changes or not self._settings().learn_daily:
            return
        at = self._clock.now() - (self._clock.monotonic() - record.short_since)
        for change in changes:
            self._note(record, Needed(change.key, at, change.after))
        self._plan(record, table)

    @staticmethod
    def _note(record: TableRecord, need: Needed) -> None:
        with record.lock:
            record.needs = noted(record.needs, need)

    def _plan(self, record: TableRecord, table: str) -> None:
        """Put what comes next on the timer, in the place of what was planned."""
        while True:  # not with the lock, for which calls wait
            needs, now = record.needs, self._clock.now()
            coming = foreseen(needs, max(now, record.foreseen_until))
            with record.lock:
                if record.needs is needs:
                    record.foreseen = coming
                    break
        if coming is not None:
            pause = raise_at(coming.at, record.change_seconds) - now
            pause += turn_after(self._settings().fleet_size, self._chance())
            when = self._clock.monotonic() + pause
            self._timer.call_at(when, lambda: self._begin(record, table, coming))

    def _begin(self, record: TableRecord, table: str, coming: Foreseen) -> None:
        with record.lock:
            if record.foreseen is not coming:
                return  # something else is planned by now
            record.foreseen, record.foreseen_until = None, coming.over_at
        self._plan(record, table)
        self._go_on(record, table, coming, is_up=False)

    def _go_on(self, record: TableRecord, table: str, coming: Foreseen, *, is_up: bool) -> None:
        """Raise, and once that is done see whether it is used, until its time is over."""
        if self._clock.now() >= coming.over_at:
            self._plan(record, table)
            return
        if is_up:
            self._see_use(record, table, coming)
        else:
            is_up = self._raise(record, table, coming)
        when = self._clock.monotonic() + (LOOK_EVERY if is_up else TRY_AGAIN)
        self._timer.call_at(when, lambda: self._go_on(record, table, coming, is_up=is_up))

    def _raise(self, record: TableRecord, table: str, coming: Foreseen) -> bool:
        """The way of every raise. False: it is to be tried again."""
        settings, now = self._settings(), self._clock.monotonic()
        if not (settings.learn_daily and settings.scaling_enabled):
            return True  # not any more
        flight = record.begin(now)
        if flight is None:
            return False
        signals = tuple(ThrottleSignal(Resource(table, index), of) for index, of in coming.units)
        short = Shortage(table, signals, now, settings, coming)
        try:
            answer = self._raiser.look_and_raise(record, short)
        finally:
            record.end(flight)
        if answer is None:
            return False
        if answer.raised:
            # So that it stays up until its need has come, or does not come any more.
            needed = max(coming.at, coming.over_at - settings.scale_down_delay)
            ahead = needed - self._clock.now()
            record.used_at = max(record.used_at, self._clock.monotonic() + ahead)
            self._sink.emit(events.ScaleUpForeseen(table, answer.raised, coming.at))
        self._raiser.tell(record, short, answer)
        hold = answer.hold
        if hold is not None and hold.reason not in _UP_ALREADY:
            if answer.excuse is not None or hold.reason is HoldReason.FAILED:
                return False
            self._sink.emit(events.ScaleUpHeld(table, hold))
        return True

    def _see_use(self, record: TableRecord, table: str, coming: Foreseen) -> None:
        """More is asked than the base gives: so the day counts, and what is up stays up.

        Of a fleet's calls this process knows its own, and takes the others' to be as many.
        """
        entry, now = self._raises.of(record), self._clock.monotonic()
        if entry is None:
            return
        asked, fleet_size = self._asked(table), self._settings().fleet_size
        for key, units in coming.units.items():
            raised = entry.raised.get(key)
            demand = asked_lately(asked, key, now, LOOK_EVERY)
            if raised is not None and demand.exceeds(raised.base / fleet_size):
                self._note(record, Needed(key, coming.at, units))
                record.used_at = max(record.used_at, now)
