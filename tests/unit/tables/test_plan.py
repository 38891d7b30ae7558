"""`plan` by examples and by properties: which steps, in which order, with which requests."""

from __future__ import annotations

import json
import pickle
import re
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.model import Dimension
from dynoresilience.tables import Label, PlanError, TablePlan, TableSpec
from dynoresilience.tables.drift import Owners, compare
from dynoresilience.tables.drift.place import TABLE
from dynoresilience.tables.plan import plan
from dynoresilience.tables.seen.found import FoundTable, Unseen
from dynoresilience.tables.seen.look import look
from tests.support.apply_program import BEFORE, WANTED
from tests.support.as_aws import KEYS, AsAws
from tests.support.drifts import by_customer, by_total, table
from tests.support.plan_checks import check
from tests.support.spec_pairs import spec_pairs

UNITS = {"read_capacity_units": 5, "write_capacity_units": 5}


def found_as(spec: TableSpec) -> FoundTable:
    """A table that is as this spec says."""
    found = look(AsAws(spec, Random(0)), spec.name)
    assert found is not None
    return found


def planned(before: TableSpec | FoundTable, wanted: TableSpec, **known: Any) -> TablePlan:
    found = found_as(before) if isinstance(before, TableSpec) else before
    return plan(wanted, found, compare(wanted, found, **known))


def requests(made: TablePlan) -> list[dict[str, Any]]:
    """Without the table's name."""
    named = ("TableName",)
    return [{k: v for k, v in step.request.items() if k not in named} for step in made.steps]


def alone(made: TablePlan) -> dict[str, Any]:
    (request,) = requests(made)
    return request


def throughput(read: int, write: int) -> dict[str, Any]:
    return {"ProvisionedThroughput": {"ReadCapacityUnits": read, "WriteCapacityUnits": write}}


@given(spec_pairs(), st.randoms(use_true_random=False))
def test_any_plan_is_in_order(pair: tuple[TableSpec, TableSpec], random: Random) -> None:
    before, wanted = pair
    aws = AsAws(before, random)
    found = look(aws, "orders")
    made = plan(wanted, found, compare(wanted, found))
    check(made)
    again = look(aws, "orders")  # in another order
    assert made == plan(wanted, again, compare(wanted, again))
    assert planned(before, before).is_empty
    assert pickle.loads(pickle.dumps(made)) == made
    check(plan(wanted, None, compare(wanted, None)))


def test_of_a_table_that_is_as_declared_there_is_nothing_to_do() -> None:
    made = planned(table(), table())
    assert made.is_empty
    assert str(made) == "orders: nothing to do"


def test_a_table_that_is_missing_is_created_with_all_that_can_be_said() -> None:
    spec = table(
        tags={"team": "billing"},
        kms_key=KEYS + "orders",
        sse=True,
        time_to_live="expires",
        point_in_time_recovery=True,
        recovery_period_days=7,
        contributor_insights=True,
    )
    made = plan(spec, None, compare(spec, None))
    assert [step.operation for step in made.steps] == [
        "CreateTable",
        "UpdateContinuousBackups",
        "UpdateContributorInsights",
        "UpdateTimeToLive",
    ]
    assert made.steps[0].request == spec.to_boto3()
    assert made.steps[0].needs == (
        "dynamodb:CreateTable",
        "dynamodb:TagResource",
        "kms:CreateGrant",
        "kms:DescribeKey",
    )
    assert not made.needs_allowed
    assert not made.refused


def test_what_goes_up_is_in_one_request_and_what_goes_down_in_the_next() -> None:
    wanted = table(
        read_capacity_units=7,
        write_capacity_units=3,
        global_secondary_indexes=[by_customer(read_capacity_units=9, write_capacity_units=2)],
    )
    made = planned(table(), wanted)
    assert requests(made) == [
        {
            **throughput(7, 5),
            "GlobalSecondaryIndexUpdates": [
                {"Update": {"IndexName": "by-customer", **throughput(9, 5)}}
            ],
        },
        {
            **throughput(7, 3),
            "GlobalSecondaryIndexUpdates": [
                {"Update": {"IndexName": "by-customer", **throughput(9, 2)}}
            ],
        },
    ]
    assert [(step.what, step.risk) for step in made.steps] == [
        ("set the capacity: read 5 -> 7, by-customer read 5 -> 9", ""),
        (
            "set the capacity: write 5 -> 3, by-customer write 5 -> 2",
            "calls beyond it are throttled; it takes one of the day's 4 decreases of the table, "
            "by-customer",
        ),
    ]


def test_of_capacity_nothing_is_asked_for_but_what_differs() -> None:
    assert alone(planned(table(), table(read_capacity_units=7))) == throughput(7, 5)


def test_numbers_that_belong_to_somebody_are_sent_as_they_are() -> None:
    spec = table(read_capacity_units=3, write_capacity_units=3)
    mine: Owners = {
        (None, Dimension.READ): (Label.AUTOSCALING, "kept between 2 and 9"),
        ("by-customer", Dimension.WRITE): (Label.RAISED, "raised to 9"),
    }
    assert alone(planned(table(), spec, owners=mine)) == throughput(5, 3)
    nobody_elses = {**mine, (None, Dimension.WRITE): (Label.RAISED, "raised to 5")}
    assert planned(table(), spec, owners=nobody_elses).is_empty


def test_the_units_of_an_owner_may_change_and_the_plan_stays() -> None:
    spec = table(write_capacity_units=3)
    mine: Owners = {(None, Dimension.READ): (Label.AUTOSCALING, "kept between 2 and 9")}
    before = planned(table(read_capacity_units=4), spec, owners=mine)
    after = planned(table(read_capacity_units=8), spec, owners=mine)
    assert before.fingerprint == after.fingerprint == planned(table(), spec).fingerprint
    assert before.steps[0].pairs == after.steps[0].pairs
    assert before.fingerprint != planned(table(write_capacity_units=4), spec).fingerprint


def test_to_provisioned_every_index_that_stays_comes_along() -> None:
    other = by_customer(**UNITS) | {"name": "by-other"}
    before = table(
        on_demand=True,
        global_secondary_indexes=[by_customer(), by_customer() | {"name": "by-gone"}],
    )
    made = planned(before, table(global_secondary_indexes=[by_customer(**UNITS), other]))
    assert [step.what for step in made.steps] == [
        "delete index by-gone",
        "switch to provisioned capacity",
        "create index by-other",
    ]
    assert requests(made)[1] == {
        "BillingMode": "PROVISIONED",
        **throughput(5, 5),
        "GlobalSecondaryIndexUpdates": [
            {"Update": {"IndexName": "by-customer", **throughput(5, 5)}}
        ],
    }
    assert made.needs_allowed == {"delete_index"}


def test_to_provisioned_an_index_that_has_its_units_already_is_left_out() -> None:
    """DynamoDB Local refuses to switch an index to the units that it had before."""
    found = found_as(table(on_demand=True))
    index = found_as(table()).indexes["by-customer"]
    made = planned(replace(found, indexes={**found.indexes, "by-customer": index}), table())
    assert requests(made) == [{"BillingMode": "PROVISIONED", **throughput(5, 5)}]


def test_to_on_demand_the_maximum_comes_along_and_the_indexes_follow() -> None:
    most = {"max_read_request_units": 10, "max_write_request_units": -1}
    wanted = table(on_demand=True, **most, global_secondary_indexes=[by_customer(**most)])
    assert requests(planned(table(), wanted)) == [
        {"BillingMode": "PAY_PER_REQUEST", "OnDemandThroughput": {"MaxReadRequestUnits": 10}},
        {
            "GlobalSecondaryIndexUpdates": [
                {
                    "Update": {
                        "IndexName": "by-customer",
                        "OnDemandThroughput": {"MaxReadRequestUnits": 10},
                    }
                }
            ]
        },
    ]
    assert requests(planned(table(), table(on_demand=True))) == [{"BillingMode": "PAY_PER_REQUEST"}]


def test_a_maximum_that_an_endpoint_forgets_does_not_come_along() -> None:
    found = replace(
        found_as(table()), unseen={"max_read_request_units": Unseen("unsupported", "no")}
    )
    wanted = table(on_demand=True, max_read_request_units=10)
    assert requests(planned(found, wanted)) == [{"BillingMode": "PAY_PER_REQUEST"}]


def test_a_maximum_is_cleared_alone_and_those_of_indexes_together() -> None:
    most = {"max_read_request_units": 10, "max_write_request_units": 20}
    none = {"max_read_request_units": -1, "max_write_request_units": 20}
    before = table(on_demand=True, **most, global_secondary_indexes=[by_customer(**most)])
    wanted = table(on_demand=True, **none, global_secondary_indexes=[by_customer(**none)])
    made = planned(before, wanted)
    assert requests(made) == [
        {"OnDemandThroughput": {"MaxReadRequestUnits": -1}},
        {
            "GlobalSecondaryIndexUpdates": [
                {
                    "Update": {
                        "IndexName": "by-customer",
                        "OnDemandThroughput": {"MaxReadRequestUnits": -1},
                    }
                }
            ]
        },
    ]
    assert made.steps[0].what == "set the on-demand maximum: read 10 -> none"


def test_warm_throughput_only_grows() -> None:
    warm = {"warm_read_units_per_second": 13000, "warm_write_units_per_second": 5000}
    cool = {"warm_read_units_per_second": 12500, "warm_write_units_per_second": 5000}
    before = table(on_demand=True, **cool, global_secondary_indexes=[by_customer(**cool)])
    wanted = table(on_demand=True, **warm, global_secondary_indexes=[by_customer(**warm)])
    members = {"WarmThroughput": {"ReadUnitsPerSecond": 13000, "WriteUnitsPerSecond": 5000}}
    assert requests(planned(before, wanted)) == [
        members,
        {
            "GlobalSecondaryIndexUpdates": [
                {"Update": {"IndexName": "by-customer", **members}},
            ]
        },
    ]
    assert planned(wanted, before).is_empty
    warmer = table(on_demand=True, warm_write_units_per_second=6000)
    mixed = table(
        on_demand=True, warm_read_units_per_second=12500, warm_write_units_per_second=7000
    )
    hot = table(on_demand=True, warm_read_units_per_second=20000, warm_write_units_per_second=6000)
    assert alone(planned(hot, mixed)) == {"WarmThroughput": {"WriteUnitsPerSecond": 7000}}
    assert planned(hot, warmer).is_empty


def test_warm_throughput_that_is_not_shown_is_left_out() -> None:
    blind = Unseen("unsupported", "no")
    fields = ("warm_read_units_per_second", "warm_write_units_per_second")
    found = replace(found_as(table()), **dict.fromkeys(fields), unseen=dict.fromkeys(fields, blind))
    assert planned(found, table(warm_read_units_per_second=50)).is_empty


def test_capacity_that_is_raised_warms_up_as_well() -> None:
    """So what is left of it need not be asked for."""
    wanted = table(read_capacity_units=50, warm_read_units_per_second=50)
    assert [step.what for step in planned(table(), wanted).steps] == [
        "set the capacity: read 5 -> 50"
    ]
    wanted = table(on_demand=True, warm_read_units_per_second=12000)
    assert [step.what for step in planned(table(), wanted).steps] == ["switch to on-demand"]


def test_an_index_of_another_shape_is_deleted_and_created_again() -> None:
    wanted = table(
        global_secondary_indexes=[
            by_customer(**UNITS, projection_type="KEYS_ONLY", non_key_attributes=[])
        ]
    )
    made = planned(table(), wanted)
    assert [(step.what, step.allow) for step in made.steps] == [
        ("delete index by-customer, to create it in another shape", "delete_index"),
        ("create index by-customer", None),
    ]
    assert requests(made)[1]["AttributeDefinitions"] == [
        {"AttributeName": "customer", "AttributeType": "S"},
        {"AttributeName": "day", "AttributeType": "N"},
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "total", "AttributeType": "N"},
    ]


def test_an_attribute_of_another_type_takes_its_indexes_along() -> None:
    types = {"id": "S", "day": "N", "customer": "N", "total": "N"}
    made = planned(table(), table(attributes=types))
    assert [step.what for step in made.steps] == [
        "delete index by-customer, to create it in another shape",
        "create index by-customer",
    ]
    definitions = requests(made)[1]["AttributeDefinitions"]
    assert {"AttributeName": "customer", "AttributeType": "N"} in definitions


def test_indexes_come_one_at_a_time_and_define_what_is_used_by_then() -> None:
    more = [
        {"name": "by-a", "hash_key": "a", **UNITS},
        {"name": "by-b", "hash_key": "b", **UNITS},
    ]
    types = {"id": "S", "day": "N", "customer": "S", "total": "N", "a": "S", "b": "B"}
    made = planned(
        table(), table(attributes=types, global_secondary_indexes=[by_customer(**UNITS), *more])
    )
    assert [step.what for step in made.steps] == ["create index by-a", "create index by-b"]
    names = [
        [each["AttributeName"] for each in request["AttributeDefinitions"]]
        for request in requests(made)
    ]
    assert names == [
        ["a", "customer", "day", "id", "total"],
        ["a", "b", "customer", "day", "id", "total"],
    ]


def test_an_index_that_is_just_going_is_gone() -> None:
    found = found_as(table())
    index = replace(found.indexes["by-customer"], status="DELETING")
    going = replace(found, indexes={**found.indexes, "by-customer": index})
    made = planned(going, table())
    assert [step.what for step in made.steps] == ["create index by-customer"]
    missing = {name: each for name, each in found.indexes.items() if name != "by-customer"}
    assert made.fingerprint == planned(replace(found, indexes=missing), table()).fingerprint


def test_insights_of_an_index_that_is_to_come_follow_it() -> None:
    types = {"id": "S", "day": "N", "total": "N"}
    before = table(attributes=types, global_secondary_indexes=[])
    wanted = table(
        global_secondary_indexes=[by_customer(**UNITS, contributor_insights="THROTTLED_KEYS")]
    )
    made = planned(replace(found_as(before), attributes=found_as(wanted).attributes), wanted)
    assert requests(made)[-1] == {
        "IndexName": "by-customer",
        "ContributorInsightsAction": "ENABLE",
        "ContributorInsightsMode": "THROTTLED_KEYS",
    }
    path = "global_secondary_indexes[by-customer].contributor_insights"
    assert made.steps[-1].changes == {path: False}
    blind = replace(
        found_as(before), unseen={"contributor_insights": Unseen("unsupported", "not here")}
    )
    assert [step.what for step in planned(blind, wanted).steps] == ["create index by-customer"]


@pytest.mark.parametrize(
    ("before", "wanted", "expected"),
    [
        (
            {},
            {"table_class": "STANDARD_INFREQUENT_ACCESS"},
            [{"TableClass": "STANDARD_INFREQUENT_ACCESS"}],
        ),
        ({}, {"deletion_protection": True}, [{"DeletionProtectionEnabled": True}]),
        (
            {"deletion_protection": True},
            {"deletion_protection": False},
            [{"DeletionProtectionEnabled": False}],
        ),
        (
            {},
            {"stream_view_type": "NEW_IMAGE"},
            [{"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}}],
        ),
        ({}, {"sse": True}, [{"SSESpecification": {"Enabled": True, "SSEType": "KMS"}}]),
        ({"sse": True}, {"sse": False}, [{"SSESpecification": {"Enabled": False}}]),
        (
            {},
            {"point_in_time_recovery": True},
            [{"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}],
        ),
        (
            {"point_in_time_recovery": True, "recovery_period_days": 7},
            {"point_in_time_recovery": True, "recovery_period_days": 21},
            [
                {
                    "PointInTimeRecoverySpecification": {
                        "PointInTimeRecoveryEnabled": True,
                        "RecoveryPeriodInDays": 21,
                    }
                }
            ],
        ),
        ({}, {"contributor_insights": True}, [{"ContributorInsightsAction": "ENABLE"}]),
        (
            {"contributor_insights": "THROTTLED_KEYS"},
            {"contributor_insights": True},
            [
                {
                    "ContributorInsightsAction": "ENABLE",
                    "ContributorInsightsMode": "ACCESSED_AND_THROTTLED_KEYS",
                }
            ],
        ),
        (
            {"contributor_insights": True},
            {"contributor_insights": False},
            [{"ContributorInsightsAction": "DISABLE"}],
        ),
        (
            {},
            {"time_to_live": "expires"},
            [{"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "expires"}}],
        ),
        (
            {"time_to_live": "expires"},
            {"time_to_live": False},
            [{"TimeToLiveSpecification": {"Enabled": False, "AttributeName": "expires"}}],
        ),
        (
            {"time_to_live": "expires"},
            {"time_to_live": "until"},
            [
                {"TimeToLiveSpecification": {"Enabled": False, "AttributeName": "expires"}},
                {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "until"}},
            ],
        ),
    ],
    ids=str,
)
def test_settings(before: Any, wanted: Any, expected: Any) -> None:
    made = planned(table(**before), table(**wanted))
    assert requests(made) == expected
    assert not made.needs_allowed


def test_tags_are_set_and_never_removed() -> None:
    before = table(tags={"team": "shop", "stage": "test", "theirs": "kept"})
    made = planned(before, table(tags={"team": "billing", "stage": "test", "more": "x"}))
    (step,) = made.steps
    assert step.operation == "TagResource"
    assert step.request["Tags"] == [
        {"Key": "more", "Value": "x"},
        {"Key": "team", "Value": "billing"},
    ]
    assert step.request["ResourceArn"].endswith(":table/orders")


@pytest.mark.parametrize(
    ("before", "wanted", "allow"),
    [
        ({"stream_view_type": "NEW_IMAGE"}, {"stream_view_type": False}, ["disable_stream"]),
        (
            {"stream_view_type": "NEW_IMAGE"},
            {"stream_view_type": "KEYS_ONLY"},
            ["new_stream", None],
        ),
        ({"point_in_time_recovery": True}, {"point_in_time_recovery": False}, ["disable_recovery"]),
        (
            {"point_in_time_recovery": True},
            {"point_in_time_recovery": True, "recovery_period_days": 7},
            ["disable_recovery"],
        ),
    ],
    ids=str,
)
def test_what_can_not_be_had_back_needs_to_be_allowed(before: Any, wanted: Any, allow: Any) -> None:
    made = planned(table(**before), table(**wanted))
    assert [step.allow for step in made.steps] == allow
    assert all(f"only with allow=('{word}',)" in str(made) for word in made.needs_allowed)


def test_another_key_is_asked_for_with_what_it_takes() -> None:
    wanted = table(sse=True, kms_key="1234abcd-12ab-34cd-56ef")
    (step,) = planned(table(sse=True), wanted).steps
    assert step.request["SSESpecification"]["KMSMasterKeyId"] == "1234abcd-12ab-34cd-56ef"
    assert step.needs == ("dynamodb:UpdateTable", "kms:CreateGrant", "kms:DescribeKey")


def test_an_alias_is_asked_for_only_if_it_is_known_to_be_of_another_key() -> None:
    wanted = table(sse=True, kms_key="alias/orders")
    assert planned(table(sse=True), wanted).is_empty
    other = {"alias/orders": KEYS + "other"}
    assert [step.what for step in planned(table(sse=True), wanted, known_keys=other).steps] == [
        "encrypt with alias/orders"
    ]


@pytest.mark.parametrize(
    ("before", "wanted", "paths"),
    [
        (
            {
                "hash_key": "number",
                "attributes": {"number": "S", "day": "N", "customer": "S", "total": "N"},
            },
            {},
            ["hash_key"],
        ),
        (
            {
                "range_key": None,
                "attributes": {"id": "S", "customer": "S", "total": "N"},
                "local_secondary_indexes": [],
            },
            {"local_secondary_indexes": []},
            ["range_key"],
        ),
        (
            {"attributes": {"id": "S", "day": "S", "customer": "S", "total": "N"}},
            {},
            ["attributes[day]"],
        ),
        (
            {"attributes": {"id": "S", "day": "N", "customer": "S", "total": "S"}},
            {},
            ["attributes[total]"],
        ),
        ({"local_secondary_indexes": []}, {}, ["local_secondary_indexes[by-total]"]),
        ({}, {"local_secondary_indexes": []}, ["local_secondary_indexes[by-total]"]),
        (
            {},
            {"local_secondary_indexes": [by_total(projection_type="KEYS_ONLY")]},
            ["local_secondary_indexes[by-total].projection_type"],
        ),
        (
            {},
            {
                "local_secondary_indexes": [],
                "global_secondary_indexes": [
                    {"name": "by-total", "hash_key": "total", **UNITS},
                    by_customer(**UNITS),
                ],
            },
            ["global_secondary_indexes[by-total]", "local_secondary_indexes[by-total]"],
        ),
    ],
    ids=[
        "partition key",
        "sort key",
        "type",
        "type of a local index",
        "local index missing",
        "local index more",
        "projection",
        "another kind",
    ],
)
def test_what_no_step_mends_is_refused_with_the_way_out(
    before: Any, wanted: Any, paths: Any
) -> None:
    made = planned(table(**before), table(**wanted))
    assert [refusal.difference.path for refusal in made.refused] == paths
    assert all("under another name" in str(each) or "name" in str(each) for each in made.refused)
    assert "refused: " in str(made)
    assert len(made.to_dict()["refused"]) == len(paths)
    assert not [step for step in made.steps if "create index by-total" in step.what]


def test_a_table_out_of_order_is_refused() -> None:
    found = replace(found_as(table()), status="ARCHIVED")
    made = planned(found, table())
    assert [refusal.difference.path for refusal in made.refused] == ["status"]


def test_a_plan_can_be_read_by_whoever_approves_it() -> None:
    before = table(
        global_secondary_indexes=[
            by_customer(**UNITS),
            {"name": "old", "hash_key": "customer", **UNITS},
        ]
    )
    made = planned(before, table(write_capacity_units=3, time_to_live="expires"))
    risks = [
        "who queries it fails",
        "calls beyond it are throttled; it takes one of the day's 4 decreases of the table",
        "items whose expires is past are deleted for good; at most one change an hour",
    ]
    assert [step.risk for step in made.steps] == risks
    update = "needs dynamodb:UpdateTable"
    assert str(made) == (
        "orders: 3 steps\n"
        f"  1. delete index old (takes seconds, on a large index minutes; {update}; "
        f"risk: {risks[0]}; only with allow=('delete_index',))\n"
        f"  2. set the capacity: write 5 -> 3 (takes seconds to minutes; {update}; "
        f"risk: {risks[1]})\n"
        "  3. switch the time to live by expires on (takes up to an hour; "
        f"needs dynamodb:UpdateTimeToLive; risk: {risks[2]})"
    )


@pytest.mark.parametrize("way", ["there", "back", "creation"])
def test_plans_read_the_same_from_release_to_release(way: str) -> None:
    """Who keeps plans, or compares them, does so by these words. Change them on purpose only."""
    off: dict[str, Any] = dict.fromkeys(
        ("stream_view_type", "time_to_live", "point_in_time_recovery", "deletion_protection"), False
    )
    index = by_customer(
        **UNITS, projection_type="ALL", non_key_attributes=[], contributor_insights=False
    )
    plain = table(**off, sse=False, table_class="STANDARD", global_secondary_indexes=[index])
    full = TableSpec(**{**WANTED.declared(), "kms_key": f"{KEYS}orders"})
    made = {
        "there": lambda: planned(BEFORE, WANTED),
        "back": lambda: planned(WANTED, plain),
        "creation": lambda: plan(full, None, compare(full, None)),
    }[way]()
    kept = Path(__file__).with_name("plans") / way
    assert str(made) + "\n" == kept.with_suffix(".txt").read_text(encoding="utf-8")
    without = made.to_dict() | {"fingerprint": ""}
    text = json.dumps(without, indent=2, sort_keys=True, default=sorted) + "\n"
    assert text == kept.with_suffix(".json").read_text(encoding="utf-8")
    assert json.loads(made.to_json()) == {**json.loads(text), "fingerprint": made.fingerprint}
    assert re.fullmatch("[0-9a-f]{16}", made.fingerprint)


def test_doubts_about_whose_a_number_is_are_a_risk() -> None:
    note = TABLE.note("capacity", "as declared", None, Label.NOT_PERMITTED, "allow this")
    for units, lowers in ((7, False), (3, True)):
        found, wanted = found_as(table()), table(read_capacity_units=units)
        report = replace(compare(wanted, found), notes=(note,))
        (step,) = plan(wanted, found, report).steps
        assert step.risk.endswith("allow this")
        assert ("decrease" in step.risk) is lowers


def test_insights_of_an_index_that_is_being_created_are_off() -> None:
    wanted = table(global_secondary_indexes=[by_customer(**UNITS, contributor_insights=True)])
    found = found_as(table())
    index = replace(found.indexes["by-customer"], status="CREATING", contributor_insights=None)
    path = "by-customer.contributor_insights"
    coming = replace(
        found,
        indexes={**found.indexes, "by-customer": index},
        unseen={path: Unseen("under way", "it is CREATING")},
    )
    assert [step.changes for step in planned(coming, wanted).steps] == [
        {"global_secondary_indexes[by-customer].contributor_insights": False}
    ]
    active = replace(
        coming, indexes={**found.indexes, "by-customer": replace(index, status="ACTIVE")}
    )
    assert planned(active, wanted).is_empty
    off = replace(index, contributor_insights=False)
    known = replace(coming, indexes={**found.indexes, "by-customer": off})
    assert planned(known, wanted).fingerprint == planned(coming, wanted).fingerprint
    on = replace(index, contributor_insights="THROTTLED_KEYS")
    other = replace(coming, indexes={**found.indexes, "by-customer": on})
    assert planned(other, wanted).fingerprint != planned(coming, wanted).fingerprint


def test_to_on_demand_warm_throughput_comes_along_up_to_what_is_usual() -> None:
    found = replace(found_as(table()), warm_read_units_per_second=5, warm_write_units_per_second=5)
    for dimension, usual in (("read", 12_000), ("write", 4_000)):
        for more in (0, 1):
            warm = {f"warm_{dimension}_units_per_second": usual + more}
            assert len(planned(found, table(on_demand=True, **warm)).steps) == 1 + more


def test_the_fingerprint_is_of_what_does_not_change_by_itself() -> None:
    spec = table(tags={"team": "billing"})
    found = found_as(spec)
    same = [
        replace(found, status="UPDATING"),
        replace(found, warm_read_units_per_second=99),
        replace(found, tags={**found.tags, "dynoresilience:write": "base=5", "aws:x": "y"}),
        replace(found, time_to_live_status="DISABLING"),
    ]
    prints = {planned(each, spec).fingerprint for each in (found, *same)}
    assert len(prints) == 1
    other = [
        replace(found, table_id="another"),
        replace(found, stream_arn="another"),
        replace(found, tags={**found.tags, "theirs": "new"}),
        replace(found, deletion_protection=True),
        replace(found, read_capacity_units=9),
        replace(found, contributor_insights="THROTTLED_KEYS"),
        replace(found, indexes={}),
    ]
    prints |= {planned(each, spec).fingerprint for each in other}
    prints.add(plan(spec, None, compare(spec, None)).fingerprint)
    assert len(prints) == len(other) + 2


def test_an_error_tells_what_is_done_and_what_is_left() -> None:
    steps = planned(table(), table(time_to_live="expires", deletion_protection=True)).steps
    error = PlanError("orders", "stopped", steps[:1], steps[1:])
    assert str(error) == (
        "orders: stopped\n"
        "  done: switch deletion protection on\n"
        "  left: switch the time to live by expires on"
    )
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.done, again.left) == (str(error), error.done, error.left)
