"""The AWS X-Ray SDK: it wraps the method that makes a call, and needs an open segment in it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import boto3
import botocore.client
import pytest
from aws_xray_sdk.core import patcher, xray_recorder
from botocore.client import BaseClient
from botocore.endpoint import Endpoint
from botocore.exceptions import ClientError

from dynoresilience import ScalingClient, ScalingConfig, attach
from dynoresilience.testing import SimulatorServer
from tests.functional.other_clients.conftest import AT_CAP, CAP, STORM, SURVIVOR, raises

xray_recorder.emitter._socket.close()  # opened by the import, and closed by nobody

Patch = Callable[[], None]


class _NoDaemon:
    """In the place of X-Ray's emitter, which sends to a port of this machine."""

    def send_entity(self, entity: Any) -> None: ...


@pytest.fixture
def patch(monkeypatch: pytest.MonkeyPatch) -> Patch:
    """Patch botocore; X-Ray has no way to take it back, so the fixture does."""
    monkeypatch.setattr(xray_recorder, "emitter", _NoDaemon())
    monkeypatch.setattr(xray_recorder, "sampling", False)
    monkeypatch.setattr(BaseClient, "_make_api_call", BaseClient._make_api_call)
    monkeypatch.setattr(Endpoint, "prepare_request", Endpoint.prepare_request)
    monkeypatch.setattr(botocore.client, "_xray_enabled", True, raising=False)
    monkeypatch.delattr(botocore.client, "_xray_enabled")
    monkeypatch.setattr(patcher, "_PATCHED_MODULES", set())
    return lambda: patcher.patch(["botocore"])


def patched_first(patch: Patch, config: ScalingConfig) -> Any:
    patch()
    return attach(boto3.client("dynamodb"), config=config)


def attached_first(patch: Patch, config: ScalingConfig) -> Any:
    client = attach(boto3.client("dynamodb"), config=config)
    patch()
    return client


ORDERS = [patched_first, attached_first]
Order = Callable[[Patch, ScalingConfig], Any]


@pytest.mark.parametrize("order", ORDERS)
def test_one_subsegment_for_each_call_and_the_storm_is_survived(
    server: SimulatorServer, patch: Patch, order: Order
) -> None:
    client = order(patch, SURVIVOR)
    server.throttle_next("PutItem", STORM)

    with xray_recorder.in_segment("test") as segment:
        for number in range(2):
            client.put_item(TableName="orders", Item={"id": {"S": str(number)}})

    assert server.calls["PutItem"] == STORM + 2
    assert raises(server) == [(5, CAP)]
    assert [(each.name, each.aws["operation"]) for each in segment.subsegments] == [
        ("dynamodb", "PutItem")
    ] * 2
    assert [each.subsegments for each in segment.subsegments] == [[], []]
    assert not any(hasattr(each, "fault") for each in segment.subsegments)


@pytest.mark.parametrize("order", ORDERS)
def test_a_call_that_ends_in_an_exception_has_a_subsegment_that_says_so(
    server: SimulatorServer, patch: Patch, order: Order
) -> None:
    client = order(patch, AT_CAP)
    server.throttle_next("PutItem", 100)

    with xray_recorder.in_segment("test") as segment, pytest.raises(ClientError):
        client.put_item(TableName="orders", Item={"id": {"S": "1"}})

    assert server.calls["PutItem"] == AT_CAP.max_retries + 1
    [subsegment] = segment.subsegments
    assert subsegment.fault
    assert "ProvisionedThroughputExceeded" in str(subsegment.cause["exceptions"][0].message)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("strategy", ["LOG_ERROR", "RUNTIME_ERROR"])
def test_in_the_background_where_there_is_no_segment_capacity_still_comes_down(
    server: SimulatorServer,
    patch: Patch,
    order: Order,
    strategy: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(xray_recorder.context, "context_missing", strategy)
    client = order(patch, SURVIVOR.replace(scale_down_delay=0.3))
    server.throttle_next("PutItem", 1)

    with caplog.at_level(logging.WARNING):
        with xray_recorder.in_segment("test"):
            client.put_item(TableName="orders", Item={"id": {"S": "1"}})
        wait_until_lowered(client)

    assert raises(server) == [(5, CAP), (5, 5)]
    assert "cannot find the current segment" not in caplog.text


def wait_until_lowered(client: Any) -> None:
    ddb = ScalingClient(client)
    deadline = time.monotonic() + 15
    while ddb.pending_scale_downs():
        assert time.monotonic() < deadline, "it was never lowered"
        time.sleep(0.02)
