"""Point-in-time recovery, and how it gets in the way of the time to live."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import boto3
import pytest

from dynoresilience.testing import VirtualClock
from tests.functional.simulated_tables.conftest import (
    Orders,
    Start,
    refusal,
)

TTL = {"Enabled": True, "AttributeName": "expires"}
NOT_YET = (
    "ContinuousBackupsUnavailableException: Backups are being enabled for the table: orders. "
    "Please retry later"
)


def recover(orders: Orders, enabled: bool = True, **more: int) -> dict[str, Any]:
    answer = orders.client.update_continuous_backups(
        TableName="orders",
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled, **more},
    )
    return recovery_in(answer)


def described(orders: Orders) -> dict[str, Any]:
    return recovery_in(orders.client.describe_continuous_backups(TableName="orders"))


def recovery_in(answer: Any) -> dict[str, Any]:
    description = answer["ContinuousBackupsDescription"]
    assert description["ContinuousBackupsStatus"] == "ENABLED"
    found: dict[str, Any] = description["PointInTimeRecoveryDescription"]
    return found


def test_it_is_switched_at_once(start: Start, clock: VirtualClock) -> None:
    orders = Orders(start())
    assert described(orders) == {"PointInTimeRecoveryStatus": "DISABLED"}
    enabled = recover(orders)
    assert enabled["PointInTimeRecoveryStatus"] == "ENABLED"
    assert enabled["RecoveryPeriodInDays"] == 35
    clock.advance(3600.0)
    later = described(orders)
    assert later["EarliestRestorableDateTime"] == enabled["EarliestRestorableDateTime"]
    ago = later["LatestRestorableDateTime"] - later["EarliestRestorableDateTime"]
    assert ago == timedelta(seconds=3300)

    assert recover(orders, RecoveryPeriodInDays=7)["RecoveryPeriodInDays"] == 7
    assert recover(orders)["EarliestRestorableDateTime"] == enabled["EarliestRestorableDateTime"]
    assert recover(orders, enabled=False) == {"PointInTimeRecoveryStatus": "DISABLED"}
    assert recover(orders, enabled=False) == {"PointInTimeRecoveryStatus": "DISABLED"}
    assert recover(orders)["RecoveryPeriodInDays"] == 35


@pytest.mark.parametrize(
    ("request_part", "words"),
    [
        ({"RecoveryPeriodInDays": 36}, "Member must have value less than or equal to 35"),
        (
            {"enabled": False, "RecoveryPeriodInDays": 7},
            "Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery.",
        ),
    ],
)
def test_days_that_can_not_be(start: Start, request_part: dict[str, Any], words: str) -> None:
    orders = Orders(start())
    assert words in refusal(recover, orders=orders, **request_part)
    assert described(orders) == {"PointInTimeRecoveryStatus": "DISABLED"}


def test_a_table_that_is_not_there(start: Start) -> None:
    client = Orders(start()).client
    assert refusal(client.describe_continuous_backups, TableName="nowhere") == (
        "TableNotFoundException: Table not found: nowhere"
    )
    on = {"PointInTimeRecoveryEnabled": True}
    with pytest.raises(client.exceptions.TableNotFoundException):
        client.update_continuous_backups(TableName="nowhere", PointInTimeRecoverySpecification=on)


def test_a_new_table_has_no_backups_yet(start: Start, clock: VirtualClock) -> None:
    orders = Orders(start(create_seconds=5.0, backups_seconds=3.0))
    assert refusal(recover, orders=orders) == NOT_YET
    clock.advance(5.0)
    found = orders.client.describe_continuous_backups(TableName="orders")
    assert found["ContinuousBackupsDescription"]["ContinuousBackupsStatus"] == "DISABLED"
    assert refusal(recover, orders=orders) == NOT_YET
    clock.advance(3.0)
    recover(orders)


def test_the_time_to_live_waits_for_it(start: Start, clock: VirtualClock) -> None:
    orders = Orders(start(recovery_seconds=10.0))
    recover(orders)
    set_ttl = orders.client.update_time_to_live
    assert refusal(set_ttl, TableName="orders", TimeToLiveSpecification=TTL) == NOT_YET
    clock.advance(10.0)
    recover(orders)  # it is on already: nothing begins anew
    set_ttl(TableName="orders", TimeToLiveSpecification=TTL)


def test_how_long_the_time_to_live_rests_can_be_set(start: Start, clock: VirtualClock) -> None:
    orders = Orders(start(ttl_pause_seconds=60.0))
    set_ttl = orders.client.update_time_to_live
    set_ttl(TableName="orders", TimeToLiveSpecification=TTL)
    off = {**TTL, "Enabled": False}
    assert "modified multiple times within a fixed interval" in refusal(
        set_ttl, TableName="orders", TimeToLiveSpecification=off
    )
    clock.advance(60.0)
    set_ttl(TableName="orders", TimeToLiveSpecification=off)


@pytest.mark.parametrize("start_simulation", ["in-process"], indirect=True)
def test_moto_hears_of_it(start: Start) -> None:
    orders = Orders(start())
    boto3.client("s3", "us-east-1").create_bucket(Bucket="exports")
    export = {"TableArn": orders.described["TableArn"], "S3Bucket": "exports", "S3Prefix": "orders"}
    assert "PointInTimeRecoveryUnavailableException" in refusal(
        orders.client.export_table_to_point_in_time, **export
    )
    recover(orders)
    orders.client.export_table_to_point_in_time(**export)
