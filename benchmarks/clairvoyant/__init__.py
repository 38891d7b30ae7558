"""How fast and for how little a work could have been done by somebody who knew it beforehand.

The clairvoyant knows every call, its instant and what it will take. The account's rules hold for
him all the same: a change takes its time, and the old units serve until it is in force; no units
above the cap; four decreases a UTC day, then one an hour. And he is not there before the others:
the first change can be asked for when the first call is made. (What comes later he prepares for.)

**Least makespan**, from the first call to the last answer. More units never hurt: a bucket with
more flowing in, and more room, holds no less at any instant. So the fastest schedule asks at once,
in one request, for the cap of everything, and keeps it. What is left is arithmetic. Work is taken
as a fluid that flows as soon as every bucket lets it through, one bucket for the table, one for
each index that the calls write to, one for the partition of a hot key, and one for the callers, if
each waits for an answer before its next call: N of them make N / latency calls a second. What no
capacity lifts is in the bound, therefore: with a hot key it is what the partition admits. An
example: 640 puts at once, on a table and an index of 5 units with a second's worth saved, a cap of
200, and 2 s for a change. 5 puts are saved up and 10 flow in meanwhile, so 2 + 625 / 200 = 5.125 s.

It is a lower bound: whole calls can't do what a fluid can't. Where a call may overdraw a bucket (it
costs more than the bucket holds, or what it costs is known only afterwards, as with pages of a
Query) the fluid may do so as well. A request is taken to cost its units at one fixed moment of its
latency, whichever; so the bound may be short by one latency. Of calls that take units in different
proportions (some write to the index, some don't) it looks at each meter with all that it must
serve, and at each kind of call alone: the order in which they best share a meter is not searched
for. With one kind of call it is the exact makespan of the fluid.

**Least unit-hours** of a schedule that has this makespan and ends at base, read in both ways.
*Billed*: a clock hour costs the most units that are in force in it. Then one level for each hour is
enough, for within an hour nothing is saved by less than its most. Levels change when hours do, so
there is a decrease an hour at most, and those are never refused: the budget (4 + 23 a day) costs
nothing. To do the work in time is then a set of conditions that are linear in the levels. From them
come each hour's floor, the least level that will do with all other hours at the cap, and for hours
that can stand in for each other what the dearest single condition asks beyond the floors. No
schedule is billed less than that sum. A schedule is then made that meets all conditions, and tried
out; if it does the work in time and costs no more than the bound, the bound is exact and says so
(``attained``). *Held*: a second costs what is in force in it; a lower bound from the same
conditions, with the level free to change at any instant and without the budget of decreases.

The least unit-hours are those of the fastest schedule: a slower one may cost less. A job that
begins on the hour shows it: to have its bucket filled, the clairvoyant pays for the hour before.
"""

from .bound import Bound, bound
from .money import LeastUnitHours, least_unit_hours
from .work import MIDNIGHT, Calls, Limit, Meter, Work

__all__ = [
    "MIDNIGHT",
    "Bound",
    "Calls",
    "LeastUnitHours",
    "Limit",
    "Meter",
    "Work",
    "bound",
    "least_unit_hours",
    "makespan",
]


def makespan(work: Work) -> float:
    """The least seconds from the first call to the last answer; of several jobs, their sum.

    Raises:
        ValueError: a job begins before the one ahead of it can be finished.
    """
    return bound(work).makespan
