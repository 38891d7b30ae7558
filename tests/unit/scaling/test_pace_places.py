"""Places in the queue that nobody takes, and what is forgotten."""

from __future__ import annotations

import pytest

from dynoresilience.model import Dimension, TableState, Units
from dynoresilience.scaling.pace import FORGOTTEN_AFTER, Pace
from dynoresilience.scaling.table_record import TableRecord
from dynoresilience.testing.clock import VirtualClock
from tests.support.fake_control import FakeControl

WRITES = (None, Dimension.WRITE)


@pytest.fixture
def state() -> TableState:
    control = FakeControl(VirtualClock())
    control.add("orders", Units(5, 5))
    return control.describe("orders")


def test_a_place_that_was_too_far_off_to_be_taken_holds_up_nobody(state: TableState) -> None:
    """An item of 400 KB would have to save for a minute; it backs off, and has left the queue."""
    pace = TableRecord().pace(WRITES)
    pace.is_short(WRITES, 0.0)
    pace.waiting = 1.0

    assert pace.place(state, 400.0, 0.0, refused=True) == pytest.approx(80.0)

    assert pace.place(state, 1.0, 0.0) == pytest.approx(0.4)


def test_the_share_of_an_old_shortage_says_nothing_about_a_new_one(state: TableState) -> None:
    pace = Pace()
    pace.is_short(WRITES, 0.0)
    for second in range(100):
        pace.was_refused(float(second))
        pace.is_short(WRITES, float(second))
    pace.place(state, 1.0, 100.0, refused=True)  # the first waits for no more than a guess
    pace.waiting = 1.0
    crowded = pace.place(state, 1.0, 100.0, refused=True)
    assert crowded is not None
    assert crowded > 110.0
    pace.waiting = 0.0

    later = 100.0 + FORGOTTEN_AFTER + 1.0
    pace.is_short(WRITES, later)

    assert pace.place(state, 1.0, later, refused=True) == pytest.approx(later + 0.2)
