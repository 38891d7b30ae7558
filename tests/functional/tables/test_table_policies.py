"""The policies for tables: enough for what each is for, and no action in them that is not used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dynoresilience.iam import policy
from dynoresilience.ports import AccessDenied
from dynoresilience.tables import DriftError, TableSpec, ensure_table, verify_table
from tests.support.ensuring import World, world
from tests.support.guarded_client import Guard
from tests.support.iam_policies import ACCOUNT, actions_of

UNITS = {"read_capacity_units": 5, "write_capacity_units": 5}
SPEC = TableSpec(
    name="orders",
    attributes={"id": "S", "day": "S"},
    hash_key="id",
    global_secondary_indexes=[
        {"name": "by-day", "hash_key": "day", "contributor_insights": True, **UNITS}
    ],
    time_to_live="expires",
    tags={"team": "shop"},
    point_in_time_recovery=True,
    contributor_insights=True,
    **UNITS,
)


def provision(here: World) -> None:
    units = {"ReadCapacityUnits": 7, "WriteCapacityUnits": 7}
    here.client.update_table(TableName="orders", ProvisionedThroughput=units)
    here.clock.advance(10)


def verify(here: World, client: Any) -> None:
    here.ensure(SPEC)
    provision(here)
    assert not verify_table(client, SPEC).clean


def ensure(here: World, client: Any) -> None:
    assert ensure_table(client, SPEC).outcome == "created"
    provision(here)
    with pytest.raises(DriftError):
        ensure_table(client, SPEC)


def repair(here: World, client: Any) -> None:
    assert ensure_table(client, SPEC).outcome == "created"
    provision(here)
    assert ensure_table(client, SPEC, on_drift="repair").outcome == "repaired"


@pytest.mark.parametrize("abac", [True, False])
@pytest.mark.parametrize("work", [verify, ensure, repair], ids=lambda work: work.__name__)
def test_a_policy_is_enough_and_not_more(work: Callable[..., None], abac: bool) -> None:
    allowed = policy("orders", work.__name__, region="us-east-1", account=ACCOUNT)
    guard = Guard(allowed, abac=abac)
    with world() as here:
        client = here.simulator.client()
        with guard.stands_before(client):
            work(here, client)
    assert guard.refused == []
    assert guard.actions == actions_of(allowed)


def test_that_of_scaling_creates_nothing() -> None:
    guard = Guard(policy("orders", region="us-east-1", account=ACCOUNT))
    with world() as here:
        client = here.simulator.client()
        with guard.stands_before(client), pytest.raises(AccessDenied, match="CreateTable") as error:
            ensure_table(client, SPEC)
        assert error.value.action == "dynamodb:CreateTable"
        assert not here.changes
