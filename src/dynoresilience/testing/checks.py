"""What a test may want to be sure of, with messages that show what happened instead."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter

from dynoresilience.model import Dimension, Resource, Units


class Checks(ABC):
    """Assertions on the history of a simulation. Plain asserts on the same data do as well."""

    region: str

    @property
    @abstractmethod
    def throttles(self) -> Counter[tuple[Resource, Dimension]]:
        """Items and requests not let in, by ``(Resource, Dimension)`` of what was short."""

    @property
    @abstractmethod
    def resources(self) -> tuple[Resource, ...]:
        """The tables and indexes that there are."""

    @abstractmethod
    def capacity_history(
        self, table: str, index: str | None = None
    ) -> tuple[tuple[float, Units], ...]:
        """Units that were in force, each with the instant from which on."""

    def peak(self, table: str, index: str | None = None) -> Units:
        """The most read and the most write units that a table or index has had so far.

        Raises:
            KeyError: there is no such table or index.
        """
        units = [units for _, units in self._history(Resource(table, index))]
        return Units(max(each.read for each in units), max(each.write for each in units))

    def assert_no_throttles(self, table: str | None = None) -> None:
        """Nothing was throttled: on a table and its indexes, or anywhere.

        Raises:
            AssertionError: something was; it says what and how often.
            KeyError: there is no such table.
        """
        __tracebackhide__ = True  # pytest then shows the line of the test
        if table is not None:
            self._history(Resource(table))
        found = [
            f"{resource} was short of {dimension} capacity {count} times"
            for (resource, dimension), count in self.throttles.items()
            if table in (None, resource.table)
        ]
        assert_that(not found, "; ".join(found))

    def assert_raised(
        self,
        table: str,
        index: str | None = None,
        *,
        read: int | None = None,
        write: int | None = None,
    ) -> None:
        """A table or index was raised at some time: to ``read`` and ``write`` units at the most.

        Without numbers: to anything above what it began with, in either dimension.

        Raises:
            AssertionError: it was not; it tells the units that it had.
            KeyError: there is no such table or index.
        """
        __tracebackhide__ = True  # pytest then shows the line of the test
        resource = Resource(table, index)
        history = self._history(resource)
        base, peak, asked = history[0][1], self.peak(table, index), {"read": read, "write": write}
        had = f"it had {_told(history)} read/write units"
        if read is None and write is None:
            above = peak.read > base.read or peak.write > base.write
            assert_that(above, f"{resource} was never raised: {had}")
        for dimension in Dimension:
            most, units = peak.of(dimension), asked[dimension.value]
            wrong = f"{resource} was raised to {most} {dimension} units at the most, not {units}"
            assert_that(units in (None, most), f"{wrong}: {had}")

    def assert_back_at_base(self, table: str) -> None:
        """A table and its indexes have the units in force that they began with.

        Raises:
            AssertionError: one has not; it tells the units that it had.
            KeyError: there is no such table.
        """
        __tracebackhide__ = True  # pytest then shows the line of the test
        self._history(Resource(table))
        wrong = []
        for resource in self.resources:
            history = self._history(resource)
            if resource.table == table and history[-1][1] != history[0][1]:
                wrong.append(f"{resource} had {_told(history)} read/write units")
        hint = "is a scale-down due yet, and did its change have time to come into force?"
        assert_that(not wrong, f"not back at base: {'; '.join(wrong)} ({hint})")

    def _history(self, resource: Resource) -> tuple[tuple[float, Units], ...]:
        history = self.capacity_history(resource.table, resource.index)
        if not history:
            there = ", ".join(map(str, self.resources)) or "nothing"
            raise KeyError(f"no {resource} in {self.region}; there is {there}")
        return history


def assert_that(holds: bool, message: str) -> None:
    """``assert`` also where Python runs with -O."""
    __tracebackhide__ = True  # pytest then shows the line of the test
    if not holds:
        raise AssertionError(message)


def _told(history: tuple[tuple[float, Units], ...]) -> str:
    return ", ".join(f"{units.read}/{units.write}" for _, units in history)
