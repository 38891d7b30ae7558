"""The least cost of doing the work in the least time. Pure."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .bound import Bound, bound, stream, tanks_of
from .held import least_held
from .needs import HOUR, Hours, Need, needs
from .work import Meter, Work

Levels = tuple[tuple[float, float], ...]
"""Units in force, from when on, in seconds from the work's begin."""

_ROUNDING = 1e-6


@dataclass(frozen=True)
class LeastUnitHours:
    """What the work costs at least, over the horizon, if it is done in its least makespan.

    Attributes:
        billed: unit-hours if each clock hour costs the most units that are in force in it.
        held: unit-hours if each second costs what is in force in it.
        billed_by: ``billed`` of each meter.
        held_by: ``held`` of each meter.
        schedule: for each meter, a schedule that does the work in time and is billed little.
        attained: whether ``schedule`` was tried out, did the work in time, keeps the change time,
            and costs no more than ``billed``: then nothing is cheaper, and ``billed`` is exact.
            Otherwise it is a lower bound. ``held`` is always to be read as a lower bound.
    """

    billed: float
    held: float
    billed_by: Mapping[str, float]
    held_by: Mapping[str, float]
    schedule: Mapping[str, Levels]
    attained: bool


def least_unit_hours(work: Work) -> LeastUnitHours:
    """The fewest unit-hours with which ``work`` can be done in its least makespan.

    Raises:
        ValueError: the horizon ends before the work does, or jobs overlap.
    """
    best = bound(work)
    horizon, hours = _horizon(work, best), Hours.of(work)
    last = hours.upto(horizon)
    tanks = tanks_of(work, {})
    billed, held, schedule, cheap = {}, {}, {}, True
    for name, meter in work.meters.items():
        levels = dict.fromkeys(range(last + 1), meter.base)
        least, held[name] = meter.base * (last + 1), meter.base * horizon / HOUR
        if name in best.flows:
            conditions = list(needs(work, best, name, tanks[name]))
            least = _floors(conditions, meter, levels)
            least += _beyond_floors(conditions, meter, levels, best, hours)
            held[name] += least_held(meter, tanks[name], best, name) / HOUR
        billed[name] = float(least)
        schedule[name] = _steps(levels, meter, hours)
        cheap = cheap and sum(levels.values()) <= least + _ROUNDING
    attained = cheap and _serves(work, best, schedule)
    return LeastUnitHours(
        sum(billed.values()), sum(held.values()), billed, held, schedule, attained
    )


def _horizon(work: Work, best: Bound) -> float:
    hours = Hours.of(work)
    if work.horizon is None:
        return hours.start(hours.upto(best.ends[-1]) + 1)
    if work.horizon < best.ends[-1]:
        raise ValueError(
            f"horizon={work.horizon} ends before the work, which takes {best.ends[-1]:.3f} s at "
            "least: pay for longer"
        )
    return work.horizon


def _floors(conditions: Sequence[Need], meter: Meter, levels: dict[int, int]) -> int:
    """Put each hour at the least level that will do if all others are at the cap; their sum.

    No schedule has an hour below its floor, so the sum is a lower bound.
    """
    for need in conditions:
        spare = -need.missing(dict.fromkeys(need.seconds, meter.cap)) + _slack(need)
        for hour, seconds in need.seconds.items():
            floor = math.ceil(meter.cap - spare / seconds)
            levels[hour] = min(meter.cap, max(levels[hour], floor))
    return sum(levels.values())


def _beyond_floors(
    conditions: Sequence[Need], meter: Meter, levels: dict[int, int], best: Bound, hours: Hours
) -> int:
    """Raise levels until every condition is met; what that must cost beyond the floors.

    Hours can stand in for each other. Alone, a condition is met for the least where a unit helps
    the longest: the dearest one is a lower bound. Those of different jobs add up where they have
    no hour in common.
    """
    floors, dearest = dict(levels), dict.fromkeys(range(len(best.ends)), 0)
    costs = []
    for need in conditions:
        if need.missing(floors) > _slack(need):
            costs.append((_raise(need, dict(floors), meter.cap), need))
            apart = need.job == 0 or min(need.seconds) > hours.upto(best.ends[need.job - 1])
            if apart:
                dearest[need.job] = max(dearest[need.job], costs[-1][0])
    for _, need in sorted(costs, key=lambda cost: -cost[0]):
        _raise(need, levels, meter.cap)
    return sum(dearest.values())


def _raise(need: Need, levels: dict[int, int], cap: int) -> int:
    """Raise levels until ``need`` is met, first where a unit helps the longest; the units."""
    more = 0
    for hour, seconds in sorted(need.seconds.items(), key=lambda item: -item[1]):
        units = math.ceil((need.missing(levels) - _slack(need)) / seconds)
        units = max(0, min(units, cap - levels[hour]))
        levels[hour] += units
        more += units
    return more


def _slack(need: Need) -> float:
    """Units that sums of floats may be off by."""
    return 1e-6 + 1e-8 * abs(need.units)


def _steps(levels: Mapping[int, int], meter: Meter, hours: Hours) -> Levels:
    steps = [(0.0, float(meter.base))]
    for hour, level in [*levels.items(), (len(levels), meter.base)]:
        at = max(meter.change_seconds, hours.start(hour))
        if level != steps[-1][1] and at < hours.start(hour + 1):
            steps.append((at, float(level)))
    return tuple(steps)


def _serves(work: Work, best: Bound, schedule: Mapping[str, Levels]) -> bool:
    """Whether a schedule can be had, and does the work in time.

    Only said of calls whose kinds have no tank in common: how others share one is not tried out.
    """
    change = max((meter.change_seconds for meter in work.meters.values()), default=0.0)
    instants = sorted({at for steps in schedule.values() for at, _ in steps[1:]})
    if any(b - a < change - _ROUNDING for a, b in itertools.pairwise(instants)):
        return False
    shared = [name for kind in best.kinds for name in kind.shares]
    if len(shared) > len(set(shared)):
        return False
    tanks = tanks_of(work, schedule)
    return all(
        stream(kind, tanks).when(load) <= end + _ROUNDING
        for kind in best.kinds
        for load, end in zip(kind.by_job, best.ends, strict=True)
        if load
    )
