"""How much a program asks of a table or index, by what it has asked lately. Pure.

Counted are calls when they are made, admitted or refused, and never their retries: so a shortage
that makes calls repeat themselves does not look like more work.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dynoresilience.model import Dimension, RaisedKey

WINDOW = 10.0
"""Seconds before a shortage whose calls say how much is asked."""
LATELY = 1.0
"""Seconds of them whose rate holds, if it is higher by more than chance."""
LEAST_SECONDS = 0.1
"""Of work that has only just begun it is taken to last so long already, if those who were answered
come again; else `LATELY`: they may be many at once, and that was all."""
FEW = 10.0
"""Units below which a rate over a second or more is no better than a guess."""
SIGMAS = 3.0
"""Standard deviations (of calls that come by chance) by which a difference has to stand out."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A call that the program has made: when (monotonic seconds), and the units it takes, about.

    ``attributes``: of the item, if it is a put and they are known. ``answered``: it went through.
    ``caller``: stands for the thread that made it.
    """

    at: float
    index: str | None
    dimension: Dimension
    units: float
    attributes: frozenset[str] | None = None
    answered: bool = False
    caller: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """The latest calls of a program on one table, in their order, as far as they are remembered.

    ``since``: from when on none is left out (monotonic seconds); None: it has not made any more.
    """

    arrivals: Sequence[Arrival] = ()
    since: float | None = None


@dataclass(frozen=True, slots=True)
class Demand:
    """What this process asks of one table or index, of reads or of writes.

    ``units`` were asked in ``seconds``; ``rate`` is per second. ``growth``: by how many units a
    second the rate grows each second. ``waiting``: units of calls that were refused and wait.
    ``share``: the part of what is admitted that this process gets; less than 1: others ask, too.
    ``held_up``: it was measured since the latest change of capacity came into force, with calls
    waiting all the time; who waits makes no new call, so the rate may be what is served, not what
    is wanted.
    """

    rate: float
    units: float
    seconds: float
    growth: float = 0.0
    waiting: float = 0.0
    held_up: bool = False
    share: float = 1.0

    @property
    def is_measured(self) -> bool:
        """Whether the rate is more than a guess."""
        return self.seconds >= LATELY and self.units >= FEW

    def exceeds(self, units: float) -> bool:
        """Whether it is certain that more than so many units a second are asked."""
        return self.units - SIGMAS * math.sqrt(self.units) > units * self.seconds

    def is_firm(self, units: float) -> bool:
        """Whether the rate can be built on, where so many units are there."""
        return self.is_measured or self.exceeds(units)

    def times(self, share: float) -> Demand:
        """That part of it which touches an index."""
        return Demand(
            self.rate * share,
            self.units * share,
            self.seconds,
            self.growth * share,
            self.waiting * share,
            self.held_up,
            self.share,
        )


def measured(
    asked: Asked,
    until: float,
    *,
    since: float | None = None,
    waiting: float = 0.0,
    share: float = 1.0,
    before: tuple[float, float] | None = None,
) -> Demand | None:
    """The demand up to an instant; None: nothing was asked.

    ``since``: when the latest change came into force, if calls have waited ever since. ``waiting``
    and ``share`` as in `Demand`.
    ``before``: an earlier instant, and the rate that there was then, to tell how it grows.
    """
    bounds = [bound for bound in (since, asked.since) if bound is not None]
    first = max(until - WINDOW, *bounds) if bounds else until - WINDOW
    recent = [arrival for arrival in asked.arrivals if first <= arrival.at <= until]
    if not recent:
        return None
    begun = recent[0].at if since is None else first
    least = LEAST_SECONDS if since is not None or _goes_on(recent) else LATELY
    seconds = max(until - begun, least)
    units = sum(arrival.units for arrival in recent)
    if seconds > LATELY:
        latest = sum(arrival.units for arrival in recent if arrival.at > until - LATELY)
        if latest - SIGMAS * math.sqrt(latest) > units / seconds * LATELY:
            units, seconds = latest, LATELY
    rate = units / seconds
    growth = 0.0
    if before is not None and since is None and until - before[0] > WINDOW / 2:
        chance = SIGMAS * math.sqrt(units) / seconds
        if rate - chance > before[1]:
            growth = (rate - before[1]) / (until - before[0])
    return Demand(rate, units, seconds, growth, waiting, since is not None, share)


def _goes_on(recent: Sequence[Arrival]) -> bool:
    """Whether callers that were answered have come again, most of them: a loop, not a handful."""
    answered = sum(arrival.answered for arrival in recent)
    again = len(recent) - len({arrival.caller for arrival in recent})
    return 0 < answered <= 2 * again


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known beside the state of a table that is short.

    ``demands``: on what is short, and on what the same calls take of. ``change_seconds``: how long
    the latest change of its capacity took. ``settled``: seconds since that came into force.
    ``in_vain``: raises just before, one after the other, that were not enough for a fleet.
    """

    demands: Mapping[RaisedKey, Demand] = field(default_factory=dict)
    change_seconds: float = 0.0
    settled: float = math.inf
    in_vain: int = 0


UNKNOWN = Outlook()
