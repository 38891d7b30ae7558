"""What a simulator saw, for assertions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from dynoresilience.testing.capacity.meters import Meter
from dynoresilience.testing.control.control_plane import AcceptedUpdate


class FaultMet(NamedTuple):
    """An attempt of ``operation`` met a fault at the clock's monotonic reading ``at``."""

    at: float
    operation: str
    kind: str


@dataclass(slots=True)
class Journal:
    """Counts and changes since the simulator was started.

    ``calls`` counts attempts by operation, ``throttles`` items or requests that were not let in,
    by what was short; ``throttle_reasons`` the same, by the reason as AWS names it.
    """

    calls: Counter[str] = field(default_factory=Counter)
    throttles: Counter[Meter] = field(default_factory=Counter)
    updates: list[AcceptedUpdate] = field(default_factory=list)
    throttle_reasons: Counter[str] = field(default_factory=Counter)
    faults: list[FaultMet] = field(default_factory=list)
