"""How long a look at a table takes at most, if its requests take nearly all of their timeouts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import pytest

from dynoresilience.aws.botocore_private import CONTROL_TIMEOUT
from dynoresilience.aws.tag_ledger import LOCKED_FOR
from dynoresilience.config import ScalingConfig
from dynoresilience.engine import Engine
from dynoresilience.model import (
    CapacityUpdate,
    RaisedKey,
    RaisedTable,
    ScalableTarget,
    TableState,
    Units,
)
from dynoresilience.ports import Settings
from dynoresilience.scaling.scaler import LONGEST_LOOK
from dynoresilience.scaling.table_record import LONGEST_FLIGHT
from tests.unit.scaling.conftest import TABLE, World

SLOW = 2 * CONTROL_TIMEOUT - 0.1
"""Seconds: it nearly fails to connect, and the answer nearly comes too late."""
ROLE = "arn:aws:iam::123456789012:role/lower"


class Slow:
    """Control plane, ledger and scheduler; from the ``quick``-th step on each is slow.

    At each look the table is another one: somebody else raises it, too.
    """

    def __init__(self, world: World, quick: int) -> None:
        self.world = world
        self.quick = quick
        self.looks = 0

    def takes(self, requests: int = 1, more: float = 0.0) -> None:
        self.quick -= 1
        self.world.clock.advance(requests * (SLOW if self.quick < 0 else 0.9) + more)

    def describe(self, table: str) -> TableState:
        self.takes()
        self.looks += 1
        state = self.world.control.describe(table)
        return replace(state, table=replace(state.table, units=Units(5, 4 + self.looks)))

    def targets(
        self, table: str, state: TableState, keys: Collection[RaisedKey]
    ) -> Mapping[RaisedKey, ScalableTarget]:
        self.takes(3)
        return {}

    def update(self, table: str, update: CapacityUpdate) -> bool:
        self.takes(3)
        return self.world.control.update(table, update)

    def read(self, state: TableState) -> RaisedTable | None:
        self.takes()
        return None

    def write(self, entry: RaisedTable) -> bool:
        self.takes(more=LOCKED_FOR)
        return True

    def erase(self, entry: RaisedTable) -> None:
        self.takes(more=LOCKED_FOR)

    def put(
        self, entry: RaisedTable, lower: CapacityUpdate | None, due: float, settings: Settings
    ) -> float:
        self.takes(2)
        return due

    def remove(self, entry: RaisedTable, settings: Settings) -> None:
        self.takes()


@pytest.mark.parametrize("quick", range(20))
def test_no_look_is_longer_than_the_longest(world: World, quick: int) -> None:
    """Or a call would wait beyond its deadline, and two threads ask for the same table."""
    config = ScalingConfig(scale_down_via="eventbridge", scheduler_role_arn=ROLE)
    slow = Slow(world, quick)
    engine = Engine(slow, slow, "fake", config, [], world.runtime, slow)
    world.control.add("orders")
    begun = world.clock.monotonic()

    world.throttle(TABLE, engine=engine)

    assert world.clock.monotonic() - begun < min(LONGEST_LOOK, LONGEST_FLIGHT)
