"""Transactions that were cancelled: sent again under their token, or not at all. Virtual time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config

from dynoresilience import ScalingClient, ScalingConfig
from dynoresilience.model import Units
from dynoresilience.testing import SimulatedDynamoDB, VirtualClock, virtual_time
from tests.functional.conftest import MODES
from tests.support.wire import Wire, cancelled

CONFIG = ScalingConfig(max_read_capacity=100, max_write_capacity=100)
AMPLE = Units(100, 100)


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    with virtual_time() as clock:
        yield clock


@pytest.fixture
def sim(clock: VirtualClock) -> Iterator[SimulatedDynamoDB]:
    """Tables "orders" and "stock" of 4 units and no burst; the index of "orders" has plenty."""
    with SimulatedDynamoDB(clock=clock, burst_seconds=1.0) as simulator:
        simulator.create_table("orders", read=4, write=4, indexes={"by-customer": (100, 100)})
        simulator.create_table("stock", read=4, write=4)
        yield simulator


@pytest.fixture(params=MODES)
def ddb(request: pytest.FixtureRequest, sim: SimulatedDynamoDB) -> ScalingClient:
    client = sim.client(config=Config(retries={"mode": request.param}))
    return ScalingClient(client, config=CONFIG)


def add_one(table: str, key: str = "counter") -> dict[str, Any]:
    return {
        "Update": {
            "TableName": table,
            "Key": {"id": {"S": key}},
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }


def get(table: str, key: str = "counter") -> dict[str, Any]:
    return {"Get": {"TableName": table, "Key": {"id": {"S": key}}}}


def let_pass(sim: SimulatedDynamoDB, seconds: float) -> None:
    assert isinstance(sim.clock, VirtualClock)
    sim.clock.advance(seconds)


def counter(sim: SimulatedDynamoDB, table: str) -> int:
    let_pass(sim, 100)
    found = sim.client().get_item(TableName=table, Key={"id": {"S": "counter"}}).get("Item")
    return 0 if found is None else int(found["n"]["N"])


def units(sim: SimulatedDynamoDB) -> dict[str, Units]:
    """Of all tables and indexes, once what was asked for is in force."""
    let_pass(sim, 5)
    return {str(resource): sim.units(resource.table, resource.index) for resource in sim.resources}


BEFORE = {"orders": Units(4, 4), "orders/by-customer": AMPLE, "stock": Units(4, 4)}


def test_writes_are_sent_again_under_their_token_and_done_once(
    ddb: ScalingClient, sim: SimulatedDynamoDB
) -> None:
    wire = Wire(ddb, "TransactWriteItems")

    for _ in range(10):
        ddb.transact_write_items(TransactItems=[add_one("orders"), add_one("orders", "other")])

    assert sim.throttles
    assert len(wire.bodies) > 10
    assert len({body["ClientRequestToken"] for body in wire.bodies}) == 10
    assert len({str(body) for body in wire.bodies}) == 10, "an attempt differs from its call"
    assert units(sim) == {**BEFORE, "orders": Units(4, sim.units("orders").write)}
    assert sim.units("orders").write > 4
    assert counter(sim, "orders") == 10


def test_of_two_tables_the_one_that_was_short_is_raised(
    ddb: ScalingClient, sim: SimulatedDynamoDB
) -> None:
    sim.client().put_item(TableName="stock", Item={"id": {"S": "1"}})  # 3 units are left: 1 write

    for _ in range(2):
        ddb.transact_write_items(TransactItems=[add_one("orders"), add_one("stock")])

    assert {str(resource) for resource, _ in sim.throttles} == {"stock"}
    assert units(sim) == {**BEFORE, "stock": Units(4, sim.units("stock").write)}
    assert sim.units("stock").write > 4
    assert counter(sim, "orders") == counter(sim, "stock") == 2


def test_writes_short_on_an_index_raise_the_index(clock: VirtualClock) -> None:
    """A cancellation names no index: the lowest is raised."""
    with SimulatedDynamoDB(clock=clock, burst_seconds=1.0) as sim:
        sim.create_table(
            "orders", read=50, write=100, indexes={"by-customer": (9, 4), "by-day": (9, 90)}
        )
        ddb = ScalingClient(sim.client(), config=CONFIG)

        for number in range(10):
            item = {"id": {"S": str(number)}, "customer": {"S": "x"}, "day": {"S": "monday"}}
            ddb.transact_write_items(TransactItems=[{"Put": {"TableName": "orders", "Item": item}}])

        let_pass(sim, 5)
        assert sim.units("orders", "by-customer").write > 4
        assert sim.units("orders", "by-customer").read == 9
        assert sim.units("orders") == Units(50, 100)
        assert sim.units("orders", "by-day").read == 9
        assert sim.units("orders", "by-day").write >= 90, "the same writes are in it"


def test_reads_are_sent_again_and_raise_reads(ddb: ScalingClient, sim: SimulatedDynamoDB) -> None:
    for _ in range(10):
        answer = ddb.transact_get_items(TransactItems=[get("orders"), get("orders", "other")])
        assert len(answer["Responses"]) == 2

    assert sim.throttles
    assert units(sim) == {**BEFORE, "orders": Units(sim.units("orders").read, 4)}
    assert sim.units("orders").read > 4


def test_an_answer_that_is_lost_amid_throttles_adds_nothing_twice(
    ddb: ScalingClient, sim: SimulatedDynamoDB
) -> None:
    """Connections break before and after the work; botocore sends these again, we the throttles."""
    wire = Wire(ddb, "TransactWriteItems")

    for number in range(12):
        if number % 3 == 0:
            sim.drop_next("TransactWriteItems", applied=True)
        elif number % 3 == 1:
            sim.throttle_next("TransactWriteItems")
            sim.drop_next("TransactWriteItems", applied=True)
        else:
            sim.drop_next("TransactWriteItems")
        ddb.transact_write_items(TransactItems=[add_one("orders"), add_one("stock")])

    assert {fault.kind for fault in sim.faults} == {"lose", "drop", "throttle"}
    assert len({body["ClientRequestToken"] for body in wire.bodies}) == 12
    assert counter(sim, "orders") == counter(sim, "stock") == 12


def test_a_token_of_the_callers_own_is_kept(ddb: ScalingClient, sim: SimulatedDynamoDB) -> None:
    wire = Wire(ddb, "TransactWriteItems")
    sim.throttle_next("TransactWriteItems", 2)

    for _ in range(2):
        ddb.transact_write_items(TransactItems=[add_one("orders")], ClientRequestToken="mine")

    assert [body["ClientRequestToken"] for body in wire.bodies] == ["mine"] * 4
    assert counter(sim, "orders") == 1


@pytest.mark.parametrize(
    "codes",
    [
        ("ProvisionedThroughputExceeded", "ConditionalCheckFailed"),
        ("ConditionalCheckFailed", "ThrottlingError"),
        ("ProvisionedThroughputExceeded", "TransactionConflict"),
        ("ProvisionedThroughputExceeded", "ValidationError"),
        ("ConditionalCheckFailed", "None"),
    ],
)
def test_a_mix_with_another_reason_is_not_sent_again_and_raises_nothing(
    ddb: ScalingClient, sim: SimulatedDynamoDB, codes: tuple[str, ...]
) -> None:
    wire = Wire(ddb, "TransactWriteItems")
    wire.answers = [cancelled(*codes)] * 9
    began = sim.clock.monotonic()

    with pytest.raises(ddb.exceptions.TransactionCanceledException) as caught:
        ddb.transact_write_items(TransactItems=[add_one("orders"), add_one("stock")])

    assert [each["Code"] for each in caught.value.response["CancellationReasons"]] == list(codes)
    assert len(wire.bodies) == 1
    assert sim.calls["TransactWriteItems"] == 0
    assert sim.clock.monotonic() == began
    assert sim.calls["DescribeTable"] == sim.calls["UpdateTable"] == 0


@pytest.mark.parametrize("operation", ["TransactWriteItems", "TransactGetItems"])
def test_a_throttling_error_is_backed_off_from_and_raises_nothing(
    ddb: ScalingClient, sim: SimulatedDynamoDB, operation: str
) -> None:
    wire = Wire(ddb, operation)
    wire.answers = [cancelled("None", "ThrottlingError")] * 2
    began = sim.clock.monotonic()

    if operation == "TransactWriteItems":
        ddb.transact_write_items(TransactItems=[add_one("orders"), add_one("stock")])
    else:
        ddb.transact_get_items(TransactItems=[get("orders"), get("stock")])

    assert len(wire.bodies) == 3
    assert len({str(body) for body in wire.bodies}) == 1
    assert sim.clock.monotonic() > began
    assert sim.calls["UpdateTable"] == 0
    assert ddb.pending_scale_downs() == ()


def test_the_end_of_the_budget_is_the_cancellation_itself(
    ddb: ScalingClient, sim: SimulatedDynamoDB
) -> None:
    wire = Wire(ddb, "TransactWriteItems")
    wire.answers = [cancelled("ThrottlingError")] * 99

    with (
        ddb.operation(max_retries=2),
        pytest.raises(ddb.exceptions.TransactionCanceledException) as caught,
    ):
        ddb.transact_write_items(TransactItems=[add_one("orders")])

    assert len(wire.bodies) == 3
    report: Any = caught.value.response["Dynoresilience"]  # type: ignore[typeddict-item]
    assert report["attempts"] == 3
    assert report["hold_reasons"] == ["unknown resource"]
