"""The end of the budget is boto3's own exception; it tells how the call fared, in words too."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import boto3
import pytest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError

from dynoresilience import ScalingClient, ScalingConfig, attach, install, with_throughput_scaling
from dynoresilience.attachment import detach_from
from dynoresilience.testing import SimulatedDynamoDB, VirtualClock, virtual_time

ORDER = {"id": {"S": "secret-1"}}
CONFIG = ScalingConfig(max_write_capacity=10)
ONCE = Config(retries={"total_max_attempts": 1})
REACHED_CAP = "; raised orders write 5 -> 10; not raised further: at cap"
MAKE_API_CALL = "botocore.client.BaseClient._make_api_call"

has_notes = pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have no notes")


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    with virtual_time() as clock:
        yield clock


@pytest.fixture
def simulator(clock: VirtualClock) -> Iterator[SimulatedDynamoDB]:
    with SimulatedDynamoDB(clock=clock, update_seconds=0.1) as simulator:
        simulator.create_table("orders")
        simulator.throttle_next("PutItem", 1000)
        yield simulator


def put(client: Any) -> Any:
    return client.put_item(TableName="orders", Item=ORDER)


def put_python(table: Any) -> Any:
    return table.put_item(Item={"id": "secret-1"})


def raised(work: Callable[[], Any]) -> Any:
    with pytest.raises(ClientError) as caught:
        work()
    return caught.value


def notes(error: Any) -> list[str]:
    return list(getattr(error, "__notes__", ()))


def session() -> boto3.Session:
    return boto3.Session("testing", "testing", region_name="us-east-1")


def scaling_client(simulator: SimulatedDynamoDB) -> Callable[[], Any]:
    ddb = ScalingClient(simulator.client(), config=CONFIG)
    return lambda: put(ddb)


def its_table(simulator: SimulatedDynamoDB) -> Callable[[], Any]:
    table = ScalingClient(simulator.client(), config=CONFIG).table("orders")
    return lambda: put_python(table)


def attached_resource(simulator: SimulatedDynamoDB) -> Callable[[], Any]:
    table = attach(simulator.resource(), config=CONFIG).Table("orders")
    return lambda: put_python(table)


def installed_session(simulator: SimulatedDynamoDB) -> Callable[[], Any]:
    client = install(session(), config=CONFIG).client("dynamodb")
    return lambda: put(client)


def executed(simulator: SimulatedDynamoDB) -> Callable[[], Any]:
    ddb = ScalingClient(simulator.client(), config=CONFIG)
    return lambda: ddb.execute(put, simulator.client(config=ONCE))


def decorated(simulator: SimulatedDynamoDB) -> Callable[[], Any]:
    plain = simulator.client(config=ONCE)
    return with_throughput_scaling(client=plain, config=CONFIG)(lambda: put(plain))


def both(simulator: SimulatedDynamoDB) -> Callable[[], Any]:
    """An attached client in a decorated function in `execute`: three that could tell."""
    ddb = ScalingClient(simulator.client(), config=CONFIG)
    save = with_throughput_scaling(client=ddb, config=CONFIG)(lambda: put(ddb))
    return lambda: ddb.execute(save)


@has_notes
@pytest.mark.parametrize(
    "way",
    [
        scaling_client,
        its_table,
        attached_resource,
        installed_session,
        executed,
        decorated,
        both,
    ],
)
def test_the_exception_has_one_note_of_how_the_call_fared(
    simulator: SimulatedDynamoDB, way: Callable[[SimulatedDynamoDB], Callable[[], Any]]
) -> None:
    error = raised(way(simulator))

    told = error.response["Dynoresilience"]
    assert type(error).__name__ == "ProvisionedThroughputExceededException"
    [note] = notes(error)
    assert note.startswith(f"dynoresilience: gave up after {told['attempts']} attempts in ")
    assert note.endswith(f" (retries used up){REACHED_CAP}")
    assert "secret" not in note


@has_notes
def test_a_coroutine_function_too(simulator: SimulatedDynamoDB) -> None:
    plain = simulator.client(config=ONCE)
    quick = ScalingConfig(max_retries=0, scaling_enabled=False)

    @with_throughput_scaling(client=plain, config=quick)
    async def save() -> None:
        put(plain)

    [note] = notes(raised(lambda: asyncio.run(save())))
    assert "1 attempt " in note
    assert note.endswith("not raised: disabled")


@has_notes
def test_pynamodb_shows_it_in_the_cause(
    simulator: SimulatedDynamoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pynamodb.attributes import UnicodeAttribute
    from pynamodb.exceptions import PutError
    from pynamodb.models import Model

    class Order(Model):
        class Meta:
            table_name = "orders"
            region = "us-east-1"
            aws_access_key_id = "testing"
            aws_secret_access_key = "testing"

        id = UnicodeAttribute(hash_key=True)

    attach(Order._get_connection().connection.client, config=CONFIG)

    with pytest.raises(PutError) as caught:
        Order("secret-1").save()

    [note] = notes(caught.value.cause.__cause__)  # botocore's own, which PynamoDB retells
    assert note.endswith(REACHED_CAP)
    attempts = simulator.calls["PutItem"]
    with pytest.raises(PutError):
        with_throughput_scaling(client=simulator.client(), config=CONFIG)(Order("2").save)()
    assert simulator.calls["PutItem"] - attempts == CONFIG.max_retries + 1, "nobody multiplies"


@has_notes
def test_a_budget_that_ends_in_an_error_of_another_kind(simulator: SimulatedDynamoDB) -> None:
    simulator.clear_faults()
    simulator.throttle_next("PutItem", 2)
    simulator.fail_next("PutItem", 100)
    config = ScalingConfig(max_retries=3, scaling_enabled=False)
    ddb = ScalingClient(simulator.client(), config=config)

    error = raised(lambda: put(ddb))

    assert error.response["Error"]["Code"] == "InternalServerError"
    assert error.response["Dynoresilience"]["attempts"] == simulator.calls["PutItem"] == 4
    [note] = notes(error)
    assert "gave up after 4 attempts" in note
    assert note.endswith("(retries used up); not raised: disabled")


def test_a_last_attempt_that_is_refused_for_itself_did_not_give_up(
    simulator: SimulatedDynamoDB,
) -> None:
    simulator.clear_faults()
    simulator.throttle_next("PutItem", 3)
    config = ScalingConfig(max_retries=3, scaling_enabled=False)
    ddb = ScalingClient(simulator.client(), config=config)

    error = raised(
        lambda: ddb.put_item(
            TableName="orders", Item=ORDER, ConditionExpression="attribute_exists(id)"
        )
    )

    assert error.response["Error"]["Code"] == "ConditionalCheckFailedException"
    assert simulator.calls["PutItem"] == 4
    assert "Dynoresilience" not in error.response
    assert notes(error) == []


def test_other_exceptions_have_none(simulator: SimulatedDynamoDB) -> None:
    ddb = ScalingClient(simulator.client(), config=CONFIG)

    for work in (
        lambda: ddb.get_item(TableName="nothing", Key=ORDER),
        lambda: put(simulator.client(config=ONCE)),
    ):
        assert notes(raised(work)) == []


def test_the_client_is_of_its_own_class_and_again_what_it_was(
    simulator: SimulatedDynamoDB,
) -> None:
    client = simulator.client(config=ONCE)
    before, attributes = type(client), set(client.__dict__)

    attach(client, config=CONFIG)
    assert isinstance(client, before)
    assert (type(client).__name__, type(client).__module__) == ("DynamoDB", before.__module__)
    assert (type(client) is before) == (sys.version_info < (3, 11))
    detach_from(client)

    assert type(client) is before
    assert set(client.__dict__) == attributes
    assert notes(raised(lambda: put(client))) == []


def test_a_patch_of_botocores_class_holds_for_an_attached_client(
    simulator: SimulatedDynamoDB,
) -> None:
    """A function and mocks in its place, as tests have it."""
    client = attach(simulator.client(), config=CONFIG)

    def answer(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        return {"is": self, "did": operation}

    with mock.patch(MAKE_API_CALL, answer):
        assert put(client) == {"is": client, "did": "PutItem"}
    with mock.patch(MAKE_API_CALL, autospec=True, return_value={}) as spied:
        assert put(client) == {}
        spied.assert_called_once_with(client, "PutItem", {"TableName": "orders", "Item": ORDER})
    with mock.patch(MAKE_API_CALL, return_value={}) as spied:
        assert put(client) == {}
        spied.assert_called_once_with("PutItem", {"TableName": "orders", "Item": ORDER})
    with mock.patch.object(client, "_make_api_call", return_value={}) as spied:
        assert put(client) == {}
        spied.assert_called_once_with("PutItem", {"TableName": "orders", "Item": ORDER})


@pytest.mark.parametrize("first", ["attached", "wrapped"])
def test_a_wrapper_around_botocores_method_sees_each_call_once(
    simulator: SimulatedDynamoDB, first: str
) -> None:
    """As tracing tools have it, before or after the client was attached."""
    client = simulator.client()
    if first == "attached":
        attach(client, config=CONFIG)
    original, seen = BaseClient._make_api_call, []

    @functools.wraps(original)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append((self is client, args[0]))
        return original(self, *args, **kwargs)

    with mock.patch(MAKE_API_CALL, wrapper):
        attach(client, config=CONFIG)
        error = raised(lambda: put(client))

    assert [operation for ours, operation in seen if ours] == ["PutItem"]
    assert len(notes(error)) == (sys.version_info >= (3, 11))


def test_a_botocore_whose_method_takes_something_else_is_left_alone(
    simulator: SimulatedDynamoDB,
) -> None:
    def later(self: Any, operation: str, parameters: Any, more: Any = None) -> Any:
        return more

    client = simulator.client()
    with mock.patch(MAKE_API_CALL, later):
        attach(client, config=CONFIG)
        assert client._make_api_call("PutItem", {}, 3) == 3


def test_a_copy_of_an_attached_client_calls_itself(simulator: SimulatedDynamoDB) -> None:
    from dynoresilience.aws import botocore_private as private

    client = attach(simulator.client(), config=CONFIG)
    twins = [private.with_events(client, private.events_copy(client))]
    twins.append(private.without_retries(client))

    def answer(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        return self

    with mock.patch(MAKE_API_CALL, answer):
        assert all(put(twin) is twin for twin in twins)


@pytest.mark.parametrize("response", [{"Dynoresilience": "of someone else"}, object(), None])
def test_a_fault_of_ours_leaves_the_exception_alone(
    simulator: SimulatedDynamoDB, response: Any, caplog: pytest.LogCaptureFixture
) -> None:
    client = attach(simulator.client(), config=CONFIG)
    own = RuntimeError("own")
    own.response = response  # type: ignore[attr-defined]

    with mock.patch(MAKE_API_CALL, side_effect=own), pytest.raises(RuntimeError) as caught:
        put(client)

    assert caught.value is own
    assert notes(own) == []
