"""The spend guard and the dry run on the simulator: what was in force, and what was sent."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dynoresilience import ScalingClient
from dynoresilience.capacity.prices import LIST
from dynoresilience.config import ScalingConfig
from dynoresilience.events import (
    ScaleDownPlanned,
    ScaleDownPostponed,
    ScaleUpHeld,
    ScaleUpPlanned,
    ScaleUpRequested,
)
from dynoresilience.model import HoldReason, Units
from dynoresilience.reaper import reap
from dynoresilience.testing import SimulatedDynamoDB, virtual_time
from tests.functional.conftest import Recorder
from tests.functional.taking_back.conftest import CONFIG, Town, write
from tests.support.simulated_process import SimulatedProcess

HOUR, DAY = 3600.0, 86400.0
BASE = Units(5, 5)
INDEX = "by-customer"
PRICES = LIST["us-east-1"]
AT_BASE = 10 * PRICES.read + 10 * PRICES.write
CHANGES = ("UpdateTable", "TagResource", "UntagResource", "RegisterScalableTarget")
WRITES = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/orders",
    "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
}


@pytest.fixture
def town(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """At twelve o'clock, UTC. The simulator's settings are its parameter, if it has one."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    settings = {"burst_seconds": 1, **getattr(request, "param", {})}
    with virtual_time() as clock, SimulatedDynamoDB(clock=clock, **settings) as simulator:
        clock.advance(DAY - clock.now() % DAY + 12 * HOUR)
        yield Town(simulator, clock)


def histories(town: Town) -> dict[str | None, list[tuple[float, Units]]]:
    """Of the table and its index, in epoch seconds."""
    behind = town.clock.now() - town.clock.monotonic()
    return {
        index: [
            (at + behind, units) for at, units in town.simulator.capacity_history("orders", index)
        ]
        for index in (None, INDEX)
    }


def costs(town: Town) -> list[float]:
    """What the table cost an hour, after each change that came into force."""
    found = histories(town)
    steps = [(at, index, units) for index, of in found.items() for at, units in of]
    now: dict[str | None, Units] = {}
    told = []
    for _, which, units in sorted(steps, key=lambda step: step[0]):
        now[which] = units
        if len(now) == len(found):
            told.append(sum(u.read * PRICES.read + u.write * PRICES.write for u in now.values()))
    return told


def unit_hours_by_day(town: Town) -> dict[int, int]:
    """Above base, as they are billed: each hour of the clock with the most that was in force."""
    most: defaultdict[tuple[str | None, int], int] = defaultdict(int)
    for index, history in histories(town).items():
        ends = [at for at, _ in history[1:]] + [town.clock.now()]
        for (since, units), until in zip(history, ends, strict=True):
            hour = int(since // HOUR)
            while hour * HOUR < until:
                above = max(0, units.write - 5) + max(0, units.read - 5)
                most[index, hour] = max(most[index, hour], above)
                hour += 1
    days: defaultdict[int, int] = defaultdict(int)
    for (_, hour), units_above in most.items():
        days[hour // 24] += units_above
    return dict(days)


def big(**settings: Any) -> ScalingConfig:
    return CONFIG.replace(
        **{"max_write_capacity": 500, "max_read_capacity": 500, "max_retries": 9, **settings}
    )


@pytest.mark.parametrize("factor", [2.0, 40.0])
@pytest.mark.parametrize("units", [3, 20, 77])
def test_a_burst_never_costs_more_an_hour_and_loses_nothing(
    town: Town, factor: float, units: int
) -> None:
    limit = AT_BASE + units * PRICES.write
    process, client = town.process(big(max_hourly_cost=limit, scale_up_factor=factor))

    write(client, 400)  # an exception of any of them would come out here

    assert max(costs(town)) <= limit * (1 + 1e-9)
    assert max(costs(town)) > limit - PRICES.write, "all of it that there is"
    assert {event.hold.reason for event in process.of(ScaleUpHeld)} >= {HoldReason.SPEND_LIMIT}
    town.clock.advance(3 * HOUR)
    assert town.units() == (BASE, BASE)
    assert town.tags() == {}


def test_two_processes_and_two_dimensions_have_one_limit(town: Town) -> None:
    limit = AT_BASE + 30 * PRICES.write
    config = big(max_hourly_cost=limit, scale_up_factor=10)
    _, one = town.process(config)
    _, other = town.process(config)

    for _ in range(8):
        write(one, 30)
        for _ in range(30):
            other.scan(TableName="orders", ConsistentRead=True)

    assert max(costs(town)) <= limit * (1 + 1e-9)
    assert max(costs(town)) > limit - PRICES.read - PRICES.write


def test_under_application_auto_scaling_the_minimum_is_held_to_it(town: Town) -> None:
    scaling = town.simulator.autoscaling_client()
    scaling.register_scalable_target(**WRITES, MinCapacity=5, MaxCapacity=400)
    scaling.put_scaling_policy(
        **WRITES,
        PolicyName="track",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 70.0,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "DynamoDBWriteCapacityUtilization"
            },
        },
    )
    limit = AT_BASE + 40 * PRICES.write
    _, client = town.process(big(max_hourly_cost=limit, scale_up_factor=10))

    for number in range(300):
        client.put_item(TableName="orders", Item={"id": {"S": str(number)}})  # not in the index

    [target] = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    assert target["MinCapacity"] == 45


def test_a_table_of_another_class_has_other_prices(town: Town) -> None:
    town.owner.update_table(TableName="orders", TableClass="STANDARD_INFREQUENT_ACCESS")
    town.clock.advance(HOUR)
    limit = 10 * 0.00016 + 40 * 0.00081
    _, client = town.process(big(max_hourly_cost=limit, scale_up_factor=100))

    write(client, 300)

    assert sum(units.write for units in town.units()) == 40


def test_bursts_of_a_day_take_no_more_unit_hours_than_they_may(town: Town) -> None:
    process, client = town.process(big(max_unit_hours_per_day=100, scale_up_factor=4))

    for hours in (0.3, 1.7, 2.2, 1.0, 0.2, 4.0, 5.0, 0.9, 12.0):  # over midnight, too
        write(client, 150)
        town.clock.advance(hours * HOUR)

    days = unit_hours_by_day(town)
    assert len(days) >= 2
    assert max(days.values()) == 100
    assert not process.of(ScaleDownPostponed)
    assert process.of(ScaleUpHeld)


@pytest.mark.parametrize("town", [{}, {"update_seconds": 100.0}], indirect=True)
def test_a_load_that_lasts_is_lowered_before_the_hour_that_the_day_can_not_pay(town: Town) -> None:
    config = big(max_unit_hours_per_day=100, scale_up_factor=4, max_write_capacity=25)
    _, client = town.process(config)

    end = town.clock.now() + 15 * HOUR
    while town.clock.now() < end:
        write(client, 15)
        town.clock.advance(300.0)

    days = unit_hours_by_day(town)
    assert max(days.values()) <= 100
    assert [hours for hours in days.values() if hours] == [100, 100]
    tomorrow = town.clock.now() // DAY
    assert set(days) <= {tomorrow - 1, tomorrow}


def test_what_a_dead_process_has_left_up_is_counted(town: Town) -> None:
    config = big(max_unit_hours_per_day=60, scale_up_factor=3)
    last, client = town.process(config.replace(max_write_capacity=15))
    write(client, 60)
    last.timer.is_dead = True
    left = sum(units.write - 5 for units in town.units())
    assert 0 < left < 60
    _, client = town.process(config)

    write(client, 600)
    town.clock.advance(2 * HOUR)

    assert max(unit_hours_by_day(town).values()) <= 60
    assert town.units() == (BASE, BASE)


def test_what_was_lowered_before_a_restart_is_not_seen(town: Town) -> None:
    """A limit of the guard, as the README says: the tags tell of what is up, of nothing else."""
    config = big(max_unit_hours_per_day=60, scale_up_factor=40)
    for _ in range(2):
        _, client = town.process(config)
        write(client, 300)
        town.clock.advance(HOUR)
        assert town.units() == (BASE, BASE)

    assert max(unit_hours_by_day(town).values()) == 120


def test_a_region_without_a_price_is_not_raised_under_a_limit_and_says_what_to_do(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    client = town.simulator.client(region_name="cn-north-1")
    client.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
    )
    town.clock.advance(60.0)
    process = SimulatedProcess(town.clock, big(max_hourly_cost=1.0))
    process.attach(client)

    with caplog.at_level(logging.WARNING, logger="dynoresilience"):
        write(client, 100)

    assert not process.of(ScaleUpRequested)
    [line] = [record.message for record in caplog.records]
    assert "the price of a unit in cn-north-1 (STANDARD) is not known" in line
    assert "give prices=Prices(read=..., write=...)" in line


def test_a_dry_run_sends_nothing_that_changes_anything(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    process, client = town.process(big(dry_run=True, max_retries=3, max_retry_delay=2.0))
    before = {name: town.simulator.calls[name] for name in CHANGES}

    failed = 0
    with caplog.at_level(logging.INFO, logger="dynoresilience"):
        for number in range(300):
            try:
                write(client, 1)
            except ClientError as error:
                failed += 1
                report = error.response["Dynoresilience"]  # type: ignore[typeddict-item]
                assert report["hold_reasons"] == ["dry run"], number
        town.clock.advance(3 * HOUR)

    assert {name: town.simulator.calls[name] for name in CHANGES} == before
    assert town.units() == (BASE, BASE)
    assert town.tags() == {}
    assert failed == 0, "backoff is enough for one writer"
    told = {tuple(map(str, event.changes)) for event in process.of(ScaleUpPlanned)}
    assert ("orders write 5 -> 10",) in told
    assert len(told) == len(process.of(ScaleUpPlanned))
    lines = [record.message for record in caplog.records if "would raise" in record.message]
    assert len(lines) == len(told)
    assert all(line.endswith("an hour above base (dry run: nothing was changed)") for line in lines)
    assert not process.of(ScaleUpRequested)


def test_a_dry_run_tells_what_it_would_take_back_and_leaves_it(town: Town) -> None:
    last, client = town.process()
    write(client)
    last.timer.is_dead = True
    town.clock.advance(10.0)
    up, tags = town.units(), town.tags()
    assert up != (BASE, BASE)
    process, client = town.process(big(dry_run=True))

    for _ in range(200):
        write(client, 1)
        town.clock.advance(10.0)

    assert town.units() == up
    assert town.tags() == tags
    assert len(process.of(ScaleDownPlanned)) == 1
    config = ScalingConfig(dry_run=True)
    told = reap(town.simulator.client(), config=config)
    assert told.dry_run
    [entry] = told.tables
    assert list(entry.changes) == [str(c) for c in process.of(ScaleDownPlanned)[0].changes]
    assert town.units() == up
    assert town.tags() == tags


def test_under_application_auto_scaling_a_dry_run_registers_nothing(town: Town) -> None:
    scaling = town.simulator.autoscaling_client()
    scaling.register_scalable_target(**WRITES, MinCapacity=5, MaxCapacity=50)
    process, client = town.process(big(dry_run=True))

    write(client, 60)

    [target] = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    assert target["MinCapacity"] == 5
    assert process.of(ScaleUpPlanned)


def test_scale_down_now_of_a_dry_run_lowers_nothing_and_says_what_it_would(town: Town) -> None:
    last, client = town.process()
    write(client)
    last.timer.is_dead = True
    town.clock.advance(HOUR)
    up = town.units()
    told = Recorder()
    process = SimulatedProcess(town.clock, big(dry_run=True), 1)
    ddb = ScalingClient(
        town.simulator.client(),
        config=big(dry_run=True),
        sinks=[told],
        runtime=process.runtime,
    )
    write(ddb, 200)  # looks at the table, and sees the tags
    engine = ddb._attachment.engine
    assert engine is not None
    engine.take_over("orders")

    changes = ddb.scale_down_now()

    assert {str(change) for change in changes} == {
        f"orders write {up[0].write} -> 5",
        f"orders/{INDEX} write {up[1].write} -> 5",
    }
    assert town.units() == up
    assert [event.changes for event in told.of(ScaleDownPlanned)][-1] == changes
    assert {entry.base for entry in ddb.pending_scale_downs()} == {5}


def test_the_estimate_is_in_what_is_pending(town: Town) -> None:
    ddb = ScalingClient(town.simulator.client(), config=CONFIG)
    write(ddb, 60)

    for entry in ddb.pending_scale_downs():
        assert entry.hourly_cost == pytest.approx((entry.units - entry.base) * PRICES.write)
    assert ddb.pending_scale_downs()
