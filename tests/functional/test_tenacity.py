"""For owners of a tenacity policy: what is retried, and what is raised while it sleeps."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import tenacity
from botocore.config import Config
from botocore.exceptions import ClientError
from tenacity import (
    AsyncRetrying,
    before_sleep_log,
    retry,
    retry_if_exception_type,
    stop_after_attempt,
    stop_after_delay,
    wait_none,
    wait_random_exponential,
)

from dynoresilience import (
    ConfigError,
    NotAttachableError,
    ScalingClient,
    ScalingConfig,
    TableLimits,
    attach,
    raise_capacity,
    retry_if_throttled,
)
from dynoresilience.events import Event, Throttled
from dynoresilience.model import Units
from dynoresilience.testing import (
    SimulatedDynamoDB,
    SimulatorServer,
    VirtualClock,
    fresh_start,
    virtual_time,
)

ONCE = Config(retries={"total_max_attempts": 1}, max_pool_connections=32)
CAPS = ScalingConfig(max_write_capacity=200, scale_up_factor=40)
MANY = 60


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    with virtual_time() as clock:
        yield clock


@pytest.fixture
def simulator(clock: VirtualClock) -> Iterator[SimulatedDynamoDB]:
    with SimulatedDynamoDB(clock=clock, burst_seconds=1, update_seconds=1.0) as simulator:
        simulator.create_table("orders", write=2, indexes={"by-customer": (5, 5)})
        yield simulator


@pytest.fixture
def server() -> Iterator[SimulatorServer]:
    with fresh_start(), SimulatorServer(burst_seconds=1, update_seconds=0.3) as server:
        server.create_table("orders", write=2)
        yield server


def order(number: int = 1) -> dict[str, Any]:
    return {"id": {"S": str(number)}, "customer": {"S": "c-7"}}


def put(client: Any, number: int = 1) -> Any:
    return client.put_item(TableName="orders", Item=order(number))


# -- the raise ---------------------------------------------------------------------------------


def test_a_burst_is_absorbed(simulator: SimulatedDynamoDB, clock: VirtualClock) -> None:
    client = simulator.client(config=ONCE)

    @retry(
        retry=retry_if_throttled(),
        before_sleep=raise_capacity(client=client, table="orders", config=CAPS),
        wait=wait_random_exponential(max=20),
        stop=stop_after_delay(60),
        sleep=clock.sleep,
    )
    def save(number: int) -> None:
        put(client, number)

    for number in range(MANY):
        save(number)

    assert simulator.throttles
    assert simulator.client().scan(TableName="orders", Select="COUNT")["Count"] == MANY
    for index in (None, "by-customer"):  # each item is in it, too
        assert simulator.units("orders", index).read == 5
        assert 80 <= simulator.units("orders", index).write <= 200
    clock.advance(700)
    assert simulator.units("orders") == Units(5, 2), "and it is taken back"
    assert simulator.units("orders", "by-customer") == Units(5, 5)


def test_coroutines_over_http_beside_the_others_of_their_loop(server: SimulatorServer) -> None:
    client = server.client(config=ONCE)

    async def save(number: int, policy: AsyncRetrying) -> None:
        async for attempt in policy:
            with attempt:
                await asyncio.to_thread(put, client, number)

    async def all_of_them() -> float:
        policy = AsyncRetrying(
            retry=retry_if_throttled(),
            before_sleep=raise_capacity(client=client, config=CAPS),
            wait=wait_random_exponential(multiplier=0.1, max=1),
            stop=stop_after_delay(30),
        )
        longest, over = 0.0, False

        async def tick() -> None:
            nonlocal longest
            while not over:
                before = time.monotonic()
                await asyncio.sleep(0.01)
                longest = max(longest, time.monotonic() - before)

        ticking = asyncio.create_task(tick())
        await asyncio.gather(*(save(number, policy.copy()) for number in range(MANY)))
        over = True
        await ticking
        return longest

    longest = asyncio.run(all_of_them())

    assert server.client().scan(TableName="orders", Select="COUNT")["Count"] == MANY
    assert server.throttles
    assert server.units("orders").read == 5
    assert 80 <= server.units("orders").write <= 200
    assert longest < 1.0


def test_it_waits_for_nothing_though_the_control_plane_does_not_answer(
    server: SimulatorServer,
) -> None:
    callback = raise_capacity(client=server.client(config=ONCE), config=CAPS)
    server.throttle_next("PutItem", 1)
    server.delay_next("DescribeTable", 1, seconds=3)
    client = server.client(config=ONCE)
    spent = []

    def timed(state: tenacity.RetryCallState) -> None:
        begun = time.monotonic()
        callback(state)
        spent.append(time.monotonic() - begun)

    retry(retry=retry_if_throttled(), before_sleep=timed, wait=wait_none())(put)(client)

    assert len(spent) == 1
    assert spent[0] < 1.0
    give_up = time.monotonic() + 20
    while not server.updates and time.monotonic() < give_up:
        time.sleep(0.02)
    assert server.updates


def test_without_a_client_it_makes_one_in_the_background(
    server: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", server.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    makers, make = [], boto3.client

    def client(*args: Any, **options: Any) -> Any:
        makers.append(threading.current_thread())
        return make(*args, **options)

    monkeypatch.setattr(boto3, "client", client)
    callback = raise_capacity(config=CAPS)
    assert not makers
    server.throttle_next("PutItem", 1)

    retry(retry=retry_if_throttled(), before_sleep=callback, wait=wait_none())(put)(
        server.client(config=ONCE)
    )

    give_up = time.monotonic() + 20
    while not server.updates and time.monotonic() < give_up:
        time.sleep(0.02)
    assert server.updates
    assert len(makers) == 1
    assert makers[0] is not threading.current_thread()


def test_it_stays_under_the_cap_and_tells_the_sinks(
    simulator: SimulatedDynamoDB, clock: VirtualClock
) -> None:
    told: list[Event] = []

    class Sink:
        def emit(self, event: Event) -> None:
            told.append(event)

    client = simulator.client(config=ONCE)
    limits = ScalingConfig(tables={"orders": TableLimits(max_write_capacity=3)})
    simulator.throttle_next("PutItem", 3)
    saving = retry(
        retry=retry_if_throttled(),
        before_sleep=raise_capacity(client=client, config=limits, sinks=[Sink()]),
        wait=tenacity.wait_fixed(5),
        sleep=clock.sleep,
    )(put)

    saving(client)

    assert simulator.units("orders") == Units(5, 3)
    assert [event.attempt for event in told if isinstance(event, Throttled)] == [1, 2, 3]
    assert {type(event).__name__ for event in told} >= {"ScaleUpRequested", "ScaleUpHeld"}
    assert not {"Retrying", "GaveUp"} & {type(event).__name__ for event in told}


def test_a_throttle_from_before_a_raise_does_not_raise_again(
    simulator: SimulatedDynamoDB, clock: VirtualClock
) -> None:
    """One attempt is under way while another's throttle has capacity raised."""
    client = simulator.client(config=ONCE)
    callback = raise_capacity(client=client, config=ScalingConfig())
    one, other = (tenacity.RetryCallState(tenacity.Retrying(), None, (), {}) for _ in range(2))

    def fail(state: tenacity.RetryCallState) -> None:
        simulator.throttle_next("PutItem", 1)
        with pytest.raises(ClientError) as caught:
            put(client)
        state.set_exception((caught.type, caught.value, caught.tb))
        state.next_action = tenacity.RetryAction(5.0)
        callback(state)
        state.prepare_for_next_attempt()

    fail(one)  # raised to 4 units, in force a second later
    fail(other)
    clock.advance(5)  # both are sent again, and meet the 4 units
    assert simulator.units("orders") == Units(5, 4)
    fail(one)
    clock.advance(2)
    assert simulator.units("orders") == Units(5, 8)
    fail(other)  # comes back only now: it was sent when there were 4 units
    clock.advance(2)
    assert simulator.units("orders") == Units(5, 8)
    clock.advance(3)
    fail(other)
    clock.advance(2)
    assert simulator.units("orders") == Units(5, 16)


def test_a_region_of_another_name_is_not_raised(simulator: SimulatedDynamoDB) -> None:
    there = simulator.client(region_name="eu-west-1")
    client = simulator.client(config=ONCE)
    simulator.throttle_next("PutItem", 1)

    retry(before_sleep=raise_capacity(client=there, config=CAPS), wait=wait_none())(put)(client)

    assert simulator.calls["UpdateTable"] == simulator.calls["DescribeTable"] == 0


@pytest.mark.a_fault_of_ours
def test_no_fault_of_ours_reaches_the_call(
    simulator: SimulatedDynamoDB, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = simulator.client(config=ONCE)
    callback = raise_capacity(client=client, config=CAPS)
    simulator.throttle_next("PutItem", 2)

    def broken(*_: Any) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr("dynoresilience.scaling.scaler.Scaler.raise_if_needed", broken)
    retry(retry=retry_if_throttled(), before_sleep=callback, wait=wait_none())(put)(client)

    assert simulator.calls["PutItem"] == 3
    assert "a fault of ours" in caplog.text


def test_a_denied_control_plane_leaves_the_retries(simulator: SimulatedDynamoDB) -> None:
    client = simulator.client(config=ONCE)
    simulator.deny("DescribeTable", "UpdateTable")
    simulator.throttle_next("PutItem", 2)

    saving = retry(
        retry=retry_if_throttled(),
        before_sleep=raise_capacity(client=client, config=CAPS),
        wait=wait_none(),
    )(put)

    assert saving(client)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_other_failures_and_callbacks_of_ones_own_go_beside_it(
    simulator: SimulatedDynamoDB, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    client = simulator.client(config=ONCE)
    in_log = before_sleep_log(logging.getLogger("mine"), logging.WARNING)
    with_capacity = raise_capacity(client=client, config=CAPS)

    def both(state: tenacity.RetryCallState) -> None:
        in_log(state)
        with_capacity(state)

    simulator.throttle_next("PutItem", 1)
    simulator.drop_next("PutItem", 1)
    saving = retry(
        retry=retry_if_throttled()
        | retry_if_exception_type(ConnectionError)
        | retry_if_exception_type(tenacity.TryAgain),
        before_sleep=both,
        wait=wait_none(),
    )

    @saving
    def save() -> None:
        try:
            put(client)
        except client.exceptions.ClientError:
            raise
        except Exception as error:
            raise ConnectionError from error

    save()

    assert [record.name for record in caplog.records].count("mine") == 2
    clock.advance(0.1)  # the look comes a moment later
    assert simulator.calls["UpdateTable"] == 1


# -- the predicate -----------------------------------------------------------------------------


def attempts(simulator: SimulatedDynamoDB, predicate: Any, work: Any) -> int:
    """How often tenacity calls ``work``, of at most three times."""
    runs = []

    def run() -> None:
        runs.append(1)
        work()

    with pytest.raises(Exception):  # noqa: B017, PT011
        retry(retry=predicate, wait=wait_none(), stop=stop_after_attempt(3), reraise=True)(run)()
    return len(runs)


def test_what_is_a_throttle(simulator: SimulatedDynamoDB) -> None:
    client = simulator.client(config=ONCE)
    simulator.throttle_next("PutItem", 1000)
    simulator.throttle_next("TransactWriteItems", 1000)
    item = {"Put": {"TableName": "orders", "Item": order()}}

    def wrapped() -> None:
        try:
            put(client)
        except ClientError as error:
            raise ValueError from error

    for work in (
        lambda: put(client),
        wrapped,
        lambda: client.transact_write_items(TransactItems=[item]),
    ):
        assert attempts(simulator, retry_if_throttled(), work) == 3
    for work in (
        lambda: client.get_item(TableName="nothing", Key={"id": {"S": "1"}}),
        lambda: {}["key"],
    ):
        assert attempts(simulator, retry_if_throttled(), work) == 1


def test_a_transaction_with_a_failed_condition_is_not(simulator: SimulatedDynamoDB) -> None:
    client = simulator.client(config=ONCE)
    put(client)
    simulator.clock.wait(threading.Event(), 5.0)  # there is capacity for it again
    condition = {"ConditionExpression": "attribute_not_exists(id)"}
    item = {"Put": {"TableName": "orders", "Item": order(), **condition}}

    def transact() -> None:
        client.transact_write_items(TransactItems=[item])

    assert attempts(simulator, retry_if_throttled(), transact) == 1


def test_what_an_attached_client_has_retried_is_not_retried_again(
    simulator: SimulatedDynamoDB,
) -> None:
    quick = ScalingConfig(max_retries=2, max_retry_delay=0.01, initial_retry_delay=0.01)
    client = attach(simulator.client(), config=quick.replace(scaling_enabled=False))
    callback = raise_capacity(client=client, config=CAPS)
    simulator.throttle_next("PutItem", 1000)

    assert attempts(simulator, retry_if_throttled(), lambda: put(client)) == 1
    assert simulator.calls["PutItem"] == 3
    twice = retry_if_throttled(even_if_spent=True)
    assert attempts(simulator, twice, lambda: put(client)) == 3
    assert simulator.calls["PutItem"] == 3 + 9
    with pytest.raises(ClientError):
        retry(
            retry=twice,
            before_sleep=callback,
            wait=wait_none(),
            stop=stop_after_attempt(2),
            reraise=True,
        )(put)(client)
    assert simulator.calls["UpdateTable"] == 0, "raising is the attached client's affair"


# -- set up ------------------------------------------------------------------------------------


def test_bad_input_is_told_when_the_policy_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotAttachableError, match="target=int"):
        raise_capacity(client=3)
    monkeypatch.setenv("DYNAMODB_MAX_WRITE_CAPACITY", "lots")
    with pytest.raises(ConfigError, match="DYNAMODB_MAX_WRITE_CAPACITY='lots'"):
        raise_capacity()


def test_a_scaling_client_may_lend_its_credentials(
    simulator: SimulatedDynamoDB, clock: VirtualClock
) -> None:
    ddb = ScalingClient(simulator.client(), config=CAPS)
    plain = simulator.client(config=ONCE)
    simulator.throttle_next("PutItem", 1)

    retry(before_sleep=raise_capacity(client=ddb, config=CAPS), wait=wait_none())(put)(plain)

    clock.advance(0.1)  # the look comes a moment later
    assert simulator.calls["UpdateTable"] == 1


def test_nothing_else_of_the_library_loads_tenacity() -> None:
    program = (
        "import sys, dynoresilience as d; d.ScalingClient, d.with_throughput_scaling, d.install; "
        "assert 'tenacity' not in sys.modules; d.retry_if_throttled; "
        "assert 'tenacity' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
