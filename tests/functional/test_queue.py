"""What the queue of those that wait does to programs, in virtual time: never worse than without."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from benchmarks.throttling.world import World
from dynoresilience.attachment import attach_to
from dynoresilience.config import ScalingConfig
from dynoresilience.engine import Runtime
from tests.support.fleet.hub import Process

EPOCH = 1_700_000_000.0


class Programs:
    """Processes that put items as fast as they may on one table, and when each put was done."""

    def __init__(self, units: int, cap: int, until: float) -> None:
        self.world = World(0, EPOCH, update_seconds=2.0, burst_seconds=1.0)
        self.units, self.cap, self.until = units, cap, until
        self.done: list[tuple[int, float]] = []
        self._kept: list[Any] = []

    def run(self, processes: int, threads: int, raised_to: int | None = None) -> None:
        """``raised_to``: what somebody else raises the table to, half-way through."""
        hub, simulator = self.world.hub, self.world.simulator
        with self.world.running():
            simulator.create_table("orders", write=self.units)
            simulator.keeps_items = False
            for number in range(processes):
                process, client = Process(hub), self.world.client()
                config = ScalingConfig(max_write_capacity=self.cap)
                chance = random.Random(number).random
                attach_to(client, config, [], runtime=Runtime(process, process, chance))
                self._kept.append(client)
                for thread in range(threads):
                    begin = 0.01 * number + 0.001 * thread
                    process.start(lambda n=number, c=client: self._put(n, c), at=begin)
            if raised_to is not None:
                units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": raised_to}
                change = {"TableName": "orders", "ProvisionedThroughput": units}
                admin = self.world.client()
                Process(hub).start(lambda: admin.update_table(**change), at=self.until / 2)
            hub.run(until=self.until + 100)

    def _put(self, process: int, client: Any) -> None:
        while self.world.hub.instant < self.until:
            with suppress(ClientError):  # its budget may be too small for a table this busy
                client.put_item(TableName="orders", Item={"id": {"S": "o"}})
                self.done.append((process, self.world.hub.instant))
            Process.current().sleep(0.01)

    def between(self, begin: float, end: float) -> int:
        return sum(begin <= at < end for _, at in self.done)


def test_programs_of_one_thread_each_use_a_table_at_its_cap_to_the_full() -> None:
    """What each gets of it must not dwindle: a success counts though nobody waits beside it."""
    programs = Programs(units=5, cap=5, until=200.0)

    programs.run(processes=8, threads=1)

    assert programs.between(20.0, 200.0) > 0.8 * 5 * 180


def test_who_waits_at_a_cap_hears_soon_that_somebody_else_has_raised_the_table() -> None:
    """Nobody is refused then, so nobody looks at the table: a call has to try its luck."""
    programs = Programs(units=5, cap=5, until=60.0)

    programs.run(processes=1, threads=16, raised_to=500)

    assert programs.between(10.0, 30.0) <= 5 * 20 + 5
    assert programs.between(40.0, 60.0) > 0.9 * 500 * 20
