"""What several processes know to be raised of a table, brought together. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dynoresilience.model import CapacityUpdate, Raised, RaisedKey, RaisedTable, TableState


def combined(
    mine: RaisedTable | None, written: RaisedTable | None, state: TableState
) -> RaisedTable | None:
    """What this process knows and what the ledger says, as one entry.

    Of two notes of a number that one holds which explains what is there; if both or neither do,
    the later: the clocks of two processes may differ. If its base is what the other one raised
    to, then the base is the other one's: whoever wrote it had not yet seen that. A note that was
    left behind when its number was lowered holds no more once the resource is raised by others.
    """
    entry = _combined(mine, written, state)
    if entry is None or _of_this_table(entry, state) is None or entry.on_demand:
        return entry
    spent = _spent(entry, state)
    return replace(entry, raised={**entry.raised, **spent}) if spent else entry


def _combined(
    mine: RaisedTable | None, written: RaisedTable | None, state: TableState
) -> RaisedTable | None:
    mine = _of_this_table(mine, state)
    if mine is None or written is None:
        return mine or written
    if _of_this_table(written, state) is None or mine.on_demand is not written.on_demand:
        return mine
    raised: dict[RaisedKey, Raised] = dict(mine.raised)
    for key, theirs in written.raised.items():
        ours = raised.get(key)
        raised[key] = theirs if ours is None else _truer(ours, theirs, _units(state, key))
    if written.due - mine.due > _SAME:
        return replace(mine, raised=raised, due=written.due, by_others=True)
    return replace(mine, raised=raised)


def _spent(entry: RaisedTable, state: TableState) -> dict[RaisedKey, Raised]:
    """The notes of numbers that were lowered since, and raised again by who left no note.

    Made into notes that raise nothing: what is there is its owner's.
    """
    spent = {}
    for key, noted in entry.raised.items():
        found = state.resource(key[0])
        if found is None or found.last_increase is None or found.last_decrease is None:
            continue
        latest = max(one.at for (index, _), one in entry.raised.items() if index == key[0])
        if found.last_increase > found.last_decrease > latest + NOTED_BEFORE and not noted.minimum:
            units = found.units.of(key[1])
            spent[key] = replace(noted, base=units, was=units, to=units)
    return spent


def within_mode(entry: RaisedTable | None, state: TableState) -> RaisedTable | None:
    """The entry, if it is about this very table in its present billing mode."""
    entry = _of_this_table(entry, state)
    return entry if entry is not None and entry.on_demand is state.on_demand else None


def about_to_be_raised(
    mine: RaisedTable | None,
    written: RaisedTable | None,
    target: CapacityUpdate,
    now: float,
    within: float,
) -> bool:
    """Whether another process has just noted that it raises all this, at least as far.

    That is within so many seconds of ``now`` (epoch seconds), before or after: its clock may be
    another. Only what is not there yet counts.
    """
    if written is None:
        return False
    for change in target.changes:
        noted = written.raised.get(change.key)
        if noted is None or (mine is not None and mine.raised.get(change.key) == noted):
            return False
        if noted.minimum is not change.minimum:
            return False
        if abs(noted.at - now) >= within or noted.was == noted.to:
            return False
        if noted.was != change.before or noted.to < change.after:
            return False
    return True


def raised_just_now(
    written: RaisedTable | None, state: TableState, target: CapacityUpdate, now: float
) -> bool:
    """Whether somebody has raised this a moment ago (``now`` is in epoch seconds), unexplained.

    What is written is seen a few seconds late. Until then the capacity that is there would be
    taken for the owner's, and stay.
    """
    explained = set()
    for (index, dimension), noted in written.raised.items() if written is not None else ():
        found = state.resource(index)
        if found is not None and noted.to == found.units.of(dimension):
            explained.add(index)
    indexes = {change.resource.index for change in target.changes} - explained
    return not state.on_demand and any(_increased(state, index, now) for index in indexes)


def may_be_unseen(raised: Iterable[RaisedKey], state: TableState, now: float) -> bool:
    """Whether a raise may be there that is not yet seen in what is written of ``raised``."""
    indexes = {index for index, _ in raised}
    return not state.on_demand and any(_increased(state, index, now) for index in indexes)


def _increased(state: TableState, index: str | None, now: float) -> bool:
    found = state.resource(index)
    if found is None or found.last_increase is None:
        return False
    return -CLOCKS_DIFFER < now - found.last_increase < SEEN_AFTER


NOTED_BEFORE = 60.0
"""Seconds by which a note has to be older than a decrease to be of what was lowered; our clocks and
AWS's may differ."""
SEEN_AFTER = 6.0
"""Seconds after which a change of tags is seen by everyone; up to 3.4 were measured by others."""
CLOCKS_DIFFER = 2.0
"""Seconds by which our clock may be behind AWS's for its instants to be believed."""
_SAME = 0.002
"""Seconds by which two notes may differ and be the same: the ledger knows milliseconds."""


def _of_this_table(entry: RaisedTable | None, state: TableState) -> RaisedTable | None:
    return entry if entry is not None and entry.table_id == state.table_id else None


def _truer(ours: Raised, theirs: Raised, units: int | None) -> Raised:
    """Which of two notes of one number holds, where it has so many units now."""
    theirs_holds = theirs.at - ours.at > _SAME
    of_units = not (ours.minimum or theirs.minimum)  # a minimum is not to be seen in the units
    if of_units and units is not None and ours.is_ours(units) is not theirs.is_ours(units):
        theirs_holds = theirs.is_ours(units)
    return _chained(ours, theirs) if theirs_holds else _chained(theirs, ours)


def _units(state: TableState, key: RaisedKey) -> int | None:
    found = state.resource(key[0])
    return None if found is None else found.units.of(key[1])


def _chained(earlier: Raised, later: Raised) -> Raised:
    if earlier.minimum is not later.minimum:
        return later
    if later.base == earlier.to and earlier.base < later.base:
        return replace(later, base=earlier.base)
    return later
