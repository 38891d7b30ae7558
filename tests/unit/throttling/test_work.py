"""What a request takes, read from its body: of which table, of which index, about how much."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.model import Dimension, RefusedWrite
from dynoresilience.throttling.work import (
    READS,
    WRITES,
    Work,
    attributes_of,
    dimension_of,
    item_size,
    read_work,
    refused_put,
    written,
)

READ, WRITE = Dimension.READ, Dimension.WRITE
ARN = "arn:aws:dynamodb:eu-central-1:123456789012:table/orders"
ITEM = {"id": {"S": "order-1"}, "customer": {"S": "c-7"}}
KEY = {"id": {"S": "order-1"}}
PUT = {"PutRequest": {"Item": ITEM}}
DELETE = {"DeleteRequest": {"Key": KEY}}
HEAD = 512


def work(
    operation: str, request: dict[str, Any], answered: int | None = None, *, spaces: bool = False
) -> Work | None:
    """As the notes of a client have it: the beginning of the body, and its size."""
    separators = (", ", ": ") if spaces else (",", ":")
    body = json.dumps(request, separators=separators).encode()
    size = body.count(b'Request":') if operation == "BatchWriteItem" else len(body)
    return read_work(operation, body[:HEAD], size, answered)


ONE_TABLE = [
    ("GetItem", {"TableName": "orders", "Key": KEY}, None, READ),
    ("Query", {"TableName": "orders", "KeyConditionExpression": "id = :i"}, None, READ),
    ("Query", {"TableName": "orders", "IndexName": "by-customer"}, "by-customer", READ),
    ("Scan", {"TableName": "orders", "IndexName": "by.day_1"}, "by.day_1", READ),
    ("BatchGetItem", {"RequestItems": {"orders": {"Keys": [KEY]}}}, None, READ),
    ("TransactGetItems", {"TransactItems": [{"Get": {"TableName": "orders"}}]}, None, READ),
    ("PutItem", {"TableName": "orders", "Item": ITEM}, None, WRITE),
    ("UpdateItem", {"TableName": "orders", "Key": KEY}, None, WRITE),
    ("DeleteItem", {"TableName": "orders", "Key": KEY}, None, WRITE),
    ("BatchWriteItem", {"RequestItems": {"orders": [PUT]}}, None, WRITE),
    ("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "orders"}}]}, None, WRITE),
]


def test_every_operation_on_items_is_read() -> None:
    assert {operation for operation, *_ in ONE_TABLE} == READS | WRITES


@pytest.mark.parametrize("table", ["orders", ARN])
@pytest.mark.parametrize("spaces", [True, False])
@pytest.mark.parametrize(("operation", "request_", "index", "dimension"), ONE_TABLE)
def test_which_table_and_index_and_which_dimension(
    operation: str,
    request_: dict[str, Any],
    index: str | None,
    dimension: Dimension,
    spaces: bool,
    table: str,
) -> None:
    named = json.loads(json.dumps(request_).replace('"orders"', f'"{table}"'))

    found = work(operation, named, spaces=spaces)

    assert found is not None
    assert (found.table, found.index, found.dimension) == (table, index, dimension)
    assert dimension_of(operation) is dimension


@pytest.mark.parametrize("operation", ["PutItem", "Query", "UpdateItem"])
def test_the_members_may_come_in_any_order(operation: str) -> None:
    request = {"Item": ITEM, "IndexName": "by-customer", "ConsistentRead": True}

    first = work(operation, {"TableName": "orders", **request}, answered=9000)
    last = work(operation, {**request, "TableName": "orders"}, answered=9000)

    assert first is not None
    assert first == last


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("DescribeTable", {"TableName": "orders"}),
        ("ListTables", {}),
        ("ExecuteStatement", {"Statement": 'SELECT * FROM "orders"'}),
        ("BatchExecuteStatement", {"Statements": [{"Statement": 'SELECT * FROM "orders"'}]}),
        ("PutItem", {"Item": {**ITEM, "text": {"S": "x" * HEAD}}, "TableName": "orders"}),
    ],
)
def test_what_is_not_read(operation: str, request_: dict[str, Any]) -> None:
    """The last: its table is named beyond what is kept of the body."""
    assert work(operation, request_) is None


@pytest.mark.parametrize(
    ("bytes_", "units"), [(10, 1), (1000, 1), (1300, 1), (1800, 2), (13_000, 10), (400_000, 293)]
)
def test_the_units_of_a_put_are_by_its_size(bytes_: int, units: int) -> None:
    """About three quarters of the bytes are DynamoDB's own: names and values, without types."""
    found = work("PutItem", {"TableName": "orders", "Item": {"x": {"S": "x" * bytes_}}})

    assert found is not None
    assert found.units == pytest.approx(units, abs=1)


@pytest.mark.parametrize(
    ("operation", "request_", "units"),
    [
        ("UpdateItem", {"TableName": "orders", "Key": {"id": {"S": "x" * 5000}}}, 1),
        ("DeleteItem", {"TableName": "orders", "Key": KEY}, 1),
        ("BatchWriteItem", {"RequestItems": {"orders": [PUT] * 20 + [DELETE] * 5}}, 25),
        ("BatchWriteItem", {"RequestItems": {"orders": []}}, 1),
        ("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "orders"}}] * 3}, 6),
    ],
)
def test_the_units_of_other_writes(operation: str, request_: dict[str, Any], units: float) -> None:
    found = work(operation, request_)

    assert found is not None
    assert found.units == units


@pytest.mark.parametrize(
    ("operation", "consistent", "answered", "units"),
    [
        ("GetItem", False, None, 0.0),  # not known before it is answered
        ("GetItem", False, 2, 0.5),
        ("GetItem", True, 2, 1.0),
        ("Query", False, 40_000, 4.0),
        ("Query", True, 40_000, 8.0),
        ("Scan", True, 1_000_000, 184.0),
        ("TransactGetItems", False, 4000, 2.0),
    ],
)
def test_the_units_of_a_read_are_by_its_answer(
    operation: str, consistent: bool, answered: int | None, units: float
) -> None:
    request: dict[str, Any] = {"TableName": "orders"}
    if consistent:
        request["ConsistentRead"] = True

    found = work(operation, request, answered)

    assert found is not None
    assert found.units == units


def test_a_consistent_read_is_one_that_says_true() -> None:
    found = work("GetItem", {"TableName": "orders", "ConsistentRead": False}, 2)

    assert found is not None
    assert found.units == 0.5


@pytest.mark.parametrize(
    ("operation", "body", "expected"),
    [
        ("PutItem", {"TableName": "orders", "Item": ITEM}, frozenset({"id", "customer"})),
        ("PutItem", {"Item": {}, "TableName": "orders"}, frozenset()),
        ("PutItem", {"TableName": "orders"}, None),
        ("PutItem", {"TableName": "orders", "Item": 3}, None),
        ("PutItem", [], None),
        ("UpdateItem", {"TableName": "orders", "Item": ITEM}, None),
    ],
)
def test_which_attributes_a_put_has(operation: str, body: Any, expected: Any) -> None:
    assert attributes_of(operation, json.dumps(body).encode()) == expected


def test_a_body_that_was_cut_off_has_no_known_attributes() -> None:
    body = json.dumps({"TableName": "orders", "Item": ITEM}).encode()

    assert attributes_of("PutItem", body[:-5]) is None


@pytest.mark.parametrize(
    ("operation", "request_", "expected"),
    [
        ("PutItem", {"Item": ITEM}, RefusedWrite(frozenset(ITEM), 1)),
        ("PutItem", {"Item": {"x": {"S": "x" * 5000}}}, RefusedWrite(frozenset({"x"}), 5)),
        ("PutItem", {"Item": None}, None),
        ("PutItem", {}, None),
        ("UpdateItem", {"Item": ITEM}, None),
        ("DeleteItem", {"Key": KEY}, None),
    ],
)
def test_what_a_refused_put_would_have_touched(
    operation: str, request_: dict[str, Any], expected: RefusedWrite | None
) -> None:
    assert written(operation, request_) == expected


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"id": {"S": "abc"}}, 2 + 1 + 3),
        ({"n": {"N": "12"}, "b": {"B": "eA=="}}, 1 + 1 + 2 + 1 + 1 + 4),
        ({"l": {"L": [{"S": "ab"}, {"BOOL": True}]}}, 1 + 1 + (1 + 2) + (4 + 1)),
        ({}, 0),
    ],
)
def test_about_the_size_of_an_item(value: Any, size: int) -> None:
    assert item_size(value) == size


operations = st.sampled_from(sorted(READS | WRITES)) | st.text(max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=9,
)
members = st.dictionaries(
    st.sampled_from(["TableName", "IndexName", "ConsistentRead", "RequestItems", "Item", "Key"])
    | st.text(max_size=5),
    values,
    max_size=5,
)


@given(
    operation=operations,
    head=st.binary(max_size=60) | members.map(lambda body: json.dumps(body).encode()),
    size=st.integers(0, 10**7),
    answered=st.none() | st.integers(0, 10**7),
)
def test_whatever_a_body_holds_reading_it_is_no_fault(
    operation: str, head: bytes, size: int, answered: int | None
) -> None:
    found = read_work(operation, head, size, answered)
    attributes_of(operation, head)

    if found is not None:
        assert found.table
        assert found.units >= (0.5 if answered is not None or found.dimension is WRITE else 0)
        assert found.dimension is dimension_of(operation)


@given(item=st.dictionaries(st.text(max_size=9), values, max_size=5))
def test_whatever_an_item_holds_a_put_of_it_takes_a_unit_at_least(item: dict[str, Any]) -> None:
    found = refused_put(item)

    assert found.units >= 1
    assert found.attributes == item.keys()
