"""The yardstick itself, driven by plain boto3 and by PynamoDB."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from itertools import chain
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.support.throttling_server import ThrottlingServer

CREDENTIALS = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
NOON = datetime(2018, 7, 25, 12, tzinfo=timezone.utc).timestamp()


class Clock:
    """Unix seconds that move only when told."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


Serve = Callable[..., ThrottlingServer]


@pytest.fixture
def serve(clock: Clock) -> Iterator[Serve]:
    """Starts a server on the frozen clock, with a table unless told otherwise."""
    servers = []

    def start(**options: Any) -> ThrottlingServer:
        server = ThrottlingServer(**{"clock": clock, "update_seconds": 2.0, **options}).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()


def client_of(url: str, attempts: int = 1, **config: Any) -> Any:
    retries = {"mode": "standard", "total_max_attempts": attempts}
    return boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name="us-east-1",
        config=Config(retries=retries, **config),
        **CREDENTIALS,
    )


def with_table(
    server: ThrottlingServer, units: int = 5, index_units: int | None = None, **more: Any
) -> Any:
    client = client_of(server.url)
    client.create_table(
        TableName="orders",
        KeySchema=[
            {"AttributeName": "id", "KeyType": "HASH"},
            {"AttributeName": "line", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "line", "AttributeType": "N"},
            {"AttributeName": "customer", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-customer",
                "KeySchema": [
                    {"AttributeName": "customer", "KeyType": "HASH"},
                    {"AttributeName": "id", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
                **({} if more else {"ProvisionedThroughput": throughput(index_units or units)}),
            }
        ],
        **(more or {"ProvisionedThroughput": throughput(units)}),
    )
    return client


def throughput(read: int, write: int | None = None) -> dict[str, int]:
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": read if write is None else write}


def item(at: int, **more: Any) -> dict[str, Any]:
    return {"id": {"S": "a"}, "line": {"N": str(at)}, "customer": {"S": "c"}} | more


def key(at: int) -> dict[str, Any]:
    return {"id": {"S": "a"}, "line": {"N": str(at)}}


def put(client: Any, at: int = 0, **more: Any) -> None:
    client.put_item(TableName="orders", Item=item(at, **more))


def refused(code: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        call(*args, **kwargs)
    answer: dict[str, Any] = caught.value.response
    assert answer["Error"]["Code"] == code, answer
    return answer


THROTTLE = "ProvisionedThroughputExceededException"


def raise_index(client: Any, read: int, write: int) -> Any:
    update = {"IndexName": "by-customer", "ProvisionedThroughput": throughput(read, write)}
    return client.update_table(TableName="orders", GlobalSecondaryIndexUpdates=[{"Update": update}])


def fill(client: Any, count: int) -> None:
    for at in range(count):
        put(client, at)


# --- capacity ---


def test_refuses_beyond_the_bucket_and_refills_it(serve: Serve, clock: Clock) -> None:
    server = serve()
    client = with_table(server)
    fill(client, 5)
    answer = refused(THROTTLE, put, client, 5)
    assert answer["ThrottlingReasons"] == [
        {"reason": "TableWriteProvisionedThroughputExceeded", "resource": ARN}
    ]
    assert "for the table was exceeded" in answer["Error"]["Message"]
    clock.now += 0.4
    put(client, 5)
    put(client, 6)
    refused(THROTTLE, put, client, 7)
    clock.now += 100
    fill(client, 5)
    refused(THROTTLE, put, client, 5)
    assert server.throttles == {("orders", "write"): 3}
    assert server.calls["PutItem"] == 15
    assert [status for _, op, status in server.requests if op == "PutItem"].count(400) == 3
    assert len(server.items("orders")) == 7


def test_windows_reset_on_the_second(serve: Serve, clock: Clock) -> None:
    client = with_table(serve(windows=True))
    clock.now += 0.9
    fill(client, 5)
    refused(THROTTLE, put, client)
    clock.now += 0.1
    fill(client, 5)
    clock.now += 0.8
    refused(THROTTLE, put, client)


def test_a_write_short_in_the_index_leaves_the_table_untouched(serve: Serve) -> None:
    server = serve(burst_seconds=2.0)
    client = with_table(server, units=5, index_units=1)
    fill(client, 2)
    answer = refused(THROTTLE, put, client, 2)
    assert answer["ThrottlingReasons"] == [
        {
            "reason": "IndexWriteProvisionedThroughputExceeded",
            "resource": f"{ARN}/index/by-customer",
        }
    ]
    assert "one or more global secondary indexes of the table" in answer["Error"]["Message"]
    for at in range(8):  # not in the index, and the refused write cost the table nothing
        client.put_item(TableName="orders", Item=key(100 + at))
    refused(THROTTLE, client.put_item, TableName="orders", Item=key(200))
    assert server.throttles == {("orders/by-customer", "write"): 1, ("orders", "write"): 1}


@pytest.mark.parametrize(("first", "scope"), [("table", "Table"), ("index", "Index")])
def test_names_one_resource_if_both_are_short(serve: Serve, first: str, scope: str) -> None:
    client = with_table(serve(name_first=first), units=1)
    put(client)
    [reason] = refused(THROTTLE, put, client)["ThrottlingReasons"]
    assert reason["reason"] == f"{scope}WriteProvisionedThroughputExceeded"


def test_costs_follow_size_and_consistency(serve: Serve) -> None:
    client = with_table(serve(), units=5)
    put(client, 0, body={"S": "x" * 3000})  # 3 units
    refused(THROTTLE, put, client, 1, body={"S": "x" * 3000})
    for _ in range(10):
        client.get_item(TableName="orders", Key=key(0))
    refused(THROTTLE, client.get_item, TableName="orders", Key=key(0))


def test_without_reasons_and_with_retry_after(serve: Serve) -> None:
    client = with_table(serve(reasons=False, retry_after_ms=1500), units=1)
    put(client)
    answer = refused(THROTTLE, put, client)
    assert "ThrottlingReasons" not in answer
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-retry-after"] == "1500"


def test_an_on_demand_table_has_no_limit_and_takes_no_capacity(serve: Serve) -> None:
    server = serve()
    client = with_table(server, BillingMode="PAY_PER_REQUEST")
    fill(client, 50)
    table = client.describe_table(TableName="orders")["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == 0
    refused(
        "ValidationException",
        client.update_table,
        TableName="orders",
        ProvisionedThroughput=throughput(9),
    )


# --- UpdateTable ---


def test_the_old_capacity_serves_while_updating(serve: Serve, clock: Clock) -> None:
    server = serve()
    client = with_table(server)
    update = {"TableName": "orders", "ProvisionedThroughput": throughput(5, 50)}
    clock.now += 1
    shown = client.update_table(**update)["TableDescription"]
    assert (shown["TableStatus"], shown["ProvisionedThroughput"]["WriteCapacityUnits"]) == (
        "UPDATING",
        5,
    )
    assert (
        "being updated"
        in refused("ResourceInUseException", client.update_table, **update)["Error"]["Message"]
    )
    clock.now += 1.9
    assert server.units("orders") == (5, 5)
    clock.now += 0.1
    table = client.describe_table(TableName="orders")["Table"]
    assert table["TableStatus"] == "ACTIVE"
    assert table["ProvisionedThroughput"]["LastIncreaseDateTime"].timestamp() == NOON + 1
    assert server.units("orders") == server.peak["orders", None] == (5, 50)
    assert server.updates == [
        {"at": 1.0, "table": "orders", "before": {None: (5, 5)}, "after": {None: (5, 50)}}
    ]
    message = refused("ValidationException", client.update_table, **update)["Error"]["Message"]
    assert message.startswith(
        "The provisioned throughput for the table will not change. The requested value equals "
        "the current value. Current ReadCapacityUnits provisioned for the table: 5. Requested "
        "ReadCapacityUnits: 5. Current WriteCapacityUnits provisioned for the table: 50. "
    )


def test_an_index_change_leaves_the_table_active(serve: Serve, clock: Clock) -> None:
    server = serve()
    client = with_table(server)
    raise_index(client, 5, 9)
    table = client.describe_table(TableName="orders")["Table"]
    assert table["TableStatus"] == "ACTIVE"
    assert table["GlobalSecondaryIndexes"][0]["IndexStatus"] == "UPDATING"
    refused("ResourceInUseException", raise_index, client, 5, 10)
    clock.now += 2
    assert server.units("orders", "by-customer") == (5, 9)
    assert server.units("orders") == (5, 5)


def test_a_real_update_is_in_force_after_its_time(serve: Serve) -> None:
    server = ThrottlingServer(update_seconds=0.3)
    with server:
        client = with_table(server)
        begin = time.monotonic()
        client.update_table(TableName="orders", ProvisionedThroughput=throughput(50))
        while client.describe_table(TableName="orders")["Table"]["TableStatus"] != "ACTIVE":
            assert time.monotonic() < begin + 10
        assert time.monotonic() - begin >= 0.3
        assert server.units("orders") == (50, 50)


def test_four_decreases_a_day_then_one_an_hour_for_each_resource(
    serve: Serve, clock: Clock
) -> None:
    client = with_table(serve(update_seconds=0), units=100)

    def lower(to: int) -> Any:
        return client.update_table(TableName="orders", ProvisionedThroughput=throughput(100, to))

    clock.now += 8 * 3600
    for to in (90, 80, 70, 60):
        lower(to)
    assert refused("LimitExceededException", lower, 50)["Error"]["Message"] == (
        "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given "
        "UTC day. After the first 4 decreases, each subsequent decrease in the same UTC day can "
        "be performed at most once every 3600 seconds. Number of decreases today: 4. Last "
        "decrease at Wednesday, July 25, 2018 8:00:00 PM UTC. Next decrease can be made at "
        "Wednesday, July 25, 2018 9:00:00 PM UTC"
    )
    raise_index(client, 100, 50)  # has a budget of its own
    clock.now += 3600
    lower(50)
    refused("LimitExceededException", lower, 40)
    shown = client.describe_table(TableName="orders")["Table"]
    assert shown["ProvisionedThroughput"]["NumberOfDecreasesToday"] == 5
    assert shown["ProvisionedThroughput"]["LastDecreaseDateTime"].timestamp() == clock.now
    index = shown["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]
    assert index["NumberOfDecreasesToday"] == 1
    clock.now += 3 * 3600  # past midnight
    for to in (40, 30, 20, 10):
        lower(to)
    refused("LimitExceededException", lower, 5)


# --- items ---


def test_conditions_and_updates(serve: Serve) -> None:
    client = with_table(serve(), units=100)
    new = {
        "TableName": "orders",
        "Item": item(1),
        "ConditionExpression": "attribute_not_exists(id)",
    }
    client.put_item(**new)
    refused("ConditionalCheckFailedException", client.put_item, **new)
    answer = client.update_item(
        TableName="orders",
        Key=key(1),
        UpdateExpression="SET #a = :v ADD #n :v",
        ExpressionAttributeNames={"#a": "total", "#n": "count"},
        ExpressionAttributeValues={":v": {"N": "2"}},
        ReturnValues="ALL_NEW",
    )
    assert answer["Attributes"] == item(1, total={"N": "2"}, count={"N": "2"})
    gone = client.delete_item(TableName="orders", Key=key(1), ReturnValues="ALL_OLD")
    assert gone["Attributes"]["total"] == {"N": "2"}
    assert "Item" not in client.get_item(TableName="orders", Key=key(1))
    wrong = {"id": {"S": "a"}, "line": {"S": "1"}}
    refused("ValidationException", client.get_item, TableName="orders", Key=wrong)


def test_pages_of_query_and_scan(serve: Serve) -> None:
    client = with_table(serve(page_items=3), units=100)
    fill(client, 12)
    client.put_item(TableName="orders", Item={"id": {"S": "b"}, "line": {"N": "1"}})

    def lines(operation: str, **query: Any) -> list[list[int]]:
        pages = client.get_paginator(operation).paginate(TableName="orders", **query)
        return [[int(item["line"]["N"]) for item in page["Items"]] for page in pages]

    of_a = {
        "KeyConditionExpression": "#h = :h AND #r > :r",
        "ExpressionAttributeNames": {"#h": "id", "#r": "line"},
        "ExpressionAttributeValues": {":h": {"S": "a"}, ":r": {"N": "4"}},
    }
    assert lines("query", **of_a) == [[5, 6, 7], [8, 9, 10], [11]]
    assert lines("query", **of_a, ScanIndexForward=False) == [[11, 10, 9], [8, 7, 6], [5]]
    by_customer = {
        "IndexName": "by-customer",
        "KeyConditionExpression": "(customer = :c AND begins_with (id, :p))",
        "ExpressionAttributeValues": {":c": {"S": "c"}, ":p": {"S": "a"}},
    }
    assert [*chain(*lines("query", **by_customer))] == [*range(12)]
    assert sorted(chain(*lines("scan"))) == sorted([*range(12), 1])
    assert len(lines("scan", IndexName="by-customer")[0]) == 3


def test_batches_leave_over_what_is_short(serve: Serve, clock: Clock) -> None:
    server = serve()
    client = with_table(server)
    requests = [{"PutRequest": {"Item": item(at)}} for at in range(8)]
    batch = {"RequestItems": {"orders": requests}}
    assert client.batch_write_item(**batch)["UnprocessedItems"] == {"orders": requests[5:]}
    assert server.throttles == {("orders", "write"): 3}
    refused(THROTTLE, client.batch_write_item, **batch)
    keys = {"orders": {"Keys": [key(at) for at in range(8)], "ConsistentRead": True}}
    answer = client.batch_get_item(RequestItems=keys)
    assert len(answer["Responses"]["orders"]) == 5
    assert answer["UnprocessedKeys"]["orders"] == {
        "Keys": [key(5), key(6), key(7)],
        "ConsistentRead": True,
    }


def test_a_transaction_is_all_or_nothing(serve: Serve, clock: Clock) -> None:
    server = serve()
    client = with_table(server)

    def puts(count: int) -> dict[str, Any]:
        return {
            "TransactItems": [
                {"Put": {"TableName": "orders", "Item": item(at)}} for at in range(count)
            ]
        }

    answer = refused("TransactionCanceledException", client.transact_write_items, **puts(3))
    codes = [reason["Code"] for reason in answer["CancellationReasons"]]
    assert codes == ["None", "None", "ProvisionedThroughputExceeded"]
    assert server.items("orders") == []
    client.transact_write_items(**puts(2))  # nothing had been spent
    assert len(server.items("orders")) == 2


# --- faults, life, other clients ---


def test_denied_failed_throttled_and_dropped(serve: Serve) -> None:
    server = serve()
    client = with_table(server, units=100)
    server.deny("DescribeTable")
    denied = refused("AccessDeniedException", client.describe_table, TableName="orders")
    assert "not authorized to perform: dynamodb:DescribeTable" in denied["Error"]["Message"]
    server.allow("DescribeTable")
    client.describe_table(TableName="orders")
    server.fail_next("PutItem", 1, "InternalServerError", "oops", status=500)
    assert refused("InternalServerError", put, client)["ResponseMetadata"]["HTTPStatusCode"] == 500
    server.throttle_next("PutItem", 2, index="by-customer")
    for _ in range(2):
        [reason] = refused(THROTTLE, put, client)["ThrottlingReasons"]
        assert reason["resource"] == f"{ARN}/index/by-customer"
    server.throttle_next(
        "PutItem", 1, "TableWriteKeyRangeThroughputExceeded", code="ThrottlingException"
    )
    assert refused("ThrottlingException", put, client)["throttlingReasons"]
    server.drop_next("PutItem")
    with pytest.raises(ConnectionClosedError):
        put(client)
    assert server.items("orders") == []
    server.drop_next("PutItem", applied=True)
    with pytest.raises(ConnectionClosedError):
        put(client)
    assert server.items("orders") == [item(0)]
    put(client)
    assert [status for _, op, status in server.requests if op == "PutItem"][-3:] == [0, 0, 200]
    refused("UnknownOperationException", client.describe_limits)


def test_a_hundred_connections_spend_exactly_the_capacity(serve: Serve) -> None:
    server = serve()
    with_table(server, units=200)
    client = client_of(server.url, max_pool_connections=100)

    def one(at: int) -> bool:
        try:
            put(client, at)
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(100) as pool:
        passed = sum(pool.map(one, range(600)))
    assert passed == len(server.items("orders")) == 200
    assert server.throttles.total() == 400


def test_pynamodb(serve: Serve, clock: Clock) -> None:
    pytest.importorskip("pynamodb")
    from pynamodb.attributes import NumberAttribute, UnicodeAttribute
    from pynamodb.exceptions import PutError
    from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
    from pynamodb.models import Model

    server = serve(page_items=2)

    class ByCustomer(GlobalSecondaryIndex[Any]):
        class Meta:
            index_name = "by-customer"
            projection = AllProjection()
            read_capacity_units = write_capacity_units = 5

        customer = UnicodeAttribute(hash_key=True)

    class Order(Model):
        class Meta:
            table_name = "orders"
            host, region = server.url, "us-east-1"
            read_capacity_units = write_capacity_units = 5
            max_retry_attempts = 0
            aws_access_key_id = aws_secret_access_key = "x"

        id = UnicodeAttribute(hash_key=True)
        line = NumberAttribute(range_key=True)
        customer = UnicodeAttribute()
        by_customer = ByCustomer()

    Order.create_table(wait=True)
    for line in range(5):
        Order("a", line, customer="c").save(condition=Order.id.does_not_exist())
    with pytest.raises(PutError, match=THROTTLE):
        Order("a", 5, customer="c").save()
    clock.now += 1
    with pytest.raises(PutError, match="ConditionalCheckFailed"):
        Order("a", 0, customer="c").save(condition=Order.id.does_not_exist())
    order = Order.get("a", 3)
    order.update(actions=[Order.customer.set("d")])
    assert [order.line for order in Order.query("a", Order.line >= 2)] == [2, 3, 4]
    assert sorted(order.line for order in Order.by_customer.query("c")) == [0, 1, 2, 4]
    order.delete()
    assert len(list(Order.scan())) == 4


def test_as_a_process_of_its_own() -> None:
    command = [sys.executable, "-m", "tests.support.throttling_server", "--port", "0"]
    command += ["--update-seconds", "2"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout
        client = client_of(process.stdout.readline().strip())
        assert client.list_tables()["TableNames"] == []
        process.terminate()
    assert process.returncode == 0
