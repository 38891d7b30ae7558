"""Whatever a template can say of a table is read as the spec that it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given

from dynoresilience.tables import GlobalIndex, TableSpec
from tests.support.specs import specs


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("templates")


def properties_of(spec: TableSpec) -> dict[str, Any]:
    """How CloudFormation spells what CreateTable and its siblings take."""
    found: dict[str, Any] = {**spec.to_boto3(), **insights_of(spec)}
    for index, declared in zip(
        found.get("GlobalSecondaryIndexes", ()), spec.global_secondary_indexes, strict=True
    ):
        index.update(insights_of(declared))
    stream = found.pop("StreamSpecification", None)
    if stream and stream.pop("StreamEnabled"):
        found["StreamSpecification"] = stream
    if sse := found.get("SSESpecification"):
        sse["SSEEnabled"] = sse.pop("Enabled")
    if spec.time_to_live is not None:
        found["TimeToLiveSpecification"] = {"Enabled": bool(spec.time_to_live)} | (
            {"AttributeName": spec.time_to_live} if spec.time_to_live else {}
        )
    if spec.point_in_time_recovery is not None:
        recovery: dict[str, Any] = {"PointInTimeRecoveryEnabled": spec.point_in_time_recovery}
        if spec.recovery_period_days:
            recovery["RecoveryPeriodInDays"] = spec.recovery_period_days
        found["PointInTimeRecoverySpecification"] = recovery
    return found


def insights_of(of: TableSpec | GlobalIndex) -> dict[str, Any]:
    given = of.contributor_insights
    if given is None:
        return {}
    mode = {"Mode": given} if isinstance(given, str) else {}
    return {"ContributorInsightsSpecification": {"Enabled": bool(given), **mode}}


@given(specs())
def test_any_spec(folder: Path, spec: TableSpec) -> None:
    resource = {"Type": "AWS::DynamoDB::Table", "Properties": properties_of(spec)}
    template = {"Resources": {"Table": resource}}
    (folder / "any.json").write_text(json.dumps(template), encoding="utf-8")
    text = yaml.safe_dump(template)  # all but ASCII as escapes
    (folder / "any.yaml").write_text(text, encoding="utf-8")
    # A template has no way to say that there should be no stream.
    fields = spec.declared()
    expected = TableSpec(**{**fields, "stream_view_type": fields.get("stream_view_type") or None})
    for name in ("any.json", "any.yaml"):
        assert TableSpec.from_cloudformation(folder / name) == expected


@given(specs())
def test_numbers_and_booleans_may_be_text(folder: Path, spec: TableSpec) -> None:
    resource = {"Type": "AWS::DynamoDB::Table", "Properties": as_text(properties_of(spec))}
    (folder / "text.json").write_text(json.dumps({"Resources": {"Table": resource}}))
    read = TableSpec.from_cloudformation(folder / "text.json")
    assert read.to_boto3().get("ProvisionedThroughput") == spec.to_boto3().get(
        "ProvisionedThroughput"
    )
    assert read.deletion_protection == spec.deletion_protection


def as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: as_text(each) for name, each in value.items()}
    if isinstance(value, list):
        return [as_text(each) for each in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
