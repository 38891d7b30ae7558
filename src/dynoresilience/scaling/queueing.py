"""How one call queues among those that wait for the same table."""

from __future__ import annotations

from collections.abc import Sequence

from dynoresilience.model import Dimension, RefusedWrite, ThrottleKind
from dynoresilience.ports import Random
from dynoresilience.scaling.call_context import CallContext
from dynoresilience.scaling.place import Place, place_of_refused
from dynoresilience.scaling.shortage import Answer
from dynoresilience.throttling.retry import LEAST_IN_FLIGHT, Excuse
from dynoresilience.throttling.signals import Throttle
from dynoresilience.throttling.work import dimension_of, written

MOST_UNITS = 64.0
"""Times as many units as thought at first that a call is taken to need, however often refused."""


class Queueing:
    """The places that a call has, one after the other. ``place``: the latest."""

    def __init__(self, context: CallContext, place: Place | None, random: Random) -> None:
        self._context = context
        self._random = random
        self._larger = 1.0
        self._came_early = False
        self._has_turn = place is not None
        self.place = place

    def turn(self, throttle: Throttle, answers: Sequence[Answer], now: float) -> float | None:
        """When the call should go that was refused just now; None: it backs off.

        It queues if it waits for a single thing of which the rate is known. One that is refused
        when it is its turn may need more than was thought, and gets the more room. In a fleet the
        others' queues are the longer ones, and nobody knows of them.
        """
        context = self._context
        lacks_units = any(s.kind is ThrottleKind.PROVISIONED for s in throttle.signals)
        just_changed = Excuse.JUST_CHANGED in {answer.excuse for answer in answers}
        if self.place is not None and self._has_turn and lacks_units and not just_changed:
            self.place.was_refused(now)
            self._larger = min(2 * self._larger, MOST_UNITS)
        self.place = None
        record = answers[0].record if len(answers) == 1 else None
        if record is not None and context.settings.fleet_size == 1:
            table = throttle.signals[0].resource.table
            self.place = place_of_refused(
                record,
                throttle.signals,
                _units(context.api, throttle),
                self._larger,
                lambda index: context.settings.limits(table, index),
                now,
            )
        return self._at(now, refused=True)

    def again(self, now: float) -> float | None:
        """When its turn is after a change of capacity; None: it has no place."""
        return self._at(now, refused=False)

    def _at(self, now: float, *, refused: bool) -> float | None:
        """Who has no turn goes when it likes, and how it fares then says nothing of the queue."""
        place, latest = self.place, self.latest(now)
        if place is not None:
            at = place.at(now, before=latest, refused=refused, chance=self._random())
        else:
            at = None
        self._has_turn = at is not None
        return at

    def went_through(self, now: float) -> None:
        """The call was admitted."""
        if self.place is not None and self._has_turn:
            self.place.went_through(now)

    def latest(self, now: float) -> float:
        """Before when a turn has to come that is worth the wait."""
        latest, deadline = now + self._context.policy.max_delay, self._context.deadline
        return latest if deadline is None else min(latest, deadline)

    def until(self, turn: float, backoff: float, now: float, retries_left: int | None) -> float:
        """When the call goes whose turn is then, and whose backoff would end then.

        ``retries_left``: None if this attempt does not count. One that does comes before its
        backoff is over only once where the queue has been wrong of late, as others use the table,
        too; else as long as one is left to back off for.
        """
        if retries_left is None:
            least, deadline = max(turn, now + LEAST_IN_FLIGHT), self._context.deadline
            return least if deadline is None else min(least, deadline)
        trusted = self.place is not None and self.place.is_reliable()
        if retries_left < 1 or (self._came_early and not trusted):
            return max(turn, backoff)
        self._came_early |= turn < backoff
        return turn


def refused_writes(api: str, throttle: Throttle) -> list[RefusedWrite]:
    """The writes that an attempt has made in vain, as far as they are known."""
    told = [write for signal in throttle.signals for write in signal.refused]
    wrote = written(api, throttle.request)
    return told or ([] if wrote is None else [wrote])


def _units(api: str, throttle: Throttle) -> float | None:
    """About what the call takes of the table that was short; None: it is a read."""
    writes = refused_writes(api, throttle)
    if not writes:
        return None if dimension_of(api) is Dimension.READ else 1.0
    return float(sum(write.units for write in writes))
