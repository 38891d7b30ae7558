"""A spec as the arguments of boto3's ``create_table``, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dynoresilience.tables.spec import GlobalIndex, LocalIndex, TableSpec

_THROUGHPUT = {
    "ProvisionedThroughput": {
        "ReadCapacityUnits": "read_capacity_units",
        "WriteCapacityUnits": "write_capacity_units",
    },
    "OnDemandThroughput": {
        "MaxReadRequestUnits": "max_read_request_units",
        "MaxWriteRequestUnits": "max_write_request_units",
    },
    "WarmThroughput": {
        "ReadUnitsPerSecond": "warm_read_units_per_second",
        "WriteUnitsPerSecond": "warm_write_units_per_second",
    },
}
_KINDS = {"hash_key": "HASH", "range_key": "RANGE"}


def create_request(spec: TableSpec) -> dict[str, Any]:
    """The arguments of CreateTable."""
    request: dict[str, Any] = {
        "TableName": spec.name,
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in spec.attributes.items()
        ],
        "KeySchema": key_schema((spec.hash_key,), (spec.range_key,) if spec.range_key else ()),
        "BillingMode": spec.billing_mode,
        **throughput_members(spec),
    }
    if spec.global_secondary_indexes:
        request["GlobalSecondaryIndexes"] = [
            global_index(index) for index in spec.global_secondary_indexes
        ]
    if spec.local_secondary_indexes:
        request["LocalSecondaryIndexes"] = [
            {
                "IndexName": index.name,
                "KeySchema": key_schema((spec.hash_key,), (index.range_key,)),
                "Projection": projection(index),
            }
            for index in spec.local_secondary_indexes
        ]
    if spec.stream_view_type is not None:
        request["StreamSpecification"] = stream_specification(spec.stream_view_type)
    if spec.deletion_protection is not None:
        request["DeletionProtectionEnabled"] = spec.deletion_protection
    if spec.table_class is not None:
        request["TableClass"] = spec.table_class
    if spec.sse is not None:
        request["SSESpecification"] = sse_specification(spec)
    if spec.tags:
        request["Tags"] = [{"Key": key, "Value": value} for key, value in spec.tags.items()]
    return request


def key_schema(hashes: Iterable[str], ranges: Iterable[str]) -> list[dict[str, str]]:
    """The ``KeySchema`` of these attributes."""
    schema = [{"AttributeName": name, "KeyType": "HASH"} for name in hashes]
    return schema + [{"AttributeName": name, "KeyType": "RANGE"} for name in ranges]


def global_index(index: GlobalIndex) -> dict[str, Any]:
    """How CreateTable, and the ``Create`` of an UpdateTable, want an index."""
    return {
        "IndexName": index.name,
        "KeySchema": key_schema(index.hash_key, index.range_key),
        "Projection": projection(index),
        **throughput_members(index),
    }


def projection(index: GlobalIndex | LocalIndex) -> dict[str, Any]:
    """The ``Projection`` of an index."""
    members: dict[str, Any] = {"ProjectionType": index.projection_type}
    if index.non_key_attributes:
        members["NonKeyAttributes"] = list(index.non_key_attributes)
    return members


def throughput_members(of: TableSpec | GlobalIndex) -> dict[str, dict[str, int]]:
    """``ProvisionedThroughput``, ``OnDemandThroughput`` and ``WarmThroughput``, as declared."""
    found = {
        member: {
            name: getattr(of, field)
            for name, field in fields.items()
            if getattr(of, field) is not None
        }
        for member, fields in _THROUGHPUT.items()
    }
    return {member: values for member, values in found.items() if values}


def stream_specification(view: str | bool) -> dict[str, Any]:
    """The ``StreamSpecification`` for a stream view, or for none (False)."""
    return {"StreamEnabled": True, "StreamViewType": view} if view else {"StreamEnabled": False}


def sse_specification(spec: TableSpec) -> dict[str, Any]:
    """The ``SSESpecification`` of a spec that declares it."""
    if not spec.sse:
        return {"Enabled": False}
    return {
        "Enabled": True,
        "SSEType": "KMS",
        **({"KMSMasterKeyId": spec.kms_key} if spec.kms_key else {}),
    }


def fields_of(request: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the `TableSpec` that the arguments of ``create_table`` describe."""
    fields: dict[str, Any] = {}
    if "TableName" in request:
        fields["name"] = request["TableName"]
    fields["attributes"] = {
        entry["AttributeName"]: entry["AttributeType"]
        for entry in request.get("AttributeDefinitions") or ()
    }
    hashes, ranges = _keys(request)
    if hashes:
        fields["hash_key"] = hashes[0]
    if ranges:
        fields["range_key"] = ranges[0]
    if request.get("BillingMode"):
        fields["billing_mode"] = request["BillingMode"]
    fields |= _throughput_fields(request)
    fields["global_secondary_indexes"] = [
        _global_fields(entry) for entry in request.get("GlobalSecondaryIndexes") or ()
    ]
    fields["local_secondary_indexes"] = [
        _local_fields(entry) for entry in request.get("LocalSecondaryIndexes") or ()
    ]
    stream = request.get("StreamSpecification")
    if stream is not None:
        on = stream.get("StreamEnabled", True)
        fields["stream_view_type"] = stream.get("StreamViewType") if on else False
    if request.get("DeletionProtectionEnabled") is not None:
        fields["deletion_protection"] = request["DeletionProtectionEnabled"]
    if request.get("TableClass") is not None:
        fields["table_class"] = request["TableClass"]
    sse = request.get("SSESpecification")
    if sse is not None:
        fields["sse"] = sse.get("Enabled", sse.get("SSEEnabled", True))
        if sse.get("KMSMasterKeyId"):
            fields["kms_key"] = sse["KMSMasterKeyId"]
    if request.get("Tags") is not None:
        fields["tags"] = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
    return fields | _beside(request)


def _beside(request: Mapping[str, Any]) -> dict[str, Any]:
    """What CreateTable has no member for."""
    fields: dict[str, Any] = {}
    ttl = request.get("TimeToLiveSpecification")
    if ttl is not None:
        fields["time_to_live"] = ttl.get("AttributeName") if ttl.get("Enabled", True) else False
    backups = request.get("PointInTimeRecoverySpecification")
    if backups is not None:
        fields["point_in_time_recovery"] = backups.get("PointInTimeRecoveryEnabled", False)
        if backups.get("RecoveryPeriodInDays") is not None:
            fields["recovery_period_days"] = backups["RecoveryPeriodInDays"]
    return fields | _insight_fields(request)


def _insight_fields(entry: Mapping[str, Any]) -> dict[str, Any]:
    insights = entry.get("ContributorInsightsSpecification")
    if insights is None:
        return {}
    on = insights.get("Enabled", True)
    return {"contributor_insights": insights.get("Mode") or True if on else False}


def _keys(entry: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    schema = entry.get("KeySchema") or ()
    hashes, ranges = (
        [key["AttributeName"] for key in schema if key.get("KeyType") == kind]
        for kind in _KINDS.values()
    )
    return hashes, ranges


def _throughput_fields(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        field: entry[member][name]
        for member, fields in _THROUGHPUT.items()
        for name, field in fields.items()
        if (entry.get(member) or {}).get(name) is not None
    }


def _global_fields(entry: Mapping[str, Any]) -> dict[str, Any]:
    hashes, ranges = _keys(entry)
    return {
        "name": entry.get("IndexName"),
        "hash_key": tuple(hashes),
        "range_key": tuple(ranges),
        **_projection_fields(entry),
        **_throughput_fields(entry),
        **_insight_fields(entry),
    }


def _local_fields(entry: Mapping[str, Any]) -> dict[str, Any]:
    _, ranges = _keys(entry)
    return {
        "name": entry.get("IndexName"),
        "range_key": ranges[0] if ranges else None,
        **_projection_fields(entry),
    }


def _projection_fields(entry: Mapping[str, Any]) -> dict[str, Any]:
    projection = entry.get("Projection") or {}
    fields = {"projection_type": projection.get("ProjectionType")}
    if projection.get("NonKeyAttributes"):
        fields["non_key_attributes"] = tuple(projection["NonKeyAttributes"])
    return {name: value for name, value in fields.items() if value is not None}
