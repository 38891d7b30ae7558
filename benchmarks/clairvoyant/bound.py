"""The least time: all capacity at its cap as early as can be, and work served as it flows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from .fluid import Curve, Tank, added, serve
from .work import Calls, Limit, Meter, Work

_CALLERS = "the callers"
"""A tank like any other: what N callers who wait for their answers can begin."""


@dataclass(frozen=True)
class Kind:
    """Calls that take units in the same proportion; as a fluid they are one stream.

    Attributes:
        shares: by tank, the units that a unit of the stream takes.
        demand: how much of the stream has come by an instant.
        by_job: how much of it there is up to the end of each job.
    """

    shares: Mapping[str, float]
    demand: Curve
    by_job: tuple[float, ...]


@dataclass(frozen=True)
class Bound:
    """How fast the work can be done.

    Attributes:
        begins: for each job, when its first call comes.
        ends: for each job, the earliest instant by which all its calls can be answered.
        kinds: the calls.
        tanks: all that holds them back, with every meter at its cap as early as can be.
        flows: for each meter, the most units that can have been asked of it by an instant.
        loads: for each meter, the units that it must have served by the end of each job.
    """

    begins: tuple[float, ...]
    ends: tuple[float, ...]
    kinds: tuple[Kind, ...]
    tanks: Mapping[str, Tank]
    flows: Mapping[str, Curve]
    loads: Mapping[str, tuple[float, ...]]

    @property
    def makespan(self) -> float:
        """Seconds from first call to last answer; of several jobs, the sum of theirs."""
        return sum(end - begin for begin, end in zip(self.begins, self.ends, strict=True))

    def due(self, name: str, job: int, at: float) -> float:
        """Units that a meter must have served by an instant if the job is to be done in time.

        What is left must not be more than can be let through between then and the end.
        """
        total = 0.0
        for kind in self.kinds:
            if name in kind.shares:
                left = self.ends[job] - at
                most = min(self.tanks[of].most(left) / share for of, share in kind.shares.items())
                served = kind.by_job[job] - (most if left else 0.0)
                total += kind.shares[name] * max(served, kind.by_job[job - 1] if job else 0.0)
        return total


def bound(work: Work) -> Bound:
    """How fast ``work`` can be done by somebody who knows all of it beforehand.

    Raises:
        ValueError: a job begins before the one ahead of it can be finished.
    """
    at_caps = {
        name: ((0.0, float(meter.base)), (meter.change_seconds, float(meter.cap)))
        for name, meter in work.meters.items()
    }
    tanks, kinds = tanks_of(work, at_caps), kinds_of(work)
    streams = [stream(kind, tanks) for kind in kinds]
    ends = _answers(work, tanks)
    for kind, served in zip(kinds, streams, strict=True):
        _wait_for(ends, served, kind.by_job)

    flows, loads = {}, {}
    for name, tank in tanks.items():
        parts = [
            (kind.shares[name], served, kind.by_job)
            for kind, served in zip(kinds, streams, strict=True)
            if name in kind.shares
        ]
        flow = added([(share, served) for share, served, _ in parts])
        load = tuple(sum(share * of[job] for share, _, of in parts) for job in range(len(ends)))
        if len(parts) > 1:  # each kind had the tank for itself so far
            _wait_for(ends, serve(flow, [tank]), load)
        if parts and name in work.meters:
            flows[name], loads[name] = flow, load

    begins = {call.job: call.at for call in reversed(work.calls)}
    for job, end in enumerate(ends):
        if begins.get(job + 1, end) < end:
            raise ValueError(
                f"job {job + 1} begins at {begins[job + 1]} s, and job {job} can't be finished "
                f"before {end:.3f} s even at the caps: make them one job"
            )
    return Bound(
        tuple(begins[job] for job in sorted(begins)), tuple(ends), kinds, tanks, flows, loads
    )


def kinds_of(work: Work) -> tuple[Kind, ...]:
    """The calls as streams, one for each proportion in which units are taken."""
    found: dict[tuple[tuple[str, float], ...], list[tuple[Calls, float]]] = {}
    for call in work.calls:
        shares = {name: units for name, units in sorted(call.units.items()) if units}
        if work.callers is not None and work.latency:
            shares[_CALLERS] = 1.0
        size = max(shares.values(), default=1.0)
        kind = tuple((name, units / size) for name, units in shares.items())
        found.setdefault(kind, []).append((call, size))
    jobs = work.calls[-1].job + 1
    return tuple(Kind(dict(kind), *_summed(calls, jobs)) for kind, calls in found.items())


def tanks_of(work: Work, rates: Mapping[str, tuple[tuple[float, float], ...]]) -> dict[str, Tank]:
    """All that holds calls back, with the units that the meters have from when on."""
    tanks = {}
    held: Mapping[str, Meter | Limit] = {**work.meters, **work.limits}
    for name, it in held.items():
        base, full = (it.base, it.full) if isinstance(it, Meter) else (it.units, True)
        room = base * it.burst_seconds
        largest = max(call.units.get(name, 0.0) for call in work.calls)
        debt = max(largest - room, it.debt if isinstance(it, Meter) else 0.0, 0.0)
        tanks[name] = Tank(
            rates.get(name, ((0.0, base),)), it.burst_seconds, room if full else 0.0, debt
        )
    if work.callers is not None and work.latency:
        rate = work.callers / work.latency
        tanks[_CALLERS] = Tank(((0.0, rate),), work.latency, float(work.callers))
    return tanks


def stream(kind: Kind, tanks: Mapping[str, Tank]) -> Curve:
    """How much of a kind can be done by an instant, with all tanks for itself."""
    return serve(kind.demand, [tanks[name].per(share) for name, share in kind.shares.items()])


def _answers(work: Work, tanks: Mapping[str, Tank]) -> list[float]:
    """When each job's last call can be answered, had all resources units without end."""
    calls, by_job = _summed([(call, 1.0) for call in work.calls], work.calls[-1].job + 1)
    if _CALLERS in tanks:
        calls = serve(calls, [tanks[_CALLERS]])
    return [calls.when(number) + work.latency for number in by_job]


def _wait_for(ends: list[float], served: Curve, by_job: Sequence[float]) -> None:
    """Put off ends until what belongs to the jobs is served."""
    for job, load in enumerate(by_job):
        if load:
            ends[job] = max(ends[job], served.when(load))


def _summed(calls: Sequence[tuple[Calls, float]], jobs: int) -> tuple[Curve, tuple[float, ...]]:
    """Calls, each of a size, as a curve; and how much of them there is up to each job's end."""
    curve, total, of_job = Curve(), 0.0, [0.0] * jobs
    for call, size in calls:
        curve.add(call.at, total)
        total += size * call.count
        curve.add(call.at, total)
        of_job[call.job] += size * call.count
    return curve, tuple(accumulate(of_job))
