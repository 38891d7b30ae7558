"""A policy against the calls that are really made: it allows each of them, and nothing unused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dynoresilience import ScalingClient, ScalingConfig
from dynoresilience.engine import Runtime
from dynoresilience.iam import policy
from dynoresilience.model import Units
from dynoresilience.reaper import reap
from dynoresilience.stand_in import process_runtime
from dynoresilience.testing import SimulatedDynamoDB, VirtualClock, virtual_time
from tests.support.guarded_client import Guard
from tests.support.iam_policies import ACCOUNT, actions_of

PLACE = {"region": "us-east-1", "account": ACCOUNT}
CONFIG = ScalingConfig(max_write_capacity=200, scale_up_factor=10)


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    with virtual_time() as clock:
        yield clock


@pytest.fixture
def simulator(clock: VirtualClock) -> Iterator[SimulatedDynamoDB]:
    with SimulatedDynamoDB(clock=clock, start_full=False) as simulator:
        simulator.create_table("orders", write=5, indexes={"by-customer": (5, 5)})
        yield simulator


def put_many(client: Any, count: int = 60) -> None:
    for number in range(count):
        item = {"id": {"S": str(number)}, "customer": {"S": "c-7"}}
        client.put_item(TableName="orders", Item=item)


class NoTimer:
    """That of a process which is dead before any of its jobs is due."""

    def call_at(self, when: float, job: Callable[[], object]) -> None:
        """Never."""


def raise_and_lower(
    simulator: SimulatedDynamoDB, clock: VirtualClock, guard: Guard, config: ScalingConfig
) -> None:
    """The main job, and its end in the background."""
    client = simulator.client()
    guard.stand_before(client)
    put_many(ScalingClient(client, config=config))
    clock.advance(3600)


@pytest.mark.parametrize("config", [CONFIG, CONFIG.replace(ledger="memory")])
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
    assert {simulator.units("orders", index) for index in (None, "by-customer")} == {Units(5, 5)}


def test_every_call_would_be_seen(simulator: SimulatedDynamoDB, clock: VirtualClock) -> None:
    """The guard stands before every client: the service counts no call that it has not seen."""
    guard = Guard(None)
    before = simulator.calls

    raise_and_lower(simulator, clock, guard, CONFIG)

    made = simulator.calls - before
    seen = {action.partition(":")[2] for action in guard.actions if action[:9] == "dynamodb:"}
    assert set(made) == seen | {"PutItem"}
    assert sum(made.values()) - made["PutItem"] == len(guard.asked)


@pytest.mark.parametrize("abac", [True, False])
def test_that_of_the_reaper_is_enough_and_not_more(
    simulator: SimulatedDynamoDB, clock: VirtualClock, abac: bool
) -> None:
    simulator.create_table("carts")
    with process_runtime(Runtime(clock, NoTimer())):  # it dies with what it has raised
        put_many(ScalingClient(simulator.client(), config=CONFIG))
    clock.advance(3600)
    assert simulator.units("orders").write > 5
    allowed = policy(["orders", "carts"], "reaper", **PLACE)
    guard, client = Guard(allowed, abac=abac), simulator.client()
    guard.stand_before(client)

    report = reap(client)
    clock.advance(60)

    assert report.exit_code == 0
    assert guard.refused == []
    assert guard.actions == actions_of(allowed)
    assert {simulator.units("orders", index) for index in (None, "by-customer")} == {Units(5, 5)}


def test_without_the_ledgers_part_the_main_job_goes_on(
    simulator: SimulatedDynamoDB, clock: VirtualClock
) -> None:
    """Denied is not broken: raised, lowered, and known to this process alone meanwhile."""
    guard = Guard(policy("orders", "scaling", **PLACE))

    raise_and_lower(simulator, clock, guard, CONFIG)

    assert {asked.action for asked in guard.refused} == {"dynamodb:ListTagsOfResource"}
    assert simulator.peak("orders").write > 5
    assert {simulator.units("orders", index) for index in (None, "by-customer")} == {Units(5, 5)}


@pytest.mark.parametrize("table", ["carts", "order", "orders-2"])
def test_with_the_policy_of_another_table_calls_back_off_and_nothing_is_raised(
    simulator: SimulatedDynamoDB, clock: VirtualClock, table: str
) -> None:
    guard = Guard(policy(table, config=CONFIG, **PLACE))

    raise_and_lower(simulator, clock, guard, CONFIG)

    assert guard.refused == guard.asked != []
    assert simulator.peak("orders") == Units(5, 5)
