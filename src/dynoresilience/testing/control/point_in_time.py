"""Continuous backups and point-in-time recovery of a table. Pure.

Instants (``at``) are seconds on one monotonic axis, ``utc`` the same since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass

from dynoresilience.testing.control.instants import reached
from dynoresilience.testing.replies import Body, Refused

MOST_DAYS = 35
"""How far back a table can be restored, and the default."""

LAG = 300.0
"""Seconds by which the latest instant that can be restored is behind."""


@dataclass(slots=True)
class PointInTimeRecovery:
    """That of one table.

    Args:
        ready_at: when continuous backups are on, a little after the table is ACTIVE.
        days: how far back; None: point-in-time recovery is off.
        since: when it was enabled, ``utc``.
        enabled_at: the same instant on the monotonic axis; None: never.
    """

    ready_at: float = 0.0
    days: int | None = None
    since: float = 0.0
    enabled_at: float | None = None

    def describe(self, at: float, utc: float) -> Body:
        """The ContinuousBackupsDescription."""
        on = reached(self.ready_at, at)
        recovery: Body = {"PointInTimeRecoveryStatus": "DISABLED"}
        if self.days is not None:
            recovery = {
                "PointInTimeRecoveryStatus": "ENABLED",
                "RecoveryPeriodInDays": self.days,
                "EarliestRestorableDateTime": round(max(self.since, utc - self.days * 86_400.0), 3),
                "LatestRestorableDateTime": round(max(self.since, utc - LAG), 3),
            }
        return {
            "ContinuousBackupsStatus": "ENABLED" if on else "DISABLED",
            "PointInTimeRecoveryDescription": recovery,
        }

    def check_ready(self, table: str, at: float) -> None:
        """Refuse a change before continuous backups are on.

        Raises:
            Refused: ContinuousBackupsUnavailableException.
        """
        if not reached(self.ready_at, at):
            raise being_enabled(table)

    def check_time_to_live(self, table: str, at: float, seconds: float) -> None:
        """Refuse a change of the time to live within ``seconds`` of it being enabled.

        Raises:
            Refused: ContinuousBackupsUnavailableException.
        """
        if self.enabled_at is not None and not reached(self.enabled_at + seconds, at):
            raise being_enabled(table)

    def change(self, specification: Body, at: float, utc: float) -> None:
        """Take over a specification: at once, and twice is no error."""
        if not specification["PointInTimeRecoveryEnabled"]:
            self.days = None
            return
        if self.days is None:
            self.days, self.since, self.enabled_at = MOST_DAYS, utc, at
        self.days = specification.get("RecoveryPeriodInDays", self.days)


def check_specification(specification: Body) -> None:
    """Refuse days out of range, or where there is nothing to recover.

    Raises:
        Refused: ValidationException.
    """
    days = specification.get("RecoveryPeriodInDays")
    if days is None:
        return
    if not 1 <= days <= MOST_DAYS:
        bound = "greater than or equal to 1" if days < 1 else f"less than or equal to {MOST_DAYS}"
        raise Refused(
            "ValidationException",
            f"1 validation error detected: Value '{days}' at "
            "'pointInTimeRecoverySpecification.recoveryPeriodInDays' failed to satisfy constraint: "
            f"Member must have value {bound}",
        )
    if not specification.get("PointInTimeRecoveryEnabled"):
        raise Refused(
            "ValidationException",
            "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time "
            "recovery.",
        )


def being_enabled(table: str) -> Refused:
    """What is said until backups are on."""
    return Refused(
        "ContinuousBackupsUnavailableException",
        f"Backups are being enabled for the table: {table}. Please retry later",
    )
