"""What the words say of themselves."""

from __future__ import annotations

import pytest

from dynoresilience.model import ResourceState, TableState, Units


@pytest.mark.parametrize(
    ("on_demand", "own", "index", "least"),
    [
        (False, Units(5, 9), Units(7, 2), 7),
        (True, Units(0, 9), Units(0, 20), 9),
        (True, Units(0, 9), Units(0, 0), 9),  # the index has no maximum
        (True, Units(0, 0), Units(0, 0), 0),
    ],
)
def test_the_scarcest_resource(on_demand: bool, own: Units, index: Units, least: int) -> None:
    indexes = {"by-day": ResourceState(index)}
    state = TableState("orders", "arn", ResourceState(own), indexes, on_demand)

    assert state.least_units == least
