"""Application Auto Scaling at work on the tables of one region.

It has neither a thread nor a timer: whenever somebody looks, all that it would have done since is
done first, each thing at its own instant. Nobody can tell the difference, and real and virtual time
are the same to it.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field, replace

from dynoresilience.model import Units
from dynoresilience.testing.autoscaling.names import TargetKey
from dynoresilience.testing.autoscaling.targets import ScalableTarget
from dynoresilience.testing.autoscaling.tracking import IN_POINTS, corrected, tracked
from dynoresilience.testing.capacity.meters import Meter
from dynoresilience.testing.replies import Refused
from dynoresilience.testing.service.tables import Tables

MINUTE = 60.0
"""Seconds of a point; they begin with the minutes of UTC."""

_SOON = 5.0
"""Seconds to the next try where the table was in the middle of a change."""

_NEVER = math.inf

_ROUNDING = 1e-6
"""Seconds that a sum of instants may be off by."""


@dataclass(slots=True)
class _Watch:
    """What is on for one target, and what was seen of its units.

    Args:
        target: the target.
        minute_due: the end of the minute that is being counted.
        enforce_due: when its units are held against its bounds.
        correct_due: when what somebody else did is corrected.
        units: those that were in force at the last look.
        asked: those that were asked for and are not in force yet.
        spent: the reading of the consumption at the begin of this minute.
        points: consumed units a second in the minutes before.
        went_in: when the units were lowered last, by target tracking.
        went_out: when they were raised last.
    """

    target: ScalableTarget
    minute_due: float
    enforce_due: float = _NEVER
    correct_due: float = _NEVER
    units: int | None = None
    asked: int | None = None
    spent: float | None = None
    points: deque[float] = field(default_factory=lambda: deque(maxlen=IN_POINTS))
    went_in: float = -_NEVER
    went_out: float = -_NEVER

    @property
    def due(self) -> float:
        """The next instant at which there is something to do."""
        return min(self.minute_due, self.enforce_due, self.correct_due)


class Autoscaler:
    """Keeps the units of registered targets where they should be."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._watches: dict[TargetKey, _Watch] = {}

    def registered(self, target: ScalableTarget, at: float) -> None:
        """A target is new, or its bounds were said again: its units will be held against them."""
        watch = self._watches.get(target.key)
        if watch is None:
            watch = self._watches[target.key] = _Watch(target, self._end_of_minute(at))
            watch.units, watch.spent = self._units(watch), self._spent(watch)
        watch.enforce_due = at + self._tables.settings.autoscaling_seconds

    def deregistered(self, key: TargetKey) -> None:
        """A target is gone."""
        del self._watches[key]

    def catch_up(self, at: float) -> None:
        """Let everything happen that is due by ``at``, to the tables as well."""
        while self._watches:
            instant = min(self._tables.control.next_due(), *(w.due for w in self._watches.values()))
            if instant > at + _ROUNDING:
                break
            self._tables.catch_up(instant)
            for watch in self._watches.values():
                self._turn(watch, instant)
        self._tables.catch_up(at)

    def _turn(self, watch: _Watch, at: float) -> None:
        units, tracking = self._units(watch), watch.target.tracking
        self._notice(watch, units, at)
        bounds = watch.target.bounds
        if watch.enforce_due <= at:
            wanted = None if units is None else bounds.clamp(units)
            watch.enforce_due = self._ask(watch, wanted, at)
        if watch.correct_due <= at:
            wanted = None
            if units is not None and tracking is not None:
                wanted = corrected(units, watch.points, bounds, tracking)
            watch.correct_due = self._ask(watch, wanted, at)
        if watch.minute_due <= at:
            watch.minute_due += MINUTE
            self._count(watch)
            self._track(watch, at)

    def _notice(self, watch: _Watch, units: int | None, at: float) -> None:
        """See whether somebody else has changed the units of a target that is tracked."""
        if units == watch.units:
            return
        ours, known = units == watch.asked, watch.units is not None
        watch.units, watch.asked = units, None
        if not ours and known and watch.target.policy is not None:
            due = at + self._tables.settings.manual_raise_seconds
            watch.correct_due = min(watch.correct_due, due)

    def _count(self, watch: _Watch) -> None:
        before, watch.spent = watch.spent, self._spent(watch)
        if watch.spent is None:
            watch.points.clear()
        elif before is not None:
            watch.points.append(max(0.0, watch.spent - before) / MINUTE)

    def _track(self, watch: _Watch, at: float) -> None:
        units, tracking = self._units(watch), watch.target.tracking
        if units is None or tracking is None or watch.asked is not None:
            return
        wanted = tracked(units, list(watch.points), watch.target.bounds, tracking)
        out = wanted > units
        pause = tracking.out_cooldown if out else tracking.in_cooldown
        if wanted == units or at < (watch.went_out if out else watch.went_in) + pause:
            return
        if self._ask(watch, wanted, at) < _NEVER:
            return  # the next minute is the next try
        if out:
            watch.went_out = at
        else:
            watch.went_in = at

    def _ask(self, watch: _Watch, wanted: int | None, at: float) -> float:
        """Ask for these units, if that is not needless; when to try again."""
        if wanted is None or wanted == self._units(watch):
            return _NEVER
        try:
            self._update(watch.target, wanted, at)
        except Refused as refused:
            return at + (_SOON if refused.code == "ResourceInUseException" else MINUTE)
        watch.asked = wanted
        return _NEVER

    def _update(self, target: ScalableTarget, wanted: int, at: float) -> None:
        """UpdateTable of one number, of a resource that there is.

        Raises:
            Refused: as everybody is.
        """
        tables, (table, index) = self._tables, (target.resource.table, target.resource.index)
        known, state = tables.get(table), tables.control.get(target.resource)
        assert known is not None
        assert state is not None
        units: dict[str | None, Units] = {index: state.units.with_(target.dimension, wanted)}
        known.life.check_changeable(at)
        tables.control.check(table, units, at)
        tables.check_change(at)
        tables.check_account(tables.control.more(table, units))
        tables.on_update(replace(tables.control.update(table, units, at), autoscaled=True))

    def _units(self, watch: _Watch) -> int | None:
        """The units in force; None if there is no such resource, or it has none."""
        state = self._tables.control.get(watch.target.resource)
        if state is None or state.on_demand:
            return None
        return state.units.of(watch.target.dimension)

    def _spent(self, watch: _Watch) -> float | None:
        meter = Meter(watch.target.resource, watch.target.dimension)
        return self._tables.capacity.spent(meter)

    def _end_of_minute(self, at: float) -> float:
        utc = self._tables.utc(at)
        return at + MINUTE - utc % MINUTE
