"""How many units to ask for: the policies. Pure, and pluggable.

A policy says what is wanted; `plan_up` keeps it within the caps and above what is there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from dynoresilience.capacity.demand import Demand
from dynoresilience.errors import ConfigError
from dynoresilience.model import Dimension, Resource

SETTLES = 2.0
"""Seconds after a change for which calls that have waited may still be refused, though there is
enough now: they all come at once."""
ELASTIC = 0.9
"""Share of the capacity from which on a rate that was measured while calls waited says nothing:
it is what is served."""


@dataclass(frozen=True, slots=True)
class Need:
    """What is known of a table or index that is short, of reads or of writes.

    ``units``: what it has. ``demand``: what this process asks of it; None: not known.
    ``change_seconds``: how long the latest change of the table took. ``settled``: seconds since it
    came into force. ``foreseen``: it is not short, but what it belongs to is about to be raised,
    and the same calls take of both. ``in_vain``: raises just before, one after the other, that were
    not enough for the fleet that uses it.
    """

    resource: Resource
    dimension: Dimension
    units: int
    demand: Demand | None = None
    change_seconds: float = 0.0
    settled: float = math.inf
    foreseen: bool = False
    in_vain: int = 0


@runtime_checkable
class ScalingPolicy(Protocol):
    """Decides how far one raise goes."""

    def wanted(self, need: Need) -> int:
        """The units to ask for; not more than ``need.units``: what is there is enough."""


@dataclass(frozen=True, slots=True)
class GeometricPolicy:
    """So many times what is there, at each shortage. ``factor``: more than 1.

    Raises:
        ConfigError: names the field, its value and what is allowed.
    """

    factor: float = 2.0

    def __post_init__(self) -> None:
        _refuse_faults(self, [("factor", _ABOVE, 1)])

    def wanted(self, need: Need) -> int:
        return need.units if need.foreseen else _times(need.units, self.factor)


@dataclass(frozen=True, slots=True)
class DemandPolicy:
    """Straight to what is asked, and again only if that was not enough.

    Where the demand is not known, or is met and the table is short all the same (others use it
    too), it is ``factor`` times what is there; in a fleet, from the second raise in a row on, the
    square of it.

    Args:
        factor: the step where there is nothing better to go by. More than 1.
        headroom: times the demand, so that what waits is served as well and chance does not make
            the table short again. 1 or more.
        lead: seconds for which a demand that grows steadily should be met by one raise. 0 or more.
        drain: seconds in which what waits should be served, else more is asked for. More than 0.

    Raises:
        ConfigError: names each faulty field, its value and what is allowed.
    """

    factor: float = 2.0
    headroom: float = 1.1
    lead: float = 60.0
    drain: float = 60.0

    def __post_init__(self) -> None:
        above = [("factor", _ABOVE, 1), ("drain", _ABOVE, 0)]
        _refuse_faults(self, [*above, ("headroom", _AT_LEAST, 1), ("lead", _AT_LEAST, 0)])

    def wanted(self, need: Need) -> int:
        units, demand = need.units, need.demand
        if demand is None:
            return units if need.foreseen else self._by_factor(need)
        served = units * demand.share
        spare = demand.rate < served * (ELASTIC if demand.held_up else 1)
        is_firm = demand.is_firm(units)
        if need.foreseen and (spare or not (is_firm or demand.held_up)):
            return units
        if not is_firm:
            return self._by_factor(need)
        grown = demand.rate + demand.growth * (need.change_seconds + self.lead)
        own = min(grown, demand.rate * self.factor)
        enough = _times(own + units - served, self.headroom)
        if spare:
            return self._beside_those_that_wait(need, demand, enough)
        if demand.held_up:
            return max(enough, _times(units, self.factor))
        return enough

    def _by_factor(self, need: Need) -> int:
        """Where a fleet has found a raise too small, the next is made of two."""
        return _times(need.units, self.factor ** (2 if need.in_vain else 1))

    def _beside_those_that_wait(self, need: Need, demand: Demand, enough: int) -> int:
        """More is there than is asked; but those that have waited since before it was come, too."""
        units, spare = need.units, need.units * demand.share - demand.rate
        if demand.waiting > spare * self.drain:
            return max(enough, _times(demand.rate + demand.waiting / self.drain, self.headroom))
        if need.settled <= SETTLES + self.drain:
            return units
        if enough > units:
            return enough
        return _times(units, self.factor)  # what is there goes elsewhere


def policy_of(chosen: str | ScalingPolicy, factor: float) -> ScalingPolicy:
    """The policy of a configuration: "demand", "geometric", or one of the owner's own."""
    if isinstance(chosen, str):
        return GeometricPolicy(factor) if chosen == "geometric" else DemandPolicy(factor)
    return chosen


_ABOVE, _AT_LEAST = "greater than", "at least"


def _refuse_faults(policy: object, bounds: Iterable[tuple[str, str, int]]) -> None:
    faults = []
    for name, bounded, bound in bounds:
        value = getattr(policy, name)
        finite = type(value) in (int, float) and math.isfinite(value)
        if not finite or value < bound or (value == bound and bounded is _ABOVE):
            faults.append(f"{name}={value!r} must be a finite number {bounded} {bound}")
    if faults:
        raise ConfigError(f"{type(policy).__name__}: " + "; ".join(faults))


def _times(units: float, factor: float) -> int:
    # round(): 10 * 1.1 is 11.000000000000002, and 12 units are not what was asked for.
    return max(1, math.ceil(round(units * factor, 6)))
