"""Functions whose client is not attached, sync and async; Lambda handlers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from dynoresilience import (
    ConfigError,
    ScalingClient,
    ScalingConfig,
    lambda_handler,
    with_throughput_scaling,
)
from dynoresilience.decorators import RESPONSE_RESERVE
from dynoresilience.events import Throttled
from tests.functional.conftest import (
    CREDENTIALS,
    Recorder,
    create_orders,
    in_threads,
    new_client,
    order,
)
from tests.support.throttling_server import ThrottlingServer

Start = Callable[..., ThrottlingServer]
CAPS = ScalingConfig(max_write_capacity=200, max_read_capacity=200, scale_up_factor=40)
QUICK = ScalingConfig(initial_retry_delay=0.001, max_retry_delay=0.002, scaling_enabled=False)


def unattached(server: ThrottlingServer) -> Any:
    """A client that does not retry, so that each throttle comes out of the function."""
    from botocore.config import Config

    once = Config(retries={"total_max_attempts": 1, "mode": "standard"}, max_pool_connections=32)
    return boto3.client("dynamodb", endpoint_url=server.url, config=once, **CREDENTIALS)


@pytest.mark.parametrize("reasons", [True, False])
def test_a_function_is_brought_through(start: Start, reasons: bool) -> None:
    server = start(reasons=reasons)
    client = unattached(server)
    create_orders(client)

    @with_throughput_scaling(table="orders", client=client, config=CAPS)
    def save(number: int) -> str:
        """Save an order."""
        client.put_item(TableName="orders", Item=order(number))
        return f"saved {number}"

    assert in_threads(200, save) == []
    assert len(server.items("orders")) == 200
    assert save(7) == "saved 7"
    assert save.__doc__ == "Save an order."
    assert server.calls["UpdateTable"] <= 4


def test_a_coroutine_function_is_brought_through_beside_the_others_of_its_loop(
    start: Start,
) -> None:
    server = start()
    client = unattached(server)
    create_orders(client)

    @with_throughput_scaling(table="orders", client=client, config=CAPS)
    async def save(number: int) -> None:
        await asyncio.to_thread(client.put_item, TableName="orders", Item=order(number))

    async def all_of_them() -> int:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.01)
                ticks += 1

        ticking = asyncio.create_task(tick())
        await asyncio.gather(*(save(n) for n in range(100)))
        ticking.cancel()
        return ticks

    assert asyncio.run(all_of_them()) > 10
    assert len(server.items("orders")) == 100


def test_a_function_whose_client_is_attached_is_not_retried_twice(start: Start) -> None:
    server, told = start(), Recorder()
    ddb = ScalingClient(new_client(server), config=QUICK)
    create_orders(ddb)
    server.throttle_next("PutItem", 1000)
    runs = []

    @with_throughput_scaling(table="orders", client=ddb, config=QUICK, sinks=[told])
    def save() -> None:
        runs.append(1)
        ddb.put_item(TableName="orders", Item=order(1))

    with pytest.raises(ClientError):
        save()
    assert (len(runs), server.calls["PutItem"]) == (1, 6)
    with pytest.raises(ClientError):
        ddb.execute(save)
    assert (len(runs), server.calls["PutItem"]) == (2, 12)
    assert told.events == []


def test_execute_names_the_work_and_ends_in_the_original_exception(start: Start) -> None:
    server, told = start(), Recorder()
    ddb = ScalingClient(new_client(server), config=QUICK, sinks=[told])
    create_orders(ddb)
    other = unattached(server)
    server.throttle_next("PutItem", 3)

    answer = ddb.execute(
        other.put_item, TableName="orders", Item=order(1), operation="weekly report"
    )

    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert [event.operation for event in told.of(Throttled)] == ["weekly report"] * 3
    server.throttle_next("PutItem", 1000)
    with pytest.raises(ClientError) as caught:
        ddb.execute(other.put_item, TableName="orders", Item=order(1))
    assert caught.value.response["Dynoresilience"]["attempts"] == 6  # type: ignore[typeddict-item]


def test_a_throttle_that_a_library_has_wrapped_is_seen(start: Start) -> None:
    from pynamodb.attributes import UnicodeAttribute
    from pynamodb.models import Model

    server = start()

    class Order(Model):
        class Meta:
            table_name = "orders"
            region = "us-east-1"
            host = server.url
            aws_access_key_id = "testing"
            aws_secret_access_key = "testing"
            max_retry_attempts = 0

        id = UnicodeAttribute(hash_key=True)

    create_orders(new_client(server))
    server.throttle_next("PutItem", 2)

    with_throughput_scaling(client=unattached(server), config=QUICK)(Order("1").save)()

    assert server.calls["PutItem"] == 3


def test_other_exceptions_pass_at_once(start: Start) -> None:
    runs = []

    @with_throughput_scaling(client=unattached(start()), config=QUICK)
    def broken() -> None:
        runs.append(1)
        raise KeyError("not ours")

    @with_throughput_scaling(client=unattached(start()), config=QUICK)
    async def broken_too() -> None:
        broken()

    with pytest.raises(KeyError):
        broken()
    with pytest.raises(KeyError):
        asyncio.run(broken_too())
    assert len(runs) == 2


def test_a_table_of_the_same_name_in_another_region_is_not_raised(start: Start) -> None:
    """The throttle was in us-east-1; the client that would raise is one of eu-west-1."""
    server = start()
    elsewhere = {**CREDENTIALS, "region_name": "eu-west-1"}
    there = boto3.client("dynamodb", endpoint_url=server.url, **elsewhere)
    client = unattached(server)
    create_orders(client)
    server.throttle_next("PutItem", 1)
    config = QUICK.replace(scaling_enabled=True)

    with_throughput_scaling(client=there, config=config)(client.put_item)(
        TableName="orders", Item=order(1)
    )

    assert server.calls["UpdateTable"] == 0


def test_bare_it_makes_its_own_client_at_the_first_throttle(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start()
    client = unattached(server)
    create_orders(client)
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", server.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("DYNAMODB_INITIAL_RETRY_DELAY", "1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)

    @with_throughput_scaling
    def save() -> None:
        client.put_item(TableName="orders", Item=order(1))

    save()
    assert server.calls["DescribeTable"] == 0
    server.throttle_next("PutItem", 1)
    save()
    assert server.updates[0]["after"] == {None: (5, 10)}


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_fault_of_ours_leaves_the_functions_own_exception(
    start: Start, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here: no region for the client that would raise, though the function's own has one."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    server = start()
    client = unattached(server)
    create_orders(client)
    server.throttle_next("PutItem", 1)

    @with_throughput_scaling
    def save() -> None:
        client.put_item(TableName="orders", Item=order(1))

    @with_throughput_scaling
    async def save_async() -> None:
        client.put_item(TableName="orders", Item=order(1))

    with pytest.raises(client.exceptions.ProvisionedThroughputExceededException):
        save() if kind == "sync" else asyncio.run(save_async())


def test_a_bad_environment_is_told_when_a_function_is_decorated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DYNAMODB_MAX_RETRIES", "some")

    with pytest.raises(ConfigError, match="DYNAMODB_MAX_RETRIES='some'"):
        with_throughput_scaling(print)


@pytest.mark.parametrize("milliseconds", [0, 900])
def test_in_lambda_no_wait_goes_beyond_the_time_that_is_left(
    start: Start, milliseconds: int
) -> None:
    server = start()
    ddb = ScalingClient(
        new_client(server), config=ScalingConfig(scaling_enabled=False, max_retries=500)
    )
    create_orders(ddb)
    server.throttle_next("PutItem", 1000)
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: milliseconds)

    @lambda_handler
    def handler(event: Any, context: Any) -> None:
        ddb.put_item(TableName="orders", Item=order(event))

    begun = time.monotonic()
    with pytest.raises(ClientError) as caught:
        handler(1, context)

    assert time.monotonic() - begun < max(0.0, milliseconds / 1000 - RESPONSE_RESERVE) + 0.3
    assert caught.value.response["Dynoresilience"]["reason"] == "deadline"  # type: ignore[typeddict-item]
