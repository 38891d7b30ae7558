"""Specs in CloudFormation and SAM templates."""

from __future__ import annotations

import builtins
import json
import pickle
from typing import Any

import pytest

from dynoresilience.tables import SpecError, TableSpec, read_tables
from tests.unit.tables.sources.files import Write, faults_of, write

__all__ = ["write"]

ORDERS = """
    Resources:
      Orders:
        Type: AWS::DynamoDB::Table
        Properties:
          TableName: orders
          BillingMode: PROVISIONED
          AttributeDefinitions:
            - AttributeName: id
              AttributeType: S
            - AttributeName: n
              AttributeType: N
            - AttributeName: at
              AttributeType: B
          KeySchema:
            - AttributeName: id
              KeyType: HASH
            - AttributeName: at
              KeyType: RANGE
          ProvisionedThroughput:
            ReadCapacityUnits: "5"
            WriteCapacityUnits: 6
          WarmThroughput:
            ReadUnitsPerSecond: 12000
          GlobalSecondaryIndexes:
            - IndexName: by-n
              KeySchema:
                - AttributeName: n
                  KeyType: HASH
              Projection:
                ProjectionType: INCLUDE
                NonKeyAttributes: [total]
              ProvisionedThroughput:
                ReadCapacityUnits: 7
                WriteCapacityUnits: "8"
              ContributorInsightsSpecification:
                Enabled: false
          LocalSecondaryIndexes:
            - IndexName: local
              KeySchema:
                - AttributeName: id
                  KeyType: HASH
                - AttributeName: n
                  KeyType: RANGE
              Projection:
                ProjectionType: KEYS_ONLY
          StreamSpecification:
            StreamViewType: KEYS_ONLY
          TimeToLiveSpecification:
            AttributeName: expires_at
            Enabled: yes
          PointInTimeRecoverySpecification:
            PointInTimeRecoveryEnabled: "true"
            RecoveryPeriodInDays: 7
          ContributorInsightsSpecification:
            Enabled: true
          SSESpecification:
            SSEEnabled: true
            SSEType: KMS
            KMSMasterKeyId: alias/orders
          DeletionProtectionEnabled: True
          TableClass: STANDARD_INFREQUENT_ACCESS
          Tags:
            - Key: cost
              Value: 2024-01-01
            - Key: live
              Value: on
      Bucket:
        Type: AWS::S3::Bucket
"""
EXPECTED = TableSpec(
    name="orders",
    attributes={"id": "S", "n": "N", "at": "B"},
    hash_key="id",
    range_key="at",
    billing_mode="PROVISIONED",
    read_capacity_units=5,
    write_capacity_units=6,
    warm_read_units_per_second=12000,
    contributor_insights=True,
    stream_view_type="KEYS_ONLY",
    time_to_live="expires_at",
    tags={"cost": "2024-01-01", "live": "on"},
    point_in_time_recovery=True,
    recovery_period_days=7,
    deletion_protection=True,
    table_class="STANDARD_INFREQUENT_ACCESS",
    sse=True,
    kms_key="alias/orders",
    global_secondary_indexes=[
        {
            "name": "by-n",
            "hash_key": "n",
            "projection_type": "INCLUDE",
            "non_key_attributes": ["total"],
            "read_capacity_units": 7,
            "write_capacity_units": 8,
            "contributor_insights": False,
        }
    ],
    local_secondary_indexes=[{"name": "local", "range_key": "n", "projection_type": "KEYS_ONLY"}],
)


def table(**properties: Any) -> dict[str, Any]:
    """The smallest table, with more properties, or without some (None)."""
    merged = {
        "TableName": "orders",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        **properties,
    }
    given = {name: value for name, value in merged.items() if value is not None}
    return {"Type": "AWS::DynamoDB::Table", "Properties": given}


def of(write: Write, **resources: Any) -> Any:
    return write(json.dumps({"Resources": resources}), "template.json")


def test_everything_that_a_table_may_have(write: Write) -> None:
    assert TableSpec.from_cloudformation(write(ORDERS, "template.yaml")) == EXPECTED


def test_json_is_read_alike(write: Write) -> None:
    yaml = pytest.importorskip("yaml")
    content = yaml.load(ORDERS, Loader=yaml.BaseLoader)
    path = write(json.dumps(content), "template.json")
    assert TableSpec.from_cloudformation(path) == EXPECTED


def test_json_needs_no_pyyaml(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def without_yaml(name: str, *rest: Any, **options: Any) -> Any:
        if name == "yaml":
            raise ImportError(name)
        return imported(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", without_yaml)
    text = json.dumps({"Resources": {"Orders": table()}})
    for name in ("one.json", "two.template"):
        assert TableSpec.from_cloudformation(write(text, name)).name == "orders"
    faults = faults_of(TableSpec.from_cloudformation, write(ORDERS, "template.yaml"))
    assert "pip install 'dynoresilience[cloudformation]'" in faults["path"]


def test_a_table_is_provisioned_unless_it_says_otherwise(write: Write) -> None:
    capacity = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    path = of(write, Orders=table(BillingMode=None, ProvisionedThroughput=capacity))
    assert TableSpec.from_cloudformation(path).billing_mode == "PROVISIONED"


def test_what_is_not_there_is_not_declared(write: Write) -> None:
    spec = TableSpec.from_cloudformation(of(write, Orders=table()))
    assert spec.declared().keys() == {"name", "attributes", "hash_key", "billing_mode"}


def test_a_table_by_its_logical_id_or_by_its_name(write: Write) -> None:
    path = of(write, Orders=table(), Users=table(TableName="users"))
    for name in ("Users", "users"):
        assert TableSpec.from_cloudformation(path, name).name == "users"
    assert [spec.name for spec in read_tables(path)] == ["orders", "users"]


def test_the_faults_of_other_tables_are_theirs(write: Write) -> None:
    path = of(write, Orders=table(), Users=table(BillingMode="FREE", TableName={"Fn::If": []}))
    assert TableSpec.from_cloudformation(path, "Orders").name == "orders"


def test_several_tables_and_no_id(write: Write) -> None:
    path = of(write, Orders=table(), Users=table())
    assert faults_of(TableSpec.from_cloudformation, path) == {
        "name": "there are several tables, name one of Orders, Users; read_tables reads all"
    }


def test_an_id_that_no_table_has(write: Write) -> None:
    path = of(write, Orders=table(), Bucket={"Type": "AWS::S3::Bucket"})
    faults = faults_of(TableSpec.from_cloudformation, path, "Bucket")
    assert faults == {"name": "there is no such table: Orders"}


@pytest.mark.parametrize(
    "text", ["{}", "[]", '"text"', '{"Resources": []}', '{"Resources": {"A": {"Type": ["x"]}}}']
)
def test_a_template_without_a_table(write: Write, text: str) -> None:
    assert list(faults_of(TableSpec.from_cloudformation, write(text, "template.json"))) == ["path"]
    assert list(faults_of(TableSpec.from_cloudformation, write(text, "template.yaml"))) == ["path"]


def test_two_tables_of_one_name(write: Write) -> None:
    faults = faults_of(read_tables, of(write, Orders=table(), Users=table()))
    assert faults == {"Resources.Users.name": "Resources.Orders has that name already"}


@pytest.mark.parametrize(
    ("properties", "path"),
    [
        ({"Colour": "blue"}, "Colour"),
        ({"KeySchema": None}, "KeySchema"),
        ({"KeySchema": "id"}, "KeySchema"),
        ({"KeySchema": [{"AttributeName": "id"}]}, "KeySchema[0].KeyType"),
        ({"TableName": ["orders"]}, "TableName"),
        ({"TableName": 1.5}, "TableName"),
        ({"DeletionProtectionEnabled": "maybe"}, "DeletionProtectionEnabled"),
        ({"ProvisionedThroughput": 5}, "ProvisionedThroughput"),
        ({"WarmThroughput": {"ReadUnitsPerSecond": "many"}}, "WarmThroughput.ReadUnitsPerSecond"),
        ({"WarmThroughput": {"ReadUnitsPerSecond": True}}, "WarmThroughput.ReadUnitsPerSecond"),
        ({"TimeToLiveSpecification": {"AttributeName": "at"}}, "TimeToLiveSpecification.Enabled"),
        (
            {"GlobalSecondaryIndexes": [{"IndexName": "i", "KeySchema": []}]},
            "GlobalSecondaryIndexes[i].Projection",
        ),
    ],
)
def test_what_is_no_template(write: Write, properties: dict[str, Any], path: str) -> None:
    faults = faults_of(TableSpec.from_cloudformation, of(write, Orders=table(**properties)))
    assert list(faults) == [f"Resources.Orders.Properties.{path}"]


def test_a_slip_in_the_name_of_a_property(write: Write) -> None:
    faults = faults_of(read_tables, of(write, Orders=table(DeletionProtection=True)))
    assert faults == {
        "Resources.Orders.Properties.DeletionProtection": (
            "there is no such property; did you mean DeletionProtectionEnabled?"
        )
    }


def test_parameters_are_a_mapping(write: Write) -> None:
    given = [{"ParameterKey": "Stage", "ParameterValue": "prod"}]
    faults = faults_of(read_tables, of(write, Orders=table()), parameters=given)
    assert faults == {"parameters": "must be a mapping, such as {'Stage': 'prod'}"}


def test_what_is_no_spec_is_told_in_its_words(write: Write) -> None:
    faults = faults_of(read_tables, of(write, Orders=table(BillingMode="FREE")))
    assert list(faults) == ["Resources.Orders.billing_mode"]


def test_all_faults_of_all_tables_at_once(write: Write) -> None:
    path = of(write, A=table(TableName=[]), B=table(TableName=[]), C=table(BillingMode="x"))
    assert list(faults_of(read_tables, path)) == [
        "Resources.A.Properties.TableName",
        "Resources.B.Properties.TableName",
        "Resources.C.billing_mode",
    ]


FOREIGN = {
    "ResourcePolicy": {"PolicyDocument": {}},
    "KinesisStreamSpecification": {"StreamArn": {"Fn::GetAtt": "Stream.Arn"}},
    "ImportSourceSpecification": {"InputFormat": "CSV"},
    "StreamSpecification": {"StreamViewType": "KEYS_ONLY", "ResourcePolicy": {}},
}


def test_what_a_spec_cannot_say_is_not_dropped_in_silence(write: Write) -> None:
    path = of(write, Orders=table(**FOREIGN))
    faults = faults_of(TableSpec.from_cloudformation, path)
    properties = [*list(FOREIGN)[:3], "StreamSpecification.ResourcePolicy"]
    assert list(faults) == [f"Resources.Orders.Properties.{name}" for name in properties]
    assert all("leave_out=['" in remedy for remedy in faults.values())


def test_it_may_be_left_out(write: Write) -> None:
    path = of(write, Orders=table(**FOREIGN))
    names = ["ResourcePolicy", "KinesisStreamSpecification", "ImportSourceSpecification"]
    spec = TableSpec.from_cloudformation(path, leave_out=names)
    assert spec.stream_view_type == "KEYS_ONLY"
    assert read_tables(path, leave_out=names) == (spec,)


def test_one_name_may_be_left_out(write: Write) -> None:
    path = of(write, Orders=table(ResourcePolicy={}))
    assert TableSpec.from_cloudformation(path, leave_out="ResourcePolicy").name == "orders"


def test_what_is_needed_can_not_be_left_out(write: Write) -> None:
    path = of(write, Orders=table())
    faults = faults_of(TableSpec.from_cloudformation, path, leave_out=["KeyType", "TableName"])
    assert list(faults) == ["Resources.Orders.Properties.KeySchema[0].KeyType"]


def test_a_table_that_may_not_be_there(write: Write) -> None:
    path = of(write, Orders={**table(), "Condition": "IsProd"})
    assert list(faults_of(read_tables, path)) == ["Resources.Orders.Condition"]
    assert TableSpec.from_cloudformation(path, "Orders").name == "orders"


def test_resources_that_a_loop_makes(write: Write) -> None:
    loop = {"Fn::ForEach::Tables": ["Name", ["a"], {"${Name}": {}}]}
    path = of(write, Orders=table(), **loop)
    assert list(faults_of(read_tables, path)) == ["Resources.Fn::ForEach::Tables"]
    assert TableSpec.from_cloudformation(path, "Orders").name == "orders"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: [\n", 2),
        ("a: b: c", 1),
        ("a: b\n? [a]\n: b", 2),
        ("a: !!int 5", 1),
        ("a: *b", 1),
        ("a:\n  b: 1\n  b: 2", 3),
        ("a: &a !Sub [*a]", 1),
    ],
)
def test_what_is_no_yaml(write: Write, text: str, line: int) -> None:
    [(path, remedy)] = faults_of(
        TableSpec.from_cloudformation, write(text, "template.yaml")
    ).items()
    assert path == f"line {line}"
    assert remedy.startswith("is no YAML for a template: ")


def test_a_character_that_yaml_does_not_know(write: Write) -> None:
    faults = faults_of(TableSpec.from_cloudformation, write("a: \0", "template.yaml"))
    assert "is no YAML" in faults["path"]


def test_what_is_no_json(write: Write) -> None:
    faults = faults_of(TableSpec.from_cloudformation, write("{'a'", "template.json"))
    assert "line 1 column 2" in faults["path"]


def test_nothing_runs_from_a_template(write: Write) -> None:
    path = write("Resources: !!python/object/apply:os.getcwd []", "template.yaml")
    faults = faults_of(TableSpec.from_cloudformation, path)
    assert "could not determine a constructor" in faults["line 1"]


def test_anchors_and_merges(write: Write) -> None:
    path = write(
        """
        Resources:
          Orders:
            Type: AWS::DynamoDB::Table
            Properties: &common
              TableName: orders
              BillingMode: PAY_PER_REQUEST
              AttributeDefinitions: [{ AttributeName: id, AttributeType: N }]
              KeySchema: [{ AttributeName: id, KeyType: HASH }]
          Users:
            Type: AWS::DynamoDB::Table
            Properties: { <<: *common, TableName: users }
        """,
        "template.yaml",
    )
    assert [spec.name for spec in read_tables(path)] == ["orders", "users"]


def test_the_error_can_be_pickled(write: Write) -> None:
    with pytest.raises(SpecError) as caught:
        read_tables(of(write, Orders=table(TableName={"Ref": "Name"})))
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
