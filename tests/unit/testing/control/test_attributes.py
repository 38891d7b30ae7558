from typing import Any

import pytest

from dynoresilience.testing.control.attributes import definitions, for_new_index, types_of, used
from tests.unit.testing.control.refusals import refusal


def keys(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": "HASH"} for name in names]


INDEX: dict[str, Any] = {"IndexName": "by-day", "KeySchema": keys("day")}
PRESENT = {"id": "S", "size": "N"}


def asked(**types: str) -> dict[str, Any]:
    return {"AttributeDefinitions": definitions(types)}


def test_only_those_that_a_key_needs_are_used() -> None:
    types = {"id": "S", "day": "S", "size": "N", "old": "B"}
    table = {
        "KeySchema": keys("id"),
        "GlobalSecondaryIndexes": [INDEX],
        "LocalSecondaryIndexes": [{"KeySchema": keys("size")}],
    }
    assert used(types, table) == {"id": "S", "day": "S", "size": "N"}
    assert used(types, {"KeySchema": keys("id")}) == {"id": "S"}


def test_they_are_listed_by_name() -> None:
    assert [each["AttributeName"] for each in definitions({"b": "S", "a": "N"})] == ["a", "b"]
    assert types_of({"AttributeDefinitions": definitions(PRESENT)}) == PRESENT
    assert types_of({}) == {}


@pytest.mark.parametrize(
    "request_body",
    [
        asked(day="S"),
        asked(day="S", id="S", size="N"),
        asked(day="S", id="N", of_no_use="S"),  # what is defined already stays as it is
    ],
)
def test_a_new_index_adds_its_keys(request_body: dict[str, Any]) -> None:
    together = for_new_index(INDEX, request_body, PRESENT)
    assert together == definitions({**PRESENT, "day": "S"})


def test_a_key_without_a_type() -> None:
    assert (
        "AttributeDefinitions is not specified for index: by-day"
        in refusal(lambda: for_new_index(INDEX, {}, PRESENT))[1]
    )
    assert (
        "Keys: [day], AttributeDefinitions: [id, z]"
        in refusal(lambda: for_new_index(INDEX, asked(z="S", id="S"), PRESENT))[1]
    )
