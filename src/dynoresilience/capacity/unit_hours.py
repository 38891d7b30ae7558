"""How many unit-hours a table's raises take: by clock hour, as they are billed. Pure.

Provisioned capacity has an hourly rate, and a part of an hour is taken for a whole one: so an hour
of the clock (UTC) counts with the most units that were up in it, each number for itself. Instants
are seconds since the epoch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dynoresilience.model import Dimension, Raised, RaisedKey, TableState

HOUR = 3600.0
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Held:
    """So many units of a number above its base, from one instant to another (inf: still)."""

    key: RaisedKey
    units: int
    since: float
    until: float = math.inf


def still_held(raised: Mapping[RaisedKey, Raised]) -> tuple[Held, ...]:
    """What is up now, since it was written down."""
    return tuple(
        Held(key, entry.to - entry.base, entry.at)
        for key, entry in raised.items()
        if entry.to > entry.base
    )


def ended(
    before: Mapping[RaisedKey, Raised], after: Mapping[RaisedKey, Raised], now: float
) -> tuple[Held, ...]:
    """What was up and no longer is so, where what is raised has become another."""
    over = []
    for held in still_held(before):
        entry = after.get(held.key)
        if entry is None:
            over.append(Held(held.key, held.units, held.since, now))
        elif (entry.base, entry.to) != (before[held.key].base, before[held.key].to):
            until = max(held.since, min(entry.at, now))
            over.append(Held(held.key, held.units, held.since, until))
    return tuple(over)


def of_day(held: Iterable[Held], now: float) -> tuple[Held, ...]:
    """Without what was over before the UTC day of ``now``."""
    return tuple(entry for entry in held if entry.until >= day_of(now))


def day_of(instant: float) -> float:
    """When the UTC day begins that it is in."""
    return math.floor(instant / DAY) * DAY


def regions(state: TableState) -> int:
    """In how many regions a write unit of the table is paid."""
    return 1 + len(state.replicas)


def unit_hours(held: Iterable[Held], start: float, end: float, regions: int = 1) -> int:
    """The unit-hours of the clock hours that begin or go on from ``start`` to ``end``.

    A write unit counts once for each region.
    """
    most: dict[tuple[RaisedKey, int], int] = {}
    for entry in held:
        first = math.floor(max(entry.since, start) / HOUR)
        until = min(entry.until, end)
        is_before = until < start or entry.since < start == until
        if is_before or entry.since >= end:
            continue
        for hour in range(first, max(first + 1, math.ceil(until / HOUR))):
            key = entry.key, hour
            most[key] = max(most.get(key, 0), entry.units)
    return sum(
        units * (regions if dimension is Dimension.WRITE else 1)
        for ((_, dimension), _), units in most.items()
    )


def spent_at(held: Iterable[Held], limit: float, now: float, regions: int = 1) -> float:
    """The clock hour that a day can't pay any more, if all stays up; inf: none in two days."""
    held = tuple(held)
    for step in range(1, 49):
        hour = (math.floor(now / HOUR) + step) * HOUR
        if unit_hours(held, day_of(hour), hour + HOUR, regions) > limit:
            return hour
    return math.inf
