"""What this process knows of one table: one record, shared by every client that meets it."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from dynoresilience import fork_safe
from dynoresilience.capacity.daily import Foreseen, Needed
from dynoresilience.capacity.demand import Demand
from dynoresilience.model import RaisedKey, RefusedWrite, TableState
from dynoresilience.scaling.lowerer import Lowerer
from dynoresilience.scaling.pace import Pace

NEVER = float("-inf")
CALM = 0.05
"""Seconds without a throttle after which a success shows that there is capacity to spare..."""
AT_ONCE = 0.1
"""...if those who wait would not take it for longer than so many seconds together."""
FIND_OUT_EVERY = 0.25
"""Seconds between two calls that do not queue, so that one of them finds out about a shortage."""
QUIET = 2.0
"""Seconds without a throttle, and with nobody waiting, after which a shortage is over."""
STALE_FOR = 10.0
"""Seconds after a change for which a DescribeTable that shows less is taken for an old one."""
LONGEST_SILENCE = 20.0
"""Seconds after which a watch is believed to be lost that has not seen the table. It looks at
least every 5 s, and a look takes a timeout of the control plane's client at most."""
WAYS = 4
"""Clients that are remembered for a table, should the one that raised it fail to lower it."""
LONGEST_FLIGHT = 180.0
"""Seconds after which a flight is believed to be lost. Each request takes two timeouts of 5 s at
most, and a raise about a dozen: the table (twice), its scalable targets and their policies, its
tags (read, and written after a wait for their lock), a schedule, the capacity, minimums."""


class Flight:
    """One thread's talk with the control plane about a table, while the others wait."""

    def __init__(self, since: float) -> None:
        self.since = since
        self.thread: int | None = threading.get_ident()  # None: the timer's
        self.over = threading.Event()


class TableRecord:
    """Facts about a table, guarded by ``lock``. Instants are `Clock.monotonic` seconds.

    ``busy``: the single flight of whoever talks to the control plane about this table; the
    others wait for its end. ``change_since``: when a capacity change that is not yet in
    force was first seen. ``changed_at``: when we last saw a change come into force.
    ``short_since``: when the present shortage began. ``change_seconds``: how long the latest change
    took, as far as it was seen. ``paces``: the queues of the calls that wait. ``writes``: of those
    refused, the latest. ``costs``: units that a read takes, about. ``nothing_to_do_until``: until
    then it is known that capacity will not be raised, or need not be.
    ``demanded``: what was asked at the beginning of the present shortage; ``rates``: the rate of
    it, or of the one before, and when that was.
    ``needs``: what was needed on the last days. ``foreseen``: what is planned of it.
    ``foreseen_until``: up to when plans have been carried out (epoch seconds). ``used_at``: when a
    raise that came before its need was last seen in use, or will be.
    ``lowerer``: by what its raises are taken back; ``ways``: the latest clients that met it.
    ``lowering_due``: when the job that lowers the table is to run; None if there is none.
    ``turn_at``: when this process of a fleet may look; None if that is not drawn. ``led_at``: when
    it raised, if nobody else has since; ``led_times``: how often, one raise after the other.
    ``written_due``: what the durable ledger says (epoch seconds); None: there is nothing in it,
    as far as we know. ``complaint``: why it could not be used, if that is still to be told.
    ``handed_due``: when the schedule comes that we put (epoch seconds); None: we put none.
    ``unhanded_until``: none is to be tried before; None: the last attempt did not fail.
    ``patience``: for how many seconds we leave the table to its schedule, once it is due.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Know nothing. Also what a forked child does: the changes are its parent's."""
        self.lock = threading.RLock()  # a signal handler may make a throttled call, too
        self.busy: Flight | None = None
        self.generation = 0
        self._waiters: list[Callable[[], object]] = []
        self._eager: list[Callable[[], object]] = []
        self._know_nothing()

    def _know_nothing(self) -> None:
        self.state: TableState | None = None
        self.read_at = NEVER
        self.change_since: float | None = None
        self.change_seen_at = NEVER
        self.changed_at = NEVER
        self.last_throttle = NEVER
        self.short_since = NEVER
        self.change_seconds = 0.0
        self.paces: dict[RaisedKey, Pace] = {}
        self.writes: deque[RefusedWrite] = deque(maxlen=64)
        self.nothing_to_do_until = NEVER
        self.costs: dict[RaisedKey, float] = {}
        self.demanded: dict[RaisedKey, Demand] = {}
        self.rates: dict[RaisedKey, tuple[float, float]] = {}
        self.needs: tuple[Needed, ...] = ()
        self.foreseen: Foreseen | None = None
        self.foreseen_until = NEVER
        self.used_at = NEVER
        self.lowerer: Lowerer | None = None
        self.ways: deque[Lowerer] = deque(maxlen=WAYS)
        self.lowering_due: float | None = None
        self.turn_at: float | None = None
        self.led_at = NEVER
        self.led_times = 0
        self._turn_taken = False
        self.ledger_read_at = NEVER
        self.written_due: float | None = None
        self.complaint: str | None = None
        self.handed_due: float | None = None
        self.unhanded_until: float | None = None
        self.patience: float | None = None

    @property
    def is_seen_to(self) -> bool:
        """Whether a job is on its way that lowers the table, and not only in a rehearsal."""
        real = self.lowerer is not None and not self.lowerer.dry_run
        return real and self.lowering_due is not None

    def met_by(self, lowerer: Lowerer) -> None:
        """Its raises may be taken back so, should others fail to; not if this is a rehearsal."""
        with self.lock:
            is_known = any(way.control is lowerer.control for way in self.ways)
            if not (is_known or lowerer.dry_run):
                self.ways.append(lowerer)

    def lower_by(self, lowerer: Lowerer) -> None:
        """Its raises are to be taken back so, if nobody else sees to it."""
        with self.lock:
            if self.lowerer is None or self.lowerer.dry_run:
                self.lowerer = lowerer

    def go_another_way(self) -> None:
        """Lower by another client that has met the table, if there is one: its keys may be good.

        Where tags tell what is up, by one that can take them off.
        """
        with self.lock:
            mine = self.lowerer
            if mine is None or mine.dry_run:
                return
            by_tags = mine.settings.ledger == "tags"
            for _ in range(len(self.ways)):
                self.ways.rotate(-1)
                other = self.ways[0]
                if other.control is mine.control or (by_tags and other.settings.ledger != "tags"):
                    continue
                ledger = other.ledger if by_tags else mine.ledger
                self.lowerer = replace(mine, control=other.control, ledger=ledger)
                return

    def draw_turn(self, at: float) -> float:
        """This process may look from then on."""
        self.turn_at, self._turn_taken = at, False
        return at

    def take_turn(self, now: float, until: float) -> float:
        """When a call should try again that would wait ``until`` then.

        That is the process's turn to look, if it comes before, and for one call alone.
        """
        with self.lock:
            at = self.turn_at
            if at is None or self._turn_taken or not now < at < until:
                return until
            self._turn_taken = True
            return at

    def begin(self, now: float) -> Flight | None:
        """Take the single flight; None while another has it. Called with ``lock`` held, or not."""
        with self.lock:
            if self.busy is not None and now - self.busy.since < LONGEST_FLIGHT:
                return None
            self.busy = Flight(now)
            return self.busy

    def end(self, flight: Flight) -> None:
        """Give the single flight back and let those go on who wait for it."""
        with self.lock:
            if self.busy is flight:
                self.busy = None
        flight.over.set()

    def is_changing(self, now: float, timeout: float) -> bool:
        """True while a change is under way that began less than ``timeout`` ago.

        If nobody has seen it for `LONGEST_SILENCE`, its watch is lost: then nothing is known.
        """
        since = self.change_since
        if since is None or now - since >= timeout:
            return False
        return now - max(since, self.change_seen_at) < LONGEST_SILENCE

    def observe(self, state: TableState, now: float) -> None:
        """Remember what DescribeTable says. Another table of the same name is a new start."""
        with self.lock:
            if self.state is not None and self.state.table_id != state.table_id:
                last_throttle = self.last_throttle
                self._know_nothing()
                self.last_throttle = self.short_since = last_throttle
            self.state, self.read_at = state, now

    def outdates(self, state: TableState, now: float) -> bool:
        """True if ``state`` shows less than what we saw in force just now.

        DescribeTable is eventually consistent, and nobody lowers in that instant.
        """
        known = self.state
        if known is None or known.table_id != state.table_id:
            return False
        return now - self.changed_at < STALE_FOR and state.is_behind(known)

    def begin_change(self, now: float, timeout: float) -> bool:
        """True if this is news: nobody has seen the change yet, so nobody watches it."""
        with self.lock:
            if self.is_changing(now, timeout):
                return False
            self.change_since = now
            return True

    def throttled(self, now: float) -> None:
        """A call on the table was throttled. Called with ``lock`` held."""
        waiting = any(pace.waiting for pace in self.paces.values())
        if now - self.last_throttle > QUIET and not waiting:
            self.short_since = now
        self.last_throttle = now

    def hears_of(self, throttle: float) -> None:
        """A client was throttled then that did not know yet which table it is."""
        with self.lock:
            self.last_throttle = max(self.last_throttle, throttle)

    def is_to_find_out(self, now: float) -> bool:
        """Whether a call should not queue, so that it is known whether the table is still short."""
        with self.lock:
            if now < self.nothing_to_do_until:
                return False
            self.nothing_to_do_until = now + FIND_OUT_EVERY
            return True

    def pace(self, queue: RaisedKey) -> Pace:
        """The queue of `pace.queue_of`. Called with ``lock`` held."""
        return self.paces.setdefault(queue, Pace())

    def end_change(self, now: float | None) -> None:
        """The change is in force since ``now`` (None: not known); wake whoever waits for it."""
        with self.lock:
            since, self.change_since = self.change_since, None
            if now is None:
                return
            self.change_seconds = self.change_seconds if since is None else now - since
            self.changed_at = now
            for pace in self.paces.values():
                pace.start_anew(now)
            self.generation += 1
            waiters, self._waiters, self._eager = self._waiters, [], []
        for wake in waiters:
            wake()

    def ease(self, now: float) -> None:
        """A call went through. If there is capacity to spare, let the longest eager one go on."""
        with self.lock:
            if not self._eager or self.state is None or now - self.last_throttle < CALM:
                return
            if len(self._waiters) > self.state.least_units * AT_ONCE:
                return  # they are too many for all of them to come before their time
            wake = self._eager.pop(0)
            self._waiters.remove(wake)
        wake()

    def subscribe(self, wake: Callable[[], object], generation: int, *, eager: bool) -> None:
        """Call ``wake`` at the next change after ``generation``, at once if that is past.

        If ``eager`` also earlier, when the table has become calm and it is this waiter's turn.
        """
        with self.lock:
            if self.generation == generation:
                self._waiters.append(wake)
                if eager:
                    self._eager.append(wake)
                return
        wake()

    def unsubscribe(self, wake: Callable[[], object]) -> None:
        with self.lock:
            for waiters in (self._waiters, self._eager):
                if wake in waiters:
                    waiters.remove(wake)


class TableBook:
    """Every record of this process, by table ARN once it is known.

    Clients of one process share the record of a table, whatever session, credentials or name
    they reach it by; before the first DescribeTable has told the ARN, a client has its own.
    """

    def __init__(self) -> None:
        self._by_arn: dict[str, TableRecord] = {}
        self._all: weakref.WeakSet[TableRecord] = weakref.WeakSet()
        fork_safe.in_child(self._reset)

    def new_record(self) -> TableRecord:
        record = TableRecord()
        self._all.add(record)
        return record

    def adopt(self, arn: str, record: TableRecord) -> TableRecord:
        """The record for this ARN: ``record`` itself if it is the first."""
        return self._by_arn.setdefault(arn, record)

    def by_arn(self, arn: str) -> TableRecord | None:
        return self._by_arn.get(arn)

    def _reset(self) -> None:
        for record in list(self._all):
            record.reset()
