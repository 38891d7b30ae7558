"""Failures at random, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from typing import Any

from dynoresilience.testing.service.fault_kinds import (
    Corrupt,
    Delay,
    Drop,
    Fault,
    Lose,
    Partial,
    Throttle,
    Truncate,
    failing,
)

_MAKERS: dict[str, Callable[[float], Fault]] = {
    "error": lambda _: failing("InternalServerError", "Internal server error"),
    "drop": lambda _: Drop(),
    "lose": lambda _: Lose(),
    "truncate": lambda _: Truncate(),
    "corrupt": lambda _: Corrupt(),
    "throttle": lambda _: Throttle(),
    "partial": lambda dice: Partial(1 + int(dice * 24)),
    "delay": Delay,
}
KINDS = tuple(_MAKERS)
"""Every kind. A delay is less than a second; of a batch 1 to 24 items are kept."""

USUAL = tuple(kind for kind in KINDS if kind != "truncate")
"""Those that no client takes for a right answer."""


class RandomFaults:
    """Which attempts fail, and how.

    Each operation has dice of its own: the n-th attempt of an operation meets the same fault for
    the same seed, whatever happens meanwhile in other threads that call other operations.

    Args:
        seed: any value with a stable ``repr``, such as a number or a text.
        rate: the share of attempts that fail, 0 to 1.
        operations: to which it happens; None is all.
        kinds: what may happen, out of `KINDS`.

    Raises:
        ValueError: the rate is not 0 to 1, or there is no such kind.
    """

    def __init__(
        self,
        seed: object,
        *,
        rate: float,
        operations: Collection[str] | None,
        kinds: Collection[str],
    ) -> None:
        if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 <= rate <= 1:
            raise ValueError(f"rate must be a number from 0 to 1, got {rate!r}")
        unknown = [kind for kind in kinds if kind not in _MAKERS]
        if unknown or not kinds:
            raise ValueError(f"kinds must be some of {', '.join(KINDS)}, got {list(kinds)}")
        self._seed = seed
        self._rate = rate
        self._operations = operations
        self._kinds = [kind for kind in KINDS if kind in kinds]
        self._dice: dict[str, random.Random] = {}

    def meet(self, operation: str) -> Fault | None:
        """What happens to this attempt of the operation."""
        if self._operations is not None and operation not in self._operations:
            return None
        dice = self._dice.setdefault(operation, _dice(self._seed, operation))
        whether, which, how = dice.random(), dice.random(), dice.random()
        if whether >= self._rate:
            return None
        faults = [_MAKERS[kind](how) for kind in self._kinds]
        suitable = [fault for fault in faults if fault.suits(operation)]
        return suitable[int(which * len(suitable))] if suitable else None


def _dice(seed: Any, operation: str) -> random.Random:
    return random.Random(f"{seed!r} {operation}")
