"""Never worse than not using it: permissions, other errors, botocore's own retries, clean-up."""

from __future__ import annotations

import copy
import logging
import pickle
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import (
    ChecksumError,
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
)

from dynoresilience import (
    ClientClosedError,
    ConfigError,
    NotAttachableError,
    ScalingClient,
    ScalingConfig,
    attach,
    install,
)
from dynoresilience.events import GaveUp, Throttled
from dynoresilience.testing import SimulatedDynamoDB, virtual_time
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

Start = Callable[..., ThrottlingServer]
QUICK = ScalingConfig(initial_retry_delay=0.001, max_retry_delay=0.002, max_write_capacity=200)


def put(client: Any, number: int = 1) -> Any:
    return client.put_item(TableName="orders", Item=order(number))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("action", ["UpdateTable", "DescribeTable"])
def test_without_a_permission_the_calls_go_on_with_one_warning(
    start: Start, mode: str, action: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = start()
    ddb = ScalingClient(new_client(server, mode), config=QUICK)
    create_orders(ddb)
    server.deny(action)
    server.throttle_next("PutItem", 8)

    with caplog.at_level(logging.WARNING, logger="dynoresilience"):
        with pytest.raises(ddb.exceptions.ProvisionedThroughputExceededException) as caught:
            put(ddb)
        assert server.calls["PutItem"] == QUICK.max_retries + 1
        put(ddb)

    assert server.calls["PutItem"] == QUICK.max_retries + 1 + 3
    assert server.calls[action] == 1
    (record,) = caplog.records
    assert f"not allowed to call dynamodb:{action}" in record.getMessage()
    report = caught.value.response["Dynoresilience"]  # type: ignore[typeddict-item]
    assert report["attempts"] == 6
    assert report["hold_reasons"] == ["no permission"]
    assert "(reached max retries: 5)" in str(caught.value)


@pytest.mark.parametrize(("mode", "calls"), [("standard", 1000), ("legacy", 50), ("adaptive", 4)])
def test_a_thousand_throttled_calls_leave_botocores_retries_intact(
    start: Start, mode: str, calls: int
) -> None:
    """Only ``standard`` has a quota that they could drain; 100 throttles would do it."""
    server = start()
    ddb = ScalingClient(new_client(server, mode), config=QUICK.replace(scaling_enabled=False))
    create_orders(ddb, units=40_000)
    for number in range(calls):
        server.throttle_next("PutItem", 1)
        put(ddb, number)
    assert server.calls["PutItem"] == 2 * calls

    server.drop_next("PutItem", 2)
    put(ddb)

    assert server.calls["PutItem"] == 2 * calls + 3


@pytest.mark.parametrize("mode", MODES)
def test_a_dropped_connection_amid_throttles_is_still_retried(start: Start, mode: str) -> None:
    server = start()
    ddb = ScalingClient(new_client(server, mode), config=QUICK.replace(scaling_enabled=False))
    create_orders(ddb)
    server.throttle_next("PutItem", 4)
    server.drop_next("PutItem", 1)

    put(ddb)

    assert server.calls["PutItem"] <= QUICK.max_retries + 1


@pytest.mark.parametrize("mode", MODES)
def test_one_budget_whatever_goes_wrong_in_it(start: Start, mode: str) -> None:
    server = start()
    config = QUICK.replace(scaling_enabled=False, max_retries=3)
    ddb = ScalingClient(new_client(server, mode), config=config)
    create_orders(ddb)
    server.throttle_next("PutItem", 3)
    server.fail_next("PutItem", 100, "InternalServerError", "no", status=500)

    with pytest.raises(ClientError):
        put(ddb)

    throttles_come_first = server.calls["PutItem"]
    assert throttles_come_first == 4


@pytest.mark.parametrize("mode", MODES)
def test_errors_that_are_no_throttles_are_botocores_affair(start: Start, mode: str) -> None:
    """The same number of attempts, and the same exception, with and without the library."""
    seen = []
    for attached in (False, True):
        server = start()
        client = new_client(server, mode, retries={"mode": mode, "total_max_attempts": 3})
        create_orders(client)
        if attached:
            attach(client, config=QUICK)
        server.drop_next("GetItem", 100)
        server.fail_next("DeleteItem", 100, "ValidationException", "no")
        errors = []
        key = {"id": {"S": "1"}}
        there = {"Item": order(1), "ConditionExpression": "attribute_exists(id)"}
        for method, table, arguments in (
            ("get_item", "orders", {"Key": key}),
            ("delete_item", "orders", {"Key": key}),
            ("put_item", "orders", there),
            ("get_item", "nowhere", {"Key": key}),
        ):
            with pytest.raises((ClientError, ConnectionClosedError)) as caught:
                getattr(client, method)(TableName=table, **arguments)
            errors.append(type(caught.value).__name__)
        seen.append((errors, dict(server.calls)))

    assert seen[0] == seen[1]
    assert "Dynoresilience" not in str(seen)


def test_detached_a_client_is_what_it_was(start: Start) -> None:
    server = start()
    client = new_client(server, "legacy", connect_timeout=5)
    create_orders(client)
    ddb = ScalingClient(client, config=QUICK.replace(scaling_enabled=False))
    table = ddb.table("orders")
    ddb.close()
    ddb.close()

    server.drop_next("PutItem", 1)
    put(client)
    assert server.calls["PutItem"] == 2, "botocore's own retries are back"

    for use in (
        lambda: put(ddb),
        lambda: ddb.get_paginator("scan"),
        lambda: ddb.table("orders"),
        lambda: ddb.execute(print),
        ddb.scale_down_now,
        lambda: table.put_item(Item={"id": "1"}),
        ddb.__enter__,
    ):
        with pytest.raises(ClientClosedError, match="this ScalingClient is closed"):
            use()
    assert repr(ddb) == "<ScalingClient dynamodb us-east-1: closed>"
    assert server.calls["PutItem"] == 2, "nothing was sent"


def test_what_is_raised_stays_scheduled_after_the_close(start: Start) -> None:
    server = start(update_seconds=0.0)
    with ScalingClient(new_client(server), config=QUICK) as ddb:
        create_orders(ddb)
        server.throttle_next("PutItem", 1)
        put(ddb)

    assert [str(entry) for entry in ddb.pending_scale_downs()] == ["orders write 10 -> 5"]


def test_attaching_twice_is_attaching_once_and_the_last_configuration_holds(start: Start) -> None:
    server, first, last = start(), Recorder(), Recorder()
    client = new_client(server)
    create_orders(client)
    slow = QUICK.replace(scaling_enabled=False, max_retries=1)
    attach(client, config=slow, sinks=[first])
    server.throttle_next("PutItem", 1)
    put(client)

    attach(client, config=slow.replace(max_retries=4), sinks=[last])
    server.throttle_next("PutItem", 100)
    with pytest.raises(ClientError):
        put(client)

    assert len(first.of(Throttled)) == 1
    assert len(last.of(Throttled)) == 5
    assert server.calls["PutItem"] == 2 + 5
    assert last.of(GaveUp)[0].attempts == 5


def test_the_servers_wish_for_a_pause_is_heard(start: Start) -> None:
    server = start(retry_after_ms=250)
    config = QUICK.replace(scaling_enabled=False, max_retry_delay=5.0)
    ddb = ScalingClient(new_client(server), config=config)
    create_orders(ddb)
    server.throttle_next("PutItem", 1)

    put(ddb)

    times = [at for at, operation, _ in server.requests if operation == "PutItem"]
    assert times[1] - times[0] >= 0.25


def test_bounds_for_a_stretch_of_code(start: Start) -> None:
    server, told = start(), Recorder()
    config = QUICK.replace(scaling_enabled=False)
    ddb = ScalingClient(new_client(server), config=config, sinks=[told])
    create_orders(ddb)
    server.throttle_next("PutItem", 1000)

    with ddb.operation("weekly report", max_retries=8), pytest.raises(ClientError):
        put(ddb)
    assert server.calls["PutItem"] == 9
    assert {event.operation for event in told.of(Throttled)} == {"weekly report"}

    with ddb.operation(max_retries=10_000, deadline=0.2), pytest.raises(ClientError) as caught:
        put(ddb)
    assert caught.value.response["Dynoresilience"]["reason"] == "deadline"  # type: ignore[typeddict-item]

    with pytest.raises(ConfigError, match="max_retries=-1"), ddb.operation(max_retries=-1):
        pass
    with pytest.raises(ClientError):
        put(ddb)
    assert caught.value.response["Dynoresilience"]["attempts"] > 6  # type: ignore[typeddict-item]


# -- what cannot work says so ----------------------------------------------------------------


def test_a_server_that_is_off() -> None:
    off = Config(connect_timeout=1, retries={"total_max_attempts": 2})
    with ThrottlingServer() as server:
        url = server.url
    client = boto3.client("dynamodb", endpoint_url=url, config=off, **CREDENTIALS)

    with pytest.raises(EndpointConnectionError, match="Could not connect"):
        put(ScalingClient(client, config=QUICK))


def test_no_credentials(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    client = boto3.client("dynamodb", region_name="us-east-1", endpoint_url=start().url)

    with pytest.raises(NoCredentialsError):
        put(ScalingClient(client, config=QUICK))


def test_no_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)

    with pytest.raises(NoRegionError):
        ScalingClient()


def test_an_unknown_table(start: Start) -> None:
    ddb = ScalingClient(new_client(start()), config=QUICK)

    with pytest.raises(ddb.exceptions.ResourceNotFoundException):
        put(ddb)


def test_a_bad_environment_is_told_before_anything_is_sent(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = new_client(start())
    monkeypatch.setenv("DYNAMODB_MAX_WRITE_CAPACITY", "many")

    for make in (ScalingClient, attach, lambda c: install(boto3.Session())):
        with pytest.raises(ConfigError, match="DYNAMODB_MAX_WRITE_CAPACITY='many' must be"):
            make(client)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            lambda: boto3.client("sts", **CREDENTIALS),
            "target=a client of 'sts': give a boto3 client",
        ),
        (boto3.Session, r"for a session: install\(session\)"),
        (lambda: "orders", "target=str"),
        (lambda: None, "target=NoneType"),
    ],
)
def test_what_cannot_be_attached_to(target: Callable[[], Any], message: str) -> None:
    with pytest.raises(NotAttachableError, match=message):
        attach(target())


@pytest.mark.parametrize("target", ["session", None, 3])
def test_what_cannot_be_installed_on(target: Any) -> None:
    with pytest.raises(NotAttachableError, match="give a boto3 or botocore session"):
        install(target)
    with pytest.raises(NotAttachableError, match=r"for a client: attach\(client\)"):
        install(boto3.client("dynamodb", **CREDENTIALS))


def test_a_fault_of_ours_leaves_the_decision_to_botocore(
    start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server = start()
    ddb = ScalingClient(new_client(server, "legacy"), config=QUICK)
    create_orders(ddb)
    monkeypatch.setattr(ddb._attachment, "begin", lambda *_: 1 / 0)
    server.throttle_next("PutItem", 1)

    with caplog.at_level(logging.ERROR, logger="dynoresilience"):
        put(ddb)

    assert server.calls["PutItem"] == 2
    assert "ZeroDivisionError" in caplog.text


def test_no_key_value_or_item_data_in_what_is_told(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    """Invariant 10, on everything that the library logs while a call is throttled and fails."""
    server, told = start(), Recorder()
    config = QUICK.replace(max_write_capacity=5)
    secret = "4111-1111-1111-1111"

    for sinks in (None, [told]):
        ddb = ScalingClient(new_client(server), config=config, sinks=sinks)
        if sinks is None:
            create_orders(ddb)
        server.throttle_next("PutItem", 6)
        with (
            caplog.at_level(logging.DEBUG, logger="dynoresilience"),
            pytest.raises(ClientError) as caught,
        ):
            ddb.put_item(TableName="orders", Item={"id": {"S": secret}, "customer": {"S": secret}})

    ours = [r.getMessage() + str(vars(r)) for r in caplog.records if r.name == "dynoresilience"]
    assert ours
    assert told.events
    assert secret not in str(ours) + str(told.events) + str(caught.value.response)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("end", ["budget", "deadline"])
def test_the_stump_of_an_answer_does_not_say_that_there_is_no_item(mode: str, end: str) -> None:
    """Where a call ends before botocore's attempts do."""
    with virtual_time() as clock, SimulatedDynamoDB(clock=clock) as sim:
        sim.create_table("orders")
        client = sim.client(config=Config(retries={"mode": mode, "total_max_attempts": 15}))
        retries = 1 if end == "budget" else 50
        ddb = ScalingClient(
            client, config=QUICK.replace(max_retries=retries, scaling_enabled=False)
        )
        put(ddb)
        sim.throttle_next("GetItem")
        sim.truncate_next("GetItem", 50)

        with (
            ddb.operation("read", deadline=2),
            pytest.raises((ChecksumError, ConnectionClosedError)),  # the latter before 1.44
        ):
            ddb.get_item(TableName="orders", Key={"id": order(1)["id"]})

        assert clock.monotonic() <= 2
        assert sim.calls["GetItem"] == 2 or end == "deadline"


def test_dir_and_methods_are_boto3s(start: Start) -> None:
    client = new_client(start())
    ddb = ScalingClient(client, config=QUICK)

    assert {"put_item", "get_paginator", "exceptions", "meta", "execute", "table"} <= set(dir(ddb))
    assert ddb.meta is client.meta
    assert ddb.exceptions is client.exceptions
    with pytest.raises(AttributeError, match="no attribute 'put_itm'"):
        ddb.put_itm()
    assert in_threads(1, lambda n: ddb.list_tables()) == []


def test_a_scaling_client_is_a_boto3_client_at_run_time_too(start: Start) -> None:
    client = new_client(start())
    ddb = ScalingClient(client, config=QUICK)

    assert isinstance(ddb, BaseClient)
    assert isinstance(ddb, type(client))
    assert isinstance(ddb, ScalingClient)
    ddb.close()
    assert isinstance(ddb, BaseClient)


def test_a_scaling_client_is_neither_copied_nor_pickled(start: Start) -> None:
    ddb = ScalingClient(new_client(start()), config=QUICK)

    for duplicate in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="can't be copied or pickled"):
            duplicate(ddb)
