"""Whose key a table is encrypted with, and how that changes."""

from __future__ import annotations

from typing import Any

import pytest

from dynoresilience.testing import VirtualClock
from tests.functional.simulated_tables.conftest import STREAM, Orders, Start, refusal

KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
INVALID = "ValidationException: One or more parameter values were invalid: "


def with_key(key: str) -> dict[str, Any]:
    return {"SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}}


ON: dict[str, Any] = {"SSESpecification": {"Enabled": True}}
OFF: dict[str, Any] = {"SSESpecification": {"Enabled": False}}


def test_the_key_changes_while_the_table_stays_active(start: Start, clock: VirtualClock) -> None:
    orders = Orders(start(encryption_seconds=22.0))
    assert "SSEDescription" not in orders.described

    assert orders.update(**with_key(KEY))["SSEDescription"] == {"Status": "UPDATING"}
    assert orders.described["TableStatus"] == "ACTIVE"
    clock.advance(22.0)
    enabled = {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": KEY}
    assert orders.described["SSEDescription"] == enabled

    orders.update(**with_key("alias/orders"))
    assert orders.described["SSEDescription"] == {**enabled, "Status": "UPDATING"}
    clock.advance(22.0)
    arn = orders.described["SSEDescription"]["KMSMasterKeyArn"]
    assert arn != KEY
    assert ":key/" in arn, "an alias reads back as the key that it stands for"

    orders.update(**OFF)
    assert orders.described["SSEDescription"]["KMSMasterKeyArn"] == arn
    clock.advance(22.0)
    assert "SSEDescription" not in orders.described


def test_a_table_is_created_with_a_key(start: Start) -> None:
    orders = Orders(start(), **with_key(KEY))
    assert orders.described["SSEDescription"] == {
        "Status": "ENABLED",
        "SSEType": "KMS",
        "KMSMasterKeyArn": KEY,
    }


def test_keys_that_are_the_same_read_back_the_same(start: Start, clock: VirtualClock) -> None:
    orders = Orders(start(), **ON)
    managed = orders.described["SSEDescription"]["KMSMasterKeyArn"]
    orders.update(**with_key("alias/aws/dynamodb"))  # named otherwise: encrypted once more
    assert orders.described["SSEDescription"]["Status"] == "UPDATING"
    clock.advance(2.0)
    assert orders.described["SSEDescription"]["KMSMasterKeyArn"] == managed

    orders.update(**with_key("11111111-2222-3333-4444-555555555555"))
    clock.advance(2.0)
    arn = orders.described["SSEDescription"]["KMSMasterKeyArn"]
    assert arn.endswith(":key/11111111-2222-3333-4444-555555555555")


def test_what_changes_nothing_is_refused(start: Start, clock: VirtualClock) -> None:
    orders = Orders(start())
    default = f"{INVALID}Table is already encrypted by default"
    assert orders.refused(**OFF) == default
    assert orders.refused(SSESpecification={}) == default
    orders.update(**with_key(KEY))
    clock.advance(2.0)
    assert orders.refused(**with_key(KEY)) == (
        f"{INVALID}Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId "
        "parameter if you want to change Master Key"
    )


@pytest.mark.parametrize(
    ("specification", "words"),
    [
        ({"Enabled": False, "SSEType": "KMS"}, "SSEType can not be specified if Enabled is false"),
        (
            {"Enabled": False, "KMSMasterKeyId": KEY},
            "KMSMasterKeyId can not be specified if Enabled is false",
        ),
        ({"Enabled": True, "SSEType": "AES256"}, "SSEType AES256 is not supported"),
        (
            {"Enabled": True, "KMSMasterKeyId": KEY},
            "SSEType KMS is required if KMSMasterKeyId is specified",
        ),
    ],
)
def test_a_specification_that_contradicts_itself(
    start: Start, specification: dict[str, Any], words: str
) -> None:
    simulator = start()
    refused = refusal(lambda: Orders(simulator, SSESpecification=specification))
    assert refused == f"{INVALID}{words}"
    orders = Orders(simulator)
    assert orders.refused(SSESpecification=specification) == f"{INVALID}{words}"


def test_what_goes_on_meanwhile(start: Start, clock: VirtualClock) -> None:
    orders = Orders(start(encryption_seconds=22.0))
    orders.update(**ON)
    in_use = "ResourceInUseException: Attempt to change a resource which is still in use: "
    assert orders.refused(**OFF) == f"{in_use}Server-Side Encryption is still being updated"
    assert refusal(orders.client.delete_table, TableName="orders") == (
        f"{in_use}Table: orders is in the process of being updated."
    )
    assert orders.update(StreamSpecification=STREAM)["TableStatus"] == "UPDATING"
    clock.advance(22.0)
    assert orders.described["SSEDescription"]["Status"] == "ENABLED"
    orders.client.delete_table(TableName="orders")


def test_it_changes_four_times_a_day_and_then_every_six_hours(
    start: Start, clock: VirtualClock
) -> None:
    orders = Orders(start())
    for change in (ON, OFF, ON, OFF):
        orders.update(**change)
        clock.advance(2.0)
    refused = orders.refused(**ON)
    assert refused.startswith(
        "LimitExceededException: Subscriber limit exceeded: Encryption mode changes are limited "
        "in the 24h window ending at "
    )
    assert "Number of updates today: 4." in refused
    assert "SSEDescription" not in orders.described
    clock.advance(6 * 3600.0)
    orders.update(**ON)
    clock.advance(2.0)
    assert "Encryption mode changes are limited" in orders.refused(**OFF)
    clock.advance(24 * 3600.0)
    orders.update(**OFF)
