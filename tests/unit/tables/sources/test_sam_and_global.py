"""The tables of a template that are no AWS::DynamoDB::Table."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dynoresilience.tables import TableSpec
from tests.unit.tables.sources.files import Write, faults_of, write

__all__ = ["write"]


def simple(write: Write, properties: Any, **template: Any) -> Any:
    resource = {"Type": "AWS::Serverless::SimpleTable", "Properties": properties}
    return write(json.dumps({"Resources": {"Orders": resource}, **template}), "t.json")


def test_a_simple_table_is_on_demand_with_an_id(write: Write) -> None:
    spec = TableSpec.from_cloudformation(simple(write, {"TableName": "orders"}))
    assert spec == TableSpec(
        name="orders", hash_key="id", attributes={"id": "S"}, billing_mode="PAY_PER_REQUEST"
    )


def test_a_simple_table_with_everything(write: Write) -> None:
    properties = {
        "TableName": "orders",
        "PrimaryKey": {"Name": "n", "Type": "Number"},
        "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": "6"},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "Tags": {"team": "shop"},
    }
    every = {"Globals": {"SimpleTable": {"SSESpecification": {"SSEEnabled": True}}}}
    assert TableSpec.from_cloudformation(simple(write, properties, **every)) == TableSpec(
        name="orders",
        hash_key="n",
        attributes={"n": "N"},
        read_capacity_units=5,
        write_capacity_units=6,
        point_in_time_recovery=True,
        sse=True,
        tags={"team": "shop"},
    )


def test_a_simple_table_without_properties(write: Write) -> None:
    template = {"Resources": {"Orders": {"Type": "AWS::Serverless::SimpleTable"}}}
    path = write(json.dumps(template), "t.json")
    assert TableSpec.from_cloudformation(path, parameters={"Orders": "orders"}).hash_key == "id"


@pytest.mark.parametrize(
    ("properties", "path"),
    [
        ({"TableName": "orders", "PrimaryKey": {"Type": "S"}}, ".Properties.PrimaryKey.Type"),
        ({"TableName": "orders", "PrimaryKey": {"Name": "n"}}, ".Properties.PrimaryKey.Type"),
        ({"TableName": "orders", "Tags": [{"Key": "a", "Value": "b"}]}, ".Properties.Tags"),
        ({"TableName": "orders", "Tags": {"stage": {"Ref": "Stage"}}}, ".Properties.Tags.stage"),
        ({"TableName": "orders", "BillingMode": "PROVISIONED"}, ".Properties.BillingMode"),
        ("", ".Properties"),
    ],
)
def test_what_is_no_simple_table(write: Write, properties: Any, path: str) -> None:
    faults = faults_of(TableSpec.from_cloudformation, simple(write, properties))
    assert list(faults) == [f"Resources.Orders{path}"]


def a_global(write: Write, **properties: Any) -> Any:
    merged = {
        "TableName": "orders",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
        "Replicas": [{"Region": "eu-central-1"}],
        **properties,
    }
    resource = {"Type": "AWS::DynamoDB::GlobalTable", "Properties": merged}
    return write(json.dumps({"Resources": {"Orders": resource}}), "t.json")


INDEX = {
    "IndexName": "by-id",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "KEYS_ONLY"},
}


def test_a_global_table_of_one_region_is_a_table(write: Write) -> None:
    path = a_global(
        write,
        WriteOnDemandThroughputSettings={"MaxWriteRequestUnits": 5},
        ReadOnDemandThroughputSettings={"MaxReadRequestUnits": 6},
        GlobalSecondaryIndexes=[
            {**INDEX, "WriteOnDemandThroughputSettings": {"MaxWriteRequestUnits": 9}}
        ],
        SSESpecification={"SSEEnabled": True},
        StreamSpecification={"StreamViewType": "NEW_AND_OLD_IMAGES"},
        TimeToLiveSpecification={"Enabled": False},
        Replicas=[
            {
                "Region": "eu-central-1",
                "ReadOnDemandThroughputSettings": {"MaxReadRequestUnits": 7},
                "ContributorInsightsSpecification": {"Enabled": True},
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "by-id",
                        "ReadOnDemandThroughputSettings": {"MaxReadRequestUnits": 8},
                        "ContributorInsightsSpecification": {"Enabled": False},
                    }
                ],
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
                "SSESpecification": {"KMSMasterKeyId": "alias/orders"},
                "DeletionProtectionEnabled": True,
                "TableClass": "STANDARD",
                "Tags": [{"Key": "team", "Value": "shop"}],
            }
        ],
    )
    assert TableSpec.from_cloudformation(path) == TableSpec(
        name="orders",
        hash_key="id",
        attributes={"id": "S"},
        billing_mode="PAY_PER_REQUEST",
        max_read_request_units=7,
        max_write_request_units=5,
        contributor_insights=True,
        stream_view_type="NEW_AND_OLD_IMAGES",
        time_to_live=False,
        point_in_time_recovery=True,
        deletion_protection=True,
        table_class="STANDARD",
        sse=True,
        kms_key="alias/orders",
        tags={"team": "shop"},
        global_secondary_indexes=[
            {
                "name": "by-id",
                "hash_key": "id",
                "projection_type": "KEYS_ONLY",
                "max_read_request_units": 8,
                "max_write_request_units": 9,
                "contributor_insights": False,
            }
        ],
    )


@pytest.mark.parametrize(
    ("properties", "path"),
    [
        ({"Replicas": [{"Region": "a"}, {"Region": "b"}]}, "Replicas"),
        ({"Replicas": []}, "Replicas"),
        ({"MultiRegionConsistency": "STRONG"}, "MultiRegionConsistency"),
        (
            {"Replicas": [{"Region": "a", "GlobalSecondaryIndexes": [{"IndexName": "none"}]}]},
            "Replicas[0].GlobalSecondaryIndexes",
        ),
        (
            {"WriteProvisionedThroughputSettings": {"WriteCapacityAutoScalingSettings": {}}},
            "WriteProvisionedThroughputSettings",
        ),
        (
            {
                "Replicas": [
                    {
                        "Region": "a",
                        "ReadProvisionedThroughputSettings": {
                            "ReadCapacityAutoScalingSettings": {}
                        },
                    }
                ]
            },
            "Replicas[0].ReadProvisionedThroughputSettings.ReadCapacityAutoScalingSettings",
        ),
        ({"ProvisionedThroughput": {}}, "ProvisionedThroughput"),
    ],
)
def test_what_a_spec_cannot_say_of_a_global_table(
    write: Write, properties: dict[str, Any], path: str
) -> None:
    faults = faults_of(TableSpec.from_cloudformation, a_global(write, **properties))
    assert list(faults) == [f"Resources.Orders.Properties.{path}"]
