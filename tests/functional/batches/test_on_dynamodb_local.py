"""What only a real DynamoDB Local tells: the size of an answer, and what it cost."""

from __future__ import annotations

import boto3

from dynoresilience import ScalingClient
from dynoresilience.testing import SimulatorServer
from tests.functional.batches.conftest import QUICK, keys, puts
from tests.functional.conftest import (
    CREDENTIALS,
    Recorder,
    create_orders,
    order,
)


def test_an_answer_that_is_full_is_given_to_the_caller_and_raises_nothing(
    dynamodb_local: str,
) -> None:
    told = Recorder()
    client = boto3.client("dynamodb", endpoint_url=dynamodb_local, **CREDENTIALS)
    ddb = ScalingClient(client, config=QUICK, sinks=[told])
    create_orders(ddb, units=5)
    try:
        for number in range(55):
            item = {**order(number), "big": {"S": "x" * 350_000}}
            ddb.put_item(TableName="orders", Item=item)
        sent: list[int] = []
        client.meta.events.register("before-send.dynamodb", lambda **_: sent.append(1))

        first = ddb.batch_get_item(RequestItems=keys(range(55)))
        second = ddb.batch_get_item(RequestItems=first["UnprocessedKeys"])

        assert second["UnprocessedKeys"] == {}
        items = first["Responses"]["orders"] + second["Responses"]["orders"]
        found = [item["id"]["S"] for item in items]
        assert sorted(found) == sorted(f"order-{number}" for number in range(55))
        assert len(sent) == 2
        assert told.events == []
    finally:
        ddb.delete_table(TableName="orders")


def test_consumed_capacity_and_collections_are_those_of_the_whole_batch(
    on_local: SimulatorServer,
) -> None:
    server = on_local
    server.create_table("orders", read=100, write=100)
    ddb = ScalingClient(server.client(), config=QUICK)
    whole = ddb.batch_write_item(RequestItems=puts(range(25)), ReturnConsumedCapacity="INDEXES")
    server.partial_next("BatchWriteItem", 2, keep=5)

    parts = ddb.batch_write_item(RequestItems=puts(range(25)), ReturnConsumedCapacity="INDEXES")

    assert server.calls["BatchWriteItem"] == 4
    assert parts["ConsumedCapacity"] == whole["ConsumedCapacity"]
    assert parts["ConsumedCapacity"][0]["CapacityUnits"] == 25.0
