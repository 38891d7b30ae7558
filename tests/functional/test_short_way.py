"""The way past moto's HTTP layer leads to the same answers as the way through it."""

from collections.abc import Iterator
from typing import Any

import pytest

from dynoresilience.testing import SimulatedDynamoDB, VirtualClock
from dynoresilience.testing.in_process import short_way
from dynoresilience.testing.replies import Body, Reply

REGION = "us-east-1"
MOTO_LEFTOVERS = {"Attributes", "ConsumedCapacityUnits"}
KEY = {"id": {"S": "1"}, "at": {"N": "7"}}
ITEM = {
    **KEY,
    "rank": {"S": "a"},
    "text": {"S": "ä"},
    "flag": {"BOOL": False},
    "none": {"NULL": True},
    "set": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2.50"]},
    "nested": {"M": {"list": {"L": [{"N": "1.0"}, {"M": {}}]}}},
}


def schema(range_key: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": "id", "KeyType": "HASH"},
        {"AttributeName": range_key, "KeyType": "RANGE"},
    ]


@pytest.fixture
def simulator() -> Iterator[SimulatedDynamoDB]:
    with SimulatedDynamoDB(clock=VirtualClock()) as simulator:
        simulator.create_table("plain", indexes={"by-customer": (5, 5)})
        simulator.client().create_table(
            TableName="rich",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=schema("at"),
            AttributeDefinitions=[
                {"AttributeName": "id", "AttributeType": "S"},
                {"AttributeName": "at", "AttributeType": "N"},
                {"AttributeName": "rank", "AttributeType": "S"},
            ],
            LocalSecondaryIndexes=[
                {
                    "IndexName": "by-rank",
                    "KeySchema": schema("rank"),
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
            SSESpecification={"Enabled": True},
            Tags=[{"Key": "a", "Value": "b"}],
        )
        yield simulator


@pytest.fixture
def both(simulator: SimulatedDynamoDB, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Answers a call in both ways."""
    client = simulator.client()
    long: list[Reply] = []
    short = short_way.answer

    def neither(region: str, operation: str, body: Body) -> None:
        return None

    def ask(operation: str, body: Body) -> tuple[Reply | None, Reply]:
        quick = short(REGION, operation, body)
        with monkeypatch.context() as patched:
            patched.setattr(short_way, "answer", neither)
            patched.setattr(
                simulator._regions.engine(REGION),
                "handle",
                lambda asked, its_body, backend: long.append(backend(operation, body)) or long[-1],
            )
            client.list_tables()
        return quick, long[-1]

    return ask


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("PutItem", {"TableName": "rich", "Item": ITEM}),
        ("GetItem", {"TableName": "rich", "Key": KEY}),
        ("GetItem", {"TableName": "rich", "Key": KEY, "ConsistentRead": True}),
        ("GetItem", {"TableName": "rich", "Key": {**KEY, "at": {"N": "8"}}}),
        ("DeleteItem", {"TableName": "rich", "Key": KEY}),
        ("DescribeTable", {"TableName": "rich"}),
        ("DescribeTable", {"TableName": "plain"}),
    ],
)
def test_both_ways_lead_to_the_same_answer(
    simulator: SimulatedDynamoDB, both: Any, operation: str, body: Body
) -> None:
    simulator.client().put_item(TableName="rich", Item=ITEM)
    quick, long = both(operation, body)
    assert quick is not None
    expected = long.body
    if operation == "DeleteItem":  # older ones of moto let out more than the answer
        expected = {k: v for k, v in expected.items() if k not in MOTO_LEFTOVERS}
    assert (quick.status, quick.body) == (long.status, expected)


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("PutItem", {"TableName": "rich", "Item": {**ITEM, "blob": {"B": "YWJj"}}}),
        ("PutItem", {"TableName": "rich", "Item": {**ITEM, "m": {"M": {"b": {"BS": ["YQ=="]}}}}}),
        ("PutItem", {"TableName": "rich", "Item": {**ITEM, "l": {"L": [{"B": "YQ=="}]}}}),
        ("PutItem", {"TableName": "rich", "Item": ITEM, "ReturnValues": "ALL_OLD"}),
        ("PutItem", {"TableName": "rich", "Item": {"id": {"S": "1"}}}),
        ("PutItem", {"TableName": "nope", "Item": ITEM}),
        ("GetItem", {"TableName": "rich", "Key": KEY, "ProjectionExpression": "rank"}),
        ("GetItem", {"TableName": "rich", "Key": {"id": {"S": ""}}}),
        ("GetItem", {"TableName": "rich"}),
        ("DescribeTable", {"TableName": "nope"}),
        ("DescribeTable", {}),
        ("Scan", {"TableName": "rich"}),
    ],
)
def test_what_is_not_plain_goes_the_long_way(
    simulator: SimulatedDynamoDB, operation: str, body: Body
) -> None:
    assert short_way.answer(REGION, operation, body) is None


def test_nothing_is_answered_while_moto_does_not() -> None:
    with SimulatedDynamoDB(clock=VirtualClock()) as simulator:
        simulator.create_table("orders")
    assert short_way.answer(REGION, "DescribeTable", {"TableName": "orders"}) is None


def test_binary_survives_both_ways(simulator: SimulatedDynamoDB) -> None:
    client = simulator.client()
    client.put_item(TableName="rich", Item={**ITEM, "blob": {"B": b"\x00abc"}})
    assert client.get_item(TableName="rich", Key=KEY)["Item"]["blob"] == {"B": b"\x00abc"}
