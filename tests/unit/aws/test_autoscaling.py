"""Scalable targets through boto3: on moto's Application Auto Scaling, and every failure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from moto import mock_aws

from dynoresilience.aws.autoscaling import ScalableTargets
from dynoresilience.aws.table_control import BotoTableControl, table_state
from dynoresilience.model import (
    CapacityUpdate,
    Change,
    Dimension,
    Resource,
    ResourceState,
    ScalableTarget,
    TableState,
    Units,
)
from dynoresilience.ports import (
    AccessDenied,
    ControlPlaneError,
    OutcomeUnknown,
    ServiceLimit,
    TargetDenied,
)

READ, WRITE = Dimension.READ, Dimension.WRITE
CREDENTIALS = {
    "region_name": "us-east-1",
    "aws_access_key_id": "testing",
    "aws_secret_access_key": "testing",
}
ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
STATE = TableState(
    "orders", ARN, ResourceState(Units(5, 5)), {"by-customer": ResourceState(Units(5, 5))}
)
TABLE_WRITES, INDEX_READS = (None, WRITE), ("by-customer", READ)
RAISE = Change(Resource("orders"), WRITE, 5, 10, minimum=True)
RAISE_INDEX = Change(Resource("orders", "by-customer"), READ, 1, 4, minimum=True)


@pytest.fixture
def scaling() -> Iterator[Any]:
    """moto's, with targets on the table's writes, its index's reads, and what is none of ours."""
    with mock_aws():
        boto3.client("dynamodb", **CREDENTIALS).create_table(  # type: ignore[call-overload]
            TableName="orders",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by-customer",
                    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                    "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
                }
            ],
        )
        client = boto3.client("application-autoscaling", **CREDENTIALS)
        register(client, "table/orders", "dynamodb:table:WriteCapacityUnits", 5, 50)
        index = "table/orders/index/by-customer"
        register(client, index, "dynamodb:index:ReadCapacityUnits", 1, 9)
        register(client, "table/other", "dynamodb:table:WriteCapacityUnits", 7, 70)
        yield client


def register(client: Any, resource: str, dimension: str, low: int, high: int) -> None:
    client.register_scalable_target(
        ServiceNamespace="dynamodb",
        ResourceId=resource,
        ScalableDimension=dimension,
        MinCapacity=low,
        MaxCapacity=high,
    )


def add_policy(client: Any) -> None:
    client.put_scaling_policy(
        ServiceNamespace="dynamodb",
        ResourceId="table/orders",
        ScalableDimension="dynamodb:table:WriteCapacityUnits",
        PolicyName="track",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={"TargetValue": 70.0},
    )


def test_what_a_table_and_its_indexes_have(scaling: Any) -> None:
    targets = ScalableTargets.beside(boto3.client("dynamodb", **CREDENTIALS))

    assert targets.of("orders", STATE, ()) == {
        TABLE_WRITES: ScalableTarget(5, 50),
        INDEX_READS: ScalableTarget(1, 9),
    }


def test_of_those_that_matter_it_is_asked_whether_they_are_tracked(scaling: Any) -> None:
    add_policy(scaling)

    found = ScalableTargets(lambda: scaling).of("orders", STATE, [TABLE_WRITES, INDEX_READS])

    assert {key: target.tracked for key, target in found.items()} == {
        TABLE_WRITES: True,
        INDEX_READS: False,
    }


def test_a_table_of_another_account_is_not_ours_of_the_same_name(scaling: Any) -> None:
    [known, *_] = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    if not known.get("ScalableTargetARN"):
        pytest.skip("this moto does not say whose a target is")
    targets = ScalableTargets(lambda: scaling)

    assert targets.of(ARN.replace("123456789012", "999999999999"), STATE, ()) == {}
    assert len(targets.of(ARN, STATE, ())) == 2


def test_only_the_minimum_is_changed(scaling: Any) -> None:
    targets = ScalableTargets(lambda: scaling)

    targets.set_minimum("orders", RAISE)
    targets.set_minimum(ARN, RAISE_INDEX)

    assert targets.of("orders", STATE, ()) == {
        TABLE_WRITES: ScalableTarget(10, 50),
        INDEX_READS: ScalableTarget(4, 9),
    }


def test_no_request_could_make_a_target() -> None:
    """That takes a maximum, too."""
    client = Refusing()

    ScalableTargets(lambda: client).set_minimum("orders", RAISE)

    assert client.registered == [
        {
            "ServiceNamespace": "dynamodb",
            "ResourceId": "table/orders",
            "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
            "MinCapacity": 10,
        }
    ]


def test_the_client_is_made_when_first_asked_and_once() -> None:
    made: list[int] = []
    targets = ScalableTargets(lambda: made.append(1))

    assert made == []
    for _ in range(2):
        with pytest.raises(ControlPlaneError, match="no Application Auto Scaling"):
            targets.of("orders", STATE, [TABLE_WRITES])
    assert made == [1]


class Refusing:
    """A client whose calls end in errors, by operation."""

    def __init__(self, **errors: Exception) -> None:
        self.errors = errors
        self.asked: list[str] = []
        self.registered: list[dict[str, Any]] = []

    def _answer(self, operation: str) -> Any:
        self.asked.append(operation)
        if operation in self.errors:
            raise self.errors[operation]
        return [{"ScalableTargets": [], "ScalingPolicies": []}]

    def register_scalable_target(self, **request: Any) -> Any:
        self.registered.append(request)
        return self._answer("register_scalable_target")

    def get_paginator(self, operation: str) -> Any:
        refusing = self

        class Pages:
            def paginate(self, **_: Any) -> Any:
                return refusing._answer(operation)

        return Pages()

    def update_table(self, **_: Any) -> Any:
        return self._answer("update_table")


def error(code: str, message: str = "", status: int = 400) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, "RegisterScalableTarget")


TIMEOUT = ReadTimeoutError(endpoint_url="https://x")


@pytest.mark.parametrize(
    ("refusal", "asked", "changed"),
    [
        (error("AccessDeniedException"), AccessDenied, TargetDenied),
        (error("ValidationException", "minimum > maximum"), ServiceLimit, ServiceLimit),
        (error("ConcurrentUpdateException"), ControlPlaneError, ControlPlaneError),
        (error("ThrottlingException"), ControlPlaneError, ControlPlaneError),
        (error("InternalServiceException", status=500), OutcomeUnknown, OutcomeUnknown),
        (TIMEOUT, OutcomeUnknown, OutcomeUnknown),
    ],
)
def test_what_a_refusal_means(
    refusal: Exception, asked: type[Exception], changed: type[Exception]
) -> None:
    client = Refusing(describe_scalable_targets=refusal, register_scalable_target=refusal)
    targets = ScalableTargets(lambda: client)

    with pytest.raises(ControlPlaneError) as one:
        targets.of("orders", STATE, ())
    with pytest.raises(ControlPlaneError) as other:
        targets.set_minimum("orders", RAISE)

    assert type(one.value) is asked
    assert type(other.value) is changed
    for told, action in ((one, "DescribeScalableTargets"), (other, "RegisterScalableTarget")):
        if isinstance(told.value, AccessDenied):
            assert told.value.action == f"application-autoscaling:{action}"


def test_policies_that_may_not_be_seen_are_taken_for_granted(
    scaling: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets = ScalableTargets(lambda: scaling)
    refusing = Refusing(describe_scaling_policies=error("AccessDeniedException"))
    real = scaling.get_paginator

    def get_paginator(operation: str) -> Any:
        chosen: Any = real if operation == "describe_scalable_targets" else refusing.get_paginator
        return chosen(operation)

    monkeypatch.setattr(scaling, "get_paginator", get_paginator)

    for _ in range(3):
        assert targets.of("orders", STATE, [TABLE_WRITES])[TABLE_WRITES].tracked
    assert len(refusing.asked) == 1, "and not asked for again"
    refusing.errors = {"describe_scaling_policies": TIMEOUT}
    targets = ScalableTargets(lambda: scaling)
    for _ in range(3):
        assert targets.of("orders", STATE, [TABLE_WRITES])[TABLE_WRITES].tracked
    assert len(refusing.asked) == 4


# -- together with UpdateTable -------------------------------------------------------------

READS = Change(Resource("orders"), READ, 5, 10)
BOTH = CapacityUpdate({None: Units(10, 5)}, (READS, RAISE))
SAME = error("ValidationException", "The provisioned throughput for the table will not change.")


def control(client: Refusing) -> BotoTableControl:
    return BotoTableControl(client, ScalableTargets(lambda: client))


def test_units_go_before_minimums() -> None:
    client = Refusing()

    assert control(client).update("orders", BOTH)
    assert client.asked == ["update_table", "register_scalable_target"]
    client.asked.clear()
    assert control(client).update("orders", CapacityUpdate({}, (RAISE, RAISE_INDEX)))
    assert client.asked == ["register_scalable_target"] * 2


def test_what_was_refused_first_was_not_done_at_all() -> None:
    client = Refusing(update_table=error("AccessDeniedException"))
    with pytest.raises(AccessDenied):
        control(client).update("orders", BOTH)
    assert client.asked == ["update_table"]

    client = Refusing(register_scalable_target=error("AccessDeniedException"))
    with pytest.raises(TargetDenied):
        control(client).update("orders", CapacityUpdate({}, (RAISE,)))


def test_what_was_done_in_part_is_of_unknown_outcome() -> None:
    client = Refusing(register_scalable_target=error("AccessDeniedException"))

    with pytest.raises(OutcomeUnknown, match="done in part"):
        control(client).update("orders", BOTH)


def test_units_that_somebody_else_has_raised_end_the_raise_but_not_the_lowering() -> None:
    client = Refusing(update_table=SAME)
    assert not control(client).update("orders", BOTH)
    assert client.asked == ["update_table"]

    lower = CapacityUpdate(
        {None: Units(5, 5)},
        (
            Change(Resource("orders"), READ, 10, 5),
            Change(Resource("orders"), WRITE, 10, 5, minimum=True),
        ),
    )
    assert control(client).update("orders", lower)
    assert client.asked[1:] == ["update_table", "register_scalable_target"]


def test_without_a_way_to_application_auto_scaling_nothing_is_told_and_nothing_done() -> None:
    lone = BotoTableControl(Refusing())

    with pytest.raises(ControlPlaneError, match="no way"):
        lone.targets("orders", STATE, ())
    with pytest.raises(ControlPlaneError, match="no way"):
        lone.update("orders", CapacityUpdate({}, (RAISE,)))


@pytest.mark.parametrize(
    ("replicas", "others"),
    [
        (None, ()),
        (["us-east-1"], ()),
        (["us-west-2", "us-east-1", "eu-west-1"], ("eu-west-1", "us-west-2")),
    ],
)
def test_the_other_regions_of_a_global_table(
    replicas: list[str] | None, others: tuple[str, ...]
) -> None:
    description: dict[str, Any] = {"TableName": "orders", "TableArn": ARN}
    if replicas is not None:
        description["Replicas"] = [{"RegionName": name} for name in replicas]

    assert table_state(description, "orders").replicas == others
