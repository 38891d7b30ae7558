"""One suite, whatever DynamoDB endpoint the program talks to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from dynoresilience import ScalingClient, ScalingConfig
from tests.functional.conftest import create_orders
from tests.support import backends
from tests.support.backends import Backend


@pytest.fixture(params=["moto", "dynamodb-local"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """An endpoint without tables."""
    with ExitStack() as stack:
        if request.param == "moto":
            yield stack.enter_context(backends.moto())
        else:
            yield backends.local(request.getfixturevalue("dynamodb_local"))


@pytest.fixture
def plain(backend: Backend) -> Any:
    """A client of boto3's own; there is a table "orders" with its index, 5 units each."""
    client = backend.client()
    create_orders(client)
    return client


@pytest.fixture
def ddb(plain: Any, backend: Backend) -> Iterator[ScalingClient]:
    """A client of ours for the same tables. Its backoff is short; nothing is lowered by itself."""
    config = ScalingConfig(
        max_read_capacity=200,
        max_write_capacity=200,
        initial_retry_delay=0.01,
        scale_down_delay=3600,
    )
    with ScalingClient(backend.client(), config=config) as client:
        yield client
        client.scale_down_now()
