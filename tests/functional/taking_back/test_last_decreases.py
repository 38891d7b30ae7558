"""Three bursts an hour, for three hours: what their decreases are spent on, and what is paid."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

import pytest

from dynoresilience.config import ScalingConfig
from dynoresilience.model import Units
from dynoresilience.reaper import reap
from dynoresilience.testing import SimulatedDynamoDB, VirtualClock, virtual_time
from tests.functional.taking_back.conftest import Town, write
from tests.support.simulated_process import SimulatedProcess

MIDNIGHT, HOUR, DAY = 1_767_225_600.0, 3_600.0, 86_400.0
CONFIG = ScalingConfig(max_write_capacity=40)


@dataclass
class Spent:
    """Of the table: ``billed`` are the most units in force in each clock hour, added up."""

    decreases: int
    billed: int
    throttles: int


def morning() -> Spent:
    with virtual_time(VirtualClock(now=MIDNIGHT)) as clock:
        settings = {"burst_seconds": 1.0, "update_seconds": 4.0}
        with SimulatedDynamoDB(clock=clock, **settings) as simulator:
            town = Town(simulator, clock)
            process = SimulatedProcess(clock, CONFIG)
            client = simulator.client()
            process.attach(client)
            for hour in (9, 10, 11):
                for minute in (0, 20, 40):
                    clock.advance(hour * HOUR + minute * 60 - clock.monotonic())
                    write(client, 60)
            clock.advance(DAY - clock.monotonic())
            assert town.units() == (Units(5, 5), Units(5, 5))
            return spent_of(simulator)


def spent_of(simulator: SimulatedDynamoDB) -> Spent:
    most: defaultdict[int, int] = defaultdict(int)
    history = simulator.capacity_history("orders")
    for (since, units), (until, _) in pairwise((*history, (DAY, history[-1][1]))):
        for hour in range(int(since // HOUR), int(-(-until // HOUR))):
            most[hour] = max(most[hour], units.write)
    lowered = [one for one in simulator.updates if None in one.after and one.after[None].write == 5]
    return Spent(len(lowered), sum(most.values()), sum(simulator.throttles.values()))


@pytest.mark.slow
def test_fewer_decreases_and_fewer_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    spent = morning()
    monkeypatch.setattr(
        "dynoresilience.capacity.plan.pays_off_at", lambda state, raised_at, due, now: now
    )
    at_once = morning()

    assert spent.decreases < at_once.decreases
    assert spent.billed < at_once.billed
    assert spent.throttles < at_once.throttles


@pytest.mark.slow
def test_the_reaper_does_not_wait(town: Town) -> None:
    process, client = town.process()
    for _ in range(3):
        write(client)
        town.clock.advance(660)
        assert town.units() == (Units(5, 5), Units(5, 5))
    town.clock.advance(HOUR - town.clock.monotonic())
    write(client)
    town.clock.advance(700)
    assert town.units() != (Units(5, 5), Units(5, 5))
    assert process.runtime.pending()

    assert [one.outcome for one in reap(town.owner).tables] == ["lowered"]

    town.clock.advance(5)
    assert town.units() == (Units(5, 5), Units(5, 5))
