"""When something is due, on the axis of a monotonic clock. Pure."""

from __future__ import annotations

_ROUNDING = 1e-6
"""Seconds that a sum of instants may be off by."""


def reached(due: float, at: float) -> bool:
    """Whether the instant ``due`` has come by ``at``."""
    return at + _ROUNDING >= due
