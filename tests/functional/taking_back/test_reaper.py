"""The reaper takes back what dead processes have raised, and nothing else."""

from __future__ import annotations

import pytest

from dynoresilience.model import Units
from dynoresilience.reaper import handler, reap
from dynoresilience.reaper.one_pass import LOOKS
from tests.functional.taking_back.conftest import DELAY, Town, write

BASE = Units(5, 5)


def test_what_a_dead_process_has_raised_comes_down(town: Town) -> None:
    process, client = town.process()
    write(client)
    process.timer.is_dead = True
    table, index = town.units()
    assert table.write > 5
    assert index.write > 5
    town.clock.advance(5)
    assert set(town.tags()) == {"dynoresilience:write", "dynoresilience:write:by-customer"}

    early = reap(town.owner)
    assert [entry.outcome for entry in early.tables] == ["not due"]
    town.clock.advance(DELAY)
    late = reap(town.owner)

    print(late)
    town.clock.advance(5)
    assert late.exit_code == 0
    assert town.units() == (BASE, BASE)
    assert town.tags() == {}
    assert reap(town.owner).tables == []
    assert handler({}, None)["tables"] == []


@pytest.mark.parametrize("operation", ["DescribeTable", "ListTagsOfResource"])
def test_a_request_that_is_throttled_is_made_again(town: Town, operation: str) -> None:
    process, client = town.process()
    write(client)
    process.timer.is_dead = True
    town.clock.advance(DELAY + 5)
    town.simulator.fail_next(operation, code="ThrottlingException", status=400)

    report = reap(town.owner)

    assert report.exit_code == 0
    town.clock.advance(5)
    assert town.units() == (BASE, BASE)


def test_where_there_is_no_time_for_all_each_table_has_its_turn(town: Town) -> None:
    names = {f"orders-{number}" for number in range(20)} | {"orders"}
    for name in names - {"orders"}:
        town.simulator.create_table(name, write=5)

    reached = set()
    for _ in range(40):
        report = reap(town.owner, time_limit=1.0)
        missed = {entry.table for entry in report.tables if entry.outcome == "not reached"}
        assert 0 < len(missed) < len(names)
        reached |= names - missed

    assert reached == names


def test_a_client_that_is_attached_serves_like_any_other(town: Town) -> None:
    _, client = town.process()
    town.simulator.fail_next("ListTagsOfResource", 20, code="ThrottlingException", status=400)
    before = town.simulator.calls

    assert reap(client).exit_code == 1
    assert (town.simulator.calls - before)["ListTagsOfResource"] == LOOKS
