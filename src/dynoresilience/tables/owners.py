"""Whose the numbers of a table are: Application Auto Scaling's, or a raise of ours."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace

from dynoresilience.aws.ledger_tags import from_tags
from dynoresilience.model import Raised, RaisedKey, RaisedTable, TableState
from dynoresilience.ports import AccessDenied, NotThere, OutcomeUnknown
from dynoresilience.ports.tables import NotSupported
from dynoresilience.tables.access import Access
from dynoresilience.tables.drift import CAPACITY, Owners
from dynoresilience.tables.drift.place import TABLE
from dynoresilience.tables.report import Difference, DriftReport, Label
from dynoresilience.tables.seen.found import FoundTable, Unseen
from dynoresilience.tables.seen.look import tags_of

_log = logging.getLogger("dynoresilience")


def owners(access: Access, found: FoundTable) -> tuple[Owners, tuple[Difference, ...]]:
    """The numbers that are somebody's, and notes on what is not known of that for lack of rights.

    Raises:
        ControlPlaneError: the table itself could not be read.
    """
    state = access.control.describe(found.name)
    found = _with_tags(access, found)
    told: dict[RaisedKey, tuple[Label, str]] = {
        key: (Label.RAISED, f"raised to {raised.to} for now; it goes back to {raised.base}")
        for key, raised in _raised(access, found, state).items()
    }
    notes: list[Difference] = []
    why = found.unseen.get("tags")
    if why is not None and why.reason == "denied":
        notes.append(_unknown("raised by another process", f"allow {why.action}"))
    try:
        for key, target in access.control.targets(found.name, state, ()).items():
            between = f"between {target.minimum} and {target.maximum}"
            told[key] = Label.AUTOSCALING, f"Application Auto Scaling keeps it {between}"
    except NotThere as error:
        _log.debug("nothing of %s is under Application Auto Scaling: %s", found.name, error)
    except AccessDenied as error:
        notes.append(_unknown("owned by Application Auto Scaling", f"allow {error.action}"))
    except OutcomeUnknown as error:  # from this network there may be no way to it
        notes.append(_unknown("owned by Application Auto Scaling", f"there is no answer: {error}"))
    return told, tuple(notes)


def raised(access: Access, found: FoundTable) -> Mapping[RaisedKey, Raised]:
    """The numbers of a table that a raise of ours has put where they are.

    Raises:
        ControlPlaneError: the table itself could not be read.
    """
    state = access.control.describe(found.name)
    return _raised(access, _with_tags(access, found), state)


def concern(report: DriftReport) -> bool:
    """Whether a number differs that may be somebody's, also one that is just being changed."""
    under_way = (note for note in report.notes if note.label is Label.UNDER_WAY)
    return any(each.field in CAPACITY for each in (*report.differences, *under_way))


def _raised(access: Access, found: FoundTable, state: TableState) -> dict[RaisedKey, Raised]:
    return {
        key: raised
        for entry in _entries(access, found, state)
        for key, raised in entry.raised.items()
        if not raised.minimum and raised.is_ours(_units(found, key, entry.on_demand))
    }


def _entries(access: Access, found: FoundTable, state: TableState) -> Iterator[RaisedTable]:
    """What is raised of the table, as this process knows and as its tags say."""
    shelf = access.runtime.shelf(access.admin.endpoint)
    yield from (entry for entry in shelf.raises.known() if entry.arn == found.arn)
    written = from_tags(found.tags, state) if found.tags else None
    if written is not None and written.table_id in (None, state.table_id):
        yield written


def _units(found: FoundTable, key: RaisedKey, on_demand: bool) -> int:
    """What a number is now; 0 where there is no such index any more, or no maximum."""
    index, dimension = key
    of = found if index is None else found.indexes.get(index)
    prefix, suffix = ("max_", "request") if on_demand else ("", "capacity")
    return getattr(of, f"{prefix}{dimension.value}_{suffix}_units", None) or 0


def _with_tags(access: Access, found: FoundTable) -> FoundTable:
    """The ledger of raises is among the tags.

    Raises:
        ControlPlaneError: they could not be read this time. That is never taken for "no raise":
            what others have raised would be lowered, or told as drift.
    """
    why = found.unseen.get("tags")
    if why is None or why.reason != "not asked":
        return found
    unseen = {name: each for name, each in found.unseen.items() if name != "tags"}
    try:
        return replace(found, tags=tags_of(access.admin, found.arn), unseen=unseen)
    except NotSupported:
        return found
    except AccessDenied as error:
        denied = Unseen("denied", str(error), error.action)
        return replace(found, unseen={**unseen, "tags": denied})


def _unknown(what: str, why: str) -> Difference:
    remedy = f"whether the capacity is {what} is not known: {why}"
    return TABLE.note("capacity", "as declared", None, Label.NOT_PERMITTED, remedy)
