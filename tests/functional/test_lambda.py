"""Scale-downs of a Lambda function, whose threads stand still from one invocation to the next."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dynoresilience import ScalingClient, ScalingConfig, lambda_handler
from dynoresilience.decorators import LONGEST_END, RESPONSE_RESERVE
from dynoresilience.model import Units
from dynoresilience.reaper import reap
from dynoresilience.testing import SimulatedDynamoDB, VirtualClock, virtual_time
from tests.support.lambda_container import Container

BASE = Units(5, 5)
CONFIG = ScalingConfig(max_write_capacity=200, policy="geometric", scale_up_factor=10)
HOUR = 3600.0


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    with virtual_time() as clock:
        yield clock


@pytest.fixture
def simulator(clock: VirtualClock) -> Iterator[SimulatedDynamoDB]:
    with SimulatedDynamoDB(clock=clock, start_full=False, burst_seconds=2) as simulator:
        simulator.create_table("orders", write=5, indexes={"by-customer": (5, 5)})
        yield simulator


@pytest.fixture(params=[True, False], ids=["clock-stops", "clock-goes-on"])
def container(request: pytest.FixtureRequest, clock: VirtualClock) -> Iterator[Container]:
    container = Container(clock, clock_stops=request.param)
    with container.at_work():
        yield container


@pytest.fixture
def handler(simulator: SimulatedDynamoDB, container: Container) -> Callable[[int, Any], int]:
    ddb = ScalingClient(simulator.client(), config=CONFIG)

    @lambda_handler
    def handler(event: int, context: Any) -> int:
        """Puts so many items, and fails if there are less than none."""
        for number in range(abs(event)):
            item = {"id": {"S": str(number)}, "customer": {"S": "c-7"}}
            ddb.put_item(TableName="orders", Item=item)
        if event < 0:
            raise KeyError("the handler's own")
        return event

    return handler


def units(simulator: SimulatedDynamoDB) -> set[Units]:
    return {simulator.units("orders", index) for index in (None, "by-customer")}


def decreases(simulator: SimulatedDynamoDB) -> int:
    histories = [simulator.capacity_history("orders", index) for index in (None, "by-customer")]
    return max(
        sum(after.write < before.write for (_, before), (_, after) in pairwise(history))
        for history in histories
    )


def test_what_a_container_has_raised_that_is_never_invoked_again_is_the_reapers(
    simulator: SimulatedDynamoDB, container: Container, handler: Any, clock: VirtualClock
) -> None:
    """Nothing runs in a frozen container: this is what the reaper is for."""
    container.invoke(handler, 60)
    clock.advance(24 * HOUR)
    assert simulator.units("orders").write > 5

    with virtual_time(clock):  # the reaper's own process
        report = reap(simulator.client())
        clock.advance(60)

    assert [entry.outcome for entry in report.tables] == ["lowered"]
    assert units(simulator) == {BASE}
    container.invoke(handler, 0)  # it is, after all
    clock.advance(60)
    assert units(simulator) == {BASE}
    assert decreases(simulator) == 1


@pytest.mark.parametrize("event", [0, 1, -1])
def test_the_next_invocation_lowers_what_fell_due_in_between(
    simulator: SimulatedDynamoDB,
    container: Container,
    handler: Any,
    clock: VirtualClock,
    event: int,
) -> None:
    container.invoke(handler, 60)
    raised = simulator.units("orders").write
    clock.advance(HOUR)

    if event < 0:
        with pytest.raises(KeyError, match="the handler's own"):
            container.invoke(handler, event)
    else:
        assert container.invoke(handler, event) == event
    clock.advance(60)  # the change is DynamoDB's affair

    assert raised > 5
    assert units(simulator) == {BASE}
    assert decreases(simulator) == 1
    assert container.left_at_end > 30 - LONGEST_END


def test_what_is_not_yet_due_stays(
    simulator: SimulatedDynamoDB, container: Container, handler: Any, clock: VirtualClock
) -> None:
    container.invoke(handler, 60)
    raised = simulator.units("orders")
    for _ in range(50):
        clock.advance(11)
        container.invoke(handler, 1)

    assert simulator.units("orders") == raised
    clock.advance(100)
    container.invoke(handler, 1)
    clock.advance(60)
    assert units(simulator) == {BASE}


def test_an_end_with_nothing_to_do_takes_no_time(
    simulator: SimulatedDynamoDB, container: Container, handler: Any, clock: VirtualClock
) -> None:
    container.invoke(handler, 60)
    clock.advance(30)
    container.invoke(handler, 0)

    assert container.left_at_end == 30


@pytest.mark.parametrize(
    ("seconds", "waits"), [(30.0, LONGEST_END), (1.5, 1.5 - RESPONSE_RESERVE), (0.4, 0), (0.0, 0)]
)
def test_the_end_waits_for_a_slow_control_plane_only_so_long(
    simulator: SimulatedDynamoDB,
    container: Container,
    handler: Any,
    clock: VirtualClock,
    seconds: float,
    waits: float,
) -> None:
    container.invoke(handler, 60)
    clock.advance(HOUR)
    waited: list[float] = []
    container.wait = lambda signal, timeout: waited.append(timeout) or False  # type: ignore

    container.invoke(handler, 0, seconds)

    assert waited == ([pytest.approx(waits)] if waits else [])


def test_a_context_that_tells_no_time_does_not_keep_the_end_from_waiting(
    simulator: SimulatedDynamoDB, container: Container, handler: Any, clock: VirtualClock
) -> None:
    container.invoke(lambda event, _: handler(event, None), 60)
    clock.advance(HOUR)
    container.invoke(lambda event, _: handler(event, None), 0)
    clock.advance(60)

    assert units(simulator) == {BASE}


def test_a_call_that_gives_up_at_the_deadline_leaves_nothing_behind(
    simulator: SimulatedDynamoDB, container: Container, handler: Any, clock: VirtualClock
) -> None:
    """The raise went on beside the call that had no time left; the next ones take it back."""
    simulator.set_update_seconds("orders", 20)
    with pytest.raises(ClientError):
        container.invoke(handler, 60, seconds=4)
    clock.advance(HOUR)
    for _ in range(3):
        container.invoke(handler, 0)
        clock.advance(HOUR)

    assert units(simulator) == {BASE}


@pytest.mark.parametrize(
    "after", ["DescribeTable", "ListTagsOfResource", "UpdateTable", "UntagResource"]
)
def test_frozen_in_the_middle_of_a_scale_down(
    simulator: SimulatedDynamoDB,
    container: Container,
    handler: Any,
    clock: VirtualClock,
    after: str,
) -> None:
    """Meanwhile its owner has set the table to 100: what was seen before is not acted upon."""
    container.invoke(handler, 60)
    container.invoke(lambda event, context: time.sleep(10), 0)  # the raises are seen in force
    clock.advance(HOUR)
    other, frozen = simulator.client(), []

    def freeze(**_: Any) -> None:
        if not frozen:
            frozen.append(after)
            container.freeze()
            clock.advance(HOUR)
            throughput = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 100}
            other.update_table(TableName="orders", ProvisionedThroughput=throughput)
            clock.advance(HOUR)
            container.thaw()

    [control] = {engine._control for engine in engines(container)}
    control._client.meta.events.register(f"after-call.dynamodb.{after}", freeze)
    for _ in range(3):
        container.invoke(handler, 0)
        clock.advance(HOUR)

    assert frozen
    assert simulator.units("orders") == Units(5, 100)
    assert simulator.units("orders", "by-customer") == BASE
    tags = other.list_tags_of_resource(ResourceArn=arn_of(other))["Tags"]
    assert tags == []


def arn_of(client: Any) -> str:
    arn: str = client.describe_table(TableName="orders")["Table"]["TableArn"]
    return arn


def test_frozen_in_the_middle_of_a_raise(
    simulator: SimulatedDynamoDB, container: Container, handler: Any, clock: VirtualClock
) -> None:
    """Its owner has set the table to 1000 meanwhile: the raise to 50 would be a decrease."""
    container.invoke(handler, 60)
    for _ in range(2):
        clock.advance(HOUR)
        container.invoke(handler, 0)
    assert units(simulator) == {BASE}
    other, frozen = simulator.client(), []

    def freeze(**_: Any) -> None:
        if not frozen:
            frozen.append(clock.monotonic())
            container.freeze()
            throughput = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 1000}
            other.update_table(TableName="orders", ProvisionedThroughput=throughput)
            clock.advance(HOUR)
            container.thaw()

    [control] = {engine._control for engine in engines(container)}
    control._client.meta.events.register("after-call.dynamodb.DescribeTable", freeze)
    for event in (500, 0, 0):
        with suppress(ClientError):
            container.invoke(handler, event, seconds=5)
        clock.advance(HOUR)

    assert frozen
    assert simulator.units("orders") == Units(5, 1000)


def engines(container: Container) -> list[Any]:
    from dynoresilience import stand_in

    block = stand_in.current()
    assert block is not None
    assert block.runtime.clock is container
    return list(block.engines.values())


@pytest.mark.a_fault_of_ours
def test_a_fault_of_ours_costs_the_invocation_nothing(
    container: Container, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from dynoresilience.engine import Runtime

    monkeypatch.setattr(Runtime, "resume", lambda self: 1 / 0)
    monkeypatch.setattr(Runtime, "settle", lambda self, timeout: 1 / 0)

    assert container.invoke(lambda_handler(lambda event, context: event), 7) == 7
    assert caplog.text.count("a fault of ours") == 2


def test_the_end_of_an_invocation_waits_for_the_real_timer_thread() -> None:
    from dynoresilience.engine import Runtime
    from dynoresilience.stand_in import process_runtime

    runtime, done, go_on = Runtime(), [], threading.Event()
    runtime.shelf("anywhere")

    @lambda_handler
    def handler(event: Any, context: Any) -> None:
        def job() -> None:
            go_on.wait(30)
            done.append(event)

        runtime.timer.call_at(runtime.clock.monotonic(), job)
        threading.Timer(0.1, go_on.set).start()

    with process_runtime(runtime):
        handler("an event", None)

    assert done == ["an event"]
