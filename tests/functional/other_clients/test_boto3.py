"""boto3 itself: its clients, resources and Tables, each way of making them resilient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from dynoresilience import NotAttachableError, ScalingConfig, attach, install
from dynoresilience.aws.every_session import hooks_for_new_sessions
from dynoresilience.testing import SimulatorServer, virtual_time
from tests.functional.conftest import in_threads
from tests.functional.other_clients.conftest import (
    AT_CAP,
    CAP,
    STORM,
    SURVIVOR,
    raises,
    written_to,
)

Put = Callable[[int], Any]


def on_a_client(client: Any) -> Put:
    return lambda n: client.put_item(TableName="orders", Item={"id": {"S": str(n)}})


def on_a_table(resource: Any) -> Put:
    table = resource.Table("orders")
    return lambda n: table.put_item(Item={"id": str(n)})


def attached_client(config: ScalingConfig) -> Put:
    return on_a_client(attach(boto3.client("dynamodb"), config=config))


def attached_resource(config: ScalingConfig) -> Put:
    return on_a_table(attach(boto3.resource("dynamodb"), config=config))


def installed_session(config: ScalingConfig) -> Put:
    return on_a_table(install(boto3.Session(), config=config).resource("dynamodb"))


def every_session(config: ScalingConfig) -> Put:
    install(config=config)
    return on_a_client(boto3.Session().client("dynamodb"))


def default_session_afterwards(config: ScalingConfig) -> Put:
    install(config=config)
    return on_a_table(boto3.resource("dynamodb"))


def default_session_before(config: ScalingConfig) -> Put:
    boto3.setup_default_session()
    install(config=config)
    return on_a_client(boto3.client("dynamodb"))


WAYS = [
    attached_client,
    attached_resource,
    installed_session,
    every_session,
    default_session_afterwards,
    default_session_before,
]


def test_without_the_library_the_write_fails(server: SimulatorServer) -> None:
    server.throttle_next("PutItem", STORM)

    with virtual_time(), pytest.raises(ClientError, match="ProvisionedThroughputExceeded"):
        on_a_client(boto3.client("dynamodb"))(1)

    assert server.calls["PutItem"] in (4, 10), "botocore's standard mode, or its legacy mode"
    assert written_to(server) == []


@pytest.mark.parametrize("way", WAYS)
def test_a_storm_is_survived_and_raises_capacity_once(
    server: SimulatorServer, way: Callable[[ScalingConfig], Put]
) -> None:
    put = way(SURVIVOR)
    server.throttle_next("PutItem", STORM)

    put(1)

    assert server.calls["PutItem"] == STORM + 1
    assert raises(server) == [(5, CAP)]
    assert written_to(server) == ["1"]


@pytest.mark.parametrize("way", WAYS)
def test_a_table_too_small_for_many_threads(
    server: SimulatorServer, way: Callable[[ScalingConfig], Put]
) -> None:
    assert in_threads(100, way(SURVIVOR), threads=8) == []

    assert raises(server) == [(5, CAP)]
    assert len(written_to(server)) == 100


@pytest.mark.parametrize("way", WAYS)
def test_the_end_of_the_budget_is_boto3s_exception(
    server: SimulatorServer, way: Callable[[ScalingConfig], Put]
) -> None:
    put = way(AT_CAP)
    server.throttle_next("PutItem", 100)

    with pytest.raises(ClientError, match="ProvisionedThroughputExceeded") as caught:
        put(1)

    assert server.calls["PutItem"] == AT_CAP.max_retries + 1
    assert raises(server) == []
    assert caught.value.response["Dynoresilience"]["attempts"] == 4  # type: ignore[typeddict-item]


def test_of_two_installations_in_the_process_the_latest_holds(server: SimulatorServer) -> None:
    install(config=SURVIVOR)
    install(config=AT_CAP.replace(max_retries=1))
    server.throttle_next("PutItem", 100)

    with pytest.raises(ClientError):
        on_a_client(boto3.client("dynamodb"))(1)

    assert server.calls["PutItem"] == 2


def test_a_session_of_its_own_goes_before_the_process(server: SimulatorServer) -> None:
    install(config=SURVIVOR)
    session = install(boto3.Session(), config=AT_CAP.replace(max_retries=1))
    server.throttle_next("PutItem", 100)

    with pytest.raises(ClientError):
        on_a_client(session.client("dynamodb"))(1)

    assert server.calls["PutItem"] == 2


def test_taken_back_it_leaves_later_sessions_alone(server: SimulatorServer) -> None:
    install(config=SURVIVOR)
    hooks_for_new_sessions(None)

    assert "_dynoresilience" not in vars(boto3.client("dynamodb"))
    assert "_dynoresilience" not in vars(boto3.client("sts"))


def test_the_control_plane_has_no_hooks_of_ours(server: SimulatorServer) -> None:
    """A client of every session is attached, and the library's own must not be."""
    install(config=SURVIVOR)
    put = on_a_client(boto3.client("dynamodb"))
    server.throttle_next("PutItem", 1)
    server.fail_next("UpdateTable", 1, "LimitExceededException", "The rate is too high", status=400)

    put(1)

    assert server.calls["UpdateTable"] == 1
    assert server.updates == ()


def test_an_asynchronous_client_is_refused(server: SimulatorServer) -> None:
    session = boto3.Session()

    class AsynchronousBase:
        async def _make_api_call(self, operation_name: str, api_params: Any) -> None: ...

    def add_base(base_classes: list[type], **_: Any) -> None:
        base_classes.insert(0, AsynchronousBase)

    session.events.register("creating-client-class.dynamodb", add_base)
    client = session.client("dynamodb")

    with pytest.raises(NotAttachableError, match="decorate your functions with"):
        attach(client)


def test_asynchronous_clients_are_left_as_they_are(server: SimulatorServer) -> None:
    """aiobotocore's: waiting within their calls would hold up the loop of everybody else."""

    class AsynchronousBase:
        async def _make_api_call(self, operation_name: str, api_params: Any) -> None: ...

    session = boto3.Session()
    install(session, config=SURVIVOR)
    for kind, attached in ((AsynchronousBase, False), (object, True)):
        bases: list[type] = [kind]
        session.events.emit(
            "creating-client-class.dynamodb", base_classes=bases, class_attributes={}
        )
        assert (len(bases) == 2) is attached
