"""One suite, whatever DynamoDB endpoint the program talks to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from dynoresilience import ScalingClient, ScalingConfig, stand_in
from tests.functional.conftest import create_orders
from tests.support.backends import Backend

PATIENT = ScalingConfig(
    max_read_capacity=200,
    max_write_capacity=200,
    initial_retry_delay=20,
    max_retry_delay=20,
    scale_down_delay=3600,
)
"""A throttled call hardly ever goes on before the raise is in force, and is woken then."""


def wait_until_nothing_is_watched() -> None:
    """Until each change of capacity is in force, and those who wait for it have been told."""
    instead = stand_in.current()
    assert instead is not None, "this is for tests within fresh_start()"
    deadline = time.monotonic() + 20
    shelves = tuple(instead.runtime._shelves.values())
    while any(record.change_since is not None for shelf in shelves for record in shelf.book._all):
        assert time.monotonic() < deadline, "a change of capacity is still under way"
        time.sleep(0.01)


@pytest.fixture
def plain(backend: Backend) -> Any:
    """A client of boto3's own; there is a table "orders" with its index, 5 units each."""
    client = backend.client()
    create_orders(client)
    return client


@pytest.fixture
def ddb(plain: Any, backend: Backend) -> Iterator[ScalingClient]:
    """A client of ours for the same tables."""
    with ScalingClient(backend.client(), config=PATIENT) as client:
        yield client
        client.scale_down_now()
