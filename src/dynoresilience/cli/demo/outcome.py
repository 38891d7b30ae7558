"""How a trial ended, and whether that is what the demo promises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Outcome:
    """One burst of writes, looked at from its end.

    Args:
        name: whose burst it was.
        total: writes that were to be made.
        written: items that were read back from the table.
        lost: writes that were acknowledged but not found in the table.
        failures: writes that raised, by what their exceptions say.
        seconds: from the first write to the end of the last one.
        update_calls: UpdateTable calls that were sent.
        raises: those of them that raised capacity.
        decreases: those of them that lowered capacity.
        peaks: the most write units that the table, and its index, ever had.
        back_at_base: every unit, read or write, is what it was before the burst.
    """

    name: str
    total: int
    written: int
    seconds: float
    lost: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    update_calls: int = 0
    raises: int = 0
    decreases: int = 0
    peaks: Sequence[int] = ()
    back_at_base: bool = True

    @property
    def failed(self) -> int:
        """Writes that raised."""
        return self.failures.total()


def shortcomings(outcome: Outcome) -> list[str]:
    """Why this is not what `ScalingClient` promises; empty if it is."""
    found = []
    if outcome.failed:
        found.append(f"{outcome.failed} of {outcome.total} writes failed")
    if outcome.lost:
        found.append(f"{outcome.lost} acknowledged writes are not in the table")
    if not outcome.failed and outcome.written != outcome.total:
        found.append(f"{outcome.written} items were read back, not {outcome.total}")
    if not outcome.back_at_base:
        found.append("the table is not back at its base capacity")
    return found
