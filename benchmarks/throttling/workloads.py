"""What there is to do: tables, caps, and who calls what when. Pure data."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from dynoresilience.testing.clock import NOON

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
TEN_PAST_NOON = NOON + 10 * MINUTE
EIGHT_TO_ONE = NOON + 52 * MINUTE
"""In the afternoon, UTC: the hour ends before what is raised is taken back."""
TWO_AT_NIGHT = NOON - 10 * HOUR
SAVED = 300.0
"""Seconds of unused units that DynamoDB keeps, at its best."""
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


Jobs = Callable[[random.Random], list[Job]]
"""Makes the jobs of a run; the argument draws what is random."""


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
        jobs: what is to be done.
        cap: no number of units may go above this.
        change_seconds: how long a change of capacity takes to come into force.
        burst_seconds: how many seconds of unused capacity are kept; full at the beginning.
        epoch: when it begins, in seconds since 1970, UTC.
        sharp: it begins on the minute; else within a minute of that, as the seed has it.
        processes: how many there are, each with a client of its own.
        key_limit: write units a second that the key `HOT` of the first table gets; None: as usual.
        closed: a caller makes its next call when one is done; what callers got can be compared.
        seeds: how many runs are enough, where there is much repetition in each.
        without: alternatives that are left out, as they take long and add nothing.
    """

    name: str
    about: str
    tables: tuple[Table, ...]
    jobs: Jobs
    cap: int = 200
    change_seconds: float = 2.0
    burst_seconds: float = 1.0
    epoch: float = TEN_PAST_NOON
    sharp: bool = False
    processes: int = 1
    key_limit: float | None = None
    closed: bool = True
    seeds: int | None = None
    without: frozenset[str] = frozenset()


def puts(count: int, *tables: str, key: str | None = None) -> tuple[Call, ...]:
    """As many puts of one unit each, to the tables in turn; ``key``: all to this one."""
    names = tables or ("orders",)
    return tuple(
        Call("put", names[number % len(names)], key or f"o-{number}") for number in range(count)
    )


def by_callers(callers: int, calls: tuple[Call, ...], rounds: int = 1) -> Jobs:
    """All calls are there from the beginning; again each day."""
    return lambda chance: [
        Job(number * DAY, calls, callers, round=number) for number in range(rounds)
    ]


def each_by_itself(rates: Sequence[tuple[float, float]], begin: float = 0.0) -> Jobs:
    """Puts that come at a rate, whatever becomes of those before them.

    Each comes somewhere in the time in which one is due.

    Args:
        rates: (seconds, puts a second) from point to point; in between the rate is linear.
        begin: seconds to the first of them.
    """

    def jobs(chance: random.Random) -> list[Job]:
        count = 0.0
        found: list[Job] = []
        for (at, rate), (until, rate_then) in pairwise(rates):
            seconds = until - at
            slope = (rate_then - rate) / seconds
            after = count + seconds * (rate + rate_then) / 2
            while (number := len(found)) < math.floor(after):
                due = max(0.0, number + chance.random() - count)
                if slope:
                    passed = (math.sqrt(rate * rate + 2 * slope * due) - rate) / slope
                else:
                    passed = due / rate
                arrival = begin + at + min(passed, seconds)
                found.append(Job(arrival, (Call("put", "orders", f"o-{number}"),)))
            count = after
        return found

    return jobs


def at_nearly_the_same_time(processes: int, calls: int, seconds: float) -> Jobs:
    """Each process makes its few calls one after the other, and begins within some seconds."""

    def jobs(chance: random.Random) -> list[Job]:
        every = puts(processes * calls)
        return [
            Job(seconds * chance.random(), every[number::processes], process=number)
            for number in range(processes)
        ]

    return jobs


def workloads(*, full: bool = False) -> dict[str, Workload]:
    """All of them, by name. If not in full, the long ones have fewer calls and less capacity."""
    slowest = 10 if full else 1
    rate = 100 if full else 20
    night, most = (20_000, 200) if full else (2_000, 100)
    processes = 1_000 if full else 300
    scans = tuple(Call("scan", "orders", str(number)) for number in range(12))
    found = (
        Workload(
            "burst",
            "640 puts by 16 callers on a table of 5 write units, cap 200; a change takes 2 s",
            (Table("orders"),),
            by_callers(16, puts(640)),
        ),
        Workload(
            "burst-late",
            "the same eight minutes before the hour: what is raised for ten minutes is billed for "
            "two hours",
            (Table("orders"),),
            by_callers(16, puts(640)),
            epoch=EIGHT_TO_ONE,
            seeds=1,
        ),
        Workload(
            "burst-saved",
            "the same burst on a table that nobody has used for five minutes: it has saved 300 "
            "seconds of its units",
            (Table("orders"),),
            by_callers(16, puts(640)),
            burst_seconds=SAVED,
            seeds=1,
        ),
        Workload(
            "index-bound",
            "640 puts by 16 callers on a table of 50 write units with an index of 5, cap 200; "
            "a change takes 2 s",
            (Table("orders", write=50, indexes={INDEX: 5}),),
            by_callers(16, puts(640)),
        ),
        Workload(
            "ramp",
            f"puts that come by themselves, {slowest} a second, rising to {15 * slowest} in ten "
            f"minutes, then that many for two, on a table whose write units are {slowest}, "
            f"cap {20 * slowest}; a change takes 2 s",
            (Table("orders", write=slowest),),
            each_by_itself([(0, slowest), (600, 15 * slowest), (720, 15 * slowest)]),
            cap=20 * slowest,
            closed=False,
            seeds=2,
        ),
        Workload(
            "ramp-saved",
            "the same ramp on a table that keeps 300 seconds of its unused units",
            (Table("orders", write=slowest),),
            each_by_itself([(0, slowest), (600, 15 * slowest), (720, 15 * slowest)]),
            cap=20 * slowest,
            burst_seconds=SAVED,
            closed=False,
            seeds=1,
            without=frozenset({"boto3 legacy", "tenacity"}),
        ),
        Workload(
            "spike",
            f"an idle hour, then {rate} puts a second for three minutes, on a table of "
            f"{rate // 10} write units that has saved 300 seconds of them, cap {2 * rate}; "
            "a change takes 5 s",
            (Table("orders", write=rate // 10),),
            each_by_itself([(0, rate), (180, rate)], begin=HOUR),
            cap=2 * rate,
            change_seconds=5.0,
            burst_seconds=SAVED,
            closed=False,
            seeds=2,
        ),
        Workload(
            "pages",
            "12 scans of 400 items of 4 KB in pages of 50 by 4 callers, on a table of 5 read "
            "units, cap 100; a change takes 2 s",
            (Table("orders", items=400, item_bytes=4_000),),
            by_callers(4, scans),
            cap=100,
        ),
        Workload(
            "hot-key",
            "1,500 puts by 16 callers to one key, whose partition takes 50 units a second, on a "
            "table of 1,000 write units, cap 2,000: no raise helps",
            (Table("orders", write=1_000),),
            by_callers(16, puts(1_500, key=HOT)),
            cap=2_000,
            key_limit=50.0,
        ),
        Workload(
            "half-and-half",
            "640 puts by 16 callers, by turns to a table of 5 write units and to one of 200, "
            "cap 200; a change takes 2 s",
            (Table("orders"), Table("audit", write=200)),
            by_callers(16, puts(640, "orders", "audit")),
        ),
        Workload(
            "lambdas",
            f"{processes:,} processes that begin within two seconds of one another, with 3 puts "
            f"each, on a table of 5 write units, cap 640; a change takes 2 s",
            (Table("orders"),),
            at_nearly_the_same_time(processes, 3, 2.0),
            cap=640,
            processes=processes,
            seeds=2,
        ),
        Workload(
            "nightly",
            f"{night:,} puts by 8 callers at 02:00 of seven nights, on a table of 5 write units, "
            f"cap {most}; a change takes 2 s",
            (Table("orders"),),
            by_callers(8, puts(night), rounds=7),
            cap=most,
            epoch=TWO_AT_NIGHT,
            sharp=True,
            seeds=1,
        ),
    )
    return {workload.name: workload for workload in found}
