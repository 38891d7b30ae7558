"""The endpoints that the functional tests run on, and what each of them can't do."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from dynoresilience.testing import SimulatedDynamoDB, SimulatorServer
from dynoresilience.testing.simulation import Simulation

REGION = "us-east-1"
_numbers = itertools.count(1)

TAGS = frozenset({"TagResource", "UntagResource", "ListTagsOfResource"})
RECOVERY = frozenset({"DescribeContinuousBackups", "UpdateContinuousBackups"})
BACKUPS = frozenset({"CreateBackup", "ListBackups"}) | RECOVERY
_PARTIQL = frozenset({} if find_spec("py_partiql_parser") else {"ExecuteStatement"})
"""moto needs this package for PartiQL; its extra "dynamodb" brings it."""


@dataclass(frozen=True)
class Backend:
    """An endpoint with no tables yet.

    Args:
        name: for messages.
        url: None is AWS's own address, which moto answers in the process.
        unsupported: operations that it refuses.
        access_key_id: DynamoDB Local keeps tables apart by it.
    """

    name: str
    url: str | None
    unsupported: frozenset[str]
    access_key_id: str

    def session(self) -> boto3.Session:
        return boto3.Session(self.access_key_id, "secret", region_name=REGION)

    def client(self, session: boto3.Session | None = None, **config: Any) -> Any:
        session = session or self.session()
        return session.client("dynamodb", endpoint_url=self.url, config=_config(config))

    def resource(self, session: boto3.Session | None = None, **config: Any) -> Any:
        session = session or self.session()
        return session.resource("dynamodb", endpoint_url=self.url, config=_config(config))


@contextmanager
def moto() -> Iterator[Backend]:
    """moto, in the process."""
    from moto import mock_aws

    with mock_aws():
        yield Backend("moto", None, _PARTIQL, _new_key())


@contextmanager
def simulator() -> Iterator[Backend]:
    """A simulator's server, with moto behind it."""
    with SimulatorServer(update_seconds=0.1, ttl_pause_seconds=0) as server:
        yield Backend("simulator", server.url, _PARTIQL, _new_key())


def local(url: str) -> Backend:
    """DynamoDB Local."""
    return Backend("dynamodb-local", url, TAGS | BACKUPS, _new_key())


@contextmanager
def simulator_over(behind: Backend) -> Iterator[Backend]:
    """A simulator's server in front of another endpoint.

    What that can't do it can't do either, but for point-in-time recovery.
    """
    assert behind.url is not None
    with SimulatorServer(behind.url, update_seconds=0.1, ttl_pause_seconds=0) as server:
        name = f"simulator-on-{behind.name}"
        yield replace(behind, name=name, url=server.url, unsupported=behind.unsupported - RECOVERY)


def simulation(kind: str, local_url: str | None, **settings: Any) -> Simulation:
    """A simulated DynamoDB that is not started yet: one of `SIMULATIONS`."""
    if kind == "in-process":
        return SimulatedDynamoDB(**settings)
    if kind == "server":
        return SimulatorServer(**settings)
    assert local_url is not None
    return _ServerApart(local_url, **settings)


SIMULATIONS = ("in-process", "server", "server-on-dynamodb-local")


class _ServerApart(SimulatorServer):
    """Its own clients have an access key id of their own, and so tables of their own."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._key = {"aws_access_key_id": _new_key(), "aws_secret_access_key": "secret"}

    def client(self, **options: Any) -> Any:
        return super().client(**{**self._key, **options})

    def resource(self, **options: Any) -> Any:
        return super().resource(**{**self._key, **options})


class ThrottleNext:
    """Answers the next attempts of an operation with a throttle, before they are sent.

    For endpoints that never throttle. Whatever else the client does reaches the endpoint.

    Args:
        client: whose attempts.
        operation: of DynamoDB.
        reasons: such as ``TableWriteProvisionedThroughputExceeded``, each with the ARN that was
            short; without any (or None) an answer of the old kind, which names none.
    """

    def __init__(
        self, client: Any, operation: str, times: int, *reasons: tuple[str, str] | None
    ) -> None:
        self.left = times
        self._body: dict[str, Any] = {
            "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
            "message": "The level of configured provisioned throughput for the table was exceeded.",
        }
        named = [{"reason": each[0], "resource": each[1]} for each in reasons if each is not None]
        if named:
            self._body["ThrottlingReasons"] = named
        client.meta.events.register_first(f"before-send.dynamodb.{operation}", self._answer)

    def _answer(self, request: Any, **_: Any) -> AWSResponse | None:
        if self.left <= 0:
            return None
        self.left -= 1
        headers: Any = {"content-type": "application/x-amz-json-1.0"}
        return AWSResponse(request.url, 400, headers, _Body(json.dumps(self._body).encode()))


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._content


def _new_key() -> str:
    """Letters and digits only, and no other test's."""
    return f"TEST{next(_numbers):08}"


def _config(settings: dict[str, Any]) -> Config:
    return Config(**{"max_pool_connections": 32, **settings})
