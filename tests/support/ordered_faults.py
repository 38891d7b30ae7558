"""What goes wrong with the attempts of the next call of a kind."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from dynoresilience.model import ThrottleKind
from tests.support.library_machine import LibraryMachine

_ALONE = ["", "", "partial", "partial for long", "throttle", "throttle for long", "drop"]
_OTHERS = [
    *("throttle of an index", "lost answer", "hot key, partial for long"),
    *("partial, drop", "throttle, drop", "partial, throttle"),
]
FAULTS = st.sampled_from(_ALONE + _OTHERS)
"""In the order in which the attempts of the next call meet them."""


class OrderedFaults(LibraryMachine):
    def order(self, operation: str, faults: str) -> None:
        """What the next attempts meet; what the simulator can't do to an operation is left out."""
        sim = self.simulator
        orders: dict[str, Callable[[], None]] = {
            "partial": lambda: sim.partial_next(operation, 2, keep=2),
            "partial for long": lambda: sim.partial_next(operation, 12),
            "throttle": lambda: sim.throttle_next(operation, 2),
            "throttle for long": lambda: sim.throttle_next(operation, 12),
            "throttle of an index": lambda: sim.throttle_next(operation, 2, index="by-customer"),
            "hot key": lambda: sim.throttle_next(operation, 2, ThrottleKind.KEY_RANGE.value),
            "drop": lambda: sim.drop_next(operation),
            "lost answer": lambda: sim.drop_next(operation, applied=True),
        }
        for fault in filter(None, faults.split(", ")):
            if fault.startswith("partial") and operation not in ("BatchWriteItem", "BatchGetItem"):
                continue
            if operation == "BatchExecuteStatement" and fault not in ("drop", "lost answer"):
                continue
            orders[fault]()

    def expect(self, holds: bool, problem: str) -> None:
        if not holds:
            self.witness.problems.append(problem)
