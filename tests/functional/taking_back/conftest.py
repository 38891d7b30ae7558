"""A table in virtual time, and processes that raise it and may die."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dynoresilience.config import ScalingConfig
from dynoresilience.model import Units
from dynoresilience.testing import SimulatedDynamoDB, VirtualClock, virtual_time
from tests.functional.conftest import create_orders
from tests.support.simulated_process import SimulatedProcess

DELAY = 600.0
CONFIG = ScalingConfig(max_write_capacity=40, max_read_capacity=40, scale_down_delay=DELAY)


class Town:
    """One table ``orders`` of 5 units (and its index), with nothing saved up for a burst."""

    def __init__(self, simulator: SimulatedDynamoDB, clock: VirtualClock) -> None:
        self.simulator = simulator
        self.clock = clock
        self.owner = simulator.client()
        create_orders(self.owner)
        self._seeds = iter(range(1000))

    def process(self, config: ScalingConfig = CONFIG) -> tuple[SimulatedProcess, Any]:
        """A new process, and a client of its own."""
        process = SimulatedProcess(self.clock, config, next(self._seeds))
        client = self.simulator.client()
        process.attach(client)
        return process, client

    def units(self) -> tuple[Units, Units]:
        """Of the table and the index."""
        return self.simulator.units("orders"), self.simulator.units("orders", "by-customer")

    def tags(self) -> dict[str, str]:
        arn = self.owner.describe_table(TableName="orders")["Table"]["TableArn"]
        tags = self.owner.list_tags_of_resource(ResourceArn=arn)["Tags"]
        return {tag["Key"]: tag["Value"] for tag in tags}


def write(client: Any, items: int = 90) -> None:
    for number in range(items):
        client.put_item(
            TableName="orders", Item={"id": {"S": f"order-{number}"}, "customer": {"S": "c-7"}}
        )


@pytest.fixture
def town(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """The simulator's settings are the fixture's parameter, if it has one."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    settings = {"burst_seconds": 1, "tag_seconds": 2.0, **getattr(request, "param", {})}
    with virtual_time() as clock, SimulatedDynamoDB(clock=clock, **settings) as simulator:
        yield Town(simulator, clock)
