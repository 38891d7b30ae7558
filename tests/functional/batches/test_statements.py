"""Batches of statements: those that were refused are sent again, and no others."""

from __future__ import annotations

import pytest
from botocore.config import Config

from dynoresilience import ScalingClient
from dynoresilience.testing import SimulatedDynamoDB, SimulatorServer
from dynoresilience.testing.replies import Refused
from tests.functional.batches.conftest import AT_CAP, QUICK, puts
from tests.functional.conftest import (
    MODES,
)
from tests.support.wire import Wire


def insert(number: int) -> dict[str, str]:
    return {"Statement": f"INSERT INTO \"orders\" VALUE {{'id': 'order-{number}', 'n': 0}}"}


def count(number: int) -> dict[str, str]:
    return {"Statement": f"UPDATE \"orders\" SET n = n + 1 WHERE id = 'order-{number}'"}


def read(number: int) -> dict[str, str]:
    return {"Statement": f"SELECT * FROM \"orders\" WHERE id = 'order-{number}'"}


def test_statements_of_a_batch_that_were_refused_are_sent_again(sim: SimulatedDynamoDB) -> None:
    ddb = ScalingClient(sim.client(), config=QUICK)

    answer = ddb.batch_execute_statement(Statements=[insert(number) for number in range(20)])

    assert not any("Error" in entry for entry in answer["Responses"])
    assert ddb.scan(TableName="orders")["Count"] == 20
    assert sim.units("orders").write == 100


def test_each_statement_is_carried_out_once_and_other_errors_keep_their_place(
    on_local: SimulatorServer,
) -> None:
    server = on_local
    server.create_table("orders")
    ddb = ScalingClient(server.client(), config=QUICK)
    ddb.batch_write_item(RequestItems=puts(range(15)))
    first = {"Statement": "UPDATE \"orders\" SET n = 0 WHERE id = 'order-{}'"}
    zeroes = [{"Statement": first["Statement"].format(number)} for number in range(15)]
    ddb.batch_execute_statement(Statements=zeroes)

    answer = ddb.batch_execute_statement(Statements=[count(number) for number in range(18)])

    codes = [entry.get("Error", {}).get("Code") for entry in answer["Responses"]]
    assert codes == [None] * 15 + ["ConditionalCheckFailed"] * 3
    counted = ddb.batch_execute_statement(Statements=[read(number) for number in range(15)])
    assert {entry["Item"]["n"]["N"] for entry in counted["Responses"]} == {"1"}
    assert server.throttles


@pytest.mark.parametrize("mode", MODES)
def test_statements_of_unknown_outcome_are_not_said_to_be_throttled(
    sim: SimulatedDynamoDB, mode: str
) -> None:
    client = sim.client(config=Config(retries={"mode": mode, "total_max_attempts": 2}))
    ddb = ScalingClient(client, config=AT_CAP)
    wire = Wire(client, "BatchExecuteStatement")
    client.meta.events.register(
        "response-received.dynamodb.BatchExecuteStatement",
        lambda **_: wire.answers.append(Refused("InternalServerError", "", status=500)),
    )

    answer = ddb.batch_execute_statement(Statements=[insert(number) for number in range(5, 15)])

    codes = {entry.get("Error", {}).get("Code") for entry in answer["Responses"]}
    assert codes == {None, "InternalServerError"}
    assert len(wire.bodies) == 3


@pytest.mark.parametrize("max_retries", [0, 2])
def test_statements_that_are_left_at_the_end_keep_the_error_of_their_throttle(
    sim: SimulatedDynamoDB, max_retries: int
) -> None:
    # Without scaling nothing is known of the table, so that no queue waits until there is room.
    config = AT_CAP.replace(
        max_retries=max_retries, initial_retry_delay=0.001, scaling_enabled=False
    )
    ddb = ScalingClient(sim.client(), config=config)

    answer = ddb.batch_execute_statement(Statements=[insert(number) for number in range(20)])

    codes = [entry.get("Error", {}).get("Code") for entry in answer["Responses"]]
    assert codes == [None] * 5 + ["ProvisionedThroughputExceeded"] * 15
    assert sim.calls["BatchExecuteStatement"] == max_retries + 1
    assert answer["Dynoresilience"]["attempts"] == max_retries + 1
