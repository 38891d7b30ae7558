"""A throttle asks for capacity: answered from what is known, or by one thread that looks.

One thread of the process at a time talks to the control plane about a table; the others wait
for it and share what it finds. No failure here reaches the call: every outcome is an `Answer`.
"""

from __future__ import annotations

import functools
import math
import threading
import weakref
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from dynoresilience import fork_safe
from dynoresilience.capacity.plan import hold_without_looking
from dynoresilience.model import Dimension, Hold, HoldReason, RefusedWrite, ThrottleSignal
from dynoresilience.ports import Clock, Settings, Timer
from dynoresilience.scaling.pace import queue_of
from dynoresilience.scaling.pause import Pause
from dynoresilience.scaling.place import Place, place_of_new
from dynoresilience.scaling.pre_raise import PreRaises
from dynoresilience.scaling.raiser import ENOUGH_FOR, Raiser
from dynoresilience.scaling.shortage import Answer, Shortage
from dynoresilience.scaling.table_record import LONGEST_FLIGHT, Flight, TableRecord
from dynoresilience.scaling.turns import Turns
from dynoresilience.throttling.retry import Excuse
from dynoresilience.throttling.work import Work

STATE_TTL = 10.0
"""Seconds for which a state that allowed no raise is believed without a new DescribeTable..."""
TURN_TTL = 60.0
"""...and in a fleet, where it is another process's turn to look."""
LONGEST_LOOK = LONGEST_FLIGHT
"""Seconds that a look at a table takes at most, with the raise that follows from it."""
OTHER_LIMIT_FOR = 10.0
"""Seconds for which what a batch leaves undone is put down to a limit that capacity does not lift,
if the table's last throttle named one: an answer with a rest gives no reason."""
HELD_BACK_FOR = 10.0
"""Seconds for which a new call queues at most where no change is under way: a service that is asked
ten times what its table may have should not answer much later for it."""
_PASSING = (HoldReason.UPDATING, HoldReason.ENOUGH)
JOIN_TIMEOUT = 5.0
"""Seconds that a throttled call waits for the thread that already looks at its table."""


_all: weakref.WeakSet[Scaler] = weakref.WeakSet()


def _nobody_waits() -> None:
    """In a forked child: those who wait are its parent's."""
    for scaler in list(_all):
        scaler._at_rest.clear()


fork_safe.in_child(_nobody_waits)


class Scaler:
    """Raises capacity with the credentials of one client. Thread-safe.

    While any are `resting` it is worth telling `succeeded` of calls that went through.
    """

    def __init__(
        self,
        raiser: Raiser,
        turns: Turns,
        *,
        clock: Clock,
        timer: Timer,
        pre_raises: PreRaises | None = None,
    ) -> None:
        self._pre_raises = pre_raises
        self._raiser = raiser
        self._turns = turns
        self._clock = clock
        self._timer = timer
        self._other_limits: dict[tuple[str, Dimension], tuple[Hold, float]] = {}
        self.records = self._raiser.records
        self._at_rest: deque[None] = deque()
        _all.add(self)

    def raise_if_needed(
        self,
        table: str,
        signals: Sequence[ThrottleSignal],
        sent_at: float,
        settings: Settings,
        deadline: float | None = None,
        refused: Sequence[RefusedWrite] = (),
    ) -> Answer:
        """Raise what the signals (all of ``table``) say was short, or say why not.

        ``sent_at``: when the throttled attempt was sent, on the clock's monotonic scale. With a
        ``deadline`` nearer than `LONGEST_LOOK` the table is looked at on the timer, and waited
        for no longer than that. ``refused``: the writes of the attempt, as far as they are known.
        """
        short = Shortage(table, tuple(signals), sent_at, settings)
        answer = self._answer(short, deadline, refused)
        if answer.record is not None and answer.hold is not None and answer.excuse is None:
            stands = ENOUGH_FOR if answer.hold.reason is HoldReason.ENOUGH else STATE_TTL
            answer.record.nothing_to_do_until = self._clock.monotonic() + stands
        return answer

    def _answer(
        self, short: Shortage, deadline: float | None, refused: Sequence[RefusedWrite]
    ) -> Answer:
        table, settings = short.table, short.settings
        hold = self._other_limit(short) or hold_without_looking(short.signals, short.limits)
        if not settings.scaling_enabled:
            hold = short.hold(HoldReason.DISABLED)
        if hold is not None:
            return Answer(None, hold=hold)
        give_up = self._clock.monotonic() + JOIN_TIMEOUT
        if deadline is not None:
            give_up = min(give_up, deadline)
        while True:
            record = self._raiser.record(table)
            with record.lock:
                now = self._clock.monotonic()
                record.throttled(now)
                if any(s.resource.index is None and not s.any_index for s in short.signals):
                    record.writes.extend(refused)
                answer = self._known(record, short, now)
                if answer is not None:
                    return answer
                busy = record.busy
                flight = record.begin(now)
            pause = self._turns.before_look(record, settings.fleet_size, now) if flight else 0.0
            if flight is not None and (deadline is None or now + LONGEST_LOOK < deadline):
                answer = self._fly(flight, record, short, pause=pause)
                if answer is not None:
                    return answer
                continue
            if flight is not None:
                flight.thread = None
                answers: list[Answer] = []
                job = functools.partial(self._fly, flight, record, short, answers)
                self._timer.call_at(now + pause, job)
                if not self._clock.wait(flight.over, max(0.0, give_up - now)):
                    return self._in_flight(record, short)
                if answers:
                    return answers[0]
                continue
            if busy is None or busy.thread == threading.get_ident():
                # A signal handler has come in while its own thread was looking.
                return Answer(record, record.generation, hold=short.hold(HoldReason.UPDATING))
            if not self._clock.wait(busy.over, max(0.0, give_up - now)):
                return self._in_flight(record, short)

    def succeeded(self, table: str) -> None:
        """A call on this table went through: somebody who waits may have a chance now."""
        record = self._raiser.met(table)
        if record is not None:
            record.ease(self._clock.monotonic())

    def hold_back(
        self,
        work: Work,
        attributes: frozenset[str] | None,
        settings: Settings,
        longest: float,
        deadline: float | None,
    ) -> Place | None:
        """Let a call that is not sent yet wait behind those that wait for the same.

        But for one now and then that finds out whether the table is still short, if capacity does
        not change and it is not known that nothing is to be done. Not for more than ``longest``
        seconds, nor if its turn would come only after the ``deadline``, or too late: there is
        always a chance. ``attributes``: of the item, of a put. None: it had nobody to wait for.
        """
        record, now = self._raiser.met(work.table), self._clock.monotonic()
        if record is None:
            return None
        end = math.inf if deadline is None else deadline
        if not record.is_changing(now, settings.scale_up_timeout):
            longest = min(longest, HELD_BACK_FOR)
            end = min(end, now + longest)
            if record.is_to_find_out(now):
                return None
        queue = queue_of(work.index, work.dimension)
        place = place_of_new(record, queue, work.units, attributes, now)
        at = None if place is None else place.at(now, before=end)
        if place is None or at is None or at <= now:
            return None

        def turn(now: float) -> float:
            at = place.at(now, before=end)
            return 0.0 if at is None else min(at - now, longest)

        watched = [(record, record.generation)]
        pause = Pause(min(at, now + longest), watched, turn, lambda: None, place=place)
        with self.rest():
            pause.sleep(self._clock)
        place.went_at = self._clock.monotonic()
        return place

    @property
    def resting(self) -> int:
        """About how many calls wait between two attempts."""
        return len(self._at_rest)

    @contextmanager
    def rest(self) -> Iterator[None]:
        """A call waits in this block.

        Counted without a lock: a signal handler that makes a call, or a forked child, would find it
        shut by the thread that it has interrupted, or that is no more.
        """
        self._at_rest.append(None)
        try:
            yield
        finally:
            self._at_rest.pop()

    def _other_limit(self, short: Shortage) -> Hold | None:
        """A limit of another kind that was met just now, for signals that are a guess."""
        now = self._clock.monotonic()
        for signal in short.signals:
            limit = hold_without_looking([signal], short.limits)
            if limit is not None:
                key = short.table, signal.dimension
                self._other_limits[key] = limit, now + OTHER_LIMIT_FOR
        if any(signal.told for signal in short.signals):
            return None
        key = short.table, short.signals[0].dimension
        limit, until = self._other_limits.get(key, (None, now))
        return limit if now < until else None

    def _fly(
        self,
        flight: Flight,
        record: TableRecord,
        short: Shortage,
        answers: list[Answer] | None = None,
        *,
        pause: float = 0.0,
    ) -> Answer | None:
        """Pause, look and raise; None: ask again, another record may know the answer."""
        if record.busy is not flight:
            return None  # it waited for so long that it was taken for lost
        answer: Answer | None = None
        try:
            if pause:
                self._clock.wait(threading.Event(), pause)
            answer = self._raiser.look_and_raise(record, short)
            if answer is not None and answers is not None:
                answers.append(answer)
        finally:
            record.end(flight)
        if answer is not None:
            self._raiser.tell(record, short, answer)  # a slow sink keeps nobody else waiting
            if self._pre_raises is not None:
                self._pre_raises.learn(record, short.table, answer.raised)
        return answer

    def _known(self, record: TableRecord, short: Shortage, now: float) -> Answer | None:
        """The answer, if it needs no look at the table. Called with the record's lock held."""
        if record.is_changing(now, short.settings.scale_up_timeout):
            return self._in_flight(record, short)
        if record.changed_at >= short.sent_at:
            hold: Hold | None = short.hold(HoldReason.JUST_RAISED)
            return Answer(record, record.generation, hold=hold, excuse=Excuse.JUST_CHANGED)
        hold = self._raiser.standing_hold(short, now)
        if hold is None and now - record.read_at < STATE_TTL:
            hold = self._seen(record, short)
        if hold is not None:
            return Answer(record, record.generation, hold=hold)
        if not self._turns.waits(record, short.settings.fleet_size, now):
            return None
        hold = self._seen(record, short)
        if hold is not None and now - record.read_at < TURN_TTL:
            return Answer(record, record.generation, hold=hold)
        hold = short.hold(HoldReason.NOT_OUR_TURN)
        return Answer(record, record.generation, hold=hold, excuse=Excuse.IN_FLIGHT)

    def _seen(self, record: TableRecord, short: Shortage) -> Hold | None:
        """The hold that follows from what was seen last, if it is one that lasts."""
        try:
            plan = self._raiser.plan(record, short, record.state) if record.state else None
        except Exception:  # of a policy of the owner's own; the look reports it
            return None
        if isinstance(plan, Hold):
            return plan if plan.reason not in _PASSING else None
        return self._raiser.rehearsed(short, plan) if plan is not None else None

    @staticmethod
    def _in_flight(record: TableRecord, short: Shortage) -> Answer:
        hold = short.hold(HoldReason.UPDATING)
        return Answer(record, record.generation, hold=hold, excuse=Excuse.IN_FLIGHT)
