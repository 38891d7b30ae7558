"""What an account, its tables, indexes and partitions can serve at an instant. Pure.

Instants are seconds on any one axis that does not go back; they are always arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dynoresilience.model import Dimension, Resource, ThrottleKind, Units
from dynoresilience.testing.capacity.bucket import Bucket
from dynoresilience.testing.capacity.meters import Charges, Meter, Shortage, Spot
from dynoresilience.testing.capacity.partitions import Partitions

__all__ = ["Bucket", "CapacityModel", "Charges", "Meter", "Shortage", "Spot"]


class _Demand(NamedTuple):
    """What a request takes from one bucket, and whose limit that is."""

    bucket: Bucket
    cost: float
    meter: Meter
    kind: ThrottleKind


class CapacityModel:
    """All limits of one account in one region, and what is left of each.

    A charge is held against the capacity of its table or index, then against that of its partition
    key, then against the account's.

    Args:
        burst_seconds: how many seconds of a table's unused capacity are kept (AWS: up to 300).
        start_full: whether a new table has them from the start.
        account_read: read units a second of all tables and indexes together; None: no limit.
        account_write: the same for write units.
    """

    def __init__(
        self,
        *,
        burst_seconds: float = 300.0,
        start_full: bool = True,
        account_read: float | None = None,
        account_write: float | None = None,
    ) -> None:
        if not burst_seconds > 0:
            raise ValueError(f"burst_seconds must be positive, got {burst_seconds}")
        self._burst_seconds = burst_seconds
        self._start_full = start_full
        self._provisioned: dict[Meter, Bucket] = {}
        self._maxima: dict[Meter, Bucket] = {}
        self._partitions = Partitions()
        limits = {Dimension.READ: account_read, Dimension.WRITE: account_write}
        self._account_units = {of: units for of, units in limits.items() if units is not None}
        self._account: dict[Dimension, Bucket] = {}

    def provision(self, resource: Resource, units: Units, at: float) -> None:
        """Add a resource, or change its units from ``at`` on. 0/0 units: it is on-demand."""
        for dimension in Dimension:
            self._set(self._provisioned, Meter(resource, dimension), units.of(dimension), at)

    def set_maximum(
        self, resource: Resource, at: float, *, read: int | None = None, write: int | None = None
    ) -> None:
        """Set an ``OnDemandThroughput``: what an on-demand resource serves at most, a second.

        None leaves a dimension as it is, -1 takes its maximum away. It holds while the resource is
        on-demand, and is remembered otherwise. As on AWS, unused units are kept for bursts.

        Args:
            resource: a table or a global secondary index.
            at: from when on.
            read: ``MaxReadRequestUnits``.
            write: ``MaxWriteRequestUnits``.
        """
        for dimension, units in ((Dimension.READ, read), (Dimension.WRITE, write)):
            if units is not None:
                self._set(self._maxima, Meter(resource, dimension), max(units, 0), at)

    def limit_key(self, spot: Spot, units: float | None, at: float) -> None:
        """Let the key of ``spot`` live in a partition of ``units`` a second; None: a usual one.

        Raises:
            ValueError: ``units`` is not positive.
        """
        if units is not None and not units > 0:
            raise ValueError(f"a partition serves a positive number of units, got {units}")
        self._partitions.limit(spot, units, at)

    def forget(self, resource: Resource) -> None:
        """Remove a resource that is gone, with what it had saved."""
        for dimension in Dimension:
            self._provisioned.pop(Meter(resource, dimension), None)
            self._maxima.pop(Meter(resource, dimension), None)
        self._partitions.forget(resource)

    def short(self, charges: Charges, at: float) -> Shortage | None:
        """The first limit that does not let its part of ``charges`` in; None if all do."""
        return self._first_short(self._demands(charges, at), at)

    def charge(self, charges: Charges, at: float) -> Shortage | None:
        """Take all of ``charges``, or nothing.

        Returns:
            None if they were taken, else the first limit that was short.
        """
        demands = list(self._demands(charges, at))
        short = self._first_short(demands, at)
        if short is None:
            for demand in demands:
                demand.bucket.take(demand.cost, at)
        return short

    def settle(self, reserved: Charges, spent: Charges, at: float) -> None:
        """Replace an admitted charge by what the request turned out to cost."""
        difference = {
            spot: spent.get(spot, 0.0) - reserved.get(spot, 0.0) for spot in {**reserved, **spent}
        }
        for demand in self._demands(difference, at):
            demand.bucket.settle(demand.cost, at)

    def available(self, meter: Meter, at: float) -> float:
        """Units that are there at the instant; infinite for a resource without a limit.

        The limits of its partitions and of the account are not looked at.
        """
        bucket = self._bucket(meter)
        return float("inf") if bucket is None else bucket.tokens(at)

    def spent(self, meter: Meter) -> float | None:
        """All that was ever consumed of provisioned units; None for a resource without."""
        bucket = self._provisioned.get(meter)
        return None if bucket is None else bucket.spent

    def _bucket(self, meter: Meter) -> Bucket | None:
        return self._provisioned.get(meter) or self._maxima.get(meter)

    def _demands(self, charges: Charges, at: float) -> Iterator[_Demand]:
        """What ``charges`` mean for each bucket that they touch, in the order of looking."""
        self._partitions.sweep(at)
        totals: dict[Meter, float] = {}
        for spot, cost in charges.items():
            totals[spot.meter] = totals.get(spot.meter, 0.0) + cost
        for meter, cost in totals.items():
            bucket = self._bucket(meter)
            if bucket is not None:
                own = meter in self._provisioned
                kind = ThrottleKind.PROVISIONED if own else ThrottleKind.ON_DEMAND_MAXIMUM
                yield _Demand(bucket, cost, meter, kind)
        for spot, cost in charges.items():
            if spot.key is not None and cost:
                bucket = self._partitions.bucket(spot, at)
                yield _Demand(bucket, cost, spot.meter, ThrottleKind.KEY_RANGE)
        for dimension, units in self._account_units.items():
            ours = [meter for meter in totals if meter.dimension is dimension]
            if ours:
                if dimension not in self._account:
                    self._account[dimension] = Bucket(units, burst_seconds=1.0, at=at)
                cost = sum(totals[meter] for meter in ours)
                yield _Demand(self._account[dimension], cost, ours[0], ThrottleKind.ACCOUNT)

    def _first_short(self, demands: Iterable[_Demand], at: float) -> Shortage | None:
        for bucket, cost, meter, kind in demands:
            if not bucket.admits(cost, at):
                return Shortage(meter, kind, meter not in self._provisioned)
        return None

    def _set(self, buckets: dict[Meter, Bucket], meter: Meter, units: int, at: float) -> None:
        if units == 0:
            buckets.pop(meter, None)
        elif meter in buckets:
            buckets[meter].set_units(units, at)
        else:
            buckets[meter] = Bucket(
                units, burst_seconds=self._burst_seconds, at=at, full=self._start_full
            )
