"""One run: a workload through an alternative, and what was seen of it."""

from __future__ import annotations

import gc
import random
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from dynoresilience.model import Units
from dynoresilience.testing.control.control_plane import AcceptedUpdate
from tests.support.fleet.hub import Process

from .alternatives import Alternative, Do, Setting
from .workloads import HOT, HOUR, MINUTE, Job, Table, Workload
from .world import World

PATIENCE = 2 * HOUR
"""Seconds after the work for which money is counted at most, until everything is back at base."""
_LOOK_EVERY = 10.0

History = list[tuple[float, Units]]


@dataclass(frozen=True)
class Done:
    """A call that has ended. ``caller``: of its job; ``error``: None if it went through."""

    round: int
    process: int
    caller: int
    begun: float
    ended: float
    error: str | None


@dataclass
class Seen:
    """What was seen of a run. Instants are in seconds since its beginning, ``epoch`` is UTC."""

    epoch: float
    done: list[Done] = field(default_factory=list)
    history: dict[str, History] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    throttled: int = 0
    updates: tuple[AcceptedUpdate, ...] = ()
    settled: float = 0.0
    back_at_base: bool = False


def draw(workload: Workload, seed: int) -> tuple[float, list[Job]]:
    """When a run begins, in seconds since 1970 (UTC), and what is to be done in it."""
    chance = random.Random(f"{workload.name} {seed}")
    epoch = workload.epoch + (0.0 if workload.sharp else MINUTE * chance.random())
    return epoch, workload.jobs(chance)


def run(workload: Workload, alternative: Alternative, seed: int) -> Seen:
    """The same arguments give the same history."""
    epoch, jobs = draw(workload, seed)
    world = World(
        seed,
        epoch,
        update_seconds=workload.change_seconds,
        burst_seconds=workload.burst_seconds,
    )
    seen = Seen(epoch)
    with world.running(), _no_garbage():
        simulator = world.simulator
        for table in workload.tables:
            _create(world, table)
        if workload.key_limit is not None:
            simulator.limit_key(workload.tables[0].name, HOT, write=workload.key_limit)
        alternative.prepare(world, workload)
        processes = [Process(world.hub) for _ in range(workload.processes)]
        does = [
            alternative.make(Setting(world, workload, process, number))
            for number, process in enumerate(processes)
        ]
        for job in jobs:
            waiting = deque(job.calls)
            for caller in range(job.callers):
                work = partial(_work, job, caller, waiting, does[job.process], seen, world)
                processes[job.process].start(work, at=job.begin)
        calls = sum(len(job.calls) for job in jobs)
        world.hub.run(stop=lambda: len(seen.done) == calls)
        _settle(world, workload, seen)
        seen.requests = dict(world.requests)
        seen.throttled = sum(simulator.throttles.values())
        seen.updates = simulator.updates
        for table in workload.tables:
            for index in (None, *table.indexes):
                name = table.name if index is None else f"{table.name}/{index}"
                seen.history[name] = list(simulator.capacity_history(table.name, index))
    return seen


@contextmanager
def _no_garbage() -> Iterator[None]:
    """What waits in vain ends after the run, and the collector costs nothing in it."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect()


def _create(world: World, table: Table) -> None:
    indexes = {name: (table.read, units) for name, units in table.indexes.items()}
    world.simulator.create_table(table.name, read=table.read, write=table.write, indexes=indexes)
    world.fill(table.name, table.items, table.item_bytes)


def _work(job: Job, caller: int, waiting: deque, do: Do, seen: Seen, world: World) -> None:
    while waiting:
        call, begun, error = waiting.popleft(), world.hub.instant, None
        try:
            do(call)
        except Exception as failed:
            code = getattr(failed, "response", {}).get("Error", {}).get("Code")
            error = code or type(failed).__name__
        seen.done.append(Done(job.round, job.process, caller, begun, world.hub.instant, error))


def _settle(world: World, workload: Workload, seen: Seen) -> None:
    """Let time pass until everything is back at base, for `PATIENCE` at most."""
    end = world.hub.instant + PATIENCE
    while world.hub.instant < end and not _at_base(world, workload):
        until = world.hub.instant + _LOOK_EVERY
        world.hub.at(until, lambda: None)
        world.hub.run(until=until)
    seen.settled, seen.back_at_base = world.hub.instant, _at_base(world, workload)


def _at_base(world: World, workload: Workload) -> bool:
    simulator = world.simulator
    return all(
        simulator.units(table.name, index)
        == Units(table.read, table.write if index is None else table.indexes[index])
        for table in workload.tables
        for index in (None, *table.indexes)
    )
