"""Notes of units and of minimums are about different numbers."""

from __future__ import annotations

from dynoresilience.capacity.entries import about_to_be_raised, combined
from dynoresilience.model import (
    CapacityUpdate,
    Change,
    Dimension,
    Raised,
    RaisedTable,
    Resource,
    ResourceState,
    TableState,
    Units,
)

NOW = 1_780_000_000.0
KEY = (None, Dimension.WRITE)
STATE = TableState("orders", "arn", ResourceState(Units(5, 5)), table_id="1")


def noted(raised: Raised) -> RaisedTable:
    return RaisedTable("orders", "arn", {KEY: raised}, NOW + 600, "1")


def test_another_process_is_about_to_raise_the_same() -> None:
    units, minimum = (
        CapacityUpdate({}, (Change(Resource("orders"), Dimension.WRITE, 5, 10, minimum=kind),))
        for kind in (False, True)
    )
    theirs = noted(Raised(5, 5, 10, at=NOW, minimum=True))

    assert about_to_be_raised(None, theirs, minimum, NOW + 1, within=5)
    assert not about_to_be_raised(None, theirs, units, NOW + 1, within=5)


def test_a_minimum_does_not_go_back_to_the_base_of_units() -> None:
    mine = noted(Raised(5, 10, 10, at=NOW))
    for minimum, base in ((True, 10), (False, 5)):
        theirs = noted(Raised(10, 10, 20, at=NOW + 60, minimum=minimum))

        both = combined(mine, theirs, STATE)

        assert both is not None
        assert both.raised[KEY] == Raised(base, 10, 20, at=NOW + 60, minimum=minimum)
