"""The least cost of doing the work in the least time. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .bound import Bound, bound, stream, tanks_of
from .held import least_held
from .hours import HOUR, Hours
from .levels import cheapest
from .needs import needs
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
    number = hours.upto(horizon) + 1
    billed, held, schedule, cheap = {}, {}, {}, True
    for name, meter in work.meters.items():
        least, levels, more = meter.base * number, [meter.base] * number, 0.0
        if name in best.flows:
            least, levels = cheapest(needs(work, best, name), meter, best, hours, number)
            more = least_held(meter, best, name)
        billed[name] = float(least)
        held[name] = (meter.base * horizon + more) / HOUR
        schedule[name] = _steps(levels, meter, hours)
        cheap = cheap and sum(levels) <= least
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


def _steps(levels: Sequence[int], meter: Meter, hours: Hours) -> Levels:
    steps = [(0.0, float(meter.base))]
    for hour, level in enumerate([*levels, meter.base]):
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
