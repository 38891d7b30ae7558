"""What a run of the reaper has found and done, for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dynoresilience.errors import DynoResilienceError
from dynoresilience.process.log_sink import utc


@dataclass(frozen=True, slots=True)
class Reaped:
    """What became of one table with raises.

    ``outcome``: "lowered", "not due", "postponed" (no decrease left), "busy" (being changed),
    "released" (someone else has changed it since, or it is back already), "failed", "not reached"
    (no time left), "skipped" (the credentials may not look at it). ``until``: epoch seconds when
    it is due or permitted.
    """

    table: str
    outcome: str
    changes: tuple[str, ...] = ()
    until: float | None = None
    reason: str | None = None

    def __str__(self) -> str:
        text = f"{self.table}: {self.outcome}"
        if self.changes:
            text += " " + ", ".join(self.changes)
        if self.until is not None:
            text += f" until {utc(self.until)}"
        return f"{text} ({self.reason})" if self.reason else text


@dataclass(slots=True)
class Report:
    """What a run of the reaper has found and done. ``looked_at``: how many tables it looked at."""

    dry_run: bool = False
    looked_at: int = 0
    tables: list[Reaped] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0: all is done that can be done now. 1: nothing could be done. 2: some of it."""
        bad = [entry for entry in self.tables if entry.outcome in ("failed", "not reached")]
        skipped = [entry for entry in self.tables if entry.outcome == "skipped"]
        if not bad:
            return 1 if skipped and len(skipped) == self.looked_at else 0
        return 1 if len(bad) + len(skipped) == len(self.tables) else 2

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "dry_run": self.dry_run,
            "looked_at": self.looked_at,
            "tables": [
                {
                    "table": entry.table,
                    "outcome": entry.outcome,
                    "changes": list(entry.changes),
                    "until": None if entry.until is None else utc(entry.until),
                    "reason": entry.reason,
                }
                for entry in self.tables
            ],
        }

    def __str__(self) -> str:
        lines = [str(entry) for entry in self.tables]
        would = " (dry run: nothing was changed)" if self.dry_run else ""
        lines.append(f"{self.looked_at} tables looked at, {len(self.tables)} to tell of{would}")
        return "\n".join(lines)


class ReapError(DynoResilienceError):
    """Some tables could not be lowered, or not even looked at. ``report``: what was done."""

    def __init__(self, report: Report) -> None:
        super().__init__(str(report))
        self.report = report
