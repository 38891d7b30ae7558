"""The pace at which one process sends calls of which a table is short.

Those that wait get a place in a queue each, as far apart as the table admits them, and new calls
queue behind them: so few requests are wasted, and none is overtaken for ever. Others may use the
table, too, and what it admits is only known as of the latest look: the pace gives way to refusals,
and grows while there is none.
"""

from __future__ import annotations

import math

from dynoresilience.model import Dimension, RaisedKey, TableState

LEAST_SHARE = 0.01
"""Part of a table's capacity that a process goes on with, however often it is refused."""
MORE = 0.01
"""What the share gains each time that it is set anew..."""
FASTER = 1.5
"""...and by what it is multiplied if no call was refused, up to the whole: the others have gone."""
LONGEST_SHIFT = 0.2
"""Seconds by which a call goes later than its turn begins, at most."""
INTERVAL = 0.25
ENOUGH_CALLS = 10
"""It is set anew after so many seconds, and so many calls, at least."""
CALM_FOR = 2.0
"""Seconds without a refusal, and as many calls in a row that went through as above, after which a
call does not queue: somebody may have raised the table, and only a call that is ahead of its turn
finds that out."""
LONGEST_GUESS = 4.0
"""Seconds that the first in the queue lets the table save up, if that is longer than it needs by
itself: what others take, and what the call may need beyond its size, may be another by now."""
FORGOTTEN_AFTER = 60.0
"""Seconds after which what was short is so no more, if it is not short again."""


class Pace:
    """The queue of the calls that need one thing: reads of a table or an index, or writes.

    Instants are monotonic seconds. Called with the lock of the table's record held.
    ``waiting``: units of the calls that have a place in the queue and have not gone yet.
    """

    def __init__(self) -> None:
        self.waiting = 0.0
        self._share_before = self._share = 1.0
        self._free_at = float("-inf")
        self._rate = 0.0
        self._went = self._refused = 0
        self._set_at = float("-inf")
        self._in_a_row, self._calm_for, self._try_at = 0, CALM_FOR, float("-inf")
        self._short: dict[RaisedKey, float] = {}

    def is_short(self, key: RaisedKey, now: float) -> None:
        """A call was refused for lack of this."""
        if now - max(self._short.values(), default=now) > FORGOTTEN_AFTER:
            self.start_anew(now)  # what was admitted of it then says nothing about today
        self._short[key] = now
        self._in_a_row, self._calm_for, self._try_at = 0, CALM_FOR, now + CALM_FOR

    @property
    def share(self) -> float:
        """Part of what the table admits that this process gets, as far as that is known.

        The better of the two latest: a few refusals may come together by chance.
        """
        return max(self._share, self._share_before)

    @property
    def keeps_its_word(self) -> bool:
        """Whether of those who had their turn lately more were admitted than refused."""
        return self._went >= self._refused

    def indexes_short(self) -> frozenset[str | None]:
        """What was short lately: the table (None), indexes."""
        return frozenset(index for index, _ in self._short)

    def place(
        self,
        state: TableState,
        units: float,
        now: float,
        *,
        known: float | None = None,
        before: float = math.inf,
        refused: bool = False,
        chance: float = 0.0,
    ) -> float | None:
        """When a call of so many units should go; None: it is not known what the table admits.

        None as well, and no place is taken, if that would not be ``before`` an instant. ``chance``
        in [0, 1) moves it within its place, so that processes that do not know of each other, and
        were refused or woken in the same instant, do not go on in step.
        ``refused``: it was, just now, so the table has nothing left and must first save as much.
        ``known``: the units that it is known to need, if ``units`` is more.
        """
        whole = self._units(state, now)
        rate = self._rate = whole * self._share
        if not rate:
            return None
        needs = (units if known is None else known) / whole
        saves = min(units / rate, max(needs, LONGEST_GUESS))
        # Nobody waits for the places of those who have gone before their turn, or never took them.
        free_at = min(self._free_at, now + self.waiting / rate + saves)
        at = max(free_at, now + saves if refused else now)
        if at >= before:
            return None
        self._free_at = at + units / rate
        return min(at + chance * min(units / rate, LONGEST_SHIFT), before)

    def may_have_room(self, now: float) -> bool:
        """Whether a call may try its luck: it may if there was no refusal for a while.

        The next may half as long after it, and so on, until one is refused.
        """
        if self._in_a_row < ENOUGH_CALLS or now < self._try_at:
            return False
        self._calm_for /= 2
        self._try_at = now + self._calm_for
        return True

    def went_through(self, now: float) -> None:
        """A call was admitted that had waited for its place."""
        self._in_a_row += 1
        if now >= self._set_at:
            self._went += 1
            self._set_share(now)

    def was_refused(self, now: float) -> None:
        """A call was refused though it had waited for its place."""
        if now >= self._set_at:
            self._refused += 1
            self._set_share(now)

    def start_anew(self, now: float) -> None:
        """The capacity has changed: those that wait are to be given new places."""
        self._share_before = self._share = 1.0
        self._free_at = now
        self._went, self._refused, self._set_at = 0, 0, now

    def _set_share(self, now: float) -> None:
        """To what was admitted of it, and a little more.

        Of processes that all do so each comes to the same share, whatever it began with. Those
        who wait have places by the share that it was; until they have gone, this one is not tried.
        """
        calls = self._went + self._refused
        if calls < ENOUGH_CALLS or now - self._set_at < INTERVAL:
            return
        if self._refused:
            share = self._share * self._went / calls + MORE
            self._set_at = now + (self.waiting / self._rate if self._rate else 0.0)
        else:
            share = self._share * FASTER
            self._set_at = now
        self._share_before, self._share = self._share, min(1.0, max(LEAST_SHARE, share))
        self._went, self._refused = 0, 0

    def _units(self, state: TableState, now: float) -> float:
        """What the scarcest of those that are short has."""
        units = []
        for (index, dimension), at in tuple(self._short.items()):
            found = state.resource(index)
            if found is None or now - at > FORGOTTEN_AFTER:
                del self._short[index, dimension]
            else:
                units.append(found.units.of(dimension))
        return float(min(units, default=0))


def queue_of(index: str | None, dimension: Dimension) -> RaisedKey:
    """Which queue: a write takes of the table and its indexes, a read of one of them."""
    return (None, dimension) if dimension is Dimension.WRITE else (index, dimension)
