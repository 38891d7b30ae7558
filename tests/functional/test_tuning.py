"""Deadlines and settings of a client, of a block, of a function; each call obeys its own."""

from __future__ import annotations

import asyncio
import contextvars
import math
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from dynoresilience import (
    ConfigError,
    IndexLimits,
    ScalingClient,
    ScalingConfig,
    TableLimits,
    attach,
    install,
    lambda_handler,
    with_throughput_scaling,
)
from dynoresilience.decorators import RESPONSE_RESERVE
from dynoresilience.model import Units
from dynoresilience.testing import SimulatedDynamoDB, VirtualClock, virtual_time

ORDER = {"id": {"S": "1"}, "customer": {"S": "c-7"}}
KEY = {"id": {"S": "1"}}
PATIENT = ScalingConfig(max_retries=500, initial_retry_delay=0.1, scaling_enabled=False)
ONCE = Config(retries={"total_max_attempts": 1})


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    with virtual_time() as clock:
        yield clock


@pytest.fixture
def simulator(clock: VirtualClock) -> Iterator[SimulatedDynamoDB]:
    with SimulatedDynamoDB(clock=clock) as simulator:
        simulator.create_table("orders", read=5, write=5, indexes={"by-customer": (5, 5)})
        yield simulator


@pytest.fixture
def live() -> Iterator[SimulatedDynamoDB]:
    """In real time, for threads and tasks."""
    with SimulatedDynamoDB() as simulator:
        simulator.create_table("orders")
        yield simulator


def put(client: Any) -> Any:
    return client.put_item(TableName="orders", Item=ORDER)


def report(work: Callable[[], Any]) -> dict[str, Any]:
    """How a call fared that ends in its exception."""
    with pytest.raises(ClientError) as caught:
        work()
    found: dict[str, Any] = caught.value.response["Dynoresilience"]  # type: ignore[typeddict-item]
    return found


# -- deadlines ---------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["ScalingClient", "attach", "install"])
def test_no_wait_of_a_call_ends_after_its_deadline(
    simulator: SimulatedDynamoDB, clock: VirtualClock, way: str
) -> None:
    if way == "ScalingClient":
        client: Any = ScalingClient(simulator.client(), config=PATIENT, deadline=2.0)
    elif way == "attach":
        client = attach(simulator.client(), config=PATIENT.replace(deadline=2.0))
    else:
        session = boto3.Session("testing", "testing", region_name="us-east-1")
        client = install(session, config=PATIENT.replace(deadline=2.0)).client("dynamodb")
    simulator.throttle_next("PutItem", 1000)
    for _ in range(2):  # each call has a deadline of its own
        began = clock.monotonic()
        told = report(lambda: put(client))
        assert told["reason"] == "deadline"
        assert told["attempts"] > 2
        assert clock.monotonic() - began <= 2.0


def test_a_deadline_of_zero_is_no_wait_at_all_and_capacity_is_raised_all_the_same(
    simulator: SimulatedDynamoDB, clock: VirtualClock
) -> None:
    ddb = ScalingClient(simulator.client(), config=ScalingConfig(), deadline=0)
    simulator.throttle_next("PutItem", 1)
    began = clock.monotonic()

    assert report(lambda: put(ddb))["attempts"] == 1

    assert clock.monotonic() == began
    clock.advance(0.1)
    assert len(simulator.updates) == 1


@pytest.mark.parametrize(
    ("client", "block", "invocation"), [(1, 5, 9), (9, 1, 5), (5, 9, 1), (None, None, 1)]
)
def test_the_earliest_deadline_holds(
    simulator: SimulatedDynamoDB,
    clock: VirtualClock,
    client: float | None,
    block: float | None,
    invocation: float,
) -> None:
    ddb = ScalingClient(simulator.client(), config=PATIENT, deadline=client)
    simulator.throttle_next("PutItem", 1000)
    milliseconds = (invocation + RESPONSE_RESERVE) * 1000
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: milliseconds)

    @lambda_handler
    def handler(event: Any, context: Any) -> None:
        with ddb.operation("a block", deadline=block), ddb.operation(deadline=7):
            put(ddb)

    began = clock.monotonic()
    assert report(lambda: handler({}, context))["reason"] == "deadline"
    assert 0.5 < clock.monotonic() - began <= 1.0


def test_the_deadline_of_execute_counts_from_the_functions_beginning(
    simulator: SimulatedDynamoDB, clock: VirtualClock
) -> None:
    ddb = ScalingClient(simulator.client(), config=PATIENT, deadline=2.0)
    other = simulator.client(config=ONCE)
    simulator.throttle_next("PutItem", 1000)

    def slow() -> None:
        if not simulator.calls["PutItem"]:
            clock.sleep(1.5)
        put(other)

    began = clock.monotonic()
    assert report(lambda: ddb.execute(slow))["reason"] == "deadline"
    assert 1.5 < clock.monotonic() - began <= 2.0


def test_the_deadline_of_a_decorated_function_holds_for_attached_clients_in_it(
    simulator: SimulatedDynamoDB, clock: VirtualClock
) -> None:
    attached = attach(simulator.client(), config=PATIENT)
    plain = simulator.client(config=ONCE)
    simulator.throttle_next("PutItem", 1000)
    for client in (attached, plain):
        began = clock.monotonic()
        decorate = with_throughput_scaling(client=plain, config=PATIENT.replace(deadline=2.0))
        told = report(decorate(lambda client=client: put(client)))
        assert told["reason"] == "deadline"
        assert 1.0 < clock.monotonic() - began <= 2.0


def test_the_deadline_of_a_decorated_coroutine_function(live: SimulatedDynamoDB) -> None:
    plain = live.client(config=ONCE)
    live.throttle_next("PutItem", 1000)
    config = PATIENT.replace(deadline=0.4, initial_retry_delay=0.05)

    @with_throughput_scaling(client=plain, config=config)
    async def save() -> None:
        put(plain)

    told = report(lambda: asyncio.run(save()))

    assert told["reason"] == "deadline"
    assert told["attempts"] > 1
    assert told["seconds_waited"] <= 0.4 + 0.2  # what the loop takes to wake it


@pytest.mark.parametrize(
    "context",
    [None, SimpleNamespace(), MagicMock(), SimpleNamespace(get_remaining_time_in_millis=1000)],
    ids=["None", "a namespace", "a mock", "a number"],
)
def test_a_local_invocation_without_remaining_time_has_no_bound(
    simulator: SimulatedDynamoDB, context: Any
) -> None:
    ddb = ScalingClient(simulator.client(), config=PATIENT.replace(max_retries=3))
    simulator.throttle_next("PutItem", 1000)

    @lambda_handler
    def handler(event: Any, context: Any) -> None:
        put(ddb)

    assert report(lambda: handler({}, context))["reason"] == "retries used up"


@pytest.mark.parametrize("milliseconds", [-200, 0, RESPONSE_RESERVE * 1000])
def test_an_invocation_without_time_waits_for_nothing(
    simulator: SimulatedDynamoDB, clock: VirtualClock, milliseconds: float
) -> None:
    ddb = ScalingClient(simulator.client(), config=PATIENT)
    simulator.throttle_next("PutItem", 1000)
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: milliseconds)
    began = clock.monotonic()

    told = report(lambda: lambda_handler(lambda event, context: put(ddb))({}, context))

    assert (told["attempts"], told["reason"]) == (1, "deadline")
    assert clock.monotonic() == began


# -- settings of a block -----------------------------------------------------------------------


def raised(simulator: SimulatedDynamoDB, ddb: Any, index: str | None = None) -> Units:
    """What a resource that is short of writes has after the raise that this leads to."""
    simulator.throttle_next("PutItem", 1, index=index)
    put(ddb)
    simulator.clock.wait(threading.Event(), 10.0)  # the raise takes its time, virtual here
    return simulator.units("orders", index)


def test_a_blocks_cap_holds_for_tables_and_indexes_with_limits_of_their_own(
    simulator: SimulatedDynamoDB,
) -> None:
    own = TableLimits(max_write_capacity=6, indexes={"by-customer": IndexLimits(None, None, 9, 7)})
    config = ScalingConfig(scale_up_factor=100, tables={"orders": own})
    ddb = ScalingClient(simulator.client(), config=config)

    with ddb.operation("weekly report", max_write_capacity=400):
        assert raised(simulator, ddb, "by-customer") == Units(5, 400)
        assert raised(simulator, ddb) == Units(5, 400)


def test_after_a_block_the_own_limits_hold_again(simulator: SimulatedDynamoDB) -> None:
    config = ScalingConfig(scale_up_factor=3, tables={"orders": TableLimits(max_write_capacity=20)})
    ddb = ScalingClient(simulator.client(), config=config)

    with ddb.operation(max_write_capacity=10):
        assert raised(simulator, ddb) == Units(5, 10)
    assert raised(simulator, ddb) == Units(5, 20)


def test_an_inner_block_replaces_field_by_field(simulator: SimulatedDynamoDB) -> None:
    ddb = ScalingClient(simulator.client(), config=PATIENT)
    simulator.throttle_next("PutItem", 1000)

    def attempts() -> int:
        return int(report(lambda: put(ddb))["attempts"])

    with ddb.operation("outer", max_retries=2, scale_up_factor=3):
        assert attempts() == 3
        with ddb.operation("inner", initial_retry_delay=0.2, max_write_capacity=70):
            assert attempts() == 3, "the rest of the outer block's settings stays"
            with ddb.operation(max_retries=0):
                assert attempts() == 1
            assert attempts() == 3
        with ddb.operation("named only"):
            assert attempts() == 3
    with ddb.operation(max_retries=4):
        assert attempts() == 5


def test_a_blocks_tables_win_over_what_an_outer_block_says_of_all(
    simulator: SimulatedDynamoDB,
) -> None:
    config = ScalingConfig(policy="geometric", scale_up_factor=100)
    ddb = ScalingClient(simulator.client(), config=config)
    tables = {"orders": TableLimits(max_write_capacity=20)}

    with ddb.operation(max_write_capacity=400), ddb.operation(tables=tables):
        assert raised(simulator, ddb) == Units(5, 20)
    with ddb.operation(tables=tables), ddb.operation(max_write_capacity=30):
        assert raised(simulator, ddb) == Units(5, 30)


def test_a_block_is_of_one_client(simulator: SimulatedDynamoDB) -> None:
    ddb = ScalingClient(simulator.client(), config=PATIENT)
    other = ScalingClient(simulator.client(), config=PATIENT.replace(max_retries=3))
    simulator.throttle_next("PutItem", 1000)

    with ddb.operation(max_retries=1):
        assert report(lambda: put(other))["attempts"] == 4
        assert report(lambda: put(ddb))["attempts"] == 2
        assert report(lambda: put_python(ddb.table("orders")))["attempts"] == 2


def put_python(table: Any) -> Any:
    return table.put_item(Item={"id": "1"})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"deadline": -1}, "operation: deadline=-1 must be a finite number of seconds, 0 or more"),
        ({"deadline": math.nan}, "deadline=nan must be"),
        ({"deadline": math.inf}, "deadline=inf must be"),
        ({"deadline": True}, "deadline=True must be"),
        ({"deadline": "5"}, "deadline='5' must be"),
        ({"name": 30}, "operation: name=30 must be a text"),
        ({"max_retry": 3}, "max_retry=3: there is no such field; did you mean max_retries?"),
        ({"max_retries": -1}, "max_retries=-1 must be a whole number"),
        ({"max_write_capacity": None}, "max_write_capacity=None must be a whole number"),
        (
            {"max_write_capacity": 10},
            "tables['orders']: base_write_capacity=20 must not be more than max_write_capacity=10",
        ),
        (
            {"base_write_capacity": 60},
            "base_write_capacity=60 must not be more than max_write_capacity=50",
        ),
    ],
)
def test_a_faulty_block_is_told_at_its_entry(
    simulator: SimulatedDynamoDB, given: dict[str, Any], message: str
) -> None:
    own = TableLimits(base_write_capacity=20, max_write_capacity=40)
    ddb = ScalingClient(simulator.client(), config=ScalingConfig(tables={"orders": own}))

    with pytest.raises(ConfigError) as caught, ddb.operation(**given):
        put(ddb)

    assert message in str(caught.value)
    assert simulator.calls["PutItem"] == 0


@pytest.mark.parametrize("deadline", [-1, math.nan, True, "5"])
def test_a_faulty_deadline_of_a_client_is_told_when_it_is_made(
    simulator: SimulatedDynamoDB, deadline: Any
) -> None:
    with pytest.raises(ConfigError, match="deadline="):
        ScalingClient(simulator.client(), deadline=deadline)


# -- threads and tasks -------------------------------------------------------------------------

QUICK = ScalingConfig(
    max_retries=9, initial_retry_delay=0.002, max_retry_delay=0.002, scaling_enabled=False
)
CALLS: dict[str, Callable[[Any], Any]] = {
    "PutItem": put,
    "GetItem": lambda ddb: ddb.get_item(TableName="orders", Key=KEY),
    "DeleteItem": lambda ddb: ddb.delete_item(TableName="orders", Key=KEY),
    "Scan": lambda ddb: ddb.scan(TableName="orders"),
}
"""In each block another operation: what is counted by name was sent in that block."""


def expected() -> dict[str, int]:
    return {operation: number + 1 for number, operation in enumerate(CALLS)}


def test_blocks_of_threads_do_not_mix(live: SimulatedDynamoDB) -> None:
    ddb = ScalingClient(live.client(), config=QUICK)
    live.throttle_next("*", 1000)
    all_open, all_done = threading.Barrier(len(CALLS)), threading.Barrier(len(CALLS))
    told: dict[str, Any] = {}

    def work(number: int, operation: str) -> None:
        with ddb.operation(operation, max_retries=number):
            all_open.wait(10)
            told[operation] = report(lambda: CALLS[operation](ddb))["attempts"]
            all_done.wait(10)

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(CALLS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert told == expected()
    assert {operation: live.calls[operation] for operation in CALLS} == expected()


def test_blocks_of_tasks_do_not_mix(live: SimulatedDynamoDB) -> None:
    """`asyncio.to_thread` takes the block of its task along."""
    ddb = ScalingClient(live.client(), config=QUICK)
    live.throttle_next("*", 1000)

    async def work(number: int, operation: str, opened: list[str]) -> None:
        with ddb.operation(operation, max_retries=number):
            opened.append(operation)
            while len(opened) < len(CALLS):
                await asyncio.sleep(0)
            call = CALLS[operation]
            told = await asyncio.to_thread(report, lambda: call(ddb))
            assert told["attempts"] == number + 1

    async def all_of_them() -> None:
        opened: list[str] = []
        await asyncio.gather(*(work(*pair, opened) for pair in enumerate(CALLS)))

    asyncio.run(all_of_them())

    assert {operation: live.calls[operation] for operation in CALLS} == expected()


def test_a_thread_started_in_a_block_has_it_only_by_its_context(live: SimulatedDynamoDB) -> None:
    ddb = ScalingClient(live.client(), config=QUICK)
    live.throttle_next("*", 1000)

    def in_thread(target: Callable[..., object], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args)
        thread.start()
        thread.join(20)

    def call() -> None:
        report(lambda: put(ddb))

    with ddb.operation(max_retries=1):
        in_thread(call)
        assert live.calls["PutItem"] == QUICK.max_retries + 1
        in_thread(contextvars.copy_context().run, call)
        assert live.calls["PutItem"] == QUICK.max_retries + 1 + 2
