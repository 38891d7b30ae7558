"""The private names of botocore that we rely on are there, in this botocore."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
import wrapt
from botocore.client import BaseClient
from botocore.config import Config

from dynoresilience.aws import botocore_private as private

CREDENTIALS = {
    "region_name": "us-east-1",
    "aws_access_key_id": "testing",
    "aws_secret_access_key": "testing",
}


def client(mode: str) -> Any:
    config = Config(retries={"mode": mode}, read_timeout=77)  # type: ignore[typeddict-item]
    return boto3.client("dynamodb", config=config, **CREDENTIALS)


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_the_retry_handler_is_found_and_can_be_put_back(mode: str) -> None:
    events = client(mode).meta.events
    found = private.retry_handler(events)

    assert callable(found)
    private.forget_retry_handler(events)
    assert private.retry_handler(events) is None
    private.restore_retry_handler(events, found)
    assert private.retry_handler(events) is found


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_the_rate_limiter_is_that_of_the_adaptive_mode(mode: str) -> None:
    limiter = private.rate_limiter(client(mode).meta.events)

    assert (limiter is not None) == (mode == "adaptive")
    if limiter is not None:
        assert callable(limiter.on_sending_request)
        assert callable(limiter.on_receiving_response)


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_the_control_planes_client_is_impatient_and_the_original_unchanged(mode: str) -> None:
    original = client(mode)
    twin = private.without_retries(original)

    assert private.retry_handler(twin.meta.events) is None
    assert private.rate_limiter(twin.meta.events) is None
    assert private.retry_handler(original.meta.events) is not None
    assert twin.meta.endpoint_url == original.meta.endpoint_url
    assert twin._request_signer is original._request_signer
    ours, theirs = twin._endpoint.http_session, original._endpoint.http_session
    assert ours is not theirs
    assert ours._manager.connection_pool_kw["timeout"].read_timeout == private.CONTROL_TIMEOUT
    assert theirs._manager.connection_pool_kw["timeout"].read_timeout == 77


def test_the_control_planes_client_goes_past_tracers_and_not_past_mocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = client("standard")
    twin = private.without_retries(original)

    def mocked(self: Any, operation: str, parameters: Any) -> tuple[str, Any]:
        return operation, self

    monkeypatch.setattr(BaseClient, "_make_api_call", mocked)
    assert twin.list_tables() == ("ListTables", twin)

    traced = []

    def tracer(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        traced.append(instance)
        return wrapped(*args, **kwargs)

    for _ in range(2):  # two tracers, one around the other
        wrapt.wrap_function_wrapper("botocore.client", "BaseClient._make_api_call", tracer)
    assert twin.list_tables() == ("ListTables", twin)
    assert original.list_tables() == ("ListTables", original)
    assert traced == [original, original]


def test_a_botocore_without_these_names_is_left_as_it_is() -> None:
    class Bare:
        """An event system of a later botocore."""

    class Session:
        """An HTTP session of a later botocore."""

    bare = Bare()
    session = Session()

    assert private.retry_handler(bare) is None
    assert private.rate_limiter(bare) is None
    assert private._impatient(session) is session


def test_a_client_of_the_resource_layer_speaks_python() -> None:
    resource: Any = boto3.resource("dynamodb", **CREDENTIALS)

    assert private.speaks_python(resource.meta.client)
    assert private.speaks_python(resource.Table("orders").meta.client)
    assert not private.speaks_python(client("standard"))


def test_copies_of_a_client_have_one_origin() -> None:
    one, other = client("standard"), client("standard")

    assert private.original_of(private.without_retries(one)) is private.original_of(one)
    assert private.original_of(one) is not private.original_of(other)


def test_where_the_credentials_are_from(monkeypatch: pytest.MonkeyPatch) -> None:
    assert private.credentials_source(client("standard")) == "explicit"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    of_environment = boto3.Session().client("dynamodb", region_name="us-east-1")
    assert private.credentials_source(of_environment) == "env"
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    without = boto3.Session().client("dynamodb", region_name="us-east-1")
    assert private.credentials_source(without) is None
