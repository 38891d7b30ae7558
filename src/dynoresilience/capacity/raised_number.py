"""What becomes of one number that we raised: lower it, wait, or leave it alone. Pure."""

from __future__ import annotations

from dynoresilience.capacity.decreases import next_decrease
from dynoresilience.model import Limits, Raised, RaisedKey, TableState

ASK_AGAIN = 60.0
"""Seconds until a raised minimum is looked at again whose scalable target could not be seen."""

INDEX_GONE = "the index is gone"
AT_BASE = "at base already"

Verdict = tuple[int, int] | float | str
"""Of one number that we raised: lower it from the first to the second, or look again at this
instant, or leave it alone for this reason."""


def units_to_lower(
    state: TableState,
    key: RaisedKey,
    entry: Raised,
    limits: Limits,
    now: float,
    due: float,
    on_demand: bool,
) -> Verdict:
    """Of provisioned units, or of the maximum of an on-demand resource."""
    index, dimension = key
    if state.on_demand is not on_demand:
        return "on-demand now" if state.on_demand else "provisioned now"
    found = state.resource(index)
    if found is None:
        return INDEX_GONE
    current, configured = found.units.of(dimension), limits.base(dimension)
    base = entry.base if configured is None else configured
    target = None if on_demand else state.target(*key)
    if target is not None and (target.tracked or base < target.minimum):
        # It came under a target after we raised it. Its units are Application Auto Scaling's now,
        # which lowers them by itself; a decrease of ours would be one of the few that the table
        # has, and taken back if it is to less than the target's minimum.
        return "it is under a scalable target now"
    if entry.was != entry.to and current == entry.was and now < due:
        return due
    if on_demand and not current:
        return "there is no maximum now"
    if current <= base:
        return f"{AT_BASE} ({current} units)"
    if not entry.is_ours(current):
        return f"{current} units were set by someone else"
    permitted = now if on_demand else next_decrease(found, now)
    return permitted if permitted > now else (current, base)


def minimum_to_lower(
    state: TableState, key: RaisedKey, entry: Raised, now: float, due: float
) -> Verdict:
    """Of the minimum of a scalable target: changing it takes no decrease.

    It has no configured base: a base is one of units, which are not ours to set here.
    """
    if state.resource(key[0]) is None:
        return INDEX_GONE
    if state.targets is None:
        return now + ASK_AGAIN
    target = state.target(*key)
    if target is None:
        return "its scalable target is gone"
    if entry.was != entry.to and target.minimum == entry.was and now < due:
        return due
    if target.minimum <= entry.base:
        return f"{AT_BASE} (a minimum of {target.minimum} units)"
    if not entry.is_ours(target.minimum):
        return f"a minimum of {target.minimum} units was set by someone else"
    return target.minimum, entry.base
