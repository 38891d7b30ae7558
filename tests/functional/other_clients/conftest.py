"""A throttling server that every library finds by the environment, and what was done to it."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest

from dynoresilience import ScalingConfig
from dynoresilience.aws.every_session import hooks_for_new_sessions
from dynoresilience.testing import SimulatorServer, fresh_start

CAP = 2000
STORM = 12
"""Throttles in a row: more than the ten attempts of botocore's most patient mode."""
SURVIVOR = ScalingConfig(
    policy="geometric",
    max_read_capacity=CAP,
    max_write_capacity=CAP,
    scale_up_factor=CAP,
    max_retries=STORM + 3,
    initial_retry_delay=0.01,
    max_retry_delay=0.2,
)
"""One raise leads to the cap, so there is one UpdateTable, however long the storm lasts."""
AT_CAP = SURVIVOR.replace(max_read_capacity=5, max_write_capacity=5, max_retries=3)
"""Nothing can be raised: every attempt counts, and the call ends after the fourth."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatorServer]:
    """A table ``orders`` with 5 units, and ``wide`` with 1,000; a change takes 0.1 s."""
    with SimulatorServer(update_seconds=0.1, burst_seconds=1) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", server.url)
        monkeypatch.setenv("AWS_DEFAULT_REGION", server.region)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        server.create_table("orders")
        server.create_table("wide", read=1000, write=1000)
        with fresh_start():
            yield server
        hooks_for_new_sessions(None)


def written_to(server: SimulatorServer, table: str = "orders") -> list[str]:
    """The ids that are in a table."""
    pages = server.client().get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return sorted(item["id"]["S"] for page in pages for item in page["Items"])


def raises(server: SimulatorServer) -> list[tuple[int, int]]:
    """The read and write units that each UpdateTable asked for."""
    asked = [(update.after[None].read, update.after[None].write) for update in server.updates]
    assert server.calls["UpdateTable"] == len(asked)
    return asked
