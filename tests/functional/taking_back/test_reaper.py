"""The reaper takes back what dead processes have raised, and nothing else."""

from __future__ import annotations

from dynoresilience.model import Units
from dynoresilience.reaper import handler, reap
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
