import pytest

from dynoresilience.testing.control.contributor_insights import (
    ALL_KEYS,
    THROTTLED_KEYS,
    Insights,
    check_request,
    check_state,
)
from tests.unit.testing.control.refusals import code


@pytest.mark.parametrize(
    ("mode", "has_range_key", "kinds"),
    [
        (ALL_KEYS, False, ["PKC", "PKT"]),
        (ALL_KEYS, True, ["PKC", "SKC", "PKT", "SKT"]),
        (THROTTLED_KEYS, False, ["PKT"]),
        (THROTTLED_KEYS, True, ["PKT", "SKT"]),
    ],
)
def test_rules(mode: str, has_range_key: bool, kinds: list[str]) -> None:
    insights = Insights()
    insights.change("ENABLE", mode, 0.0, 1.5, 0.0)
    rules = insights.describe(0.0, "orders-by-day", has_range_key)["ContributorInsightsRuleList"]
    assert rules == [f"DynamoDBContributorInsights-{kind}-orders-by-day-1500" for kind in kinds]


def test_what_changes_nothing_begins_nothing() -> None:
    insights = Insights()
    insights.change("DISABLE", None, 0.0, 0.0, 5.0)
    assert insights.summary(0.0) == {"ContributorInsightsStatus": "DISABLED"}
    insights.change("ENABLE", None, 0.0, 0.0, 5.0)
    insights.change("ENABLE", ALL_KEYS, 4.0, 4.0, 5.0)
    assert insights.status(4.9) == "ENABLING"
    assert insights.status(5.0) == "ENABLED"
    insights.change("DISABLE", None, 6.0, 6.0, 5.0)
    assert insights.summary(11.0) == {
        "ContributorInsightsStatus": "DISABLED",
        "ContributorInsightsMode": ALL_KEYS,
    }


def test_what_is_refused() -> None:
    enable = {"ContributorInsightsAction": "ENABLE"}
    assert code(lambda: check_request(enable)) == ""
    for wrong in (
        {},
        {"ContributorInsightsAction": "ON"},
        {**enable, "ContributorInsightsMode": "x"},
    ):
        assert code(lambda wrong=wrong: check_request(wrong)) == "ValidationException"
    assert code(lambda: check_state("Table", "UPDATING")) == ""
    assert code(lambda: check_state("Table", "CREATING")) == "ValidationException"
