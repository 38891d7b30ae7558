"""Waiting for a table: intervals that grow, spread by chance, under one deadline."""

from __future__ import annotations

import threading

from dynoresilience.ports import Clock, Random, Signal

FIRST = 0.1
"""Seconds before the second look; emulators are done by then."""
LONGEST = 10.0
"""Seconds between two looks at most. A table takes 10 to 20 s, an index 5 to 15 minutes."""
GROWTH = 1.6


class Patience:
    """How long somebody still waits, and how often they look.

    Args:
        timeout: seconds from now to the deadline.
        stop: ends all waiting as soon as it is set.
    """

    def __init__(
        self, clock: Clock, chance: Random, timeout: float, stop: Signal | None = None
    ) -> None:
        self._clock = clock
        self._chance = chance
        self._stop = threading.Event() if stop is None else stop
        self.deadline = clock.monotonic() + timeout
        self._interval = FIRST

    @property
    def left(self) -> float:
        """Seconds to the deadline; not below 0."""
        return max(0.0, self.deadline - self._clock.monotonic())

    @property
    def is_over(self) -> bool:
        """True if `pause` would not wait."""
        return self.left <= 0 or self._stop.is_set()

    def begin_anew(self) -> None:
        """Something has happened: look often again."""
        self._interval = FIRST

    def pause(self, at_least: float = 0.0) -> bool:
        """Wait until the next look is due; False, and no wait, once the deadline has passed.

        The last look is at the deadline itself. ``at_least``: seconds, as an answer demands.
        """
        if self.is_over:
            return False
        # Half to all of it, so that many processes do not look at once.
        spread = self._interval * (0.5 + self._chance() / 2)
        self._interval = min(self._interval * GROWTH, LONGEST)
        return not self._clock.wait(self._stop, min(max(spread, at_least), self.left))
