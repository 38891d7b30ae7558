"""What there is to do: tables, caps, and who calls what when. Pure data."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from dynoresilience.testing.clock import NOON

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
TEN_PAST_NOON = NOON + 10 * MINUTE
TWO_AT_NIGHT = NOON - 10 * HOUR
INDEX = "by-customer"
HOT = "sale"


class Call(NamedTuple):
    """One call: "put" writes an item of one unit, "scan" reads a whole table page by page."""

    kind: str
    table: str
    key: str


@dataclass(frozen=True)
class Job:
    """Calls that are all there at the instant ``begin``, done in their order by some callers.

    Each caller takes the next call when it is through with one. ``process``: whose client they use.
    ``round``: jobs of one round are one piece of work, of which the makespan is told.
    """

    begin: float
    calls: tuple[Call, ...]
    callers: int = 1
    process: int = 0
    round: int = 0


@dataclass(frozen=True)
class Table:
    """Units at the beginning, to which all has to come back, and the write units of indexes."""

    name: str
    write: int = 5
    read: int = 5
    indexes: Mapping[str, int] = field(default_factory=dict)
    items: int = 0
    item_bytes: int = 0


@dataclass(frozen=True)
class Workload:
    """A piece of work. Times in seconds, capacity in units.

    Args:
        name: its name.
        about: a sentence on it.
        tables: what there is.
        jobs: makes them; the argument draws what is random.
        cap: no number of units may go above this.
        change_seconds: how long a change of capacity takes to come into force.
        burst_seconds: how many seconds of unused capacity are kept; full at the beginning.
        epoch: when it begins, in seconds since 1970, UTC.
        sharp: it begins on the minute; else within a minute of that, as the seed has it.
        processes: how many there are, each with a client of its own.
        key_limit: write units a second that the key `HOT` of the first table gets; None: as usual.
        closed: a caller makes its next call when one is done; what callers got can be compared.
        seeds: how many runs are enough, where there are many repetitions in it already.
    """

    name: str
    about: str
    tables: tuple[Table, ...]
    jobs: Callable[[random.Random], list[Job]]
    cap: int = 200
    change_seconds: float = 2.0
    burst_seconds: float = 1.0
    epoch: float = TEN_PAST_NOON
    sharp: bool = False
    processes: int = 1
    key_limit: float | None = None
    closed: bool = True
    seeds: int | None = None


def puts(count: int, table: str = "orders", first: int = 0) -> tuple[Call, ...]:
    return tuple(Call("put", table, f"o-{number}") for number in range(first, first + count))


def by_callers(callers: int, calls: tuple[Call, ...]) -> Callable[[random.Random], list[Job]]:
    """All calls are there from the beginning."""
    return lambda chance: [Job(0.0, calls, callers)]


BURST = Workload(
    "burst",
    "640 puts by 16 callers on a table of 5 write units, cap 200; a change takes 2 s",
    (Table("orders"),),
    by_callers(16, puts(640)),
)
WORKLOADS = {workload.name: workload for workload in (BURST,)}
