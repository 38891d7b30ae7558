"""What has to hold of every plan: the order of its steps, and what goes together in one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dynoresilience.tables import Step, TablePlan
from dynoresilience.tables.steps import ALLOW

RANKS = (
    "create table",
    "delete index",
    "switch to",
    "set the capacity",
    "set the on-demand maximum",
    "change the table class",
    "switch deletion protection",
    "disable the stream",
    "enable a stream",
    "create index",
    "warm up",
    "encrypt with",
    "set the tags",
    "switch point-in-time recovery",
    "switch contributor insights",
    "switch the time to live",
)


def check(plan: TablePlan) -> None:
    """The order, and what goes together in a request."""
    assert not plan.refused
    ranks = [
        next(rank for rank, words in enumerate(RANKS) if step.what.startswith(words))
        for step in plan.steps
    ]
    assert ranks == sorted(ranks)
    assert plan.needs_allowed <= ALLOW.keys()
    assert plan.to_json() == json.dumps(json.loads(plan.to_json()), indent=2, sort_keys=True)
    for step in plan.steps:
        assert step.changes
        assert f"dynamodb:{step.operation}" in step.needs
        if step.operation == "UpdateTable":
            check_update(step)


def check_update(step: Step) -> None:
    request: Mapping[str, Any] = step.request
    members = request.keys() - {"TableName"}
    for alone in (
        "SSESpecification",
        "TableClass",
        "DeletionProtectionEnabled",
        "WarmThroughput",
        "StreamSpecification",
    ):
        assert alone not in members or members == {alone}
    actions = request.get("GlobalSecondaryIndexUpdates", [])
    kinds = {kind for action in actions for kind in action}
    if kinds & {"Create", "Delete"}:
        assert len(actions) == 1
        assert members <= {"GlobalSecondaryIndexUpdates", "AttributeDefinitions"}
    assert ("AttributeDefinitions" in members) is ("Create" in kinds)
