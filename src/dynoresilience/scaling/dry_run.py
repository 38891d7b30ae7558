"""A dry run: everything is looked at and decided, and nothing is changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from dynoresilience.model import (
    CapacityUpdate,
    RaisedKey,
    RaisedTable,
    ScalableTarget,
    TableState,
)
from dynoresilience.ports import ScaleDownLedger, TableControl
from dynoresilience.scaling.lowerer import Lowerer

GROWN = 1.1
"""A plan that was told is told anew once it asks for so many times the units."""


class LookOnly:
    """A `TableControl` that only looks."""

    def __init__(self, control: TableControl) -> None:
        self._control = control

    def describe(self, table: str) -> TableState:
        return self._control.describe(table)

    def targets(
        self, table: str, state: TableState, keys: Collection[RaisedKey]
    ) -> Mapping[RaisedKey, ScalableTarget]:
        return self._control.targets(table, state, keys)

    def update(self, table: str, update: CapacityUpdate) -> bool:
        return True


class ReadOnly:
    """A `ScaleDownLedger` that is only read."""

    def __init__(self, ledger: ScaleDownLedger) -> None:
        self._ledger = ledger

    def read(self, state: TableState) -> RaisedTable | None:
        return self._ledger.read(state)

    def write(self, entry: RaisedTable) -> bool:
        return True

    def erase(self, entry: RaisedTable) -> None:
        """Nothing is changed."""


def rehearsing(lowerer: Lowerer) -> Lowerer:
    """One that can't change anything, whatever it is asked for."""
    return replace(
        lowerer,
        control=LookOnly(lowerer.control),
        ledger=ReadOnly(lowerer.ledger),
        scheduler=None,
        dry_run=True,
    )


class Rehearsals:
    """Which plans were told already: a table that stays short is throttled all the time."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, RaisedKey, int], int] = {}

    def know(self, table: str, target: CapacityUpdate) -> bool:
        """Whether all of these numbers were told of, to whatever they were to go."""
        return all((table, change.key, change.before) in self._told for change in target)

    def add(self, table: str, target: CapacityUpdate) -> bool:
        """True if that is news: a number that was not told of, or one that is to go much higher."""
        news = False
        for change in target:
            key = table, change.key, change.before
            if change.after > GROWN * self._told.get(key, 0):
                self._told[key], news = change.after, True
        return news
