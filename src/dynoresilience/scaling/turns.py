"""Whose turn it is to look at a table, where a fleet of processes is short of it at once.

Whoever has raised goes on at once, so that the steps up follow each other; the others wait for an
instant of their own. Their throttled calls are excused meanwhile, as during a change that they
know of, and most of them get through before it has come.
"""

from __future__ import annotations

from dynoresilience.capacity.turns import first_look_after, turn_after
from dynoresilience.ports import Random
from dynoresilience.scaling.table_record import NEVER, TableRecord

LEADS_FOR = 60.0
"""Seconds after its latest raise for which a process need not wait, unless others have raised."""
UNSEEN_FOR = 10.0
"""Seconds since the last look after which the next one may be that of many processes at once."""
TURN_LASTS = 2.0
"""Seconds after which a turn is over that nobody has taken, as no call was short then. Were it not,
all those whose turn was missed would look at once when the table is short again."""


class Turns:
    """Draws a process's turns. Called with the record's lock held, or within its single flight."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    def waits(self, record: TableRecord, fleet_size: int, now: float) -> bool:
        """True while it is not this process's turn to look; draws the turn if there is none."""
        leads = record.led_at > NEVER and now - max(record.led_at, record.changed_at) < LEADS_FOR
        if fleet_size == 1 or leads:
            return False
        if record.turn_at is None or now - record.turn_at > TURN_LASTS:
            return now < record.draw_turn(now + turn_after(fleet_size, self._chance()))
        return now < record.turn_at

    def before_look(self, record: TableRecord, fleet_size: int, now: float) -> float:
        """Seconds to let pass before a look, where nothing else keeps processes apart."""
        if fleet_size == 1 and now - record.read_at > UNSEEN_FOR:
            return first_look_after(self._chance())
        return 0.0

    def lead(self, record: TableRecord, now: float) -> None:
        """This process has raised."""
        goes_on = now - record.led_at < LEADS_FOR
        record.led_at, record.led_times = now, record.led_times + 1 if goes_on else 1

    def follow(self, record: TableRecord) -> None:
        """Somebody else has raised, or there is nothing to raise: the turn is over."""
        record.turn_at = None
        record.led_at, record.led_times = NEVER, 0
