from typing import Any

import pytest

from dynoresilience.model import Dimension, Resource
from dynoresilience.testing.capacity.meters import Meter, Spot
from dynoresilience.testing.capacity.table_schema import TableSchema


def key(name: str, range_key: str | None = None) -> list[dict[str, str]]:
    schema = [{"AttributeName": name, "KeyType": "HASH"}]
    if range_key is not None:
        schema.append({"AttributeName": range_key, "KeyType": "RANGE"})
    return schema


def index(name: str, keys: list[dict[str, str]], **projection: object) -> dict[str, object]:
    return {"IndexName": name, "KeySchema": keys, "Projection": projection}


SCHEMA = TableSchema.from_description(
    {
        "TableName": "t",
        "TableArn": "arn:t",
        "KeySchema": key("id"),
        "GlobalSecondaryIndexes": [
            index("all", key("a"), ProjectionType="ALL"),
            index("keys", key("b", range_key="c"), ProjectionType="KEYS_ONLY"),
            index("some", key("d"), ProjectionType="INCLUDE", NonKeyAttributes=["e"]),
        ],
        "LocalSecondaryIndexes": [
            index("local", key("id", range_key="l"), ProjectionType="KEYS_ONLY")
        ],
    }
)
KB = "x" * 1024
ID = {"id": {"S": "1"}}


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
    found = SCHEMA.write_charges(ID, old, new)
    totals: dict[Meter, float] = {}
    for spot, units in found.items():
        totals[spot.meter] = totals.get(spot.meter, 0.0) + units
    assert totals == {meter(name): units for name, units in charges.items()}
    assert next(iter(found)) == Spot(meter(None), ("S:1",))


def test_a_write_falls_on_the_partition_key_of_the_table_and_of_each_index() -> None:
    assert SCHEMA.write_charges(ID, item(a="1", b="2", c="3"), item(a="2", b="2", c="3")) == {
        Spot(meter(None), ("S:1",)): 1,
        Spot(meter("all"), ("S:1",)): 1,
        Spot(meter("all"), ("S:2",)): 1,
    }
    moved = SCHEMA.write_charges(ID, item(b="1", c="1"), item(b="1", c="2"))
    assert moved[Spot(meter("keys"), ("S:1",))] == 2


def test_reads_of_a_local_index_are_paid_by_the_table() -> None:
    read = item(a="x", b="y")
    assert SCHEMA.read_spot(read, "all") == Spot(meter("all", Dimension.READ), ("S:x",))
    assert SCHEMA.read_spot(read, "local") == Spot(meter(None, Dimension.READ), ("S:1",))
    assert SCHEMA.read_spot(read) == Spot(meter(None, Dimension.READ), ("S:1",))
    assert SCHEMA.read_spot(None) == Spot(meter(None, Dimension.READ), None)


@pytest.mark.parametrize(
    ("old", "new", "touched", "charges"),
    [
        # an attribute of a key that nobody knows the new value of: at least one write, somewhere
        (None, item(), {"b"}, {("keys", None): 1}),
        (item(b="1"), item(b="1", c="2"), {"c"}, {("keys", ("S:1",)): 1}),
        (item(a="1"), item(a="2"), {"a"}, {("all", ("S:1",)): 1, ("all", ("S:2",)): 1}),
        # an entry that is there is written if it carries what is touched
        (item(a="1"), item(a="1"), {"x"}, {("all", ("S:1",)): 1}),
        (item(b="1", c="1"), item(b="1", c="1"), {"x"}, {}),
        (item(d="1", e="1"), item(d="1", e="1"), {"e"}, {("some", ("S:1",)): 1}),
        # an item that is in no index stays so
        (None, item(x="1"), {"x"}, {}),
        # a local index is settled afterwards
        (None, item(l="1"), {"l"}, {}),
    ],
)
def test_an_update_is_let_in_on_the_least_that_it_may_cost_the_indexes(
    old: dict[str, Any] | None,
    new: dict[str, Any],
    touched: set[str],
    charges: dict[tuple[str, Any], int],
) -> None:
    found = SCHEMA.update_charges(ID, old, new, touched)
    assert found.pop(Spot(meter(None), ("S:1",))) == 1
    assert found == {Spot(meter(name), key): units for (name, key), units in charges.items()}


def test_keys_and_arns() -> None:
    assert SCHEMA.key_of(item(a="1")) == {"id": {"S": "1"}}
    assert SCHEMA.key_of({"a": {"S": "1"}}) is None
    assert SCHEMA.arn_of(Resource("t")) == "arn:t"
    assert SCHEMA.arn_of(Resource("t", "all")) == "arn:t/index/all"
