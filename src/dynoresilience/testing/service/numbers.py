"""Numbers that tests give, and one clear error for those that make no sense."""

from __future__ import annotations

import math
from typing import Any


def check_count(name: str, value: Any, least: int) -> None:
    """Raise a ValueError unless it is a whole number of at least so much."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} must be a whole number, {least} or more, got {value!r}")


def check_number(name: str, value: Any, *, positive: bool = False) -> None:
    """Raise a ValueError unless it is a finite number, not below zero, or above."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{name} must be a number, got {value!r}")
    if positive and not 0 < value < math.inf:
        raise ValueError(f"{name} must be a positive number, got {value}")
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} must not be negative, and not infinite, got {value}")
