"""A table in memory behind `TableControl`, on a clock that the test moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from dynoresilience.model import CapacityUpdate, ResourceState, TableState, Units
from dynoresilience.ports import (
    Clock,
    ControlPlaneError,
    ServiceLimit,
    TableBusy,
    TableNotFound,
)

ARN = "arn:aws:dynamodb:eu-central-1:123456789012:table/"


class FakeControl:
    """DynamoDB's control plane for one account: changes take ``update_seconds``."""

    def __init__(self, clock: Clock, *, update_seconds: float = 2.0) -> None:
        self.clock = clock
        self.update_seconds = update_seconds
        self.tables: dict[str, TableState] = {}
        self.calls: Counter[str] = Counter()
        self.updates: list[CapacityUpdate] = []
        self.fail: dict[str, list[Exception]] = {"describe": [], "update": []}
        self.before_update: Callable[[CapacityUpdate], None] = lambda update: None
        self._landing: dict[str, tuple[float, CapacityUpdate]] = {}

    def add(
        self, name: str, own: Units = Units(5, 5), *, on_demand: bool = False, **indexes: Units
    ) -> None:
        """A table; the units of an on-demand one are its maximum, 0 is none."""
        self.tables[name] = TableState(
            name=name,
            arn=ARN + name,
            table=ResourceState(own),
            indexes={k.replace("_", "-"): ResourceState(v) for k, v in indexes.items()},
            on_demand=on_demand,
        )

    def set_units(self, name: str, index: str | None, units: Units) -> None:
        """Somebody else changes the capacity, at once."""
        self.tables[name] = self._with(self.tables[name], {index: units})

    def units(self, name: str, index: str | None = None) -> Units:
        self._land(name)
        found = self.tables[name].resource(index)
        assert found is not None
        return found.units

    def describe(self, table: str) -> TableState:
        self._called("describe")
        if table not in self.tables:
            raise TableNotFound(table)
        self._land(table)
        state = self.tables[table]
        if table in self._landing:
            return replace(state, table=replace(state.table, status="UPDATING"))
        return state

    def update(self, table: str, update: CapacityUpdate) -> bool:
        self.before_update(update)
        self._called("update")
        self._land(table)
        if table in self._landing:
            raise TableBusy("Table is being updated")
        if update.on_demand is not self.tables[table].on_demand:
            raise ServiceLimit("not in this billing mode")
        if update.on_demand and None in update.units and len(update.units) > 1:
            raise ServiceLimit("OnDemandThroughput can only be combined with BillingMode")
        if self._with(self.tables[table], dict(update.units)) == self.tables[table]:
            return False
        self.updates.append(update)
        self._landing[table] = self.clock.monotonic() + self.update_seconds, update
        return True

    def _called(self, name: str) -> None:
        self.calls[name] += 1
        if self.fail[name]:
            raise self.fail[name].pop(0)

    def _land(self, name: str) -> None:
        due, update = self._landing.get(name, (float("inf"), None))
        if update is None or self.clock.monotonic() < due:
            return
        del self._landing[name]
        before = self.tables[name]
        lowered = {
            c.resource.index for c in update.changes if c.after < c.before and not c.on_demand
        }
        raised = {
            c.resource.index for c in update.changes if c.after > c.before and not c.on_demand
        }
        after = self._with(before, dict(update.units))
        for index in raised:
            found = after.resource(index)
            assert found is not None
            after = self._put(after, index, replace(found, last_increase=self._epoch(due)))
        for index in lowered:
            found = after.resource(index)
            assert found is not None
            counted = replace(
                found, decreases_today=found.decreases_today + 1, last_decrease=self.clock.now()
            )
            after = self._put(after, index, counted)
        self.tables[name] = after

    def _epoch(self, instant: float) -> float:
        return self.clock.now() - self.clock.monotonic() + instant

    def _with(self, state: TableState, units: dict[str | None, Units]) -> TableState:
        for index, wanted in units.items():
            found = state.resource(index)
            assert found is not None
            state = self._put(state, index, replace(found, units=wanted))
        return state

    @staticmethod
    def _put(state: TableState, index: str | None, resource: ResourceState) -> TableState:
        if index is None:
            return replace(state, table=resource)
        return replace(state, indexes={**state.indexes, index: resource})


def failing(times: int, error: Exception | None = None) -> list[Exception]:
    """So many failures in a row, for ``FakeControl.fail``."""
    return [error or ControlPlaneError("the control plane is away")] * times
