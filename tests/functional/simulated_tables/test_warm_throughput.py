"""Warm throughput of tables and indexes: asked for, raised, and never lowered."""

from __future__ import annotations

from typing import Any

import pytest

from dynoresilience.testing import VirtualClock
from tests.functional.simulated_tables.conftest import (
    ADD,
    BY_DAY,
    UNITS,
    Orders,
    Start,
    refusal,
)

INVALID = "ValidationException: One or more parameter values were invalid: "


def warm(read: int, write: int) -> dict[str, int]:
    return {"ReadUnitsPerSecond": read, "WriteUnitsPerSecond": write}


def of_index(read: int, write: int) -> dict[str, Any]:
    change = {"IndexName": "by-day", "WarmThroughput": warm(read, write)}
    return {"GlobalSecondaryIndexUpdates": [{"Update": change}]}


def test_a_table_is_created_with_it(start: Start) -> None:
    orders = Orders(
        start(),
        WarmThroughput=warm(13_000, 5_000),
        GlobalSecondaryIndexes=[{**BY_DAY, "WarmThroughput": {"WriteUnitsPerSecond": 6_000}}],
    )
    assert orders.described["WarmThroughput"] == {**warm(13_000, 5_000), "Status": "ACTIVE"}
    assert orders.index["WarmThroughput"] == {**warm(12_000, 6_000), "Status": "ACTIVE"}


def test_it_is_raised_while_the_table_stays_active(start: Start, clock: VirtualClock) -> None:
    orders = Orders(start(warm_seconds=400.0), GlobalSecondaryIndexes=[BY_DAY])
    before = {**warm(12_000, 4_000), "Status": "UPDATING"}

    answer = orders.update(WarmThroughput=warm(13_000, 5_000))
    assert (answer["TableStatus"], answer["WarmThroughput"]) == ("ACTIVE", before)
    orders.update(WarmThroughput=warm(14_000, 5_000))  # while it is under way: the last one counts
    orders.update(**of_index(12_000, 4_500))
    assert (orders.index["IndexStatus"], orders.index["WarmThroughput"]) == ("ACTIVE", before)
    assert "Table: orders is in the process of being updated." in refusal(
        orders.client.delete_table, TableName="orders"
    )

    clock.advance(400.0)
    assert orders.described["WarmThroughput"] == {**warm(14_000, 5_000), "Status": "ACTIVE"}
    assert orders.index["WarmThroughput"] == {**warm(12_000, 4_500), "Status": "ACTIVE"}
    orders.update(WarmThroughput={"WriteUnitsPerSecond": 5_500})
    clock.advance(400.0)
    assert orders.described["WarmThroughput"] == {**warm(14_000, 5_500), "Status": "ACTIVE"}


def test_it_never_decreases(start: Start, clock: VirtualClock) -> None:
    orders = Orders(start(), GlobalSecondaryIndexes=[BY_DAY])
    why = "lower than current WarmThroughput, decreasing WarmThroughput is not supported"
    assert orders.refused(WarmThroughput=warm(11_999, 4_000)) == (
        f"{INVALID}Requested ReadUnitsPerSecond for WarmThroughput for table is {why}"
    )
    assert orders.refused(**of_index(12_000, 1)) == (
        f"{INVALID}Requested WriteUnitsPerSecond for WarmThroughput for index by-day is {why}"
    )
    orders.update(WarmThroughput=warm(12_000, 4_000))  # the same is no refusal
    clock.advance(2.0)
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    update = {"Update": {"IndexName": "by-day", "ProvisionedThroughput": units}}
    orders.update(
        BillingMode="PROVISIONED",
        ProvisionedThroughput=units,
        GlobalSecondaryIndexUpdates=[update],
    )
    clock.advance(2.0)
    assert orders.described["WarmThroughput"] == {**warm(12_000, 4_000), "Status": "ACTIVE"}


def test_it_is_no_less_than_the_units_of_a_new_table(start: Start) -> None:
    simulator = start()

    def create(**request: Any) -> str:
        return refusal(lambda: Orders(simulator, **request))

    wanted = "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than"
    assert f"{wanted} ReadCapacityUnits of ProvisionedThroughput" in create(
        ProvisionedThroughput=UNITS, WarmThroughput=warm(4, 5)
    )
    assert f"{wanted} initial throughput for OnDemand" in create(WarmThroughput=warm(5, 5))
    assert "for index by-day is lower than" in create(
        GlobalSecondaryIndexes=[{**BY_DAY, "WarmThroughput": warm(12_000, 5)}]
    )
    assert "exceeds TableMaxReadCapacityUnits of the account in region us-east-1" in create(
        WarmThroughput=warm(40_001, 5_000)
    )


def test_an_index_that_is_added_brings_its_own(start: Start) -> None:
    orders = Orders(start(index_create_seconds=600.0))
    index = {**BY_DAY, "WarmThroughput": warm(5, 5)}
    add = {**ADD, "GlobalSecondaryIndexUpdates": [{"Create": index}]}
    assert "for index by-day is lower than initial throughput for OnDemand" in orders.refused(**add)
    index["WarmThroughput"] = warm(13_000, 4_000)
    orders.update(**add)
    assert orders.index["WarmThroughput"] == {**warm(13_000, 4_000), "Status": "ACTIVE"}


@pytest.mark.parametrize("change", [ADD, {"DeletionProtectionEnabled": True}])
def test_that_of_a_table_goes_alone(start: Start, change: dict[str, Any]) -> None:
    orders = Orders(start())
    assert "must be the only operation in the request" in orders.refused(
        WarmThroughput=warm(13_000, 5_000), **change
    )


def test_that_of_an_index_that_is_not_there(start: Start) -> None:
    assert "Index by-day for table orders" in Orders(start()).refused(**of_index(13_000, 5_000))


def test_provisioned_tables_have_what_their_units_are(start: Start, clock: VirtualClock) -> None:
    orders = Orders(start(), ProvisionedThroughput=UNITS)
    orders.update(WarmThroughput=warm(50, 50))
    clock.advance(2.0)
    orders.update(ProvisionedThroughput={"ReadCapacityUnits": 60, "WriteCapacityUnits": 5})
    clock.advance(2.0)
    assert orders.described["WarmThroughput"] == {**warm(60, 50), "Status": "ACTIVE"}
