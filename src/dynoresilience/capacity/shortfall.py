"""Which table or index was short, also where the answer does not name it. Pure."""

from __future__ import annotations

from collections.abc import Callable

from dynoresilience.model import (
    Dimension,
    Limits,
    RefusedWrite,
    Resource,
    ResourceState,
    TableState,
    ThrottleSignal,
)

LimitsOf = Callable[[str | None], Limits]
"""The owner's bounds for the table (None) or one of its indexes."""


def resources_short(
    state: TableState, signal: ThrottleSignal, limits: LimitsOf
) -> tuple[Resource, ...]:
    """The table or indexes that are to rise for a signal to be remedied."""
    if signal.any_index:
        return _lowest_indexes(state, signal, limits)
    if signal.refused:
        return _most_pressed(state, signal)
    if signal.resource.index in state.local_indexes:
        return (Resource(signal.resource.table),)
    return (signal.resource,)


def _lowest_indexes(
    state: TableState, signal: ThrottleSignal, limits: LimitsOf
) -> tuple[Resource, ...]:
    """The likeliest culprits of an unnamed index throttle: the lowest that may still rise."""
    table, dimension = signal.resource.table, signal.dimension
    units = {name: n for name, ix in state.indexes.items() if (n := ix.units.of(dimension))}
    may_rise = {
        name: n for name, n in units.items() if n < _ceiling(state, name, dimension, limits)
    }
    candidates = may_rise or units
    lowest = min(candidates.values(), default=0)
    return tuple(Resource(table, name) for name, n in candidates.items() if n == lowest)


def _ceiling(state: TableState, index: str, dimension: Dimension, limits: LimitsOf) -> int:
    """How far an index may rise: to its cap, and under a scalable target to its maximum."""
    cap, target = limits(index).cap(dimension), state.target(index, dimension)
    return cap if target is None or state.on_demand else min(cap, target.maximum)


def _most_pressed(state: TableState, signal: ThrottleSignal) -> tuple[Resource, ...]:
    """Where writes that were refused without a reason have the longest to wait: table or index."""
    resources = [(None, state.table), *state.indexes.items()]
    seconds = {
        index: sum(_needed(write, index, found) for write in signal.refused)
        / max(1, found.units.of(signal.dimension))
        for index, found in resources
    }
    longest = max(seconds.values())
    pressed = (index for index, wait in seconds.items() if wait == longest)
    return tuple(Resource(signal.resource.table, index) for index in pressed)


def _needed(write: RefusedWrite, index: str | None, found: ResourceState) -> int:
    """Units that a write takes of the table or an index; it may not be in the index at all."""
    if index is not None and write.attributes is not None and not found.keys <= write.attributes:
        return 0
    return write.units if found.whole_items else 1
