"""Create if not exists, get or create: with clients and Tables of every kind, on every endpoint."""

from __future__ import annotations

import gc
from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import Binary
from botocore.exceptions import ClientError

from dynoresilience import ItemError, ScalingClient
from dynoresilience.aws import items as items_of_aws
from dynoresilience.errors import ClientClosedError, ConfigError, NotAttachableError
from dynoresilience.tables import create_item_if_not_exists, get_or_create
from tests.functional.tables.items.conftest import (
    HASH,
    RANGE,
    Face,
    create,
    new_face,
    order,
    plain_client,
    table,
)
from tests.support.backends import Backend

EVERYTHING = {
    "number": Decimal("3.14"),
    "bytes": Binary(b"\x00\xff"),
    "strings": {"a", "b"},
    "numbers": {Decimal(1), Decimal(2)},
    "yes": True,
    "nothing": None,
    "list": ["x", {"deep": []}],
}


def test_the_first_creates_it_and_the_second_is_given_it_in_one_round_trip(face: Face) -> None:
    first = create_item_if_not_exists(face.target, face.takes(order(**EVERYTHING)), **face.options)
    assert face.sent == ["DescribeTable", "PutItem"]
    second = create_item_if_not_exists(face.target, face.takes(order(by="me")), **face.options)

    assert (first.created, second.created) == (True, False)
    assert face.gave(first.item) == face.gave(second.item) == order(**EVERYTHING)
    assert first.in_doubt is second.in_doubt is False
    assert face.sent == ["DescribeTable", "PutItem", "PutItem"]


def test_the_same_item_again_leaves_no_doubt(face: Face) -> None:
    item = face.takes(order())
    results = [create_item_if_not_exists(face.target, item, **face.options) for _ in range(2)]

    assert [(result.created, result.in_doubt) for result in results] == [
        (True, False),
        (False, False),
    ]


def test_it_reads_what_was_written_last(face: Face) -> None:
    asked = []
    client = getattr(face.target.meta, "client", face.target)
    client.meta.events.register(
        "provide-client-params.dynamodb.GetItem", lambda params, **_: asked.append(params)
    )

    get_or_create(face.target, face.takes(order(more=1)), **face.options)

    [params] = asked
    assert params["ConsistentRead"] is True
    assert params["Key"] == face.takes(order())


def test_another_key_is_another_item(face: Face) -> None:
    for number in (1, 2):
        item = face.takes(order(number))
        assert create_item_if_not_exists(face.target, item, **face.options).created


def test_with_keys_nothing_is_described(face: Face) -> None:
    for expected in (True, False):
        item = face.takes(order())
        result = create_item_if_not_exists(face.target, item, keys=[HASH, RANGE], **face.options)
        assert result.created is expected
    assert face.sent == ["PutItem", "PutItem"]


def test_wrong_keys_replace_nothing(face: Face) -> None:
    create_item_if_not_exists(face.target, face.takes(order(by="me")), **face.options)

    item = face.takes(order(customer="c-7"))
    result = create_item_if_not_exists(face.target, item, keys="customer", **face.options)

    assert not result.created
    assert face.gave(result.item) == order(by="me")


def test_get_or_create_reads_first(face: Face) -> None:
    first = get_or_create(face.target, face.takes(order(by="me")), **face.options)
    second = get_or_create(face.target, face.takes(order(by="you")), **face.options)

    assert (first.created, second.created) == (True, False)
    assert face.gave(first.item) == face.gave(second.item) == order(by="me")
    assert face.sent == ["DescribeTable", "GetItem", "PutItem", "GetItem"]


def test_create_is_called_only_if_there_is_none(face: Face) -> None:
    calls = []

    def made() -> dict[str, Any]:
        calls.append(1)
        return face.takes({"by": "me"})

    results = [
        get_or_create(face.target, face.takes(order()), made, **face.options) for _ in range(2)
    ]

    assert [result.created for result in results] == [True, False]
    assert [face.gave(result.item) for result in results] == [order(by="me")] * 2
    assert calls == [1]


def test_what_create_returns_may_hold_the_same_key_and_no_other(face: Face) -> None:
    same = get_or_create(
        face.target, face.takes(order(1)), lambda: face.takes(order(1, by="me")), **face.options
    )
    assert face.gave(same.item) == order(1, by="me")

    other = face.takes(order(3))
    with pytest.raises(ItemError, match=f"another '{RANGE}', a key attribute"):
        get_or_create(face.target, face.takes(order(2)), lambda: other, **face.options)
    with pytest.raises(ItemError, match="returned a NoneType"):
        get_or_create(face.target, face.takes(order(2)), lambda: None, **face.options)  # type: ignore[arg-type,return-value]
    assert face.sent.count("PutItem") == 1


WRONG_KEYS = [
    ({RANGE: Decimal(1)}, f"orders: the item's key is wrong: '{HASH}', the hash key, is missing"),
    ({HASH: "secret"}, f"'{RANGE}', the range key, is missing: add it"),
    ({}, f"'{HASH}', the hash key, is missing: add it; '{RANGE}', the range key, is missing"),
    ({HASH: "", RANGE: Decimal(1)}, f"'{HASH}', the hash key, is empty, which no key may be"),
    ({HASH: Decimal(7), RANGE: Decimal(1)}, r"must be a string \(S\), and is a number \(N\)"),
    ({HASH: b"secret", RANGE: Decimal(1)}, r"must be a string \(S\), and is binary \(B\)"),
    ({HASH: "secret", RANGE: "secret"}, r"must be a number \(N\), and is a string \(S\)"),
    ({HASH: None, RANGE: Decimal(1)}, r"must be a string \(S\), and is NULL"),
    ({HASH: {"S": "secret"}, RANGE: Decimal(1)}, r"must be a string \(S\), and is M"),
]


@pytest.mark.parametrize("face", [plain_client, table], indirect=True)
@pytest.mark.parametrize(("item", "told"), WRONG_KEYS)
def test_a_wrong_key_is_refused_before_anything_is_written(
    item: dict[str, Any], told: str, face: Face
) -> None:
    for call in (create_item_if_not_exists, get_or_create):
        with pytest.raises(ItemError, match=told) as caught:
            call(face.target, face.takes(item), **face.options)
        assert "secret" not in str(caught.value)
    assert set(face.sent) == {"DescribeTable"}


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (1.5, "is a float: a Table takes int or Decimal"),
        (object(), "is a object"),
        ({"S": "x"}, "and is M: a Table takes Python's types"),
    ],
)
def test_what_no_table_takes_for_a_key(value: Any, told: str, backend: Backend) -> None:
    face = new_face(table, backend)
    with pytest.raises(ItemError, match=told):
        create_item_if_not_exists(face.target, {HASH: value, RANGE: 1})
    with pytest.raises(ItemError, match="must be a string, a number or binary, and is"):
        create_item_if_not_exists(face.target, {HASH: value, RANGE: 1}, keys=[HASH, RANGE])


def test_python_types_for_a_client(backend: Backend) -> None:
    with pytest.raises(ItemError, match=r'is a str: a client takes wire types, such as \{"S"'):
        create_item_if_not_exists(backend.client(), order(), table_name="orders")
    with pytest.raises(ItemError, match="item is a list and must be a dict"):
        create_item_if_not_exists(backend.client(), [], table_name="orders")  # type: ignore[arg-type]


def test_what_is_created_is_as_a_read_would_bring_it(backend: Backend) -> None:
    result = create_item_if_not_exists(
        backend.resource().Table("orders"), {HASH: "shoe", RANGE: 7, "list": (1, b"x")}
    )

    assert isinstance(result.item[RANGE], Decimal)
    assert result.item["list"] == [Decimal(1), Binary(b"x")]
    assert "shoe" not in repr(result)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "table_name=None: a client does not say which table"),
        ({"table_name": ""}, "table_name='' must be the name of a table"),
        ({"table_name": "orders", "keys": []}, r"keys=\[\] must be one or two names"),
        ({"table_name": "orders", "keys": ["a", "a"]}, "must be one or two names"),
        ({"table_name": "orders", "keys": ["a", "b", "c"]}, "must be one or two names"),
        ({"table_name": "orders", "keys": [7]}, "must be one or two names"),
    ],
)
def test_arguments_that_cannot_be(options: dict[str, Any], told: str, backend: Backend) -> None:
    with pytest.raises(ConfigError, match=told):
        create_item_if_not_exists(backend.client(), {}, **options)


def test_what_creates_is_a_function_also_where_the_item_is_there(backend: Backend) -> None:
    orders = backend.resource().Table("orders")
    create_item_if_not_exists(orders, order())
    with pytest.raises(ConfigError, match="create must be a function, and is a dict"):
        get_or_create(orders, order(), {"customer": "c-7"})  # type: ignore[arg-type]


def test_a_table_has_its_own_name(backend: Backend) -> None:
    orders = backend.resource().Table("orders")
    assert create_item_if_not_exists(orders, order(), table_name="orders").created
    with pytest.raises(ConfigError, match="'users' is not that of the Table, 'orders'"):
        create_item_if_not_exists(orders, order(), table_name="users")
    with pytest.raises(NotAttachableError):
        create_item_if_not_exists("orders", order())


def test_a_closed_client_says_so(backend: Backend) -> None:
    client = ScalingClient(backend.client())
    client.close()
    with pytest.raises(ClientClosedError):
        create_item_if_not_exists(client, {}, table_name="orders")


def test_what_dynamodb_refuses_passes_through(backend: Backend) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        create_item_if_not_exists(backend.client(), {}, table_name="nowhere")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        create_item_if_not_exists(backend.resource().Table("nowhere"), {"id": "1"}, keys="id")


def test_a_loaded_table_is_not_described_again(backend: Backend) -> None:
    face = new_face(table, backend)
    face.target.load()
    face.sent.clear()

    assert create_item_if_not_exists(face.target, order()).created
    assert face.sent == ["PutItem"]


def test_tables_of_one_client_share_what_is_known(backend: Backend) -> None:
    client = ScalingClient(backend.client())
    sent: list[str] = []
    client.meta.events.register("before-call.dynamodb", lambda model, **_: sent.append(model.name))

    for number in range(3):
        create_item_if_not_exists(client.table("orders"), order(number))

    assert sent == ["DescribeTable", "PutItem", "PutItem", "PutItem"]


def test_what_is_known_goes_with_the_client(backend: Backend) -> None:
    gc.collect()
    before = len(items_of_aws._known)
    client = backend.client()
    create_item_if_not_exists(client, {HASH: {"S": "a"}, RANGE: {"N": "1"}}, table_name="orders")
    assert len(items_of_aws._known) == before + 1

    del client
    gc.collect()
    assert len(items_of_aws._known) == before


@pytest.mark.parametrize("used", [True, False])
def test_another_table_of_that_name_is_found_out(used: bool, backend: Backend) -> None:
    client = backend.client()
    orders = backend.resource().Table("orders")
    orders.load()
    if used:
        create_item_if_not_exists(orders, order())
    client.delete_table(TableName="orders")
    client.get_waiter("table_not_exists").wait(TableName="orders", WaiterConfig={"Delay": 1})
    create(client, "orders", "id")

    assert create_item_if_not_exists(orders, {"id": "order-1"}).created
    assert not create_item_if_not_exists(orders, {"id": "order-1"}).created
