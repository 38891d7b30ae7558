"""What reads back otherwise than it was asked for, and what emulators forget."""

from __future__ import annotations

from typing import Any

import pytest

from dynoresilience.testing import VirtualClock
from tests.functional.simulated_tables.conftest import (
    ADD,
    ATTRIBUTES,
    BY_DAY,
    NOT_ON_DYNAMODB_LOCAL,
    REMOVE,
    STREAM,
    Orders,
    Start,
    refusal,
)

INVALID = "ValidationException: One or more parameter values were invalid: "


def attribute(name: str, kind: str = "S") -> dict[str, str]:
    return {"AttributeName": name, "AttributeType": kind}


def keys(*names: str, kind: str = "HASH") -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name in names]


def definitions(orders: Orders) -> dict[str, str]:
    found = orders.described["AttributeDefinitions"]
    return {each["AttributeName"]: each["AttributeType"] for each in found}


def test_a_table_was_created_when_the_simulation_created_it(
    start: Start, clock: VirtualClock
) -> None:
    orders = Orders(start())
    created = orders.described["CreationDateTime"].timestamp()
    clock.advance(100)
    assert orders.described["CreationDateTime"].timestamp() == created
    assert abs(created - clock.now()) == pytest.approx(100, abs=1)


# Attribute definitions


@NOT_ON_DYNAMODB_LOCAL
def test_definitions_come_and_go_with_the_index(start: Start, clock: VirtualClock) -> None:
    orders = Orders(start(index_delete_seconds=4.0), GlobalSecondaryIndexes=[BY_DAY])
    index = {**BY_DAY, "IndexName": "by-amount", "KeySchema": keys("amount")}
    orders.update(
        AttributeDefinitions=[
            attribute("amount", "N"),
            attribute("of-no-use"),
            attribute("id", "N"),
        ],
        GlobalSecondaryIndexUpdates=[{"Create": index}],
    )
    assert definitions(orders) == {"amount": "N", "day": "S", "id": "S"}
    orders.update(**REMOVE)
    assert "day" in definitions(orders), "until the index is gone"
    clock.advance(4.0)
    assert definitions(orders) == {"amount": "N", "id": "S"}
    orders.update(**ADD)
    assert definitions(orders) == {"amount": "N", "day": "S", "id": "S"}


def test_definitions_alone_change_nothing(start: Start, clock: VirtualClock) -> None:
    orders = Orders(start())
    assert "At least one of" in orders.refused(AttributeDefinitions=ATTRIBUTES)
    orders.update(AttributeDefinitions=ATTRIBUTES, StreamSpecification=STREAM)
    assert definitions(orders) == {"id": "S"}


def test_a_new_index_needs_the_types_of_its_keys(start: Start) -> None:
    orders = Orders(start())
    add = [{"Create": BY_DAY}]
    assert orders.refused(GlobalSecondaryIndexUpdates=add) == (
        f"{INVALID}AttributeDefinitions is not specified for index: by-day"
    )
    assert orders.refused(AttributeDefinitions=ATTRIBUTES[:1], GlobalSecondaryIndexUpdates=add) == (
        f"{INVALID}Some index key attributes are not defined in AttributeDefinitions. "
        "Keys: [day], AttributeDefinitions: [id]"
    )
    assert "GlobalSecondaryIndexes" not in orders.described


# Indexes


def test_projected_attributes_are_listed_by_name(start: Start) -> None:
    projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["size", "colour", "maker"]}
    local = {
        "IndexName": "local",
        "KeySchema": [*keys("id"), *keys("day", kind="RANGE")],
        "Projection": projection,
    }
    orders = Orders(
        start(),
        AttributeDefinitions=ATTRIBUTES,
        KeySchema=[*keys("id"), *keys("day", kind="RANGE")],
        GlobalSecondaryIndexes=[{**BY_DAY, "Projection": projection}],
        LocalSecondaryIndexes=[local],
    )
    shown = ["colour", "maker", "size"]
    assert orders.index["Projection"]["NonKeyAttributes"] == shown
    (found,) = orders.described["LocalSecondaryIndexes"]
    assert found["Projection"]["NonKeyAttributes"] == shown


def test_a_table_without_indexes_lists_none(start: Start, clock: VirtualClock) -> None:
    orders = Orders(start(), GlobalSecondaryIndexes=[BY_DAY])
    assert "LocalSecondaryIndexes" not in orders.described
    assert orders.index["ProvisionedThroughput"]["ReadCapacityUnits"] == 0


@NOT_ON_DYNAMODB_LOCAL  # of which not all versions take more than two key attributes
@pytest.mark.parametrize("at_creation", [True, False])
def test_the_key_of_an_index_may_have_eight_attributes(start: Start, at_creation: bool) -> None:
    hashes, ranges = ["h1", "h2", "h3", "h4"], ["r1", "r2", "r3", "r4"]
    schema = [*keys(*hashes), *keys(*ranges, kind="RANGE")]
    index = {**BY_DAY, "IndexName": "wide", "KeySchema": schema}
    types = [attribute(name) for name in ("id", *hashes, *ranges)]
    if at_creation:
        orders = Orders(start(), AttributeDefinitions=types, GlobalSecondaryIndexes=[index])
    else:
        orders = Orders(start())
        orders.update(AttributeDefinitions=types, GlobalSecondaryIndexUpdates=[{"Create": index}])
    assert orders.index["KeySchema"] == schema
    item = {name: {"S": name} for name in ("id", *hashes, *ranges)}
    orders.client.put_item(TableName="orders", Item=item)
    assert orders.client.scan(TableName="orders", IndexName="wide")["Items"] == [item]


# Tables


def test_each_table_has_an_id_of_its_own(start: Start) -> None:
    orders = Orders(start())
    first = orders.described["TableId"]
    assert orders.described["TableId"] == first
    orders.client.delete_table(TableName="orders")
    assert Orders(orders.simulator).described["TableId"] != first


def test_a_protected_table_is_not_deleted(start: Start) -> None:
    orders = Orders(start(), DeletionProtectionEnabled=True)
    assert refusal(orders.client.delete_table, TableName="orders") == (
        "ValidationException: Resource cannot be deleted as it is currently protected against "
        "deletion. Disable deletion protection first."
    )
    orders.update(DeletionProtectionEnabled=False)
    orders.client.delete_table(TableName="orders")


@NOT_ON_DYNAMODB_LOCAL
def test_a_table_is_created_with_tags(start: Start) -> None:
    tags = [{"Key": "team", "Value": "shop"}]
    orders = Orders(start(), Tags=tags)
    arn = orders.described["TableArn"]
    assert orders.client.list_tags_of_resource(ResourceArn=arn)["Tags"] == tags


# Table class


def test_the_class_changes_twice_in_thirty_days(start: Start, clock: VirtualClock) -> None:
    orders = Orders(start())
    orders.update(TableClass="STANDARD")  # it never was anything else: nothing happens
    assert "TableClassSummary" not in orders.described
    clock.advance(2.0)
    for wanted in ("STANDARD_INFREQUENT_ACCESS", "STANDARD"):
        before = orders.described.get("TableClassSummary")
        orders.update(TableClass=wanted)
        assert orders.described.get("TableClassSummary") == before
        clock.advance(2.0)
        assert orders.described["TableClassSummary"]["TableClass"] == wanted
    assert orders.refused(TableClass="STANDARD_INFREQUENT_ACCESS") == (
        "LimitExceededException: Subscriber limit exceeded: Updates to TableClass are limited to "
        "2 times in 30 day(s)."
    )
    clock.advance(30 * 86_400.0)
    orders.update(TableClass="STANDARD_INFREQUENT_ACCESS")


def test_a_class_that_there_is_not(start: Start) -> None:
    assert "Invalid table-class parameter provided" in Orders(start()).refused(TableClass="GOLD")


# Streams and the billing mode


@pytest.mark.parametrize(
    ("specification", "words"),
    [
        ({"StreamEnabled": True}, "a stream enabled, UpdateViewType is required"),
        (
            {"StreamEnabled": False, "StreamViewType": "KEYS_ONLY"},
            "a stream disabled, UpdateViewType should not be specified",
        ),
    ],
)
def test_a_new_table_with_half_a_stream(
    start: Start, specification: dict[str, Any], words: str
) -> None:
    simulator = start()
    assert words in refusal(lambda: Orders(simulator, StreamSpecification=specification))


def test_a_switch_to_on_demand_may_bring_a_stream(start: Start, clock: VirtualClock) -> None:
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    orders = Orders(start(), ProvisionedThroughput=units)
    orders.update(BillingMode="PAY_PER_REQUEST", StreamSpecification=STREAM)
    clock.advance(2.0)
    assert orders.described["StreamSpecification"] == STREAM
    assert orders.described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    again = {"BillingMode": "PAY_PER_REQUEST", "StreamSpecification": STREAM}
    assert "already has an enabled stream" in orders.refused(**again)


def test_a_switch_to_on_demand_may_bring_an_index(start: Start, clock: VirtualClock) -> None:
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    orders = Orders(start(), ProvisionedThroughput=units)
    orders.update(BillingMode="PAY_PER_REQUEST", **ADD)
    clock.advance(2.0)
    assert orders.index["IndexName"] == "by-day"
    assert definitions(orders) == {"day": "S", "id": "S"}
