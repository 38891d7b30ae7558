"""Contributor Insights of tables and indexes."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from dynoresilience.testing import VirtualClock
from tests.functional.simulated_tables.conftest import (
    ADD,
    BY_DAY,
    NOT_ON_DYNAMODB_LOCAL,
    REMOVE,
    Orders,
    Start,
    refusal,
)

ALL_KEYS = "ACCESSED_AND_THROTTLED_KEYS"
HAS_MODES = (
    "ContributorInsightsMode"
    in boto3.client("dynamodb", "us-east-1")
    .meta.service_model.operation_model("UpdateContributorInsights")
    .input_shape.members
)
needs_modes = pytest.mark.skipif(not HAS_MODES, reason="this botocore knows no modes of insights")


def switch(orders: Orders, action: str, **more: str) -> str:
    answer = orders.client.update_contributor_insights(
        TableName="orders", ContributorInsightsAction=action, **more
    )
    assert answer["TableName"] == "orders"
    return str(answer["ContributorInsightsStatus"])


def described(orders: Orders, **more: str) -> dict[str, Any]:
    found: dict[str, Any] = orders.client.describe_contributor_insights(TableName="orders", **more)
    del found["ResponseMetadata"]
    return found


def listed(orders: Orders, **more: Any) -> list[tuple[str, str | None, str]]:
    answer = orders.client.list_contributor_insights(**more)
    return [
        (each["TableName"], each.get("IndexName"), each["ContributorInsightsStatus"])
        for each in answer["ContributorInsightsSummaries"]
    ]


def test_they_are_switched_on_and_off(start: Start, clock: VirtualClock) -> None:
    orders = Orders(start(insights_seconds=5.0))
    assert described(orders) == {"TableName": "orders", "ContributorInsightsStatus": "DISABLED"}
    assert switch(orders, "DISABLE") == "DISABLED"

    assert switch(orders, "ENABLE") == "ENABLING"
    assert listed(orders, TableName="orders") == [("orders", None, "ENABLING")]
    clock.advance(5.0)
    found = described(orders)
    assert found["ContributorInsightsStatus"] == "ENABLED"
    kinds = [rule.split("-")[1] for rule in found["ContributorInsightsRuleList"]]
    assert kinds == ["PKC", "PKT"]
    assert found["LastUpdateDateTime"].timestamp() == pytest.approx(clock.now() - 5.0, abs=0.01)
    assert switch(orders, "ENABLE") == "ENABLED"

    assert switch(orders, "DISABLE") == "DISABLING"
    clock.advance(5.0)
    assert described(orders)["ContributorInsightsStatus"] == "DISABLED"
    assert "ContributorInsightsRuleList" not in described(orders)
    assert listed(orders) == []


def test_an_index_has_its_own(start: Start) -> None:
    orders = Orders(start(), GlobalSecondaryIndexes=[BY_DAY])
    assert switch(orders, "ENABLE", IndexName="by-day") == "ENABLED"
    assert described(orders)["ContributorInsightsStatus"] == "DISABLED"
    found = described(orders, IndexName="by-day")
    assert found["IndexName"] == "by-day"
    assert "-orders-by-day-" in found["ContributorInsightsRuleList"][0]
    switch(orders, "ENABLE")
    everything = [("orders", None, "ENABLED"), ("orders", "by-day", "ENABLED")]
    assert listed(orders) == everything

    first = orders.client.list_contributor_insights(MaxResults=1)
    rest = listed(orders, MaxResults=1, NextToken=first["NextToken"])
    assert rest == everything[1:]
    assert "NextToken" not in orders.client.list_contributor_insights(
        MaxResults=1, NextToken=first["NextToken"]
    )


@needs_modes
def test_a_mode_is_changed_by_enabling_them_again(start: Start, clock: VirtualClock) -> None:
    orders = Orders(start(insights_seconds=5.0))
    switch(orders, "ENABLE")
    clock.advance(5.0)
    assert described(orders)["ContributorInsightsMode"] == ALL_KEYS
    assert switch(orders, "ENABLE", ContributorInsightsMode="THROTTLED_KEYS") == "ENABLING"
    clock.advance(5.0)
    found = described(orders)
    assert found["ContributorInsightsMode"] == "THROTTLED_KEYS"
    assert [rule.split("-")[1] for rule in found["ContributorInsightsRuleList"]] == ["PKT"]
    assert switch(orders, "ENABLE") == "ENABLING"
    assert described(orders)["ContributorInsightsMode"] == ALL_KEYS


def test_of_what_is_not_there(start: Start) -> None:
    orders = Orders(start())
    no_index = (
        "ResourceNotFoundException: Requested resource not found: Index: by-day not found for "
        "table: orders"
    )
    change = {"TableName": "orders", "ContributorInsightsAction": "ENABLE"}
    client = orders.client
    assert refusal(client.update_contributor_insights, IndexName="by-day", **change) == no_index
    assert (
        refusal(client.describe_contributor_insights, TableName="orders", IndexName="by-day")
        == no_index
    )
    for call in (client.describe_contributor_insights, client.list_contributor_insights):
        assert refusal(call, TableName="nowhere") == (
            "ResourceNotFoundException: Requested resource not found: Table: nowhere not found"
        )
    wrong = refusal(
        client.update_contributor_insights, **{**change, **{"ContributorInsightsAction": "ON"}}
    )
    assert "failed to satisfy constraint: Member must satisfy enum value set" in wrong


@NOT_ON_DYNAMODB_LOCAL
def test_of_what_is_being_created_or_gone(start: Start, clock: VirtualClock) -> None:
    orders = Orders(start(create_seconds=5.0, index_create_seconds=600.0))
    not_ready = "ValidationException: Table or Index is not in a valid state"
    assert refusal(switch, orders=orders, action="ENABLE").startswith(not_ready)
    clock.advance(5.0)
    orders.update(**ADD)
    assert "Index: by-day not found" in refusal(
        switch, orders=orders, action="ENABLE", IndexName="by-day"
    )
    clock.advance(60.0)
    assert "IndexStatus must be ACTIVE" in refusal(
        switch, orders=orders, action="ENABLE", IndexName="by-day"
    )
    clock.advance(540.0)
    switch(orders, "ENABLE", IndexName="by-day")
    orders.update(**REMOVE)
    clock.advance(2.0)
    assert listed(orders) == []
    orders.update(**ADD)
    clock.advance(600.0)
    assert described(orders, IndexName="by-day")["ContributorInsightsStatus"] == "DISABLED"
