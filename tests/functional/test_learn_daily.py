"""A nightly job in virtual time, with `learn_daily`: what it meets, and what it costs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from dynoresilience import events
from dynoresilience.attachment import detach_from
from dynoresilience.config import ScalingConfig
from dynoresilience.testing import SimulatedDynamoDB, VirtualClock
from tests.support.simulated_process import SimulatedProcess

MIDNIGHT = 1_767_225_600.0
DAY, AT = 86_400.0, 2 * 3_600.0 + 900.0
CONFIG = ScalingConfig(max_write_capacity=12, learn_daily=True)


@dataclass
class Night:
    """``up`` and ``down``: UpdateTables. ``took``: seconds, for the job."""

    throttles: int
    up: int
    down: int
    took: float


class Nights:
    """One process, that lives on; a job that writes 8 items a second where 2 are provisioned."""

    def __init__(self, simulator: SimulatedDynamoDB, clock: VirtualClock, config: ScalingConfig):
        self.simulator = simulator
        self.clock = clock
        simulator.create_table("orders", read=2, write=2, indexes={"by-customer": (2, 2)})
        self.client = simulator.client()
        self.process = SimulatedProcess(clock, config)
        self.process.attach(self.client)
        self._random = random.Random(7)
        self._days = 0

    def night(self, writes: int = 240) -> Night:
        """One day, with a job at about a quarter past two."""
        begin, throttles = self._days * DAY, sum(self.simulator.throttles.values())
        updates = len(self.simulator.updates)
        self._go_to(begin + AT + self._random.random() * 120)
        started = self.clock.monotonic()
        for number in range(writes):
            item = {"id": {"S": f"{number}"}, "customer": {"S": f"c-{number % 9}"}}
            self.client.put_item(TableName="orders", Item=item)
            self.clock.sleep(1 / 8)
        took = self.clock.monotonic() - started
        self._days += 1
        self._go_to(self._days * DAY)
        lowered = [
            any(units.write < update.before[index].write for index, units in update.after.items())
            for update in self.simulator.updates[updates:]
        ]
        now = sum(self.simulator.throttles.values())
        return Night(now - throttles, lowered.count(False), lowered.count(True), took)

    def _go_to(self, instant: float) -> None:
        self.clock.advance(instant - self.clock.monotonic())


@pytest.fixture
def nights(request: pytest.FixtureRequest) -> Iterator[Nights]:
    clock = VirtualClock(now=MIDNIGHT)
    config = getattr(request, "param", CONFIG)
    with SimulatedDynamoDB(clock=clock, update_seconds=4.0, burst_seconds=1) as simulator:
        yield Nights(simulator, clock, config)


@pytest.mark.slow
def test_from_the_third_night_on_nothing_is_throttled(nights: Nights) -> None:
    first = [nights.night() for _ in range(2)]
    later = [nights.night() for _ in range(5)]

    assert all(night.throttles and night.took > 32 for night in first)
    for night in later:
        assert night == Night(0, 1, 1, pytest.approx(30, abs=0.1))
    for index in (None, "by-customer"):
        assert nights.simulator.peak("orders", index).write <= 12
    nights.simulator.assert_back_at_base("orders")
    assert len(nights.process.of(events.ScaleUpForeseen)) == 5


@pytest.mark.slow
@pytest.mark.parametrize("nights", [CONFIG.replace(scale_down_delay=20.0)], indirect=True)
def test_what_is_raised_before_its_need_stays_up_until_then(nights: Nights) -> None:
    for _ in range(2):
        nights.night()

    assert [nights.night() for _ in range(3)] == [Night(0, 1, 1, pytest.approx(30, abs=0.1))] * 3


@pytest.mark.slow
@pytest.mark.parametrize("nights", [CONFIG.replace(learn_daily=False)], indirect=True)
def test_unless_it_is_switched_on_each_night_is_like_the_first(nights: Nights) -> None:
    assert all(nights.night().throttles for _ in range(3))
    assert nights.process.of(events.ScaleUpForeseen) == []


@pytest.mark.slow
def test_a_job_that_stops_coming_costs_two_nights(nights: Nights) -> None:
    for _ in range(3):
        nights.night()

    assert [nights.night(writes=0).up for _ in range(4)] == [1, 1, 0, 0]
    nights.simulator.assert_back_at_base("orders")


@pytest.mark.slow
def test_a_client_that_is_detached_raises_nothing_any_more(nights: Nights) -> None:
    for _ in range(2):
        nights.night()

    detach_from(nights.client)

    assert nights.night(writes=0).up == 0
