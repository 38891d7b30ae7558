"""What is neither capacity nor an index: a step, or two, for each setting. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from dynoresilience.tables.plan.step import changed, update_table
from dynoresilience.tables.report import Difference
from dynoresilience.tables.seen.found import DEFAULT_INSIGHTS, DEFAULT_RECOVERY_DAYS, FoundTable
from dynoresilience.tables.sources.boto3 import sse_specification, stream_specification
from dynoresilience.tables.spec import TableSpec
from dynoresilience.tables.steps import Step

_KMS = ("kms:CreateGrant", "kms:DescribeKey")
_SECONDS = "seconds"


def creation(spec: TableSpec) -> Step:
    """The table itself, with all that can be said at a creation."""
    needs = ["dynamodb:CreateTable"]
    needs += ["dynamodb:TagResource"] if spec.tags else []
    needs += _KMS if spec.kms_key else []
    return Step(
        operation="CreateTable",
        request=spec.to_boto3(),
        what=f"create table {spec.name}",
        changes={"table": None},
        takes="10 to 20 seconds",
        needs=tuple(needs),
    )


def before_indexes(spec: TableSpec, drift: Collection[Difference]) -> Iterator[Step]:
    """Class and protection, each alone in its request, then the stream."""
    of = {each.path: each for each in drift}
    if "table_class" in of:
        each = of["table_class"]
        yield update_table(
            spec.name,
            {"TableClass": each.declared},
            f"change the table class to {each.declared}",
            changed(each),
            takes="minutes",
            risk="at most 2 changes in 30 days",
        )
    if "deletion_protection" in of:
        each = of["deletion_protection"]
        yield update_table(
            spec.name,
            {"DeletionProtectionEnabled": each.declared},
            f"switch deletion protection {_on(each.declared)}",
            changed(each),
            takes=_SECONDS,
            risk="" if each.declared else "the table can be deleted",
        )
    if "stream_view_type" in of:
        yield from _stream(spec, of["stream_view_type"])


def after_indexes(
    spec: TableSpec, found: FoundTable, drift: Collection[Difference]
) -> Iterator[Step]:
    """Encryption alone, tags, recovery, insights; the time to live last.

    It may be changed once an hour, and takes up to an hour.
    """
    of = {each.path: each for each in drift}
    encryption = [each for each in drift if each.field in ("sse", "kms_key")]
    if encryption:
        yield _encryption(spec, encryption)
    tags = [each for each in drift if each.field == "tags"]
    if tags:
        yield _tags(found, tags)
    recovery = [
        each for each in drift if each.field in ("point_in_time_recovery", "recovery_period_days")
    ]
    if recovery:
        yield _recovery(spec, found, recovery)
    insights = [each for each in drift if each.field == "contributor_insights"]
    yield from (_insights(spec, each) for each in insights)
    if "time_to_live" in of:
        yield from _time_to_live(spec, of["time_to_live"])


def _stream(spec: TableSpec, each: Difference) -> Iterator[Step]:
    """A view type can't be changed in place: the stream is disabled, and another one enabled."""
    path, view = each.path, each.declared
    if each.found:
        yield update_table(
            spec.name,
            {"StreamSpecification": stream_specification(False)},
            f"disable the stream, to enable one of {view}" if view else "disable the stream",
            {path: each.found},
            takes=_SECONDS,
            risk="what it holds can be read for another 24 hours under its old ARN; what happens "
            "until there is a stream again is in none",
            allow="new_stream" if view else "disable_stream",
        )
    if view:
        yield update_table(
            spec.name,
            {"StreamSpecification": stream_specification(view)},
            f"enable a stream of {view}",
            {path: False},
            takes=_SECONDS,
            risk="its ARN is new: who reads it has to be told",
        )


def _encryption(spec: TableSpec, differences: Collection[Difference]) -> Step:
    what = "encrypt with DynamoDB's own key"
    if spec.sse:
        what = f"encrypt with {spec.kms_key or 'the key of alias/aws/dynamodb'}"
    return update_table(
        spec.name,
        {"SSESpecification": sse_specification(spec)},
        what,
        changed(*differences),
        takes="about half a minute",
        risk="at most 4 changes in 24 hours, then one in 6; who may not use the key may not use "
        "the table"
        if spec.sse
        else "at most 4 changes in 24 hours, then one in 6; to withdraw a key in KMS no longer "
        "closes the table",
        needs=_KMS if spec.kms_key else (),
    )


def _tags(found: FoundTable, differences: Collection[Difference]) -> Step:
    """Only what is declared; others on the table are other people's, and none is ever removed."""
    tags = sorted((str(each.key), each.declared) for each in differences)
    return Step(
        operation="TagResource",
        request={
            "ResourceArn": found.arn,
            "Tags": [{"Key": key, "Value": value} for key, value in tags],
        },
        what=f"set the tags {', '.join(key for key, _ in tags)}",
        changes=changed(*differences),
        takes=_SECONDS,
        needs=("dynamodb:TagResource",),
    )


def _recovery(spec: TableSpec, found: FoundTable, differences: Collection[Difference]) -> Step:
    on, days = bool(spec.point_in_time_recovery), spec.recovery_period_days
    wanted: dict[str, Any] = {"PointInTimeRecoveryEnabled": on}
    if days is not None:
        wanted["RecoveryPeriodInDays"] = days
    reach = days or DEFAULT_RECOVERY_DAYS
    there = found.recovery_period_days or 0
    lost = there if not on else max(0, there - reach)
    back = f"on, {reach} days back" if on else "off"
    return Step(
        operation="UpdateContinuousBackups",
        request={"TableName": spec.name, "PointInTimeRecoverySpecification": wanted},
        what=f"switch point-in-time recovery {back}",
        changes=changed(*differences),
        takes=_SECONDS,
        needs=("dynamodb:UpdateContinuousBackups",),
        risk=f"the earliest {lost} of {there} days can't be restored any more" if lost else "",
        allow="disable_recovery" if lost else None,
    )


def _insights(spec: TableSpec, each: Difference) -> Step:
    request: dict[str, Any] = {"TableName": spec.name}
    if each.index is not None:
        request["IndexName"] = each.index
    request["ContributorInsightsAction"] = "ENABLE" if each.declared else "DISABLE"
    if each.declared and (each.found or each.declared != DEFAULT_INSIGHTS):
        request["ContributorInsightsMode"] = each.declared  # older endpoints know one mode only
    what = f"contributor insights {_on(each.declared)}" + (
        f" for index {each.index}" if each.index is not None else ""
    )
    return Step(
        operation="UpdateContributorInsights",
        request=request,
        what=f"switch {what}",
        # Of an index that is just being created nothing is known: they are off.
        changes={each.path: each.found or False},
        takes=_SECONDS,
        needs=("dynamodb:UpdateContributorInsights",),
        risk="CloudWatch charges for each event" if each.declared else "",
    )


def _time_to_live(spec: TableSpec, each: Difference) -> Iterator[Step]:
    """Another attribute: disabled with the old name, then enabled with the new one."""
    for attribute, on in ((each.found, False), (each.declared, True)):
        if not attribute:
            continue
        yield Step(
            operation="UpdateTimeToLive",
            request={
                "TableName": spec.name,
                "TimeToLiveSpecification": {"Enabled": on, "AttributeName": attribute},
            },
            what=f"switch the time to live by {attribute} {_on(on)}",
            changes={each.path: False if on else each.found},
            takes="up to an hour",
            needs=("dynamodb:UpdateTimeToLive",),
            risk=f"items whose {attribute} is past are deleted for good; at most one change an hour"
            if on
            else "at most one change an hour",
        )


def _on(switch: Any) -> str:
    return "on" if switch else "off"
