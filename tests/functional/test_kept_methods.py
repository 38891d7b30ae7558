"""The methods of a `ScalingClient`: boto3's own, kept at hand after the first call."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import MethodType
from typing import Any
from unittest.mock import Mock, create_autospec, patch

import pytest
from botocore.stub import Stubber

from dynoresilience import ClientClosedError, ScalingClient, ScalingConfig
from dynoresilience.testing import SimulatedDynamoDB
from tests.functional.conftest import order


@pytest.fixture
def client() -> Iterator[Any]:
    with SimulatedDynamoDB() as simulator:
        simulator.create_table("orders")
        yield simulator.client()


@pytest.fixture
def ddb(client: Any) -> ScalingClient:
    return ScalingClient(client, config=ScalingConfig())


def put(ddb: Any) -> Any:
    return ddb.put_item(TableName="orders", Item=order(1))


def test_a_method_is_found_without_a_detour_from_the_second_call_on(ddb: ScalingClient) -> None:
    put(ddb)
    with patch.object(ScalingClient, "__getattr__", side_effect=AssertionError):
        put(ddb)
        assert "put_item" in dir(ddb)


def test_a_method_tells_what_boto3s_tells(ddb: ScalingClient, client: Any) -> None:
    for method, original in (
        (ddb.put_item, client.put_item),
        (ddb.get_paginator, client.get_paginator),
    ):
        assert isinstance(method, MethodType)
        assert method.__name__ == original.__name__
        assert method.__doc__ is original.__doc__
        assert inspect.signature(method) == inspect.signature(original)
    assert ddb.put_item == ddb.put_item


@pytest.mark.parametrize("used_before", [False, True])
def test_what_a_test_puts_in_the_place_of_the_clients_method_is_called(
    ddb: ScalingClient, client: Any, used_before: bool
) -> None:
    if used_before:
        put(ddb)
    with patch.object(client, "put_item", return_value="patched") as mock:
        assert put(ddb) == "patched"
    mock.assert_called_once_with(TableName="orders", Item=order(1))
    with patch.object(type(client), "put_item", return_value="patched", create=True):
        assert put(ddb) == "patched"
    ddb._client.put_item = Mock(return_value="set")
    assert put(ddb) == "set"
    del ddb._client.put_item
    assert put(ddb)["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize("used_before", [False, True])
def test_what_a_test_puts_in_the_place_of_ours_is_called(
    ddb: ScalingClient, used_before: bool
) -> None:
    if used_before:
        put(ddb)
    with patch.object(ddb, "put_item", return_value="patched"):
        assert put(ddb) == "patched"
    assert put(ddb)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert create_autospec(ddb).put_item(TableName="orders") is not None


def test_a_stubber_is_heard_after_the_first_call(ddb: ScalingClient) -> None:
    put(ddb)
    with Stubber(ddb) as stubber:
        stubber.add_response("put_item", {"Attributes": {"stubbed": {"BOOL": True}}})
        assert put(ddb)["Attributes"] == {"stubbed": {"BOOL": True}}


def test_a_subclass_has_its_own_methods(client: Any) -> None:
    class Counted(ScalingClient):
        puts = 0

        def put_item(self, **request: Any) -> Any:
            self.puts += 1
            return self._client.put_item(**request)

    ddb = Counted(client, config=ScalingConfig())
    put(ddb)
    put(ddb)
    assert ddb.puts == 2


def test_closed_is_closed_for_methods_that_were_used_or_are_held(
    ddb: ScalingClient, client: Any
) -> None:
    put(ddb)
    held, pages = ddb.put_item, ddb.get_paginator
    ddb.close()

    for use in (held, pages, lambda: put(ddb), lambda: ddb.get_paginator("scan")):
        with pytest.raises(ClientClosedError, match="this ScalingClient is closed"):
            use()
    assert put(client)["ResponseMetadata"]["HTTPStatusCode"] == 200
