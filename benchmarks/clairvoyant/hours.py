"""Clock hours, and a level of capacity for each of them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from .work import Work

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
        return int((self.begins + at) // HOUR)

    def starts(self, after: float, before: float) -> Iterator[float]:
        """The instants between two others at which an hour begins."""
        hour = self.since(after) + 1
        while self.start(hour) < before:
            yield self.start(hour)
            hour += 1


class Course:
    """A level for each hour, from the first on."""

    def __init__(self, levels: Sequence[float], hours: Hours) -> None:
        self._levels, self._hours = levels, hours
        self._sums = [0.0, *accumulate(level * HOUR for level in levels)]

    def __getitem__(self, hour: int) -> float:
        return self._levels[hour]

    def integral(self, begin: float, end: float) -> float:
        """Unit-seconds between two instants."""
        return self._upto(end) - self._upto(begin)

    def _upto(self, at: float) -> float:
        hour = self._hours.upto(at)
        return self._sums[hour] + self._levels[hour] * (at - self._hours.start(hour))
