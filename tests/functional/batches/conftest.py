"""Batches and the tables that they go to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dynoresilience import ScalingConfig
from dynoresilience.testing import SimulatedDynamoDB, SimulatorServer, VirtualClock, virtual_time
from tests.functional.conftest import (
    order,
)

QUICK = ScalingConfig(
    policy="geometric",
    max_read_capacity=400,
    max_write_capacity=400,
    scale_up_factor=20,
    initial_retry_delay=0.1,
    max_retry_delay=2.0,
    max_retries=10,
)


def puts(numbers: range) -> dict[str, Any]:
    return {"orders": [{"PutRequest": {"Item": order(number)}} for number in numbers]}


def keys(numbers: range, **asked: Any) -> dict[str, Any]:
    return {"orders": {"Keys": [{"id": {"S": f"order-{number}"}} for number in numbers], **asked}}


@pytest.fixture
def clock() -> Any:
    with virtual_time() as clock:
        yield clock


@pytest.fixture
def sim(clock: VirtualClock) -> Any:
    with SimulatedDynamoDB(clock=clock, burst_seconds=1) as simulator:
        simulator.create_table("orders")
        yield simulator


AT_CAP = ScalingConfig(max_read_capacity=5, max_write_capacity=5)


@pytest.fixture
def on_local(dynamodb_local: str) -> Iterator[SimulatorServer]:
    """A server in front of DynamoDB Local, which keeps its tables until they are deleted."""
    with SimulatorServer(backend=dynamodb_local, update_seconds=0.3, burst_seconds=1) as server:
        yield server
        client = server.client()
        client.get_waiter("table_exists").wait(
            TableName="orders", WaiterConfig={"Delay": 1, "MaxAttempts": 20}
        )
        client.delete_table(TableName="orders")
