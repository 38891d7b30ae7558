"""When a process of a fleet looks at a table that all of them are short of. Pure.

A thousand processes that are throttled in the same second must not ask a thousand times, and they
cannot talk to each other. So each draws an instant from a span that grows with the number of them.
"""

from __future__ import annotations

from collections.abc import Iterable

from dynoresilience.model import CapacityUpdate, TableState

FIRST_LOOK_WITHIN = 0.1
"""Seconds over which looks are spread of processes that do not know of each other."""
SKEW = 2.0
"""Seconds by which AWS's clock may be ahead of ours; what lies further in our future is no news."""


def first_look_after(chance: float) -> float:
    """Seconds that a process lets pass before its first look at a table in a while.

    Half of them at least: by then its other callers have shown how much they ask.
    """
    return (1 + chance) / 2 * FIRST_LOOK_WITHIN


def turn_after(fleet_size: int, chance: float) -> float:
    """Seconds until a process may look that is one of ``fleet_size``, drawn evenly.

    From 0 to ``fleet_size`` - 1: all of them together look about once a second at first, and twice
    a second once those who have looked draw again. A lower bound on the longest turn would bring
    all those together who have not had theirs by then.
    """
    return chance * longest_turn(fleet_size)


def longest_turn(fleet_size: int) -> float:
    """Seconds over which the turns of so many processes are spread."""
    return float(fleet_size - 1)


def raised_since(state: TableState, target: CapacityUpdate, sent: float, now: float) -> bool:
    """True if somebody has raised what ``target`` would raise since the throttled attempt was sent.

    All in epoch seconds; the increases by AWS's clock, ``sent`` and ``now`` by ours. One that lies
    in our future by more than `SKEW` is not believed. Emulators tell of none.
    """
    return any(sent < at <= now + SKEW for at in _increases(state, target))


def _increases(state: TableState, target: CapacityUpdate) -> Iterable[float]:
    for index in {change.resource.index for change in target.changes}:
        found = state.resource(index)
        if found is not None and found.last_increase is not None:
            yield found.last_increase
