"""What a backend refuses has not happened: for the simulator neither."""

from __future__ import annotations

from typing import Any

import pytest

from dynoresilience.model import Units
from dynoresilience.testing.replies import Body, Refused, Reply
from dynoresilience.testing.service.create_delete import delete_table
from dynoresilience.testing.service.settings import Settings
from dynoresilience.testing.service.tables import Request, Tables
from dynoresilience.testing.service.tags import change_tags, list_tags
from dynoresilience.testing.service.time_to_live import update_time_to_live
from dynoresilience.testing.service.update_table import update_table

ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
NINE = {"ProvisionedThroughput": {"ReadCapacityUnits": 9, "WriteCapacityUnits": 9}}
TTL = {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "expires"}}
TABLE: Body = {
    "TableName": "orders",
    "TableArn": ARN,
    "TableStatus": "ACTIVE",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "ProvisionedThroughput": UNITS,
}
NO = Refused("ValidationException", "no").reply()


def backend(operation: str, body: Body) -> Reply:
    """It shows one table, and refuses all else."""
    if operation == "DescribeTable" and body["TableName"] == "orders":
        return Reply.of({"Table": TABLE})
    return NO


@pytest.fixture
def tables() -> Tables:
    settings = Settings(delete_seconds=5.0, tag_seconds=5.0, ttl_seconds=5.0, update_seconds=5.0)
    return Tables("eu-west-1", settings, epoch=0.0, on_update=lambda update: None)


def request(**body: Any) -> Request:
    return Request({"TableName": "orders", **body}, backend, 0.0)


@pytest.mark.parametrize(
    "change",
    [
        {**NINE, "ReplicaUpdates": [{}]},
        {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}},
        {"BillingMode": "PAY_PER_REQUEST"},
        {
            "AttributeDefinitions": TABLE["AttributeDefinitions"],
            "GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "i", **NINE}}],
        },
    ],
)
def test_a_change_of_the_table(tables: Tables, change: Body) -> None:
    assert update_table(tables, request(**change)) is NO
    known = tables.get("orders")
    assert known is not None
    assert known.life.status(0.0) == "ACTIVE"
    assert known.life.indexes == {}
    assert known.last_on_demand is None
    state = tables.control.of_table("orders")[None]
    assert (state.units, state.pending) == (Units(5, 5), None)


def test_a_deletion(tables: Tables) -> None:
    tables.find("orders", backend, 0.0)
    assert delete_table(tables, request()) is NO
    known = tables.get("orders")
    assert known is not None
    assert known.life.status(1.0) == "ACTIVE"


def test_time_to_live(tables: Tables) -> None:
    assert update_time_to_live(tables, request(**TTL)) is NO
    known = tables.get("orders")
    assert known is not None
    assert known.ttl is not None
    assert known.ttl.describe(0.0) == {"TimeToLiveStatus": "DISABLED"}
    assert known.ttl.changed_at is None


def test_tags(tables: Tables) -> None:
    tables.find("orders", backend, 0.0)
    tagging = request(ResourceArn=ARN, Tags=[])
    for _ in range(2):  # the first one holds up no other
        assert change_tags(tables, tagging, "TagResource") is NO
    assert list_tags(tables, tagging) is NO


@pytest.mark.parametrize("operation", [update_table, update_time_to_live, delete_table])
def test_a_table_that_is_not_there(tables: Tables, operation: Any) -> None:
    asked = Request({"TableName": "other", **TTL}, backend, 0.0)
    assert operation(tables, asked) is NO
    assert tables.get("other") is None
