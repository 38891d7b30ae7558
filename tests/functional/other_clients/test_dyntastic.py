"""dyntastic: pydantic models on the resource and the client of boto3's default session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from dyntastic import Dyntastic, transaction

from dynoresilience import ScalingConfig, install
from dynoresilience.testing import SimulatorServer, virtual_time
from tests.functional.conftest import in_threads
from tests.functional.other_clients.conftest import (
    AT_CAP,
    CAP,
    STORM,
    SURVIVOR,
    raises,
    written_to,
)

BATCHES_OF_ONE_COMMIT = 6
"""dyntastic sends leftovers again five times, with pauses of 0.05 to 0.8 s."""


def model(table: str = "orders") -> Any:
    """A new class: each keeps the resource and the client that it made first."""

    class Order(Dyntastic):
        __table_name__ = table
        __hash_key__ = "id"
        id: str
        amount: int = 0

    return Order


def every_session(config: ScalingConfig) -> None:
    install(config=config)


def default_session(config: ScalingConfig) -> None:
    boto3.setup_default_session()
    install(boto3.DEFAULT_SESSION, config=config)


WAYS = [every_session, default_session]
Way = Callable[[ScalingConfig], None]


def test_without_the_library_the_write_fails(server: SimulatorServer) -> None:
    server.throttle_next("PutItem", STORM)

    with virtual_time(), pytest.raises(ClientError, match="ProvisionedThroughputExceeded"):
        model()(id="1").save()

    assert server.calls["PutItem"] in (4, 10), "botocore's standard mode, or its legacy mode"
    assert written_to(server) == []


@pytest.mark.parametrize("way", WAYS)
def test_a_storm_is_survived_and_raises_capacity_once(server: SimulatorServer, way: Way) -> None:
    way(SURVIVOR)
    server.throttle_next("PutItem", STORM)

    model()(id="1").save()

    assert server.calls["PutItem"] == STORM + 1
    assert raises(server) == [(5, CAP)]
    assert written_to(server) == ["1"]


@pytest.mark.parametrize("way", WAYS)
def test_a_table_too_small_for_many_threads(server: SimulatorServer, way: Way) -> None:
    way(SURVIVOR)
    order = model()
    order.safe_get("none")  # its resource is made here: boto3's sessions are not for many threads

    assert in_threads(100, lambda n: order(id=str(n)).save(), threads=8) == []

    assert raises(server) == [(5, CAP)]
    assert len(written_to(server)) == 100


@pytest.mark.parametrize("way", WAYS)
def test_the_end_of_the_budget_is_boto3s_exception(server: SimulatorServer, way: Way) -> None:
    way(AT_CAP)
    server.throttle_next("PutItem", 1000)

    with pytest.raises(ClientError, match="ProvisionedThroughputExceeded") as caught:
        model()(id="1").save()

    assert server.calls["PutItem"] == AT_CAP.max_retries + 1
    assert raises(server) == []
    assert caught.value.response["Dynoresilience"]["attempts"] == 4  # type: ignore[typeddict-item]


def test_without_the_library_a_batch_fails(server: SimulatorServer) -> None:
    order = model("wide")
    server.throttle_next("BatchWriteItem", STORM)

    with virtual_time(), pytest.raises(ClientError, match="ProvisionedThroughputExceeded"):
        save_in_a_batch(order, 25)

    assert server.calls["BatchWriteItem"] in (4, 10)
    assert written_to(server, "wide") == []


@pytest.mark.parametrize("way", WAYS)
def test_batches_are_stored_and_read_back(server: SimulatorServer, way: Way) -> None:
    way(SURVIVOR)
    order = model("wide")
    server.throttle_next("BatchWriteItem", STORM)
    server.partial_next("BatchWriteItem", 2, keep=10)
    server.throttle_next("BatchGetItem", STORM)
    server.partial_next("BatchGetItem", 2, keep=10)
    ids = [str(number) for number in range(50)]

    save_in_a_batch(order, 50)
    found = order.batch_get(ids, consistent_read=True)

    assert sorted(each.id for each in found) == sorted(ids)
    # 25 items: 10, 10 and 5 of them; then 25 in one. Keys: 10, 10, and 30.
    assert server.calls["BatchWriteItem"] == STORM + 3 + 1
    assert server.calls["BatchGetItem"] == STORM + 3
    assert raises(server)[-1] == (CAP, CAP)


@pytest.mark.parametrize("way", WAYS)
def test_leftovers_without_end_are_bounded_and_told(server: SimulatorServer, way: Way) -> None:
    way(AT_CAP)
    order = model("wide")
    server.partial_next("BatchWriteItem", 1000, keep=1)

    with virtual_time(), pytest.raises(Exception, match="max attempts"):
        save_in_a_batch(order, 25)

    requests = server.calls["BatchWriteItem"]
    assert requests == BATCHES_OF_ONE_COMMIT * (AT_CAP.max_retries + 1)
    assert len(written_to(server, "wide")) == requests


@pytest.mark.parametrize("way", WAYS)
def test_a_transaction_goes_by_a_client_beside_the_resource(
    server: SimulatorServer, way: Way
) -> None:
    way(SURVIVOR)
    order = model()
    server.throttle_next("TransactWriteItems", STORM)

    with transaction():
        order(id="1").save()
        order(id="2").save()

    assert server.calls["TransactWriteItems"] == STORM + 1
    assert raises(server) == [(5, CAP)]
    assert written_to(server) == ["1", "2"]


def save_in_a_batch(order: Any, count: int) -> None:
    with order.batch_writer():
        for number in range(count):
            order(id=str(number)).save()
