"""Intrinsic functions: given, or reported as unknown."""

from __future__ import annotations

from typing import Any

import pytest

from dynoresilience.tables import TableSpec, read_tables
from tests.unit.tables.sources.files import Write, faults_of, write

__all__ = ["write"]

PROPERTIES = "Resources.Orders.Properties"
TEMPLATE = """
    Parameters:
      Stage: {{ Type: String }}
      Units: {{ Type: Number, Default: 5 }}
      Path: {{ Type: "AWS::SSM::Parameter::Value<String>", Default: /orders/name }}
    Resources:
      Orders:
        Type: AWS::DynamoDB::Table
        Properties:
          AttributeDefinitions: [{{ AttributeName: id, AttributeType: S }}]
          KeySchema: [{{ AttributeName: id, KeyType: HASH }}]
          BillingMode: PAY_PER_REQUEST
          {lines}
      Key:
        Type: AWS::KMS::Key
"""


def template(write: Write, *lines: str) -> Any:
    return write(TEMPLATE.format(lines="\n          ".join(lines)), "template.yaml")


def name_of(write: Write, value: str, **parameters: Any) -> str:
    path = template(write, f"TableName: {value}")
    return TableSpec.from_cloudformation(path, parameters=parameters).name


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("!Ref Stage", "prod"),
        ("!Sub orders-${Stage}", "orders-prod"),
        ("!Sub 'orders-${ Stage }-${Units}'", "orders-prod-5"),
        ("!Sub ['${Stage}-${what}', {what: orders}]", "prod-orders"),
        ("!Sub ['${Stage}-${what}', {what: !Ref Units}]", "prod-5"),
        ("{'Fn::Sub': '${Stage}-orders'}", "prod-orders"),
        ("{Ref: Stage}", "prod"),
    ],
)
def test_what_is_given_or_a_default_is_known(write: Write, value: str, name: str) -> None:
    assert name_of(write, value, Stage="prod") == name


def test_what_is_given_goes_before_a_default(write: Write) -> None:
    assert name_of(write, "!Sub orders-${Units}", Units=7) == "orders-7"


@pytest.mark.parametrize("name", ["AWS::StackName", "AWS::Region"])
def test_what_a_stack_knows_of_itself_may_be_given(write: Write, name: str) -> None:
    assert name_of(write, f"!Sub ${{{name}}}-orders", **{name: "this"}) == "this-orders"


def test_units_may_be_a_parameter(write: Write) -> None:
    path = template(
        write, "TableName: orders", "OnDemandThroughput:", "  MaxReadRequestUnits: !Ref Units"
    )
    assert TableSpec.from_cloudformation(path).max_read_request_units == 5


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("!Ref Stage", "{'Stage': ...}"),
        ("!Sub ${Stage}-orders", "{'Stage': ...}"),
        ("!Sub ${Stage}-${Units}-${AWS::Region}-${Stage}", "{'Stage': ..., 'AWS::Region': ...}"),
        ("!Sub ['${a}', {a: !Ref Stage}]", "{'Stage': ...}"),
        ("!Ref Path", "{'Path': ...}"),
        ("!GetAtt Key.Arn", "{'Key.Arn': ...}"),
        ("{'Fn::GetAtt': [Key, Arn]}", "{'Key.Arn': ...}"),
    ],
)
def test_what_is_not_known_can_be_given(write: Write, value: str, names: str) -> None:
    faults = faults_of(TableSpec.from_cloudformation, template(write, f"TableName: {value}"))
    assert list(faults) == [f"{PROPERTIES}.TableName"]
    assert f"give parameters={names}" in faults[f"{PROPERTIES}.TableName"]


@pytest.mark.parametrize(
    "value",
    [
        "!If [IsProd, orders, orders-dev]",
        "!Join ['-', [orders, !Ref Stage]]",
        "!ImportValue orders-name",
        "!FindInMap [Names, prod, orders]",
        "!Select [0, !Ref Names]",
        "!Sub ['${a}', {a: !Join ['', [a, b]]}]",
        "!Sub ['${a}', {a: !Sub ['${a}', {a: b}]}]",
        "!Sub ['${a}', {a: [b]}]",
        "!Sub [a]",
        "!Sub {a: b}",
        "!Ref [a]",
        "{'Fn::Transform': {Name: Macro}}",
    ],
)
def test_what_only_cloudformation_knows(write: Write, value: str) -> None:
    path = template(write, f"TableName: {value}")
    faults = faults_of(TableSpec.from_cloudformation, path)
    remedy = "can't be resolved here; give parameters={'Orders': ...}"
    assert faults == {f"{PROPERTIES}.TableName": remedy}
    spec = TableSpec.from_cloudformation(path, parameters={"Orders": "orders"})
    assert spec.name == "orders"


def test_every_unknown_value_is_named_with_its_function(write: Write) -> None:
    lines = [
        "TableName: !Sub ${Stage}-orders",
        "SSESpecification: { SSEEnabled: true, KMSMasterKeyId: !GetAtt Key.Arn }",
        "Tags: [{ Key: stage, Value: !Ref Stage }]",
        "DeletionProtectionEnabled: !If [IsProd, true, false]",
        "GlobalSecondaryIndexes: [!Ref More]",
    ]
    path = template(write, *lines)
    faults = faults_of(TableSpec.from_cloudformation, path)
    assert list(faults) == [
        f"{PROPERTIES}.TableName",
        f"{PROPERTIES}.SSESpecification.KMSMasterKeyId",
        f"{PROPERTIES}.Tags[0].Value",
        f"{PROPERTIES}.DeletionProtectionEnabled",
        f"{PROPERTIES}.GlobalSecondaryIndexes[0]",
    ]
    assert "leave_out=['Tags']" in faults[f"{PROPERTIES}.Tags[0].Value"]
    with pytest.raises(ValueError, match=r"TableName=!Sub \$\{Stage\}-orders: can't be resolved"):
        read_tables(path)


def test_what_a_table_can_not_do_without_is_not_offered(write: Write) -> None:
    path = template(write, "TableName: orders", "WarmThroughput: !Ref Warm")
    text = path.read_text().replace("PAY_PER_REQUEST", "!If [a, b, c]")
    faults = faults_of(TableSpec.from_cloudformation, write(text, "template.yaml"))
    assert faults == {
        f"{PROPERTIES}.BillingMode": "can't be resolved here; declare the table in TOML or Python",
        f"{PROPERTIES}.WarmThroughput": "can't be resolved here; give parameters={'Warm': ...}, "
        "or read the table without it: leave_out=['WarmThroughput']",
    }


def test_given_or_left_out_the_rest_can_be_read(write: Write) -> None:
    lines = [
        "TableName: !Sub ${Stage}-orders",
        "SSESpecification: { SSEEnabled: true, KMSMasterKeyId: !GetAtt Key.Arn }",
        "DeletionProtectionEnabled: !If [IsProd, true, false]",
    ]
    spec = TableSpec.from_cloudformation(
        template(write, *lines),
        parameters={"Stage": "prod", "Key.Arn": "alias/orders"},
        leave_out=["DeletionProtectionEnabled"],
    )
    assert (spec.name, spec.kms_key, spec.deletion_protection) == (
        "prod-orders",
        "alias/orders",
        None,
    )


def test_no_value_is_no_property(write: Write) -> None:
    path = template(
        write,
        "TableName: orders",
        "TableClass: !Ref AWS::NoValue",
        "ResourcePolicy: !Ref AWS::NoValue",
        "Tags: [!Ref AWS::NoValue]",
    )
    spec = TableSpec.from_cloudformation(path)
    assert (spec.table_class, spec.tags) == (None, {})


def test_no_value_where_one_is_needed(write: Write) -> None:
    path = template(
        write,
        "TableName: orders",
        "TimeToLiveSpecification: { AttributeName: at, Enabled: !Ref AWS::NoValue }",
    )
    faults = faults_of(TableSpec.from_cloudformation, path)
    assert list(faults) == [f"{PROPERTIES}.TimeToLiveSpecification.Enabled"]


def test_a_literal_placeholder_stays(write: Write) -> None:
    path = template(
        write,
        "TableName: orders",
        "TimeToLiveSpecification: { AttributeName: !Sub '${!Stage}', Enabled: true }",
    )
    assert TableSpec.from_cloudformation(path).time_to_live == "${Stage}"


def test_a_table_without_a_name_is_named_by_its_id(write: Write) -> None:
    path = template(write, "TableClass: STANDARD")
    faults = faults_of(TableSpec.from_cloudformation, path)
    assert "parameters={'Orders': ...}" in faults[f"{PROPERTIES}.TableName"]
    spec = TableSpec.from_cloudformation(path, parameters={"Orders": "stack-Orders-1A2B"})
    assert spec.name == "stack-Orders-1A2B"
    assert TableSpec.from_cloudformation(path, spec.name, {"Orders": spec.name}) == spec


def test_a_parameter_that_the_template_does_not_have(write: Write) -> None:
    path = template(write, "TableName: !Sub orders-${Units}")
    faults = faults_of(TableSpec.from_cloudformation, path, parameters={"Unit": 7})
    assert faults == {"parameters.Unit": "the template has the parameters Stage, Units, Path"}
