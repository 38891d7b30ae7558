"""What a meter's units must come to, as conditions that are linear in the level of each hour. Pure.

Whoever must have served ``due`` units by t must, from any instant s on, serve what can't have come
before s; and from s on nothing is served but what the bucket holds then, at most what
``burst_seconds`` of the level at s bring, and what flows in until t:

    burst_seconds * level(s) + integral of the level from s to t  >=  due(t) - flow(s)

They are linear between the bends of ``flow``, so its bends are the s to look at, each from both
sides. For t it is the end of the job, and the hours within it: other tanks may not let through so
much later on that one hour could make up for another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from .bound import Bound
from .hours import HOUR, Course, Hours
from .work import Work


@dataclass(frozen=True)
class Need:
    """A condition on the levels.

    Attributes:
        job: which job it is for.
        since: the instant from which levels flow in,
        by: and that until which they do.
        room_of: the hour whose level the bucket's room depends on; None: on no level.
        room_seconds: how many seconds of that level it keeps.
        units: what all that has to bring.
    """

    job: int
    since: float
    by: float
    room_of: int | None
    room_seconds: float
    units: float

    def missing(self, levels: Course) -> float:
        """Units by which some levels fall short; not positive if they don't."""
        saved = 0.0 if self.room_of is None else self.room_seconds * levels[self.room_of]
        return self.units - saved - levels.integral(self.since, self.by)

    @property
    def longest(self) -> float:
        """No hour's level helps longer, in seconds."""
        return min(self.by - self.since, HOUR) + self.room_seconds

    def seconds(self, hours: Hours) -> dict[int, float]:
        """How long a unit of each hour's level helps."""
        edges = [self.since, *hours.starts(self.since, self.by), self.by]
        found = {hours.since(low): high - low for low, high in pairwise(edges) if low < high}
        if self.room_of is not None and self.room_seconds:
            found[self.room_of] = found.get(self.room_of, 0.0) + self.room_seconds
        return found


def needs(work: Work, best: Bound, name: str) -> Iterator[Need]:
    """All conditions on the levels of one meter, job after job."""
    hours, begin = Hours.of(work), 0.0
    for job, end in enumerate(best.ends):
        for by in (*hours.starts(begin, end), end):
            yield from _by(work, best, name, job, (begin, by))
        begin = end


def _by(
    work: Work, best: Bound, name: str, job: int, window: tuple[float, float]
) -> Iterator[Need]:
    """The conditions for what must be served by an instant, from every instant of a window on."""
    (begin, by), hours = window, Hours.of(work)
    meter, tank, flow = work.meters[name], best.tanks[name], best.flows[name]
    due, burst = best.due(name, job, by), meter.burst_seconds
    change = min(meter.change_seconds, by)
    bends = {begin, change, by, *hours.starts(begin, by), *flow.bends(begin, by)}
    for at in sorted(bends):
        if flow.before(at) >= due:  # no condition any more, nor later
            return
        since = max(at, change)
        left = due - tank.debt - meter.base * (since - at)
        if at == 0:  # what the bucket held then is known
            yield Need(job, since, by, None, 0.0, left - tank.tokens)
        sides = [(flow.before(at), hours.upto(at) if at > change else None)]
        if at < by:
            sides.append((flow.upto(at), hours.since(at) if at >= change else None))
        for came, hour in sides:
            if hour is None:
                yield Need(job, since, by, None, 0.0, left - came - burst * meter.base)
            else:
                yield Need(job, since, by, hour, burst, left - came)
