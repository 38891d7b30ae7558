"""The properties of a table in a template as the arguments of ``create_table``.

What CreateTable has no member for stands beside them, as `TableSpec.from_boto3` takes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynoresilience.tables.sources.gather import Gathered

_TYPES = {"String": "S", "Number": "N", "Binary": "B"}


def simple_table(properties: Mapping[str, Any], path: str, gathered: Gathered) -> dict[str, Any]:
    """What AWS SAM makes of an AWS::Serverless::SimpleTable: on demand, unless it has capacity."""
    key = {"Name": "id", "Type": "String", **properties.get("PrimaryKey", {})}
    if key["Type"] not in _TYPES:
        gathered.fault(f"{path}.PrimaryKey.Type", key["Type"], f"is one of {', '.join(_TYPES)}")
    request = {
        "AttributeDefinitions": [
            {"AttributeName": key["Name"], "AttributeType": _TYPES.get(key["Type"])}
        ],
        "KeySchema": [{"AttributeName": key["Name"], "KeyType": "HASH"}],
        **{name: value for name, value in properties.items() if name != "PrimaryKey"},
    }
    if "ProvisionedThroughput" not in properties:
        request["BillingMode"] = "PAY_PER_REQUEST"
    if "Tags" in properties:
        request["Tags"] = [{"Key": k, "Value": v} for k, v in properties["Tags"].items()]
    return request


def global_table(properties: Mapping[str, Any], path: str, gathered: Gathered) -> dict[str, Any]:
    """What an AWS::DynamoDB::GlobalTable is in its one region."""
    replicas = properties.get("Replicas", [])
    if len(replicas) != 1:
        regions = [replica.get("Region") for replica in replicas]
        remedy = "a TableSpec is a table in one region, and so is what can be read here"
        gathered.fault(f"{path}.Replicas", regions, remedy)
        return {}
    [replica] = replicas
    request = {
        **_with_settings(properties, replica),
        **{name: value for name, value in replica.items() if name in _TAKEN},
    }
    indexes = {index["IndexName"]: index for index in replica.get("GlobalSecondaryIndexes", [])}
    if "GlobalSecondaryIndexes" in properties:
        request["GlobalSecondaryIndexes"] = [
            _with_settings(index, indexes.pop(index["IndexName"], {}))
            for index in properties["GlobalSecondaryIndexes"]
        ]
    for name in indexes:
        where = f"{path}.Replicas[0].GlobalSecondaryIndexes"
        gathered.fault(where, name, "the table has no such index")
    if "SSESpecification" in replica:
        request["SSESpecification"] = {
            **properties.get("SSESpecification", {}),
            **replica["SSESpecification"],
        }
    return request


_TAKEN = (
    "DeletionProtectionEnabled",
    "PointInTimeRecoverySpecification",
    "TableClass",
    "Tags",
)
_SETTINGS = {
    "ReadOnDemandThroughputSettings": "OnDemandThroughput",
    "WriteOnDemandThroughputSettings": "OnDemandThroughput",
    "ReadProvisionedThroughputSettings": "ProvisionedThroughput",
}


def _with_settings(of: Mapping[str, Any], replica: Mapping[str, Any]) -> dict[str, Any]:
    """A table or an index with what its replica says of throughput and insights."""
    request = {
        name: value for name, value in of.items() if name not in _SETTINGS and name != "Replicas"
    }
    for name, member in _SETTINGS.items():
        for source in (of, replica):  # what the replica says goes before
            if name in source:
                request[member] = {**request.get(member, {}), **source[name]}
    if "ContributorInsightsSpecification" in replica:
        request["ContributorInsightsSpecification"] = replica["ContributorInsightsSpecification"]
    return request
