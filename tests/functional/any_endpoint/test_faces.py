"""The ways in: attach, install, Table resources, decorators, a Lambda handler."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import Binary
from botocore.exceptions import ClientError

from dynoresilience import (
    ScalingClient,
    attach,
    install,
    lambda_handler,
    with_throughput_scaling,
)
from tests.functional.any_endpoint.conftest import PATIENT, wait_until_nothing_is_watched
from tests.functional.conftest import order
from tests.support.backends import Backend, ThrottleNext

PYTHON_TYPES = {
    "id": "python-types",
    "number": Decimal("3.14"),
    "bytes": Binary(b"\x00\xff"),
    "strings": {"a", "b"},
    "numbers": {Decimal(1), Decimal(2)},
    "yes": True,
    "nothing": None,
    "list": ["x", {"deep": []}],
}


def attached_client(backend: Backend) -> Any:
    return attach(backend.client(), config=PATIENT)


def client_of_an_installed_session(backend: Backend) -> Any:
    return backend.client(install(backend.session(), config=PATIENT))


def scaling_client(backend: Backend) -> Any:
    return ScalingClient(backend.client(), config=PATIENT)


@pytest.fixture(
    params=[attached_client, client_of_an_installed_session, scaling_client],
    ids=lambda made: made.__name__,
)
def client(request: pytest.FixtureRequest, backend: Backend, plain: Any) -> Any:
    return request.param(backend)


def table_of_an_attached_resource(backend: Backend) -> Any:
    return attach(backend.resource(), config=PATIENT).Table("orders")


def attached_table(backend: Backend) -> Any:
    return attach(backend.resource().Table("orders"), config=PATIENT)


def table_of_a_scaling_client(backend: Backend) -> Any:
    return ScalingClient(backend.client(), config=PATIENT).table("orders")


def table_of_an_installed_session(backend: Backend) -> Any:
    return backend.resource(install(backend.session(), config=PATIENT)).Table("orders")


@pytest.fixture(
    params=[
        table_of_an_attached_resource,
        attached_table,
        table_of_a_scaling_client,
        table_of_an_installed_session,
    ],
    ids=lambda made: made.__name__,
)
def table(request: pytest.FixtureRequest, backend: Backend, plain: Any) -> Any:
    return request.param(backend)


def test_a_throttled_call_is_brought_through_whatever_made_the_client(client: Any) -> None:
    throttle = ThrottleNext(client, "PutItem", 1)

    client.put_item(TableName="orders", Item=order(1))

    assert throttle.left == 0
    assert write_units(client) == 10
    assert client.get_item(TableName="orders", Key={"id": {"S": "order-1"}})["Item"] == order(1)
    ScalingClient(client).scale_down_now()
    assert write_units(client) == 5


def test_a_throttled_call_is_brought_through_whatever_made_the_table(table: Any) -> None:
    throttle = ThrottleNext(table.meta.client, "PutItem", 1)

    table.put_item(Item=PYTHON_TYPES)

    assert throttle.left == 0
    assert table.get_item(Key={"id": "python-types"}, ConsistentRead=True)["Item"] == PYTHON_TYPES
    assert write_units(table.meta.client) == 10
    ScalingClient(table.meta.client).scale_down_now()


def test_tables_speak_python_types_in_conditions_pages_and_collections(table: Any) -> None:
    for number in range(5):
        table.put_item(Item={"id": str(number), "customer": "x", "price": Decimal(number)})

    dear = Attr("price").gte(3)
    assert {item["id"] for item in table.scan(FilterExpression=dear)["Items"]} == {"3", "4"}
    by_customer = table.query(
        IndexName="by-customer", KeyConditionExpression=Key("customer").eq("x"), Limit=2
    )
    assert by_customer["Count"] == 2
    assert by_customer["LastEvaluatedKey"].keys() == {"id", "customer"}
    with pytest.raises(ClientError, match="ConditionalCheckFailedException"):
        table.put_item(Item={"id": "3"}, ConditionExpression=~dear)


def test_a_batch_writer_loses_and_doubles_nothing(table: Any) -> None:
    with table.batch_writer(overwrite_by_pkeys=["id"]) as batch:
        for number in range(60):
            batch.put_item(Item={"id": str(number), "customer": "x"})
            batch.put_item(Item={"id": str(number), "customer": "y"})
        for number in range(0, 60, 2):
            batch.delete_item(Key={"id": str(number)})

    items = table.scan(ConsistentRead=True)["Items"]
    assert {item["id"] for item in items} == {str(number) for number in range(1, 60, 2)}
    assert {item["customer"] for item in items} == {"y"}


def test_resources_make_tables_and_wait_for_them(backend: Backend) -> None:
    resource = attach(backend.resource())
    table = resource.create_table(
        TableName="made-here",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    table.wait_until_exists()
    assert [each.name for each in resource.tables.all()] == ["made-here"]
    requests: Any = {"made-here": [{"PutRequest": {"Item": {"id": "1"}}}]}
    assert resource.batch_write_item(RequestItems=requests)["UnprocessedItems"] == {}
    assert table.get_item(Key={"id": "1"})["Item"] == {"id": "1"}
    table.delete()
    table.wait_until_not_exists()


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_decorated_function_is_called_again_as_a_whole(
    backend: Backend, plain: Any, kind: str
) -> None:
    client = backend.client(retries={"total_max_attempts": 1})
    throttle = ThrottleNext(client, "PutItem", 1)

    @with_throughput_scaling(table="orders", client=client, config=PATIENT)
    def save(number: int) -> str:
        client.put_item(TableName="orders", Item=order(number))
        return f"saved {number}"

    @with_throughput_scaling(table="orders", client=client, config=PATIENT)
    async def save_async(number: int) -> str:
        return save(number)

    saved = save(1) if kind == "sync" else asyncio.run(save_async(1))

    assert saved == "saved 1"
    assert throttle.left == 0
    assert write_units(plain) == 10
    ScalingClient(client).scale_down_now()


def test_other_exceptions_come_out_of_a_decorated_function_unchanged(
    backend: Backend, plain: Any
) -> None:
    runs = []

    @with_throughput_scaling(table="nowhere", client=backend.client())
    def read() -> None:
        runs.append(1)
        plain.get_item(TableName="nowhere", Key={"id": {"S": "1"}})

    with pytest.raises(plain.exceptions.ResourceNotFoundException):
        read()
    assert len(runs) == 1


def test_a_lambda_handler(ddb: ScalingClient) -> None:
    throttle = ThrottleNext(ddb, "PutItem", 1)

    @lambda_handler
    def handler(event: dict[str, Any], context: Any) -> int:
        ddb.put_item(TableName="orders", Item=order(event["number"]))
        return 200

    assert (
        handler({"number": 1}, SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000)) == 200
    )
    assert throttle.left == 0


def write_units(client: Any) -> int:
    """Once whatever was asked for is in force."""
    wait_until_nothing_is_watched()
    units = client.describe_table(TableName="orders")["Table"]["ProvisionedThroughput"]
    found: int = units["WriteCapacityUnits"]
    return found
