"""A simulator in virtual time, on each of its faces."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from dynoresilience.testing import VirtualClock
from dynoresilience.testing.simulation import Simulation

Start = Callable[..., Simulation]

UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
ATTRIBUTES = [
    {"AttributeName": "id", "AttributeType": "S"},
    {"AttributeName": "day", "AttributeType": "S"},
]
BY_DAY = {
    "IndexName": "by-day",
    "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}
ADD = {"AttributeDefinitions": ATTRIBUTES, "GlobalSecondaryIndexUpdates": [{"Create": BY_DAY}]}
REMOVE = {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by-day"}}]}
STREAM = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}

NOT_ON_DYNAMODB_LOCAL = pytest.mark.parametrize(
    "start_simulation", ["in-process", "server"], indirect=True
)


class Orders:
    """A client that tries once, and its table "orders", on demand unless it is told else."""

    def __init__(self, simulator: Simulation, **request: Any) -> None:
        self.simulator = simulator
        self.client = simulator.client(config=Config(retries={"total_max_attempts": 1}))
        with_index = "GlobalSecondaryIndexes" in request
        if "ProvisionedThroughput" not in request:
            request = {"BillingMode": "PAY_PER_REQUEST", **request}
        self.client.create_table(
            **{
                "TableName": "orders",
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": ATTRIBUTES if with_index else ATTRIBUTES[:1],
                **request,
            }
        )

    @property
    def described(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.describe_table(TableName="orders")["Table"]
        return found

    @property
    def index(self) -> dict[str, Any]:
        """The one index."""
        (found,) = self.described["GlobalSecondaryIndexes"]
        return dict(found)

    def update(self, **change: Any) -> dict[str, Any]:
        answer = self.client.update_table(TableName="orders", **change)
        found: dict[str, Any] = answer["TableDescription"]
        return found

    def refused(self, **change: Any) -> str:
        """How an UpdateTable is refused: "Code: message"."""
        return refusal(self.update, **change)


def refusal(call: Callable[..., Any], **request: Any) -> str:
    """How a call is refused: "Code: message"."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def start(start_simulation: Start, clock: VirtualClock) -> Start:
    """Start the one simulator of a test, with these settings."""
    return partial(start_simulation, clock=clock)
