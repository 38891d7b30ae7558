"""Real boto3 clients against the simulator, in virtual time."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from dynoresilience.model import Dimension, Resource, Units
from dynoresilience.testing import ScaledClock, SimulatedDynamoDB, VirtualClock
from dynoresilience.testing.simulation import Simulation

ONCE = Config(retries={"total_max_attempts": 1})
TABLE_WRITE = (Resource("orders"), Dimension.WRITE)
INDEX_WRITE = (Resource("orders", "by-customer"), Dimension.WRITE)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def sim(start_simulation: Callable[..., Simulation], clock: VirtualClock) -> Simulation:
    """A table "orders" of 5 units with an index of 5, without more burst than a second."""
    simulator = start_simulation(clock=clock, burst_seconds=1.0)
    simulator.create_table("orders", indexes={"by-customer": (5, 5)}, index_update_seconds=3.0)
    return simulator


@pytest.fixture
def client(sim: Simulation) -> Any:
    return sim.client(config=ONCE)


@pytest.fixture
def in_process(clock: VirtualClock) -> Iterator[SimulatedDynamoDB]:
    """The same for the clients of this process alone."""
    with SimulatedDynamoDB(clock=clock, burst_seconds=1.0) as simulator:
        simulator.create_table("orders", indexes={"by-customer": (5, 5)})
        yield simulator


def put(client: Any, number: int = 0, table: str = "orders", **attributes: str) -> None:
    values = {"id": str(number), **attributes}
    client.put_item(TableName=table, Item={name: {"S": value} for name, value in values.items()})


def refusal(call: Any, *args: Any, **kwargs: Any) -> Any:
    with pytest.raises(ClientError) as caught:
        call(*args, **kwargs)
    return caught.value.response


def update(client: Any, read: int, write: int, index: str | None = None) -> Any:
    units = {"ReadCapacityUnits": read, "WriteCapacityUnits": write}
    if index is None:
        return client.update_table(TableName="orders", ProvisionedThroughput=units)
    change = {"Update": {"IndexName": index, "ProvisionedThroughput": units}}
    return client.update_table(TableName="orders", GlobalSecondaryIndexUpdates=[change])


def stored(client: Any) -> int:
    """Items in the table."""
    count: int = client.scan(TableName="orders", Select="COUNT", ConsistentRead=True)["Count"]
    return count


def wait_until_active(client: Any) -> None:
    """DynamoDB Local fills and empties indexes in real time; then it takes writes again.

    Amid that it may fail to describe the table.
    """
    deadline = time.monotonic() + 20
    while not are_active(client):
        assert time.monotonic() < deadline, "an index is still coming or going"
        time.sleep(0.05)


def are_active(client: Any) -> bool:
    try:
        table = client.describe_table(TableName="orders")["Table"]
    except client.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "InternalFailure":
            raise
        return False
    return all(index["IndexStatus"] == "ACTIVE" for index in table["GlobalSecondaryIndexes"])


def arn_of_orders(client: Any) -> str:
    arn: str = client.describe_table(TableName="orders")["Table"]["TableArn"]
    return arn


# Throttles


def test_a_throttle_looks_like_that_of_dynamodb(sim: Simulation, client: Any) -> None:
    for number in range(5):
        put(client, number)
    response = refusal(put, client, 5)
    assert response["Error"] == {
        "Code": "ProvisionedThroughputExceededException",
        "Message": "The level of configured provisioned throughput for the table was exceeded. "
        "Consider increasing your provisioning level with the UpdateTable API.",
    }
    assert response["ThrottlingReasons"] == [
        {
            "reason": "TableWriteProvisionedThroughputExceeded",
            "resource": arn_of_orders(client),
        }
    ]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert response["ResponseMetadata"]["RequestId"]
    assert sim.throttles == {TABLE_WRITE: 1}
    assert sim.calls["PutItem"] == 6
    assert stored(client) == 5


def test_it_is_the_modeled_exception(client: Any) -> None:
    for number in range(5):
        put(client, number)
    with pytest.raises(client.exceptions.ProvisionedThroughputExceededException):
        put(client, 5)


def test_capacity_comes_back_with_time(clock: VirtualClock, client: Any) -> None:
    for number in range(5):
        put(client, number)
    clock.advance(0.39)
    put(client, 5)
    refusal(put, client, 6)
    clock.advance(0.01)
    put(client, 6)


def test_an_index_that_is_short_holds_the_write_up_and_is_named(
    sim: Simulation, clock: VirtualClock, client: Any
) -> None:
    update(client, 5, 50)
    clock.advance(2.0)
    clock.advance(1.0)
    for number in range(5):
        put(client, number, customer="x")
    response = refusal(put, client, 5, customer="x")
    assert response["ThrottlingReasons"] == [
        {
            "reason": "IndexWriteProvisionedThroughputExceeded",
            "resource": f"{arn_of_orders(client)}/index/by-customer",
        }
    ]
    assert "one or more global secondary indexes of the table" in response["Error"]["Message"]
    assert sim.throttles == {INDEX_WRITE: 1}
    assert sim.available("orders", Dimension.WRITE) == 45.0
    put(client, 6)


def test_without_reasons_and_with_a_hint_when_to_retry() -> None:
    with SimulatedDynamoDB(
        clock=VirtualClock(), start_full=False, reasons=False, retry_after_ms=250
    ) as sim:
        sim.create_table("orders")
        response = refusal(put, sim.client(config=ONCE))
    assert "ThrottlingReasons" not in response
    assert response["ResponseMetadata"]["HTTPHeaders"]["x-amz-retry-after"] == "250"


def test_an_on_demand_table_is_not_throttled(sim: Simulation, client: Any) -> None:
    sim.create_table("free", on_demand=True, indexes={"by-customer": (1, 1)})
    for number in range(50):
        put(client, number, "free", customer="x")
    assert sim.units("free") == Units(0, 0)


def test_a_table_is_named_by_its_arn_too(sim: Simulation, client: Any) -> None:
    arn = sim.create_table("other", write=1)
    client.describe_table(TableName="other")
    put(client, 1, arn)
    assert sim.available("other", Dimension.WRITE) == 0.0
    assert client.describe_table(TableName=arn)["Table"]["TableName"] == "other"


# What calls cost


def test_an_update_pays_for_the_index_that_it_enters(sim: Simulation, client: Any) -> None:
    def set_customer(**extra: Any) -> None:
        client.update_item(
            TableName="orders",
            Key={"id": {"S": "1"}},
            UpdateExpression="SET #c = :c",
            ExpressionAttributeNames={"#c": "customer"},
            ExpressionAttributeValues={":c": {"S": "x"}},
            **extra,
        )

    set_customer()
    assert sim.available("orders", Dimension.WRITE) == 4.0
    assert sim.available("orders", Dimension.WRITE, "by-customer") == 4.0
    refused = refusal(set_customer, ConditionExpression="attribute_not_exists(id)")
    assert refused["Error"]["Code"] == "ConditionalCheckFailedException"
    assert sim.available("orders", Dimension.WRITE) == 3.0
    assert sim.available("orders", Dimension.WRITE, "by-customer") == 4.0


def test_an_update_that_makes_an_item_large_is_settled_afterwards(
    sim: Simulation, client: Any
) -> None:
    client.update_item(
        TableName="orders",
        Key={"id": {"S": "1"}},
        UpdateExpression="SET body = :b",
        ExpressionAttributeValues={":b": {"S": "x" * 7000}},
    )
    assert sim.available("orders", Dimension.WRITE) == -2.0


def test_a_delete_pays_for_what_it_removes(sim: Simulation, client: Any) -> None:
    put(client, 1, customer="x" * 1500)
    client.delete_item(TableName="orders", Key={"id": {"S": "1"}})
    assert sim.available("orders", Dimension.WRITE) == 1.0
    assert sim.available("orders", Dimension.WRITE, "by-customer") == 1.0


def test_a_request_that_is_invalid_costs_nothing(sim: Simulation, client: Any) -> None:
    refused = refusal(
        client.update_item,
        TableName="orders",
        Key={"id": {"S": "1"}},
        UpdateExpression="SET nonsense",
    )
    assert refused["Error"]["Code"] == "ValidationException"
    refused = refusal(client.put_item, TableName="orders", Item={"no": {"S": "key"}})
    assert refused["Error"]["Code"] == "ValidationException"
    assert sim.available("orders", Dimension.WRITE) == 5.0


def test_an_unknown_table_is_not_found(client: Any) -> None:
    for call in (
        lambda: put(client, 1, "nope"),
        lambda: client.get_item(TableName="nope", Key={"id": {"S": "1"}}),
        lambda: client.scan(TableName="nope"),
        lambda: client.describe_table(TableName="nope"),
        lambda: client.delete_table(TableName="nope"),
        lambda: client.update_table(TableName="nope", BillingMode="PAY_PER_REQUEST"),
    ):
        assert refusal(call)["Error"]["Code"] == "ResourceNotFoundException"


def test_a_read_is_let_in_on_what_is_there_and_goes_into_debt(
    sim: Simulation, clock: VirtualClock, client: Any
) -> None:
    sim.create_table("big", write=100)
    put(client, 1, "big", body="x" * 60_000)
    key = {"id": {"S": "1"}}
    client.get_item(TableName="big", Key=key)
    assert sim.available("big", Dimension.READ) == -2.5
    response = refusal(client.get_item, TableName="big", Key=key, ConsistentRead=True)
    reason = response["ThrottlingReasons"][0]["reason"]
    assert reason == "TableReadProvisionedThroughputExceeded"
    clock.advance(0.5)
    refusal(client.get_item, TableName="big", Key=key)
    clock.advance(0.2)
    client.get_item(TableName="big", Key=key, ProjectionExpression="id")
    assert sim.available("big", Dimension.READ) == pytest.approx(-6.5)


def test_a_missing_item_costs_the_least(sim: Simulation, client: Any) -> None:
    for consistent, left in ((False, 4.5), (True, 3.5)):
        client.get_item(TableName="orders", Key={"id": {"S": "no"}}, ConsistentRead=consistent)
        assert sim.available("orders", Dimension.READ) == left


def test_queries_of_an_index_are_paid_by_the_index(sim: Simulation, client: Any) -> None:
    for number in range(3):
        put(client, number, customer="x", body="y" * 1000)
    query = {
        "TableName": "orders",
        "IndexName": "by-customer",
        "KeyConditionExpression": "customer = :c",
        "ExpressionAttributeValues": {":c": {"S": "x"}},
    }
    assert client.query(**query)["Count"] == 3
    assert sim.available("orders", Dimension.READ) == 5.0
    assert sim.available("orders", Dimension.READ, "by-customer") == 4.5
    for _ in range(9):
        client.query(**query)
    response = refusal(client.query, **query)
    assert response["ThrottlingReasons"][0]["reason"] == "IndexReadProvisionedThroughputExceeded"
    client.scan(TableName="orders", ConsistentRead=True)
    assert sim.available("orders", Dimension.READ) == 4.0


def test_a_filter_does_not_make_a_scan_cheaper(sim: Simulation, client: Any) -> None:
    for number in range(4):
        put(client, number, body="y" * 1000)
    client.scan(
        TableName="orders",
        FilterExpression="id = :one",
        ExpressionAttributeValues={":one": {"S": "1"}},
        ConsistentRead=True,
    )
    assert sim.available("orders", Dimension.READ) == 4.0
    client.scan(TableName="orders", Select="COUNT")
    assert sim.available("orders", Dimension.READ) == 3.5


# Batches and transactions


def writes(*numbers: int) -> list[dict[str, Any]]:
    return [{"PutRequest": {"Item": {"id": {"S": str(number)}}}} for number in numbers]


def test_a_batch_of_writes_goes_as_far_as_capacity_does(
    sim: Simulation, clock: VirtualClock, client: Any
) -> None:
    first = client.batch_write_item(RequestItems={"orders": writes(*range(8))})
    assert first["UnprocessedItems"] == {"orders": writes(5, 6, 7)}
    assert sim.throttles == {TABLE_WRITE: 3}
    response = refusal(client.batch_write_item, RequestItems=first["UnprocessedItems"])
    assert response["Error"]["Code"] == "ProvisionedThroughputExceededException"
    clock.advance(1.0)
    deletes = [{"DeleteRequest": {"Key": {"id": {"S": "0"}}}}]
    rest = client.batch_write_item(RequestItems={"orders": [*writes(5, 6, 7), *deletes]})
    assert rest["UnprocessedItems"] == {}
    assert stored(client) == 7
    assert sim.available("orders", Dimension.WRITE) == 1.0


def test_an_invalid_batch_costs_nothing(sim: Simulation, client: Any) -> None:
    bad = [{"PutRequest": {"Item": {"no": {"S": "key"}}}}]
    refusal(client.batch_write_item, RequestItems={"orders": [*writes(1), *bad]})
    assert sim.available("orders", Dimension.WRITE) == 5.0


def test_a_batch_of_reads_too(sim: Simulation, clock: VirtualClock, client: Any) -> None:
    put(client, 1, body="x" * 5000)
    put_free = {"id": {"S": "1"}}
    keys = [put_free, *({"id": {"S": f"no-{number}"}} for number in range(11))]
    request = {"orders": {"Keys": keys, "ProjectionExpression": "id"}}
    response = client.batch_get_item(RequestItems=request)
    assert response["Responses"] == {"orders": [{"id": {"S": "1"}}]}
    assert response["UnprocessedKeys"] == {
        "orders": {"Keys": keys[10:], "ProjectionExpression": "id"}
    }
    assert sim.available("orders", Dimension.READ) == -0.5
    refused = refusal(client.batch_get_item, RequestItems=response["UnprocessedKeys"])
    assert refused["Error"]["Code"] == "ProvisionedThroughputExceededException"
    clock.advance(1.0)
    assert not client.batch_get_item(RequestItems=response["UnprocessedKeys"])["UnprocessedKeys"]


def test_a_transaction_costs_twice_and_is_all_or_nothing(sim: Simulation, client: Any) -> None:
    def transact(*numbers: int) -> None:
        client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": "orders", "Item": {"id": {"S": str(number)}}}}
                for number in numbers
            ]
        )

    transact(1)
    assert sim.available("orders", Dimension.WRITE) == 3.0
    response = refusal(transact, 2, 3)
    assert response["Error"]["Code"] == "TransactionCanceledException"
    assert "[None, ProvisionedThroughputExceeded]" in response["Error"]["Message"]
    codes = [reason["Code"] for reason in response["CancellationReasons"]]
    assert codes == ["None", "ProvisionedThroughputExceeded"]
    assert sim.available("orders", Dimension.WRITE) == 3.0
    assert stored(client) == 1


def test_a_transaction_of_reads(sim: Simulation, client: Any) -> None:
    get = {"Get": {"TableName": "orders", "Key": {"id": {"S": "1"}}}}
    client.transact_get_items(TransactItems=[get])
    assert sim.available("orders", Dimension.READ) == 3.0
    response = refusal(client.transact_get_items, TransactItems=[get, get])
    assert response["CancellationReasons"][1]["Code"] == "ProvisionedThroughputExceeded"


def test_a_condition_in_a_transaction_costs_although_it_fails(sim: Simulation, client: Any) -> None:
    check = {
        "ConditionCheck": {
            "TableName": "orders",
            "Key": {"id": {"S": "1"}},
            "ConditionExpression": "attribute_exists(id)",
        }
    }
    response = refusal(client.transact_write_items, TransactItems=[check])
    assert response["CancellationReasons"][0]["Code"] == "ConditionalCheckFailed"
    assert sim.available("orders", Dimension.WRITE) == 3.0


# The control plane


def test_a_raise_is_seen_as_on_aws(sim: Simulation, clock: VirtualClock, client: Any) -> None:
    answer = update(client, 5, 50)["TableDescription"]
    assert answer["TableStatus"] == "UPDATING"
    assert answer["ProvisionedThroughput"]["WriteCapacityUnits"] == 5
    for number in range(5):
        put(client, number)
    refusal(put, client, 5)
    assert refusal(update, client, 5, 60)["Error"]["Code"] == "ResourceInUseException"
    assert refusal(client.delete_table, TableName="orders")["Error"]["Code"] == (
        "ResourceInUseException"
    )
    clock.advance(2.0)
    table = client.describe_table(TableName="orders")["Table"]
    assert table["TableStatus"] == "ACTIVE"
    assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == 50
    assert table["ProvisionedThroughput"]["LastIncreaseDateTime"].timestamp() == clock.now() - 2
    assert sim.units("orders") == Units(5, 50)
    assert sim.capacity_history("orders") == ((0.0, Units(5, 5)), (2.0, Units(5, 50)))
    (accepted,) = sim.updates
    assert (accepted.at, accepted.table) == (0.0, "orders")
    assert (accepted.before, accepted.after) == ({None: Units(5, 5)}, {None: Units(5, 50)})


def test_a_raise_of_an_index_leaves_the_table_active(
    sim: Simulation, clock: VirtualClock, client: Any
) -> None:
    update(client, 5, 50, "by-customer")
    statuses = []
    for _ in range(2):
        table = client.describe_table(TableName="orders")["Table"]
        statuses.append((table["TableStatus"], table["GlobalSecondaryIndexes"][0]["IndexStatus"]))
        clock.advance(3.0)
    assert statuses == [("ACTIVE", "UPDATING"), ("ACTIVE", "ACTIVE")]
    assert sim.units("orders", "by-customer") == Units(5, 50)


def test_equal_capacity_is_refused(client: Any) -> None:
    error = refusal(update, client, 5, 5)["Error"]
    assert error["Code"] == "ValidationException"
    assert error["Message"].startswith("The provisioned throughput for the table will not change.")


def test_the_fifth_decrease_of_the_day_is_refused_until_midnight(
    sim: Simulation, clock: VirtualClock, client: Any
) -> None:
    clock.advance(11.5 * 3600)
    for write in (4, 3, 2, 1):
        update(client, 5, write)
        clock.advance(2.0)
    table = client.describe_table(TableName="orders")["Table"]
    assert table["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 4
    error = refusal(update, client, 4, 1)["Error"]
    assert error["Code"] == "LimitExceededException"
    when = "Friday, January 2, 2026 at 12:00:00 AM Coordinated Universal Time"
    assert f"Next decrease can be made at {when}" in error["Message"]
    clock.advance(1800.0)
    table = client.describe_table(TableName="orders")["Table"]
    assert table["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 0
    update(client, 4, 1)
    assert len(sim.updates) == 5


def test_capacity_is_refused_where_there_is_none(sim: Simulation, client: Any) -> None:
    update(client, 5, 6)
    refused = refusal(client.update_table, TableName="orders", BillingMode="PAY_PER_REQUEST")
    assert refused["Error"]["Code"] == "ResourceInUseException"
    sim.create_table("free", on_demand=True, indexes={"by-customer": (1, 1)})
    change = {"Update": {"IndexName": "by-customer", **UNITS}}
    for request in (UNITS, {"GlobalSecondaryIndexUpdates": [change]}):
        refused = refusal(client.update_table, TableName="free", **request)
        assert refused["Error"]["Code"] == "ValidationException"
        assert "PAY_PER_REQUEST" in refused["Error"]["Message"]


UNITS = {"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}}
KEY = [{"AttributeName": "id", "KeyType": "HASH"}]
INDEX = {"IndexName": "by-id", "KeySchema": KEY, "Projection": {"ProjectionType": "ALL"}}


@pytest.mark.parametrize(
    ("request_part", "words"),
    [
        ({"BillingMode": "PAY_PER_REQUEST", **UNITS}, "Neither ReadCapacityUnits nor"),
        (
            {"BillingMode": "PAY_PER_REQUEST", "GlobalSecondaryIndexes": [{**INDEX, **UNITS}]},
            "should not be specified for index: by-id",
        ),
        ({**UNITS, "GlobalSecondaryIndexes": [INDEX]}, "must be specified for index: by-id"),
    ],
)
def test_a_table_is_not_created_with_capacity_that_does_not_fit_its_mode(
    client: Any, request_part: dict[str, Any], words: str
) -> None:
    refused = refusal(
        client.create_table,
        TableName="new",
        KeySchema=KEY,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        **request_part,
    )
    assert refused["Error"]["Code"] == "ValidationException"
    assert words in refused["Error"]["Message"]


def test_an_index_is_not_added_without_capacity(client: Any) -> None:
    refused = refusal(
        client.update_table, TableName="orders", GlobalSecondaryIndexUpdates=[{"Create": INDEX}]
    )
    assert "must be specified for index: by-id" in refused["Error"]["Message"]


def test_the_billing_mode_can_be_switched_there_and_back(
    sim: Simulation, clock: VirtualClock, client: Any
) -> None:
    client.update_table(TableName="orders", BillingMode="PAY_PER_REQUEST")
    table = client.describe_table(TableName="orders")["Table"]
    assert table["TableStatus"] == "UPDATING"
    assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == 5
    clock.advance(10.0)
    table = client.describe_table(TableName="orders")["Table"]
    assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == 0
    for number in range(20):
        put(client, number, customer="x")
    units = {"ReadCapacityUnits": 7, "WriteCapacityUnits": 8}
    back = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": units}
    refused = refusal(client.update_table, TableName="orders", **back)
    assert "must be specified for index: by-customer" in refused["Error"]["Message"]
    change = {"Update": {"IndexName": "by-customer", "ProvisionedThroughput": units}}
    client.update_table(TableName="orders", GlobalSecondaryIndexUpdates=[change], **back)
    clock.advance(10.0)
    assert sim.units("orders") == sim.units("orders", "by-customer") == Units(7, 8)
    assert [dict(accepted.after) for accepted in sim.updates] == [
        {None: Units(0, 0), "by-customer": Units(0, 0)},
        {None: Units(7, 8), "by-customer": Units(7, 8)},
    ]


def test_naming_the_mode_that_is_there_changes_nothing_about_a_raise(
    sim: Simulation, clock: VirtualClock, client: Any
) -> None:
    client.update_table(
        TableName="orders",
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 9},
    )
    clock.advance(2.0)
    assert sim.units("orders") == Units(5, 9)
    refused = refusal(client.update_table, TableName="orders", BillingMode="PROVISIONED")
    assert "must be specified when BillingMode is PROVISIONED" in refused["Error"]["Message"]


def test_indexes_come_and_go(sim: Simulation, client: Any) -> None:
    client.update_table(
        TableName="orders",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("id", "customer", "day")
        ],
        GlobalSecondaryIndexUpdates=[
            {
                "Create": {
                    "IndexName": "by-day",
                    "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                    "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
                }
            }
        ],
    )
    assert sim.units("orders", "by-day") == Units(1, 1)
    wait_until_active(client)
    put(client, 1, day="monday")
    response = refusal(put, client, 2, day="monday")
    assert response["ThrottlingReasons"][0]["resource"].endswith("/index/by-day")
    delete = [{"Delete": {"IndexName": "by-day"}}]
    client.update_table(TableName="orders", GlobalSecondaryIndexUpdates=delete)
    wait_until_active(client)
    put(client, 2, day="monday")
    with pytest.raises(KeyError):
        sim.units("orders", "by-day")


def test_a_table_that_is_made_again_begins_anew(sim: Simulation, client: Any) -> None:
    put(client, 1)
    client.delete_table(TableName="orders")
    with pytest.raises(KeyError):
        sim.units("orders")
    sim.create_table("orders", write=3)
    assert sim.available("orders", Dimension.WRITE) == 3.0
    assert sim.capacity_history("orders", "by-customer") == ()


def test_regions_are_apart(sim: Simulation, client: Any) -> None:
    other = sim.client(region_name="eu-west-1", config=ONCE)
    assert refusal(put, other)["Error"]["Code"] == "ResourceNotFoundException"
    assert client.list_tables()["TableNames"] == ["orders"]
    assert other.list_tables()["TableNames"] == []


# Failures on demand


def test_a_denied_operation_is_refused_until_it_is_allowed(sim: Simulation, client: Any) -> None:
    sim.deny("UpdateTable", "DescribeTable")
    error = refusal(update, client, 5, 6)["Error"]
    assert error["Code"] == "AccessDeniedException"
    assert (
        "is not authorized to perform: dynamodb:UpdateTable on resource: arn:aws:dynamodb:"
        in (error["Message"])
    )
    assert sim.updates == ()
    put(client)
    sim.allow("UpdateTable")
    update(client, 5, 6)
    refusal(client.describe_table, TableName="orders")
    sim.allow()
    client.describe_table(TableName="orders")


def test_the_next_calls_fail_as_ordered_and_are_not_carried_out(
    sim: Simulation, client: Any
) -> None:
    sim.fail_next("PutItem", 1, "ThrottlingException", "Rate exceeded")
    sim.fail_next("PutItem", 2)
    assert refusal(put, client)["Error"] == {
        "Code": "ThrottlingException",
        "Message": "Rate exceeded",
    }
    for _ in range(2):
        assert refusal(put, client)["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert stored(client) == 0
    put(client)


def test_connections_break_as_ordered(sim: Simulation, client: Any) -> None:
    sim.drop_next("PutItem")
    sim.drop_next("PutItem", connected=False)
    with pytest.raises(ConnectionClosedError):
        put(client)
    # A server is there all the same: it can't but close the connection.
    with pytest.raises((EndpointConnectionError, ConnectionClosedError)):
        put(client)
    assert stored(client) == 0
    sim.drop_next("PutItem")
    put(sim.client(config=Config(retries={"mode": "legacy", "total_max_attempts": 2})))
    assert sim.calls["PutItem"] == 4


# Which clients, and what is left behind


def test_every_client_is_simulated_whatever_made_it(in_process: SimulatedDynamoDB) -> None:
    core = botocore.session.get_session().create_client("dynamodb", "us-east-1", config=ONCE)
    for client in (boto3.client("dynamodb", "us-east-1", config=ONCE), core):
        for number in range(2):
            put(client, number)
    resource = boto3.resource("dynamodb", "us-east-1", config=ONCE)
    resource.Table("orders").put_item(Item={"id": "1"})
    with pytest.raises(ClientError, match="ProvisionedThroughputExceeded"):
        resource.Table("orders").put_item(Item={"id": "1"})
    assert in_process.calls["PutItem"] == 6


def test_tables_and_paginators_of_boto3_work(clock: VirtualClock, sim: Simulation) -> None:
    table = sim.resource().Table("orders")
    with table.batch_writer() as batch:
        for number in range(5):
            batch.put_item(Item={"id": str(number), "customer": "x"})
    clock.advance(60.0)
    pages = (
        sim.client()
        .get_paginator("scan")
        .paginate(TableName="orders", PaginationConfig={"PageSize": 2})
    )
    assert sum(len(page["Items"]) for page in pages) == 5


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_answers_pass_botocores_checks_in_each_retry_mode(sim: Simulation, mode: str) -> None:
    retries: Any = {"mode": mode, "total_max_attempts": 2}
    client = sim.client(config=Config(retries=retries))
    client.describe_table(TableName="orders")
    client.batch_write_item(RequestItems={"orders": writes(*range(8))})
    client.scan(TableName="orders")
    assert sim.calls == {"CreateTable": 1, "DescribeTable": 1, "BatchWriteItem": 1, "Scan": 1}


def test_an_endpoint_of_its_own_is_left_alone(in_process: SimulatedDynamoDB) -> None:
    elsewhere = in_process.client(endpoint_url="http://127.0.0.1:1", config=ONCE)
    with pytest.raises(EndpointConnectionError):
        put(elsewhere)
    assert in_process.calls["PutItem"] == 0


def test_endpoints_from_the_environment_do_not_lead_away(
    in_process: SimulatedDynamoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    put(in_process.client(config=ONCE))
    assert in_process.calls["PutItem"] == 1


def test_stop_puts_everything_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    before, default = dict(os.environ), boto3.DEFAULT_SESSION
    sim = SimulatedDynamoDB(clock=VirtualClock())
    sim.start()
    sim.create_table("orders")
    client = sim.client(config=ONCE)
    put(client)
    boto3.client("dynamodb", "us-east-1")
    sim.stop()
    sim.stop()
    assert dict(os.environ) == before
    assert boto3.DEFAULT_SESSION is default
    assert sim.calls["PutItem"] == 1
    with pytest.raises(RuntimeError, match="not started"):
        put(client)
    with pytest.raises(RuntimeError, match="not started"):
        sim.client()
    with SimulatedDynamoDB(clock=VirtualClock()) as other:
        other.create_table("orders")
        with pytest.raises(RuntimeError, match="not started"):
            put(client)
        assert other.calls == {"CreateTable": 1}
    with sim:
        assert sim.client().list_tables()["TableNames"] == []
        assert sim.calls == {"ListTables": 1}


def test_stopping_amid_calls_lets_none_of_them_out() -> None:
    sim, errors = SimulatedDynamoDB(clock=VirtualClock()), []
    sim.start()
    sim.create_table("orders", on_demand=True)
    client = sim.client(config=ONCE)

    ready = threading.Barrier(5)

    def work() -> None:
        ready.wait()
        try:
            while True:
                put(client)
        except RuntimeError as error:
            errors.append(str(error))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    ready.wait()
    sim.stop()
    for thread in threads:
        thread.join()
    assert errors == ["this SimulatedDynamoDB is not started"] * 4


def test_one_simulator_at_a_time(in_process: SimulatedDynamoDB) -> None:
    for second in (in_process, SimulatedDynamoDB()):
        with pytest.raises(RuntimeError, match="already running"):
            second.start()
    SimulatedDynamoDB().stop()
    put(in_process.client())


@pytest.mark.parametrize("name", ["update_seconds", "index_update_seconds", "retry_after_ms"])
def test_bad_settings_are_named(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        SimulatedDynamoDB(**{name: -1})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="burst_seconds"):
        SimulatedDynamoDB(burst_seconds=0)


def test_threads_get_no_more_than_there_is(sim: Simulation, client: Any) -> None:
    sim.create_table("shared", write=40)
    outcomes: list[bool] = []

    def work(worker: int) -> None:
        for number in range(10):
            try:
                put(client, worker * 100 + number, "shared")
                outcomes.append(True)
            except ClientError:
                outcomes.append(False)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (outcomes.count(True), outcomes.count(False)) == (40, 40)
    assert sim.throttles[Resource("shared"), Dimension.WRITE] == 40


def test_real_time_is_the_default_and_may_be_scaled() -> None:
    with SimulatedDynamoDB(clock=ScaledClock(100.0), start_full=False) as sim:
        sim.create_table("orders", write=10)
        client = sim.client(config=Config(retries={"mode": "standard", "total_max_attempts": 10}))
        for number in range(5):
            put(client, number)
    assert isinstance(SimulatedDynamoDB().clock, ScaledClock)


def test_a_table_that_moto_had_already_is_taken_over() -> None:
    from moto import mock_aws

    with mock_aws():
        boto3.client("dynamodb", "us-east-1").create_table(
            TableName="orders",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
        )
        with SimulatedDynamoDB(clock=VirtualClock(), burst_seconds=1.0) as sim:
            client = sim.client(config=ONCE)
            put(client)
            refusal(put, client)
            assert sim.units("orders") == Units(1, 1)


def test_without_moto_there_are_clocks_and_a_clear_error() -> None:
    program = (
        "import sys; sys.modules['moto'] = None\n"
        "from dynoresilience.testing import VirtualClock, ScaledClock\n"
        "try:\n"
        "    from dynoresilience.testing import SimulatedDynamoDB\n"
        "except ImportError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "pip install 'dynoresilience[testing]'" in done.stdout
