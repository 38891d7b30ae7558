"""The class of a table: changed twice in thirty days, and not at once. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from dynoresilience.testing.control.instants import reached
from dynoresilience.testing.replies import Body, Refused

STANDARD = "STANDARD"
CLASSES = (STANDARD, "STANDARD_INFREQUENT_ACCESS")
CHANGES, WINDOW = 2, 30 * 86_400.0
"""How often it may be changed in how many seconds."""


@dataclass(slots=True)
class TableClass:
    """The class of one table.

    Args:
        now: the class; None: never set to another than the default, and not shown.
        before: the same before the last change.
        settled_at: when the last change is in force, on a monotonic axis.
        changed: when it was changed, seconds since the epoch.
    """

    now: str | None = None
    before: Body | None = None
    settled_at: float = 0.0
    changed: list[float] = field(default_factory=list)

    def describe(self, at: float) -> Body | None:
        """The TableClassSummary, if there is one; until a change is in force the old one."""
        if not reached(self.settled_at, at):
            return self.before
        if self.now is None:
            return None
        when = {"LastUpdateDateTime": round(self.changed[-1], 3)} if self.changed else {}
        return {"TableClass": self.now, **when}

    def check(self, wanted: str, utc: float) -> None:
        """Refuse a class that there isn't, and a third change.

        Raises:
            Refused: ValidationException or LimitExceededException.
        """
        check_class(wanted)
        recent = [each for each in self.changed if each > utc - WINDOW]
        if not self._is_nothing(wanted) and len(recent) >= CHANGES:
            raise Refused(
                "LimitExceededException",
                f"Subscriber limit exceeded: Updates to TableClass are limited to {CHANGES} times "
                "in 30 day(s).",
            )

    def change(self, wanted: str, at: float, utc: float, seconds: float) -> None:
        """Take over a change that was accepted; it is in force after ``seconds``."""
        if self._is_nothing(wanted):
            return
        self.before = self.describe(at)
        self.now, self.settled_at = wanted, at + seconds
        self.changed.append(utc)

    def _is_nothing(self, wanted: str) -> bool:
        """Whether it would make a table standard that was never anything else."""
        return wanted == STANDARD and self.now is None


def check_class(wanted: str) -> None:
    """Refuse a class that there isn't."""
    if wanted not in CLASSES:
        raise Refused(
            "ValidationException",
            "Invalid table-class parameter provided. Please try again with a valid table-class "
            f"value: [{', '.join(CLASSES)}].",
        )
