"""Tables under Application Auto Scaling, on simulators: what is raised stays, and goes back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.config import Config

from dynoresilience import ScalingClient, ScalingConfig
from dynoresilience.events import ScaleDownReleased, ScaleUpFinished, ScaleUpHeld, TargetsUnseen
from dynoresilience.model import HoldReason, Units
from dynoresilience.reaper import reap
from dynoresilience.testing import VirtualClock, virtual_time
from dynoresilience.testing.simulation import Simulation
from tests.functional.conftest import Recorder
from tests.support.simulated_process import SimulatedProcess

Start = Callable[..., Simulation]
WRITES = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/orders",
    "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
}
INDEX_WRITES = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/orders/index/by-customer",
    "ScalableDimension": "dynamodb:index:WriteCapacityUnits",
}
DELAY = 600.0
CONFIG = ScalingConfig(max_write_capacity=200, policy="geometric", scale_up_factor=4)

pytestmark = pytest.mark.parametrize("start_simulation", ["in-process", "server"], indirect=True)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def sim(
    start_simulation: Start, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Simulation]:
    """A table and an index of 5 units, the writes of both under tracked targets of 5 to 50."""
    simulator = start_simulation(clock=clock, burst_seconds=1)
    url = getattr(simulator, "url", None)
    if url is not None:  # an endpoint that isn't AWS's has an Auto Scaling only if it's said where
        monkeypatch.setenv("AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING", url)
    simulator.create_table("orders", indexes={"by-customer": (5, 5)})
    track(simulator, WRITES)
    track(simulator, INDEX_WRITES)
    with virtual_time(clock):
        yield simulator


def track(sim: Simulation, target: dict[str, str]) -> None:
    scaling = sim.autoscaling_client()
    scaling.register_scalable_target(**target, MinCapacity=5, MaxCapacity=50)
    scaling.put_scaling_policy(
        **target,
        PolicyName="track",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 70.0,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "DynamoDBWriteCapacityUtilization"
            },
        },
    )


def bounds(sim: Simulation, target: dict[str, str] = WRITES) -> tuple[int, int]:
    found = sim.autoscaling_client().describe_scalable_targets(
        ServiceNamespace="dynamodb", ResourceIds=[target["ResourceId"]]
    )["ScalableTargets"]
    assert len(found) == 1
    return found[0]["MinCapacity"], found[0]["MaxCapacity"]


def resilient(sim: Simulation, config: ScalingConfig = CONFIG) -> tuple[ScalingClient, Recorder]:
    told = Recorder()
    return ScalingClient(sim.client(), config=config, sinks=[told]), told


def burst(ddb: Any, count: int = 150) -> None:
    """Writes that no index is short of: they have no customer."""
    for number in range(count):
        ddb.put_item(TableName="orders", Item={"id": {"S": f"order-{number}"}})


def trickle(ddb: Any, clock: VirtualClock, minutes: int, table: str = "orders") -> None:
    """An item a minute: target tracking does not lower a table that is quite idle."""
    for number in range(minutes):
        ddb.put_item(TableName=table, Item={"id": {"S": f"order-{number}"}})
        clock.advance(60)


def own_updates(sim: Simulation) -> list[Any]:
    return [update for update in sim.updates if not update.autoscaled]


def test_a_raise_goes_through_the_minimum_and_is_not_taken_back(
    sim: Simulation, clock: VirtualClock
) -> None:
    ddb, told = resilient(sim)

    burst(ddb)
    clock.advance(10)

    assert bounds(sim) == (50, 50)
    assert sim.units("orders").write == 50
    assert own_updates(sim) == []
    assert [str(entry) for entry in ddb.pending_scale_downs()] == ["orders write minimum 50 -> 5"]
    finished = [str(change) for event in told.of(ScaleUpFinished) for change in event.changes]
    assert finished == ["orders write minimum 5 -> 20", "orders write minimum 20 -> 50"]
    clock.advance(300)
    assert sim.units("orders").write == 50, "not taken back after 85 s"
    clock.advance(DELAY)
    assert bounds(sim) == (5, 50)
    assert ddb.pending_scale_downs() == ()
    trickle(ddb, clock, 60)
    assert sim.units("orders").write == 5, "by its own policy"
    assert own_updates(sim) == []


@pytest.mark.parametrize(("traffic", "units"), [(False, 50), (True, 5)])
def test_its_policy_lowers_it_unless_it_is_idle(
    sim: Simulation, clock: VirtualClock, traffic: bool, units: int
) -> None:
    """The minimum comes back after the last busy minute has left the 15 that count."""
    ddb, _ = resilient(sim, CONFIG.replace(scale_down_delay=2 * DELAY))
    burst(ddb)

    clock.advance(3 * DELAY)
    assert bounds(sim) == (5, 50)
    assert ddb.pending_scale_downs() == ()
    assert sim.units("orders").write == 50
    if traffic:
        trickle(ddb, clock, 60)
    else:
        clock.advance(3600)

    assert sim.units("orders").write == units
    assert bounds(sim) == (5, 50)
    assert own_updates(sim) == []


def test_without_cooperation_the_raise_is_taken_back(sim: Simulation, clock: VirtualClock) -> None:
    """As it is where the library can't see the targets: the contrast."""
    sim.deny("DescribeScalableTargets")
    ddb, told = resilient(sim)

    burst(ddb, 60)

    raised = sim.units("orders").write
    assert raised > 5
    clock.advance(120)
    assert sim.units("orders").write < raised
    assert len(told.of(TargetsUnseen)) == 1
    assert sim.calls["DescribeScalableTargets"] == 1
    clock.advance(2 * DELAY)
    assert ddb.pending_scale_downs() == ()


def test_that_nothing_may_be_seen_is_one_warning(
    sim: Simulation, caplog: pytest.LogCaptureFixture
) -> None:
    sim.deny("application-autoscaling:*")
    sim.create_table("carts", indexes={})
    ddb = ScalingClient(sim.client(), config=CONFIG)

    with caplog.at_level(logging.WARNING, logger="dynoresilience"):
        burst(ddb, 60)
        for number in range(60):
            ddb.put_item(TableName="carts", Item={"id": {"S": str(number)}})

    said = [line for line in caplog.messages if "application-autoscaling" in line]
    assert len(said) == 1
    assert "application-autoscaling:DescribeScalableTargets" in said[0]


def test_an_index_and_its_table_each_by_its_target(sim: Simulation, clock: VirtualClock) -> None:
    ddb, _ = resilient(sim)

    for number in range(120):
        item = {"id": {"S": f"order-{number}"}, "customer": {"S": f"customer-{number}"}}
        ddb.put_item(TableName="orders", Item=item)

    assert bounds(sim, WRITES)[0] > 5
    assert bounds(sim, INDEX_WRITES)[0] > 5
    clock.advance(2 * DELAY)
    assert bounds(sim, WRITES) == bounds(sim, INDEX_WRITES) == (5, 50)
    assert ddb.pending_scale_downs() == ()
    assert own_updates(sim) == []


def test_reads_without_a_target_are_raised_and_lowered_as_ever(
    sim: Simulation, clock: VirtualClock
) -> None:
    ddb, _ = resilient(sim)

    burst(ddb, 60)
    for number in range(100):
        ddb.get_item(TableName="orders", Key={"id": {"S": f"order-{number}"}}, ConsistentRead=True)

    assert sim.units("orders").read > 5
    clock.advance(2 * DELAY)
    assert sim.units("orders").read == 5
    assert bounds(sim) == (5, 50)
    assert ddb.pending_scale_downs() == ()


def test_the_maximum_is_respected(sim: Simulation, clock: VirtualClock) -> None:
    ddb, told = resilient(sim)

    burst(ddb, 600)

    assert sim.units("orders").write == 50
    assert bounds(sim) == (50, 50)
    [last] = {
        str(event.hold) for event in told.of(ScaleUpHeld) if event.hold.reason is HoldReason.AT_CAP
    }
    assert last == "at cap: 50 units, MaxCapacity of its scalable target is 50"
    clock.advance(2 * DELAY)
    assert bounds(sim) == (5, 50)


def test_hold_raises_nothing(sim: Simulation) -> None:
    ddb, told = resilient(sim, CONFIG.replace(autoscaling="hold", max_retries=0))

    with pytest.raises(ddb.exceptions.ProvisionedThroughputExceededException) as error:
        burst(ddb)

    assert "under auto scaling" in str(error.value.response["Dynoresilience"])
    assert sim.units("orders") == Units(5, 5)
    assert bounds(sim) == (5, 50)
    assert {event.hold.reason for event in told.of(ScaleUpHeld)} == {HoldReason.AUTO_SCALING}


def test_without_leave_to_change_it_nothing_is_worse_than_without_us(sim: Simulation) -> None:
    sim.deny("RegisterScalableTarget")
    ddb, told = resilient(sim, CONFIG.replace(max_retries=0))

    with pytest.raises(ddb.exceptions.ProvisionedThroughputExceededException):
        burst(ddb)

    assert sim.units("orders") == Units(5, 5)
    assert own_updates(sim) == []
    assert ddb.pending_scale_downs() == ()
    holds = {str(event.hold) for event in told.of(ScaleUpHeld)}
    assert holds == {
        "no permission: not allowed to call application-autoscaling:RegisterScalableTarget"
    }


def test_a_target_that_came_later_takes_the_raise_over(
    sim: Simulation, clock: VirtualClock
) -> None:
    sim.create_table("carts")
    ddb, told = resilient(sim)
    for number in range(60):
        ddb.put_item(TableName="carts", Item={"id": {"S": str(number)}})
    assert sim.units("carts").write > 5

    track(sim, {**WRITES, "ResourceId": "table/carts"})
    clock.advance(2 * DELAY)

    [released] = told.of(ScaleDownReleased)
    assert released.reason == "it is under a scalable target now"
    assert ddb.pending_scale_downs() == ()
    trickle(ddb, clock, 60, table="carts")
    assert sim.units("carts").write == 5, "lowered by Application Auto Scaling itself"


def test_a_target_without_a_policy_leaves_the_units_to_us(
    sim: Simulation, clock: VirtualClock
) -> None:
    """Nothing would ever bring them down again there."""
    sim.autoscaling_client().delete_scaling_policy(**WRITES, PolicyName="track")
    ddb, _ = resilient(sim)

    burst(ddb)

    assert bounds(sim) == (5, 50)
    assert sim.units("orders").write == 50
    clock.advance(2 * DELAY)
    assert sim.units("orders").write == 5


def test_a_target_that_is_gone_is_not_made_again(sim: Simulation, clock: VirtualClock) -> None:
    ddb, told = resilient(sim)
    burst(ddb, 60)
    clock.advance(10)
    sim.autoscaling_client().deregister_scalable_target(**WRITES)

    clock.advance(2 * DELAY)

    [released] = told.of(ScaleDownReleased)
    assert released.reason == "its scalable target is gone"
    assert ddb.pending_scale_downs() == ()
    assert own_updates(sim) == []
    found = sim.autoscaling_client().describe_scalable_targets(ServiceNamespace="dynamodb")
    assert {target["ResourceId"] for target in found["ScalableTargets"]} == {
        INDEX_WRITES["ResourceId"]
    }


@pytest.mark.parametrize("by", ["the reaper", "the next process"])
def test_the_minimum_of_a_process_that_died_is_put_back(
    sim: Simulation, clock: VirtualClock, by: str
) -> None:
    dead = SimulatedProcess(clock, CONFIG)
    client = sim.client()
    dead.attach(client)
    burst(client)
    clock.advance(10)
    dead.timer.is_dead = True
    clock.advance(DELAY)
    assert bounds(sim) == (50, 50)

    if by == "the reaper":
        report = reap(sim.client(), tables=["orders"])
        assert [str(entry) for entry in report.tables] == [
            "orders: lowered orders write minimum 50 -> 5"
        ]
    else:
        heir = SimulatedProcess(clock, CONFIG.replace(scale_up_factor=1.1), seed=1)
        other = sim.client()
        heir.attach(other)
        burst(other, 400)
        clock.advance(2 * DELAY)

    assert bounds(sim) == (5, 50)
    client = sim.client()
    arn = client.describe_table(TableName="orders")["Table"]["TableArn"]
    assert client.list_tags_of_resource(ResourceArn=arn)["Tags"] == []


def test_nobody_asks_of_a_table_that_is_not_throttled(sim: Simulation) -> None:
    ddb, _ = resilient(sim)
    burst(ddb, 3)

    assert sim.calls["DescribeScalableTargets"] == 0


def test_an_emulator_is_nothing_to_ask_aws_about(
    sim: Simulation, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING", raising=False)
    client = sim.client(config=Config(retries={"total_max_attempts": 1}))
    in_process = "amazonaws.com" in client.meta.endpoint_url
    ddb = ScalingClient(client, config=CONFIG)

    burst(ddb, 60)

    assert (sim.calls["DescribeScalableTargets"] > 0) == in_process
    assert (own_updates(sim) == []) == in_process
