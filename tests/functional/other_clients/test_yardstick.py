"""On the independent server, short of capacity for real, with one `install()`.

Not Powertools: that server does not know the condition of its writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from dynoresilience import install
from dynoresilience.aws.every_session import hooks_for_new_sessions
from dynoresilience.testing import fresh_start
from tests.functional.conftest import create_orders, in_threads, new_client
from tests.functional.other_clients import test_dyntastic, test_pynamodb
from tests.functional.other_clients.conftest import CAP, SURVIVOR
from tests.support.throttling_server import ThrottlingServer


@pytest.fixture
def yardstick(
    start: Callable[..., ThrottlingServer], monkeypatch: pytest.MonkeyPatch
) -> Iterator[ThrottlingServer]:
    """A table ``orders`` with 5 units."""
    server = start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", server.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    create_orders(new_client(server))
    with fresh_start():
        yield server
    hooks_for_new_sessions(None)


def pynamodb() -> Callable[[int], Any]:
    order = test_pynamodb.model()
    return lambda number: order(str(number)).save()


def dyntastic() -> Callable[[int], Any]:
    order = test_dyntastic.model()
    order.safe_get("none")  # its resource is made here, before the threads
    return lambda number: order(id=str(number)).save()


@pytest.mark.parametrize("library", [pynamodb, dyntastic])
def test_a_table_too_small_for_many_threads(
    yardstick: ThrottlingServer, library: Callable[[], Callable[[int], Any]]
) -> None:
    install(config=SURVIVOR)

    assert in_threads(200, library(), threads=8) == []

    assert len(yardstick.items("orders")) == 200
    assert yardstick.throttles["orders", "write"] > 0
    assert [update["after"][None] for update in yardstick.updates] == [(5, CAP)]
