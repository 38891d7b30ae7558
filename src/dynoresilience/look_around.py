"""What processes that are dead by now have left raised, of the tables that a client uses."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from dynoresilience import stand_in
from dynoresilience.aws.wire import tables_in
from dynoresilience.config import ScalingConfig

if TYPE_CHECKING:
    from dynoresilience.engine import Runtime

_log = logging.getLogger("dynoresilience")

FIRST_LOOK = 60.0
"""Seconds for which a client is in use, at least, before it looks for what others left raised."""
LOOK_AGAIN = 5.0
"""Seconds until another request is read to find more tables; twice as many after each..."""
LONGEST_PAUSE = 600.0
"""...up to this."""
MOST_TABLES = 100
"""Tables of a client that are looked at; a program may make new ones all the time."""


class LookAround:
    """Takes it over. Each table is looked at once, unless that fails.

    Not before the program has run for a while: a cold start is not made slower, and the processes
    of a fleet look at different times.
    """

    def __init__(
        self,
        config: Callable[[], ScalingConfig],
        take_over: Callable[[str], None],
        monotonic: Callable[[], float],
        runtime: Runtime | None,
    ) -> None:
        self._config = config
        self._take_over = take_over
        self._monotonic = monotonic
        self._runtime = runtime
        self.due = float("-inf")
        self._pause = LOOK_AGAIN
        self._looked_at: set[tuple[str, bool]] = set()

    def begin(self, request: dict[str, Any]) -> None:
        """Look at the tables that a request names, in another thread, if it is time."""
        now, config, own = self._monotonic(), self._config(), self._runtime
        if own is None and stand_in.current() is not None:
            return  # a test's, that has no processes before it
        if self.due < 0:
            chance = random.SystemRandom().random() if own is None else own.chance()
            spread = max(config.scale_down_delay, config.fleet_size) * chance
            self.due = now + min(FIRST_LOOK, config.scale_down_delay) + spread
            return
        self.due = now + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        if config.ledger == "tags" and config.scaling_enabled:
            if own is not None:
                own.timer.call_at(now, lambda: self._look(request))
                return
            look = threading.Thread(target=self._look, args=(request,), daemon=True)
            with suppress(RuntimeError):  # the interpreter is ending, or out of threads
                look.start()

    def _look(self, request: dict[str, Any]) -> None:
        in_rehearsal = self._config().dry_run  # which lowers nothing: they are to be seen again
        try:
            new = {(table, in_rehearsal) for table in tables_in(request)} - self._looked_at
        except Exception:
            _log.debug("a request of an unknown shape", exc_info=True)
            return
        for look in new if len(self._looked_at) < MOST_TABLES else ():
            try:
                self._take_over(look[0])
            except Exception:  # a later request that names it is looked at again
                _log.debug("could not look for what others have raised", exc_info=True)
            else:
                self._looked_at.add(look)
                self._pause = LOOK_AGAIN
