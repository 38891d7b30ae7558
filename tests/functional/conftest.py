"""Real boto3 clients against a server that enforces capacity over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import boto3
import pytest
from botocore.config import Config

from dynoresilience.events import Event
from dynoresilience.testing import fresh_start
from dynoresilience.testing.simulation import Simulation
from tests.support import backends
from tests.support.backends import SIMULATIONS, Backend, simulation
from tests.support.throttling_server import ThrottlingServer

CREDENTIALS = {
    "region_name": "us-east-1",
    "aws_access_key_id": "testing",
    "aws_secret_access_key": "testing",
}
MODES = ["legacy", "standard", "adaptive"]


class Recorder:
    """An `EventSink` that keeps what it hears."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture(autouse=True)
def no_fault_of_ours(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    """A fault of the library hands the call to botocore, so that only the log tells of it."""
    yield
    if request.node.get_closest_marker("a_fault_of_ours") is None:
        assert "a fault of ours" not in caplog.text


@pytest.fixture
def start() -> Iterator[Callable[..., ThrottlingServer]]:
    """Start a server with the given settings; all are stopped at the end."""
    running = []

    def start_server(**settings: Any) -> ThrottlingServer:
        server = ThrottlingServer(**{"update_seconds": 0.5, **settings})
        server.start()
        running.append(server)
        return server

    yield start_server
    for server in running:
        server.stop()


@pytest.fixture(params=SIMULATIONS)
def start_simulation(request: pytest.FixtureRequest) -> Iterator[Callable[..., Simulation]]:
    """Start a simulator with the given settings: in the process, as a server, on DynamoDB Local."""
    on_local = request.param.endswith("dynamodb-local")
    url = request.getfixturevalue("dynamodb_local") if on_local else None
    running = []

    def start(**settings: Any) -> Simulation:
        simulator = simulation(request.param, url, **settings)
        simulator.start()
        running.append(simulator)
        return simulator

    yield start
    for simulator in running:
        simulator.stop()


@pytest.fixture(params=["moto", "simulator", "dynamodb-local", "simulator-on-dynamodb-local"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """An endpoint without tables."""
    with ExitStack() as stack:
        if request.param == "moto":
            found = stack.enter_context(backends.moto())
        elif request.param == "simulator":
            found = stack.enter_context(backends.simulator())
        else:
            found = backends.local(request.getfixturevalue("dynamodb_local"))
            if request.param != found.name:
                found = stack.enter_context(backends.simulator_over(found))
        stack.enter_context(fresh_start())  # no look at a table goes where the endpoint was
        yield found


def new_client(server: ThrottlingServer, mode: str = "standard", **config: Any) -> Any:
    settings = Config(**{"retries": {"mode": mode}, "max_pool_connections": 32, **config})
    return boto3.client("dynamodb", endpoint_url=server.url, config=settings, **CREDENTIALS)


def create_orders(client: Any, units: int = 5) -> None:
    """A table and an index, each with so many read and write units."""
    throughput = {"ReadCapacityUnits": units, "WriteCapacityUnits": units}
    client.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "customer", "AttributeType": "S"},
        ],
        ProvisionedThroughput=throughput,
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-customer",
                "KeySchema": [{"AttributeName": "customer", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
                "ProvisionedThroughput": throughput,
            }
        ],
    )


def order(number: int) -> dict[str, Any]:
    return {"id": {"S": f"order-{number}"}, "customer": {"S": f"customer-{number % 7}"}}


def in_threads(count: int, work: Callable[[int], Any], threads: int = 16) -> list[BaseException]:
    """``work(0)`` to ``work(count - 1)``; what they raised."""

    def one(number: int) -> BaseException | None:
        try:
            work(number)
        except Exception as error:
            return error
        return None

    with ThreadPoolExecutor(threads) as pool:
        return [error for error in pool.map(one, range(count)) if error is not None]
