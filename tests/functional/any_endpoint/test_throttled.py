"""The main job in real time on every simulator, DynamoDB Local behind it among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dynoresilience import ScalingClient, ScalingConfig, attach
from dynoresilience.model import Dimension, Resource, Units
from dynoresilience.testing import fresh_start
from dynoresilience.testing.simulation import Simulation
from tests.functional.any_endpoint.conftest import wait_until_nothing_is_watched
from tests.functional.conftest import in_threads, order

CAP = 2000
CAPS = ScalingConfig(max_read_capacity=CAP, max_write_capacity=CAP, scale_up_factor=400)
"""More than these threads can use: whether calls get through at the cap is not asked here."""


@pytest.fixture
def simulator(start_simulation: Callable[..., Simulation]) -> Iterator[Simulation]:
    """A table "orders" and its index, 5 units each and no burst; a change takes 0.3 s."""
    simulator = start_simulation(update_seconds=0.3, burst_seconds=1.0, start_full=False)
    simulator.create_table("orders", indexes={"by-customer": (5, 5)})
    with fresh_start():
        yield simulator


def count(simulator: Simulation) -> int:
    pages = simulator.client().get_paginator("scan").paginate(TableName="orders", Select="COUNT")
    return sum(page["Count"] for page in pages)


def check(simulator: Simulation, items: int) -> None:
    """All is there, for it capacity was raised, and nowhere above the cap."""
    assert simulator.throttles[Resource("orders"), Dimension.WRITE] > 0
    assert count(simulator) == items
    for index in (None, "by-customer"):
        history = [units for _, units in simulator.capacity_history("orders", index)]
        assert history[0] == Units(5, 5)
        assert max(units.write for units in history) <= CAP
        assert {units.read for units in history} == {5}
    assert simulator.units("orders").write > 5


def test_puts_of_many_threads_all_go_through_and_capacity_comes_down(simulator: Simulation) -> None:
    ddb = ScalingClient(simulator.client(), config=CAPS)

    errors = in_threads(200, lambda n: ddb.put_item(TableName="orders", Item=order(n)), threads=8)

    assert errors == []
    check(simulator, 200)
    assert ddb.pending_scale_downs()
    ddb.scale_down_now()
    wait_until_nothing_is_watched()
    assert simulator.units("orders") == simulator.units("orders", "by-customer") == Units(5, 5)
    assert ddb.pending_scale_downs() == ()


def test_a_batch_writer_and_a_table(simulator: Simulation) -> None:
    table = attach(simulator.resource(), config=CAPS).Table("orders")

    def put(number: int) -> Any:
        return table.put_item(Item={"id": str(number), "customer": "x"})

    assert in_threads(50, put, threads=8) == []
    with table.batch_writer() as batch:
        for number in range(50, 100):
            batch.put_item(Item={"id": str(number), "customer": "x"})

    check(simulator, 100)
    ScalingClient(table.meta.client).scale_down_now()
    wait_until_nothing_is_watched()


def test_transactions_are_sent_again_when_capacity_was_short(simulator: Simulation) -> None:
    ddb = ScalingClient(simulator.client(), config=CAPS)

    def write(number: int) -> Any:
        puts: Any = [
            {"Put": {"TableName": "orders", "Item": order(each)}}
            for each in (2 * number, 2 * number + 1)
        ]
        return ddb.transact_write_items(TransactItems=puts)

    assert in_threads(20, write, threads=4) == []
    check(simulator, 40)
    ddb.scale_down_now()
    wait_until_nothing_is_watched()
