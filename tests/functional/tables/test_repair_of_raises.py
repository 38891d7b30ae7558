"""Capacity that another process has raised, or Application Auto Scaling: a repair leaves it alone,
also where whose it is can't be asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dynoresilience import ScalingClient, ScalingConfig
from dynoresilience.tables import DriftError, TableSpec
from dynoresilience.testing import virtual_time
from tests.support.ensuring import World, world

SPEC = TableSpec(
    name="orders",
    attributes={"id": "S"},
    hash_key="id",
    read_capacity_units=5,
    write_capacity_units=5,
)
RAISED = 10
PATIENT = ScalingConfig(max_write_capacity=200, initial_retry_delay=5, scale_down_delay=3600)


@contextmanager
def raised_elsewhere(**settings: Any) -> Iterator[World]:
    """The block is another process than the one whose call was throttled."""
    with world(**settings) as here:
        here.create(SPEC)
        scaling = ScalingClient(here.simulator.client(), config=PATIENT)
        here.simulator.throttle_next("PutItem")
        scaling.put_item(TableName="orders", Item={"id": {"S": "1"}})
        with virtual_time(here.clock):
            yield here


def test_a_raise_that_can_not_be_asked_for_is_not_taken_back() -> None:
    with raised_elsewhere() as here:
        here.clock.advance(5)
        here.simulator.deny("ListTagsOfResource")
        with pytest.raises(DriftError, match="allow dynamodb:ListTagsOfResource") as caught:
            here.ensure(SPEC, on_drift="repair")

        assert "nothing was changed" in caught.value.advice
        assert here.simulator.units("orders").write == RAISED
        assert here.changes["UpdateTable"] == 1  # the raise


@pytest.mark.parametrize("on_drift", ["raise", "repair"])
def test_tags_that_can_not_be_read_for_a_while_do_not_mean_that_nothing_is_raised(
    on_drift: str,
) -> None:
    with raised_elsewhere() as here:
        here.clock.advance(5)
        here.simulator.fail_next("ListTagsOfResource", 4, "ThrottlingException", "slow down")
        assert here.ensure(SPEC, on_drift=on_drift).outcome == "verified"
        assert here.simulator.units("orders").write == RAISED


@pytest.mark.parametrize("how", ["denied", "throttled", "no answer"])
def test_what_application_auto_scaling_has_raised_is_not_taken_back(how: str) -> None:
    with world() as here:
        here.create(SPEC)
        here.simulator.autoscaling_client().register_scalable_target(
            ServiceNamespace="dynamodb",
            ResourceId="table/orders",
            ScalableDimension="dynamodb:table:WriteCapacityUnits",
            MinCapacity=40,
            MaxCapacity=50,
        )
        here.clock.advance(30)
        if how == "denied":
            here.simulator.deny("DescribeScalableTargets")
        elif how == "throttled":
            here.simulator.fail_next(
                "DescribeScalableTargets", 3, "ThrottlingException", "slow down"
            )
        else:
            here.simulator.drop_next("DescribeScalableTargets", 100)
        if how == "throttled":
            assert here.ensure(SPEC, on_drift="repair").outcome == "verified"
        else:
            with pytest.raises(DriftError, match="owned by Application Auto Scaling is not known"):
                here.ensure(SPEC, on_drift="repair")
        assert here.simulator.units("orders").write == 40
        assert "UpdateTable" not in here.changes


@pytest.mark.parametrize("on_drift", ["raise", "repair"])
def test_a_start_does_not_wait_for_a_raise_that_is_under_way(on_drift: str) -> None:
    with raised_elsewhere(update_seconds=600) as here:
        for now in (5, RAISED):  # amid the first raise, and amid the second
            assert here.simulator.units("orders").write == now
            began = here.clock.monotonic()
            assert here.ensure(SPEC, on_drift=on_drift).outcome == "verified"
            assert here.clock.monotonic() == began
            here.clock.advance(700)
            scaling = ScalingClient(here.simulator.client(), config=PATIENT)
            here.simulator.throttle_next("PutItem")
            scaling.put_item(TableName="orders", Item={"id": {"S": "1"}})


def test_frozen_in_the_middle_of_a_look_it_does_not_take_back_a_raise_of_meanwhile() -> None:
    eight = TableSpec(**{**SPEC.declared(), "read_capacity_units": 8})
    with world() as here:
        here.create(SPEC)
        looks: list[int] = []

        def freeze(**_: Any) -> None:
            """For half an hour, amid the look upon which the capacity would be sent."""
            looks.append(1)
            if len(looks) == 2:
                with virtual_time(here.clock):
                    scaling = ScalingClient(here.simulator.client(), config=PATIENT)
                    here.simulator.throttle_next("PutItem")
                    scaling.put_item(TableName="orders", Item={"id": {"S": "1"}})
                here.clock.advance(1800)

        here.client.meta.events.register("after-call.dynamodb.DescribeContributorInsights", freeze)
        here.ensure(eight, on_drift="repair", timeout=7200)
        units = here.simulator.units("orders")
        assert (units.read, units.write) == (8, RAISED)
        assert here.changes["UpdateTable"] == 2  # the raise, and ours: none was taken back
