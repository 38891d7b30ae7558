"""The control plane of one account and region: units, states and changes of tables. Pure.

Instants (``at``) are seconds on the axis of a monotonic clock; ``epoch`` is what to add to one to
get seconds since the epoch, UTC.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dynoresilience.model import Resource, Units
from dynoresilience.testing.control.decreases import DecreaseBudget
from dynoresilience.testing.control.lifecycle import in_use
from dynoresilience.testing.control.throughput import (
    MAX_UNITS,
    Wanted,
    check_range,
    on_demand,
    unchanged,
)
from dynoresilience.testing.control.warm_throughput import WarmThroughput
from dynoresilience.testing.replies import Refused

ON_DEMAND = Units(0, 0)

_ROUNDING = 1e-6
"""Seconds that a sum of instants may be off by."""


@dataclass(frozen=True, slots=True)
class AcceptedUpdate:
    """An UpdateTable that was accepted, by index name (None is the table itself).

    ``at`` is the clock's monotonic reading, ``utc`` the same instant in seconds since the epoch.
    ``before`` and ``after`` name the resources of the request only. ``autoscaled``: Application
    Auto Scaling asked for it, no client.
    """

    at: float
    utc: float
    table: str
    before: Mapping[str | None, Units]
    after: Mapping[str | None, Units]
    autoscaled: bool = False


@dataclass(slots=True)
class Pending:
    """A change on its way: in force from ``due`` on."""

    units: Units
    due: float
    is_decrease: bool


class Provisioned:
    """One table or index: what is in force, what is coming, and what happened."""

    def __init__(self, units: Units, at: float) -> None:
        self.units = units
        self.pending: Pending | None = None
        self.budget = DecreaseBudget()
        self.last_increase: float | None = None
        self.history: list[tuple[float, Units]] = [(at, units)]
        self.warm = WarmThroughput.of(units)

    @property
    def status(self) -> str:
        return "ACTIVE" if self.pending is None else "UPDATING"

    @property
    def on_demand(self) -> bool:
        return self.units == ON_DEMAND

    def decreases_today(self, utc: float) -> int:
        """As DescribeTable counts: a decrease is not counted until it is in force."""
        on_its_way = self.pending is not None and self.pending.is_decrease
        return max(0, self.budget.today(utc) - on_its_way)

    def put_in_force(self, units: Units, at: float) -> None:
        self.pending = None
        if units == self.units:
            return  # an on-demand maximum was set
        self.units = units
        self.history.append((at, units))
        self.warm.raise_to(units)

    @property
    def reserved(self) -> Units:
        """Units that count against the account's quota: those to come, if any."""
        return self.units if self.pending is None else self.pending.units


class ControlPlane:
    """What UpdateTable does to capacity, when, and what it refuses.

    Args:
        update_seconds: how long a change of a table takes to come into force.
        index_update_seconds: the same for an index; None means as long as a table.
        epoch: seconds since the epoch at the instant 0.
        region: named in some refusals.
        long_dates: spell dates in refusals the long way, see `aws_date`.
        max_units: the quota of a table, and of an index, in either dimension.
    """

    def __init__(
        self,
        *,
        update_seconds: float = 2.0,
        index_update_seconds: float | None = None,
        epoch: float = 0.0,
        region: str = "us-east-1",
        long_dates: bool = True,
        max_units: int = MAX_UNITS,
    ) -> None:
        self._table_seconds = update_seconds
        self._index_seconds = (
            update_seconds if index_update_seconds is None else index_update_seconds
        )
        self._seconds: dict[Resource, float] = {}
        self._epoch = epoch
        self._region = region
        self._long_dates = long_dates
        self._max_units = max_units
        self._resources: dict[Resource, Provisioned] = {}

    def utc(self, at: float) -> float:
        """The instant in seconds since the epoch."""
        return at + self._epoch

    def take_seconds(self, resource: Resource, seconds: float) -> None:
        """Changes of this resource take ``seconds`` from now on."""
        self._seconds[resource] = seconds

    def add(self, resource: Resource, units: Units, at: float) -> None:
        """A resource came into being, active. 0/0 units mean on-demand."""
        self._resources[resource] = Provisioned(units, at)

    def remove(self, resource: Resource) -> None:
        """A resource is gone; one of the same name has its own times."""
        if self._resources.pop(resource, None) is not None:
            self._seconds.pop(resource, None)

    def get(self, resource: Resource) -> Provisioned | None:
        """The resource, if it is known."""
        return self._resources.get(resource)

    def resources(self) -> list[Resource]:
        """All that are known."""
        return list(self._resources)

    def of_table(self, table: str) -> dict[str | None, Provisioned]:
        """A table and its indexes, the table (None) first."""
        return {
            resource.index: state
            for resource, state in self._resources.items()
            if resource.table == table
        }

    def next_due(self) -> float:
        """When the next change comes into force; infinite if none is on its way."""
        dues = [state.pending.due for state in self._resources.values() if state.pending]
        return min(dues, default=math.inf)

    def come_into_force(self, at: float) -> list[tuple[float, Resource, Units]]:
        """Let everything happen that is due by ``at``; what changed, and when, in order."""
        due = [
            (state.pending.due, resource, state.pending.units)
            for resource, state in self._resources.items()
            if state.pending is not None and state.pending.due <= at + _ROUNDING
        ]
        due.sort(key=lambda change: change[0])
        for instant, resource, units in due:
            self._resources[resource].put_in_force(units, instant)
        return due

    def update(self, table: str, wanted: Wanted, at: float) -> AcceptedUpdate:
        """Accept the throughput part of an UpdateTable; the old capacity serves until it is due.

        Raises:
            Refused: as DynamoDB would; nothing is changed then, for no resource.
        """
        self.check(table, wanted, at)
        states, utc = self.of_table(table), self.utc(at)
        before: dict[str | None, Units] = {}
        for index, asked in wanted.items():
            state, resource = states[index], Resource(table, index)
            old = before[index] = state.units
            lower = asked.read < old.read or asked.write < old.write
            if lower:
                state.budget.record(utc)
            if asked.read > old.read or asked.write > old.write:
                state.last_increase = utc
            state.pending = Pending(asked, at + self._time_of(resource), lower)
        return AcceptedUpdate(at, utc, table, before, dict(wanted))

    def check(self, table: str, wanted: Wanted, at: float) -> None:
        """Raise what `update` would raise."""
        states, utc = self.of_table(table), self.utc(at)
        check_range(wanted, self._region, self._max_units)
        self.check_known(table, wanted)
        for index in wanted:
            if states[index].on_demand:
                raise Refused("ValidationException", on_demand(index))
        self.check_idle(table)
        for index, asked in wanted.items():
            if states[index].units == asked:
                raise Refused("ValidationException", unchanged(index, asked))
        for index, asked in wanted.items():
            state = states[index]
            lower = asked.read < state.units.read or asked.write < state.units.write
            if lower and not state.budget.allows(utc):
                message = state.budget.refusal(utc, long_dates=self._long_dates)
                raise Refused("LimitExceededException", message)

    def check_known(self, table: str, indexes: Iterable[str | None]) -> None:
        """Refuse what is about an index that the table hasn't."""
        for index in indexes:
            if Resource(table, index) not in self._resources:
                message = f"Requested resource not found: Index {index} for table {table}"
                raise Refused("ResourceNotFoundException", message)

    def check_idle(self, table: str) -> None:
        """Refuse if the units of the table or of any of its indexes are on their way."""
        for index, state in self.of_table(table).items():
            if state.pending is not None and index is None:
                raise in_use(f"Table IOPS are currently being updated. Table: {table}")
            if state.pending is not None:
                raise in_use(f"Index is being updated. Table: {table} Index: {index}")

    def is_idle(self, table: str) -> bool:
        """Whether `check_idle` would pass."""
        return all(state.pending is None for state in self.of_table(table).values())

    def switch_mode(self, table: str, units: Wanted, at: float) -> AcceptedUpdate:
        """Change between on-demand (no ``units``) and provisioned; in force like other changes."""
        states = self.of_table(table)
        before = {index: state.units for index, state in states.items()}
        after = {index: units.get(index, ON_DEMAND) for index in states}
        for index, state in states.items():
            due = at + self._time_of(Resource(table, index))
            state.pending = Pending(after[index], due, is_decrease=False)
        return AcceptedUpdate(at, self.utc(at), table, before, after)

    def occupy_indexes(self, table: str, indexes: Iterable[str | None], at: float) -> None:
        """Their on-demand maximum was set: these indexes are UPDATING for a while.

        The table itself is not, nor an index that the same request creates.
        """
        states = self.of_table(table)
        for index in indexes:
            if index is not None and index in states:
                due = at + self._time_of(Resource(table, index))
                states[index].pending = Pending(states[index].units, due, is_decrease=False)

    def reserved(self) -> Units:
        """Units of all tables and indexes together, those to come where a change is under way."""
        units = [state.reserved for state in self._resources.values()]
        return Units(sum(each.read for each in units), sum(each.write for each in units))

    def more(self, table: str, wanted: Wanted) -> Units:
        """How many units ``wanted`` adds to what the table has reserved."""
        states = self.of_table(table)
        added = [(units, states[index].reserved) for index, units in wanted.items()]
        return Units(
            sum(units.read - old.read for units, old in added),
            sum(units.write - old.write for units, old in added),
        )

    def _time_of(self, resource: Resource) -> float:
        default = self._table_seconds if resource.index is None else self._index_seconds
        return self._seconds.get(resource, default)
