from __future__ import annotations

from typing import Any

import pytest

from dynoresilience.testing.autoscaling.pages import page
from tests.unit.testing.control.refusals import code

ENTRIES: dict[str, dict[str, Any]] = {key: {"Key": key} for key in "cabed"}


def test_pages_follow_one_another_in_the_order_of_keys() -> None:
    first = page("Entries", ENTRIES, {"MaxResults": 2})
    assert [each["Key"] for each in first["Entries"]] == ["a", "b"]
    second = page("Entries", ENTRIES, {"MaxResults": 2, "NextToken": first["NextToken"]})
    assert [each["Key"] for each in second["Entries"]] == ["c", "d"]
    last = page("Entries", ENTRIES, {"MaxResults": 2, "NextToken": second["NextToken"]})
    assert last == {"Entries": [{"Key": "e"}]}


def test_an_entry_may_go_between_pages() -> None:
    token = page("Entries", ENTRIES, {"MaxResults": 2})["NextToken"]
    left = {key: value for key, value in ENTRIES.items() if key != "b"}
    assert page("Entries", left, {"NextToken": token})["Entries"][0] == {"Key": "c"}


def test_a_page_that_is_just_full_is_the_last_one() -> None:
    assert "NextToken" not in page("Entries", ENTRIES, {"MaxResults": 5})
    many = {str(number): {"n": number} for number in range(51)}
    assert len(page("Entries", many, {})["Entries"]) == 50
    assert "NextToken" in page("Entries", many, {})


@pytest.mark.parametrize("most", [0, -1, 51])
def test_a_page_has_one_to_fifty_entries(most: int) -> None:
    assert code(lambda: page("Entries", ENTRIES, {"MaxResults": most})) == "ValidationException"


@pytest.mark.parametrize("token", ["x", "ä", "_w=="])
def test_a_token_of_somebody_else_is_refused(token: str) -> None:
    refused = code(lambda: page("Entries", ENTRIES, {"NextToken": token}))
    assert refused == "InvalidNextTokenException"
