"""A token bucket: what one limit can serve at an instant. Pure.

Instants are seconds on any one axis that does not go back; they are always arguments.
"""

from __future__ import annotations

_ROUNDING = 1e-6
"""Tokens that a sum of floats may be off by; far below the smallest charge, half a unit."""


class Bucket:
    """One limit: refilled by ``units`` a second, keeps what ``burst_seconds`` bring.

    Args:
        units: capacity units a second.
        burst_seconds: how many seconds of unused capacity are kept.
        at: the instant of the first reading.
        full: whether the kept capacity is there from the start.

    Attributes:
        spent: all that was ever taken, in capacity units.
    """

    __slots__ = ("_at", "_burst_seconds", "_tokens", "spent", "units")

    def __init__(self, units: float, *, burst_seconds: float, at: float, full: bool = True) -> None:
        self.units = units
        self._burst_seconds = burst_seconds
        self._at = at
        self._tokens = self.room if full else 0.0
        self.spent = 0.0

    @property
    def room(self) -> float:
        """The most that the bucket holds, in capacity units."""
        return self.units * self._burst_seconds

    def tokens(self, at: float) -> float:
        """What is there at the instant, in capacity units; negative while a debt is open."""
        if at > self._at:
            self._tokens = min(self.room, self._tokens + (at - self._at) * self.units)
            self._at = at
        return self._tokens

    def is_full(self, at: float) -> bool:
        """Whether it stands as if it had never been used."""
        return self.tokens(at) >= self.room

    def admits(self, cost: float, at: float) -> bool:
        """Whether `take` would succeed.

        A cost beyond what the bucket can ever hold is let in when the bucket is full, and leaves
        a debt: otherwise a large item could never be written to a small table.
        """
        return self.tokens(at) + _ROUNDING >= min(cost, self.room)

    def take(self, cost: float, at: float) -> bool:
        """Take ``cost`` units if they are there; nothing is taken otherwise."""
        if not self.admits(cost, at):
            return False
        left = self._tokens - cost
        self._tokens = 0.0 if -_ROUNDING <= left < 0 else left
        self.spent += cost
        return True

    def settle(self, difference: float, at: float) -> None:
        """Correct an earlier charge: more goes into debt if need be, less is given back."""
        self._tokens = min(self.room, self.tokens(at) - difference)
        self.spent += difference

    def set_units(self, units: float, at: float) -> None:
        """Change the rate from ``at`` on. What was saved stays, up to the new room."""
        self.tokens(at)
        self.units = units
        self._tokens = min(self.room, self._tokens)
