"""What `ensure_table` and `ensure_tables` come to: results and errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dynoresilience.errors import DynoResilienceError
from dynoresilience.tables.report import DriftReport

Outcome = Literal[
    "created", "joined", "verified", "repaired", "drifted", "failed", "stopped", "skipped"
]


@dataclass(frozen=True, slots=True)
class Ensured:
    """What became of one table.

    Args:
        table: its name.
        outcome: "verified": it was there, as declared. "created": by this call. "joined": somebody
            else was creating it, and this call waited, or finished what they had left undone.
            "repaired": it differed and no longer does. "drifted": it differs, and is left so.
            Of `ensure_tables` alone: "failed" (``error`` says why), "stopped" (not waited for to
            the end, because another table failed) and "skipped" (not begun, for the same reason).
        report: how it differs from its spec; None: it was not seen.
        seconds: from the first look to the last.
        error: why it failed.
    """

    table: str
    outcome: Outcome
    report: DriftReport | None = None
    seconds: float = 0.0
    error: Exception | None = None

    @property
    def created(self) -> bool:
        """True of one caller at most, however many there are: it may fill the new table."""
        return self.outcome == "created"

    def __str__(self) -> str:
        why = f": {self.error}" if self.error is not None else ""
        return f"{self.table} {self.outcome} ({self.seconds:.1f} s){why}"


class EnsureTimeout(DynoResilienceError):
    """It took longer than the caller would wait. What is under way goes on; run it again to join.

    ``table`` is its name, ``waited_for`` says in words what for, ``seconds`` how long.
    """

    def __init__(self, table: str, waited_for: str, seconds: float) -> None:
        self.table, self.waited_for, self.seconds = table, waited_for, seconds
        super().__init__(
            f"{table}: after {seconds:.1f} s {waited_for}; what is under way goes on without us: "
            "run it again to join it, with a longer timeout if need be"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.table, self.waited_for, self.seconds)


class TableUnusable(DynoResilienceError):
    """The table is gone, or in a state that waiting does not end; the message says which."""


class EnsureError(DynoResilienceError):
    """At least one of several tables failed. ``results`` tells of all, in the order given."""

    def __init__(self, results: Sequence[Ensured]) -> None:
        self.results = tuple(results)
        failed = [result for result in self.results if result.outcome == "failed"]
        lines = [f"{len(failed)} of {len(self.results)} tables failed:"]
        lines += [str(result).replace("\n", "\n  ") for result in failed]
        others: dict[str, list[str]] = {}
        for result in self.results:
            if result.outcome != "failed":
                others.setdefault(result.outcome, []).append(result.table)
        lines += [f"{outcome}: {', '.join(tables)}" for outcome, tables in others.items()]
        super().__init__("\n  ".join(lines))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.results,)
