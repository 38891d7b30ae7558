"""Batches that are worked on in part: sent to the end in one call, and nothing lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import Binary
from botocore.config import Config
from botocore.exceptions import (
    ChecksumError,
    ClientError,
    ConnectionClosedError,
)

from dynoresilience import ScalingClient, ScalingConfig, attach, install
from dynoresilience.aws.every_session import hooks_for_new_sessions
from dynoresilience.events import GaveUp, HotKeyRange
from dynoresilience.model import Units
from dynoresilience.testing import SimulatedDynamoDB, SimulatorServer, VirtualClock, virtual_time
from dynoresilience.testing.replies import Refused
from dynoresilience.throttling.batches import Batch
from tests.functional.conftest import (
    CREDENTIALS,
    MODES,
    Recorder,
    create_orders,
    in_threads,
    new_client,
    order,
)
from tests.support.throttling_server import ThrottlingServer
from tests.support.wire import Wire

Start = Callable[..., ThrottlingServer]
QUICK = ScalingConfig(
    max_read_capacity=400,
    max_write_capacity=400,
    scale_up_factor=20,
    initial_retry_delay=0.1,
    max_retry_delay=2.0,
    max_retries=10,
)


def puts(numbers: range) -> dict[str, Any]:
    return {"orders": [{"PutRequest": {"Item": order(number)}} for number in numbers]}


def keys(numbers: range, **asked: Any) -> dict[str, Any]:
    return {"orders": {"Keys": [{"id": {"S": f"order-{number}"}} for number in numbers], **asked}}


def read_back(client: Any, count: int) -> set[str]:
    """The ids of all items of a table of ``count``, by `batch_get_item`."""
    found: list[str] = []
    for first in range(0, count, 100):
        answer = client.batch_get_item(RequestItems=keys(range(first, first + 100)))
        assert answer["UnprocessedKeys"] == {}
        found += [item["id"]["S"] for item in answer["Responses"]["orders"]]
    assert len(found) == len(set(found))
    return set(found)


IDS_1000 = {f"order-{number}" for number in range(1000)}
FAULTS = ["drop", "lose", "partial", "throttle"]


@pytest.mark.parametrize("mode", MODES)
def test_1000_items_by_batch_write_item_under_throttles_drops_and_partial_batches(
    mode: str,
) -> None:
    with SimulatorServer(update_seconds=0.3, burst_seconds=1) as server:
        server.create_table("orders", indexes={"by-customer": (5, 5)})
        server.random_faults(
            seed=mode, rate=0.1, operations=["BatchWriteItem", "BatchGetItem"], kinds=FAULTS
        )
        client = server.client(config=Config(retries={"mode": mode}, max_pool_connections=16))
        ddb = ScalingClient(client, config=QUICK)

        def write(number: int) -> None:
            batch = range(25 * number, 25 * number + 25)
            answer = ddb.batch_write_item(RequestItems=puts(batch))
            assert answer["UnprocessedItems"] == {}

        assert in_threads(40, write, threads=8) == []
        assert {fault.kind for fault in server.faults} >= {"drop", "partial"}
        assert read_back(ddb, 1000) == IDS_1000
        server.clear_faults()
        pages = ddb.get_paginator("scan").paginate(TableName="orders")
        assert sum(page["Count"] for page in pages) == 1000


@pytest.mark.parametrize("reasons", [True, False], ids=["reasons", "no-reasons"])
def test_1000_items_on_the_yardstick(start: Start, reasons: bool) -> None:
    server = start(reasons=reasons, update_seconds=0.3, burst_seconds=5)
    ddb = ScalingClient(new_client(server), config=QUICK)
    create_orders(ddb)

    def write(number: int) -> None:
        answer = ddb.batch_write_item(RequestItems=puts(range(25 * number, 25 * number + 25)))
        assert answer["UnprocessedItems"] == {}

    assert in_threads(40, write, threads=8) == []
    assert len(server.items("orders")) == 1000
    assert read_back(ddb, 1000) == IDS_1000
    assert max(write for _, write in server.peak.values()) <= 400


def test_1000_items_by_batch_writer_under_throttles_drops_and_partial_batches() -> None:
    with SimulatorServer(update_seconds=0.3, burst_seconds=1) as server:
        server.create_table("orders")
        server.random_faults(
            seed=4, rate=0.1, operations=["BatchWriteItem", "BatchGetItem"], kinds=FAULTS
        )
        resource = attach(server.resource(), config=QUICK)
        table = resource.Table("orders")

        with table.batch_writer() as batch:
            for number in range(1000):
                batch.put_item(Item={"id": f"order-{number}", "n": number, "b": b"\x00\xff"})

        assert {fault.kind for fault in server.faults} >= {"drop", "partial"}
        found = {}
        for first in range(0, 1000, 100):
            asked = [{"id": f"order-{number}"} for number in range(first, first + 100)]
            answer = resource.batch_get_item(RequestItems={"orders": {"Keys": asked}})
            assert answer["UnprocessedKeys"] == {}
            found.update({item["id"]: item for item in answer["Responses"]["orders"]})
        assert found.keys() == IDS_1000
        assert all(
            item == {"id": f"order-{item['n']}", "n": item["n"], "b": Binary(b"\x00\xff")}
            for item in found.values()
        )


def test_a_counter_is_counted_once_for_each_call_under_throttles_and_lost_answers() -> None:
    with SimulatorServer(update_seconds=0.3, burst_seconds=1) as server:
        server.create_table("orders")
        operations = ["TransactWriteItems", "BatchExecuteStatement"]
        server.random_faults(seed=9, rate=0.1, operations=operations[:1], kinds=FAULTS[:2])
        client = server.client(config=Config(max_pool_connections=16))
        ddb = ScalingClient(client, config=QUICK)
        ddb.put_item(TableName="orders", Item={"id": {"S": "counter"}, "n": {"N": "0"}})

        def count(number: int) -> None:
            """Once and for all: the transaction has a token, so that it may be sent again."""
            update = {
                "TableName": "orders",
                "Key": {"id": {"S": "counter"}},
                "UpdateExpression": "ADD n :one",
                "ExpressionAttributeValues": {":one": {"N": "1"}},
            }
            put = {"TableName": "orders", "Item": order(number)}
            ddb.transact_write_items(TransactItems=[{"Update": update}, {"Put": put}])

        assert in_threads(100, count, threads=2) == []
        assert {fault.kind for fault in server.faults} == {"drop", "lose"}
        item = ddb.get_item(TableName="orders", Key={"id": {"S": "counter"}})["Item"]
        assert item["n"] == {"N": "100"}


# -- one call at a time, in virtual time ---------------------------------------------------


@pytest.fixture
def clock() -> Any:
    with virtual_time() as clock:
        yield clock


@pytest.fixture
def sim(clock: VirtualClock) -> Any:
    with SimulatedDynamoDB(clock=clock, burst_seconds=1) as simulator:
        simulator.create_table("orders")
        yield simulator


AT_CAP = ScalingConfig(max_read_capacity=5, max_write_capacity=5)


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

    with suppress(ClientError, ConnectionClosedError), ddb.operation("import", deadline=1):
        ddb.batch_write_item(RequestItems=puts(range(4)))

    assert clock.monotonic() <= 1
    assert sim.calls["BatchWriteItem"] < 50


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

    with ddb.operation("import", deadline=0.02), suppress(ConnectionClosedError):
        ddb.batch_write_item(RequestItems=puts(range(25)))

    assert sim.calls["BatchWriteItem"] > 2
    assert clock.monotonic() - begun <= 0.02 + 1e-6


def test_what_was_short_is_raised_and_only_that(clock: VirtualClock) -> None:
    with SimulatedDynamoDB(clock=clock, burst_seconds=1) as sim:
        sim.create_table("orders", indexes={"by-customer": (5, 50)})
        sim.create_table("users")
        ddb = ScalingClient(sim.client(), config=QUICK)

        answer = ddb.batch_write_item(RequestItems=puts(range(25)))

        assert answer["UnprocessedItems"] == {}
        assert sim.units("orders") == Units(5, 100)
        assert sim.units("orders", "by-customer") == Units(5, 50)
        assert sim.units("users") == Units(5, 5)
        assert len(sim.updates) == 1


def test_an_index_that_is_scarcer_is_raised_in_the_tables_place(clock: VirtualClock) -> None:
    with SimulatedDynamoDB(clock=clock, burst_seconds=1) as sim:
        sim.create_table("orders", write=50, indexes={"by-customer": (5, 2), "by-shop": (5, 1)})
        ddb = ScalingClient(sim.client(), config=QUICK)

        answer = ddb.batch_write_item(RequestItems=puts(range(25)))  # none has a shop

        assert answer["UnprocessedItems"] == {}
        assert sim.units("orders") == Units(5, 50)
        assert sim.units("orders", "by-customer") == Units(5, 40)
        assert sim.units("orders", "by-shop") == Units(5, 1)


def test_keys_that_are_left_raise_reads_and_keep_what_was_asked(sim: SimulatedDynamoDB) -> None:
    ddb = ScalingClient(sim.client(), config=QUICK)
    ddb.batch_write_item(RequestItems=puts(range(25)))
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


# -- statements ----------------------------------------------------------------------------


def insert(number: int) -> dict[str, str]:
    return {"Statement": f"INSERT INTO \"orders\" VALUE {{'id': 'order-{number}', 'n': 0}}"}


def count(number: int) -> dict[str, str]:
    return {"Statement": f"UPDATE \"orders\" SET n = n + 1 WHERE id = 'order-{number}'"}


def read(number: int) -> dict[str, str]:
    return {"Statement": f"SELECT * FROM \"orders\" WHERE id = 'order-{number}'"}


def test_statements_of_a_batch_that_were_refused_are_sent_again(sim: SimulatedDynamoDB) -> None:
    ddb = ScalingClient(sim.client(), config=QUICK)

    answer = ddb.batch_execute_statement(Statements=[insert(number) for number in range(20)])

    assert not any("Error" in entry for entry in answer["Responses"])
    assert ddb.scan(TableName="orders")["Count"] == 20
    assert sim.units("orders").write == 100


@pytest.fixture
def on_local(dynamodb_local: str) -> Iterator[SimulatorServer]:
    """A server in front of DynamoDB Local, which keeps its tables until they are deleted."""
    with SimulatorServer(backend=dynamodb_local, update_seconds=0.3, burst_seconds=1) as server:
        yield server
        client = server.client()
        client.get_waiter("table_exists").wait(
            TableName="orders", WaiterConfig={"Delay": 1, "MaxAttempts": 20}
        )
        client.delete_table(TableName="orders")


def test_each_statement_is_carried_out_once_and_other_errors_keep_their_place(
    on_local: SimulatorServer,
) -> None:
    server = on_local
    server.create_table("orders")
    ddb = ScalingClient(server.client(), config=QUICK)
    ddb.batch_write_item(RequestItems=puts(range(15)))
    first = {"Statement": "UPDATE \"orders\" SET n = 0 WHERE id = 'order-{}'"}
    zeroes = [{"Statement": first["Statement"].format(number)} for number in range(15)]
    ddb.batch_execute_statement(Statements=zeroes)

    answer = ddb.batch_execute_statement(Statements=[count(number) for number in range(18)])

    codes = [entry.get("Error", {}).get("Code") for entry in answer["Responses"]]
    assert codes == [None] * 15 + ["ConditionalCheckFailed"] * 3
    counted = ddb.batch_execute_statement(Statements=[read(number) for number in range(15)])
    assert {entry["Item"]["n"]["N"] for entry in counted["Responses"]} == {"1"}
    assert server.throttles


@pytest.mark.parametrize("mode", MODES)
def test_statements_of_unknown_outcome_are_not_said_to_be_throttled(
    sim: SimulatedDynamoDB, mode: str
) -> None:
    client = sim.client(config=Config(retries={"mode": mode, "total_max_attempts": 2}))
    ddb = ScalingClient(client, config=AT_CAP)
    wire = Wire(client, "BatchExecuteStatement")
    client.meta.events.register(
        "response-received.dynamodb.BatchExecuteStatement",
        lambda **_: wire.answers.append(Refused("InternalServerError", "", status=500)),
    )

    answer = ddb.batch_execute_statement(Statements=[insert(number) for number in range(5, 15)])

    codes = {entry.get("Error", {}).get("Code") for entry in answer["Responses"]}
    assert codes == {None, "InternalServerError"}
    assert len(wire.bodies) == 3


@pytest.mark.parametrize("max_retries", [0, 2])
def test_statements_that_are_left_at_the_end_keep_the_error_of_their_throttle(
    sim: SimulatedDynamoDB, max_retries: int
) -> None:
    config = AT_CAP.replace(max_retries=max_retries, initial_retry_delay=0.001)
    ddb = ScalingClient(sim.client(), config=config)

    answer = ddb.batch_execute_statement(Statements=[insert(number) for number in range(20)])

    codes = [entry.get("Error", {}).get("Code") for entry in answer["Responses"]]
    assert codes == [None] * 5 + ["ProvisionedThroughputExceeded"] * 15
    assert sim.calls["BatchExecuteStatement"] == max_retries + 1
    assert answer["Dynoresilience"]["attempts"] == max_retries + 1


# -- the batch writer ----------------------------------------------------------------------


def writers(sim: SimulatedDynamoDB, config: ScalingConfig) -> dict[str, Any]:
    """A ``Table`` by each way that there is to one."""
    one_try = Config(retries={"total_max_attempts": 1})
    session = install(sim.session(), config=config)
    install(config=config)
    later = boto3.Session(**CREDENTIALS)
    hooks_for_new_sessions(None)
    return {
        "table()": ScalingClient(sim.client(config=one_try), config=config).table("orders"),
        "resource": attach(sim.resource(config=one_try), config=config).Table("orders"),
        "Table": attach(sim.resource(config=one_try).Table("orders"), config=config),
        "session": session.resource("dynamodb", config=one_try).Table("orders"),
        "process": later.resource("dynamodb", config=one_try).Table("orders"),
    }


@pytest.mark.parametrize("way", ["table()", "resource", "Table", "session", "process"])
@pytest.mark.parametrize("fault", ["throttle", "drop", "error"])
def test_a_batch_writer_keeps_what_an_exception_stopped(
    sim: SimulatedDynamoDB, way: str, fault: str
) -> None:
    table = writers(sim, AT_CAP.replace(max_retries=1))[way]
    if fault == "throttle":
        sim.throttle_next("BatchWriteItem", 2)
    elif fault == "drop":
        sim.drop_next("BatchWriteItem")
    else:
        sim.fail_next("BatchWriteItem", code="InternalServerError", message="", status=500)
    failed = 0

    with table.batch_writer() as batch:
        for number in range(30):
            try:
                batch.put_item(Item={"id": f"order-{number}"})
            except (ClientError, ConnectionClosedError):
                failed += 1

    assert failed == 1
    assert table.scan(ConsistentRead=True)["Count"] == 30


def test_what_the_block_could_not_write_is_sent_by_another_block(sim: SimulatedDynamoDB) -> None:
    table = writers(sim, AT_CAP)["resource"]
    sim.drop_next("BatchWriteItem", 2)
    batch = table.batch_writer()

    def write() -> None:
        with batch:
            for number in range(30):
                batch.put_item(Item={"id": f"order-{number}"})

    with pytest.raises(ConnectionClosedError):
        write()
    with batch:
        pass

    assert table.scan(ConsistentRead=True)["Count"] == 25  # the last five were never put


def test_items_that_are_wrong_are_not_kept_to_fail_again(sim: SimulatedDynamoDB) -> None:
    table = writers(sim, AT_CAP)["resource"]

    with table.batch_writer() as batch:
        for number in range(24):
            batch.put_item(Item={"no key": str(number)})
        with pytest.raises(ClientError, match="ValidationException"):
            batch.put_item(Item={"no key": "24"})
        for number in range(3):
            batch.put_item(Item={"id": f"order-{number}"})

    assert table.scan(ConsistentRead=True)["Count"] == 3


def test_what_is_interrupted_is_kept(sim: SimulatedDynamoDB) -> None:
    table = writers(sim, AT_CAP)["resource"]

    def interrupt(**_: Any) -> None:
        table.meta.client.meta.events.unregister("before-call.dynamodb", interrupt)
        raise KeyboardInterrupt

    table.meta.client.meta.events.register("before-call.dynamodb", interrupt)
    with suppress(KeyboardInterrupt), table.batch_writer() as batch:
        for number in range(25):
            batch.put_item(Item={"id": f"order-{number}"})

    assert table.scan(ConsistentRead=True)["Count"] == 25


def test_a_batch_whose_answer_is_broken_is_kept(sim: SimulatedDynamoDB) -> None:
    """What it left undone is not known then."""
    modes = Config(retries={"mode": "legacy", "total_max_attempts": 1})
    table = attach(sim.resource(config=modes), config=AT_CAP).Table("orders")
    sim.corrupt_next("BatchWriteItem")  # five of 25 items are carried out
    failed = 0

    with table.batch_writer() as batch:
        for number in range(25):
            try:
                batch.put_item(Item={"id": f"order-{number}"})
            except ChecksumError:
                failed += 1

    assert failed == 1
    assert table.scan(ConsistentRead=True)["Count"] == 25


def test_a_newer_write_comes_after_a_kept_one_of_its_key(clock: VirtualClock) -> None:
    with SimulatedDynamoDB(clock=clock) as sim:
        sim.create_table("orders", write=1000)
        table = writers(sim, ScalingConfig(max_retries=0))["resource"]
        sim.drop_next("BatchWriteItem")

        with table.batch_writer() as batch:
            for number in range(25):
                with suppress(ConnectionClosedError):
                    batch.put_item(Item={"id": f"order-{number}", "v": "old"})
            sim.partial_next("BatchWriteItem", keep=1)  # of those kept, 24 are left once more
            for number in (24, *range(100, 148)):
                batch.put_item(Item={"id": f"order-{number}", "v": "new"})

        assert table.get_item(Key={"id": "order-24"})["Item"]["v"] == "new"
        assert table.scan(ConsistentRead=True)["Count"] == 25 + 48


def test_an_item_put_again_after_its_exception_meets_no_duplicate(sim: SimulatedDynamoDB) -> None:
    """A caller who tries the put itself again, knowing nothing of what is kept."""
    table = writers(sim, AT_CAP)["resource"]
    sim.drop_next("BatchWriteItem", 3)
    failed = 0

    with table.batch_writer() as batch:
        for number in range(110):
            while True:
                try:
                    batch.put_item(Item={"id": f"order-{number}"})
                    break
                except ConnectionClosedError:
                    failed += 1

    assert failed == 3
    assert table.scan(ConsistentRead=True)["Count"] == 110


def test_what_another_thread_puts_while_a_batch_fails_is_there(sim: SimulatedDynamoDB) -> None:
    table = writers(sim, AT_CAP)["resource"]
    batch = table.batch_writer()
    events = table.meta.client.meta.events

    def meanwhile(**_: Any) -> None:
        events.unregister("before-call.dynamodb", meanwhile)
        assert in_threads(9, lambda n: batch.put_item(Item={"id": f"other-{n}"}), 1) == []
        raise ConnectionClosedError(endpoint_url="")

    events.register("before-call.dynamodb", meanwhile)
    with batch:
        for number in range(25):
            with suppress(ConnectionClosedError):
                batch.put_item(Item={"id": f"order-{number}"})

    assert table.scan(ConsistentRead=True)["Count"] == 25 + 9


@pytest.mark.parametrize("way", ["attach", "install"])
def test_a_batch_writer_of_the_callers_own_stays(sim: SimulatedDynamoDB, way: str) -> None:
    class Own:
        def batch_writer(self) -> str:
            return "the caller's own"

    session = sim.session()
    session.events.register(
        "creating-resource-class.dynamodb.Table",
        lambda base_classes, **_: base_classes.insert(0, Own),
    )
    if way == "install":
        install(session)
    resource = session.resource("dynamodb")
    if way == "attach":
        attach(resource)

    assert resource.Table("orders").batch_writer() == "the caller's own"


def test_a_table_that_an_attached_resource_creates_keeps_batches(sim: SimulatedDynamoDB) -> None:
    resource = attach(sim.resource(config=Config(retries={"total_max_attempts": 1})))
    table = resource.create_table(
        TableName="new",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    table.wait_until_exists()
    sim.drop_next("BatchWriteItem")

    with table.batch_writer() as batch:
        for number in range(30):
            with suppress(ConnectionClosedError):
                batch.put_item(Item={"id": f"order-{number}"})

    assert table.scan(ConsistentRead=True)["Count"] == 30


def test_boto3_by_itself_loses_a_batch(sim: SimulatedDynamoDB) -> None:
    """Why the writer is another one: the same work without us."""
    table = sim.resource(config=Config(retries={"total_max_attempts": 1})).Table("orders")
    sim.throttle_next("BatchWriteItem")

    with table.batch_writer() as batch:
        for number in range(30):
            with suppress(ClientError):
                batch.put_item(Item={"id": f"order-{number}"})

    assert table.scan(ConsistentRead=True)["Count"] == 5


# -- a real DynamoDB Local, which has a limit of 16 MB -------------------------------------


def test_an_answer_that_is_full_is_given_to_the_caller_and_raises_nothing(
    dynamodb_local: str,
) -> None:
    told = Recorder()
    client = boto3.client("dynamodb", endpoint_url=dynamodb_local, **CREDENTIALS)
    ddb = ScalingClient(client, config=QUICK, sinks=[told])
    create_orders(ddb, units=5)
    try:
        for number in range(55):
            item = {**order(number), "big": {"S": "x" * 350_000}}
            ddb.put_item(TableName="orders", Item=item)
        sent: list[int] = []
        client.meta.events.register("before-send.dynamodb", lambda **_: sent.append(1))

        first = ddb.batch_get_item(RequestItems=keys(range(55)))
        second = ddb.batch_get_item(RequestItems=first["UnprocessedKeys"])

        assert second["UnprocessedKeys"] == {}
        items = first["Responses"]["orders"] + second["Responses"]["orders"]
        found = [item["id"]["S"] for item in items]
        assert sorted(found) == sorted(f"order-{number}" for number in range(55))
        assert len(sent) == 2
        assert told.events == []
    finally:
        ddb.delete_table(TableName="orders")


def test_consumed_capacity_and_collections_are_those_of_the_whole_batch(
    on_local: SimulatorServer,
) -> None:
    server = on_local
    server.create_table("orders", read=100, write=100)
    ddb = ScalingClient(server.client(), config=QUICK)
    whole = ddb.batch_write_item(RequestItems=puts(range(25)), ReturnConsumedCapacity="INDEXES")
    server.partial_next("BatchWriteItem", 2, keep=5)

    parts = ddb.batch_write_item(RequestItems=puts(range(25)), ReturnConsumedCapacity="INDEXES")

    assert server.calls["BatchWriteItem"] == 4
    assert parts["ConsumedCapacity"] == whole["ConsumedCapacity"]
    assert parts["ConsumedCapacity"][0]["CapacityUnits"] == 25.0
