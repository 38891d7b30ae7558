"""A table on every kind of endpoint, and every kind of object that a program has of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from dynoresilience import ScalingClient
from dynoresilience.testing import fresh_start
from tests.support import backends
from tests.support.backends import Backend

HASH, RANGE = "size.of", "date"
"""A name with a dot, and a reserved word."""


@pytest.fixture(params=["moto", "simulator", "dynamodb-local", "simulator-on-dynamodb-local"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """An endpoint with the table "orders": a string and a number are its key."""
    with ExitStack() as stack:
        if request.param == "moto":
            found = stack.enter_context(backends.moto())
        elif request.param == "simulator":
            found = stack.enter_context(backends.simulator())
        else:
            found = backends.local(request.getfixturevalue("dynamodb_local"))
            if request.param != found.name:
                found = stack.enter_context(backends.simulator_over(found))
        stack.enter_context(fresh_start())
        create(found.client(), "orders", HASH, RANGE)
        yield found


def create(client: Any, name: str, hash_key: str, range_key: str | None = None) -> None:
    """A table on demand; its hash key is a string, its range key a number."""
    keys = [(hash_key, "HASH", "S")] + ([(range_key, "RANGE", "N")] if range_key else [])
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": role} for key, role, _ in keys],
        AttributeDefinitions=[
            {"AttributeName": key, "AttributeType": kind} for key, _, kind in keys
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})


@dataclass
class Face:
    """One way to a table. Items are given and compared in Python's types, whatever it takes."""

    target: Any
    options: dict[str, Any]
    wire: bool
    sent: list[str] = field(default_factory=list)
    """The requests that went out, in their order."""

    def takes(self, item: dict[str, Any]) -> dict[str, Any]:
        if not self.wire:
            return item
        return {name: TypeSerializer().serialize(value) for name, value in item.items()}

    def gave(self, item: dict[str, Any]) -> dict[str, Any]:
        if not self.wire:
            return item
        return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}


def plain_client(backend: Backend) -> tuple[Any, bool]:
    return backend.client(), True


def scaling_client(backend: Backend) -> tuple[Any, bool]:
    return ScalingClient(backend.client()), True


def table(backend: Backend) -> tuple[Any, bool]:
    return backend.resource().Table("orders"), False


def table_of_a_scaling_client(backend: Backend) -> tuple[Any, bool]:
    return ScalingClient(backend.client()).table("orders"), False


def client_of_a_resource(backend: Backend) -> tuple[Any, bool]:
    return backend.resource().meta.client, False


def resource(backend: Backend) -> tuple[Any, bool]:
    return backend.resource(), False


FACES: list[Callable[[Backend], tuple[Any, bool]]] = [
    plain_client,
    scaling_client,
    table,
    table_of_a_scaling_client,
    client_of_a_resource,
    resource,
]


@pytest.fixture(params=FACES, ids=lambda made: made.__name__)
def face(request: pytest.FixtureRequest, backend: Backend) -> Face:
    return new_face(request.param, backend)


def new_face(make: Callable[[Backend], tuple[Any, bool]], backend: Backend) -> Face:
    target, wire = make(backend)
    options = {} if hasattr(target, "table_name") else {"table_name": "orders"}
    made = Face(target, options, wire)
    client = getattr(target.meta, "client", target)
    client.meta.events.register(
        "before-call.dynamodb", lambda model, **_: made.sent.append(model.name)
    )
    return made


def order(number: int = 1, /, **more: Any) -> dict[str, Any]:
    return {HASH: "shoe", RANGE: Decimal(number), **more}
