"""What is short at the same time of the day, day after day. Pure.

Of two or three days nobody can tell a habit from chance, so the rule is plain: what was needed
about that time on two of the last three days is needed today. A day on which it was not needed
leaves no note, so two of them end it. All instants are seconds since the epoch, UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dynoresilience.capacity.decreases import CLOCK_MARGIN, DAY, HOUR
from dynoresilience.capacity.demand import LEAST_SECONDS, Asked, Demand
from dynoresilience.capacity.policy import Need
from dynoresilience.model import Dimension, RaisedKey

DAYS = 3
"""Days that are remembered..."""
ENOUGH_DAYS = 2
"""...and on how many of them it has to have been needed."""
TOLERANCE = 300.0
"""Seconds by which the same work may come earlier or later than on another day. Less than a
table stays up, so that work which is short anew when it was lowered is a need of its own."""
MARGIN = 60.0
"""Seconds by which capacity is to be in force before it is needed: work does not come to the
second, and a change may take longer than the latest one did."""


@dataclass(frozen=True, slots=True)
class Needed:
    """So many units of one number were needed from ``at`` on."""

    key: RaisedKey
    at: float
    units: int


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What will be short at ``at`` if the day is like those before, and the units that help.

    It is the `ScalingPolicy` of the raise that comes before: to these, and no further.
    """

    at: float
    units: Mapping[RaisedKey, int]

    def wanted(self, need: Need) -> int:
        return self.units.get((need.resource.index, need.dimension), need.units)

    @property
    def over_at(self) -> float:
        """From then on it has come, or does not come any more."""
        return self.at + TOLERANCE


def noted(needs: Iterable[Needed], new: Needed) -> tuple[Needed, ...]:
    """With one more. Of one shortage the beginning counts, and the most that was asked for."""
    kept = []
    for one in needs:
        if one.key == new.key and abs(one.at - new.at) <= TOLERANCE:
            new = Needed(new.key, min(one.at, new.at), max(one.units, new.units))
        elif one.at >= new.at - DAYS * DAY - TOLERANCE:
            kept.append(one)
    return (*kept, new)


def foreseen(needs: Sequence[Needed], after: float) -> Foreseen | None:
    """What comes first after that instant, with all that comes about the same time."""
    coming = sorted(_coming(needs, after), key=lambda need: need.at)
    units: dict[RaisedKey, int] = {}
    for need in coming:
        if need.at <= coming[0].at + TOLERANCE:
            units.setdefault(need.key, need.units)
    return Foreseen(coming[0].at, units) if coming else None


def _coming(needs: Iterable[Needed], after: float) -> Iterator[Needed]:
    by_key: dict[RaisedKey, list[Needed]] = {}
    for need in needs:
        by_key.setdefault(need.key, []).append(need)
    for key, of_it in by_key.items():
        for need in of_it:
            for days in range(1, DAYS + 1):
                about = need.at + days * DAY
                again = _again(of_it, key, about) if about > after else None
                if again is not None and again.at > after:
                    yield again


def _again(needs: Sequence[Needed], key: RaisedKey, about: float) -> Needed | None:
    """The need of that day, as those before have it: the earliest, and what two of them needed.

    All of ``needs`` are of this key.
    """
    units, earliest = [], about
    for days in range(1, DAYS + 1):
        moved = [
            Needed(key, one.at + days * DAY, one.units)
            for one in needs
            if abs(one.at + days * DAY - about) <= TOLERANCE
        ]
        if moved:
            units.append(max(one.units for one in moved))
            earliest = min(earliest, *(one.at for one in moved))
    if len(units) < ENOUGH_DAYS:
        return None
    return Needed(key, earliest, sorted(units)[-ENOUGH_DAYS])


def raise_at(at: float, change_seconds: float) -> float:
    """When to raise what is needed at ``at``, if a change takes so long.

    Capacity is billed by the hour: where the need comes some time into an hour, and a raise at the
    hour's beginning is in force by then, the hour before is not paid for.
    """
    early = at - change_seconds - MARGIN
    hour = at - at % HOUR + CLOCK_MARGIN
    return max(early, hour) if hour <= at - 2 * change_seconds - CLOCK_MARGIN else early


def asked_lately(asked: Asked, key: RaisedKey, now: float, seconds: float) -> Demand:
    """What is asked of a number, on average over the last seconds (``now`` is monotonic).

    A write is taken to be in every index: which it is in is known of refused ones only.
    """
    index, dimension = key
    first = now - seconds if asked.since is None else max(now - seconds, asked.since)
    units = sum(
        one.units
        for one in asked.arrivals
        if first <= one.at <= now
        and one.dimension is dimension
        and (dimension is Dimension.WRITE or one.index == index)
    )
    lasted = max(now - first, LEAST_SECONDS)
    return Demand(units / lasted, units, lasted)
