"""Numbers that are not the owner's: set by a raise, or by Application Auto Scaling."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dynoresilience import ScalingClient, ScalingConfig
from dynoresilience.model import Units
from dynoresilience.tables import (
    DriftReport,
    Label,
    TableSpec,
    apply_plan,
    plan_table,
    verify_table,
)
from dynoresilience.testing import SimulatorServer, fresh_start
from tests.support.backends import Backend, ThrottleNext
from tests.support.drifts import FORGETS, create, settle, table

PATIENT = ScalingConfig(
    max_write_capacity=200, initial_retry_delay=20, max_retry_delay=20, scale_down_delay=3600
)
ITEM = {"id": {"S": "1"}, "day": {"N": "1"}}


def labels(report: DriftReport) -> dict[str, Label]:
    return {note.path: note.label for note in report.notes}


@pytest.mark.parametrize("by", ["the same process", "another process"])
def test_what_is_raised_is_no_drift_and_reads_as_its_base(backend: Backend, by: str) -> None:
    client, spec = backend.client(), table()
    create(client, spec)
    with ScalingClient(backend.client(), config=PATIENT) as scaling:
        arn = client.describe_table(TableName="orders")["Table"]["TableArn"]
        ThrottleNext(scaling, "PutItem", 1, ("TableWriteProvisionedThroughputExceeded", arn))
        scaling.put_item(TableName="orders", Item=ITEM)
        settle(client, "orders")
        if by == "the same process":
            report, read_back = verify_table(scaling, spec), TableSpec.from_table(client, "orders")
        elif "tags" in FORGETS[backend.name]:
            pytest.skip("nobody else can know")
        else:
            with fresh_start():  # knows nothing but the tags
                report = verify_table(client, spec)
                read_back = TableSpec.from_table(client, "orders")
        assert report.clean, str(report)
        assert labels(report) == {"write_capacity_units": Label.RAISED}
        assert "it goes back to 5" in str(report)
        assert read_back.write_capacity_units == 5
        scaling.scale_down_now()


def test_a_change_of_a_raised_number_is_drift_again(backend: Backend) -> None:
    client, spec = backend.client(), table()
    create(client, spec)
    with ScalingClient(backend.client(), config=PATIENT) as scaling:
        arn = client.describe_table(TableName="orders")["Table"]["TableArn"]
        ThrottleNext(scaling, "PutItem", 1, ("TableWriteProvisionedThroughputExceeded", arn))
        scaling.put_item(TableName="orders", Item=ITEM)
        settle(client, "orders")
        raised = client.describe_table(TableName="orders")["Table"]["ProvisionedThroughput"]
        client.update_table(
            TableName="orders",
            ProvisionedThroughput={
                "ReadCapacityUnits": 5,
                "WriteCapacityUnits": raised["WriteCapacityUnits"] + 3,
            },
        )
        settle(client, "orders")
        report = verify_table(client, spec)
        assert [each.path for each in report.differences] == ["write_capacity_units"]


@pytest.fixture
def scaled(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatorServer]:
    """A server with a table whose writes are under Application Auto Scaling, and are 9 by now."""
    with SimulatorServer(update_seconds=0) as server, fresh_start():
        monkeypatch.setenv("AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING", server.url)
        create(server.client(), table())
        server.autoscaling_client().register_scalable_target(
            ServiceNamespace="dynamodb",
            ResourceId="table/orders",
            ScalableDimension="dynamodb:table:WriteCapacityUnits",
            MinCapacity=5,
            MaxCapacity=50,
        )
        now = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 9}
        server.client().update_table(TableName="orders", ProvisionedThroughput=now)
        settle(server.client(), "orders")
        yield server


def test_what_application_auto_scaling_keeps_is_no_drift(scaled: SimulatorServer) -> None:
    report = verify_table(scaled.client(), table())
    assert report.clean, str(report)
    assert report.complete
    assert labels(report) == {"write_capacity_units": Label.AUTOSCALING}
    assert "between 5 and 50" in str(report)


def test_whose_a_number_is_may_not_be_known(scaled: SimulatorServer) -> None:
    scaled.deny("DescribeScalableTargets", "ListTagsOfResource")
    report = verify_table(scaled.client(), table())
    assert [each.path for each in report.differences] == ["write_capacity_units"]
    assert not report.complete
    assert "allow application-autoscaling:DescribeScalableTargets" in str(report)
    assert "allow dynamodb:ListTagsOfResource" in str(report)


def test_nobody_is_asked_where_capacity_is_as_declared(scaled: SimulatorServer) -> None:
    before = scaled.calls.copy()
    units = {"read_capacity_units": 5, "write_capacity_units": 9}
    assert verify_table(scaled.client(), table(**units)).clean
    assert (scaled.calls - before).total() == 5


def test_what_somebody_owns_is_not_planned(scaled: SimulatorServer) -> None:
    client = scaled.client()
    assert plan_table(client, table()).is_empty
    plan = plan_table(client, table(read_capacity_units=7))
    assert [step.what for step in plan.steps] == ["set the capacity: read 5 -> 7"]
    now = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 12}  # as it may at any time
    client.update_table(TableName="orders", ProvisionedThroughput=now)
    assert apply_plan(client, plan).report.clean
    assert scaled.units("orders") == Units(7, 12)


def test_a_raise_is_not_planned_away(backend: Backend) -> None:
    client, spec = backend.client(), table(read_capacity_units=7)
    create(client, table())
    with ScalingClient(backend.client(), config=PATIENT) as scaling:
        arn = client.describe_table(TableName="orders")["Table"]["TableArn"]
        ThrottleNext(scaling, "PutItem", 1, ("TableWriteProvisionedThroughputExceeded", arn))
        scaling.put_item(TableName="orders", Item=ITEM)
        settle(client, "orders")
        assert plan_table(scaling, table()).is_empty
        raised = client.describe_table(TableName="orders")["Table"]["ProvisionedThroughput"]
        assert apply_plan(scaling, plan_table(scaling, spec)).report.clean
        now = client.describe_table(TableName="orders")["Table"]["ProvisionedThroughput"]
        assert now["ReadCapacityUnits"] == 7
        assert now["WriteCapacityUnits"] == raised["WriteCapacityUnits"] > 5
        scaling.scale_down_now()


def test_where_it_is_not_known_whose_a_number_is_the_plan_says_so(scaled: SimulatorServer) -> None:
    scaled.deny("DescribeScalableTargets", "ListTagsOfResource")
    (step,) = plan_table(scaled.client(), table()).steps
    assert "allow application-autoscaling:DescribeScalableTargets" in step.risk
    assert "allow dynamodb:ListTagsOfResource" in step.risk
