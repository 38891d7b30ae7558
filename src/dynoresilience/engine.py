"""The composition: the parts wired together, once a process and once a client.

Loaded at the first throttle, not before: a program that is never throttled never pays for it.
"""

from __future__ import annotations

import atexit
import logging
import os
import random
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dynoresilience import fork_safe, scope
from dynoresilience.capacity.demand import Asked
from dynoresilience.config import ScalingConfig
from dynoresilience.model import Change, PendingScaleDown
from dynoresilience.ports import (
    AskedOf,
    Clock,
    EventSink,
    Random,
    ScaleDownLedger,
    ScaleDownScheduler,
    TableControl,
    Timer,
)
from dynoresilience.process.clock import SystemClock
from dynoresilience.process.log_sink import LoggingSink, SafeSinks, utc
from dynoresilience.process.timer import ThreadTimer
from dynoresilience.scaling.call_context import CallContext
from dynoresilience.scaling.hot_keys import HotKeys
from dynoresilience.scaling.place import Place
from dynoresilience.scaling.pre_raise import PreRaises
from dynoresilience.scaling.raiser import Raiser
from dynoresilience.scaling.raises import Raises
from dynoresilience.scaling.scale_down import ScaleDown
from dynoresilience.scaling.scaler import Scaler
from dynoresilience.scaling.spend_guard import SpendGuard
from dynoresilience.scaling.table_record import TableBook
from dynoresilience.scaling.throttled_call import ThrottledCall
from dynoresilience.scaling.turns import Turns
from dynoresilience.throttling.retry import RetryPolicy
from dynoresilience.throttling.work import Work

_log = logging.getLogger("dynoresilience")


@dataclass(frozen=True, slots=True)
class Shelf:
    """The tables behind one endpoint, and the way to lower them."""

    book: TableBook
    raises: Raises
    scale_down: ScaleDown


class Runtime:
    """What all clients of a process share: time, the timer thread, and what is raised.

    The arguments replace a part each, for tests; a program has one, from `of_process`.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        timer: Timer | None = None,
        chance: Random | None = None,
    ) -> None:
        self.clock = clock or SystemClock()
        self.timer = timer or ThreadTimer(self.clock)
        self.chance = chance or random.SystemRandom().random
        self.salt = os.urandom(16)
        self._shelves: dict[str, Shelf] = {}

    def shelf(self, endpoint: str) -> Shelf:
        """What is known of the tables behind an endpoint: emulators reuse each other's ARNs."""
        found = self._shelves.get(endpoint)
        if found is None:
            book = TableBook()
            raises = Raises(book, self.clock)
            lower = ScaleDown(raises, clock=self.clock, timer=self.timer, chance=self.chance)
            found = self._shelves.setdefault(endpoint, Shelf(book, raises, lower))
        return found

    def pending(self) -> tuple[PendingScaleDown, ...]:
        """What is raised and not yet taken back, behind any endpoint."""
        shelves = tuple(self._shelves.values())
        return tuple(entry for shelf in shelves for entry in shelf.raises.all_pending())

    def resume(self) -> None:
        """The process may have stood still: let the timer see what has fallen due meanwhile."""
        if self._shelves:
            self.timer.call_at(self.clock.monotonic(), lambda: None)

    def settle(self, timeout: float) -> None:
        """Wait up to ``timeout`` seconds for the timer's jobs that are running or due.

        After that the process may stand still, until `resume`.
        """
        if isinstance(self.clock, SystemClock):
            self.clock.expect_standstills()
        if timeout > 0 and self._shelves:
            done = threading.Event()
            self.timer.call_at(self.clock.monotonic(), done.set)  # runs when those have
            self.clock.wait(done, timeout)

    @staticmethod
    def of_process() -> Runtime:
        """The one that this process shares; at its end it says what is still raised."""
        global _shared  # noqa: PLW0603
        with fork_safe.lock:
            if _shared is None:
                _shared = Runtime()
                atexit.register(_shared.warn_of_what_is_raised)
            return _shared

    def warn_of_what_is_raised(self) -> None:
        """One warning for each number that is still up, for the end of the process."""
        for shelf in tuple(self._shelves.values()):
            for entry in shelf.raises.all_pending():
                _log.warning(
                    "the process ends with %s %s still raised to %d units (base %d, due %s), "
                    "and %s",
                    entry.resource,
                    entry.what,
                    entry.units,
                    entry.base,
                    utc(entry.due),
                    _WRITTEN if shelf.raises.is_written(entry.resource.table) else _UNWRITTEN,
                )


_WRITTEN = (
    "the table's tags say so: another process that uses the table lowers it, or the reaper "
    "(python -m dynoresilience reap)"
)
_UNWRITTEN = "nobody lowers it now; call scale_down_now() before the end"

_shared: Runtime | None = None


def made_runtime() -> Runtime | None:
    """The one that this process shares, if anything has asked for it."""
    return _shared


def _deadline(config: ScalingConfig, holds: scope.Scope, started: float) -> float | None:
    """The earliest instant that bounds the waits of a call."""
    own = None if config.deadline is None else started + config.deadline
    return scope.earliest(holds.deadline, own)


class Engine:
    """Brings the throttled calls of one client through. Thread-safe."""

    def __init__(
        self,
        control: TableControl,
        ledger: ScaleDownLedger,
        endpoint: str,
        config: ScalingConfig,
        sinks: Sequence[EventSink] | None,
        runtime: Runtime,
        scheduler: ScaleDownScheduler | None = None,
        asked: AskedOf = lambda table: Asked(),
    ) -> None:
        self._config = config
        self._runtime = runtime
        shelf = runtime.shelf(endpoint)
        self._log = LoggingSink(runtime.clock)
        self._control = control
        self._ledger = ledger
        self._raises = shelf.raises
        self._scale_down = shelf.scale_down
        self._sink = SafeSinks()
        self.configure(config, sinks)
        clock, timer = runtime.clock, runtime.timer
        turns = Turns(runtime.chance)
        self._raiser = raiser = Raiser(
            control,
            ledger,
            shelf.book,
            shelf.scale_down,
            turns,
            SpendGuard(shelf.raises, clock),
            clock=clock,
            timer=timer,
            sink=self._sink,
            scheduler=scheduler,
            asked=asked,
        )
        pre_raises = PreRaises(
            raiser,
            shelf.raises,
            asked,
            lambda: self._config,
            clock=clock,
            timer=timer,
            chance=runtime.chance,
            sink=self._sink,
        )
        self._scaler = Scaler(raiser, turns, clock=clock, timer=timer, pre_raises=pre_raises)
        self._hot_keys = HotKeys(control, clock, runtime.salt)

    def configure(self, config: ScalingConfig, sinks: Sequence[EventSink] | None) -> None:
        """Replace both, for the calls that are throttled next; sinks None: the log."""
        self._config = config
        self._sink.sinks = (self._log,) if sinks is None else tuple(sinks)

    def begin(
        self, api: str, started: float, holds: scope.Scope, place: Place | None = None
    ) -> ThrottledCall:
        """A call of ``api`` ("PutItem") has been throttled; it began at ``started``.

        ``place``: where it had queued, if it was held back.
        """
        config = holds.config or self._config
        context = CallContext(
            api=api,
            started=started,
            policy=RetryPolicy(
                max_retries=config.max_retries,
                initial_delay=config.initial_retry_delay,
                max_delay=config.max_retry_delay,
                scale_up_timeout=config.scale_up_timeout,
            ),
            settings=config,
            deadline=_deadline(config, holds, started),
            operation=holds.name,
        )
        runtime = self._runtime
        return ThrottledCall(
            self._scaler, self._hot_keys, context, runtime.clock, runtime.chance, self._sink, place
        )

    def hold_back(
        self, work: Work, attributes: frozenset[str] | None, started: float, holds: scope.Scope
    ) -> Place | None:
        """Let a new call queue behind those that wait for the same; its place, if it did."""
        config = holds.config or self._config
        if config.fleet_size > 1 or not config.scaling_enabled:
            return None
        deadline = _deadline(config, holds, started)
        longest = config.max_retry_delay
        return self._scaler.hold_back(work, attributes, config, longest, deadline)

    @property
    def resting(self) -> int:
        """About how many calls wait between two attempts."""
        return self._scaler.resting

    def succeeded(self, tables: Iterable[str]) -> None:
        """A call on these tables went through."""
        for table in tables:
            self._scaler.succeeded(table)

    def take_over(self, table: str) -> None:
        """Find what others have raised of a table, and see to it that it comes down.

        Raises:
            ControlPlaneError: the table, or what is written of it, could not be read.
        """
        self._raiser.take_over(table, self._config)

    def pending(self) -> tuple[PendingScaleDown, ...]:
        """What is raised of the tables that this engine has met."""
        records = self._scaler.records()
        return tuple(entry for record in records for entry in self._raises.pending(record))

    def scale_down_now(self, timeout: float) -> tuple[Change, ...]:
        """Lower them now, whether due or not; the decreases that were accepted."""
        give_up = self._runtime.clock.monotonic() + timeout
        done: list[Change] = []
        for record in self._scaler.records():
            left = max(0.0, give_up - self._runtime.clock.monotonic())
            done += self._scale_down.lower_now(
                record, self._control, self._ledger, left, dry_run=self._config.dry_run
            )
        return tuple(done)
