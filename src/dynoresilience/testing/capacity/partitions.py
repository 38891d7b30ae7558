"""What single partition-key values can serve. Pure.

A partition serves 3,000 read and 1,000 write units a second, whatever its table or index has, and
in both capacity modes. Adaptive capacity gives a busy key a partition of its own, sooner or later;
here it has one from the start, so that one key value has what one partition has. Burst capacity
does not lift this limit: no more than one second's worth is kept.
"""

from __future__ import annotations

from dynoresilience.model import Dimension, Resource
from dynoresilience.testing.capacity.bucket import Bucket
from dynoresilience.testing.capacity.meters import Spot

PARTITION_UNITS = {Dimension.READ: 3_000.0, Dimension.WRITE: 1_000.0}
"""Units a second of one partition (developer guide: "Partitions and data distribution")."""

_SWEEP_AT = 1_024


class Partitions:
    """A bucket for each key value in use.

    A bucket that is full again is as good as none, and is dropped: what is kept are the keys of the
    last second, and those in debt.
    """

    def __init__(self) -> None:
        self._buckets: dict[Spot, Bucket] = {}
        self._limits: dict[Spot, float] = {}
        self._sweep_at = _SWEEP_AT

    def __len__(self) -> int:
        return len(self._buckets)

    def limit(self, spot: Spot, units: float | None, at: float) -> None:
        """Let the key live in a partition of ``units`` from ``at`` on; None: in a usual one."""
        if units is None:
            self._limits.pop(spot, None)
        else:
            self._limits[spot] = units
        if spot in self._buckets:
            self._buckets[spot].set_units(self._units(spot), at)

    def bucket(self, spot: Spot, at: float) -> Bucket:
        """The bucket of a key; it counts until the next `sweep`."""
        found = self._buckets.get(spot)
        if found is None:
            found = self._buckets[spot] = Bucket(self._units(spot), burst_seconds=1.0, at=at)
        return found

    def forget(self, resource: Resource) -> None:
        """Remove all keys of a resource that is gone, and their limits."""
        for spots in (self._buckets, self._limits):
            for spot in [spot for spot in spots if spot.meter.resource == resource]:
                del spots[spot]

    def sweep(self, at: float) -> None:
        """Drop buckets that are full, if there are many."""
        if len(self._buckets) >= self._sweep_at:
            self._buckets = {
                spot: bucket for spot, bucket in self._buckets.items() if not bucket.is_full(at)
            }
            self._sweep_at = max(_SWEEP_AT, 2 * len(self._buckets))

    def _units(self, spot: Spot) -> float:
        return self._limits.get(spot, PARTITION_UNITS[spot.meter.dimension])
