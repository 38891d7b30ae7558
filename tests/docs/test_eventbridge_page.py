"""The policies on the page about EventBridge Scheduler grant what the library asks for."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import Any

import boto3
import pytest
from moto import mock_aws

from dynoresilience import ScalingConfig
from dynoresilience.aws.eventbridge import EventBridgeScheduler, schedule_name
from dynoresilience.config.environment import VARIABLES
from dynoresilience.model import CapacityUpdate, RaisedTable, Units
from tests.docs.pages import Page

PAGE = Page("docs/eventbridge.md")
ARN = "arn:aws:dynamodb:eu-central-1:123456789012:table/orders"
ENTRY = RaisedTable("orders", ARN, {}, due=1_800_000_000.0)


def statements(name: str) -> list[dict[str, Any]]:
    [text] = PAGE.code("policy", name)
    policy = json.loads(text)
    assert policy["Version"] == "2012-10-17"
    found: list[dict[str, Any]] = policy["Statement"]
    return found


def config() -> ScalingConfig:
    [code] = PAGE.code("runs", "alone")
    names: dict[str, Any] = {}
    exec(compile(code, PAGE.path, "exec"), names)
    made: ScalingConfig = names["config"]
    return made


def test_every_policy_is_on_the_page() -> None:
    assert {block.what for block in PAGE.blocks if block.verb == "policy"} == {
        "caller",
        "trust",
        "invoke",
        "update",
    }


def test_the_caller_may_do_what_is_sent_and_no_more() -> None:
    asked = set()
    with mock_aws():
        scheduler = EventBridgeScheduler(boto3.client("dynamodb", region_name="eu-central-1"))
        scheduler._client().meta.events.register(
            "before-call.scheduler", lambda model, **_: asked.add(f"scheduler:{model.name}")
        )
        for put in range(2):
            lower = CapacityUpdate({None: Units(5, 5)}, ())
            scheduler.put(ENTRY, lower, ENTRY.due + put, config())
        scheduler.remove(ENTRY, config())
    own, passing = statements("caller")

    assert set(own["Action"]) == asked
    arn = "arn:aws:scheduler:eu-central-1:123456789012:schedule/default/" + schedule_name(ENTRY)
    assert fnmatchcase(arn, own["Resource"])
    [pattern] = re.findall(r"`\.\.\./(schedule/default/[^`]+)`", PAGE.text)
    assert fnmatchcase(arn, f"*:{pattern}"), "for one table alone"
    assert passing["Action"] == "iam:PassRole"
    assert passing["Resource"] == config().scheduler_role_arn
    condition = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
    assert passing["Condition"] == condition


def test_the_role_may_be_assumed_by_the_scheduler_alone() -> None:
    [trust] = statements("trust")
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    [invoke] = statements("invoke")
    assert (invoke["Action"], invoke["Resource"]) == (
        "lambda:InvokeFunction",
        config().reaper_function_arn,
    )
    [update] = statements("update")
    assert (update["Action"], update["Resource"]) == (
        "dynamodb:UpdateTable",
        [ARN, f"{ARN}/index/*"],
    )


@pytest.mark.parametrize("variable", re.findall(r"`(DYNAMODB_\w+)` \|", PAGE.text))
def test_the_settings_are_true(variable: str) -> None:
    [row] = re.findall(rf"^\| `(\w+).*\| `{variable}` \|", PAGE.text, re.MULTILINE)
    assert VARIABLES[variable][0] == row
