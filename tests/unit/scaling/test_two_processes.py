"""Two processes that share a table and its tags, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from dynoresilience import events
from dynoresilience.config import ScalingConfig
from dynoresilience.engine import Engine, Runtime
from dynoresilience.model import (
    CapacityUpdate,
    Dimension,
    RaisedTable,
    Resource,
    TableState,
    ThrottleSignal,
    Units,
)
from dynoresilience.ports import LedgerUnavailable, OutcomeUnknown, TableBusy
from dynoresilience.testing import VirtualClock
from tests.support.fake_control import FakeControl
from tests.support.fake_ledger import FakeLedger
from tests.support.simulated_process import ProcessTimer

DELAY = 600.0
CONFIG = ScalingConfig(max_read_capacity=40, max_write_capacity=40, scale_down_delay=DELAY)
TABLE = ThrottleSignal(Resource("orders"), Dimension.WRITE)
INDEX = ThrottleSignal(Resource("orders", "by-customer"), Dimension.WRITE)


class Program:
    """A process; ``after_update`` is what happens to it once an UpdateTable was accepted."""

    def __init__(self, town: Town, config: ScalingConfig) -> None:
        self.town = town
        self.config = config
        self.timer = ProcessTimer(town.clock)
        self.events: list[events.Event] = []
        runtime = Runtime(town.clock, self.timer)
        self.engine = Engine(self, self, "fake", config, [self], runtime)
        self.after_update: Callable[[], object] = lambda: None

    def describe(self, table: str) -> TableState:
        return self.town.control.describe(table)

    def update(self, table: str, update: CapacityUpdate) -> bool:
        accepted = self.town.control.update(table, update)
        self.after_update()
        return accepted

    def read(self, state: TableState) -> RaisedTable | None:
        return self.town.ledger.read(state)

    def write(self, entry: RaisedTable) -> bool:
        return self.town.ledger.write(entry)

    def erase(self, entry: RaisedTable) -> None:
        self.town.ledger.erase(entry)

    def emit(self, event: events.Event) -> None:
        self.events.append(event)

    def is_throttled(self, *signals: ThrottleSignal) -> bool:
        """True if it raised something."""
        now = self.town.clock.monotonic()
        scaler = self.engine._scaler
        return bool(scaler.raise_if_needed("orders", signals, now, self.config).raised)

    def raises(self, *signals: ThrottleSignal) -> None:
        """It is throttled, and raises; ten seconds later that is in force, and seen by all."""
        assert self.is_throttled(*signals)
        self.town.clock.advance(10)

    def dies(self) -> None:
        self.timer.is_dead = True


class Town:
    """A table of 5 units with an index of 5 units, and its tags, that are seen and locked late."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.control = FakeControl(self.clock)
        self.control.add("orders", Units(5, 5), by_customer=Units(5, 5))
        self.ledger = FakeLedger(self.clock, lock_seconds=2.0, lag_seconds=2.0)

    def process(self, **settings: object) -> Program:
        return Program(self, CONFIG.replace(**settings))

    def writes(self) -> tuple[int, int]:
        """Units of the table and its index."""
        units = self.control.units
        return units("orders").write, units("orders", "by-customer").write

    def owner_raises(self, writes: int) -> None:
        """By hand, the table."""
        self.control.set_units("orders", None, Units(5, writes))
        state = self.control.tables["orders"]
        raised = replace(state.table, last_increase=self.clock.now())
        self.control.tables["orders"] = replace(state, table=raised)

    def others_pass_by(self) -> None:
        """One after another, each for long enough to lower what is due."""
        for _ in range(30):
            passing = self.process()
            passing.engine.take_over("orders")
            self.clock.advance(120)
            passing.dies()


@pytest.fixture
def town() -> Town:
    return Town()


def test_a_raise_leaves_what_others_have_written_of_other_numbers(town: Town) -> None:
    first, second = town.process(), town.process()
    first.raises(TABLE, INDEX)
    second.raises(INDEX)
    first.raises(TABLE)
    assert town.writes() == (20, 20)
    first.dies()
    second.dies()

    town.others_pass_by()

    assert town.writes() == (5, 5)


def test_a_shorter_delay_does_not_hasten_what_another_one_holds_up_for_longer(town: Town) -> None:
    patient, hasty = town.process(scale_down_delay=3600.0), town.process(scale_down_delay=60.0)
    patient.raises(TABLE)
    hasty.raises(TABLE)

    town.clock.advance(3500)
    assert town.writes() == (20, 5)
    town.clock.advance(200)

    assert town.writes() == (5, 5)


def test_who_has_joined_the_raise_of_a_dead_process_takes_it_over(town: Town) -> None:
    dead, joined = town.process(), town.process()
    assert dead.is_throttled(TABLE)
    assert not joined.is_throttled(TABLE)
    town.clock.advance(10)
    dead.dies()
    assert town.writes() == (10, 5)

    joined.engine.take_over("orders")
    town.clock.advance(DELAY + 60)

    assert town.writes() == (5, 5)


def test_who_was_frozen_after_a_decrease_does_not_erase_what_was_written_since(
    town: Town,
) -> None:
    frozen, dead = town.process(), town.process()
    frozen.raises(TABLE)

    def freeze() -> None:
        frozen.after_update = lambda: None
        town.clock.advance(300)
        dead.raises(TABLE)
        dead.dies()

    frozen.after_update = freeze
    town.clock.advance(DELAY)
    assert town.writes() == (10, 5)
    frozen.dies()

    town.others_pass_by()

    assert town.writes() == (5, 5)


def test_a_decrease_that_took_long_is_erased_all_the_same(town: Town) -> None:
    slow = town.process()
    slow.after_update = lambda: town.clock.advance(5)
    slow.raises(TABLE)

    town.clock.advance(DELAY + 120)

    assert town.writes() == (5, 5)
    assert not any(town.ledger.tags.values())


@pytest.mark.parametrize("word", ["base=5", "was=5", "to=10"])
def test_a_tag_of_no_units_is_nobodys(town: Town, word: str) -> None:
    dead = town.process()
    dead.raises(TABLE)
    dead.dies()
    [tags] = town.ledger.tags.values()
    [(key, value)] = tags.items()
    tags[key] = value.replace(word, word.partition("=")[0] + "=0")
    assert tags[key] != value

    town.others_pass_by()

    assert town.writes() == (10, 5)
    assert tags


def test_scale_down_now_is_about_what_this_process_has_raised(town: Town) -> None:
    first, passing = town.process(), town.process()
    first.raises(TABLE)
    passing.engine.take_over("orders")
    assert passing.engine.pending() != ()

    assert passing.engine.scale_down_now(60.0) == ()
    assert town.writes() == (10, 5)
    assert len(first.engine.scale_down_now(60.0)) == 1
    town.clock.advance(5)
    assert town.writes() == (5, 5)


def test_scale_down_now_leaves_what_another_process_has_raised_further(town: Town) -> None:
    first, second = town.process(), town.process()
    first.raises(TABLE)
    second.raises(TABLE)

    assert first.engine.scale_down_now(60.0) == ()
    town.clock.advance(DELAY + 60)

    assert town.writes() == (5, 5)
    assert len(town.control.updates) == 3


def test_scale_down_now_takes_back_what_is_due_whoever_has_raised_it(town: Town) -> None:
    dead, second = town.process(), town.process()
    dead.raises(TABLE)
    dead.dies()
    town.clock.advance(DELAY)
    second.engine.take_over("orders")

    assert len(second.engine.scale_down_now(60.0)) == 1


@pytest.mark.parametrize("is_short", [False, True])
def test_a_tag_left_behind_at_a_decrease_does_not_undo_what_the_owner_sets_later(
    town: Town, is_short: bool
) -> None:
    dead, next_one = town.process(), town.process()
    dead.raises(TABLE)
    town.ledger.fail["erase"] = [OutcomeUnknown("killed")] * 2
    town.clock.advance(DELAY + 10)
    dead.dies()
    assert town.writes() == (5, 5)
    assert any(town.ledger.tags.values())
    town.clock.advance(30 * 86_400)
    town.owner_raises(10)
    town.clock.advance(3600)

    if is_short:
        next_one.raises(TABLE)
        assert town.writes() == (20, 5)
    next_one.engine.take_over("orders")
    town.clock.advance(2 * DELAY)

    assert town.writes() == (10, 5)
    assert not any(town.ledger.tags.values())


class Busy(FakeLedger):
    """Read ten times a second, and no more."""

    def read(self, state: TableState) -> RaisedTable | None:
        self.calls[f"read at {self.clock.monotonic():.0f}"] += 1
        if self.calls[f"read at {self.clock.monotonic():.0f}"] > 10:
            self.calls["refused"] += 1
            raise TableBusy("Rate exceeded")
        return super().read(state)


def test_many_that_come_to_lower_a_table_do_not_drown_its_tags_in_questions(town: Town) -> None:
    dead = town.process()
    dead.raises(TABLE)
    dead.dies()
    tags, town.ledger = town.ledger.tags, Busy(town.clock)
    town.ledger.tags = tags
    for _ in range(1000):
        town.process().engine.take_over("orders")
        town.clock.advance(0.2)
    town.ledger.calls.clear()
    looked = town.control.calls["describe"]

    town.clock.advance(2 * DELAY)

    assert town.writes() == (5, 5)
    assert town.control.calls["describe"] - looked < 2000


def test_who_may_write_tags_and_not_take_them_away_is_told(town: Town) -> None:
    program = town.process()
    program.raises(TABLE)
    town.ledger.fail["erase"] = [LedgerUnavailable("not allowed to call dynamodb:UntagResource")]

    town.clock.advance(DELAY + 10)

    assert town.writes() == (5, 5)
    told = [event for event in program.events if isinstance(event, events.LedgerUnavailable)]
    assert [event.reason for event in told] == ["not allowed to call dynamodb:UntagResource"]
