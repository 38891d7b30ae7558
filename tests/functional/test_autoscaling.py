"""Application Auto Scaling on simulated tables, in the process and over HTTP, in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from dynoresilience.model import Units
from dynoresilience.testing import VirtualClock, capacity_report
from dynoresilience.testing.clock import NOON
from dynoresilience.testing.simulation import Simulation

Start = Callable[..., Simulation]
WRITES = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/orders",
    "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
}
READS = {**WRITES, "ScalableDimension": "dynamodb:table:ReadCapacityUnits"}
INDEX_WRITES = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/orders/index/by-customer",
    "ScalableDimension": "dynamodb:index:WriteCapacityUnits",
}
ONCE = Config(retries={"total_max_attempts": 1})

pytestmark = pytest.mark.parametrize("start_simulation", ["in-process", "server"], indirect=True)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def sim(start_simulation: Start, clock: VirtualClock) -> Simulation:
    """A table and an index of 5 units each, nothing registered; a change takes 2 s."""
    simulator = start_simulation(clock=clock)
    simulator.create_table("orders", indexes={"by-customer": (5, 5)})
    return simulator


def register(sim: Simulation, target: dict[str, str] = WRITES, **bounds: Any) -> None:
    sim.autoscaling_client(config=ONCE).register_scalable_target(**target, **bounds)


def track(sim: Simulation, target: dict[str, str] = WRITES, **configuration: Any) -> None:
    """A target of 5 to 100 units with a policy of 70 %."""
    register(sim, target, MinCapacity=5, MaxCapacity=100)
    what = "Write" if "Write" in target["ScalableDimension"] else "Read"
    sim.autoscaling_client(config=ONCE).put_scaling_policy(
        **target,
        PolicyName="track",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 70.0,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": f"DynamoDB{what}CapacityUtilization"
            },
            **configuration,
        },
    )


def raise_by_hand(sim: Simulation, write: int, read: int = 5) -> None:
    sim.client(config=ONCE).update_table(
        TableName="orders",
        ProvisionedThroughput={"ReadCapacityUnits": read, "WriteCapacityUnits": write},
    )


def put(sim: Simulation, clock: VirtualClock, rate: int, seconds: int) -> None:
    """So many items a second, for so long."""
    client = sim.client(config=ONCE)
    for number in range(rate * seconds):
        client.put_item(TableName="orders", Item={"id": {"S": str(number)}})
        clock.advance(1 / rate)


def trickle(sim: Simulation, clock: VirtualClock, minutes: int) -> None:
    """An item a minute: next to nothing, but the table is not idle."""
    client = sim.client(config=ONCE)
    for number in range(minutes):
        client.put_item(TableName="orders", Item={"id": {"S": str(number)}})
        clock.advance(60)


def in_force(sim: Simulation, index: str | None = None) -> list[tuple[float, int]]:
    """From when on, and how many write units; virtual time begins at 0, with a full minute."""
    found: list[tuple[float, int]] = []
    for at, units in sim.capacity_history("orders", index):
        if not found or found[-1][1] != units.write:
            found.append((round(at, 3), units.write))
    return found


def code_of(call: Callable[..., Any], **request: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**request)
    code: str = refused.value.response["Error"]["Code"]
    return code


# What a registration does


def test_a_minimum_above_the_units_raises_them_after_five_seconds(
    sim: Simulation, clock: VirtualClock
) -> None:
    register(sim, MinCapacity=20, MaxCapacity=100)
    clock.advance(100)
    assert in_force(sim) == [(0.0, 5), (7.0, 20)]
    [update] = sim.updates
    assert update.at == 5.0
    assert update.autoscaled
    assert update.after == {None: Units(5, 20)}
    assert "UpdateTable" not in sim.calls


def test_a_maximum_below_the_units_lowers_them(sim: Simulation, clock: VirtualClock) -> None:
    register(sim, MinCapacity=1, MaxCapacity=3)
    clock.advance(100)
    assert in_force(sim) == [(0.0, 5), (7.0, 3)]
    shown = sim.client().describe_table(TableName="orders")["Table"]["ProvisionedThroughput"]
    assert shown["NumberOfDecreasesToday"] == 1


def test_the_minimum_of_a_target_is_raised_and_lowered_again(
    sim: Simulation, clock: VirtualClock
) -> None:
    register(sim, MinCapacity=5, MaxCapacity=100)
    clock.advance(60)
    register(sim, MinCapacity=40)
    clock.advance(60)
    register(sim, MinCapacity=5)
    clock.advance(3600)
    assert in_force(sim) == [(0.0, 5), (67.0, 40)]  # without a policy nothing brings it down


def test_the_seconds_are_settings(start_simulation: Start, clock: VirtualClock) -> None:
    sim = start_simulation(clock=clock, autoscaling_seconds=30, manual_raise_seconds=10)
    sim.create_table("orders")
    track(sim)
    register(sim, MinCapacity=6)
    clock.advance(40)
    raise_by_hand(sim, 50)
    clock.advance(60)
    assert in_force(sim) == [(0.0, 5), (32.0, 6), (42.0, 50), (54.0, 6)]


def test_an_index_has_targets_of_its_own(sim: Simulation, clock: VirtualClock) -> None:
    register(sim, INDEX_WRITES, MinCapacity=9, MaxCapacity=10)
    clock.advance(60)
    assert in_force(sim) == [(0.0, 5)]
    assert in_force(sim, "by-customer") == [(0.0, 5), (7.0, 9)]


def test_it_waits_for_a_table_that_is_being_updated(sim: Simulation, clock: VirtualClock) -> None:
    register(sim, MinCapacity=20, MaxCapacity=100)
    register(sim, READS, MinCapacity=20, MaxCapacity=100)
    clock.advance(60)
    # the second number meets the table in the middle of the first change
    assert [(each.at, each.after[None]) for each in sim.updates] == [
        (5.0, Units(5, 20)),
        (10.0, Units(20, 20)),
    ]


def test_it_has_no_more_decreases_than_anybody(sim: Simulation, clock: VirtualClock) -> None:
    for _ in range(4):
        raise_by_hand(sim, 50)
        clock.advance(3)
        raise_by_hand(sim, 5)
        clock.advance(3)
    raise_by_hand(sim, 50)
    clock.advance(3)
    last = clock.monotonic() - 6
    register(sim, MinCapacity=5, MaxCapacity=10)
    clock.advance(3500)
    assert sim.units("orders").write == 50
    clock.advance(200)
    assert sim.units("orders").write == 10
    assert 3600 <= sim.updates[-1].at - last <= 3660  # it tries every minute


# Target tracking


def test_a_manual_raise_is_taken_back_and_spends_a_decrease(
    sim: Simulation, clock: VirtualClock
) -> None:
    track(sim)
    clock.advance(60)
    raise_by_hand(sim, 50)
    clock.advance(600)
    assert in_force(sim) == [(0.0, 5), (62.0, 50), (149.0, 5)]
    assert [each.autoscaled for each in sim.updates] == [False, True]
    shown = sim.client().describe_table(TableName="orders")["Table"]["ProvisionedThroughput"]
    assert shown["NumberOfDecreasesToday"] == 1


def test_it_is_taken_back_as_far_as_the_last_minute_allows(
    sim: Simulation, clock: VirtualClock
) -> None:
    track(sim)
    raise_by_hand(sim, 50)
    put(sim, clock, 10, 120)
    assert in_force(sim) == [(0.0, 5), (2.0, 50), (89.0, 15)]


def test_who_is_taken_back_while_the_table_changes_is_taken_back_later(
    sim: Simulation, clock: VirtualClock
) -> None:
    track(sim)
    raise_by_hand(sim, 50)
    clock.advance(86)
    raise_by_hand(sim, 50, read=6)  # the table is UPDATING from 86 to 88 s
    clock.advance(60)
    assert in_force(sim) == [(0.0, 5), (2.0, 50), (94.0, 5)]


def test_the_raise_of_the_minimum_stays(sim: Simulation, clock: VirtualClock) -> None:
    track(sim)
    register(sim, MinCapacity=40)
    trickle(sim, clock, 120)
    assert in_force(sim) == [(0.0, 5), (7.0, 40)]
    register(sim, MinCapacity=5)  # by now it has been low for 15 minutes
    trickle(sim, clock, 2)
    assert in_force(sim) == [(0.0, 5), (7.0, 40), (7262.0, 5)]


def test_an_idle_table_stays_up_though_its_minimum_is_restored(
    sim: Simulation, clock: VirtualClock
) -> None:
    track(sim)
    register(sim, MinCapacity=40)
    clock.advance(60)
    register(sim, MinCapacity=5)
    clock.advance(7200)
    assert in_force(sim) == [(0.0, 5), (7.0, 40)]


def test_with_a_little_traffic_it_comes_down(sim: Simulation, clock: VirtualClock) -> None:
    track(sim)
    register(sim, MinCapacity=40)
    clock.advance(60)
    register(sim, MinCapacity=5)
    clock.advance(7140)
    trickle(sim, clock, 1)  # the first minute of all that is not idle; the 14 before it count too
    clock.advance(60)
    assert in_force(sim) == [(0.0, 5), (7.0, 40), (7262.0, 5)]


def test_a_target_without_a_policy_leaves_a_manual_raise_alone(
    sim: Simulation, clock: VirtualClock
) -> None:
    register(sim, MinCapacity=5, MaxCapacity=100)
    clock.advance(60)
    raise_by_hand(sim, 500)
    clock.advance(7200)
    assert sim.units("orders").write == 500


def test_two_busy_minutes_scale_out_and_fifteen_idle_ones_in(
    sim: Simulation, clock: VirtualClock
) -> None:
    track(sim)
    put(sim, clock, 6, 125)  # the table's burst serves what is above its 5 units
    assert in_force(sim) == [(0.0, 5), (122.0, 9)]
    clock.advance(1200)
    assert in_force(sim) == [
        (0.0, 5),
        (122.0, 9),
        (1022.0, 5),
    ]  # the third minute is the first idle one


def test_a_busy_minute_alone_changes_nothing(sim: Simulation, clock: VirtualClock) -> None:
    track(sim)
    put(sim, clock, 6, 60)
    clock.advance(300)
    assert in_force(sim) == [(0.0, 5)]


def test_a_cooldown_is_a_pause_between_two_changes(sim: Simulation, clock: VirtualClock) -> None:
    track(sim, ScaleOutCooldown=150)
    put(sim, clock, 4, 125)
    put(sim, clock, 6, 240)
    # 4 a second: 6 units from 122 s on; 6 a second: not before 270 s, at the end of a minute
    assert in_force(sim) == [(0.0, 5), (122.0, 6), (302.0, 9)]


def test_without_scale_in_a_manual_raise_stays(sim: Simulation, clock: VirtualClock) -> None:
    track(sim, DisableScaleIn=True)
    raise_by_hand(sim, 50)
    clock.advance(7200)
    assert sim.units("orders").write == 50


def test_units_below_the_minimum_are_raised_again(sim: Simulation, clock: VirtualClock) -> None:
    track(sim)
    clock.advance(60)
    raise_by_hand(sim, 2)
    clock.advance(600)
    assert in_force(sim) == [(0.0, 5), (62.0, 2), (149.0, 5)]


def test_a_table_on_demand_is_left_alone(sim: Simulation, clock: VirtualClock) -> None:
    track(sim)
    client = sim.client(config=ONCE)
    client.update_table(TableName="orders", BillingMode="PAY_PER_REQUEST")
    clock.advance(7200)
    assert sim.units("orders") == Units(0, 0)
    assert [each.autoscaled for each in sim.updates] == [False]


def test_points_of_a_table_begin_anew_after_a_time_on_demand(
    sim: Simulation, clock: VirtualClock
) -> None:
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 50}
    index = {"IndexName": "by-customer", "ProvisionedThroughput": units}
    track(sim)
    trickle(sim, clock, 14)
    client = sim.client(config=ONCE)
    client.update_table(TableName="orders", BillingMode="PAY_PER_REQUEST")
    clock.advance(90)
    client.update_table(
        TableName="orders",
        BillingMode="PROVISIONED",
        ProvisionedThroughput=units,
        GlobalSecondaryIndexUpdates=[{"Update": index}],
    )
    trickle(sim, clock, 60)
    # in force at 932 s, the first whole minute ends at 1020 s, the fifteenth at 1860 s
    assert in_force(sim)[-2:] == [(932.0, 50), (1862.0, 5)]


def test_a_manual_raise_stays_if_the_policy_is_taken_away(
    sim: Simulation, clock: VirtualClock
) -> None:
    track(sim)
    raise_by_hand(sim, 50)
    clock.advance(60)
    sim.autoscaling_client().delete_scaling_policy(**WRITES, PolicyName="track")
    clock.advance(7200)
    assert in_force(sim) == [(0.0, 5), (2.0, 50)]


def test_target_tracking_has_no_more_decreases_either(sim: Simulation, clock: VirtualClock) -> None:
    for write in (4, 3, 2, 1, 50):
        raise_by_hand(sim, write)
        clock.advance(3)
    track(sim)
    trickle(sim, clock, 60)
    # low for 15 minutes at 960 s; the last decrease was at 9 s
    assert in_force(sim)[-1] == (14.0, 50)
    trickle(sim, clock, 2)
    assert in_force(sim)[-1] == (3662.0, 5)


def test_a_table_that_is_gone_leaves_its_target_behind(
    sim: Simulation, clock: VirtualClock
) -> None:
    track(sim)
    register(sim, MinCapacity=20)
    sim.client(config=ONCE).delete_table(TableName="orders")
    clock.advance(7200)
    assert sim.updates == ()
    shown = sim.autoscaling_client().describe_scalable_targets(ServiceNamespace="dynamodb")
    assert [each["MinCapacity"] for each in shown["ScalableTargets"]] == [20]


def test_who_looks_only_at_the_end_sees_the_same(start_simulation: Start) -> None:
    def day(step: float) -> list[tuple[float, int]]:
        clock = VirtualClock()
        sim = start_simulation(clock=clock)
        sim.create_table("orders")
        track(sim)
        raise_by_hand(sim, 50)
        for _ in range(round(3600 / step)):
            clock.advance(step)
            sim.units("orders")
        found = in_force(sim)
        sim.stop()
        return found

    assert day(3600) == day(1) == [(0.0, 5), (2.0, 50), (89.0, 5)]


# Requests


def test_the_answers_of_the_service(sim: Simulation, clock: VirtualClock) -> None:
    client = sim.autoscaling_client(config=ONCE)
    answer = client.register_scalable_target(**WRITES, MinCapacity=5, MaxCapacity=100)
    clock.advance(60)
    client.register_scalable_target(**WRITES, MinCapacity=7)
    [shown] = client.describe_scalable_targets(
        ServiceNamespace="dynamodb", ResourceIds=["table/orders"]
    )["ScalableTargets"]
    assert (shown["MinCapacity"], shown["MaxCapacity"]) == (7, 100)
    assert shown["ScalableTargetARN"] == answer["ScalableTargetARN"]
    assert shown["CreationTime"].timestamp() == NOON
    track(sim)
    [policy] = client.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"]
    assert policy["PolicyType"] == "TargetTrackingScaling"
    client.delete_scaling_policy(**WRITES, PolicyName="track")
    client.deregister_scalable_target(**WRITES)
    assert code_of(client.deregister_scalable_target, **WRITES) == "ObjectNotFoundException"
    gone = client.describe_scalable_targets(ServiceNamespace="dynamodb")
    assert gone["ScalableTargets"] == []
    clock.advance(3600)
    assert sim.updates == ()


def test_pages_by_botocores_paginator(sim: Simulation) -> None:
    for target in (WRITES, READS, INDEX_WRITES):
        register(sim, target, MinCapacity=5, MaxCapacity=100)
    paginator = sim.autoscaling_client().get_paginator("describe_scalable_targets")
    pages = list(paginator.paginate(ServiceNamespace="dynamodb", PaginationConfig={"PageSize": 2}))
    assert [len(page["ScalableTargets"]) for page in pages] == [2, 1]


@pytest.mark.parametrize(
    ("target", "bounds"),
    [
        (WRITES, {"MinCapacity": 5}),
        (WRITES, {"MaxCapacity": 5}),
        (WRITES, {"MinCapacity": 6, "MaxCapacity": 5}),
        ({**WRITES, "ResourceId": "table/carts"}, {"MinCapacity": 1, "MaxCapacity": 5}),
        (
            {**INDEX_WRITES, "ResourceId": "table/orders/index/x"},
            {"MinCapacity": 1, "MaxCapacity": 5},
        ),
    ],
)
def test_a_registration_that_is_refused(
    sim: Simulation, target: dict[str, str], bounds: dict[str, int]
) -> None:
    client = sim.autoscaling_client(config=ONCE)
    call = client.register_scalable_target
    assert code_of(call, **target, **bounds) == "ValidationException"
    with pytest.raises(client.exceptions.ValidationException):
        call(**target, **bounds)


def test_access_denied_by_name_and_for_the_whole_service(sim: Simulation) -> None:
    client = sim.autoscaling_client(config=ONCE)
    asked = {"ServiceNamespace": "dynamodb"}
    sim.deny("DescribeScalableTargets")
    assert code_of(client.describe_scalable_targets, **asked) == "AccessDeniedException"
    client.describe_scaling_policies(**asked)
    sim.allow()
    sim.deny("application-autoscaling:*")
    for call in (client.describe_scalable_targets, client.describe_scaling_policies):
        with pytest.raises(ClientError, match="perform: application-autoscaling:DescribeScal"):
            call(**asked)
    sim.client(config=ONCE).list_tables()
    sim.allow("application-autoscaling:*")
    sim.deny("*")  # is about DynamoDB
    client.describe_scalable_targets(**asked)
    assert sim.calls["DescribeScalableTargets"] == 3
    assert sim.calls["DescribeScalingPolicies"] == 2


def test_faults_and_the_journal(sim: Simulation) -> None:
    client = sim.autoscaling_client(config=ONCE)
    sim.fail_next("RegisterScalableTarget", code="ConcurrentUpdateException", message="later")
    sim.fail_next("*")
    sim.random_faults(1, rate=1.0)
    with pytest.raises(client.exceptions.ConcurrentUpdateException, match="later"):
        register(sim, MinCapacity=5, MaxCapacity=100)
    register(sim, MinCapacity=5, MaxCapacity=100)
    assert [(met.operation, met.kind) for met in sim.faults] == [
        ("RegisterScalableTarget", "error")
    ]
    sim.random_faults(1, rate=1.0, operations=["DescribeScalableTargets"], kinds=["error"])
    assert code_of(client.describe_scalable_targets, ServiceNamespace="dynamodb") == (
        "InternalServerError"
    )


def test_an_operation_that_does_not_exist_can_not_be_ordered(sim: Simulation) -> None:
    with pytest.raises(ValueError, match="did you mean 'RegisterScalableTarget'"):
        sim.deny("RegisterScalableTargets")


def test_the_report_tells_who_asked(sim: Simulation, clock: VirtualClock) -> None:
    register(sim, MinCapacity=20, MaxCapacity=100)
    clock.advance(60)
    assert "5.0 s orders: table 5/5 to 5/20 (Application Auto Scaling)" in capacity_report(sim)


def test_regions_have_targets_of_their_own(sim: Simulation) -> None:
    register(sim, MinCapacity=5, MaxCapacity=100)
    there = sim.autoscaling_client(region_name="eu-west-1")
    assert there.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"] == []
