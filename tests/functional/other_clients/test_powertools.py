"""AWS Lambda Powertools: a store of idempotency records, on a client of its own or on ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyPersistenceLayerError,
)

from dynoresilience import ScalingClient, ScalingConfig, attach, install
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

Store = DynamoDBPersistenceLayer


def attached_client(config: ScalingConfig) -> Store:
    client = attach(boto3.client("dynamodb"), config=config)
    return Store(table_name="orders", boto3_client=client)


def scaling_client(config: ScalingConfig) -> Store:
    return Store(table_name="orders", boto3_client=ScalingClient(config=config))


def installed_session(config: ScalingConfig) -> Store:
    return Store(table_name="orders", boto3_session=install(boto3.Session(), config=config))


def every_session(config: ScalingConfig) -> Store:
    install(config=config)
    return Store(table_name="orders")


WAYS = [attached_client, scaling_client, installed_session, every_session]
Way = Callable[[ScalingConfig], Store]


class _InLambda:
    def get_remaining_time_in_millis(self) -> int:
        return 30_000


class Shop:
    """Takes payments, each of which must be taken once."""

    def __init__(self, store: Store) -> None:
        self.charged: list[Any] = []
        config = IdempotencyConfig(event_key_jmespath="id", lambda_context=_InLambda())

        @idempotent_function(data_keyword_argument="order", persistence_store=store, config=config)
        def pay(order: dict[str, Any]) -> dict[str, Any]:
            self.charged.append(order["id"])
            return {"receipt": f"receipt of {order['id']}"}

        self._pay = pay

    def pay(self, number: int) -> Any:
        return self._pay(order={"id": number})


def test_without_the_library_a_payment_is_taken_and_its_record_is_not_kept(
    server: SimulatorServer,
) -> None:
    shop = Shop(Store(table_name="orders"))
    server.throttle_next("UpdateItem", STORM)

    with virtual_time():
        with pytest.raises(IdempotencyPersistenceLayerError, match="update record state"):
            shop.pay(1)
        with pytest.raises(IdempotencyAlreadyInProgressError):
            shop.pay(1)

    assert server.calls["UpdateItem"] in (4, 10), "botocore's standard mode, or its legacy mode"
    assert shop.charged == [1], "the money is gone, and nobody has a receipt"


@pytest.mark.parametrize("way", WAYS)
def test_a_storm_is_survived_and_raises_capacity_once(server: SimulatorServer, way: Way) -> None:
    shop = Shop(way(SURVIVOR))
    server.throttle_next("PutItem", STORM)
    server.throttle_next("UpdateItem", STORM)

    receipts = [shop.pay(1), shop.pay(1)]

    assert receipts == [{"receipt": "receipt of 1"}] * 2
    assert shop.charged == [1]
    assert server.calls["PutItem"] == STORM + 2, "the second payment finds the record"
    assert server.calls["UpdateItem"] == STORM + 1
    assert raises(server) == [(5, CAP)]
    assert len(written_to(server)) == 1


@pytest.mark.parametrize("way", WAYS)
def test_a_table_too_small_for_many_threads(server: SimulatorServer, way: Way) -> None:
    shop = Shop(way(SURVIVOR))

    assert in_threads(100, shop.pay, threads=8) == []

    assert sorted(shop.charged) == list(range(100))
    assert raises(server) == [(5, CAP)]
    assert len(written_to(server)) == 100


@pytest.mark.parametrize("way", WAYS)
def test_the_end_of_the_budget_is_its_own_exception(server: SimulatorServer, way: Way) -> None:
    shop = Shop(way(AT_CAP))
    server.throttle_next("PutItem", 1000)

    with pytest.raises(IdempotencyPersistenceLayerError, match="save in progress") as caught:
        shop.pay(1)

    assert server.calls["PutItem"] == AT_CAP.max_retries + 1
    assert raises(server) == []
    assert shop.charged == []
    cause: Any = caught.value.__cause__
    assert cause.response["Dynoresilience"]["attempts"] == 4
