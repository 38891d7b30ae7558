"""The notes of a client's latest calls, and what is made of them once a table is short."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from dynoresilience.aws.arrivals import HEAD, LATEST, Arrivals, together
from dynoresilience.capacity.demand import Arrival, Asked
from dynoresilience.model import Dimension

READ, WRITE = Dimension.READ, Dimension.WRITE
ARN = "arn:aws:dynamodb:eu-central-1:123456789012:table/orders"
ITEM = {"id": {"S": "order-1"}, "customer": {"S": "c-7"}}
PUT = {"PutRequest": {"Item": ITEM}}


def request(**members: Any) -> dict[str, Any]:
    return {"body": json.dumps(members).encode()}


def put(table: str = "orders", **attributes: Any) -> dict[str, Any]:
    return request(TableName=table, Item={**ITEM, **attributes})


def answer(note: list[Any] | None, size: int = 2) -> None:
    """As the hooks do when an answer of so many bytes has come."""
    assert note is not None
    note[-1] = size


def test_a_call_on_a_table_that_is_short() -> None:
    arrivals = Arrivals()
    arrivals.note(7.0, "PutItem", put())
    answer(arrivals.note(8.0, "PutItem", put()))

    here = threading.get_ident()
    attributes = frozenset({"id", "customer"})
    assert arrivals.of("orders") == Asked(
        [
            Arrival(7.0, None, WRITE, 1.0, attributes, False, here),
            Arrival(8.0, None, WRITE, 1.0, attributes, True, here),
        ],
        None,
    )


@pytest.mark.parametrize("noted", ["orders", ARN])
@pytest.mark.parametrize("asked", ["orders", ARN])
def test_a_table_is_known_by_its_name_and_by_its_arn(noted: str, asked: str) -> None:
    arrivals = Arrivals()
    arrivals.note(1.0, "PutItem", put(noted))

    assert len(arrivals.of(asked).arrivals) == 1


def test_other_tables_and_other_operations_do_not_count() -> None:
    arrivals = Arrivals()
    arrivals.note(1.0, "PutItem", put("orders-archive"))
    arrivals.note(2.0, "DescribeTable", request(TableName="orders"))
    arrivals.note(3.0, "ListTables", request())
    arrivals.note(4.0, "PutItem", put("old-orders"))

    assert arrivals.of("orders") == Asked([], None)


def test_the_writes_of_a_batch_are_counted_before_its_body_is_cut() -> None:
    arrivals = Arrivals()
    large = {"PutRequest": {"Item": {"id": {"S": "x" * HEAD}}}}
    arrivals.note(1.0, "BatchWriteItem", request(RequestItems={"orders": [large] * 25}))

    (found,) = arrivals.of("orders").arrivals
    assert found.units == 25


def test_of_a_large_item_the_size_is_known_and_the_attributes_are_not() -> None:
    arrivals = Arrivals()
    arrivals.note(1.0, "PutItem", put(text={"S": "x" * 8192}))

    (found,) = arrivals.of("orders").arrivals
    assert (found.units, found.attributes) == (pytest.approx(6, abs=1), None)


def test_a_read_takes_what_its_answer_tells_and_without_one_what_others_took() -> None:
    arrivals = Arrivals()
    for at, size in ((1.0, 40_000), (2.0, 80_000)):
        answer(arrivals.note(at, "Query", request(TableName="orders", IndexName="i")), size)
    arrivals.note(3.0, "Query", request(TableName="orders", IndexName="i"))
    arrivals.note(4.0, "Query", request(TableName="orders"))

    found = arrivals.of("orders").arrivals
    assert [(one.index, one.units) for one in found] == [
        ("i", 4.0),
        ("i", 7.5),
        ("i", 5.75),  # the mean of those
        (None, 1.0),  # of the table's nothing is known
    ]
    assert {one.dimension for one in found} == {READ}
    assert [one.answered for one in found] == [True, True, False, False]


def test_only_so_many_are_remembered_and_it_is_told_since_when_all_of_them_are() -> None:
    arrivals = Arrivals()
    for number in range(LATEST - 1):
        arrivals.note(float(number), "PutItem", put())
    assert arrivals.of("orders").since is None
    for number in range(LATEST, LATEST + 10):
        arrivals.note(float(number), "PutItem", put("carts"))

    found = arrivals.of("orders")
    assert found.since == found.arrivals[0].at
    assert len(found.arrivals) == LATEST - 10


@pytest.mark.parametrize(
    "shape",
    [
        {"body": ""},
        {"body": "text"},
        {"body": b""},
        {"body": b"\xff\xfe{"},
        {"body": None},
        {"body": {"TableName": "orders"}},
        {"body": b'{"TableName": "orders", "Item": 3}'},
        {},
    ],
)
@pytest.mark.parametrize("operation", ["PutItem", "BatchWriteItem", "Query", "Whatever"])
def test_a_request_of_another_shape_is_no_fault(operation: str, shape: dict[str, Any]) -> None:
    """Somebody else's handler may have left it; the call goes on as it is."""
    arrivals = Arrivals()
    arrivals.note(1.0, operation, shape)
    arrivals.note(2.0, "PutItem", put())

    assert arrivals.of("orders").arrivals[-1].at == 2.0


def test_nothing_is_kept_but_the_beginning_of_a_body() -> None:
    arrivals = Arrivals()
    note = arrivals.note(1.0, "PutItem", put(text={"S": "x" * 100_000}))

    assert note is not None
    assert max(len(part) for part in note if isinstance(part, (bytes, str))) <= HEAD


def test_callers_are_told_apart() -> None:
    arrivals = Arrivals()
    all_are_here = threading.Barrier(3)

    def call() -> None:
        arrivals.note(1.0, "PutItem", put())
        all_are_here.wait(30)  # so that no identity is used again
        arrivals.note(2.0, "PutItem", put())

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    found = arrivals.of("orders").arrivals
    assert len(found) == 6
    assert len({one.caller for one in found}) == 3


def test_several_clients_together() -> None:
    early, late = Arrival(1.0, None, WRITE, 1.0), Arrival(3.0, None, WRITE, 1.0)
    between = Arrival(2.0, None, WRITE, 1.0)

    assert together([]) == Asked([], None)
    assert together([Asked([early, late]), Asked([between])]) == Asked([early, between, late], None)
    assert together([Asked([early, late], 1.0), Asked([between], 2.0)]).since == 2.0
    assert together([Asked([early], None), Asked([], 7.0)]).since is None, (
        "a client that is busy with other tables says nothing of this one"
    )
