"""Batches that are worked on in part are sent to the end within one call."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from boto3.dynamodb.types import Binary
from botocore.config import Config
from botocore.exceptions import (
    ChecksumError,
    ClientError,
    ConnectionClosedError,
)

from dynoresilience import ScalingClient, attach, install
from dynoresilience.events import GaveUp, HotKeyRange
from dynoresilience.model import Units
from dynoresilience.testing import SimulatedDynamoDB, VirtualClock
from dynoresilience.throttling.batches import Batch
from tests.functional.batches.conftest import AT_CAP, QUICK, keys, puts
from tests.functional.conftest import (
    MODES,
    Recorder,
    order,
)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("max_retries", [0, 1, 3])
def test_what_is_left_at_the_end_of_the_budget_comes_back(
    sim: SimulatedDynamoDB, mode: str, max_retries: int
) -> None:
    told = Recorder()
    config = AT_CAP.replace(max_retries=max_retries)
    client = sim.client(config=Config(retries={"mode": mode}))
    ddb = ScalingClient(client, config=config, sinks=[told])
    sim.partial_next("BatchWriteItem", 20, keep=2)

    answer = ddb.batch_write_item(RequestItems=puts(range(25)))

    done = 2 * (max_retries + 1)
    assert sim.calls["BatchWriteItem"] == max_retries + 1
    assert answer["UnprocessedItems"] == puts(range(done, 25))
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert answer["ResponseMetadata"]["RetryAttempts"] == max_retries
    assert answer["Dynoresilience"]["attempts"] == max_retries + 1
    assert answer["Dynoresilience"]["reason"] == "retries used up"
    assert [event.api for event in told.of(GaveUp)] == ["BatchWriteItem"]
    assert ddb.scan(TableName="orders")["Count"] == done


@pytest.mark.parametrize("mode", MODES)
def test_an_exception_in_the_middle_leaves_what_is_done_and_gives_back_the_rest(
    sim: SimulatedDynamoDB, mode: str
) -> None:
    client = sim.client(config=Config(retries={"mode": mode}))
    ddb = ScalingClient(client, config=AT_CAP.replace(max_retries=2))
    ddb.batch_write_item(RequestItems=puts(range(4)))
    sim.partial_next("BatchGetItem", keep=1)
    sim.throttle_next("BatchGetItem", n=2)

    answer = ddb.batch_get_item(RequestItems=keys(range(4)))

    assert sim.calls["BatchGetItem"] == 3
    assert [item["id"]["S"] for item in answer["Responses"]["orders"]] == ["order-0"]
    assert answer["UnprocessedKeys"] == keys(range(1, 4))
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert answer["Dynoresilience"]["hold_reasons"] == ["at cap"]


def test_nothing_done_at_all_is_the_exception_that_it_always_was(sim: SimulatedDynamoDB) -> None:
    ddb = ScalingClient(sim.client(), config=AT_CAP.replace(max_retries=2))
    sim.throttle_next("BatchWriteItem", n=3)

    with pytest.raises(ddb.exceptions.ProvisionedThroughputExceededException) as caught:
        ddb.batch_write_item(RequestItems=puts(range(4)))

    assert sim.calls["BatchWriteItem"] == 3
    assert caught.value.response["Dynoresilience"]["attempts"] == 3


@pytest.mark.parametrize("mode", MODES)
def test_a_fault_of_the_service_in_the_middle_leaves_what_is_done(
    sim: SimulatedDynamoDB, mode: str
) -> None:
    client = sim.client(config=Config(retries={"mode": mode, "total_max_attempts": 2}))
    ddb = ScalingClient(client, config=AT_CAP)
    sim.partial_next("BatchWriteItem", keep=3)
    sim.fail_next("BatchWriteItem", 2, code="InternalServerError", message="", status=500)

    answer = ddb.batch_write_item(RequestItems=puts(range(10)))

    assert sim.calls["BatchWriteItem"] == 3  # one in part, and botocore's two
    assert answer["UnprocessedItems"] == puts(range(3, 10))


@pytest.mark.parametrize("mode", MODES)
def test_each_request_of_a_batch_has_botocores_attempts_anew(
    sim: SimulatedDynamoDB, mode: str
) -> None:
    """As if the caller had sent the rest himself: connections that broke before are forgiven."""
    client = sim.client(config=Config(retries={"mode": mode, "total_max_attempts": 2}))
    ddb = ScalingClient(client, config=AT_CAP.replace(max_retries=6))
    for _ in range(3):
        sim.drop_next("BatchWriteItem")
        sim.partial_next("BatchWriteItem", keep=1)

    answer = ddb.batch_write_item(RequestItems=puts(range(4)))

    assert answer["UnprocessedItems"] == {}
    assert sim.calls["BatchWriteItem"] == 7


def test_a_connection_that_breaks_for_good_is_botocores_exception(sim: SimulatedDynamoDB) -> None:
    ddb = ScalingClient(sim.client(config=Config(retries={"total_max_attempts": 2})), config=AT_CAP)
    sim.partial_next("BatchWriteItem", keep=3)
    sim.drop_next("BatchWriteItem", 2)

    with pytest.raises(ConnectionClosedError):
        ddb.batch_write_item(RequestItems=puts(range(10)))

    assert sim.calls["BatchWriteItem"] == 3


@pytest.mark.parametrize("mode", MODES)
def test_an_answer_with_a_wrong_checksum_is_not_an_answer(
    sim: SimulatedDynamoDB, mode: str
) -> None:
    client = sim.client(config=Config(retries={"mode": mode}))
    ddb = ScalingClient(client, config=AT_CAP.replace(scaling_enabled=False))
    ddb.batch_write_item(RequestItems=puts(range(5)))
    sim.partial_next("BatchGetItem", keep=2)
    sim.corrupt_next("BatchGetItem")

    answer = ddb.batch_get_item(RequestItems=keys(range(5)))

    found = sorted(item["id"]["S"] for item in answer["Responses"]["orders"])
    assert found == [f"order-{number}" for number in range(5)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("max_retries", "attempts"), [(1, 2), (6, 3)])
def test_answers_that_break_off_leave_nothing_out(
    sim: SimulatedDynamoDB, mode: str, max_retries: int, attempts: int
) -> None:
    """botocore takes the stump of an answer for one, and finds nothing left in it."""
    client = sim.client(config=Config(retries={"mode": mode, "total_max_attempts": 2}))
    ddb = ScalingClient(client, config=AT_CAP.replace(max_retries=max_retries))
    ddb.batch_write_item(RequestItems=puts(range(5)))
    sim.partial_next("BatchGetItem", keep=1)
    sim.truncate_next("BatchGetItem", 9)

    try:
        answer = ddb.batch_get_item(RequestItems=keys(range(5)))
    except (ChecksumError, ConnectionClosedError):  # legacy mode, and botocore before 1.44
        pass
    else:
        assert [item["id"]["S"] for item in answer["Responses"]["orders"]] == ["order-0"]
        assert answer["UnprocessedKeys"] == keys(range(1, 5))
    assert sim.calls["BatchGetItem"] == attempts


def test_the_wait_ends_at_the_deadline(sim: SimulatedDynamoDB, clock: VirtualClock) -> None:
    ddb = ScalingClient(sim.client(), config=AT_CAP.replace(max_retries=50))
    sim.partial_next("BatchWriteItem", 100)
    begun = clock.monotonic()

    with ddb.operation("import", deadline=3):
        answer = ddb.batch_write_item(RequestItems=puts(range(25)))

    assert clock.monotonic() - begun <= 3
    assert answer["UnprocessedItems"]["orders"]
    assert answer["Dynoresilience"]["reason"] == "deadline"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("first", ["partial", "throttle"])
@pytest.mark.parametrize("then", ["drop", "fault", "corrupt"])
def test_botocores_own_pauses_end_at_the_deadline_too(
    sim: SimulatedDynamoDB, clock: VirtualClock, mode: str, first: str, then: str
) -> None:
    client = sim.client(config=Config(retries={"mode": mode, "total_max_attempts": 12}))
    ddb = ScalingClient(client, config=AT_CAP.replace(max_retries=50, initial_retry_delay=0.01))
    order_first = sim.partial_next if first == "partial" else sim.throttle_next
    order_first("BatchWriteItem")
    if then == "drop":
        sim.drop_next("BatchWriteItem", 50)
    elif then == "corrupt":
        sim.corrupt_next("BatchWriteItem", 50)
    else:
        sim.fail_next("BatchWriteItem", 50, code="InternalServerError", message="", status=500)

    with (
        suppress(ClientError, ConnectionClosedError, ChecksumError),
        ddb.operation("import", deadline=1),
    ):
        ddb.batch_write_item(RequestItems=puts(range(4)))

    assert clock.monotonic() <= 1
    assert sim.calls["BatchWriteItem"] < 50


@pytest.mark.a_fault_of_ours
def test_a_fault_of_ours_in_the_folding_gives_back_what_is_not_known_to_be_done(
    sim: SimulatedDynamoDB, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ddb = ScalingClient(sim.client(), config=AT_CAP)
    ddb.batch_write_item(RequestItems=puts(range(4)))
    sim.partial_next("BatchGetItem", keep=1)

    def fold(self: Batch, answer: dict[str, Any]) -> None:
        if "UnprocessedKeys" in self._answer:
            raise RuntimeError
        self._answer = answer

    monkeypatch.setattr(Batch, "fold_into", fold)

    answer = ddb.batch_get_item(RequestItems=keys(range(4)))

    assert [item["id"]["S"] for item in answer["Responses"]["orders"]] == ["order-0"]
    assert answer["UnprocessedKeys"] == keys(range(1, 4))
    assert "a fault of ours" in caplog.text


@pytest.mark.parametrize("mode", MODES)
def test_botocores_waits_after_a_throttle_end_at_the_deadline_too(
    sim: SimulatedDynamoDB, clock: VirtualClock, mode: str
) -> None:
    client = sim.client(config=Config(retries={"mode": mode, "total_max_attempts": 4}))
    ddb = ScalingClient(client, config=AT_CAP.replace(max_retries=50))
    sim.partial_next("BatchWriteItem")
    sim.drop_next("BatchWriteItem", 3)
    sim.partial_next("BatchWriteItem", 100)
    begun = clock.monotonic()

    with ddb.operation("import", deadline=0.2), suppress(ConnectionClosedError):
        ddb.batch_write_item(RequestItems=puts(range(25)))

    assert sim.calls["BatchWriteItem"] > 2
    assert clock.monotonic() - begun <= 0.2 + 1e-6


def test_what_was_short_is_raised_and_only_that(clock: VirtualClock) -> None:
    with SimulatedDynamoDB(clock=clock, burst_seconds=1) as sim:
        sim.create_table("orders", indexes={"by-customer": (5, 400)})
        sim.create_table("users")
        ddb = ScalingClient(sim.client(), config=QUICK)

        answer = ddb.batch_write_item(RequestItems=puts(range(25)))

        assert answer["UnprocessedItems"] == {}
        assert sim.units("orders") == Units(5, 100)
        assert sim.units("orders", "by-customer") == Units(5, 400)
        assert sim.units("users") == Units(5, 5)
        assert {index for update in sim.updates for index in update.after} == {None}


def test_an_index_that_is_scarcer_is_raised_in_the_tables_place(clock: VirtualClock) -> None:
    with SimulatedDynamoDB(clock=clock, burst_seconds=1) as sim:
        sim.create_table("orders", write=50, indexes={"by-customer": (5, 2), "by-shop": (5, 1)})
        ddb = ScalingClient(sim.client(), config=QUICK)

        answer = ddb.batch_write_item(RequestItems=puts(range(25)))  # none has a shop

        assert answer["UnprocessedItems"] == {}
        assert sim.units("orders") == Units(5, 50)
        assert sim.units("orders", "by-customer") == Units(5, 40)
        assert sim.units("orders", "by-shop") == Units(5, 1)


def test_keys_that_are_left_raise_reads_and_keep_what_was_asked(
    sim: SimulatedDynamoDB, clock: VirtualClock
) -> None:
    ddb = ScalingClient(sim.client(), config=QUICK)
    ddb.batch_write_item(RequestItems=puts(range(25)))
    clock.advance(5.0)  # whatever was raised is in force
    write = sim.units("orders").write

    asked = keys(range(25), ProjectionExpression="id", ConsistentRead=True)
    answer = ddb.batch_get_item(RequestItems=asked)

    assert sorted(int(item["id"]["S"][6:]) for item in answer["Responses"]["orders"]) == list(
        range(25)
    )
    assert all(item.keys() == {"id"} for item in answer["Responses"]["orders"])
    assert sim.units("orders") == Units(100, write)


def test_a_rest_after_a_hot_key_raises_nothing(sim: SimulatedDynamoDB) -> None:
    told = Recorder()
    ddb = ScalingClient(sim.client(), config=QUICK, sinks=[told])
    sim.throttle_next("BatchWriteItem", reason="TableWriteKeyRangeThroughputExceeded")
    sim.partial_next("BatchWriteItem", 3, keep=2)

    ddb.batch_write_item(RequestItems=puts(range(5)))

    assert told.of(HotKeyRange)
    assert sim.units("orders") == Units(5, 5)
    assert sim.calls["UpdateTable"] == 0


def test_several_tables_in_one_batch(clock: VirtualClock) -> None:
    with SimulatedDynamoDB(clock=clock, burst_seconds=1) as sim:
        for name in ("orders", "users"):
            sim.create_table(name)
        ddb = ScalingClient(sim.client(), config=QUICK)
        some, others = puts(range(12))["orders"], puts(range(12, 24))["orders"]

        answer = ddb.batch_write_item(RequestItems={"orders": some, "users": others})

        assert answer["UnprocessedItems"] == {}
        assert [ddb.scan(TableName=name)["Count"] for name in ("orders", "users")] == [12, 12]
        tables = {"orders": keys(range(12))["orders"], "users": keys(range(12, 24))["orders"]}
        found = ddb.batch_get_item(RequestItems=tables)["Responses"]
        assert {name: len(items) for name, items in found.items()} == {"orders": 12, "users": 12}


@pytest.mark.parametrize("how", ["client", "attach", "install", "table"])
def test_python_types_come_back_as_they_are(sim: SimulatedDynamoDB, how: str) -> None:
    """A rest is sent as it was on the wire: nothing is encoded twice."""
    config = QUICK.replace(scaling_enabled=False)
    if how == "attach":
        table = attach(sim.resource(), config=config).Table("orders")
    elif how == "install":
        session = install(sim.session(), config=config)
        table = session.resource("dynamodb").Table("orders")
    elif how == "client":
        ddb = ScalingClient(sim.client(), config=config)
        sim.partial_next("BatchWriteItem", 3)
        item = {
            "id": {"S": "1"},
            "b": {"B": b"\x00\xff"},
            "s": {"BS": [b"\x01"]},
            "z": {"NULL": True},
        }
        second = {**item, "id": {"S": "2"}}
        requests = [{"PutRequest": {"Item": entry}} for entry in (item, second)]
        ddb.batch_write_item(RequestItems={"orders": requests})
        assert ddb.get_item(TableName="orders", Key={"id": {"S": "2"}})["Item"] == second
        return
    else:
        table = ScalingClient(sim.client(), config=config).table("orders")
    sim.partial_next("BatchWriteItem", 3, keep=1)

    items = [{"id": str(n), "b": b"\x00\xff", "l": [{"n": n}], "s": {"x", "y"}} for n in range(4)]
    with table.batch_writer() as batch:
        for item in items:
            batch.put_item(Item=item)

    assert sim.calls["BatchWriteItem"] == 4
    stored = table.get_item(Key={"id": "3"})["Item"]
    assert stored == {**items[3], "b": Binary(b"\x00\xff")}


def test_a_large_answer_goes_on_at_once_within_the_budget_and_raises_nothing(
    sim: SimulatedDynamoDB, clock: VirtualClock
) -> None:
    """It may be so for its size: DynamoDB returns up to 1 MB of a partition."""
    told = Recorder()
    plain = sim.client()
    plain.update_table(
        TableName="orders",
        ProvisionedThroughput={"ReadCapacityUnits": 5000, "WriteCapacityUnits": 5000},
    )
    clock.advance(5)
    for number in range(6):
        item = {**order(number), "big": {"S": "x" * 390_000}}
        plain.put_item(TableName="orders", Item=item)
    ddb = ScalingClient(plain, config=AT_CAP.replace(max_retries=1), sinks=[told])
    sim.partial_next("BatchGetItem", 2, keep=3)
    begun = clock.monotonic()

    answer = ddb.batch_get_item(RequestItems=keys(range(6)))

    assert len(answer["Responses"]["orders"]) == 6
    assert clock.monotonic() == begun
    sim.partial_next("BatchGetItem", 9, keep=3)
    answer = ddb.batch_get_item(RequestItems=keys(range(9)))
    assert sim.calls["BatchGetItem"] == 2 + 2
    assert answer["UnprocessedKeys"] == keys(range(6, 9))
    assert told.events == []
