"""`ensure_table(on_drift="repair")`: all of it or nothing, and whoever else is at it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from dynoresilience.tables import (
    DriftError,
    EnsureTimeout,
    TableSpec,
    TableUnusable,
    ensure_table,
    ensure_tables,
    verify_table,
)
from dynoresilience.testing import SimulatedDynamoDB
from tests.support.ensuring import FULL, SPEC, World, world

WITHOUT_INDEX = TableSpec(
    name="orders",
    attributes={"id": "S"},
    hash_key="id",
    billing_mode="PAY_PER_REQUEST",
    time_to_live="expires",
)


def test_what_differs_is_repaired() -> None:
    with world(index_create_seconds=300) as here:
        here.create(WITHOUT_INDEX)
        result = here.ensure(FULL, on_drift="repair")

        assert result.outcome == "repaired"
        assert result.report is not None
        assert result.report.clean
        assert here.clock.monotonic() >= 300
        assert here.ensure(FULL, on_drift="repair").outcome == "verified"
        assert verify_table(here.client, FULL).clean


def test_what_may_be_lost_has_to_be_allowed_and_until_then_nothing_is_done() -> None:
    with world() as here:
        here.create(SPEC)
        before = here.changes
        words = r'delete index by-day: allow it with allow=\("delete_index",\)'
        with pytest.raises(DriftError, match=words) as caught:
            here.ensure(WITHOUT_INDEX, on_drift="repair")

        assert "nothing was changed" in caught.value.advice
        assert {each.field for each in caught.value.report.differences} == {"index", "time_to_live"}
        assert here.changes == before
        result = here.ensure(WITHOUT_INDEX, on_drift="repair", allow=["delete_index"])
        assert result.outcome == "repaired"


def test_what_can_not_be_repaired_tells_the_way_out() -> None:
    other_key = {**SPEC.declared(), "hash_key": "number", "attributes": {"number": "N", "day": "S"}}
    with world() as here:
        here.create(SPEC)
        before = here.changes
        with pytest.raises(DriftError, match="another name") as caught:
            here.ensure(TableSpec(**other_key), on_drift="repair")
        assert caught.value.advice
        assert here.changes == before


def test_there_is_no_time_for_the_repair() -> None:
    with world(index_create_seconds=300) as here:
        here.create(WITHOUT_INDEX)
        began = here.clock.monotonic()
        with pytest.raises(EnsureTimeout, match="index by-day is CREATING"):
            here.ensure(SPEC, on_drift="repair", timeout=60)

        assert here.clock.monotonic() - began == pytest.approx(60)
        assert here.ensure(SPEC, on_drift="repair").outcome == "verified"  # it was waited for
        assert here.changes["UpdateTable"] == 1


def test_what_fails_in_passing_is_tried_again() -> None:
    with world() as here:
        here.create(WITHOUT_INDEX)
        for operation in ("DescribeTable", "UpdateTable", "DescribeTimeToLive"):
            here.simulator.fail_next(operation, 2)
        assert here.ensure(FULL, on_drift="repair").outcome == "repaired"


def test_what_fails_while_it_is_planned_is_tried_again() -> None:
    with world() as here:
        here.create(WITHOUT_INDEX)
        before_our_look(2, here, lambda: here.simulator.drop_next("DescribeTable", 2))
        assert here.ensure(SPEC, on_drift="repair").outcome == "repaired"


def test_a_change_under_way_is_waited_for_before_the_repair_is_planned() -> None:
    units = {"ReadCapacityUnits": 8, "WriteCapacityUnits": 8}
    eight = {"read_capacity_units": 8, "write_capacity_units": 8}
    bare = TableSpec(name="orders", attributes={"id": "S"}, hash_key="id", **eight)
    with world(update_seconds=30) as here:
        here.create(TableSpec(**{**bare.declared(), "read_capacity_units": 5}))
        here.client.update_table(TableName="orders", ProvisionedThroughput=units)
        wanted = TableSpec(**bare.declared(), stream_view_type="KEYS_ONLY")
        assert here.ensure(wanted, on_drift="repair").outcome == "repaired"
        assert here.clock.monotonic() >= 30
        assert here.changes["UpdateTable"] == 2  # theirs, and the stream


def test_a_repair_that_is_denied_says_what_to_allow() -> None:
    with world() as here:
        here.create(WITHOUT_INDEX)
        here.simulator.deny("UpdateTable")
        with pytest.raises(DriftError, match="allow dynamodb:UpdateTable"):
            here.ensure(SPEC, on_drift="repair")


def test_somebody_else_has_repaired_it_meanwhile() -> None:
    with world() as here:
        here.create(SPEC)
        before_our_look(3, here, lambda: here.ensure(FULL, on_drift="repair"))
        assert here.ensure(FULL, on_drift="repair").outcome == "repaired"
        assert here.changes["UpdateTimeToLive"] == 1


def before_our_look(number: int, here: World, job: Any) -> None:
    """Between the look that finds drift and the plan of its repair, the last of ``number``."""
    looks: list[int] = []

    def count(**_: Any) -> None:
        looks.append(1)
        if len(looks) == number:
            job()

    here.client.meta.events.register("provide-client-params.dynamodb.DescribeTable", count)


def test_several_repair_at_once() -> None:
    """In real time, as there are threads: each sees the others' changes at any moment."""
    specs = [FULL.named(f"table-{number}") for number in range(3)]
    bare = [WITHOUT_INDEX.named(spec.name) for spec in specs]
    with SimulatedDynamoDB(index_create_seconds=1.0, update_seconds=0.2) as simulator:
        ensure_tables(simulator.client(), bare)

        def repair(_: int) -> list[str]:
            return [r.outcome for r in ensure_tables(simulator.client(), specs, on_drift="repair")]

        with ThreadPoolExecutor(6) as pool:
            outcomes = list(pool.map(repair, range(6)))

        assert {what for each in outcomes for what in each} <= {"repaired", "verified", "joined"}
        assert all(verify_table(simulator.client(), spec).clean for spec in specs)
        assert ensure_table(simulator.client(), specs[0]).outcome == "verified"


@pytest.mark.parametrize("seconds", [0, 60])
def test_a_table_that_is_deleted_meanwhile_is_not_created_anew(seconds: float) -> None:
    """Whoever deletes it may be about to restore it under its name."""
    with world(delete_seconds=seconds) as here:
        here.create(WITHOUT_INDEX)
        delete = partial(here.simulator.client().delete_table, TableName="orders")
        before_our_look(2, here, delete)
        with pytest.raises(TableUnusable):
            here.ensure(SPEC, on_drift="repair")

        assert here.simulator.calls["CreateTable"] == 1


def test_a_raise_does_not_wait_for_a_decrease_that_is_not_to_be_had_today() -> None:
    five = {"read_capacity_units": 5, "write_capacity_units": 5}
    spec = TableSpec(name="orders", attributes={"id": "S"}, hash_key="id", **five)
    with world() as here:
        here.create(TableSpec(**{**spec.declared(), "read_capacity_units": 20}))
        for read in (19, 18, 17, 16):
            units = {"ReadCapacityUnits": read, "WriteCapacityUnits": 5}
            here.client.update_table(TableName="orders", ProvisionedThroughput=units)
            here.clock.advance(10)
        wanted = TableSpec(**{**spec.declared(), "write_capacity_units": 50})
        with pytest.raises(DriftError, match="the day's decreases are spent"):
            here.ensure(wanted, on_drift="repair")

        assert here.simulator.units("orders").write == 50
        here.clock.advance(86_400)
        assert here.ensure(wanted, on_drift="repair").outcome == "repaired"
