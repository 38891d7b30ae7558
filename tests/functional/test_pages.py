"""Paginators, waiters and parallel scans: a throttled page is repeated, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config

from dynoresilience import ScalingClient, ScalingConfig, attach
from dynoresilience.testing import SimulatedDynamoDB, VirtualClock, virtual_time
from tests.functional.conftest import MODES, in_threads

PAGES = 420
QUICK = ScalingConfig(
    max_read_capacity=400, scale_up_factor=20, initial_retry_delay=0.05, max_retry_delay=1.0
)


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    with virtual_time() as clock:
        yield clock


@pytest.fixture
def sim(clock: VirtualClock) -> Iterator[SimulatedDynamoDB]:
    """A table of 420 items."""
    with SimulatedDynamoDB(clock=clock) as simulator:
        simulator.create_table("orders", read=1000, write=1000, indexes={"by-shop": (1000, 1000)})
        client = simulator.client()
        for number in range(PAGES):
            item = {"id": {"S": f"order-{number}"}, "shop": {"S": "s-1"}}
            client.put_item(TableName="orders", Item=item)
        yield simulator


SCAN: dict[str, Any] = {"TableName": "orders"}
QUERY: dict[str, Any] = {
    "TableName": "orders",
    "IndexName": "by-shop",
    "KeyConditionExpression": "shop = :s",
    "ExpressionAttributeValues": {":s": {"S": "s-1"}},
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("operation", "asked"), [("Scan", SCAN), ("Query", QUERY)])
def test_a_throttle_on_page_400_repeats_page_400_only(
    sim: SimulatedDynamoDB, mode: str, operation: str, asked: dict[str, Any]
) -> None:
    config = Config(retries={"mode": mode})
    ddb = ScalingClient(sim.client(config=config), config=ScalingConfig(scaling_enabled=False))
    paginator = ddb.get_paginator(operation.lower())
    found, pages = [], 0

    for page in paginator.paginate(**asked, PaginationConfig={"PageSize": 1}):
        found += [item["id"]["S"] for item in page["Items"]]
        pages += 1
        if len(found) == 399:
            sim.throttle_next(operation, 3)

    assert len(found) == len(set(found)) == PAGES
    assert sim.calls[operation] == pages + 3


def test_a_resources_collection_and_a_query_in_python_types(sim: SimulatedDynamoDB) -> None:
    resource = attach(sim.resource(), config=ScalingConfig(scaling_enabled=False))
    sim.throttle_next("Scan", 2)

    assert len(resource.Table("orders").scan()["Items"]) == PAGES
    assert [table.name for table in resource.tables.all()] == ["orders"]
    assert sim.calls["Scan"] == 3


@pytest.mark.parametrize("mode", MODES)
def test_a_waiter_waits_as_before(sim: SimulatedDynamoDB, mode: str) -> None:
    """A throttle of the control plane is botocore's affair: the waiter asks again by itself."""
    ddb = ScalingClient(sim.client(config=Config(retries={"mode": mode})))
    sim.fail_next("DescribeTable", 1, code="ThrottlingException", message="Rate exceeded")

    ddb.get_waiter("table_exists").wait(
        TableName="orders", WaiterConfig={"Delay": 1, "MaxAttempts": 3}
    )

    assert sim.calls["UpdateTable"] == 0


def test_a_parallel_scan_reads_each_item_once_while_reads_are_raised() -> None:
    with SimulatedDynamoDB(update_seconds=0.2, burst_seconds=1) as sim:
        sim.create_table("orders", read=2, write=1000)
        client = sim.client()
        for number in range(200):
            client.put_item(TableName="orders", Item={"id": {"S": f"order-{number}"}})
        ddb = ScalingClient(sim.client(), config=QUICK)
        found: list[str] = []

        def scan(segment: int) -> None:
            pages = ddb.get_paginator("scan").paginate(
                TableName="orders",
                Segment=segment,
                TotalSegments=4,
                ConsistentRead=True,
                PaginationConfig={"PageSize": 5},
            )
            for page in pages:
                found.extend(item["id"]["S"] for item in page["Items"])

        assert in_threads(4, scan, threads=4) == []
        assert sorted(found) == sorted(f"order-{number}" for number in range(200))
        assert sum(sim.throttles.values()) > 0
        assert sim.units("orders").write == 1000
        assert sim.units("orders").read > 2
