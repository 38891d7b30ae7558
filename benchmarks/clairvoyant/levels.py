"""The cheapest level for each clock hour under which all conditions are met. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable

from .bound import Bound
from .hours import Course, Hours
from .needs import Need
from .work import Meter


def cheapest(
    conditions: Iterable[Need], meter: Meter, best: Bound, hours: Hours, number: int
) -> tuple[int, list[int]]:
    """What ``number`` hours of a meter cost at least, and levels that do.

    A *floor* is the least level of an hour that will do if all others are at the cap: no schedule
    has that hour lower, so the floors' sum is a lower bound. Beyond it hours can stand in for each
    other. Alone, a condition is met for the least where a unit helps the longest: the dearest one
    is a lower bound. Those of different jobs add up where they have no hour in common.

    Returns:
        a lower bound of the levels' sum, and levels that meet all conditions. Where their sum is
        not above the bound, both are exact.
    """
    base = Course([meter.base] * number, hours)
    needs = [need for need in conditions if need.missing(base) > _slack(need)]
    floors = _floors(needs, meter, hours, number)
    course, levels = Course(floors, hours), list(floors)
    dearest = [0] * len(best.ends)
    for need in sorted(needs, key=lambda need: need.missing(course), reverse=True):
        if need.missing(course) <= _slack(need):
            continue  # met by now
        seconds = need.seconds(hours)
        if need.job == 0 or min(seconds) > hours.upto(best.ends[need.job - 1]):
            alone = _raise(need, seconds, list(floors), meter, hours)
            dearest[need.job] = max(dearest[need.job], alone)
        _raise(need, seconds, levels, meter, hours)
        course = Course(levels, hours)
    return sum(floors) + sum(dearest), levels


def _floors(needs: Iterable[Need], meter: Meter, hours: Hours, number: int) -> list[int]:
    floors, caps = [meter.base] * number, Course([meter.cap] * number, hours)
    for need in needs:
        spare = _slack(need) - need.missing(caps)
        if spare >= (meter.cap - meter.base) * need.longest:
            continue
        for hour, seconds in need.seconds(hours).items():
            floor = math.ceil(meter.cap - spare / seconds)
            floors[hour] = min(meter.cap, max(floors[hour], floor))
    return floors


def _raise(
    need: Need, seconds: dict[int, float], levels: list[int], meter: Meter, hours: Hours
) -> int:
    """Raise levels until ``need`` is met, first where a unit helps the longest; by how many."""
    more = 0
    missing = need.missing(Course(levels, hours)) - _slack(need)
    for hour, helps in sorted(seconds.items(), key=lambda item: -item[1]):
        units = max(0, min(math.ceil(missing / helps), meter.cap - levels[hour]))
        levels[hour] += units
        more += units
        missing -= units * helps
    return more


def _slack(need: Need) -> float:
    """Units that sums of floats may be off by."""
    return 1e-6 + 1e-8 * abs(need.units)
