"""Token buckets: what a table and its indexes can serve at an instant. Pure.

Instants are seconds on any one axis that does not go back; they are always arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from dynoresilience.model import Dimension, Resource, Units

_ROUNDING = 1e-6
"""Tokens that a sum of floats may be off by; far below the smallest charge, half a unit."""


class Meter(NamedTuple):
    """What a charge is counted on: one dimension of a table or an index."""

    resource: Resource
    dimension: Dimension


Charges = Mapping[Meter, float]
"""Capacity units that a request costs, by meter. The first meter is the first one looked at."""


class Bucket:
    """Capacity of one meter: refilled by ``units`` a second, keeps what ``burst_seconds`` bring.

    Args:
        units: capacity units a second.
        burst_seconds: how many seconds of unused capacity are kept.
        at: the instant of the first reading.
        full: whether the kept capacity is there from the start.
    """

    def __init__(self, units: int, *, burst_seconds: float, at: float, full: bool = True) -> None:
        self.units = units
        self._burst_seconds = burst_seconds
        self._at = at
        self._tokens = self.room if full else 0.0

    @property
    def room(self) -> float:
        """The most that the bucket holds, in capacity units."""
        return self.units * self._burst_seconds

    def tokens(self, at: float) -> float:
        """What is there at the instant, in capacity units; negative while a debt is open."""
        if at > self._at:
            self._tokens = min(self.room, self._tokens + (at - self._at) * self.units)
            self._at = at
        return self._tokens

    def admits(self, cost: float, at: float) -> bool:
        """Whether `take` would succeed.

        A cost beyond what the bucket can ever hold is let in when the bucket is full, and leaves
        a debt: otherwise a large item could never be written to a small table.
        """
        return self.tokens(at) + _ROUNDING >= min(cost, self.room)

    def take(self, cost: float, at: float) -> bool:
        """Take ``cost`` units if they are there; nothing is taken otherwise."""
        if not self.admits(cost, at):
            return False
        left = self._tokens - cost
        self._tokens = 0.0 if -_ROUNDING <= left < 0 else left
        return True

    def settle(self, difference: float, at: float) -> None:
        """Correct an earlier charge: more goes into debt if need be, less is given back."""
        self._tokens = min(self.room, self.tokens(at) - difference)

    def set_units(self, units: int, at: float) -> None:
        """Change the rate from ``at`` on. What was saved stays, up to the new room."""
        self.tokens(at)
        self.units = units
        self._tokens = min(self.room, self._tokens)


class CapacityModel:
    """The buckets of all tables and indexes. A resource of 0/0 units (on-demand) has no limit."""

    def __init__(self, *, burst_seconds: float = 300.0, start_full: bool = True) -> None:
        if not burst_seconds > 0:
            raise ValueError(f"burst_seconds must be positive, got {burst_seconds}")
        self._burst_seconds = burst_seconds
        self._start_full = start_full
        self._buckets: dict[Meter, Bucket] = {}

    def provision(self, resource: Resource, units: Units, at: float) -> None:
        """Add a resource, or change its units from ``at`` on."""
        for dimension in Dimension:
            meter, rate = Meter(resource, dimension), units.of(dimension)
            if rate == 0:
                self._buckets.pop(meter, None)
            elif meter in self._buckets:
                self._buckets[meter].set_units(rate, at)
            else:
                self._buckets[meter] = Bucket(
                    rate, burst_seconds=self._burst_seconds, at=at, full=self._start_full
                )

    def forget(self, resource: Resource) -> None:
        """Remove a resource that is gone, with what it had saved."""
        for dimension in Dimension:
            self._buckets.pop(Meter(resource, dimension), None)

    def short(self, charges: Charges, at: float) -> Meter | None:
        """The first meter that can't serve its part of ``charges``; None if all can."""
        for meter, cost in charges.items():
            bucket = self._buckets.get(meter)
            if bucket is not None and not bucket.admits(cost, at):
                return meter
        return None

    def charge(self, charges: Charges, at: float) -> Meter | None:
        """Take all of ``charges``, or nothing.

        Returns:
            None if they were taken, else the first meter that was short.
        """
        short = self.short(charges, at)
        if short is None:
            for meter, cost in charges.items():
                if meter in self._buckets:
                    self._buckets[meter].take(cost, at)
        return short

    def settle(self, reserved: Charges, spent: Charges, at: float) -> None:
        """Replace an admitted charge by what the request turned out to cost."""
        for meter in {*reserved, *spent}:
            if meter in self._buckets:
                difference = spent.get(meter, 0.0) - reserved.get(meter, 0.0)
                self._buckets[meter].settle(difference, at)

    def available(self, meter: Meter, at: float) -> float:
        """Units that are there at the instant; infinite for a resource without a limit."""
        bucket = self._buckets.get(meter)
        return float("inf") if bucket is None else bucket.tokens(at)
