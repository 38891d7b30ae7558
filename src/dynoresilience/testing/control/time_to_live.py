"""Time to live: switched once an hour, and not at once. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from dynoresilience.testing.replies import Body, Refused

PAUSE = 3600.0
"""Seconds between two changes: the API reference says an hour (others measured 31 minutes)."""


@dataclass(slots=True)
class TimeToLive:
    """The time-to-live setting of one table. Instants are on one monotonic axis.

    Args:
        attribute: the one that is on, or going off; None if it is off.
        is_on: whether the last change was to enable it.
        settled_at: when the last change is in force.
        changed_at: when the last change was made; None: never.
    """

    attribute: str | None = None
    is_on: bool = False
    settled_at: float = 0.0
    changed_at: float | None = None

    def describe(self, at: float) -> Body:
        """The TimeToLiveDescription."""
        settled = at >= self.settled_at
        if self.is_on:
            status = "ENABLED" if settled else "ENABLING"
        else:
            status = "DISABLED" if settled else "DISABLING"
        if status == "DISABLED":
            return {"TimeToLiveStatus": status}
        return {"TimeToLiveStatus": status, "AttributeName": self.attribute}

    def check(self, specification: Body, at: float, pause: float = PAUSE) -> None:
        """Refuse a change that is none, or comes too soon. What it says is looked at first.

        Args:
            specification: what is asked for.
            at: the instant.
            pause: seconds that have to be between two changes.

        Raises:
            Refused: ValidationException.
        """
        wanted, attribute = bool(specification["Enabled"]), specification["AttributeName"]
        if self.is_on and attribute != self.attribute:
            raise _refused(
                "TimeToLive is active on a different AttributeName: current AttributeName is "
                f"{self.attribute}"
            )
        if wanted == self.is_on:
            raise _refused(f"TimeToLive is already {'enabled' if wanted else 'disabled'}")
        if self.changed_at is not None and at < self.changed_at + pause:
            raise _refused("Time to live has been modified multiple times within a fixed interval")

    def change(self, specification: Body, at: float, seconds: float) -> None:
        """Take over a change that was accepted; it is in force after ``seconds``."""
        self.is_on = bool(specification["Enabled"])
        self.attribute = specification["AttributeName"]
        self.changed_at, self.settled_at = at, at + seconds


def _refused(message: str) -> Refused:
    return Refused("ValidationException", message)
