from typing import Any

import pytest

from dynoresilience.testing.control.on_demand_maximum import (
    check_mode,
    check_quota,
    merged,
    wanted_maximum,
)
from tests.unit.testing.control.refusals import INVALID, code, refusal

UPDATES = "GlobalSecondaryIndexUpdates"
READ, WRITE = "MaxReadRequestUnits", "MaxWriteRequestUnits"


def index(maximum: dict[str, int] | None = None) -> dict[str, Any]:
    return {"IndexName": "by-day", **({"OnDemandThroughput": maximum} if maximum else {})}


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({}, {}),
        ({"OnDemandThroughput": {}}, {}),
        ({"OnDemandThroughput": {READ: 1}}, {None: {READ: 1}}),
        ({"OnDemandThroughput": {WRITE: -1}}, {None: {WRITE: -1}}),
        ({UPDATES: [{"Update": index({READ: 7})}]}, {"by-day": {READ: 7}}),
        ({UPDATES: [{"Create": index({READ: 7})}]}, {"by-day": {READ: 7}}),
        ({UPDATES: [{"Delete": index()}]}, {}),
        # as CreateTable lists them
        ({UPDATES: [index({READ: 7})]}, {"by-day": {READ: 7}}),
        ({UPDATES: None}, {}),
    ],
)
def test_what_is_asked_for(body: dict[str, Any], wanted: dict[str | None, Any]) -> None:
    assert wanted_maximum(body, UPDATES) == wanted


@pytest.mark.parametrize("units", [0, -2])
def test_only_positive_numbers_and_the_one_that_clears(units: int) -> None:
    table = {"OnDemandThroughput": {READ: units}}
    of_index = {UPDATES: [{"Update": index({WRITE: units})}]}
    assert [
        refusal(lambda body=body: wanted_maximum(body, UPDATES)) for body in (table, of_index)
    ] == [  # type: ignore[misc]
        (
            "ValidationException",
            f"{INVALID}Requested {member} for OnDemandThroughput for {where} is outside of valid "
            "range",
        )
        for member, where in ((READ, "table"), (WRITE, "index : by-day"))
    ]


@pytest.mark.parametrize(
    ("present", "wanted", "after"),
    [
        ({}, {READ: 5}, {READ: 5}),
        ({READ: 5, WRITE: 6}, {READ: 7}, {READ: 7, WRITE: 6}),
        ({READ: 5, WRITE: 6}, {WRITE: -1}, {READ: 5}),
        ({}, {WRITE: -1}, {}),
    ],
)
def test_a_request_sets_member_by_member(
    present: dict[str, int], wanted: dict[str, int], after: dict[str, int]
) -> None:
    assert merged(present, wanted) == after


@pytest.mark.parametrize(
    ("name", "member", "where", "quota"),
    [
        (None, READ, "table", "TableMaxReadCapacityUnits"),
        ("by-day", WRITE, "index : by-day", "TableMaxWriteCapacityUnits"),
    ],
)
def test_the_account_has_a_quota(name: str | None, member: str, where: str, quota: str) -> None:
    assert code(lambda: check_quota({name: {member: 40_000}}, "us-east-1", 40_000)) == ""
    assert refusal(lambda: check_quota({name: {member: 40_001}}, "us-east-1", 40_000)) == (
        "LimitExceededException",
        f"Subscriber limit exceeded: Requested {member} for OnDemandThroughput for {where} exceeds "
        f"{quota} of the account in region us-east-1",
    )


def test_a_provisioned_table_has_no_maximum() -> None:
    provisioned = "cannot be specified when the table BillingMode is PROVISIONED"
    assert refusal(lambda: check_mode({None: {READ: 5}}, on_demand=False)) == (
        "ValidationException",
        f"{INVALID}{READ} for OnDemandThroughput {provisioned}",
    )
    assert refusal(lambda: check_mode({"by-day": {WRITE: 5}}, on_demand=False)) == (
        "ValidationException",
        f"{INVALID}{WRITE} for OnDemandThroughput for index : by-day {provisioned}",
    )
    assert code(lambda: check_mode({None: {READ: 5}}, on_demand=True)) == ""
    assert code(lambda: check_mode({None: {}}, on_demand=False)) == ""
