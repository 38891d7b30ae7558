"""OpenTelemetry's botocore instrumentation: it wraps the method that makes a call, on the class."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from opentelemetry.instrumentation.botocore import BotocoreInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from dynoresilience import ScalingClient, ScalingConfig, attach
from dynoresilience.testing import SimulatorServer
from tests.functional.other_clients.conftest import AT_CAP, CAP, STORM, SURVIVOR, raises

Instrument = Callable[[], InMemorySpanExporter]


@pytest.fixture
def instrument() -> Iterator[Instrument]:
    """Instrument botocore, and get what keeps its spans."""
    instrumentor = BotocoreInstrumentor()
    running = []

    def start() -> InMemorySpanExporter:
        spans = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(spans))
        instrumentor.instrument(tracer_provider=provider)
        running.append(provider)
        return spans

    yield start
    instrumentor.uninstrument()
    for provider in running:
        provider.shutdown()


def instrumented_first(instrument: Instrument, config: ScalingConfig) -> Any:
    spans = instrument()
    return attach(boto3.client("dynamodb"), config=config), spans


def attached_first(instrument: Instrument, config: ScalingConfig) -> Any:
    client = attach(boto3.client("dynamodb"), config=config)
    return client, instrument()


ORDERS = [instrumented_first, attached_first]
Order = Callable[[Instrument, ScalingConfig], Any]


@pytest.mark.parametrize("order", ORDERS)
def test_one_span_for_each_call_and_the_storm_is_survived(
    server: SimulatorServer, instrument: Instrument, order: Order
) -> None:
    client, spans = order(instrument, SURVIVOR)
    server.throttle_next("PutItem", STORM)

    for number in range(2):
        client.put_item(TableName="orders", Item={"id": {"S": str(number)}})
    ScalingClient(client).scale_down_now()

    assert server.calls["PutItem"] == STORM + 2
    assert raises(server) == [(5, CAP), (5, 5)]
    first, second = spans.get_finished_spans()
    assert first.name == second.name == "DynamoDB.PutItem"
    assert first.attributes["aws.request_id"] != second.attributes["aws.request_id"]
    assert (first.attributes["retry_attempts"], second.attributes["retry_attempts"]) == (STORM, 0)
    assert first.status.status_code is StatusCode.UNSET


@pytest.mark.parametrize("order", ORDERS)
def test_a_call_that_ends_in_an_exception_has_a_span_that_says_so(
    server: SimulatorServer, instrument: Instrument, order: Order
) -> None:
    client, spans = order(instrument, AT_CAP)
    server.throttle_next("PutItem", 100)

    with pytest.raises(ClientError):
        client.put_item(TableName="orders", Item={"id": {"S": "1"}})

    assert server.calls["PutItem"] == AT_CAP.max_retries + 1
    [span] = spans.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes["retry_attempts"] == AT_CAP.max_retries
