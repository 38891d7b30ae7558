"""Which partition key a request is about."""

from __future__ import annotations

from typing import Any

import pytest

from dynoresilience.throttling.hot_key import fingerprint, partition_key

C7 = {"customer": {"S": "c-7"}}
KEY = {**C7, "day": {"S": "2026-11-21"}}
ITEM = {**KEY, "note": {"S": "x"}}
OTHER = {**KEY, "customer": {"S": "c-8"}}
NEXT_DAY = {**KEY, "day": {"S": "2026-11-22"}}


def query(expression: str, **members: Any) -> dict[str, Any]:
    values = {":c": {"S": "c-7"}, ":d": {"S": "2026"}}
    return {
        "TableName": "orders",
        "KeyConditionExpression": expression,
        "ExpressionAttributeValues": values,
        **members,
    }


@pytest.mark.parametrize(
    "request_",
    [
        {"TableName": "orders", "Key": KEY},
        {"TableName": "orders", "Item": ITEM},
        query("customer = :c"),
        query("customer=:c AND begins_with(day, :d)"),
        query("#c = :c AND #d > :d", ExpressionAttributeNames={"#c": "customer", "#d": "day"}),
        {
            "TableName": "orders",
            "KeyConditions": {
                "customer": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "c-7"}]},
                "day": {"ComparisonOperator": "GT", "AttributeValueList": [{"S": "2026"}]},
            },
        },
        {"RequestItems": {"orders": {"Keys": [KEY, NEXT_DAY]}, "users": {"Keys": [OTHER]}}},
        {
            "RequestItems": {
                "orders": [
                    {"PutRequest": {"Item": ITEM}},
                    {"DeleteRequest": {"Key": NEXT_DAY}},
                ]
            }
        },
        {
            "TransactItems": [
                {"Put": {"TableName": "orders", "Item": ITEM}},
                {"Update": {"TableName": "orders", "Key": NEXT_DAY}},
                {"Delete": {"TableName": "users", "Key": OTHER}},
            ]
        },
    ],
)
def test_the_one_partition_that_a_request_is_about(request_: dict[str, Any]) -> None:
    assert partition_key(request_, "orders", ["customer"]) == C7


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"TableName": "orders"},  # a scan
        {"TableName": "orders", "Key": {"id": {"S": "1"}}},
        query("customer > :c"),
        {"TableName": "orders", "KeyConditions": {"day": {"ComparisonOperator": "EQ"}}},
        {"RequestItems": {"orders": {"Keys": [KEY, OTHER]}}},
        {"RequestItems": {"users": {"Keys": [KEY]}}},
        {"RequestItems": {"orders": [{"PutRequest": {"Item": ITEM}}, {"DeleteRequest": {}}]}},
        {"TransactItems": [{"Put": {"TableName": "users", "Item": ITEM}}]},
        {"Statement": 'SELECT * FROM "orders"'},
    ],
)
def test_several_or_none(request_: dict[str, Any]) -> None:
    assert partition_key(request_, "orders", ["customer"]) == {}


def test_a_key_of_several_attributes_and_one_that_is_not_known() -> None:
    request = {"TableName": "orders", "Key": KEY}

    assert partition_key(request, "orders", ["day", "customer"]) == KEY
    assert partition_key(request, "orders", []) == {}


def test_a_fingerprint_is_the_same_for_the_same_key_and_tells_nothing() -> None:
    def print_of(key: dict[str, Any], table: str = "orders", salt: bytes = b"salt") -> str:
        return fingerprint(key, table, salt)

    assert print_of(KEY) == print_of(dict(reversed(KEY.items())))
    others = {print_of(KEY), print_of(OTHER), print_of(KEY, "users"), print_of(KEY, salt=b"other")}
    assert len(others) == 4
    assert all(len(each) == 16 and set(each) <= set("0123456789abcdef") for each in others)
