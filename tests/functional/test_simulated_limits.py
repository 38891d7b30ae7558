"""Limits beside a table's own capacity: partitions, the account; and what statements cost."""

from collections.abc import Iterator
from typing import Any

import moto
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from dynoresilience.model import Dimension, Resource
from dynoresilience.testing import SimulatedDynamoDB, VirtualClock
from dynoresilience.testing.replies import Refused, Reply

MOTO = tuple(int(part) for part in moto.__version__.split(".")[:2])

ONCE = Config(retries={"total_max_attempts": 1})
ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
WRITE, READ = Dimension.WRITE, Dimension.READ


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def sim(clock: VirtualClock) -> Iterator[SimulatedDynamoDB]:
    with SimulatedDynamoDB(clock=clock, burst_seconds=1.0) as simulator:
        simulator.create_table("orders", read=50, write=50, indexes={"by-customer": (50, 50)})
        yield simulator


@pytest.fixture
def client(sim: SimulatedDynamoDB) -> Any:
    return sim.client(config=ONCE)


def item(number: object = 1, **attributes: str) -> dict[str, Any]:
    values = {"id": str(number), **attributes}
    return {name: {"S": value} for name, value in values.items()}


def put(client: Any, number: object = 1, table: str = "orders", **attributes: str) -> None:
    client.put_item(TableName=table, Item=item(number, **attributes))


def refusal(call: Any, *args: Any, **kwargs: Any) -> Any:
    with pytest.raises(ClientError) as caught:
        call(*args, **kwargs)
    return caught.value.response


def reason(response: Any) -> tuple[str, str]:
    (entry,) = response.get("ThrottlingReasons") or response["throttlingReasons"]
    return entry["reason"], entry["resource"]


# Partitions


def test_a_hot_key_is_refused_and_a_raise_does_not_help(
    sim: SimulatedDynamoDB, clock: VirtualClock, client: Any
) -> None:
    sim.limit_key("orders", "hot", write=2)
    put(client, "hot")
    put(client, "hot")
    response = refusal(put, client, "hot")
    assert response["Error"]["Code"] == "ProvisionedThroughputExceededException"
    assert reason(response) == ("TableWriteKeyRangeThroughputExceeded", ARN)
    put(client, "other")
    client.update_table(
        TableName="orders",
        ProvisionedThroughput={"ReadCapacityUnits": 50, "WriteCapacityUnits": 4000},
    )
    clock.advance(2.0)
    for _ in range(2):
        put(client, "hot")
    refusal(put, client, "hot")
    clock.advance(0.5)
    put(client, "hot")
    assert sim.throttle_reasons == {"TableWriteKeyRangeThroughputExceeded": 2}


def test_one_key_takes_a_thousand_writes_a_second_without_being_told(
    sim: SimulatedDynamoDB, client: Any
) -> None:
    sim.create_table("wide", read=5, write=40_000)
    for _ in range(10):
        put(client, "hot", "wide", body="x" * 100_000)  # 98 units
    response = refusal(put, client, "hot", "wide", body="x" * 100_000)
    assert reason(response)[0] == "TableWriteKeyRangeThroughputExceeded"
    put(client, "other", "wide", body="x" * 100_000)


def test_reads_of_a_hot_key_by_any_operation(sim: SimulatedDynamoDB, client: Any) -> None:
    sim.limit_key("orders", {"S": "hot"}, read=1)
    key = {"id": {"S": "hot"}}
    query = {
        "TableName": "orders",
        "KeyConditionExpression": "#i = :i",
        "ExpressionAttributeNames": {"#i": "id"},
        "ExpressionAttributeValues": {":i": {"S": "hot"}},
    }
    client.query(**query)
    client.get_item(TableName="orders", Key=key)
    for call in (
        lambda: client.get_item(TableName="orders", Key=key),
        lambda: client.query(**query),
        lambda: client.batch_get_item(RequestItems={"orders": {"Keys": [key]}}),
    ):
        assert reason(refusal(call))[0] == "TableReadKeyRangeThroughputExceeded"
    client.scan(TableName="orders")
    batch = {"orders": {"Keys": [key, {"id": {"S": "cold"}}]}}
    assert client.batch_get_item(RequestItems=batch)["UnprocessedKeys"] == {
        "orders": {"Keys": [key]}
    }


def test_a_hot_key_of_an_index_holds_up_writes_and_reads(
    sim: SimulatedDynamoDB, client: Any
) -> None:
    sim.limit_key("orders", "big", read=1, write=1, index="by-customer")
    put(client, 1, customer="big")
    expected = ("IndexWriteKeyRangeThroughputExceeded", f"{ARN}/index/by-customer")
    assert reason(refusal(put, client, 2, customer="big")) == expected
    put(client, 2, customer="small")

    def move(customer: str) -> Any:
        return client.update_item(
            TableName="orders",
            Key={"id": {"S": "2"}},
            UpdateExpression="SET customer = :c",
            ExpressionAttributeValues={":c": {"S": customer}},
        )

    assert reason(refusal(move, "big")) == expected
    move("other")
    query = {
        "TableName": "orders",
        "IndexName": "by-customer",
        "KeyConditionExpression": "customer = :c",
        "ExpressionAttributeValues": {":c": {"S": "big"}},
    }
    client.query(**query)
    client.query(**query)
    assert reason(refusal(client.query, **query))[0] == "IndexReadKeyRangeThroughputExceeded"


def test_a_hot_key_of_an_on_demand_table_speaks_otherwise(
    sim: SimulatedDynamoDB, client: Any
) -> None:
    sim.create_table("free", on_demand=True)
    sim.limit_key("free", 1, write=1)  # a number is not the string
    sim.limit_key("free", "1", write=1)
    put(client, 1, "free")
    response = refusal(put, client, 1, "free")
    assert response["Error"]["Code"] == "ThrottlingException"
    assert "check if you have a hot key" in response["Error"]["Message"]
    assert reason(response)[0] == "TableWriteKeyRangeThroughputExceeded"
    action = {"Put": {"TableName": "free", "Item": item(1)}}
    response = refusal(client.transact_write_items, TransactItems=[action])
    assert response["CancellationReasons"][0]["Code"] == "ThrottlingError"


def test_a_limit_that_makes_no_sense_is_refused(sim: SimulatedDynamoDB) -> None:
    with pytest.raises(ValueError, match="positive"):
        sim.limit_key("orders", "x", write=0)
    with pytest.raises(TypeError, match="partition key"):
        sim.limit_key("orders", None, write=1)


# The account


def test_the_account_limits_all_tables_together() -> None:
    with SimulatedDynamoDB(clock=VirtualClock(), account_write_units=3) as sim:
        sim.create_table("orders")
        sim.create_table("free", on_demand=True)
        client = sim.client(config=ONCE)
        put(client, 1)
        put(client, 2, "free")
        put(client, 3)
        response = refusal(put, client, 4, "free")
        assert response["Error"]["Code"] == "RequestLimitExceeded"
        assert reason(response) == (
            "TableWriteAccountLimitExceeded",
            ARN.replace("orders", "free"),
        )
        action = {"Put": {"TableName": "orders", "Item": item(1)}}
        response = refusal(client.transact_write_items, TransactItems=[action])
        assert response["Error"]["Code"] == "RequestLimitExceeded"
        client.get_item(TableName="orders", Key=item(1))


def test_a_limit_of_nothing_is_no_limit() -> None:
    with pytest.raises(ValueError, match="account_read_units"):
        SimulatedDynamoDB(account_read_units=0)


def test_an_on_demand_maximum_is_refused_in_its_own_words() -> None:
    with SimulatedDynamoDB(clock=VirtualClock(), burst_seconds=1.0) as sim:
        sim.create_table("orders", on_demand=True)
        model = sim._home._tables.capacity
        model.set_maximum(Resource("orders"), sim.clock.monotonic(), write=2)
        client = sim.client(config=ONCE)
        put(client, 1)
        put(client, 2)
        response = refusal(put, client, 3)
    assert response["Error"]["Code"] == "ThrottlingException"
    assert "maximum OnDemandThroughput" in response["Error"]["Message"]
    assert reason(response) == ("TableWriteMaxOnDemandThroughputExceeded", ARN)


# What reads cost


def test_what_a_filter_or_projection_hides_is_paid_to_the_byte(
    sim: SimulatedDynamoDB, client: Any
) -> None:
    for number in range(4):
        put(client, number, customer="x", body="y" * 3000)  # 12 KB and a little
    values = {":c": {"S": "x"}, ":n": {"S": "nobody"}}
    for request in (
        {"FilterExpression": "#b = :n", "ExpressionAttributeNames": {"#b": "body"}},
        {"Select": "COUNT", "FilterExpression": "body = :n"},
        {"ProjectionExpression": "#b", "ExpressionAttributeNames": {"#b": "id"}},
    ):
        needed = values if "FilterExpression" in request else {":c": values[":c"]}
        before = sim.available("orders", READ, "by-customer")
        client.query(
            TableName="orders",
            IndexName="by-customer",
            KeyConditionExpression="customer = :c",
            ExpressionAttributeValues=needed,
            **request,
        )
        assert before - sim.available("orders", READ, "by-customer") == 1.5
    before = sim.available("orders", READ)
    client.scan(TableName="orders", ProjectionExpression="id", ConsistentRead=True)
    assert before - sim.available("orders", READ) == 3.0


def test_keys_of_a_batch_are_sized_though_the_answer_does_not_name_them(
    sim: SimulatedDynamoDB, client: Any
) -> None:
    put(client, 1, body="y" * 5000)
    keys = [{"id": {"S": "1"}}, {"id": {"S": "no"}}]
    client.batch_get_item(
        RequestItems={
            "orders": {
                "Keys": keys,
                "ProjectionExpression": "#b",
                "ExpressionAttributeNames": {"#b": "body"},
                "ConsistentRead": True,
            }
        }
    )
    assert sim.available("orders", READ) == 47.0
    get = {"TableName": "orders", "Key": keys[0], "ProjectionExpression": "id"}
    client.transact_get_items(TransactItems=[{"Get": get}])
    assert sim.available("orders", READ) == 43.0


def test_what_a_local_index_lacks_is_fetched_from_the_table(
    sim: SimulatedDynamoDB, client: Any
) -> None:
    def key(hash_key: str, range_key: str) -> list[dict[str, str]]:
        return [
            {"AttributeName": hash_key, "KeyType": "HASH"},
            {"AttributeName": range_key, "KeyType": "RANGE"},
        ]

    client.create_table(
        TableName="local",
        KeySchema=key("id", "at"),
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("id", "at", "rank")
        ],
        LocalSecondaryIndexes=[
            {
                "IndexName": "by-rank",
                "KeySchema": key("id", "rank"),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        ProvisionedThroughput={"ReadCapacityUnits": 50, "WriteCapacityUnits": 50},
    )
    for number in range(3):
        put(client, "a", "local", at=str(number), rank=str(number), body="y" * 5000)
    assert sim.available("local", WRITE) == 50 - 3 * (5 + 1)
    query = {
        "TableName": "local",
        "IndexName": "by-rank",
        "KeyConditionExpression": "id = :i",
        "ExpressionAttributeValues": {":i": {"S": "a"}},
    }
    client.query(**query, Select="ALL_PROJECTED_ATTRIBUTES")
    assert sim.available("local", READ) == 49.5
    client.query(**query, Select="ALL_ATTRIBUTES")
    assert sim.available("local", READ) == 49.0 - 3 * 1.0  # 5 KB each


def test_a_malformed_request_is_left_to_the_backend(sim: SimulatedDynamoDB) -> None:
    def backend(operation: str, body: Any) -> Reply:
        return Refused("SerializationException", "no").reply()

    engine = sim._home
    for operation, body in (
        ("PutItem", {"TableName": "orders", "Item": "text"}),
        ("PutItem", {"TableName": "orders", "Item": {"id": {"S": 1}, "a": {"L": 7}}}),
        ("PutItem", {"TableName": 7, "Item": {}}),
        ("GetItem", {"TableName": "orders", "Key": []}),
        ("BatchWriteItem", {"RequestItems": ["orders"]}),
        ("BatchGetItem", {"RequestItems": {"orders": {}}}),
        ("TransactWriteItems", {"TransactItems": [7]}),
        ("ExecuteTransaction", {}),
    ):
        assert engine.handle(operation, body, backend).code == "SerializationException", operation


def test_a_key_that_is_no_number_is_refused_as_the_backend_refuses_it(
    sim: SimulatedDynamoDB, client: Any
) -> None:
    client.create_table(
        TableName="numbers",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for number in ("ten", "1e99999999"):
        try:
            client.put_item(TableName="numbers", Item={"id": {"N": number}})
        except ClientError as error:  # moto before 5.2 takes anything for a number
            code = error.response["Error"]["Code"]
        else:
            code = "ValidationException" if MOTO < (5, 2) else "none"
        assert code == "ValidationException"


# PartiQL


def test_statements_cost_what_the_same_operations_cost(sim: SimulatedDynamoDB, client: Any) -> None:
    def left() -> tuple[float, float, float]:
        return (
            sim.available("orders", WRITE),
            sim.available("orders", WRITE, "by-customer"),
            sim.available("orders", READ),
        )

    def run(statement: str, **more: Any) -> None:
        client.execute_statement(Statement=statement, **more)

    run(f"INSERT INTO \"orders\" VALUE {{'id': '1', 'customer': 'x', 'body': '{'y' * 1500}'}}")
    assert left() == (48, 48, 50)
    run('SELECT id FROM "orders" WHERE id = ?', Parameters=[{"S": "1"}], ConsistentRead=True)
    assert left() == (48, 48, 49)
    run('UPDATE "orders" SET customer = ? WHERE id = ?', Parameters=[{"S": "z"}, {"S": "1"}])
    assert left() == (46, 44, 49)
    run('SELECT * FROM "orders"')
    assert left() == (46, 44, 48.5)
    run("DELETE FROM orders WHERE id = '1'")
    assert left() == (44, 42, 48.5)


def test_a_statement_is_throttled_as_a_call_is(sim: SimulatedDynamoDB, client: Any) -> None:
    def insert(key: str) -> dict[str, str]:
        return {"Statement": f"INSERT INTO \"orders\" VALUE {{'id': '{key}'}}"}

    sim.limit_key("orders", "hot", write=1)
    client.execute_statement(**insert("hot"))
    update = {"Statement": "UPDATE orders SET a = 'x' WHERE id = 'hot'"}
    response = refusal(client.execute_statement, **update)
    assert reason(response)[0] == "TableWriteKeyRangeThroughputExceeded"
    batch = client.batch_execute_statement(Statements=[update, insert("cold"), update])["Responses"]
    codes = [answer.get("Error", {}).get("Code") for answer in batch]
    assert codes == ["ProvisionedThroughputExceeded", None, "ProvisionedThroughputExceeded"]
    assert [answer.get("TableName") for answer in batch] == ["orders"] * 3
    batch = client.batch_execute_statement(Statements=[update])["Responses"]
    assert [answer["Error"]["Code"] for answer in batch] == ["ProvisionedThroughputExceeded"]
    response = refusal(client.execute_transaction, TransactStatements=[insert("new"), update])
    codes = [each["Code"] for each in response["CancellationReasons"]]
    assert codes == ["None", "ProvisionedThroughputExceeded"]
    assert sim.available("orders", WRITE) == 48


def test_a_transaction_of_statements_costs_twice(sim: SimulatedDynamoDB, client: Any) -> None:
    statements = [
        {"Statement": f"INSERT INTO \"orders\" VALUE {{'id': '{number}'}}"} for number in "12"
    ]
    client.execute_transaction(TransactStatements=statements)
    assert sim.available("orders", WRITE) == 46

    def backend(operation: str, body: Any) -> Reply:  # moto has no SELECT in transactions
        stored = {"Item": item(1, body="x" * 5000)}
        return Reply.of(
            {"Responses": [stored, {}]} if operation == "ExecuteTransaction" else stored
        )

    select = {"Statement": "SELECT * FROM orders WHERE id = ?", "Parameters": [{"S": "1"}]}
    check = {"Statement": "EXISTS(SELECT * FROM orders WHERE id = '1')"}
    body = {"TransactStatements": [select, check]}
    assert sim._home.handle("ExecuteTransaction", body, backend).ok
    assert sim.available("orders", READ) == 46
    assert sim.available("orders", WRITE) == 36


def test_a_statement_that_can_not_be_read_is_left_to_the_backend(sim: SimulatedDynamoDB) -> None:
    def backend(operation: str, body: Any) -> Reply:
        if operation == "DescribeTable":
            return Refused("ResourceNotFoundException", "no").reply()
        return Refused("ValidationException", "no").reply()

    for statement in (
        "SELECT * FROM nope",
        "INSERT INTO orders VALUE {'no': 'key'}",
        "DELETE FROM orders",
        "nonsense",
        7,
    ):
        for operation, body in (
            ("ExecuteStatement", {"Statement": statement}),
            ("BatchExecuteStatement", {"Statements": [{"Statement": statement}]}),
            ("ExecuteTransaction", {"TransactStatements": [{"Statement": statement}]}),
        ):
            assert sim._home.handle(operation, body, backend).code == "ValidationException"
    assert sim.available("orders", WRITE) == 50
    assert sim.available("orders", READ) == 50
