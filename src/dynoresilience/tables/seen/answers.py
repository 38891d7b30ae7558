"""What a table is, out of the answers of DescribeTable and its siblings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from dynoresilience.tables.seen.found import (
    DEFAULT_INSIGHTS,
    DEFAULT_RECOVERY_DAYS,
    STANDARD,
    FoundIndex,
    FoundTable,
    Unseen,
)


def found_table(
    description: Mapping[str, Any],
    *,
    time_to_live: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    backups: Mapping[str, Any] | None = None,
    insights: Mapping[str | None, Mapping[str, Any]] | None = None,
    unseen: Mapping[str, Unseen] | None = None,
) -> FoundTable:
    """Read a table out of DynamoDB's answers; emulators leave members out.

    Args:
        description: ``Table`` of DescribeTable.
        time_to_live: ``TimeToLiveDescription`` of DescribeTimeToLive.
        tags: of ListTagsOfResource, all pages.
        backups: ``ContinuousBackupsDescription`` of DescribeContinuousBackups.
        insights: DescribeContributorInsights by index, None for the table.
        unseen: what could not be seen.
    """
    insights = insights or {}
    ttl, ttl_status = _time_to_live(time_to_live or {})
    recovery = (backups or {}).get("PointInTimeRecoveryDescription") or {}
    recovers = recovery.get("PointInTimeRecoveryStatus") == "ENABLED"
    stream = description.get("StreamSpecification") or {}
    sse = description.get("SSEDescription") or {}
    created = description.get("CreationDateTime")
    hash_key, range_key = _keys(description)
    indexes = [
        _index(entry, insights.get(entry["IndexName"]))
        for entry in description.get("GlobalSecondaryIndexes") or ()
    ]
    indexes += [
        _index(entry, None, local=True) for entry in description.get("LocalSecondaryIndexes") or ()
    ]
    insight, insight_status = _insights(insights.get(None))
    return FoundTable(
        name=description["TableName"],
        arn=description.get("TableArn") or "",
        table_id=str(description.get("TableId") or created),
        status=description.get("TableStatus") or "ACTIVE",
        created=created.timestamp() if isinstance(created, datetime) else None,
        attributes={
            entry["AttributeName"]: entry["AttributeType"]
            for entry in description.get("AttributeDefinitions") or ()
        },
        hash_key=hash_key,
        range_key=range_key,
        billing_mode=_billing_mode(description),
        indexes={index.name: index for index in indexes},
        stream_view_type=stream.get("StreamViewType", False)
        if stream.get("StreamEnabled")
        else False,
        stream_arn=description.get("LatestStreamArn"),
        deletion_protection=bool(description.get("DeletionProtectionEnabled")),
        table_class=(description.get("TableClassSummary") or {}).get("TableClass") or STANDARD,
        sse=sse.get("Status") in ("ENABLED", "ENABLING", "UPDATING"),
        kms_key=sse.get("KMSMasterKeyArn"),
        sse_status=sse.get("Status") or "DISABLED",
        time_to_live=ttl,
        time_to_live_status=ttl_status,
        tags=dict(tags or {}),
        point_in_time_recovery=recovers,
        recovery_period_days=(recovery.get("RecoveryPeriodInDays") or DEFAULT_RECOVERY_DAYS)
        if recovers
        else None,
        contributor_insights=insight,
        contributor_insights_status=insight_status,
        restored=bool(description.get("RestoreSummary")),
        unseen=dict(unseen or {}),
        **_throughput(description),
    )


def _index(
    entry: Mapping[str, Any], insights: Mapping[str, Any] | None, *, local: bool = False
) -> FoundIndex:
    projection = entry.get("Projection") or {}
    hash_key, range_key = _keys(entry)
    insight, insight_status = _insights(insights)
    return FoundIndex(
        name=entry["IndexName"],
        hash_key=hash_key,
        range_key=range_key,
        projection_type=projection.get("ProjectionType") or "ALL",
        non_key_attributes=frozenset(projection.get("NonKeyAttributes") or ()),
        local=local,
        status=entry.get("IndexStatus") or "ACTIVE",
        contributor_insights=insight,
        contributor_insights_status=insight_status,
        **_throughput(entry),
    )


def _keys(entry: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    schema: Sequence[Mapping[str, str]] = entry.get("KeySchema") or ()
    hashes = tuple(key["AttributeName"] for key in schema if key["KeyType"] == "HASH")
    ranges = tuple(key["AttributeName"] for key in schema if key["KeyType"] == "RANGE")
    return hashes, ranges


def _billing_mode(description: Mapping[str, Any]) -> str:
    """``BillingModeSummary`` is missing of tables that were always provisioned."""
    told = (description.get("BillingModeSummary") or {}).get("BillingMode")
    if told:
        return str(told)
    units = description.get("ProvisionedThroughput") or {}
    nothing = not units.get("ReadCapacityUnits") and not units.get("WriteCapacityUnits")
    return "PAY_PER_REQUEST" if nothing else "PROVISIONED"


def _throughput(entry: Mapping[str, Any]) -> dict[str, Any]:
    units = entry.get("ProvisionedThroughput") or {}
    most = entry.get("OnDemandThroughput") or {}
    warm = entry.get("WarmThroughput") or {}
    return {
        "read_capacity_units": int(units.get("ReadCapacityUnits") or 0),
        "write_capacity_units": int(units.get("WriteCapacityUnits") or 0),
        "max_read_request_units": _maximum(most.get("MaxReadRequestUnits")),
        "max_write_request_units": _maximum(most.get("MaxWriteRequestUnits")),
        "warm_read_units_per_second": warm.get("ReadUnitsPerSecond"),
        "warm_write_units_per_second": warm.get("WriteUnitsPerSecond"),
        "warm_status": warm.get("Status") or "ACTIVE",
    }


def _maximum(units: int | None) -> int | None:
    """None: there is none; -1 says the same for a moment after it was cleared."""
    return units if units is not None and units > 0 else None


def _time_to_live(description: Mapping[str, Any]) -> tuple[str | Literal[False], str]:
    status = description.get("TimeToLiveStatus") or "DISABLED"
    on = status in ("ENABLED", "ENABLING")
    return description.get("AttributeName", False) if on else False, status


def _insights(answer: Mapping[str, Any] | None) -> tuple[str | Literal[False] | None, str]:
    """The mode, False where they are off, None where nobody asked."""
    if answer is None:
        return None, "DISABLED"
    status = answer.get("ContributorInsightsStatus") or "DISABLED"
    on = status in ("ENABLED", "ENABLING")
    return answer.get("ContributorInsightsMode") or DEFAULT_INSIGHTS if on else False, status
