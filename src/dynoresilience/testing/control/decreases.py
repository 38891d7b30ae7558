"""How often capacity may be lowered: four times in a UTC day, then once an hour. Pure.

Written from AWS's rules alone, and not shared with the library's own budget: the two check each
other.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

DAY = 86_400.0
HOUR = 3_600.0
FREE_DECREASES = 4
"""Decreases of a UTC day that need no pause between them."""

_ROUNDING = 1e-6
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)


class DecreaseBudget:
    """The decreases of one table or one index. Instants are epoch seconds, UTC."""

    def __init__(self) -> None:
        self.last: float | None = None
        self._count = 0

    def today(self, utc: float) -> int:
        """Decreases made so far in the UTC day of ``utc``."""
        return self._count if self.last is not None and _day(self.last) == _day(utc) else 0

    def next_at(self, utc: float) -> float:
        """The first instant, ``utc`` or later, at which a decrease is allowed."""
        if self.last is None or self.today(utc) < FREE_DECREASES:
            return utc
        midnight = (_day(utc) + 1) * DAY
        return max(utc, min(self.last + HOUR, midnight))

    def allows(self, utc: float) -> bool:
        """Whether a decrease is allowed at ``utc``."""
        return self.next_at(utc) <= utc + _ROUNDING

    def record(self, utc: float) -> None:
        """A decrease was accepted at ``utc``."""
        self._count = self.today(utc) + 1
        self.last = utc

    def refusal(self, utc: float, *, long_dates: bool = False) -> str:
        """The message with which AWS refuses a decrease at ``utc``."""
        last = utc if self.last is None else self.last
        return (
            "Subscriber limit exceeded: Provisioned throughput decreases are limited within a "
            f"given UTC day. After the first {FREE_DECREASES} decreases, each subsequent decrease "
            f"in the same UTC day can be performed at most once every {HOUR:.0f} seconds. Number "
            f"of decreases today: {self.today(utc)}. Last decrease at "
            f"{aws_date(last, long=long_dates)}. Next decrease can be made at "
            f"{aws_date(self.next_at(utc), long=long_dates)}"
        )


def aws_date(utc: float, *, long: bool = False) -> str:
    """An instant as DynamoDB's messages spell it, in whole seconds, in any locale.

    Two spellings are on record: "Wednesday, July 25, 2018 9:48:14 PM UTC" up to 2019, and
    later the long one, "Monday, February 13, 2023 at 11:25:39 AM Coordinated Universal Time".
    """
    t = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=int(utc + _ROUNDING))
    date = f"{_WEEKDAYS[t.weekday()]}, {_MONTHS[t.month - 1]} {t.day}, {t.year}"
    half = "PM" if t.hour >= 12 else "AM"
    clock = f"{t.hour % 12 or 12}:{t.minute:02}:{t.second:02} {half}"
    return f"{date} at {clock} Coordinated Universal Time" if long else f"{date} {clock} UTC"


def _day(utc: float) -> int:
    return int((utc + _ROUNDING) // DAY)
