"""The wait between two attempts."""

from __future__ import annotations

import pytest

from dynoresilience.scaling.pause import Pause
from dynoresilience.scaling.table_record import TableRecord
from dynoresilience.testing.clock import VirtualClock


def test_a_second_change_ends_the_wait_for_a_turn_that_the_first_one_gave() -> None:
    """A small raise woke the call; its turn would come much later, but more has come."""
    record, clock = TableRecord(), VirtualClock()
    record.begin_change(0.0, 100.0)
    delays = iter([25.0, 0.1])
    pause = Pause(30.0, [(record, 0)], lambda now: next(delays), lambda: None)
    for at in (1.0, 3.0):
        clock.call_at(at, lambda at=at: record.end_change(at))

    pause.sleep(clock)

    assert clock.monotonic() == pytest.approx(3.1)
