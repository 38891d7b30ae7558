"""Raises and scale-downs on the control plane of any endpoint, however little it says.

The throttles here are made up in the client, because most endpoints have none; what is looked at
and changed because of them is the endpoint's own.
"""

from __future__ import annotations

from typing import Any

import pytest

from dynoresilience import ScalingClient
from dynoresilience.events import GaveUp, ScaleDownReleased
from dynoresilience.model import Dimension, HoldReason, PendingScaleDown, Resource
from tests.functional.any_endpoint.conftest import PATIENT, wait_until_nothing_is_watched
from tests.functional.conftest import Recorder, order
from tests.support.backends import Backend, ThrottleNext

TABLE = Resource("orders")
INDEX = Resource("orders", "by-customer")


def units(client: Any, index: str | None = None) -> tuple[int, int]:
    """Read and write units, once whatever was asked for is in force."""
    wait_until_nothing_is_watched()
    found = client.describe_table(TableName="orders")["Table"]
    for entry in found.get("GlobalSecondaryIndexes", ()):
        if entry["IndexName"] == index:
            found = entry
    throughput = found["ProvisionedThroughput"]
    return throughput["ReadCapacityUnits"], throughput["WriteCapacityUnits"]


def raised(pending: tuple[PendingScaleDown, ...]) -> list[tuple[Resource, Dimension, int, int]]:
    return [(each.resource, each.dimension, each.base, each.units) for each in pending]


@pytest.mark.parametrize("named", [True, False], ids=["reasons", "no-reasons"])
def test_what_was_raised_is_lowered(ddb: ScalingClient, plain: Any, named: bool) -> None:
    arn = plain.describe_table(TableName="orders")["Table"]["TableArn"]
    reason = ("TableWriteProvisionedThroughputExceeded", arn) if named else None
    ThrottleNext(ddb, "PutItem", 1, reason)

    ddb.put_item(TableName="orders", Item=order(1))

    assert units(plain) == (5, 10)
    assert units(plain, "by-customer") == (5, 5)
    assert raised(ddb.pending_scale_downs()) == [(TABLE, Dimension.WRITE, 5, 10)]
    lowered = ddb.scale_down_now()
    assert [(change.resource, change.before, change.after) for change in lowered] == [
        (TABLE, 10, 5)
    ]
    assert units(plain) == (5, 5)
    assert ddb.pending_scale_downs() == ()


def test_an_index_is_raised_and_lowered_by_itself(ddb: ScalingClient, plain: Any) -> None:
    arn = plain.describe_table(TableName="orders")["Table"]["TableArn"]
    reason = ("IndexReadProvisionedThroughputExceeded", f"{arn}/index/by-customer")
    ThrottleNext(ddb, "Query", 1, reason)

    ddb.query(
        TableName="orders",
        IndexName="by-customer",
        KeyConditionExpression="customer = :c",
        ExpressionAttributeValues={":c": {"S": "x"}},
    )

    assert (units(plain), units(plain, "by-customer")) == ((5, 5), (10, 5))
    assert raised(ddb.pending_scale_downs()) == [(INDEX, Dimension.READ, 5, 10)]
    ddb.scale_down_now()
    assert units(plain, "by-customer") == (5, 5)


def test_what_somebody_else_changed_since_is_left_alone(ddb: ScalingClient, plain: Any) -> None:
    told = Recorder()
    ddb = ScalingClient(ddb, sinks=[told])
    ThrottleNext(ddb, "PutItem", 1)
    ddb.put_item(TableName="orders", Item=order(1))
    wait_until_nothing_is_watched()
    theirs = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 30}
    plain.update_table(TableName="orders", ProvisionedThroughput=theirs)
    wait_until_active(plain)

    assert ddb.scale_down_now() == ()

    assert units(plain) == (5, 30)
    assert len(told.of(ScaleDownReleased)) == 1
    assert ddb.pending_scale_downs() == ()


def test_a_table_that_is_gone_needs_no_scale_down(ddb: ScalingClient, plain: Any) -> None:
    ThrottleNext(ddb, "PutItem", 1)
    ddb.put_item(TableName="orders", Item=order(1))
    wait_until_nothing_is_watched()
    plain.delete_table(TableName="orders")
    plain.get_waiter("table_not_exists").wait(TableName="orders")

    assert ddb.scale_down_now() == ()
    assert ddb.pending_scale_downs() == ()


def test_an_on_demand_table_is_never_raised(backend: Backend) -> None:
    told = Recorder()
    config = PATIENT.replace(max_retries=2, initial_retry_delay=0.001)
    ddb = ScalingClient(backend.client(), config=config, sinks=[told])
    ddb.create_table(
        TableName="free",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    ddb.get_waiter("table_exists").wait(TableName="free")
    throttle = ThrottleNext(ddb, "PutItem", 3)

    with pytest.raises(ddb.exceptions.ProvisionedThroughputExceededException) as caught:
        ddb.put_item(TableName="free", Item={"id": {"S": "1"}})

    assert throttle.left == 0
    report = caught.value.response["Dynoresilience"]  # type: ignore[typeddict-item]
    assert report["attempts"] == 3
    assert len(told.of(GaveUp)) == 1
    assert HoldReason.ON_DEMAND.value in str(report)
    table = ddb.describe_table(TableName="free")["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def wait_until_active(client: Any) -> None:
    waiter = client.get_waiter("table_exists")
    waiter.config.delay = 0.1
    waiter.wait(TableName="orders")
