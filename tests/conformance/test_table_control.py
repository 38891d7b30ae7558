"""One suite for every `TableControl`: in memory, on the throttling server, on simulators."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import boto3
import pytest

from dynoresilience.aws.botocore_private import without_retries
from dynoresilience.aws.table_control import BotoTableControl
from dynoresilience.model import CapacityUpdate, Change, Dimension, Resource, Units
from dynoresilience.ports import (
    DecreaseRefused,
    ServiceLimit,
    TableBusy,
    TableControl,
    TableNotFound,
)
from dynoresilience.testing import VirtualClock
from tests.functional.conftest import CREDENTIALS, create_orders
from tests.support.backends import SIMULATIONS, simulation
from tests.support.fake_control import FakeControl
from tests.support.throttling_server import ThrottlingServer

SECONDS = 5.0


class Subject:
    """A control plane with a table ``orders`` (5/5) and its index, and a way to let time pass.

    Beside it ``free``, on-demand with a maximum of 20/20, of its index 30/30, where there is such.
    """

    def __init__(self, control: TableControl, advance: Callable[[float], None]) -> None:
        self.control = control
        self.advance = advance


def in_memory() -> Subject:
    clock = VirtualClock()
    control = FakeControl(clock, update_seconds=SECONDS)
    control.add("orders", by_customer=Units(5, 5))
    control.add("free", Units(20, 20), on_demand=True, by_customer=Units(30, 30))
    return Subject(control, clock.advance)


def on_the_server(stack: ExitStack) -> Subject:
    clock = VirtualClock()
    server = stack.enter_context(ThrottlingServer(update_seconds=SECONDS, clock=clock.now))
    client: Any = boto3.client("dynamodb", endpoint_url=server.url, **CREDENTIALS)
    create_orders(client)
    return Subject(BotoTableControl(without_retries(client)), clock.advance)


def on_a_simulator(stack: ExitStack, kind: str, local_url: str | None) -> Subject:
    clock = VirtualClock()
    simulator = simulation(kind, local_url, clock=clock, update_seconds=SECONDS)
    simulator.start()
    stack.callback(simulator.stop)
    simulator.create_table("orders", indexes={"by-customer": (5, 5)})
    client = simulator.client()
    simulator.create_table("free", on_demand=True, indexes={"by-customer": (5, 5)})
    index = {"IndexName": "by-customer", "OnDemandThroughput": maximum(30)}
    client.update_table(TableName="free", OnDemandThroughput=maximum(20))
    client.update_table(TableName="free", GlobalSecondaryIndexUpdates=[{"Update": index}])
    clock.advance(SECONDS)
    return Subject(BotoTableControl(without_retries(client)), clock.advance)


def maximum(units: int) -> dict[str, int]:
    return {"MaxReadRequestUnits": units, "MaxWriteRequestUnits": units}


@pytest.fixture(params=["in-memory", "throttling-server", *SIMULATIONS])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    kind = request.param
    with ExitStack() as stack:
        if kind == "in-memory":
            yield in_memory()
        elif kind == "throttling-server":
            yield on_the_server(stack)
        else:
            on_local = kind.endswith("dynamodb-local")
            url = request.getfixturevalue("dynamodb_local") if on_local else None
            yield on_a_simulator(stack, kind, url)


def ask(write: int, before: int, index: str | None = None) -> CapacityUpdate:
    change = Change(Resource("orders", index), Dimension.WRITE, before, write)
    return CapacityUpdate({index: Units(5, write)}, (change,))


def test_what_is_there(subject: Subject) -> None:
    state = subject.control.describe("orders")

    assert (state.name, state.on_demand, state.updating) == ("orders", False, False)
    assert state.arn.endswith(":table/orders")
    assert state.table.units == Units(5, 5)
    assert {name: index.units for name, index in state.indexes.items()} == {
        "by-customer": Units(5, 5)
    }


@pytest.mark.parametrize("index", [None, "by-customer"])
def test_a_change_takes_its_time_and_the_old_units_show_until_then(
    subject: Subject, index: str | None
) -> None:
    update = ask(50, 5, index)
    assert subject.control.update("orders", update) is True

    during = subject.control.describe("orders")
    assert during.updating
    assert not during.rebuilding
    assert not update.reached(during)
    subject.advance(SECONDS + 0.01)
    after = subject.control.describe("orders")
    assert not after.updating
    assert update.reached(after)


def test_a_second_change_meanwhile_is_refused(subject: Subject) -> None:
    subject.control.update("orders", ask(50, 5))

    with pytest.raises(TableBusy):
        subject.control.update("orders", ask(60, 5))


def test_the_units_that_are_there_already_change_nothing(subject: Subject) -> None:
    assert subject.control.update("orders", ask(5, 5)) is False
    assert not subject.control.describe("orders").updating


def test_a_table_that_is_not_there(subject: Subject) -> None:
    with pytest.raises(TableNotFound):
        subject.control.describe("nowhere")
    if not isinstance(subject.control, FakeControl):
        with pytest.raises(TableNotFound):
            subject.control.update("nowhere", ask(50, 5))


ON_DEMAND = pytest.mark.parametrize("subject", ["in-memory", *SIMULATIONS], indirect=True)
"""The throttling server knows no on-demand maximum."""


@ON_DEMAND
def test_an_on_demand_table_has_its_maximum_for_units(subject: Subject) -> None:
    state = subject.control.describe("free")

    assert (state.on_demand, state.updating) == (True, False)
    assert state.table.units == Units(20, 20)
    assert state.indexes["by-customer"].units == Units(30, 30)


@ON_DEMAND
@pytest.mark.parametrize("index", [None, "by-customer"])
def test_a_maximum_goes_up_and_down(subject: Subject, index: str | None) -> None:
    control = subject.control
    base = 20 if index is None else 30
    resource = Resource("free", index)

    for before, after in ((base, 90), (90, base)):
        change = Change(resource, Dimension.WRITE, before, after, on_demand=True)
        update = CapacityUpdate({index: Units(base, after)}, (change,), on_demand=True)
        assert control.update("free", update) is True
        if index is not None:
            assert control.describe("free").updating
            with pytest.raises(TableBusy):
                control.update("free", update)
        subject.advance(SECONDS + 0.01)
        state = control.describe("free")
        assert not state.updating
        assert update.reached(state)
        found = state.resource(index)
        assert found is not None
        assert found.units == Units(base, after)
        assert found.decreases_today == 0


@ON_DEMAND
@pytest.mark.parametrize("table", ["orders", "free"])
def test_a_request_for_the_other_billing_mode_is_refused(subject: Subject, table: str) -> None:
    is_free = table == "free"
    change = Change(Resource(table), Dimension.WRITE, 5, 90, on_demand=not is_free)
    update = CapacityUpdate({None: Units(5, 90)}, (change,), on_demand=not is_free)

    with pytest.raises(ServiceLimit):
        subject.control.update(table, update)


def test_decreases_are_counted(subject: Subject) -> None:
    subject.control.update("orders", ask(9, 5))
    subject.advance(SECONDS + 1)
    for spent, units in enumerate((8, 7, 6, 5), 1):
        subject.control.update("orders", ask(units, units + 1))
        subject.advance(SECONDS + 1)
        found = subject.control.describe("orders").table
        assert found.decreases_today == spent
        assert found.last_decrease is not None

    if not isinstance(subject.control, FakeControl):
        with pytest.raises(DecreaseRefused) as refused:
            subject.control.update("orders", ask(4, 5))
        assert refused.value.until == pytest.approx(found.last_decrease + 3600, abs=2)
