from typing import Any

import pytest

from dynoresilience.testing.control.combinations import check_combination, index_changes
from tests.unit.testing.control.refusals import INVALID, code, refusal

UNITS = {"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}}
STREAM = {"StreamSpecification": {"StreamEnabled": False}}
MODE = {"BillingMode": "PAY_PER_REQUEST"}
MAXIMUM = {"OnDemandThroughput": {"MaxReadRequestUnits": 5}}
PROTECTION = {"DeletionProtectionEnabled": False}
DEFINITIONS: dict[str, Any] = {"AttributeDefinitions": [{"AttributeName": "id"}]}


def indexes(*changes: tuple[str, str]) -> dict[str, Any]:
    actions = [{verb: {"IndexName": name}} for verb, name in changes]
    return {"GlobalSecondaryIndexUpdates": actions}


def check(*parts: dict[str, Any]) -> None:
    body = {"TableName": "orders"}
    for part in parts:
        body.update(part)
    check_combination(body)


@pytest.mark.parametrize(
    "parts",
    [
        [UNITS],
        [UNITS, MODE],
        [UNITS, DEFINITIONS],
        [UNITS, indexes(("Update", "a"), ("Update", "b"))],
        [STREAM],
        [STREAM, MODE],
        [STREAM, indexes(("Update", "a"))],
        [MAXIMUM],
        [MAXIMUM, MODE],
        [PROTECTION],
        [PROTECTION, DEFINITIONS],
        [{"SSESpecification": {"Enabled": True}}],
        [{"TableClass": "STANDARD"}, indexes()],
        [{"WarmThroughput": {"ReadUnitsPerSecond": 1}}, {"BillingMode": None}],
        [indexes(("Create", "a")), DEFINITIONS],
        [indexes(("Create", "a"), ("Update", "b"))],
        [indexes(("Delete", "a"), ("Update", "b"))],
    ],
)
def test_what_goes_together(parts: list[dict[str, Any]]) -> None:
    assert code(lambda: check(*parts)) == ""


@pytest.mark.parametrize(
    "parts", [[], [DEFINITIONS], [indexes()], [{"ProvisionedThroughput": None}]]
)
def test_a_request_asks_for_something(parts: list[dict[str, Any]]) -> None:
    found, message = refusal(lambda: check(*parts))
    assert found == "ValidationException"
    assert message.startswith("At least one of ProvisionedThroughput, BillingMode, ")


ALONE = [
    ({"SSESpecification": {}}, "Server-Side Encryption modification"),
    ({"TableClass": "STANDARD"}, "TableClass modification"),
    (PROTECTION, "DeletionProtection modification"),
    ({"WarmThroughput": {}}, "WarmThroughput"),
]
IOPS = "while updating table IOPS"
INDEX = "You cannot create or delete index"


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        *(
            ([part, other], f"{what} must be the only operation in the request")
            for part, what in ALONE
            for other in (UNITS, MODE, STREAM, indexes(("Update", "a")))
        ),
        *(
            (
                [MAXIMUM, other],
                "OnDemandThroughput can only be combined with BillingMode in an "
                "UpdateTable request",
            )
            for other in (UNITS, STREAM, indexes(("Update", "a")))
        ),
        ([STREAM, UNITS], f"You cannot modify stream status {IOPS}"),
        ([indexes(("Create", "a")), UNITS], f"{INDEX} {IOPS}"),
        ([indexes(("Delete", "a")), UNITS], f"{INDEX} {IOPS}"),
        ([indexes(("Create", "a")), STREAM], f"{INDEX} while changing stream status"),
        ([indexes(("Delete", "a")), STREAM], f"{INDEX} while changing stream status"),
        (
            [indexes(("Update", "a"), ("Delete", "a"))],
            "Only one global secondary index update per index is allowed simultaneously. Index: a",
        ),
    ],
)
def test_what_does_not_go_together(parts: list[dict[str, Any]], message: str) -> None:
    assert refusal(lambda: check(*parts)) == ("ValidationException", INVALID + message)


@pytest.mark.parametrize(
    "changes",
    [
        [("Create", "a"), ("Create", "b")],
        [("Create", "a"), ("Delete", "b")],
        [("Delete", "a"), ("Delete", "b")],
        [("Update", "c"), ("Create", "a"), ("Delete", "b")],
    ],
)
def test_one_index_a_request(changes: list[tuple[str, str]]) -> None:
    assert code(lambda: check(indexes(*changes))) == "LimitExceededException"


def test_index_changes_are_what_creates_and_deletes() -> None:
    body = indexes(("Update", "a"), ("Create", "b"), ("Delete", "c"))
    assert index_changes(body) == [("Create", {"IndexName": "b"}), ("Delete", {"IndexName": "c"})]
    assert index_changes({}) == index_changes({"GlobalSecondaryIndexUpdates": None}) == []
