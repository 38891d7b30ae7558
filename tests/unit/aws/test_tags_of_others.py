"""The ledger in a table's tags: what others have written meanwhile stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from dynoresilience.aws.botocore_private import without_retries
from dynoresilience.aws.table_control import BotoTableControl
from dynoresilience.aws.tag_ledger import PATIENCE, TagLedger
from dynoresilience.model import Dimension, Raised, RaisedTable
from dynoresilience.ports import LedgerUnavailable, TableBusy
from dynoresilience.testing import SimulatedDynamoDB, VirtualClock

WRITE = (None, Dimension.WRITE)
LOCK = 1.4


class Desk:
    """A table, and two processes' ledgers on its tags."""

    def __init__(self, simulator: SimulatedDynamoDB, clock: VirtualClock) -> None:
        self.simulator, self.clock = simulator, clock
        simulator.create_table("orders")
        self.state = BotoTableControl(simulator.client()).describe("orders")
        self.ours = TagLedger(without_retries(simulator.client()), clock)
        self.theirs = TagLedger(without_retries(simulator.client()), clock)

    def entry(self, to: int) -> RaisedTable:
        now = self.clock.now()
        number = {WRITE: Raised(5, 5, to, now)}
        return RaisedTable("orders", self.state.arn, number, now + 600, self.state.table_id)

    def written(self) -> int | None:
        found = self.ours.read(self.state)
        return None if found is None else found.raised[WRITE].to


@pytest.fixture
def desk() -> Iterator[Desk]:
    clock = VirtualClock()
    with SimulatedDynamoDB(clock=clock, tag_seconds=LOCK) as simulator:
        yield Desk(simulator, clock)


def test_it_waits_for_the_end_of_its_own_change(desk: Desk) -> None:
    desk.ours.write(desk.entry(10))
    desk.ours.write(desk.entry(20))
    assert LOCK <= desk.clock.monotonic() < LOCK + 0.5
    desk.clock.advance(LOCK)
    assert desk.written() == 20


def test_while_it_waits_it_does_not_cover_what_another_writes(desk: Desk) -> None:
    desk.ours.write(desk.entry(10))
    desk.clock.call_at(LOCK + 0.01, lambda: desk.theirs.write(desk.entry(40)))
    with pytest.raises(TableBusy):
        desk.ours.write(desk.entry(20))
    desk.clock.advance(LOCK)
    assert desk.written() == 40


def test_what_is_newer_is_not_erased(desk: Desk) -> None:
    mine = desk.entry(10)
    desk.ours.write(mine)
    desk.clock.advance(60)
    desk.theirs.write(desk.entry(10))
    desk.clock.advance(60)
    desk.ours.erase(mine)
    assert desk.written() == 10
    assert desk.simulator.calls["UntagResource"] == 0


def test_what_it_knows_is_erased(desk: Desk) -> None:
    mine = desk.entry(10)
    desk.ours.write(mine)
    desk.clock.advance(60)
    desk.ours.erase(replace(mine, due=mine.due + 60))
    desk.clock.advance(60)
    assert desk.written() is None


def test_a_ledger_that_can_be_read_and_never_written_is_given_up(desk: Desk) -> None:
    desk.simulator.fail_next("TagResource", 1000, "LimitExceededException", "50 tags")
    began = desk.clock.monotonic()
    given_up = False
    while not given_up:
        try:
            desk.ours.write(desk.entry(10))
        except TableBusy:
            desk.clock.advance(1)
        except LedgerUnavailable:
            given_up = True
        assert desk.written() is None
    assert desk.clock.monotonic() < began + PATIENCE + 5
    assert desk.ours.write(desk.entry(10)) is False
