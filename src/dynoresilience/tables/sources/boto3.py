"""A spec as the arguments of boto3's ``create_table``; `fields_of` is the way back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from dynoresilience.tables.sources.boto3_request import THROUGHPUT, fields_of

if TYPE_CHECKING:
    from dynoresilience.tables.spec import GlobalIndex, LocalIndex, TableSpec
__all__ = [
    "create_request",
    "fields_of",
    "global_index",
    "key_schema",
    "projection",
    "sse_specification",
    "stream_specification",
    "throughput_members",
]


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
        for member, fields in THROUGHPUT.items()
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
