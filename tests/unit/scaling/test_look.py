"""Until when a look at a table may be acted upon."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dynoresilience.model import ResourceState, TableState, Units
from dynoresilience.scaling.look import FRESH_FOR, LONGEST_ANSWER, is_still
from dynoresilience.testing import VirtualClock

SEEN = TableState("orders", "arn", ResourceState(Units(5, 50)))


class Control:
    """A control plane that answers after ``seconds`` with ``state``."""

    def __init__(self, clock: VirtualClock, state: TableState = SEEN, seconds: float = 0.0) -> None:
        self._clock, self._state, self._seconds = clock, state, seconds
        self.looks = 0

    def describe(self, table: str) -> TableState:
        self.looks += 1
        self._clock.advance(self._seconds)
        return self._state


@pytest.mark.parametrize(
    ("age", "looks"), [(0.0, 0), (FRESH_FOR * 0.99, 0), (FRESH_FOR, 1), (3600.0, 1)]
)
def test_a_fresh_look_is_believed_and_an_old_one_repeated(age: float, looks: int) -> None:
    clock = VirtualClock()
    control = Control(clock)
    clock.advance(age)

    assert is_still(SEEN, 0.0, control, "orders", clock)
    assert control.looks == looks


@pytest.mark.parametrize(
    "now",
    [
        replace(SEEN, table=ResourceState(Units(5, 100))),
        replace(SEEN, table=ResourceState(Units(5, 50), status="UPDATING")),
        replace(SEEN, table=ResourceState(Units(5, 50), decreases_today=1)),
        replace(SEEN, indexes={"new": ResourceState(Units(5, 5))}),
        replace(SEEN, on_demand=True),
        replace(SEEN, table_id="another"),
    ],
)
def test_a_table_that_has_changed_is_another(now: TableState) -> None:
    clock = VirtualClock(start=10)

    assert not is_still(SEEN, 0.0, Control(clock, now), "orders", clock)


@pytest.mark.parametrize(
    ("seconds", "believed"), [(FRESH_FOR * 2, True), (LONGEST_ANSWER, False), (3600.0, False)]
)
def test_an_answer_that_took_longer_than_any_can_is_an_old_one(
    seconds: float, believed: bool
) -> None:
    """A slow control plane does not keep capacity up for ever; a frozen process is noticed."""
    clock = VirtualClock(start=10)

    assert is_still(SEEN, 0.0, Control(clock, seconds=seconds), "orders", clock) is believed
