"""What IAM makes of a policy, as far as ours need it: an unknown word in one is an error."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

ACCOUNT = "123456789012"
ANYWHERE = "*"


class Asked(NamedTuple):
    """One thing that IAM is asked to allow. ``keys``: the context, several values to a key."""

    action: str
    resource: str
    keys: Mapping[str, list[str]]


def allows(policy: Mapping[str, Any], asked: Asked) -> bool:
    """Whether any statement does, in IAM's way; none of ours denies."""
    assert policy["Version"] == "2012-10-17"
    return any(_allows(statement, asked) for statement in policy["Statement"])


def actions_of(policy: Mapping[str, Any]) -> set[str]:
    return {action for statement in policy["Statement"] for action in statement["Action"]}


def _allows(statement: Mapping[str, Any], asked: Asked) -> bool:
    assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
    assert statement["Effect"] == "Allow"
    assert re.fullmatch("[A-Za-z0-9]+", statement["Sid"])
    return (
        any(_like(asked.action.lower(), action.lower()) for action in statement["Action"])
        and any(_like(asked.resource, resource) for resource in statement["Resource"])
        and all(
            _OPERATORS[operator](asked.keys.get(key, []), values)
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def _like(text: str, pattern: str) -> bool:
    parts = (re.escape(part) for part in re.split(r"([*?])", pattern))
    return bool(re.fullmatch("".join({r"\*": ".*", r"\?": "."}.get(p, p) for p in parts), text))


def _equals(found: list[str], allowed: list[str]) -> bool:
    [one] = found or [None]  # type: ignore[list-item]  # no such key: false
    return one in allowed


def _every_one_like(found: list[str], allowed: list[str]) -> bool:
    return all(any(_like(one, pattern) for pattern in allowed) for one in found)


_OPERATORS: dict[str, Callable[[list[str], list[str]], bool]] = {
    "StringEquals": _equals,
    "ForAllValues:StringLike": _every_one_like,
}


def what_is_asked(
    service: str, operation: str, params: Mapping[str, Any], region: str, *, abac: bool = True
) -> list[Asked]:
    """What IAM has to allow for a call to succeed, as the Service Authorization Reference says.

    ``abac``: in the account tables tell IAM the tags of a request.
    """
    place = f"{region}:{ACCOUNT}"
    keys: dict[str, list[str]] = {"aws:RequestedRegion": [region]}
    resource = ANYWHERE
    if service == "dynamodb" and "ResourceArn" in params:
        resource = params["ResourceArn"]
        tags = params.get("TagKeys") or [tag["Key"] for tag in params.get("Tags", ())]
        if abac and tags:
            keys["aws:TagKeys"] = list(tags)
    elif service == "dynamodb" and "TableName" in params:
        table = params["TableName"]
        is_arn = table.startswith("arn:")
        resource = table if is_arn else f"arn:aws:dynamodb:{place}:table/{table}"
        if "IndexName" in params and operation.endswith("ContributorInsights"):
            resource += f"/index/{params['IndexName']}"
    elif operation == "RegisterScalableTarget":
        resource = f"arn:aws:application-autoscaling:{place}:scalable-target/0ec5{'0' * 30}"
        for key, member in (
            ("service-namespace", "ServiceNamespace"),
            ("scalable-dimension", "ScalableDimension"),
        ):
            keys[f"application-autoscaling:{key}"] = [params[member]]
    elif service == "scheduler":
        group = params.get("GroupName", "default")
        resource = f"arn:aws:scheduler:{place}:schedule/{group}/{params['Name']}"
    asked = [Asked(f"{service}:{operation}", resource, keys)]
    if operation == "CreateTable" and params.get("Tags"):
        given = {"aws:TagKeys": [tag["Key"] for tag in params["Tags"]]} if abac else {}
        asked.append(Asked("dynamodb:TagResource", resource, {**keys, **given}))
    if service == "scheduler" and "Target" in params:
        passed = {**keys, "iam:PassedToService": ["scheduler.amazonaws.com"]}
        asked.append(Asked("iam:PassRole", params["Target"]["RoleArn"], passed))
    return asked
