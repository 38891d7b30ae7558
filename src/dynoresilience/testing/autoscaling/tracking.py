"""What Application Auto Scaling wants of a number of units: bounds, and target tracking. Pure.

The model is a simple one of what is documented. A point is the consumption of one minute, and
alarms watch the last points against the units that there are now:

- 2 points in a row over the target: out, to the units of which the last point is the target;
- 15 in a row at 20 or more per cent of the units below the target: in, to the units of which the
  highest of them is the target.

(AWS, "Why is my DynamoDB auto scaling not working": with a minimum of 100 units and a target of
70 % it goes out over 70 units for 2 minutes, in below 50 units for 15.) That alarms may come some
minutes late is not simulated. A minute without a request is one of no consumption.

If none of the 15 low points has any consumption, nothing is lowered: an idle table stays where it
is. AWS's guide ("Managing throughput capacity automatically with DynamoDB auto scaling") warned of
that until May 2019, when the warning was taken out; what holds today was not measured. This is the
careful side: no test passes because an idle table came down by itself. What somebody else raised is
taken back from an idle table all the same; that was measured.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

OUT_POINTS = 2
"""Minutes over the target before it scales out."""

IN_POINTS = 15
"""Minutes below it before it scales in."""

IN_MARGIN = 20.0
"""How far below the target these must be, in per cent of the units."""

_ROUNDING = 1e-6
"""Units that a sum of floats may be off by."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the most units of a scalable target."""

    minimum: int
    maximum: int

    def clamp(self, units: int) -> int:
        """The units that are allowed and nearest to ``units``."""
        return max(self.minimum, min(units, self.maximum))


@dataclass(frozen=True, slots=True)
class Tracking:
    """A target tracking policy.

    Args:
        target: how much of the units should be used, in per cent.
        scales_in: whether it ever lowers them.
        scales_out: whether it ever raises them.
        in_cooldown: seconds after it has lowered them in which it does not do so again.
        out_cooldown: the same for raising.
    """

    target: float
    scales_in: bool = True
    scales_out: bool = True
    in_cooldown: float = 0.0
    out_cooldown: float = 0.0

    def needed(self, consumed: float) -> int:
        """Units of which ``consumed`` units a second are the target."""
        return math.ceil(consumed * 100 / self.target - _ROUNDING)


def tracked(units: int, points: Sequence[float], bounds: Bounds, tracking: Tracking) -> int:
    """The units that target tracking wants at the end of a minute; ``units`` if it is content.

    Args:
        units: those that there are.
        points: consumed units a second in each of the last minutes, the latest last.
        bounds: of the target.
        tracking: its policy.
    """
    high, low = points[-OUT_POINTS:], points[-IN_POINTS:]
    over = units * tracking.target / 100 + _ROUNDING
    if tracking.scales_out and len(high) == OUT_POINTS and min(high) > over:
        return max(units, bounds.clamp(tracking.needed(high[-1])))
    below = units * (tracking.target - IN_MARGIN) / 100 + _ROUNDING
    if tracking.scales_in and len(low) == IN_POINTS and 0 < max(low) <= below:
        return min(units, bounds.clamp(tracking.needed(max(low))))
    return units


def corrected(units: int, points: Sequence[float], bounds: Bounds, tracking: Tracking) -> int:
    """The units that it wants some time after somebody else has changed them.

    What is above the need of the last minute is taken back at once, without 15 low points; what
    is below the minimum is raised to it.
    """
    if not tracking.scales_in:
        return max(units, bounds.minimum)
    needed = bounds.clamp(tracking.needed(points[-1] if points else 0.0))
    return max(bounds.minimum, min(units, needed))
