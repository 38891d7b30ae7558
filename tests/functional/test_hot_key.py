"""A hot key range: no raise, and an event that stands for the key without telling it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from dynoresilience import ScalingClient, ScalingConfig
from dynoresilience.events import HotKeyRange
from dynoresilience.model import Units
from dynoresilience.testing import SimulatedDynamoDB, virtual_time
from tests.functional.conftest import Recorder, order

HOT = "KeyRangeThroughputExceeded"


@pytest.fixture
def sim() -> Iterator[SimulatedDynamoDB]:
    with virtual_time() as clock, SimulatedDynamoDB(clock=clock) as simulator:
        simulator.create_table("orders", indexes={"by-customer": (5, 5)})
        yield simulator


def heard(sim: SimulatedDynamoDB, **settings: Any) -> tuple[ScalingClient, Recorder]:
    told = Recorder()
    return ScalingClient(sim.client(), config=ScalingConfig(**settings), sinks=[told]), told


def test_the_same_key_has_the_same_hash_and_the_key_is_not_told(sim: SimulatedDynamoDB) -> None:
    ddb, told = heard(sim)
    for number in (1, 1, 2):
        sim.throttle_next("PutItem", 2, HOT)
        ddb.put_item(TableName="orders", Item=order(number))
    sim.throttle_next("GetItem", 1, HOT)
    ddb.get_item(TableName="orders", Key={"id": {"S": "order-2"}})

    hashes = [event.key_hash for event in told.of(HotKeyRange)]
    assert len(hashes) == 7
    assert len({*hashes[:4]}) == len({*hashes[4:]}) == 1
    assert hashes[0] != hashes[4]
    assert all(event.key is None for event in told.of(HotKeyRange))
    assert "order-" not in repr(told.of(HotKeyRange))
    assert sim.units("orders") == Units(5, 5)
    assert (sim.calls["DescribeTable"], sim.calls["UpdateTable"]) == (1, 0)


def test_of_an_index_it_is_the_key_of_the_index(sim: SimulatedDynamoDB) -> None:
    ddb, told = heard(sim, show_hot_keys=True)
    sim.throttle_next("PutItem", 1, HOT, index="by-customer")
    ddb.put_item(TableName="orders", Item=order(3))

    (event,) = told.of(HotKeyRange)
    assert event.resource is not None
    assert event.resource.index == "by-customer"
    assert json.loads(event.key) == {"customer": {"S": "customer-3"}}


def test_its_owner_may_ask_for_the_key(
    sim: SimulatedDynamoDB, caplog: pytest.LogCaptureFixture
) -> None:
    ddb = ScalingClient(sim.client(), config=ScalingConfig(show_hot_keys=True))
    sim.throttle_next("DeleteItem", 1, HOT)

    ddb.delete_item(TableName="orders", Key={"id": {"S": "order-5"}})

    (record,) = [record for record in caplog.records if "one key range" in record.message]
    assert '({"id": {"S": "order-5"}})' in record.message


def test_the_log_has_the_hash(sim: SimulatedDynamoDB, caplog: pytest.LogCaptureFixture) -> None:
    ddb = ScalingClient(sim.client(), config=ScalingConfig())
    sim.throttle_next("DeleteItem", 1, HOT)

    ddb.delete_item(TableName="orders", Key={"id": {"S": "order-5"}})

    (record,) = [record for record in caplog.records if "one key range" in record.message]
    assert "(key hash " in record.message
    assert "order-5" not in caplog.text


def test_who_asks_for_the_key_has_the_table_looked_at_without_scaling(
    sim: SimulatedDynamoDB,
) -> None:
    ddb, told = heard(sim, scaling_enabled=False, show_hot_keys=True)
    sim.throttle_next("*", 1, HOT)
    with ddb.operation(deadline=60):
        ddb.get_item(TableName="orders", Key={"id": {"S": "order-5"}})
    sim.throttle_next("Scan", 1, HOT)
    ddb.scan(TableName="orders")

    of_get, of_scan = told.of(HotKeyRange)
    assert json.loads(of_get.key) == {"id": {"S": "order-5"}}
    assert of_scan.key is None


@pytest.mark.parametrize("why", ["a scan", "no permission", "disabled", "a near deadline"])
def test_where_the_key_is_not_known_the_event_comes_without(
    sim: SimulatedDynamoDB, why: str
) -> None:
    ddb, told = heard(sim, scaling_enabled=why != "disabled")
    if why == "no permission":
        sim.deny("DescribeTable")
    sim.throttle_next("*", 2, HOT)

    with ddb.operation(deadline=9 if why == "a near deadline" else None):
        if why == "a scan":
            ddb.scan(TableName="orders")
        else:
            ddb.get_item(TableName="orders", Key={"id": {"S": "order-5"}})

    assert [event.key_hash for event in told.of(HotKeyRange)] == [None, None]
    assert sim.calls["DescribeTable"] == (1 if why in ("a scan", "no permission") else 0)
