"""The properties of tables in a template: which there are, and of what kind their values are.

Source: AWS::DynamoDB::Table, AWS::DynamoDB::GlobalTable (CloudFormation Template Reference) and
AWS::Serverless::SimpleTable (AWS SAM Developer Guide).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a single value is."""

    TEXT = "text"
    NUMBER = "a whole number"
    SWITCH = "true or false"
    FOREIGN = "nothing that a TableSpec can say"


@dataclass(frozen=True)
class Members:
    """A mapping: its members and, of these, the ones it can't be without."""

    of: Mapping[str, Shape]
    needed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Each:
    """A list: what each entry is."""

    of: Shape


@dataclass(frozen=True)
class ByName:
    """A mapping from any name to text, as SAM has its tags."""


Shape = Kind | Members | Each | ByName

_TEXT, _NUMBER, _SWITCH, _FOREIGN = Kind.TEXT, Kind.NUMBER, Kind.SWITCH, Kind.FOREIGN


def _all(**of: Shape) -> Members:
    return Members(of, tuple(of))


_INSIGHTS = Members({"Enabled": _SWITCH, "Mode": _TEXT}, ("Enabled",))
_RECOVERY = Members({"PointInTimeRecoveryEnabled": _SWITCH, "RecoveryPeriodInDays": _NUMBER})
_TTL = Members({"AttributeName": _TEXT, "Enabled": _SWITCH}, ("Enabled",))
_STREAM = Members({"StreamViewType": _TEXT, "ResourcePolicy": _FOREIGN}, ("StreamViewType",))
_CAPACITY = _all(ReadCapacityUnits=_NUMBER, WriteCapacityUnits=_NUMBER)
_SSE = {"SSEEnabled": _SWITCH, "SSEType": _TEXT}
_TAGS = Each(_all(Key=_TEXT, Value=_TEXT))
_INDEX: dict[str, Shape] = {
    "IndexName": _TEXT,
    "KeySchema": Each(_all(AttributeName=_TEXT, KeyType=_TEXT)),
    "Projection": Members({"ProjectionType": _TEXT, "NonKeyAttributes": Each(_TEXT)}),
}
_NAMED = ("IndexName", "KeySchema", "Projection")
_THROUGHPUT: dict[str, Shape] = {
    "ProvisionedThroughput": _CAPACITY,
    "OnDemandThroughput": Members(
        {"MaxReadRequestUnits": _NUMBER, "MaxWriteRequestUnits": _NUMBER}
    ),
    "WarmThroughput": Members({"ReadUnitsPerSecond": _NUMBER, "WriteUnitsPerSecond": _NUMBER}),
    "ContributorInsightsSpecification": _INSIGHTS,
}
_COMMON: dict[str, Shape] = {
    "TableName": _TEXT,
    "AttributeDefinitions": Each(_all(AttributeName=_TEXT, AttributeType=_TEXT)),
    "KeySchema": _INDEX["KeySchema"],
    "BillingMode": _TEXT,
    "LocalSecondaryIndexes": Each(Members(_INDEX, _NAMED)),
    "StreamSpecification": _STREAM,
    "TimeToLiveSpecification": _TTL,
    "WarmThroughput": _THROUGHPUT["WarmThroughput"],
}
_REGIONAL: dict[str, Shape] = {
    "DeletionProtectionEnabled": _SWITCH,
    "PointInTimeRecoverySpecification": _RECOVERY,
    "TableClass": _TEXT,
    "Tags": _TAGS,
    "KinesisStreamSpecification": _FOREIGN,
    "ResourcePolicy": _FOREIGN,
}
ESSENTIAL = ("TableName", "AttributeDefinitions", "KeySchema", "BillingMode", "Replicas")
"""What no table can be read without: CloudFormation's own default would say something else."""

_KEYED = ("AttributeDefinitions", "KeySchema")

TABLE = Members(
    {
        **_COMMON,
        **_THROUGHPUT,
        **_REGIONAL,
        "GlobalSecondaryIndexes": Each(Members({**_INDEX, **_THROUGHPUT}, _NAMED)),
        "SSESpecification": Members({**_SSE, "KMSMasterKeyId": _TEXT}, ("SSEEnabled",)),
        "ImportSourceSpecification": _FOREIGN,
    },
    _KEYED,
)
"""AWS::DynamoDB::Table."""

SIMPLE_TABLE = Members(
    {
        "TableName": _TEXT,
        "PrimaryKey": Members({"Name": _TEXT, "Type": _TEXT}, ("Type",)),
        "ProvisionedThroughput": _CAPACITY,
        "PointInTimeRecoverySpecification": _RECOVERY,
        "SSESpecification": TABLE.of["SSESpecification"],
        "Tags": ByName(),
    }
)
"""AWS::Serverless::SimpleTable."""

_READ_SETTINGS: dict[str, Shape] = {
    "ReadOnDemandThroughputSettings": Members({"MaxReadRequestUnits": _NUMBER}),
    "ReadProvisionedThroughputSettings": Members(
        {"ReadCapacityUnits": _NUMBER, "ReadCapacityAutoScalingSettings": _FOREIGN}
    ),
}
_WRITE_SETTINGS: dict[str, Shape] = {
    "WriteOnDemandThroughputSettings": Members({"MaxWriteRequestUnits": _NUMBER}),
    # Auto scaling is all that there is for the writes of a provisioned global table.
    "WriteProvisionedThroughputSettings": _FOREIGN,
}
_REPLICA = Members(
    {
        **_REGIONAL,
        **_READ_SETTINGS,
        "Region": _TEXT,
        "ContributorInsightsSpecification": _INSIGHTS,
        "GlobalSecondaryIndexes": Each(
            Members(
                {
                    **_READ_SETTINGS,
                    "IndexName": _TEXT,
                    "ContributorInsightsSpecification": _INSIGHTS,
                },
                ("IndexName",),
            )
        ),
        "SSESpecification": _all(KMSMasterKeyId=_TEXT),
        "ReplicaStreamSpecification": _FOREIGN,
        "GlobalTableSettingsReplicationMode": _FOREIGN,
    },
    ("Region",),
)
GLOBAL_TABLE = Members(
    {
        **_COMMON,
        **_READ_SETTINGS,
        **_WRITE_SETTINGS,
        "GlobalSecondaryIndexes": Each(
            Members(
                {
                    **_INDEX,
                    **_READ_SETTINGS,
                    **_WRITE_SETTINGS,
                    "WarmThroughput": _THROUGHPUT["WarmThroughput"],
                },
                _NAMED,
            )
        ),
        "SSESpecification": Members(_SSE, ("SSEEnabled",)),
        "Replicas": Each(_REPLICA),
        "MultiRegionConsistency": _FOREIGN,
        "GlobalTableWitnesses": _FOREIGN,
        "GlobalTableSourceArn": _FOREIGN,
    },
    (*_KEYED, "Replicas"),
)
"""AWS::DynamoDB::GlobalTable."""
