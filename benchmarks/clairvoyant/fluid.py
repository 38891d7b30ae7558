"""Buckets that serve work as a fluid: exact, from event to event, without steps of time. Pure."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

_TINY = 1e-12
"""What counts as nothing, as a part of all work."""


class Curve:
    """How much work there was up to an instant. Never falls, may jump, straight in between."""

    def __init__(self, points: Iterable[tuple[float, float]] = ()) -> None:
        self.times: list[float] = []
        self.totals: list[float] = []
        for at, total in points:
            self.add(at, total)

    def add(self, at: float, total: float) -> None:
        """Go on to a later or equal instant, and a larger or equal total."""
        self.times.append(at)
        self.totals.append(total)

    @property
    def total(self) -> float:
        return self.totals[-1] if self.totals else 0.0

    def before(self, at: float) -> float:
        """The total without a jump at the instant itself."""
        return self._between(bisect_left(self.times, at), at)

    def upto(self, at: float) -> float:
        """The total with it."""
        return self._between(bisect_right(self.times, at), at)

    def when(self, total: float) -> float:
        """The first instant at which there was as much."""
        rounding = 1e-9 * self.total
        target = total - rounding
        at = bisect_left(self.totals, target)
        if at == 0 or self.totals[at] <= total + rounding:
            return self.times[at]
        low, high = self.totals[at - 1], self.totals[at]
        return self.times[at - 1] + (self.times[at] - self.times[at - 1]) * (target - low) / (
            high - low
        )

    def bends(self, after: float, before: float) -> list[float]:
        """The instants between two others at which it jumps or bends."""
        return self.times[bisect_right(self.times, after) : bisect_left(self.times, before)]

    def _between(self, after: int, at: float) -> float:
        """The total at an instant between the points ``after - 1`` and ``after``."""
        if after == 0:
            return 0.0
        low = self.totals[after - 1]
        if after == len(self.times) or self.times[after - 1] == at:
            return low
        if self.times[after] == at:  # a jump comes next, or a bend
            return self.totals[after]
        begin, end = self.times[after - 1], self.times[after]
        return low + (self.totals[after] - low) * (at - begin) / (end - begin)


def added(curves: Sequence[tuple[float, Curve]]) -> Curve:
    """The sum of curves, each times its factor."""
    total = Curve()
    for at in sorted({at for _, curve in curves for at in curve.times}):
        before = sum(factor * curve.before(at) for factor, curve in curves)
        upto = sum(factor * curve.upto(at) for factor, curve in curves)
        total.add(at, before)
        if upto > before:
            total.add(at, upto)
    return total


@dataclass(frozen=True)
class Tank:
    """A bucket: filled at a rate that may change, it keeps what some seconds bring.

    Attributes:
        rates: from when on which rate flows in; the first from the beginning.
        burst_seconds: how many seconds of the rate it keeps.
        tokens: what is in it at the beginning.
        debt: what it lets through beyond that; counted as room, and as there at the beginning.
    """

    rates: tuple[tuple[float, float], ...]
    burst_seconds: float
    tokens: float
    debt: float = 0.0

    def most(self, seconds: float) -> float:
        """All that it can let through in so many seconds at its last rate, if it is full."""
        rate = self.rates[-1][1]
        return rate * (self.burst_seconds + seconds) + self.debt

    def per(self, share: float) -> Tank:
        """The same in units of a work that takes ``share`` of it."""
        return replace(
            self,
            rates=tuple((at, rate / share) for at, rate in self.rates),
            tokens=self.tokens / share,
            debt=self.debt / share,
        )


def serve(demand: Curve, tanks: Sequence[Tank]) -> Curve:
    """The work done up to each instant, if all is done as soon as every tank lets it through.

    No other order of doing it is ahead at any instant: what holds work back are conditions of the
    form "no more from s to t than ...", and of what such conditions allow there is one largest.
    """
    tiny = _TINY * max(demand.total, 1e-6)
    changes = [dict(tank.rates) for tank in tanks]
    rate = [tank.rates[0][1] for tank in tanks]
    tokens = [tank.tokens + tank.debt for tank in tanks]
    instants = sorted({*demand.times, *(at for change in changes for at in change)})
    backlog, done, served = 0.0, 0.0, Curve([(instants[0], 0.0)])

    def room(i: int) -> float:
        return tanks[i].burst_seconds * rate[i] + tanks[i].debt

    for at, until in zip(instants, [*instants[1:], math.inf], strict=True):
        for i, change in enumerate(changes):
            rate[i] = change.get(at, rate[i])
            tokens[i] = min(tokens[i], room(i))
        come = demand.upto(at)
        backlog += come - demand.before(at)
        slope = 0.0 if until == math.inf else (demand.before(until) - come) / (until - at)
        now = at
        while True:
            gulp = min([backlog, *tokens])
            if gulp > 0:
                backlog, done = _drop(backlog - gulp, tiny), done + gulp
                tokens = [_drop(left - gulp, tiny) for left in tokens]
                served.add(now, done)
            if now >= until or (until == math.inf and backlog == 0):
                break
            held_back = [rate[i] for i, left in enumerate(tokens) if left == 0]
            flow = min(held_back if backlog > 0 else [slope, *held_back])
            step = until - now
            if backlog > 0 and flow > slope:
                step = min(step, backlog / (flow - slope))
            for i, left in enumerate(tokens):
                if left > 0 and flow > rate[i]:
                    step = min(step, left / (flow - rate[i]))
            now = until if step == until - now else now + step
            done += flow * step
            backlog = _drop(backlog + (slope - flow) * step, tiny)
            tokens = [
                _drop(min(left + (rate[i] - flow) * step, room(i)), tiny)
                for i, left in enumerate(tokens)
            ]
            served.add(now, done)
    return served


def _drop(amount: float, tiny: float) -> float:
    return amount if amount > tiny else 0.0
