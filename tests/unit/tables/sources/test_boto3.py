"""The arguments of boto3's ``create_table``: there and back, and what is wrong with their form."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import botocore.session
import pytest
from hypothesis import given

from dynoresilience.tables import SpecError, TableSpec
from tests.support.specs import specs

HASH = {"AttributeName": "id", "KeyType": "HASH"}
RANGE = {"AttributeName": "day", "KeyType": "RANGE"}
ALL = {"ProjectionType": "ALL"}
REQUEST: dict[str, Any] = {
    "TableName": "orders",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [HASH],
    "BillingMode": "PAY_PER_REQUEST",
}
BESIDE = {
    "time_to_live": "TimeToLiveSpecification",
    "point_in_time_recovery": "PointInTimeRecoverySpecification",
    "contributor_insights": "ContributorInsightsSpecification",
}
"""Fields that CreateTable has no member for, and what says them beside its own."""


def lines(instead: dict[Any, Any]) -> list[str]:
    given = {**REQUEST, **instead}
    with pytest.raises(SpecError) as refusal:
        TableSpec.from_boto3({member: value for member, value in given.items() if value != "-"})
    return [str(fault) for fault in refusal.value.faults]


def with_index(**members: Any) -> dict[str, Any]:
    entry = {"IndexName": "by-day", "KeySchema": [HASH], "Projection": ALL, **members}
    return {"GlobalSecondaryIndexes": [{k: v for k, v in entry.items() if v != "-"}]}


def with_local(**members: Any) -> dict[str, Any]:
    entry = {"IndexName": "by-day", "KeySchema": [HASH, RANGE], "Projection": ALL, **members}
    day = {"AttributeName": "day", "AttributeType": "S"}
    return {
        "AttributeDefinitions": [*REQUEST["AttributeDefinitions"], day],
        "KeySchema": [HASH, RANGE],
        "LocalSecondaryIndexes": [entry],
    }


def beside(spec: TableSpec) -> dict[str, Any]:
    """What `to_boto3` can't say, as CloudFormation says it."""
    said: dict[str, Any] = {}
    if spec.time_to_live is not None:
        name = {"AttributeName": spec.time_to_live} if spec.time_to_live else {}
        said["TimeToLiveSpecification"] = {"Enabled": spec.time_to_live is not False, **name}
    if spec.point_in_time_recovery is not None:
        days = spec.recovery_period_days
        said["PointInTimeRecoverySpecification"] = {
            "PointInTimeRecoveryEnabled": spec.point_in_time_recovery,
            **({"RecoveryPeriodInDays": days} if days else {}),
        }
    return said | insights(spec.contributor_insights)


def insights(declared: str | bool | None) -> dict[str, Any]:
    if declared is None:
        return {}
    mode = {"Mode": declared} if isinstance(declared, str) else {}
    return {"ContributorInsightsSpecification": {"Enabled": declared is not False, **mode}}


@given(specs())
def test_there_and_back(spec: TableSpec) -> None:
    request = spec.to_boto3()
    before = copy.deepcopy(request)
    whole = {**request, **beside(spec)}
    for entry, index in zip(
        whole.get("GlobalSecondaryIndexes", ()), spec.global_secondary_indexes, strict=True
    ):
        entry.update(insights(index.contributor_insights))

    assert TableSpec.from_boto3(whole) == spec
    assert spec.to_boto3() == before


@given(specs())
def test_what_create_table_can_say_comes_back_as_it_was(spec: TableSpec) -> None:
    request = spec.to_boto3()

    assert TableSpec.from_boto3(request).to_boto3() == request


@given(specs())
def test_botocore_takes_what_we_give(spec: TableSpec) -> None:
    from botocore.validate import ParamValidator

    report = ParamValidator().validate(spec.to_boto3(), _create_table_shape())

    assert not report.has_errors(), report.generate_report()


@cache
def _create_table_shape() -> Any:
    model = botocore.session.get_session().get_service_model("dynamodb")
    return model.operation_model("CreateTable").input_shape


def test_what_is_none_or_an_empty_list_is_not_declared() -> None:
    spec = TableSpec.from_boto3(
        {
            **REQUEST,
            "GlobalSecondaryIndexes": [],
            "LocalSecondaryIndexes": None,
            "StreamSpecification": None,
            "Tags": None,
        }
    )

    assert spec.to_boto3() == REQUEST


def test_as_cloudformation_spells_it() -> None:
    spec = TableSpec.from_boto3(
        {
            **REQUEST,
            "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
            "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/a"},
            "TimeToLiveSpecification": {"AttributeName": "expires"},
            "ContributorInsightsSpecification": {"Mode": "THROTTLED_KEYS"},
        }
    )

    assert spec.stream_view_type == "NEW_IMAGE"
    assert (spec.sse, spec.kms_key) == (True, "alias/a")
    assert spec.time_to_live == "expires"
    assert spec.contributor_insights == "THROTTLED_KEYS"


_DICT = "must be a dict with"
_KEY = "give {'AttributeName': ..., 'KeyType': 'HASH'}, and a 'RANGE' if there is one"
_ONE = "only global indexes can have several attributes of one KeyType; leave one"
_VIEWS = "'KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE' or 'NEW_AND_OLD_IMAGES'"


@pytest.mark.parametrize(
    ("instead", "expected"),
    [
        (
            {"ProvisionedThroughput": {"ReadCapacity": 5}},
            [
                "ProvisionedThroughput.ReadCapacity=5: there is no such member; "
                "did you mean ReadCapacityUnits?"
            ],
        ),
        (
            {"ItemCount": 0},
            ["ItemCount=0: there is no such member; leave it out"],
        ),
        (
            {"ResourcePolicy": "{}"},
            ["ResourcePolicy='{}': a TableSpec can't say it; leave it out, and see to it yourself"],
        ),
        (
            {"Attributedefinitions": [], "AttributeDefinitions": "-"},
            [
                "Attributedefinitions=[]: there is no such member; "
                "did you mean AttributeDefinitions?"
            ],
        ),
        (
            {"AttributeDefinitions": {"id": "S"}},
            [
                "AttributeDefinitions={'id': 'S'}: must be a list of dicts with AttributeName, "
                "AttributeType"
            ],
        ),
        (
            {"AttributeDefinitions": ["id"]},
            [f"AttributeDefinitions[0]='id': {_DICT} AttributeName, AttributeType"],
        ),
        (
            {
                "AttributeDefinitions": [
                    {"AttributeType": "S"},
                    {"AttributeName": 3, "AttributeType": "S"},
                ]
            },
            [
                "AttributeDefinitions[0].AttributeName is missing: give text",
                "AttributeDefinitions[1].AttributeName=3: must be text",
            ],
        ),
        (
            {"AttributeDefinitions": [{"AttributeName": "id"}, *REQUEST["AttributeDefinitions"]]},
            [
                "AttributeDefinitions[id].AttributeType is missing: give 'S', 'N' or 'B'",
                "AttributeDefinitions[id].AttributeName='id': has a definition already; "
                "one is enough",
            ],
        ),
        (
            {"AttributeDefinitions": "-"},
            ["attributes is missing: give the types of all key attributes, such as {'id': 'S'}"],
        ),
        (
            {"OnDemandThroughputs": {"MaxReadRequestUnits": 0}},
            [
                "OnDemandThroughputs={'MaxReadRequestUnits': 0}: there is no such member; "
                "did you mean OnDemandThroughput?"
            ],
        ),
        (
            {"GlobalSecondaryIndexes": ["by-day"]},
            [
                f"GlobalSecondaryIndexes[0]='by-day': {_DICT} IndexName, KeySchema, Projection, "
                "ProvisionedThroughput, OnDemandThroughput, WarmThroughput, "
                "ContributorInsightsSpecification"
            ],
        ),
        ({"KeySchema": "-"}, [f"KeySchema is missing: {_KEY}"]),
        ({"KeySchema": []}, [f"KeySchema is missing: {_KEY}"]),
        (
            {"KeySchema": {"id": "HASH"}},
            ["KeySchema={'id': 'HASH'}: must be a list of dicts with AttributeName, KeyType"],
        ),
        ({"KeySchema": ["id"]}, [f"KeySchema[0]='id': {_DICT} AttributeName, KeyType"]),
        (
            {"KeySchema": [{"AttributeName": "id"}, {"KeyType": "SORT"}]},
            [
                "KeySchema[id].KeyType is missing: give 'HASH' or 'RANGE'",
                "KeySchema[1].KeyType='SORT': must be 'HASH' or 'RANGE'",
                "KeySchema[1].AttributeName is missing: give text",
            ],
        ),
        (
            {"KeySchema": [RANGE]},
            ["KeySchema=['day RANGE']: has no HASH; every key begins with one"],
        ),
        (
            {"KeySchema": [{**RANGE, "AttributeName": "a"}, {**HASH, "AttributeName": "b"}]},
            ["KeySchema=['a RANGE', 'b HASH']: a RANGE stands before a HASH; turn them round"],
        ),
        (
            {"KeySchema": [HASH, {**HASH, "AttributeName": "day"}]},
            [f"KeySchema=['id HASH', 'day HASH']: {_ONE}"],
        ),
        (
            {"KeySchema": [HASH, RANGE, {**RANGE, "AttributeName": "x"}]},
            [f"KeySchema=['id HASH', 'day RANGE', 'x RANGE']: {_ONE}"],
        ),
        (
            {"GlobalSecondaryIndexes": "by-day"},
            [
                "GlobalSecondaryIndexes='by-day': must be a list of dicts with IndexName, "
                "KeySchema, Projection, ProvisionedThroughput, OnDemandThroughput, WarmThroughput, "
                "ContributorInsightsSpecification"
            ],
        ),
        (
            with_index(IndexName="-"),
            [
                "global_secondary_indexes[0].name is missing: give a name: 3 to 255 of a-z, A-Z, "
                "0-9, '_', '.' and '-'"
            ],
        ),
        (
            with_index(Projection="-"),
            [
                "GlobalSecondaryIndexes[by-day].Projection is missing: give it, with a "
                "ProjectionType: 'ALL', for example"
            ],
        ),
        (
            with_index(Projection={}),
            [
                "GlobalSecondaryIndexes[by-day].Projection.ProjectionType is missing: "
                "give 'ALL', 'KEYS_ONLY' or 'INCLUDE'"
            ],
        ),
        (
            with_index(Projection="ALL"),
            [
                f"GlobalSecondaryIndexes[by-day].Projection='ALL': {_DICT} ProjectionType, "
                "NonKeyAttributes"
            ],
        ),
        (
            with_index(Projection={"ProjectionType": "INCLUDE"}),
            [
                "global_secondary_indexes[by-day].non_key_attributes is missing: projection_type "
                "'INCLUDE' needs them; list some, or make it 'KEYS_ONLY'"
            ],
        ),
        (
            with_index(ProvisionedThroughput={"ReadCapacityUnits": 5}),
            [
                "global_secondary_indexes[by-day].read_capacity_units=5: an on-demand table and "
                "its indexes have no capacity; leave it out, or make billing_mode 'PROVISIONED'"
            ],
        ),
        (
            with_local(KeySchema=[HASH]),
            [
                "LocalSecondaryIndexes[by-day].KeySchema=['id HASH']: a local index needs a RANGE; "
                "give one"
            ],
        ),
        (
            with_local(KeySchema=[{**HASH, "AttributeName": "x"}, RANGE]),
            [
                "LocalSecondaryIndexes[by-day].KeySchema=['x HASH', 'day RANGE']: the HASH of a "
                "local index is that of its table, 'id'"
            ],
        ),
        (
            with_local(ProvisionedThroughput={}),
            [
                "LocalSecondaryIndexes[by-day].ProvisionedThroughput={}: there is no such member; "
                "leave it out"
            ],
        ),
        (
            {"StreamSpecification": {"StreamEnabled": True}},
            [f"StreamSpecification.StreamViewType is missing: give {_VIEWS}"],
        ),
        (
            {"StreamSpecification": {"StreamEnabled": "yes", "StreamViewType": "KEYS_ONLY"}},
            ["StreamSpecification.StreamEnabled='yes': must be True or False"],
        ),
        (
            {"StreamSpecification": {"StreamEnabled": False, "StreamViewType": "KEYS_ONLY"}},
            [
                "StreamSpecification.StreamViewType='KEYS_ONLY': StreamEnabled is False; "
                "leave one of them out"
            ],
        ),
        (
            {"StreamSpecification": "KEYS_ONLY"},
            [f"StreamSpecification='KEYS_ONLY': {_DICT} StreamEnabled, StreamViewType"],
        ),
        (
            {"SSESpecification": {"KMSMasterKeyId": "alias/a"}},
            ["SSESpecification.Enabled is missing: give True or False"],
        ),
        (
            {"SSESpecification": {"Enabled": True, "SSEType": "AES256"}},
            ["SSESpecification.SSEType='AES256': there is 'KMS' only; leave it out"],
        ),
        ({"Tags": {"a": "b"}}, ["Tags={'a': 'b'}: must be a list of dicts with Key, Value"]),
        (
            {"Tags": [{"Key": "a", "Value": ""}, {"Key": "a", "Value": "b"}, {}, "c"]},
            [
                "Tags[a].Key='a': is there already; one value is enough",
                "Tags[2].Key is missing: give text",
                "Tags[2].Value is missing: give text, '' for none",
                f"Tags[3]='c': {_DICT} Key, Value",
            ],
        ),
        ({"Tags": [{"Key": "a", "Value": 5}]}, ["tags[a]=5: must be text"]),
        (
            {"TimeToLiveSpecification": {"Enabled": True}},
            ["TimeToLiveSpecification.AttributeName is missing: give text"],
        ),
        (
            {"TimeToLiveSpecification": "expires"},
            [f"TimeToLiveSpecification='expires': {_DICT} AttributeName, Enabled"],
        ),
        (
            {"PointInTimeRecoverySpecification": {"RecoveryPeriodInDays": 7}},
            [
                "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled is missing: "
                "give True or False"
            ],
        ),
        (
            {"ContributorInsightsSpecification": {"Enabled": None, "Mode": "X"}},
            [
                "contributor_insights='X': must be True, False, 'ACCESSED_AND_THROTTLED_KEYS' "
                "(the same as True) or 'THROTTLED_KEYS'"
            ],
        ),
        (
            {3: 4},
            ["3=4: there is no such member; leave it out"],
        ),
    ],
    ids=lambda value: str(value)[:60] if isinstance(value, dict) else "",
)
def test_what_is_wrong_with_the_form(instead: dict[str, Any], expected: list[str]) -> None:
    assert lines(instead) == expected


def test_form_and_values_are_told_in_one_report() -> None:
    with pytest.raises(SpecError) as refusal:
        TableSpec.from_boto3(
            {
                **REQUEST,
                "TableName": "o",
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "X"}],
                **with_index(IndexNam="by-day", IndexName="-", WarmThroughput=7),
            }
        )

    assert refusal.value.where == "o"
    assert [fault.path for fault in refusal.value.faults] == [
        "GlobalSecondaryIndexes[0].IndexNam",
        "GlobalSecondaryIndexes[0].WarmThroughput",
        "attributes[id]",
        "name",
    ]


@pytest.mark.parametrize("request_", [None, 3, "orders", [], [("TableName", "orders")]])
def test_what_is_no_dict_is_refused(request_: Any) -> None:
    with pytest.raises(SpecError) as refusal:
        TableSpec.from_boto3(request_)

    [fault] = refusal.value.faults
    assert (fault.path, fault.value) == ("request", request_)
    assert fault.remedy == "must be a dict with the arguments of create_table"


@pytest.mark.parametrize("member", ["Table", "TableDescription", "TableStatus"])
def test_what_describe_table_answers_is_refused_in_one_line(member: str) -> None:
    with pytest.raises(SpecError) as caught:
        TableSpec.from_boto3({member: {}, "ItemCount": 0})

    [fault] = caught.value.faults
    assert fault.path == "request"
    assert "TableSpec.from_table(client, name)" in fault.remedy


def test_no_member_of_create_table_is_dropped() -> None:
    known = {
        *TableSpec.from_boto3(REQUEST).to_boto3(),
        "GlobalSecondaryIndexes",
        "LocalSecondaryIndexes",
        "ProvisionedThroughput",
        "OnDemandThroughput",
        "WarmThroughput",
        "StreamSpecification",
        "SSESpecification",
        "Tags",
        "TableClass",
        "DeletionProtectionEnabled",
    }
    others = {*_create_table_shape().members} - known
    assert others

    for member in others:
        [line] = lines({member: "x"})
        assert line.startswith(f"{member}='x': ")
