"""A thousand items under throttles, partial batches and broken connections: none is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from boto3.dynamodb.types import Binary
from botocore.config import Config

from dynoresilience import ScalingClient, attach
from dynoresilience.testing import SimulatorServer
from tests.functional.batches.conftest import QUICK, keys, puts
from tests.functional.conftest import (
    MODES,
    create_orders,
    in_threads,
    new_client,
    order,
)
from tests.support.throttling_server import ThrottlingServer

Start = Callable[..., ThrottlingServer]


def read_back(client: Any, count: int) -> set[str]:
    """The ids of all items of a table of ``count``, by `batch_get_item`."""
    found: list[str] = []
    for first in range(0, count, 100):
        answer = client.batch_get_item(RequestItems=keys(range(first, first + 100)))
        assert answer["UnprocessedKeys"] == {}
        found += [item["id"]["S"] for item in answer["Responses"]["orders"]]
    assert len(found) == len(set(found))
    return set(found)


IDS_1000 = {f"order-{number}" for number in range(1000)}
FAULTS = ["drop", "lose", "partial", "throttle"]


@pytest.mark.parametrize("mode", MODES)
def test_1000_items_by_batch_write_item_under_throttles_drops_and_partial_batches(
    mode: str,
) -> None:
    with SimulatorServer(update_seconds=0.3, burst_seconds=1) as server:
        server.create_table("orders", indexes={"by-customer": (5, 5)})
        server.random_faults(
            seed=mode, rate=0.1, operations=["BatchWriteItem", "BatchGetItem"], kinds=FAULTS
        )
        retries = {"mode": mode, "total_max_attempts": 10}  # a few drops in a row are no surprise
        client = server.client(config=Config(retries=retries, max_pool_connections=16))
        ddb = ScalingClient(client, config=QUICK)

        def write(number: int) -> None:
            batch = range(25 * number, 25 * number + 25)
            answer = ddb.batch_write_item(RequestItems=puts(batch))
            assert answer["UnprocessedItems"] == {}

        assert in_threads(40, write, threads=8) == []
        assert {fault.kind for fault in server.faults} >= {"drop", "partial"}
        assert read_back(ddb, 1000) == IDS_1000
        server.clear_faults()
        pages = ddb.get_paginator("scan").paginate(TableName="orders")
        assert sum(page["Count"] for page in pages) == 1000


@pytest.mark.parametrize("reasons", [True, False], ids=["reasons", "no-reasons"])
def test_1000_items_on_the_yardstick(start: Start, reasons: bool) -> None:
    server = start(reasons=reasons, update_seconds=0.3, burst_seconds=5)
    ddb = ScalingClient(new_client(server), config=QUICK)
    create_orders(ddb)

    def write(number: int) -> None:
        answer = ddb.batch_write_item(RequestItems=puts(range(25 * number, 25 * number + 25)))
        assert answer["UnprocessedItems"] == {}

    assert in_threads(40, write, threads=8) == []
    assert len(server.items("orders")) == 1000
    assert read_back(ddb, 1000) == IDS_1000
    assert max(write for _, write in server.peak.values()) <= 400


def test_1000_items_by_batch_writer_under_throttles_drops_and_partial_batches() -> None:
    with SimulatorServer(update_seconds=0.3, burst_seconds=1) as server:
        server.create_table("orders")
        server.random_faults(
            seed=4, rate=0.1, operations=["BatchWriteItem", "BatchGetItem"], kinds=FAULTS
        )
        resource = attach(server.resource(), config=QUICK)
        table = resource.Table("orders")

        with table.batch_writer() as batch:
            for number in range(1000):
                batch.put_item(Item={"id": f"order-{number}", "n": number, "b": b"\x00\xff"})

        assert {fault.kind for fault in server.faults} >= {"drop", "partial"}
        found = {}
        for first in range(0, 1000, 100):
            asked = [{"id": f"order-{number}"} for number in range(first, first + 100)]
            answer = resource.batch_get_item(RequestItems={"orders": {"Keys": asked}})
            assert answer["UnprocessedKeys"] == {}
            found.update({item["id"]: item for item in answer["Responses"]["orders"]})
        assert found.keys() == IDS_1000
        assert all(
            item == {"id": f"order-{item['n']}", "n": item["n"], "b": Binary(b"\x00\xff")}
            for item in found.values()
        )


def test_a_counter_is_counted_once_for_each_call_under_throttles_and_lost_answers() -> None:
    with SimulatorServer(update_seconds=0.3, burst_seconds=1) as server:
        server.create_table("orders")
        operations = ["TransactWriteItems", "BatchExecuteStatement"]
        server.random_faults(seed=9, rate=0.1, operations=operations[:1], kinds=FAULTS[:2])
        client = server.client(config=Config(max_pool_connections=16))
        ddb = ScalingClient(client, config=QUICK)
        ddb.put_item(TableName="orders", Item={"id": {"S": "counter"}, "n": {"N": "0"}})

        def count(number: int) -> None:
            """Once and for all: the transaction has a token, so that it may be sent again."""
            update = {
                "TableName": "orders",
                "Key": {"id": {"S": "counter"}},
                "UpdateExpression": "ADD n :one",
                "ExpressionAttributeValues": {":one": {"N": "1"}},
            }
            put = {"TableName": "orders", "Item": order(number)}
            ddb.transact_write_items(TransactItems=[{"Update": update}, {"Put": put}])

        assert in_threads(100, count, threads=2) == []
        assert {fault.kind for fault in server.faults} == {"drop", "lose"}
        item = ddb.get_item(TableName="orders", Key={"id": {"S": "counter"}})["Item"]
        assert item["n"] == {"N": "100"}
