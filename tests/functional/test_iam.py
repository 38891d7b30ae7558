"""A policy against the calls that are really made: it allows each of them, and nothing unused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from dynoresilience import ScalingClient, ScalingConfig
from dynoresilience.iam import features_of, policy
from dynoresilience.model import Units
from dynoresilience.reaper import reap
from dynoresilience.testing import SimulatedDynamoDB, VirtualClock, virtual_time
from tests.functional.conftest import CREDENTIALS
from tests.support.guarded_client import Guard
from tests.support.iam_policies import ACCOUNT, actions_of
from tests.support.simulated_process import SimulatedProcess

PLACE = {"region": "us-east-1", "account": ACCOUNT}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/dynamodb-lowers"
USUAL: dict[str, Any] = {"max_write_capacity": 200, "scale_up_factor": 10}
CONFIG = ScalingConfig(**USUAL)
CONFIGURATIONS: list[dict[str, Any]] = [
    {},
    {"ledger": "memory"},
    {"autoscaling": "hold"},
    {"scale_down_via": "eventbridge", "scheduler_role_arn": ROLE},
]
KNOWN = ScalingConfig.__dataclass_fields__
INDEX_WRITES = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/orders/index/by-customer",
    "ScalableDimension": "dynamodb:index:WriteCapacityUnits",
}

POLICY: dict[str, Any] = {
    "PolicyName": "track",
    "PolicyType": "TargetTrackingScaling",
    "TargetTrackingScalingPolicyConfiguration": {
        "TargetValue": 70.0,
        "PredefinedMetricSpecification": {
            "PredefinedMetricType": "DynamoDBWriteCapacityUtilization"
        },
    },
}


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    with virtual_time() as clock:
        yield clock


@pytest.fixture
def simulator(clock: VirtualClock) -> Iterator[SimulatedDynamoDB]:
    """A table; its index is under Application Auto Scaling, where the library knows of that."""
    with SimulatedDynamoDB(clock=clock, start_full=False, burst_seconds=2) as simulator:
        simulator.create_table("orders", write=5, indexes={"by-customer": (5, 5)})
        if "autoscaling" in KNOWN:
            scaling = simulator.autoscaling_client()
            scaling.register_scalable_target(**INDEX_WRITES, MinCapacity=5, MaxCapacity=200)
            scaling.put_scaling_policy(**INDEX_WRITES, **POLICY)
        yield simulator


@pytest.fixture(params=CONFIGURATIONS, ids=str)
def config(request: pytest.FixtureRequest) -> ScalingConfig:
    unknown = set(request.param) - set(KNOWN)
    if unknown:
        pytest.skip(f"a ScalingConfig has no {unknown}")
    return ScalingConfig(**USUAL, **request.param)


def put_many(client: Any, count: int = 60) -> None:
    for number in range(count):
        item = {"id": {"S": str(number)}, "customer": {"S": "c-7"}}
        client.put_item(TableName="orders", Item=item)


def raise_and_lower(
    simulator: SimulatedDynamoDB, clock: VirtualClock, guard: Guard, config: ScalingConfig
) -> None:
    """The main job, as far as it goes, and its end in the background."""
    client = boto3.client("dynamodb", **CREDENTIALS)
    with guard.stands_before(client):
        ddb = ScalingClient(client, config=config)
        for _ in range(2):
            with suppress(ClientError):
                put_many(ddb)
        for _ in range(24):  # Application Auto Scaling lowers nothing that is idle
            clock.advance(300)
            put_many(ddb, 1)


def is_back(simulator: SimulatedDynamoDB) -> bool:
    return {simulator.units("orders", index) for index in (None, "by-customer")} == {Units(5, 5)}


@pytest.mark.parametrize("abac", [True, False])
def test_the_policy_of_a_configuration_is_enough_and_not_more(
    simulator: SimulatedDynamoDB, clock: VirtualClock, config: ScalingConfig, abac: bool
) -> None:
    allowed = policy("orders", config=config, **PLACE)
    guard = Guard(allowed, abac=abac)

    raise_and_lower(simulator, clock, guard, config)

    assert guard.refused == []
    assert guard.actions == actions_of(allowed)
    assert simulator.peak("orders").write > 5
    assert is_back(simulator)


@pytest.mark.parametrize("autoscaling", ["cooperate", "hold"])
def test_that_of_a_dry_run_is_enough_and_lets_it_only_look(
    simulator: SimulatedDynamoDB, clock: VirtualClock, autoscaling: Any
) -> None:
    budget = {"max_unit_hours_per_day": 1_000.0}  # so that it looks for what others have raised
    config = ScalingConfig(**USUAL, **budget, autoscaling=autoscaling, dry_run=True)
    allowed = policy("orders", config=config, **PLACE)
    guard = Guard(allowed, abac=True)

    raise_and_lower(simulator, clock, guard, config)

    assert guard.refused == []
    looks = {action for action in actions_of(allowed) if re.search(":(Describe|List)", action)}
    assert guard.actions <= actions_of(allowed) == looks
    assert "dynamodb:ListTagsOfResource" in guard.actions
    assert simulator.peak("orders").write == 5


@pytest.mark.parametrize("abac", [True, False])
def test_that_of_the_reaper_is_enough_and_not_more(
    simulator: SimulatedDynamoDB, clock: VirtualClock, abac: bool
) -> None:
    simulator.create_table("carts")
    dead = SimulatedProcess(clock, CONFIG)
    client = boto3.client("dynamodb", **CREDENTIALS)
    dead.attach(client)
    put_many(client)
    dead.timer.is_dead = True
    clock.advance(3600)
    assert simulator.units("orders").write > 5
    features = ["reaper", "autoscaling"] if "autoscaling" in KNOWN else ["reaper"]
    allowed = policy(["orders", "carts"], features, **PLACE)
    guard, client = Guard(allowed, abac=abac), boto3.client("dynamodb", **CREDENTIALS)

    with guard.stands_before(client):
        report = reap(client)
    clock.advance(600)

    assert report.exit_code == 0
    assert guard.refused == []
    assert guard.actions == actions_of(allowed)
    assert simulator.units("orders") == Units(5, 5)


def test_every_call_is_seen(
    simulator: SimulatedDynamoDB, clock: VirtualClock, config: ScalingConfig
) -> None:
    """The guard stands before every client: the service counts no call that it has not seen."""
    guard = Guard(None)
    before = simulator.calls

    raise_and_lower(simulator, clock, guard, config)

    made = simulator.calls - before
    del made["PutItem"]
    seen = Counter(asked.action.partition(":")[2] for asked in guard.asked)
    assert made == {name: count for name, count in seen.items() if name in made}
    assert set(seen) - set(made) <= {
        "CreateSchedule",
        "UpdateSchedule",
        "DeleteSchedule",
        "PassRole",
    }


def test_without_the_ledgers_part_the_main_job_goes_on(
    simulator: SimulatedDynamoDB, clock: VirtualClock
) -> None:
    """Denied is not broken: raised, lowered, and known to this process alone meanwhile."""
    others = [name for name in features_of(CONFIG) if name != "ledger"]
    guard = Guard(policy("orders", others, **PLACE))

    raise_and_lower(simulator, clock, guard, CONFIG)

    assert {asked.action for asked in guard.refused} == {"dynamodb:ListTagsOfResource"}
    assert simulator.peak("orders").write > 5
    assert is_back(simulator)


@pytest.mark.parametrize("features", [["scaling"], ["scaling", "ledger"]])
def test_with_less_than_the_configuration_asks_for_the_main_job_goes_on(
    simulator: SimulatedDynamoDB, clock: VirtualClock, config: ScalingConfig, features: list[str]
) -> None:
    guard = Guard(policy("orders", features, **PLACE))

    raise_and_lower(simulator, clock, guard, config)

    assert simulator.peak("orders").write > 5
    assert is_back(simulator)


@pytest.mark.parametrize("table", ["carts", "order", "orders-2"])
def test_with_the_policy_of_another_table_calls_back_off_and_nothing_is_raised(
    simulator: SimulatedDynamoDB, clock: VirtualClock, table: str
) -> None:
    guard = Guard(policy(table, config=CONFIG, **PLACE))

    raise_and_lower(simulator, clock, guard, CONFIG)

    assert {asked.action for asked in guard.refused} == {"dynamodb:DescribeTable"}
    assert len(guard.refused) == len(guard.asked)
    assert simulator.peak("orders") == Units(5, 5)
