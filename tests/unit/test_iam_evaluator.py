"""The evaluator that the tests of policies rely on is right itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.iam_policies import Asked, allows

TABLE = "arn:aws:dynamodb:eu-central-1:123456789012:table/orders"


def one(condition: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    statement = {
        "Sid": "S",
        "Effect": "Allow",
        "Action": ["dynamodb:TagResource"],
        "Resource": [TABLE],
        **changes,
    }
    if condition:
        statement["Condition"] = condition
    return {"Version": "2012-10-17", "Statement": [statement]}


OURS = {"ForAllValues:StringLike": {"aws:TagKeys": ["dynoresilience:*"]}}
IN_REGION = {"StringEquals": {"aws:RequestedRegion": ["eu-central-1", "eu-west-1"]}}


@pytest.mark.parametrize(
    ("policy", "keys", "allowed"),
    [
        (one(), {}, True),
        (one(Action=["dynamodb:UntagResource"]), {}, False),
        (one(Action=["DYNAMODB:tagresource"]), {}, True),
        (one(Action=["dynamodb:Tag*"]), {}, True),
        (one(Resource=["*"]), {}, True),
        (one(Resource=[TABLE[:-1] + "?"]), {}, True),
        (one(Resource=[TABLE.upper()]), {}, False),
        (one(Resource=[TABLE + "/*"]), {}, False),
        (one(OURS), {}, True),
        (one(OURS), {"aws:TagKeys": ["dynoresilience:write", "dynoresilience:read"]}, True),
        (one(OURS), {"aws:TagKeys": ["dynoresilience:write", "owner"]}, False),
        (one(IN_REGION), {}, False),
        (one(IN_REGION), {"aws:RequestedRegion": ["eu-west-1"]}, True),
        (one(IN_REGION), {"aws:RequestedRegion": ["eu-west-2"]}, False),
        (one({**OURS, **IN_REGION}), {"aws:RequestedRegion": ["eu-west-2"]}, False),
    ],
)
def test_a_request_is_allowed_or_not(
    policy: dict[str, Any], keys: dict[str, list[str]], allowed: bool
) -> None:
    assert allows(policy, Asked("dynamodb:TagResource", TABLE, keys)) is allowed


@pytest.mark.parametrize("policy", [one(Effect="Deny"), one(NotAction=[]), one(Sid="a b")])
def test_what_it_does_not_know_is_an_error(policy: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        allows(policy, Asked("dynamodb:TagResource", TABLE, {}))


def test_an_operator_that_it_does_not_know_is_an_error() -> None:
    with pytest.raises(KeyError):
        allows(one({"Null": {"aws:TagKeys": "false"}}), Asked("dynamodb:TagResource", TABLE, {}))
