from __future__ import annotations

from typing import Any

import pytest

from dynoresilience.model import Dimension, Resource
from dynoresilience.testing.autoscaling.names import TargetKey, check_namespace, parse
from dynoresilience.testing.autoscaling.targets import ScalableTargets
from dynoresilience.testing.autoscaling.tracking import Bounds, Tracking
from tests.unit.testing.control.refusals import code, refusal

INVALID, MISSING = "ValidationException", "ObjectNotFoundException"
WRITES = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/orders",
    "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
}
INDEX_READS = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/orders/index/by-customer",
    "ScalableDimension": "dynamodb:index:ReadCapacityUnits",
}
NOON = 1_767_268_800.0


@pytest.fixture
def targets() -> ScalableTargets:
    found = ScalableTargets("eu-west-1")
    found.register({**WRITES, "MinCapacity": 5, "MaxCapacity": 100}, NOON)
    return found


def policy(**changes: Any) -> dict[str, Any]:
    configuration = {
        "TargetValue": 70.0,
        "PredefinedMetricSpecification": {
            "PredefinedMetricType": "DynamoDBWriteCapacityUtilization"
        },
    }
    return {
        **WRITES,
        "PolicyName": "track",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {**configuration, **changes},
    }


def bounds(targets: ScalableTargets) -> Bounds:
    found = targets.get(TargetKey.of(WRITES))
    assert found is not None
    return found.bounds


def test_tables_and_indexes_are_named_by_resource_and_dimension() -> None:
    assert parse(TargetKey.of(WRITES)) == (Resource("orders"), Dimension.WRITE)
    assert parse(TargetKey.of(INDEX_READS)) == (Resource("orders", "by-customer"), Dimension.READ)


@pytest.mark.parametrize(
    ("resource", "dimension"),
    [
        ("orders", "dynamodb:table:WriteCapacityUnits"),
        ("table/orders", "dynamodb:index:WriteCapacityUnits"),
        ("table/orders/index/x", "dynamodb:table:WriteCapacityUnits"),
        ("table/orders/x", "dynamodb:table:WriteCapacityUnits"),
        ("table/", "dynamodb:table:WriteCapacityUnits"),
        ("table/orders", "ecs:service:DesiredCount"),
    ],
)
def test_what_is_no_table_and_no_index_is_refused(resource: str, dimension: str) -> None:
    assert refusal(lambda: parse(TargetKey(resource, dimension))) == (
        INVALID,
        "Unsupported service namespace, resource type or scalable dimension",
    )


def test_another_namespace_is_refused() -> None:
    assert code(lambda: check_namespace(WRITES)) == ""
    assert code(lambda: check_namespace({**WRITES, "ServiceNamespace": "ecs"})) == INVALID


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"MinCapacity": 5}, "MaxCapacity"),
        ({"MaxCapacity": 5}, "MinCapacity"),
        ({}, "MinCapacity"),
        ({"MinCapacity": 0, "MaxCapacity": 5}, "MinCapacity"),
        ({"MinCapacity": 6, "MaxCapacity": 5}, "greater than MaxCapacity 5"),
    ],
)
def test_a_new_target_needs_both_bounds_in_order(asked: dict[str, int], named: str) -> None:
    targets = ScalableTargets("eu-west-1")
    refused, message = refusal(lambda: targets.register({**WRITES, **asked}, NOON))
    assert refused == INVALID
    assert named in message
    assert targets.describe({})["ScalableTargets"] == []


@pytest.mark.parametrize(
    ("asked", "then"),
    [
        ({"MinCapacity": 20}, Bounds(20, 100)),
        ({"MinCapacity": 100}, Bounds(100, 100)),
        ({"MaxCapacity": 50}, Bounds(5, 50)),
        ({"MinCapacity": 1, "MaxCapacity": 2}, Bounds(1, 2)),
        ({}, Bounds(5, 100)),
    ],
)
def test_an_update_names_what_it_changes(
    targets: ScalableTargets, asked: dict[str, int], then: Bounds
) -> None:
    before = targets.describe({})["ScalableTargets"][0]
    targets.register({**WRITES, **asked}, NOON + 60)
    assert bounds(targets) == then
    after = targets.describe({})["ScalableTargets"][0]
    assert after["ScalableTargetARN"] == before["ScalableTargetARN"]
    assert after["CreationTime"] == before["CreationTime"] == NOON


@pytest.mark.parametrize("asked", [{"MinCapacity": 101}, {"MaxCapacity": 4}])
def test_an_update_that_turns_the_bounds_around_is_refused(
    targets: ScalableTargets, asked: dict[str, int]
) -> None:
    assert code(lambda: targets.register({**WRITES, **asked}, NOON)) == INVALID
    assert bounds(targets) == Bounds(5, 100)


def test_targets_are_described_by_resource_and_dimension(targets: ScalableTargets) -> None:
    targets.register({**INDEX_READS, "MinCapacity": 1, "MaxCapacity": 2}, NOON)
    reads = {**WRITES, "ScalableDimension": "dynamodb:table:ReadCapacityUnits"}
    targets.register({**reads, "MinCapacity": 1, "MaxCapacity": 2}, NOON)

    def found(**request: Any) -> list[str]:
        answer = targets.describe(request)["ScalableTargets"]
        return [each["ScalableDimension"].removeprefix("dynamodb:") for each in answer]

    table = ["table:ReadCapacityUnits", "table:WriteCapacityUnits"]
    assert found() == [*table, "index:ReadCapacityUnits"]
    assert found(ResourceIds=["table/orders"]) == table
    assert found(ResourceIds=["table/orders", INDEX_READS["ResourceId"]]) == found()
    only = WRITES["ScalableDimension"]
    assert found(ResourceIds=["table/orders"], ScalableDimension=only) == table[1:]
    assert found(ResourceIds=["table/carts"]) == []
    assert code(lambda: targets.describe({"ScalableDimension": only})) == INVALID


def test_a_target_that_is_gone_takes_its_policy_along(targets: ScalableTargets) -> None:
    targets.put_policy(policy(), NOON)
    assert targets.deregister(WRITES) == TargetKey.of(WRITES)
    assert targets.describe_policies({}) == {"ScalingPolicies": []}
    assert code(lambda: targets.deregister(WRITES)) == MISSING
    assert code(lambda: targets.put_policy(policy(), NOON)) == MISSING


def test_a_policy_can_be_changed_and_described(targets: ScalableTargets) -> None:
    first = targets.put_policy(policy(), NOON)
    assert first.tracking == Tracking(70.0)
    changes = {"TargetValue": 50, "DisableScaleIn": True, "ScaleInCooldown": 60}
    second = targets.put_policy(policy(**changes, ScaleOutCooldown=30), NOON + 9)
    assert second.tracking == Tracking(50.0, False, True, 60, 30)
    [shown] = targets.describe_policies({"PolicyNames": ["track"]})["ScalingPolicies"]
    assert shown["PolicyARN"] == first.shown["PolicyARN"]
    assert shown["CreationTime"] == NOON
    assert shown["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 50
    for other in ({"PolicyNames": ["other"]}, {"ResourceId": "table/carts"}):
        assert targets.describe_policies(other)["ScalingPolicies"] == []
    only = {"ResourceId": "table/orders", "ScalableDimension": INDEX_READS["ScalableDimension"]}
    assert targets.describe_policies(only)["ScalingPolicies"] == []


def test_a_target_has_one_policy(targets: ScalableTargets) -> None:
    targets.put_policy(policy(), NOON)
    refused = refusal(lambda: targets.put_policy({**policy(), "PolicyName": "other"}, NOON))
    assert refused == (
        INVALID,
        "Only one TargetTrackingScaling policy for a given metric specification is allowed.",
    )


@pytest.mark.parametrize(
    "request_body",
    [
        policy(TargetValue=19),
        policy(TargetValue=91),
        policy(
            PredefinedMetricSpecification={
                "PredefinedMetricType": "DynamoDBReadCapacityUtilization"
            }
        ),
        policy(PredefinedMetricSpecification=None, CustomizedMetricSpecification={}),
        {**policy(), "PolicyType": "StepScaling"},
        {**WRITES, "PolicyName": "track"},
        {**WRITES, "PolicyName": "track", "PolicyType": "TargetTrackingScaling"},
    ],
)
def test_a_policy_that_is_not_simulated_is_refused(
    targets: ScalableTargets, request_body: dict[str, Any]
) -> None:
    assert code(lambda: targets.put_policy(request_body, NOON)) == INVALID
    assert targets.describe_policies({})["ScalingPolicies"] == []


def test_a_policy_is_deleted_by_its_name(targets: ScalableTargets) -> None:
    targets.put_policy(policy(), NOON)
    assert code(lambda: targets.delete_policy({**WRITES, "PolicyName": "other"})) == MISSING
    targets.delete_policy({**WRITES, "PolicyName": "track"})
    assert targets.describe_policies({})["ScalingPolicies"] == []
    assert code(lambda: targets.delete_policy({**WRITES, "PolicyName": "track"})) == MISSING


def test_what_is_suspended_is_not_tracked(targets: ScalableTargets) -> None:
    targets.put_policy(policy(), NOON)
    suspended = {"DynamicScalingInSuspended": True}
    target = targets.register({**WRITES, "SuspendedState": suspended}, NOON)
    assert target.tracking == Tracking(70.0, scales_in=False)
    out = {"DynamicScalingInSuspended": False, "DynamicScalingOutSuspended": True}
    target = targets.register({**WRITES, "SuspendedState": out}, NOON)
    assert target.tracking == Tracking(70.0, scales_out=False)
    [shown] = targets.describe({})["ScalableTargets"]
    assert shown["SuspendedState"] == {**out, "ScheduledScalingSuspended": False}
