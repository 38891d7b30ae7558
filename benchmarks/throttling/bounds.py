"""A workload as a question to the clairvoyant: what can be done at best, and for how little."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.clairvoyant import (
    Calls,
    LeastUnitHours,
    Limit,
    Meter,
    Work,
    bound,
    least_unit_hours,
)
from dynoresilience.testing.capacity.sizes import read_units

from .calls import PAGE
from .hours import clock_hours
from .workloads import HOT, HOUR, Job, Table, Workload
from .world import SHORTEST

_HOT = f"key {HOT}"


def work_of(workload: Workload, jobs: Sequence[Job], epoch: float) -> Work:
    """What is to be done in a run, with all that can be raised and is paid for.

    ``epoch``: of the run, in seconds since 1970, UTC. The first call comes later where a workload
    begins with an idle time; the work's own seconds count from there.
    """
    tables = {table.name: table for table in workload.tables}
    first = min(job.begin for job in jobs)
    calls: list[Calls] = []
    for job in sorted(jobs, key=lambda job: (job.begin, job.round)):
        for (kind, table), count in Counter((call.kind, call.table) for call in job.calls).items():
            for units, each in _requests(workload, tables[table], kind):
                calls.append(Calls(job.begin - first, units, count * each, job.round))
    one_at_a_time = workload.closed and len(jobs) == len({job.round for job in jobs})
    return Work(
        tuple(calls),
        {name: meter for table in workload.tables for name, meter in _meters(workload, table)},
        limits={} if workload.key_limit is None else {_HOT: Limit(workload.key_limit)},
        callers=jobs[0].callers if one_at_a_time else None,
        latency=SHORTEST,
        begins=epoch + first,
    )


@dataclass(frozen=True)
class Yardstick:
    """What the clairvoyant needs for a work at least.

    Attributes:
        makespan: seconds; of several rounds the mean.
        least: unit-hours, to the end of the hour in which that work is done.
        horizon: the seconds of that, from the first call on.
        base: the units that there are at the beginning, all together.
        writes, reads: the units that the work takes, of tables and indexes.
        begins: the first call, in seconds since 1970, UTC.
    """

    makespan: float
    least: LeastUnitHours
    horizon: float
    base: int
    writes: float
    reads: float
    begins: float

    @classmethod
    def of(cls, work: Work) -> Yardstick:
        best, least = bound(work), least_unit_hours(work)
        hours = clock_hours(work.begins, work.begins + best.ends[-1])
        return cls(
            best.makespan / len(best.ends),
            least,
            (hours.stop * HOUR) - work.begins,
            sum(meter.base for meter in work.meters.values()),
            _units(work, "write"),
            _units(work, "read"),
            work.begins,
        )

    def billed(self, end: float) -> float:
        """The unit-hours of all clock hours that have begun by ``end``, seconds since 1970."""
        hours = clock_hours(self.begins, end)
        more = hours.stop - round((self.begins + self.horizon) / HOUR)
        return self.least.billed + self.base * max(0, more)

    def held(self, end: float) -> float:
        """The unit-hours in force until ``end``, to the second."""
        return self.least.held + self.base * (end - self.begins - self.horizon) / HOUR


def _units(work: Work, kind: str) -> float:
    taken = (
        (name, units * calls.count) for calls in work.calls for name, units in calls.units.items()
    )
    return sum(units for name, units in taken if name in work.meters and name.endswith(f" {kind}"))


def page_units(table: Table) -> list[float]:
    """What each page of a scan costs."""
    pages = [min(PAGE, table.items - first) for first in range(0, table.items, PAGE)]
    return [read_units(items * table.item_bytes, consistent=False) for items in pages]


def _requests(workload: Workload, table: Table, kind: str) -> list[tuple[dict[str, float], int]]:
    """The requests that a call consists of, as units and how many there are."""
    if kind == "scan":
        return [({f"{table.name} read": u}, n) for u, n in Counter(page_units(table)).items()]
    units = {f"{table.name} write": 1.0}
    units |= {f"{table.name}/{index} write": 1.0 for index in table.indexes}
    if workload.key_limit is not None:
        units[_HOT] = 1.0
    return [(units, 1)]


def _meters(workload: Workload, table: Table) -> list[tuple[str, Meter]]:
    debt = max(page_units(table)) - read_units(0, consistent=False) if table.items else 0.0
    found = [
        (f"{table.name} read", _meter(workload, table.read, debt)),
        (f"{table.name} write", _meter(workload, table.write)),
    ]
    for index, write in table.indexes.items():
        found.append((f"{table.name}/{index} read", _meter(workload, table.read)))
        found.append((f"{table.name}/{index} write", _meter(workload, write)))
    return found


def _meter(workload: Workload, base: int, debt: float = 0.0) -> Meter:
    cap = max(base, workload.cap)
    return Meter(base, cap, workload.change_seconds, workload.burst_seconds, debt=debt)
