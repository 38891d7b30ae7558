"""What a meter's units must come to, as conditions that are linear in the level of each hour. Pure.

Whoever is to be done with W units by D must, from any instant s on, serve what can't have come
before s; and from s on nothing is served but what the bucket holds then, at most what
``burst_seconds`` of the level at s bring, and what flows in until D:

    burst_seconds * level(s) + integral of the level from s to D  >=  W - flow(s)

These conditions are not only necessary: a bucket from which all is taken as soon as it may be
falls behind only if one of them is broken. They are linear between the bends of ``flow``, so the
bends are the instants to look at, each from both sides.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .bound import Bound
from .fluid import Curve, Tank
from .work import Meter, Work

HOUR = 3600.0


@dataclass(frozen=True)
class Hours:
    """The clock hours of a work: the hour in which it begins is 0."""

    begins: float

    @classmethod
    def of(cls, work: Work) -> Hours:
        return cls(work.begins % HOUR)

    def start(self, hour: int) -> float:
        """Seconds from the work's begin to the hour's; not positive for hour 0."""
        return hour * HOUR - self.begins

    def upto(self, at: float) -> int:
        """The hour that an instant ends, or lies in."""
        hour = int((self.begins + at) // HOUR)
        return hour - 1 if at <= self.start(hour) and hour > 0 else hour

    def since(self, at: float) -> int:
        """The hour that an instant begins, or lies in."""
        hour = int((self.begins + at) // HOUR)
        return hour + 1 if at >= self.start(hour + 1) else hour

    def starts(self, after: float, before: float) -> Iterator[float]:
        """The instants between two others at which an hour begins."""
        hour = self.since(after) + 1
        while self.start(hour) < before:
            yield self.start(hour)
            hour += 1


@dataclass(frozen=True)
class Need:
    """A condition on the levels: the sum of ``seconds[hour] * level[hour]`` is at least ``units``.

    Attributes:
        job: which job it is for.
        seconds: how long a level helps, by hour.
        units: what the levels have to bring.
    """

    job: int
    seconds: Mapping[int, float]
    units: float

    def missing(self, levels: Mapping[int, float]) -> float:
        """Units by which some levels fall short; not positive if they don't."""
        return self.units - sum(long * levels[hour] for hour, long in self.seconds.items())


def needs(work: Work, best: Bound, name: str, tank: Tank) -> Iterator[Need]:
    """All conditions on the levels of one meter, job after job."""
    meter, flow, hours = work.meters[name], best.flows[name], Hours.of(work)
    change, begin = meter.change_seconds, 0.0
    for job, (end, load) in enumerate(zip(best.ends, best.loads[name], strict=True)):
        bends = {begin, min(change, end), end, *hours.starts(begin, end)}
        bends.update(_within(flow, begin, end))
        for at in sorted(bends):
            old = meter.base * max(0.0, min(change, end) - at)
            left = load - old - tank.debt
            seconds = _seconds(hours, max(at, change), end)
            if at == 0:  # what the bucket held then is known
                yield Need(job, seconds, left - tank.tokens)
            else:
                room = hours.upto(at) if at > change else None
                yield _need(job, seconds, left - flow.before(at), meter, room)
            if at < end:
                room = hours.since(at) if at >= change else None
                yield _need(job, seconds, left - flow.upto(at), meter, room)
        begin = end


def _need(
    job: int, seconds: dict[int, float], units: float, meter: Meter, room_of: int | None
) -> Need:
    """A condition with what the bucket holds: of the level of an hour, or of the base units."""
    if room_of is None or meter.burst_seconds == 0:
        return Need(job, seconds, units - meter.burst_seconds * meter.base)
    more = seconds.get(room_of, 0.0) + meter.burst_seconds
    return Need(job, {**seconds, room_of: more}, units)


def _within(curve: Curve, begin: float, end: float) -> list[float]:
    return [at for at in curve.times if begin < at < end]


def _seconds(hours: Hours, begin: float, end: float) -> dict[int, float]:
    """How much of each hour lies between two instants."""
    edges = [begin, *hours.starts(begin, end), end] if begin < end else []
    return {hours.since(low): high - low for low, high in itertools.pairwise(edges)}
