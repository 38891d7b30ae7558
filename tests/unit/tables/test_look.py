"""What is asked of a table, and how the answers read."""

from __future__ import annotations

from random import Random

import pytest

from dynoresilience.ports import AccessDenied, ControlPlaneError, TableNotFound
from dynoresilience.tables.seen.answers import found_table
from dynoresilience.tables.seen.look import look
from tests.support.as_aws import AsAws
from tests.support.drifts import table

NAMES = ["DescribeTable", "DescribeTimeToLive", "ListTagsOfResource"]
NAMES += ["DescribeContinuousBackups", "DescribeContributorInsights"]


def test_five_requests_tell_everything_of_a_table() -> None:
    answers = AsAws(table(), Random(0))
    look(answers, "orders", indexes=())
    assert answers.asked == dict.fromkeys(NAMES, 1)
    look(answers, "orders")  # and one more for each global index
    assert answers.asked["DescribeContributorInsights"] == 3


def test_all_pages_of_tags_are_read() -> None:
    spec = table(tags={f"tag-{number:02}": "x" for number in range(48)})
    answers = AsAws(spec, Random(0))
    found = look(answers, "orders")
    assert found is not None
    assert len(found.tags) == 50
    assert answers.asked["ListTagsOfResource"] == 5


def test_tags_without_an_end_are_given_up() -> None:
    answers = AsAws(table(), Random(0))
    answers._page = lambda start: {"Tags": [], "NextToken": "0"}  # type: ignore[method-assign]
    with pytest.raises(ControlPlaneError, match="50 pages"):
        look(answers, "orders")


@pytest.mark.parametrize("operation", [NAMES[0], NAMES[1], NAMES[3]])
def test_a_table_that_is_gone_between_two_requests_is_gone(operation: str) -> None:
    answers = AsAws(table(), Random(0))
    answers.refuse[operation] = TableNotFound("orders")
    assert look(answers, "orders") is None


def test_access_denied_is_never_no_table() -> None:
    answers = AsAws(table(), Random(0))
    answers.refuse["DescribeTable"] = AccessDenied("dynamodb:DescribeTable", "no")
    with pytest.raises(AccessDenied):
        look(answers, "orders")


def test_a_request_that_fails_is_not_taken_for_an_answer() -> None:
    answers = AsAws(table(), Random(0))
    answers.refuse["DescribeTimeToLive"] = ControlPlaneError("try again")
    with pytest.raises(ControlPlaneError, match="try again"):
        look(answers, "orders")


def test_the_least_that_an_emulator_tells() -> None:
    found = found_table(
        {
            "TableName": "orders",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "GlobalSecondaryIndexes": [{"IndexName": "by-day"}],
            "SSEDescription": None,
            "StreamSpecification": {"StreamEnabled": False},
        }
    )
    assert found.billing_mode == "PAY_PER_REQUEST"
    assert found.created is None
    assert found.stream_view_type is False
    assert found.settled
    assert found.under_way == ()


def test_what_is_under_way_in_words() -> None:
    answers = AsAws(table(), Random(0))
    answers.table["TableStatus"] = "UPDATING"
    answers.index("by-customer")["IndexStatus"] = "CREATING"
    answers.index("by-customer")["WarmThroughput"]["Status"] = "UPDATING"
    answers.time_to_live = {"TimeToLiveStatus": "ENABLING", "AttributeName": "expires"}
    found = look(answers, "orders")
    assert found is not None
    assert not found.settled
    assert found.under_way == (
        "the table is UPDATING",
        "time_to_live of the table is ENABLING",
        "index by-customer is CREATING",
        "warm_throughput of index by-customer is UPDATING",
    )


def test_time_to_live_that_takes_an_hour_keeps_nobody_waiting() -> None:
    answers = AsAws(table(), Random(0))
    answers.time_to_live = {"TimeToLiveStatus": "ENABLING", "AttributeName": "expires"}
    found = look(answers, "orders")
    assert found is not None
    assert found.settled
    assert found.time_to_live == "expires"
