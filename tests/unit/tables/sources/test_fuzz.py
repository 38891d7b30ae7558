"""Whatever stands in a file: reading it gives specs or a SpecError, and nothing else."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynoresilience.tables import SpecError, read_tables
from dynoresilience.tables.sources.toml_text import _key, _value

WORDS = """
    name hash_key hash_key_name hash_key_type range_key attributes billing_mode gsi tags S N
    PAY_PER_REQUEST PROVISIONED global_secondary_indexes enable_ttl time_to_live self type
    read_capacity tables resources dynamodb Resources Properties Type Ref Fn::Sub Fn::GetAtt
    AWS::DynamoDB::Table AWS::DynamoDB::GlobalTable AWS::Serverless::SimpleTable AWS::NoValue
    TableName KeySchema ${Stage} ${Orders} Parameters Default Globals SimpleTable Condition
"""
TEXT = st.sampled_from(WORDS.split()) | st.text(max_size=8)
NUMBERS = st.integers(-(10**20), 10**20) | st.booleans()
PLAIN = st.recursive(
    TEXT | NUMBERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
JSON = st.recursive(
    TEXT | NUMBERS | st.none() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
KEY = {"AttributeName": "id", "KeyType": "HASH"}
INDEX = {"IndexName": "i", "KeySchema": [KEY], "Projection": {"ProjectionType": "ALL"}}
TABLE = {
    "TableName": "orders",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [KEY],
    "BillingMode": "PAY_PER_REQUEST",
    "GlobalSecondaryIndexes": [INDEX],
    "StreamSpecification": {"StreamViewType": "KEYS_ONLY"},
    "TimeToLiveSpecification": {"AttributeName": "at", "Enabled": True},
    "SSESpecification": {"SSEEnabled": True},
}
TEMPLATE = {
    "Parameters": {"Stage": {"Type": "String", "Default": "dev"}},
    "Globals": {"SimpleTable": {"SSESpecification": {"SSEEnabled": True}}},
    "Resources": {
        "Orders": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                **TABLE,
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
                "Tags": [{"Key": "stage", "Value": {"Fn::Sub": "${Stage}"}}],
            },
        },
        "Users": {
            "Type": "AWS::Serverless::SimpleTable",
            "Properties": {
                "TableName": {"Fn::Sub": ["${S}-users", {"S": {"Ref": "Stage"}}]},
                "PrimaryKey": {"Name": "id", "Type": "String"},
                "Tags": {"a": "b"},
            },
        },
        "Everywhere": {
            "Type": "AWS::DynamoDB::GlobalTable",
            "Properties": {
                **TABLE,
                "TableName": "everywhere",
                "Replicas": [
                    {
                        "Region": "eu-central-1",
                        "GlobalSecondaryIndexes": [{"IndexName": "i"}],
                        "SSESpecification": {"KMSMasterKeyId": "alias/a"},
                    }
                ],
            },
        },
    },
}
TABLES = {
    "tables": [
        {
            "name": "orders",
            "hash_key": "id",
            "attributes": {"id": "S"},
            "billing_mode": "PAY_PER_REQUEST",
            "global_secondary_indexes": [{"name": "i", "hash_key": ["id"]}],
            "tags": {"a": "b"},
        }
    ],
    "resources": {
        "dynamodb": [
            {
                "name": "sessions",
                "hash_key_name": "id",
                "range_key_name": "at",
                "range_key_type": "N",
                "attributes": [{"name": "id", "type": "S"}],
                "billing_mode": "PAY_PER_REQUEST",
                "read_capacity_units": 0,
                "enable_ttl": True,
                "ttl_attribute_name": "gone_at",
                "enable_streams": False,
                "gsi": [{"name": "i", "hash_key_name": "id", "hash_key_type": "S"}],
            }
        ]
    },
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


def reads_or_says_why(path: Path, **options: Any) -> None:
    try:
        specs = read_tables(path, **options)
    except SpecError as error:
        said = error.faults and str(path) in str(error)
    else:
        said = bool(specs)
    assert said


def places(of: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if at:
        yield at
    entries = of.items() if isinstance(of, dict) else enumerate(of) if isinstance(of, list) else ()
    for key, value in entries:
        yield from places(value, (*at, key))


@st.composite
def bent(draw: st.DrawFn, good: Any, values: st.SearchStrategy[Any]) -> Any:
    """Something good with one to three of its places changed, removed or added to."""
    bad = copy.deepcopy(good)
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(list(places(bad)) or [(None,)]))
        parent = bad
        for key in way:
            parent = parent[key]
        if last is None:
            break
        match draw(st.sampled_from(["change", "remove", "add"])):
            case "change":
                parent[last] = draw(values)
            case "remove":
                del parent[last]
            case _ if isinstance(parent, dict):
                parent[draw(TEXT)] = draw(values)
            case _:
                parent.append(draw(values))
    return bad


def as_toml(document: dict[str, Any]) -> str:
    return "\n".join(f"{_key(key)} = {_value(value)}" for key, value in document.items())


@given(st.text() | st.text(alphabet="[]{}=\"'\n#.,: ab1&*!<-"))
def test_any_text(folder: Path, text: str) -> None:
    for suffix in ("toml", "yaml", "json"):
        path = folder / f"text.{suffix}"
        path.write_bytes(text.encode(errors="surrogatepass"))
        reads_or_says_why(path)


@given(st.binary())
def test_any_bytes(folder: Path, data: bytes) -> None:
    for suffix in ("toml", "yaml", "json"):
        path = folder / f"bytes.{suffix}"
        path.write_bytes(data)
        reads_or_says_why(path)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(TEXT, PLAIN, max_size=4) | bent(TABLES, PLAIN))
def test_any_toml(folder: Path, document: dict[str, Any]) -> None:
    path = folder / "any.toml"
    path.write_text(as_toml(document), encoding="utf-8")
    reads_or_says_why(path)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    JSON | bent(TEMPLATE, JSON),
    st.dictionaries(TEXT, JSON, max_size=2),
    st.lists(TEXT | st.sampled_from([*TABLE, "KeyType", "IndexName", "Region"]), max_size=2),
)
def test_any_template(
    folder: Path, template: Any, parameters: dict[str, Any], leave_out: list[str]
) -> None:
    text = json.dumps(template)
    for suffix in ("json", "yaml"):
        path = folder / f"any.{suffix}"
        path.write_text(text, encoding="utf-8")
        reads_or_says_why(path)
        reads_or_says_why(path, parameters=parameters, leave_out=leave_out)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("deep.toml", "a = " + "[" * 100_000),
        ("deep.yaml", "[" * 5_000),
        ("deep.json", "[" * 100_000),
        ("long.toml", f"a = {'1' * 5_000}"),
        ("hex.toml", f'[[tables]]\nname = "orders"\nhash_key = 0x{"f" * 20_000}'),
        ("long.json", f'{{"a": {"1" * 5_000}}}'),
        ("endless.yaml", "Resources: &a { A: { Type: AWS::DynamoDB::Table, Properties: *a } }"),
        (
            "sub.yaml",
            "Resources: { A: { Type: AWS::DynamoDB::Table, Properties: { TableName: "
            "&s { 'Fn::Sub': ['${x}', { x: *s }] } } } }",
        ),
    ],
)
def test_what_is_too_much(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError):
        read_tables(path)
