"""Every fault, as boto3 sees it, in process and over HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import botocore
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ChecksumError,
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    HTTPClientError,
    ReadTimeoutError,
)

from dynoresilience.model import Dimension, Resource, ThrottleKind
from dynoresilience.testing import SimulatedDynamoDB, SimulatorServer, VirtualClock
from dynoresilience.testing.service.random_faults import KINDS
from dynoresilience.throttling.signals import read_throttle

Simulator = SimulatedDynamoDB | SimulatorServer
KEY = {"id": {"S": "1"}}
SIMULATORS = {"in process": SimulatedDynamoDB, "over HTTP": SimulatorServer}


def new_simulator(kind: str) -> Simulator:
    return SIMULATORS[kind]()


@pytest.fixture(params=[*SIMULATORS])
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def sim(kind: str) -> Iterator[Simulator]:
    with new_simulator(kind) as simulator:
        simulator.create_table("orders", indexes={"by-customer": (5, 5)})
        simulator.create_table("other")
        yield simulator


def client_of(
    sim: Simulator, attempts: int = 1, mode: str = "standard", patience: float = 60.0
) -> Any:
    retries = {"total_max_attempts": attempts, "mode": mode}
    return sim.client(config=Config(retries=retries, read_timeout=patience))


@pytest.fixture
def client(sim: Simulator) -> Any:
    return client_of(sim)


def put(client: Any, name: str = "1") -> Any:
    return client.put_item(TableName="orders", Item={"id": {"S": name}})


def get(client: Any, name: str = "1") -> Any:
    return client.get_item(TableName="orders", Key={"id": {"S": name}}, ConsistentRead=True)


def is_stored(client: Any, name: str = "1") -> bool:
    return "Item" in get(client, name)


def refusal(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    with pytest.raises(ClientError) as caught:
        call(*args, **kwargs)
    return caught.value.response


def kinds(sim: Simulator) -> list[tuple[str, str]]:
    return [(operation, kind) for _, operation, kind in sim.faults]


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.005)


# Errors and connections


def test_errors(sim: Simulator, client: Any) -> None:
    sim.fail_next("PutItem", 2)
    sim.fail_next("*", 1, "LimitExceededException", "too much")
    sim.fail_next("*", 1, "Odd", "very", status=418)
    first = refusal(put, client)
    assert first["Error"] == {"Code": "InternalServerError", "Message": "Internal server error"}
    assert first["ResponseMetadata"]["HTTPStatusCode"] == 500
    refusal(put, client)
    response = refusal(client.describe_table, TableName="orders")
    assert response["Error"] == {"Code": "LimitExceededException", "Message": "too much"}
    assert refusal(put, client)["ResponseMetadata"]["HTTPStatusCode"] == 418
    assert not is_stored(client)
    put(client)
    assert sim.calls["PutItem"] == 4
    assert kinds(sim) == [
        ("PutItem", "error"),
        ("PutItem", "error"),
        ("DescribeTable", "error"),
        ("PutItem", "error"),
    ]
    assert [met.at for met in sim.faults] == sorted(met.at for met in sim.faults)


def test_a_dropped_connection_and_nothing_done(sim: Simulator, client: Any) -> None:
    sim.drop_next("PutItem")
    with pytest.raises(ConnectionClosedError):
        put(client)
    assert not is_stored(client)
    put(client)
    assert kinds(sim) == [("PutItem", "drop")]


def test_a_connection_that_is_not_made(sim: Simulator, client: Any, kind: str) -> None:
    sim.drop_next("PutItem", connected=False)
    # a request that came over HTTP came over a connection, which can only be reset
    expected = EndpointConnectionError if kind == "in process" else ConnectionClosedError
    with pytest.raises(expected):
        put(client)
    assert not is_stored(client)


def test_a_lost_answer(sim: Simulator, client: Any) -> None:
    sim.drop_next("PutItem", applied=True)
    with pytest.raises(ConnectionClosedError):
        put(client)
    assert is_stored(client)
    assert kinds(sim) == [("PutItem", "lose")]


def test_a_retry_of_a_lost_answer_finds_it_done(sim: Simulator) -> None:
    sim.drop_next("UpdateItem", applied=True)
    answer = client_of(sim, attempts=2).update_item(
        TableName="orders",
        Key=KEY,
        UpdateExpression="ADD seen :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
        ReturnValues="UPDATED_NEW",
    )
    assert answer["Attributes"] == {"seen": {"N": "2"}}


# Late answers


def add_one(client: Any, by: str = "1", **options: Any) -> None:
    update = {
        "TableName": "orders",
        "Key": KEY,
        "UpdateExpression": "ADD n :by",
        "ExpressionAttributeValues": {":by": {"N": by}},
    }
    client.transact_write_items(TransactItems=[{"Update": update}], **options)


def counted(client: Any) -> Any:
    return client.get_item(TableName="orders", Key=KEY)["Item"]["n"]["N"]


def test_a_transaction_whose_answer_was_lost_is_not_done_twice(sim: Simulator) -> None:
    client = client_of(sim, attempts=2)
    sim.drop_next("TransactWriteItems", applied=True)
    add_one(client)  # botocore sends it again, under the same token
    assert counted(client) == "1"
    add_one(client)  # a token of its own
    assert counted(client) == "2"


def test_a_token_is_good_for_one_request(sim: Simulator, client: Any) -> None:
    add_one(client, ClientRequestToken="once")
    add_one(client, ClientRequestToken="once", ReturnConsumedCapacity="TOTAL")
    with pytest.raises(client.exceptions.IdempotentParameterMismatchException):
        add_one(client, by="2", ClientRequestToken="once")
    assert counted(client) == "1"


def test_a_token_of_a_failure_is_free_again(sim: Simulator, client: Any) -> None:
    sim.throttle_next("TransactWriteItems")
    with pytest.raises(client.exceptions.TransactionCanceledException):
        add_one(client, ClientRequestToken="once")
    add_one(client, ClientRequestToken="once")
    assert counted(client) == "1"


def test_a_token_is_forgotten_after_ten_minutes() -> None:
    clock = VirtualClock()
    with SimulatedDynamoDB(clock=clock) as simulator:
        simulator.create_table("orders")
        client = simulator.client()
        for passed, count in ((0.0, "1"), (599.0, "1"), (1.0, "2")):
            clock.advance(passed)
            add_one(client, ClientRequestToken="once")
            assert counted(client) == count


def test_a_delayed_answer(sim: Simulator, client: Any) -> None:
    put(client)
    sim.delay_next("GetItem", seconds=0.1)
    begun = sim.clock.monotonic()
    assert is_stored(client)
    assert sim.clock.monotonic() - begun >= 0.1
    assert kinds(sim) == [("GetItem", "delay")]


def test_others_are_served_during_a_delay(sim: Simulator, client: Any) -> None:
    sim.delay_next("PutItem", seconds=20.0)
    with ThreadPoolExecutor(1) as pool:
        delayed = pool.submit(put, client_of(sim))
        until(lambda: is_stored(client))  # it is done before the delay, not after
        assert not delayed.done()
        sim.stop()
        try:
            delayed.result(timeout=10)
        except HTTPClientError:
            assert isinstance(sim, SimulatorServer)


def test_an_answer_that_comes_too_late(sim: Simulator, client: Any) -> None:
    sim.delay_next("PutItem", seconds=20.0)
    with pytest.raises(ReadTimeoutError):
        put(client_of(sim, patience=0.2))
    assert is_stored(client)


# Spoilt answers


@pytest.mark.parametrize("fault", ["truncate", "corrupt"])
@pytest.mark.parametrize("mode", ["legacy", "standard"])
def test_botocore_tries_again_when_an_answer_is_spoilt(
    sim: Simulator, fault: str, mode: str
) -> None:
    client = client_of(sim, attempts=2, mode=mode)
    put(client)
    getattr(sim, f"{fault}_next")("GetItem")
    answer = get(client)
    assert answer["Item"] == KEY
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1
    assert kinds(sim) == [("GetItem", fault)]


@pytest.mark.parametrize("fault", ["truncate", "corrupt"])
def test_the_operation_is_carried_out_although_its_answer_is_spoilt(
    sim: Simulator, client: Any, fault: str
) -> None:
    getattr(sim, f"{fault}_next")("PutItem")
    with pytest.raises((ChecksumError, ConnectionClosedError)):
        put(client_of(sim, mode="legacy"))
    assert is_stored(client)


def test_a_wrong_checksum_stands_on_a_right_answer(sim: Simulator, client: Any) -> None:
    put(client)
    sim.corrupt_next("GetItem")
    assert is_stored(client)  # botocore's last attempt lets it pass


def test_a_stump_in_the_last_attempt(sim: Simulator, client: Any) -> None:
    put(client)
    sim.truncate_next("GetItem")
    if tuple(map(int, botocore.__version__.split(".")[:2])) < (1, 44):
        with pytest.raises(ConnectionClosedError):
            get(client)
    else:
        assert not is_stored(client)  # a stump is taken for the answer, and nothing is found in it


# Throttles


@pytest.mark.parametrize("limit", ThrottleKind)
@pytest.mark.parametrize("dimension", Dimension)
@pytest.mark.parametrize("index", [None, "by-customer"])
def test_each_reason_for_a_throttle(
    sim: Simulator, client: Any, limit: ThrottleKind, dimension: Dimension, index: str | None
) -> None:
    what = "Table" if index is None else "Index"
    reason = f"{what}{dimension.value.capitalize()}{limit.value}"
    operation = "PutItem" if dimension is Dimension.WRITE else "GetItem"
    sim.throttle_next(operation, reason=reason, index=index)
    response = refusal(put if operation == "PutItem" else get, client)
    codes = {
        ThrottleKind.PROVISIONED: "ProvisionedThroughputExceededException",
        ThrottleKind.KEY_RANGE: "ProvisionedThroughputExceededException",
        ThrottleKind.ACCOUNT: "RequestLimitExceeded",
        ThrottleKind.ON_DEMAND_MAXIMUM: "ThrottlingException",
    }
    assert response["Error"]["Code"] == codes[limit]
    throttle = read_throttle(response, operation, {"TableName": "orders"})
    assert throttle is not None
    [signal] = throttle.signals
    assert (signal.resource, signal.dimension) == (Resource("orders", index), dimension)
    assert signal.kind is limit
    assert sim.throttles == {(Resource("orders", index), dimension): 1}
    assert sim.throttle_reasons == {reason: 1}
    assert not is_stored(client)
    assert kinds(sim) == [(operation, "throttle")]


def test_a_hot_key_of_an_on_demand_table(sim: Simulator, client: Any) -> None:
    sim.create_table("free", on_demand=True)
    sim.throttle_next("PutItem", reason="KeyRangeThroughputExceeded")
    response = refusal(client.put_item, TableName="free", Item=KEY)
    assert response["Error"]["Code"] == "ThrottlingException"
    assert "hot key" in response["Error"]["Message"]


def test_a_table_that_does_not_exist_is_not_throttled(sim: Simulator, client: Any) -> None:
    sim.throttle_next("PutItem")
    response = refusal(client.put_item, TableName="no-such-table", Item=KEY)
    assert response["Error"]["Code"] == "ResourceNotFoundException"
    assert not sim.throttles


def writes(*names: str) -> list[dict[str, Any]]:
    return [{"PutRequest": {"Item": {"id": {"S": name}}}} for name in names]


def test_a_throttled_batch_is_refused_whole(sim: Simulator, client: Any) -> None:
    sim.throttle_next("*", 2)
    request = {"other": writes("1"), "orders": writes("1")}
    response = refusal(client.batch_write_item, RequestItems=request)
    assert response["Error"]["Code"] == "ProvisionedThroughputExceededException"
    assert response["ThrottlingReasons"][0]["resource"].endswith(":table/other")
    response = refusal(client.batch_get_item, RequestItems={"orders": {"Keys": [KEY]}})
    assert response["ThrottlingReasons"][0]["reason"] == "TableReadProvisionedThroughputExceeded"
    assert not is_stored(client)


def transact(client: Any) -> None:
    actions = [{"Put": {"TableName": name, "Item": KEY}} for name in ("orders", "other")]
    client.transact_write_items(TransactItems=actions)


def test_a_throttled_transaction_is_cancelled_for_its_first_item(
    sim: Simulator, client: Any
) -> None:
    sim.throttle_next("TransactWriteItems", reason="ProvisionedThroughputExceeded")
    sim.throttle_next("TransactWriteItems", reason="MaxOnDemandThroughputExceeded")
    for code in ("ProvisionedThroughputExceeded", "ThrottlingError"):
        response = refusal(transact, client)
        assert response["Error"]["Code"] == "TransactionCanceledException"
        assert [reason["Code"] for reason in response["CancellationReasons"]] == [code, "None"]
    assert not is_stored(client)
    transact(client)
    assert is_stored(client)


def test_a_throttled_transaction_of_reads(sim: Simulator, client: Any) -> None:
    sim.throttle_next("TransactGetItems", index="by-customer")
    gets = [{"Get": {"TableName": "orders", "Key": KEY}}]
    response = refusal(client.transact_get_items, TransactItems=gets)
    [reason] = response["CancellationReasons"]
    assert "global secondary index" in reason["Message"]


# Partial batches


def test_a_batch_of_writes_in_part(sim: Simulator, client: Any) -> None:
    sim.partial_next("BatchWriteItem", keep=3)
    request = {"orders": writes("1", "2"), "other": writes("3", "4", "5")}
    answer = client.batch_write_item(RequestItems=request)
    assert answer["UnprocessedItems"] == {"other": writes("4", "5")}
    assert is_stored(client, "1")
    assert is_stored(client, "2")
    answer = client.batch_write_item(RequestItems=answer["UnprocessedItems"])
    assert answer["UnprocessedItems"] == {}
    found = client.scan(TableName="other")["Items"]
    assert sorted(item["id"]["S"] for item in found) == ["3", "4", "5"]
    assert kinds(sim) == [("BatchWriteItem", "partial")]


def test_a_batch_of_reads_in_part(sim: Simulator, client: Any) -> None:
    for name in "123":
        put(client, name)
    sim.partial_next("*", keep=2)
    keys = [{"id": {"S": name}} for name in "123"]
    request = {"orders": {"Keys": keys, "ConsistentRead": True}, "other": {"Keys": [KEY]}}
    answer = client.batch_get_item(RequestItems=request)
    assert sorted(item["id"]["S"] for item in answer["Responses"]["orders"]) == ["1", "2"]
    assert answer["UnprocessedKeys"] == {
        "orders": {"Keys": keys[2:], "ConsistentRead": True},
        "other": {"Keys": [KEY]},
    }


def test_what_is_short_of_capacity_comes_back_with_the_rest(kind: str) -> None:
    with SIMULATORS[kind](burst_seconds=1.0) as sim:
        sim.create_table("orders", write=2)
        client = client_of(sim)
        sim.partial_next("BatchWriteItem", keep=4)
        answer = client.batch_write_item(RequestItems={"orders": writes(*"123456")})
        left = [
            each["PutRequest"]["Item"]["id"]["S"] for each in answer["UnprocessedItems"]["orders"]
        ]
        assert left == ["3", "4", "5", "6"]


def test_a_batch_that_is_small_enough_is_whole(sim: Simulator, client: Any) -> None:
    sim.partial_next("BatchWriteItem", keep=2)
    answer = client.batch_write_item(RequestItems={"orders": writes("1", "2")})
    assert answer["UnprocessedItems"] == {}


def test_a_batch_that_is_refused_whole_is_not_done_in_part(sim: Simulator, client: Any) -> None:
    sim.partial_next("*", 5)
    for request in (writes("1", "1"), [*writes("2"), {"PutRequest": {"Item": {"no": {"S": "1"}}}}]):
        response = refusal(client.batch_write_item, RequestItems={"orders": request})
        assert response["Error"]["Code"] == "ValidationException"
    request = {"orders": writes("1"), "nowhere": writes("2")}
    response = refusal(client.batch_write_item, RequestItems=request)
    assert response["Error"]["Code"] == "ResourceNotFoundException"
    for keys in ([KEY, KEY], [{"id": {"S": str(number)}} for number in range(101)]):
        response = refusal(client.batch_get_item, RequestItems={"orders": {"Keys": keys}})
        assert response["Error"]["Code"] == "ValidationException"
    assert not is_stored(client)


def test_a_batch_that_is_refused_whole_is_not_done_as_far_as_capacity_goes(kind: str) -> None:
    with SIMULATORS[kind](burst_seconds=1.0) as sim:
        sim.create_table("orders", write=1)
        client = client_of(sim)
        response = refusal(client.batch_write_item, RequestItems={"orders": writes("1", "1")})
        assert response["Error"]["Code"] == "ValidationException"
        assert not is_stored(client)
        assert not sim.throttles


# Standstill


def test_a_frozen_endpoint_answers_when_it_is_thawed(sim: Simulator, client: Any) -> None:
    sim.freeze()
    with ThreadPoolExecutor(2) as pool:
        frozen = [pool.submit(put, client_of(sim), name) for name in "12"]
        until(lambda: len(sim.faults) == 2)
        assert not any(each.done() for each in frozen)
        assert sim.calls["PutItem"] == 0
        sim.thaw()
        for each in frozen:
            each.result(timeout=10)
    assert is_stored(client, "1")
    assert is_stored(client, "2")
    assert kinds(sim) == [("PutItem", "freeze")] * 2


def test_what_a_client_gave_up_is_done_at_the_thaw(sim: Simulator, client: Any) -> None:
    sim.freeze()
    with pytest.raises(ReadTimeoutError):
        put(client_of(sim, patience=0.2))
    assert sim.calls["PutItem"] == 0
    sim.thaw()
    until(lambda: sim.calls["PutItem"] == 1)
    assert is_stored(client)


def test_stopping_ends_a_freeze(kind: str) -> None:
    sim = new_simulator(kind)
    sim.start()
    sim.create_table("orders")
    sim.freeze()
    with ThreadPoolExecutor(1) as pool:
        frozen = pool.submit(put, client_of(sim))
        until(lambda: len(sim.faults) == 1)
        sim.stop()
        with pytest.raises((ConnectionClosedError, RuntimeError)):
            frozen.result(timeout=10)
    sim.start()
    sim.create_table("orders")
    assert sim.faults == ()
    assert not is_stored(client_of(sim))
    sim.stop()


# Chance


def history(kind: str, seed: object) -> list[tuple[str, str]]:
    with new_simulator(kind) as sim:
        sim.create_table("orders")
        sim.random_faults(seed, rate=0.3, kinds=[each for each in KINDS if each != "delay"])
        client = client_of(sim)
        for number in range(60):
            for call in (put, get):
                try:
                    call(client, str(number))
                except (ClientError, HTTPClientError):
                    continue
        return kinds(sim)


def test_the_same_seed_gives_the_same_history(kind: str) -> None:
    first = history(kind, 42)
    assert len(first) > 10
    assert history(kind, 42) == first
    assert history(kind, 43) != first


def test_the_history_is_the_same_in_process_and_over_http() -> None:
    assert history("in process", "x") == history("over HTTP", "x")


def test_random_faults_can_be_stopped(sim: Simulator, client: Any) -> None:
    sim.random_faults(1, rate=1.0, operations=["GetItem"], kinds=["error"])
    put(client)
    refusal(get, client)
    sim.stop_random_faults()
    assert is_stored(client)
    assert kinds(sim) == [("GetItem", "error")]


def test_nothing_is_lost_where_the_client_tries_often_enough(sim: Simulator) -> None:
    sim.random_faults(5, rate=0.2, kinds=["error", "drop", "lose", "corrupt", "throttle"])
    client = client_of(sim, attempts=10)
    for number in range(15):
        put(client, str(number))
    sim.stop_random_faults()
    assert sim.faults
    assert all(is_stored(client, str(number)) for number in range(15))


def test_a_client_without_a_timeout_waits_for_as_long_as_it_takes(sim: Simulator) -> None:
    client = sim.client(config=Config(read_timeout=None))
    sim.delay_next("GetItem", seconds=0.1)
    assert "Item" not in client.get_item(TableName="orders", Key=KEY)


# Orders that can't be followed


@pytest.mark.parametrize(
    ("order", "arguments", "why"),
    [
        ("fail_next", {"operation": "put_item"}, "no operation 'put_item': did you mean 'PutItem'"),
        ("fail_next", {"operation": "PutItem", "n": -1}, "n must be a whole number, 0 or more"),
        ("fail_next", {"operation": "PutItem", "n": 1.5}, "n must be a whole number"),
        ("fail_next", {"operation": "PutItem", "status": 200}, "status must be from 400 to 599"),
        ("fail_next", {"operation": "PutItem", "code": 500}, "code must be a text, got 500"),
        ("drop_next", {"operation": "PutItem", "connected": False, "applied": True}, "applied"),
        ("delay_next", {"operation": "PutItem", "seconds": -1.0}, "seconds must not be negative"),
        ("delay_next", {"operation": "PutItem", "seconds": float("inf")}, "not infinite"),
        ("delay_next", {"operation": "PutItem", "seconds": "1"}, "seconds must be a number"),
        ("fail_next", {"operation": "PutItem", "status": "500"}, "from 400 to 599, got '500'"),
        ("set_update_seconds", {"table": "orders", "seconds": "1"}, "seconds must be a number"),
        ("set_update_seconds", {"table": "orders", "seconds": -1}, "seconds must not be negative"),
        ("limit_key", {"table": "orders", "key": "1", "write": "1"}, "write must be a number"),
        ("throttle_next", {"operation": "PutItem", "reason": 5}, "reason must be one of"),
        (
            "throttle_next",
            {"operation": "PutItem", "dimension": "writes"},
            "dimension must be 'read' or 'write', got 'writes'",
        ),
        ("create_table", {"name": "carts", "indexes": ["by-day"]}, "indexes must map names to"),
        ("create_table", {"name": "carts", "index_keys": {"by-dya": "day"}}, "hasn't: by-dya"),
        ("throttle_next", {"operation": "ListTables"}, "ListTables can't meet a 'throttle'"),
        ("throttle_next", {"operation": "PutItem", "reason": "Mood"}, "reason must be one of"),
        ("partial_next", {"operation": "PutItem"}, "PutItem can't meet a 'partial'"),
        (
            "partial_next",
            {"operation": "BatchGetItem", "keep": 0},
            "keep must be a whole number, 1",
        ),
        ("random_faults", {"seed": 1, "rate": 2}, "rate must be a number from 0 to 1"),
        ("random_faults", {"seed": 1, "kinds": ["x"]}, "kinds must be some of"),
        ("random_faults", {"seed": 1, "operations": ["Put"]}, "no operation 'Put'"),
        ("random_faults", {"seed": 1, "operations": "PutItem"}, "must be a list of names"),
    ],
)
def test_orders_that_make_no_sense(order: str, arguments: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        getattr(SimulatorServer(), order)(**arguments)


@pytest.mark.parametrize("order", ["deny", "allow"])
def test_denials_of_what_does_not_exist(order: str) -> None:
    with pytest.raises(ValueError, match="no operation 'Putitem': did you mean 'PutItem'"):
        getattr(SimulatorServer(), order)("Putitem")


# In virtual time


def test_waits_pass_in_virtual_time() -> None:
    clock = VirtualClock()
    with SimulatedDynamoDB(clock=clock) as sim:
        sim.create_table("orders")
        client = client_of(sim)
        sim.delay_next("PutItem", seconds=30.0)
        put(client)
        assert clock.monotonic() == 30.0

        sim.delay_next("PutItem", seconds=90.0)
        with pytest.raises(ReadTimeoutError):
            put(client)
        assert clock.monotonic() == 90.0

        sim.freeze()
        with pytest.raises(ReadTimeoutError):
            put(client, "late")
        assert clock.monotonic() == 150.0
        sim.thaw()
        assert is_stored(client, "late")

        sim.freeze()
        clock.call_at(155.0, sim.thaw)
        put(client, "in time")
        assert clock.monotonic() == 155.0


def test_each_client_has_its_own_patience_in_virtual_time() -> None:
    clock = VirtualClock()
    with SimulatedDynamoDB(clock=clock) as sim:
        sim.create_table("orders")
        sim.freeze()
        for patience, at in ((7.0, 7.0), (3.0, 10.0)):
            with pytest.raises(ReadTimeoutError):
                put(client_of(sim, patience=patience))
            assert clock.monotonic() == at


def test_calls_are_counted_exactly_while_faults_are_ordered(sim: Simulator) -> None:
    sim.fail_next("PutItem", 40)
    client = client_of(sim)
    failed = threading.Semaphore(0)

    def one(number: int) -> None:
        try:
            put(client, str(number))
        except ClientError:
            failed.release()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(100)))
    assert sum(failed.acquire(blocking=False) for _ in range(100)) == 40
    assert sim.calls["PutItem"] == 100
    assert len(sim.faults) == 40


def test_what_is_ordered_before_the_start_holds(kind: str) -> None:
    simulator = new_simulator(kind)
    simulator.fail_next("PutItem", code="FirstOfAll")
    with simulator:
        simulator.create_table("orders")
        with pytest.raises(ClientError, match="FirstOfAll"):
            put(client_of(simulator))
    with simulator:
        simulator.create_table("orders")
        assert simulator.faults == ()
        put(client_of(simulator))
