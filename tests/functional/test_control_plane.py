"""How the simulator's tables come, change and go, seen by a real boto3 client in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from dynoresilience.attachment import attach_to
from dynoresilience.config import ScalingConfig
from dynoresilience.engine import Runtime
from dynoresilience.model import Dimension, Units
from dynoresilience.testing import SimulatedDynamoDB, VirtualClock
from dynoresilience.testing.simulation import Simulation

ONCE = Config(retries={"total_max_attempts": 1})
KEY = [{"AttributeName": "id", "KeyType": "HASH"}]
ATTRIBUTES = [
    {"AttributeName": "id", "AttributeType": "S"},
    {"AttributeName": "day", "AttributeType": "S"},
]
UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
BY_DAY = {
    "IndexName": "by-day",
    "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
    "ProvisionedThroughput": UNITS,
}
ADD = {"AttributeDefinitions": ATTRIBUTES, "GlobalSecondaryIndexUpdates": [{"Create": BY_DAY}]}
REMOVE = {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by-day"}}]}
RAISE = {"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 9}}
TTL = {"Enabled": True, "AttributeName": "expires"}
STREAM = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}

NOT_ON_DYNAMODB_LOCAL = pytest.mark.parametrize(
    "start_simulation", ["in-process", "server"], indirect=True
)
"""It fills indexes in real time, and has no tags."""

Start = Callable[..., Simulation]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def start(start_simulation: Start, clock: VirtualClock) -> Start:
    """Start the one simulator of a test, with these settings."""
    return partial(start_simulation, clock=clock)


def orders(simulator: Simulation, **more: Any) -> Any:
    """A client that tries once, and a table."""
    client = simulator.client(config=ONCE)
    attributes = ATTRIBUTES if "GlobalSecondaryIndexes" in more else ATTRIBUTES[:1]
    throughput = {} if "BillingMode" in more else {"ProvisionedThroughput": UNITS}
    client.create_table(
        TableName="orders",
        KeySchema=KEY,
        AttributeDefinitions=attributes,
        **throughput,
        **more,
    )
    return client


def table(client: Any) -> Any:
    return client.describe_table(TableName="orders")["Table"]


def statuses(client: Any) -> tuple[str, list[str]]:
    found = table(client)
    indexes = found.get("GlobalSecondaryIndexes", [])
    return found["TableStatus"], [index["IndexStatus"] for index in indexes]


def refused(call: Any, **request: Any) -> str:
    """How a call is refused: "Code: message"."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def update(client: Any, **request: Any) -> Any:
    return client.update_table(TableName="orders", **request)["TableDescription"]


def refused_update(client: Any, **request: Any) -> str:
    return refused(client.update_table, TableName="orders", **request)


# Tables that come and go


@NOT_ON_DYNAMODB_LOCAL
def test_a_table_is_creating_and_serves_nothing_until_it_is_active(
    start: Start, clock: VirtualClock
) -> None:
    client = orders(start(create_seconds=10.0), GlobalSecondaryIndexes=[BY_DAY])
    arn = table(client)["TableArn"]

    assert statuses(client) == ("CREATING", ["CREATING"])
    for call, request in (
        (client.get_item, {"Key": {"id": {"S": "1"}}}),
        (client.put_item, {"Item": {"id": {"S": "1"}}}),
        (client.scan, {}),
    ):
        assert (
            refused(call, TableName="orders", **request)
            == "ResourceNotFoundException: Requested resource not found"
        )
    writes = {"orders": [{"PutRequest": {"Item": {"id": {"S": "1"}}}}]}
    assert "ResourceNotFound" in refused(client.batch_write_item, RequestItems=writes)
    insert = {"Statement": "INSERT INTO orders VALUE {'id': ?}", "Parameters": [{"S": "1"}]}
    for call, request in (
        (client.execute_statement, insert),
        (client.execute_transaction, {"TransactStatements": [insert]}),
        (client.batch_execute_statement, {"Statements": [insert]}),
    ):
        assert "ResourceNotFound" in refused(call, **request)
    being_created = (
        "ResourceInUseException: Attempt to change a resource which is still in use: "
        "Table is being created: orders"
    )
    assert refused_update(client, **RAISE) == being_created
    assert refused(client.delete_table, TableName="orders") == being_created
    tags = [{"Key": "a", "Value": "b"}]
    assert refused(client.tag_resource, ResourceArn=arn, Tags=tags) == being_created
    ttl = refused(client.update_time_to_live, TableName="orders", TimeToLiveSpecification=TTL)
    assert ttl == being_created
    assert refused(client.describe_time_to_live, TableName="orders") == (
        "ValidationException: Cannot describe time to live while table is in CREATING state: "
        "Current table state is CREATING"
    )

    clock.advance(10.0)
    assert statuses(client) == ("ACTIVE", ["ACTIVE"])
    client.put_item(TableName="orders", Item={"id": {"S": "1"}})
    client.tag_resource(ResourceArn=arn, Tags=tags)


def test_a_new_table_is_not_described_at_once(start: Start, clock: VirtualClock) -> None:
    client = orders(start(describe_lag_seconds=3.0))
    assert refused(client.describe_table, TableName="orders") == (
        "ResourceNotFoundException: Requested resource not found: Table: orders not found"
    )
    clock.advance(3.0)
    assert statuses(client) == ("ACTIVE", [])


def test_a_table_is_deleting_and_its_name_taken_until_it_is_gone(
    start: Start, clock: VirtualClock
) -> None:
    client = orders(start(delete_seconds=5.0))
    client.put_item(TableName="orders", Item={"id": {"S": "1"}})

    answer = client.delete_table(TableName="orders")["TableDescription"]
    assert answer["TableStatus"] == table(client)["TableStatus"] == "DELETING"
    assert "KeySchema" not in answer
    assert "ResourceNotFound" in refused(client.scan, TableName="orders")
    in_use = "in use: Table is being deleted: orders"
    assert in_use in refused_update(client, **RAISE)
    assert in_use in refused(
        client.create_table,
        TableName="orders",
        KeySchema=KEY,
        AttributeDefinitions=ATTRIBUTES[:1],
        ProvisionedThroughput=UNITS,
    )
    client.delete_table(TableName="orders")  # once more is no error

    clock.advance(5.0)
    assert "ResourceNotFound" in refused(client.describe_table, TableName="orders")
    assert "ResourceNotFound" in refused(client.delete_table, TableName="orders")


def test_a_table_amid_a_change_is_not_deleted(start: Start, clock: VirtualClock) -> None:
    client = orders(start())
    update(client, **RAISE)
    assert "IOPS are currently being updated" in refused(client.delete_table, TableName="orders")
    clock.advance(2.0)
    client.delete_table(TableName="orders")
    assert "ResourceNotFound" in refused(client.describe_table, TableName="orders")


# Indexes


@NOT_ON_DYNAMODB_LOCAL
def test_an_index_that_is_added_is_allocated_then_filled_then_active(
    start: Start, clock: VirtualClock
) -> None:
    simulator = start(index_create_seconds=600.0)
    client = orders(simulator)

    assert update(client, **ADD)["TableStatus"] == "UPDATING"
    assert statuses(client) == ("UPDATING", ["CREATING"])
    assert table(client)["GlobalSecondaryIndexes"][0]["Backfilling"] is False
    assert "in use: Table is being updated" in refused_update(client, **RAISE)
    assert "in use: Table is being updated" in refused_update(client, **REMOVE)

    clock.advance(60.0)
    assert statuses(client) == ("ACTIVE", ["CREATING"])
    assert table(client)["GlobalSecondaryIndexes"][0]["Backfilling"] is True
    read = {
        "IndexName": "by-day",
        "KeyConditionExpression": "#day = :d",
        "ExpressionAttributeNames": {"#day": "day"},
        "ExpressionAttributeValues": {":d": {"S": "monday"}},
    }
    assert refused(client.query, TableName="orders", **read) == (
        "ValidationException: Cannot read from backfilling global secondary index: by-day"
    )
    select = 'SELECT * FROM "orders"."by-day"'
    assert "Cannot read from backfilling" in refused(client.execute_statement, Statement=select)
    another = {**BY_DAY, "IndexName": "by-day-too"}
    assert refused_update(
        client, **{**ADD, "GlobalSecondaryIndexUpdates": [{"Create": another}]}
    ) == (
        "LimitExceededException: Subscriber limit exceeded: Only 1 online index can be created or "
        "deleted simultaneously per table"
    )
    assert "while indexes are being created" in refused(client.delete_table, TableName="orders")
    update(client, **RAISE)  # the table itself may be changed

    clock.advance(540.0)
    assert statuses(client) == ("ACTIVE", ["ACTIVE"])
    assert "Backfilling" not in table(client)["GlobalSecondaryIndexes"][0]
    client.query(TableName="orders", **read)
    assert simulator.units("orders") == Units(5, 9)


def test_an_index_that_is_removed_is_shown_once(start: Start) -> None:
    client = orders(start(index_delete_seconds=4.0), GlobalSecondaryIndexes=[BY_DAY])
    update(client, **REMOVE)
    assert statuses(client) == ("UPDATING", ["DELETING"])


@NOT_ON_DYNAMODB_LOCAL
def test_an_index_that_is_removed_holds_the_table_and_is_not_read(
    start: Start, clock: VirtualClock
) -> None:
    client = orders(start(index_delete_seconds=4.0), GlobalSecondaryIndexes=[BY_DAY])
    update(client, **REMOVE)
    assert statuses(client) == ("UPDATING", ["DELETING"])
    assert refused(client.scan, TableName="orders", IndexName="by-day") == (
        "ValidationException: The table does not have the specified index: by-day"
    )
    assert "in use: Table is being updated" in refused_update(client, **RAISE)
    clock.advance(4.0)
    assert statuses(client) == ("ACTIVE", [])


@NOT_ON_DYNAMODB_LOCAL
def test_an_index_may_be_given_up_while_it_is_filled(start: Start, clock: VirtualClock) -> None:
    client = orders(start(index_create_seconds=600.0, index_delete_seconds=4.0))
    update(client, **ADD)
    clock.advance(60.0)
    update(client, **REMOVE)
    assert statuses(client) == ("UPDATING", ["DELETING"])
    clock.advance(4.0)
    assert statuses(client) == ("ACTIVE", [])


def test_an_index_there_is_or_is_not(start: Start) -> None:
    client = orders(start(), GlobalSecondaryIndexes=[BY_DAY])
    assert refused_update(client, **ADD) == (
        "ValidationException: Attempting to create an index which already exists"
    )
    remove = [{"Delete": {"IndexName": "ghost"}}]
    assert refused_update(client, GlobalSecondaryIndexUpdates=remove) == (
        "ResourceNotFoundException: Requested resource not found: Index ghost for table orders"
    )
    change = [{"Update": {"IndexName": "ghost", "ProvisionedThroughput": UNITS}}]
    assert "Index ghost for table orders" in refused_update(
        client, GlobalSecondaryIndexUpdates=change
    )


# Combinations


@pytest.mark.parametrize(
    ("request_part", "words"),
    [
        ({}, "At least one of ProvisionedThroughput, BillingMode"),
        (
            {**RAISE, "SSESpecification": {"Enabled": True}},
            "Server-Side Encryption modification must be the only operation in the request",
        ),
        (
            {**RAISE, "TableClass": "STANDARD_INFREQUENT_ACCESS"},
            "TableClass modification must be the only operation in the request",
        ),
        (
            {**RAISE, "DeletionProtectionEnabled": True},
            "DeletionProtection modification must be the only operation in the request",
        ),
        (
            {**RAISE, "StreamSpecification": STREAM},
            "You cannot modify stream status while updating table IOPS",
        ),
        ({**RAISE, **ADD}, "You cannot create or delete index while updating table IOPS"),
        (
            {**ADD, "StreamSpecification": STREAM},
            "You cannot create or delete index while changing stream status",
        ),
        (
            {**RAISE, "OnDemandThroughput": {"MaxReadRequestUnits": 5}},
            "OnDemandThroughput can only be combined with BillingMode",
        ),
        (
            {
                "GlobalSecondaryIndexUpdates": [
                    {"Update": {"IndexName": "by-day", "ProvisionedThroughput": UNITS}},
                    {"Delete": {"IndexName": "by-day"}},
                ]
            },
            "Only one global secondary index update per index is allowed simultaneously. "
            "Index: by-day",
        ),
    ],
)
def test_what_does_not_go_together_is_refused_whole(
    start: Start, request_part: dict[str, Any], words: str
) -> None:
    simulator = start()
    client = orders(simulator)
    answer = refused_update(client, **request_part)
    assert answer.startswith("ValidationException: ")
    assert words in answer
    assert simulator.updates == ()


def test_two_indexes_in_one_request_are_one_too_many(start: Start) -> None:
    client = orders(start())
    two = [{"Create": BY_DAY}, {"Create": {**BY_DAY, "IndexName": "by-day-too"}}]
    assert "Only 1 online index" in refused_update(
        client, AttributeDefinitions=ATTRIBUTES, GlobalSecondaryIndexUpdates=two
    )


# Streams


def test_a_stream_is_switched_off_before_its_view_type_changes(
    start: Start, clock: VirtualClock
) -> None:
    client = orders(start())
    assert refused_update(client, StreamSpecification={"StreamEnabled": False}) == (
        "ValidationException: Table has no stream to disable: TableName: orders"
    )
    update(client, StreamSpecification=STREAM)
    assert statuses(client) == ("UPDATING", [])
    first = table(client)["LatestStreamArn"]
    clock.advance(2.0)
    for view in ("KEYS_ONLY", "NEW_IMAGE"):
        change = {"StreamEnabled": True, "StreamViewType": view}
        assert refused_update(client, StreamSpecification=change) == (
            "ValidationException: Table already has an enabled stream: TableName: orders"
        )
    update(client, StreamSpecification={"StreamEnabled": False})
    clock.advance(2.0)
    client.put_item(TableName="orders", Item={"id": {"S": "1"}})
    change = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    update(client, StreamSpecification=change)
    clock.advance(2.0)
    found = table(client)
    assert found["StreamSpecification"] == change
    assert found["LatestStreamArn"] != first


@pytest.mark.parametrize(
    ("specification", "words"),
    [
        ({"StreamEnabled": True}, "If stream is being enabled then UpdateViewType is required"),
        (
            {"StreamEnabled": False, "StreamViewType": "KEYS_ONLY"},
            "If stream is being disabled, then UpdateViewType must not be specified",
        ),
    ],
)
def test_a_stream_has_a_view_type_if_and_only_if_it_is_on(
    start: Start, specification: dict[str, Any], words: str
) -> None:
    assert words in refused_update(orders(start()), StreamSpecification=specification)


# Time to live


def test_time_to_live_changes_once_an_hour_and_not_at_once(
    start: Start, clock: VirtualClock
) -> None:
    client = orders(start(ttl_seconds=30.0))

    def set_ttl(**specification: Any) -> None:
        client.update_time_to_live(
            TableName="orders", TimeToLiveSpecification={**TTL, **specification}
        )

    def described() -> dict[str, str]:
        answer = client.describe_time_to_live(TableName="orders")
        found: dict[str, str] = answer["TimeToLiveDescription"]
        return found

    assert refused(set_ttl, Enabled=False).endswith("TimeToLive is already disabled")
    set_ttl()
    assert described() == {"TimeToLiveStatus": "ENABLING", "AttributeName": "expires"}
    clock.advance(30.0)
    assert described() == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    assert refused(set_ttl).endswith("TimeToLive is already enabled")
    assert refused(set_ttl, AttributeName="other").endswith(
        "TimeToLive is active on a different AttributeName: current AttributeName is expires"
    )
    too_soon = "Time to live has been modified multiple times within a fixed interval"
    assert refused(set_ttl, Enabled=False) == f"ValidationException: {too_soon}"
    clock.advance(3570.0)
    set_ttl(Enabled=False)
    assert described() == {"TimeToLiveStatus": "DISABLING", "AttributeName": "expires"}
    clock.advance(3600.0)
    assert described() == {"TimeToLiveStatus": "DISABLED"}
    set_ttl(AttributeName="other")
    assert described()["AttributeName"] == "other"


# Tags


@NOT_ON_DYNAMODB_LOCAL
def test_a_change_of_tags_is_seen_after_a_while_and_locks_them(
    start: Start, clock: VirtualClock
) -> None:
    client = orders(start(tag_seconds=2.0))
    arn = table(client)["TableArn"]
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}])
    assert client.list_tags_of_resource(ResourceArn=arn)["Tags"] == []
    for call, request in (
        (client.tag_resource, {"Tags": [{"Key": "b", "Value": "2"}]}),
        (client.untag_resource, {"TagKeys": ["a"]}),
    ):
        assert refused(call, ResourceArn=arn, **request) == (
            "LimitExceededException: Subscriber limit exceeded: Table tags are being updated: "
            "orders"
        )
    assert "in use: Table tags are being updated" in refused(
        client.delete_table, TableName="orders"
    )
    update(client, **RAISE)  # the lock is one of tags
    clock.advance(2.0)
    assert client.list_tags_of_resource(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "1"}]
    client.untag_resource(ResourceArn=arn, TagKeys=["a"])


@NOT_ON_DYNAMODB_LOCAL
def test_a_tag_that_is_written_again_is_replaced(start: Start) -> None:
    client = orders(start())
    arn = table(client)["TableArn"]
    for number in range(25):
        tags = [{"Key": key, "Value": str(number)} for key in ("a", "b")]
        client.tag_resource(ResourceArn=arn, Tags=tags)

    answer = client.list_tags_of_resource(ResourceArn=arn)

    assert answer["Tags"] == tags
    assert "NextToken" not in answer


# Quotas


def test_the_account_has_a_quota_over_all_tables(start: Start, clock: VirtualClock) -> None:
    simulator = start(account_max_units=20)
    client = orders(simulator, GlobalSecondaryIndexes=[BY_DAY])
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 16}
    assert refused_update(client, ProvisionedThroughput=units) == (
        "LimitExceededException: This request would have caused the WriteCapacityUnits limit to "
        "be exceeded for the account in us-east-1. Current WriteCapacityUnits reserved by the "
        "account: 10. Limit: 20. Requested: 11. Refer to the Amazon DynamoDB Developer Guide for "
        "current limits and how to request higher limits."
    )
    with pytest.raises(ClientError, match="limit to be exceeded for the account"):
        simulator.create_table("another", write=11)
    update(client, ProvisionedThroughput={**units, "WriteCapacityUnits": 15})
    clock.advance(2.0)
    with pytest.raises(ClientError, match="limit to be exceeded for the account"):
        simulator.create_table("another", write=1)


def test_the_quota_of_a_table_can_be_set(start: Start) -> None:
    client = orders(start(table_max_units=8))
    assert "9, is above the per table maximum" in refused_update(client, **RAISE)


def test_changes_of_tables_have_a_rate(start: Start, clock: VirtualClock) -> None:
    simulator = start(control_plane_rate=1)
    client = orders(simulator)
    assert refused_update(client, **RAISE) == (
        "ThrottlingException: The rate of control plane requests made by this account is too high"
    )
    assert statuses(client) == ("ACTIVE", [])
    clock.advance(1.0)
    update(client, **RAISE)


def test_so_many_tables_may_change_at_once(start: Start, clock: VirtualClock) -> None:
    simulator = start(concurrent_changes=1)
    client = orders(simulator)
    simulator.create_table("another")
    update(client, **RAISE)
    refusal = refused(client.delete_table, TableName="another")
    assert "Only 1 tables can be created, updated, or deleted simultaneously" in refusal
    clock.advance(2.0)
    client.delete_table(TableName="another")


# What emulators forget


def test_billing_mode_is_shown_of_tables_that_were_on_demand_once(
    start: Start, clock: VirtualClock
) -> None:
    client = orders(start())
    assert "BillingModeSummary" not in table(client)
    update(client, BillingMode="PAY_PER_REQUEST")
    clock.advance(2.0)
    summary = table(client)["BillingModeSummary"]
    assert summary["BillingMode"] == "PAY_PER_REQUEST"
    update(client, BillingMode="PROVISIONED", ProvisionedThroughput=UNITS)
    clock.advance(2.0)
    assert table(client)["BillingModeSummary"] == {**summary, "BillingMode": "PROVISIONED"}


def test_on_demand_maximum_is_kept_member_by_member(start: Start) -> None:
    client = orders(
        start(), BillingMode="PAY_PER_REQUEST", OnDemandThroughput={"MaxReadRequestUnits": 9}
    )
    assert table(client)["OnDemandThroughput"] == {"MaxReadRequestUnits": 9}
    update(client, OnDemandThroughput={"MaxWriteRequestUnits": 7})
    both = {"MaxReadRequestUnits": 9, "MaxWriteRequestUnits": 7}
    assert table(client)["OnDemandThroughput"] == both
    clear = {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": -1}
    update(client, OnDemandThroughput=clear)
    assert "OnDemandThroughput" not in table(client)
    assert "outside of valid range" in refused_update(
        client, OnDemandThroughput={"MaxReadRequestUnits": 0}
    )


def test_the_maximum_of_an_index_makes_the_index_updating_and_not_the_table(
    start: Start, clock: VirtualClock
) -> None:
    by_day = {name: value for name, value in BY_DAY.items() if name != "ProvisionedThroughput"}
    simulator = start(index_update_seconds=3.0)
    client = orders(simulator, BillingMode="PAY_PER_REQUEST", GlobalSecondaryIndexes=[by_day])

    def maximum(units: int) -> dict[str, Any]:
        both = {"MaxReadRequestUnits": units, "MaxWriteRequestUnits": units}
        change = {"IndexName": "by-day", "OnDemandThroughput": both}
        return {"GlobalSecondaryIndexUpdates": [{"Update": change}]}

    update(client, OnDemandThroughput={"MaxReadRequestUnits": 9, "MaxWriteRequestUnits": 9})
    assert statuses(client) == ("ACTIVE", ["ACTIVE"]), "that of a table is set at once"
    update(client, **maximum(7))
    assert statuses(client) == ("ACTIVE", ["UPDATING"])
    (index,) = table(client)["GlobalSecondaryIndexes"]
    assert index["OnDemandThroughput"]["MaxWriteRequestUnits"] == 7
    assert "Index is being updated. Table: orders Index: by-day" in refused_update(
        client, **maximum(8)
    )
    clock.advance(3.0)
    assert statuses(client) == ("ACTIVE", ["ACTIVE"])
    update(client, **maximum(7))  # the same again is no error
    clock.advance(3.0)
    history = simulator.capacity_history("orders", "by-day")
    assert [units for _, units in history] == [Units(0, 0)]
    assert "exceeds TableMaxReadCapacityUnits" in refused_update(client, **maximum(40_001))


def test_a_provisioned_table_has_no_on_demand_maximum(start: Start) -> None:
    client = orders(start())
    assert "cannot be specified when the table BillingMode is PROVISIONED" in refused_update(
        client, OnDemandThroughput={"MaxReadRequestUnits": 5}
    )


def test_table_class_and_warm_throughput_are_shown(start: Start, clock: VirtualClock) -> None:
    client = orders(start())
    assert "TableClassSummary" not in table(client)
    update(client, TableClass="STANDARD_INFREQUENT_ACCESS")
    assert statuses(client) == ("UPDATING", [])
    clock.advance(2.0)
    update(client, **RAISE)
    clock.advance(2.0)
    update(client, ProvisionedThroughput=UNITS)
    clock.advance(2.0)
    found = table(client)
    assert found["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert found["WarmThroughput"] == {
        "ReadUnitsPerSecond": 5,
        "WriteUnitsPerSecond": 9,  # it never decreases
        "Status": "ACTIVE",
    }


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"create_seconds": -1.0}, "create_seconds must not be negative"),
        ({"delete_seconds": float("inf")}, "delete_seconds must not be negative, and not infinite"),
        ({"account_max_units": 0}, "account_max_units must be a positive number, got 0"),
        ({"burst_seconds": float("nan")}, "burst_seconds must be a positive number, got nan"),
        ({"update_seconds": "2"}, "update_seconds must be a number, got '2'"),
        ({"update_seconds": None}, "update_seconds must be a number, got None"),
        ({"create_seconds": True}, "create_seconds must be a number, got True"),
        ({"control_plane_rate": 0.5}, "control_plane_rate must be a whole number"),
        ({"start_full": "no"}, "start_full must be True or False, got 'no'"),
        ({"reasons": None}, "reasons must be True or False, got None"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SimulatedDynamoDB(**settings)


def test_settings_and_tags_of_a_table_that_is_not_there(start: Start) -> None:
    client = start().client(config=ONCE)
    no_such_table = client.exceptions.ResourceNotFoundException
    with pytest.raises(no_such_table):
        client.update_time_to_live(TableName="nowhere", TimeToLiveSpecification=TTL)
    with pytest.raises(no_such_table):
        client.describe_time_to_live(TableName="nowhere")
    arn = "arn:aws:dynamodb:us-east-1:123456789012:table/nowhere"
    with pytest.raises(no_such_table):
        client.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])
    with pytest.raises(no_such_table):
        client.untag_resource(ResourceArn=arn, TagKeys=["a"])


def test_a_billing_mode_that_there_is_not(start: Start) -> None:
    client = orders(start())
    words = "Value 'ON_DEMAND' at 'billingMode' failed to satisfy constraint"
    assert words in refused_update(client, BillingMode="ON_DEMAND")
    request = {"KeySchema": KEY, "AttributeDefinitions": ATTRIBUTES[:1]}
    assert words in refused(
        client.create_table, TableName="carts", BillingMode="ON_DEMAND", **request
    )
    assert "carts" not in client.list_tables()["TableNames"]


def test_capacity_for_an_index_that_is_not_there(start: Start) -> None:
    client = orders(start(), BillingMode="PAY_PER_REQUEST")
    nowhere = [{"Update": {"IndexName": "nowhere", "ProvisionedThroughput": UNITS}}]
    assert refused_update(
        client,
        BillingMode="PROVISIONED",
        ProvisionedThroughput=UNITS,
        GlobalSecondaryIndexUpdates=nowhere,
    ) == ("ResourceNotFoundException: Requested resource not found: Index nowhere for table orders")
    assert "BillingModeSummary" in table(client)


def test_a_table_of_the_same_name_has_its_own_times(start: Start, clock: VirtualClock) -> None:
    simulator = start(update_seconds=2.0)
    simulator.create_table("carts", write=1, update_seconds=60.0)
    client = simulator.client(config=ONCE)
    client.delete_table(TableName="carts")
    simulator.create_table("carts", write=1)
    client.update_table(TableName="carts", ProvisionedThroughput=UNITS)
    clock.advance(2.0)
    assert client.describe_table(TableName="carts")["Table"]["TableStatus"] == "ACTIVE"


def test_the_library_raises_a_table_while_an_index_is_filled(
    start: Start, clock: VirtualClock
) -> None:
    simulator = start(index_create_seconds=600.0, start_full=False)
    client = orders(simulator)
    update(client, **ADD)
    clock.advance(60.0)
    runtime = Runtime(clock, clock, lambda: 0.5)
    scaling = simulator.client()
    config = ScalingConfig(max_write_capacity=40, policy="geometric")
    attach_to(scaling, config, [], runtime=runtime)

    spent = int(simulator.available("orders", Dimension.WRITE)) + 1
    for number in range(spent):
        scaling.put_item(TableName="orders", Item={"id": {"S": str(number)}})

    assert [dict(each.after) for each in simulator.updates] == [{None: Units(5, 10)}]
    clock.advance(5.0)
    assert simulator.units("orders") == Units(5, 10)
    assert statuses(client) == ("ACTIVE", ["CREATING"])
