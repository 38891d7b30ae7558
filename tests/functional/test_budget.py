"""No call sends more requests than its budget allows: any operation, any mode, any failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from dynoresilience import ScalingClient, ScalingConfig
from dynoresilience.testing import SimulatedDynamoDB, virtual_time
from tests.functional.conftest import MODES, order

KEY = {"id": {"S": "order-1"}}
PUTS = [{"PutRequest": {"Item": order(number)}} for number in range(25)]
GET = {"Get": {"TableName": "orders", "Key": KEY}}
PUT = {"Put": {"TableName": "orders", "Item": order(1)}}
SLOW = ("adaptive", 4)
INSERT = "INSERT INTO \"orders\" VALUE {'id': 'order-1'}"
SELECT = "SELECT * FROM \"orders\" WHERE id = 'order-1'"

CALLS: dict[str, Callable[[Any], Any]] = {
    "GetItem": lambda ddb: ddb.get_item(TableName="orders", Key=KEY),
    "PutItem": lambda ddb: ddb.put_item(TableName="orders", Item=order(1)),
    "UpdateItem": lambda ddb: ddb.update_item(
        TableName="orders",
        Key=KEY,
        UpdateExpression="SET n = :n",
        ExpressionAttributeValues={":n": {"N": "1"}},
    ),
    "DeleteItem": lambda ddb: ddb.delete_item(TableName="orders", Key=KEY),
    "Query": lambda ddb: ddb.query(
        TableName="orders",
        KeyConditionExpression="id = :id",
        ExpressionAttributeValues={":id": {"S": "order-1"}},
    ),
    "Scan": lambda ddb: ddb.scan(TableName="orders"),
    "BatchWriteItem": lambda ddb: ddb.batch_write_item(RequestItems={"orders": PUTS}),
    "BatchGetItem": lambda ddb: ddb.batch_get_item(
        RequestItems={"orders": {"Keys": [{"id": {"S": str(n)}} for n in range(100)]}}
    ),
    "TransactWriteItems": lambda ddb: ddb.transact_write_items(TransactItems=[PUT]),
    "TransactGetItems": lambda ddb: ddb.transact_get_items(TransactItems=[GET]),
    "ExecuteStatement": lambda ddb: ddb.execute_statement(Statement=SELECT),
    "BatchExecuteStatement": lambda ddb: ddb.batch_execute_statement(
        Statements=[{"Statement": INSERT.replace("1", str(n))} for n in range(25)]
    ),
    "ExecuteTransaction": lambda ddb: ddb.execute_transaction(
        TransactStatements=[{"Statement": INSERT}]
    ),
}


@pytest.fixture
def sim() -> Iterator[SimulatedDynamoDB]:
    with virtual_time() as clock, SimulatedDynamoDB(clock=clock, burst_seconds=1) as simulator:
        simulator.create_table("orders", read=1, write=1)
        yield simulator


def send(sim: SimulatedDynamoDB, mode: str, operation: str, max_retries: int) -> int:
    """One call that no raise helps; the requests that it took."""
    config = ScalingConfig(scaling_enabled=False, max_retries=max_retries, max_retry_delay=4.0)
    ddb = ScalingClient(sim.client(config=Config(retries={"mode": mode})), config=config)
    with suppress(ClientError, BotoCoreError):
        CALLS[operation](ddb)
    return sim.calls[operation]


def throttled(message: str) -> dict[str, Any]:
    return {"code": "ProvisionedThroughputExceededException", "message": message}


@pytest.mark.parametrize(
    ("mode", "max_retries"),  # the adaptive mode's own limiter takes real seconds
    [(mode, retries) for mode in MODES for retries in (0, 1, 4) if (mode, retries) != SLOW],
)
@pytest.mark.parametrize("operation", CALLS)
def test_throttled_whenever_it_is_sent(
    sim: SimulatedDynamoDB, mode: str, operation: str, max_retries: int
) -> None:
    sim.fail_next(operation, 100, **throttled("the table was exceeded"))

    assert send(sim, mode, operation, max_retries) == max_retries + 1


@pytest.mark.parametrize("mode", MODES[:2])
@pytest.mark.parametrize("operation", CALLS)
@pytest.mark.parametrize("seed", range(4))
def test_throttled_first_and_then_failing_in_any_way(
    sim: SimulatedDynamoDB, mode: str, operation: str, seed: int
) -> None:
    sim.fail_next(operation, 1, **throttled("the table was exceeded"))
    sim.random_faults(
        (seed, operation), rate=0.9, kinds=["error", "drop", "corrupt", "throttle", "partial"]
    )

    assert 1 < send(sim, mode, operation, 5) <= 6


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("operation", ["BatchWriteItem", "BatchGetItem", "BatchExecuteStatement"])
def test_a_batch_of_which_a_little_is_done_each_time(
    sim: SimulatedDynamoDB, mode: str, operation: str
) -> None:
    assert send(sim, mode, operation, 3) == 4


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("operation", CALLS)
def test_a_call_that_is_never_throttled_has_botocores_budget(
    sim: SimulatedDynamoDB, mode: str, operation: str
) -> None:
    sim.fail_next(operation, 100, code="InternalServerError", message="", status=500)
    plain = sim.client(config=Config(retries={"mode": mode}))
    with pytest.raises(ClientError):
        CALLS[operation](plain)
    without = sim.calls[operation]

    assert send(sim, mode, operation, 2) == 2 * without
