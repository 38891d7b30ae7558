from typing import Any

import pytest

from dynoresilience.model import Dimension, Resource
from dynoresilience.testing.capacity.buckets import Meter
from dynoresilience.testing.capacity.table_schema import TableSchema


def key(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": "HASH"} for name in names]


def index(name: str, keys: list[dict[str, str]], **projection: object) -> dict[str, object]:
    return {"IndexName": name, "KeySchema": keys, "Projection": projection}


SCHEMA = TableSchema.from_description(
    {
        "TableName": "t",
        "TableArn": "arn:t",
        "KeySchema": key("id"),
        "GlobalSecondaryIndexes": [
            index("all", key("a"), ProjectionType="ALL"),
            index("keys", key("b", "c"), ProjectionType="KEYS_ONLY"),
            index("some", key("d"), ProjectionType="INCLUDE", NonKeyAttributes=["e"]),
        ],
        "LocalSecondaryIndexes": [index("local", key("id", "l"), ProjectionType="KEYS_ONLY")],
    }
)
KB = "x" * 1024


def meter(name: str | None, dimension: Dimension = Dimension.WRITE) -> Meter:
    return Meter(Resource("t", name), dimension)


def item(**values: str) -> dict[str, Any]:
    return {"id": {"S": "1"}, **{name: {"S": value} for name, value in values.items()}}


@pytest.mark.parametrize(
    ("old", "new", "charges"),
    [
        (None, item(), {None: 1}),
        (None, None, {None: 1}),
        (None, item(x=KB), {None: 2}),
        (item(x=KB * 3), item(), {None: 4}),
        (None, item(a="1"), {None: 1, "all": 1}),
        (None, item(a="1", x=KB), {None: 2, "all": 2}),
        (item(a="1"), None, {None: 1, "all": 1}),
        (item(a="1"), item(), {None: 1, "all": 1}),
        (item(a="1"), item(a="2"), {None: 1, "all": 2}),
        (item(a="1"), item(a="1", x="2"), {None: 1, "all": 1}),
        (item(a="1"), item(a="1"), {None: 1, "all": 1}),
        (None, item(b="1"), {None: 1}),
        (None, item(b="1", c="1", x=KB), {None: 2, "keys": 1}),
        (item(b="1", c="1"), item(b="1", c="1", x="2"), {None: 1}),
        (item(d="1", e="1"), item(d="1", e="2"), {None: 1, "some": 1}),
        (item(d="1", e="1"), item(d="1", e="1", f="2"), {None: 1}),
        (None, item(l="1"), {None: 2}),
    ],
)
def test_a_write_costs_the_table_and_each_index_that_notices(
    old: dict[str, Any] | None, new: dict[str, Any] | None, charges: dict[str | None, int]
) -> None:
    found = SCHEMA.write_charges(old, new)
    assert found == {meter(name): units for name, units in charges.items()}
    assert next(iter(found)) == meter(None)


def test_reads_of_a_local_index_are_paid_by_the_table() -> None:
    assert SCHEMA.read_meter("all") == meter("all", Dimension.READ)
    assert SCHEMA.read_meter("local") == meter(None, Dimension.READ)
    assert SCHEMA.read_meter(None) == meter(None, Dimension.READ)


def test_an_update_may_enter_the_indexes_whose_key_it_names() -> None:
    assert SCHEMA.enterable({"c", "x", "l"}) == {meter("keys"): 1.0}


def test_keys_and_arns() -> None:
    assert SCHEMA.key_of(item(a="1")) == {"id": {"S": "1"}}
    assert SCHEMA.key_of({"a": {"S": "1"}}) is None
    assert SCHEMA.arn_of(Resource("t")) == "arn:t"
    assert SCHEMA.arn_of(Resource("t", "all")) == "arn:t/index/all"
