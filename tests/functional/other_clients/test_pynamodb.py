"""PynamoDB: a botocore session for each connection and thread, a client for each connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.exceptions import PutError
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from dynoresilience import ScalingConfig, attach, install, with_throughput_scaling
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

BATCHES_OF_ONE_COMMIT = 3
"""PynamoDB sends leftovers again twice (``max_retry_attempts`` is 3), without a pause."""


def model(table: str = "orders", **meta: Any) -> type[Model]:
    """A model with a connection of its own, as each class with a ``Meta`` has."""

    class Order(Model):
        Meta = type("Meta", (), {"table_name": table, "region": "us-east-1", **meta})
        id = UnicodeAttribute(hash_key=True)
        amount = NumberAttribute(default=0)

    return Order


def attached(config: ScalingConfig, **meta: Any) -> type[Model]:
    order = model(**meta)
    attach(order._get_connection().connection.client, config=config)
    return order


def installed(config: ScalingConfig, **meta: Any) -> type[Model]:
    install(config=config)
    return model(**meta)


def full_batch(order: type[Model]) -> Any:
    """25 items that are not sent yet."""
    batch = order.batch_write()
    for number in range(25):
        batch.save(order(str(number)))
    return batch


WAYS = [attached, installed]
Way = Callable[..., type[Model]]


def test_without_the_library_the_write_fails(server: SimulatorServer) -> None:
    server.throttle_next("PutItem", STORM)

    with virtual_time(), pytest.raises(PutError, match="ProvisionedThroughputExceeded"):
        model()("1").save()

    assert server.calls["PutItem"] == 4, "PynamoDB's own default: three retries"
    assert written_to(server) == []


@pytest.mark.parametrize("way", WAYS)
def test_a_storm_is_survived_and_raises_capacity_once(server: SimulatorServer, way: Way) -> None:
    order = way(SURVIVOR)
    server.throttle_next("PutItem", STORM)

    order("1").save()

    assert server.calls["PutItem"] == STORM + 1
    assert raises(server) == [(5, CAP)]
    assert written_to(server) == ["1"]


@pytest.mark.parametrize("way", WAYS)
def test_a_table_too_small_for_many_threads(server: SimulatorServer, way: Way) -> None:
    order = way(SURVIVOR)

    assert in_threads(100, lambda n: order(str(n)).save(), threads=8) == []

    assert raises(server) == [(5, CAP)]
    assert len(written_to(server)) == 100


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("own_retries", [0, 3, 20])
def test_its_own_retries_do_not_multiply_with_ours(
    server: SimulatorServer, way: Way, own_retries: int
) -> None:
    order = way(AT_CAP, max_retry_attempts=own_retries)
    server.throttle_next("PutItem", 1000)

    with pytest.raises(PutError) as caught:
        order("1").save()

    assert server.calls["PutItem"] == AT_CAP.max_retries + 1
    assert raises(server) == []
    error = caught.value
    assert error.cause_response_code == "ProvisionedThroughputExceededException"
    assert error.cause is not None
    throttle: Any = error.cause.__cause__
    assert throttle.response["Dynoresilience"]["attempts"] == 4


@pytest.mark.parametrize("way", WAYS)
def test_a_decorated_function_does_not_retry_what_was_retried(
    server: SimulatorServer, way: Way
) -> None:
    """The exception wraps one that was made from botocore's: the report is in the innermost."""
    order = way(AT_CAP)
    server.throttle_next("PutItem", 1000)

    with pytest.raises(PutError):
        with_throughput_scaling(client=server.client(), config=AT_CAP)(order("1").save)()

    assert server.calls["PutItem"] == AT_CAP.max_retries + 1


def test_without_the_library_a_batch_is_lost(server: SimulatorServer) -> None:
    batch = full_batch(model("wide"))
    server.throttle_next("BatchWriteItem", STORM)

    with virtual_time(), pytest.raises(PutError):
        batch.commit()

    assert server.calls["BatchWriteItem"] == 4
    assert batch.pending_operations == [], "25 items are neither in the table nor in the batch"
    assert written_to(server, "wide") == []


@pytest.mark.parametrize("way", WAYS)
def test_batches_are_stored_and_read_back(server: SimulatorServer, way: Way) -> None:
    order = way(SURVIVOR, table="wide")
    server.throttle_next("BatchWriteItem", STORM)
    server.partial_next("BatchWriteItem", 2, keep=10)
    server.throttle_next("BatchGetItem", STORM)
    server.partial_next("BatchGetItem", 3, keep=10)

    with order.batch_write() as batch:
        for number in range(50):
            batch.save(order(str(number)))
    found = list(order.batch_get([str(number) for number in range(50)], consistent_read=True))

    assert sorted(each.id for each in found) == sorted(str(number) for number in range(50))
    # 25 items: 10, 10 and 5 of them; then 25 in one. Keys: 10, 10, 10, and 20.
    assert server.calls["BatchWriteItem"] == STORM + 3 + 1
    assert server.calls["BatchGetItem"] == STORM + 3 + 1
    assert raises(server)[-1] == (CAP, CAP)


@pytest.mark.parametrize("way", WAYS)
def test_leftovers_without_end_are_bounded_and_told(server: SimulatorServer, way: Way) -> None:
    batch = full_batch(way(AT_CAP, table="wide"))
    server.partial_next("BatchWriteItem", 1000, keep=1)

    with pytest.raises(PutError, match="max_retry_attempts exceeded"):
        batch.commit()

    requests = server.calls["BatchWriteItem"]
    assert requests == BATCHES_OF_ONE_COMMIT * (AT_CAP.max_retries + 1)
    written = written_to(server, "wide")
    assert len(written) == requests
    assert len(batch.failed_operations) == 25 - len(written)


def test_installed_it_reaches_every_model_and_bare_connections(server: SimulatorServer) -> None:
    install(config=SURVIVOR)
    small, wide = model("orders"), model("wide")
    server.throttle_next("TransactWriteItems", 1)
    server.throttle_next("PutItem", 2)

    with TransactWrite(connection=Connection(region="us-east-1")) as transaction:
        transaction.save(small("1"))
        transaction.save(wide("1"))
    for each in (small, wide):
        each("2").save()

    assert written_to(server, "orders") == written_to(server, "wide") == ["1", "2"]
    assert server.calls["PutItem"] == 2 + 2
    clients = {id(each._get_connection().connection.client) for each in (small, wide)}
    assert len(clients) == 2, "which is why one `attach` is not enough for several models"


def test_it_makes_another_client_while_there_are_no_credentials(
    server: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attached client is left behind then; an installation finds the new one too."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    order = installed(SURVIVOR)
    connection = order._get_connection().connection
    without_credentials = connection.client
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    server.throttle_next("PutItem", STORM)

    connection._local.session = (
        None  # sessions look for credentials once; another thread has its own
    )
    order("1").save()

    assert connection.client is not without_credentials
    assert server.calls["PutItem"] == STORM + 1


def test_a_decorated_function_knows_which_index_was_short(server: SimulatorServer) -> None:
    """PynamoDB's own copy of the exception leaves `ThrottlingReasons` out."""
    server.create_table("carts", indexes={"by-day": (5, 5), "by-customer": (5, 5)})
    server.throttle_next("PutItem", 1, index="by-customer")
    save = model("carts", max_retry_attempts=0)("1").save

    with_throughput_scaling(client=server.client(), config=SURVIVOR)(save)()

    assert server.calls["PutItem"] == 2
    [update] = server.updates
    assert {name: units.write for name, units in update.after.items()} == {"by-customer": CAP}
