"""Whose the numbers of a table are: Application Auto Scaling's, or a raise of ours."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from dynoresilience.model import RaisedKey, RaisedTable, TableState
from dynoresilience.ports import ControlPlaneError
from dynoresilience.tables.access import Access
from dynoresilience.tables.drift import CAPACITY, Owners
from dynoresilience.tables.found import FoundTable
from dynoresilience.tables.report import DriftReport, Label

_log = logging.getLogger("dynoresilience")


def owners(access: Access, found: FoundTable) -> Owners:
    """The numbers that are somebody's; what can't be asked for is nobody's.

    Raises:
        ControlPlaneError: the table itself could not be read.
    """
    state = access.control.describe(found.name)
    owned: dict[RaisedKey, tuple[Label, str]] = {}
    for entry in _entries(access, found, state):
        owned |= {
            key: (Label.RAISED, f"raised to {raised.to} for now; it goes back to {raised.base}")
            for key, raised in entry.raised.items()
            if not raised.minimum and raised.is_ours(_units(found, key, entry.on_demand))
        }
    try:
        targets = access.control.targets(found.name, state, ())
    except ControlPlaneError as error:
        _log.debug("not known what of %s is under Application Auto Scaling: %s", found.name, error)
        targets = {}
    return owned | {
        key: (
            Label.AUTOSCALING,
            f"Application Auto Scaling keeps it between {target.minimum} and {target.maximum}",
        )
        for key, target in targets.items()
    }


def concern(report: DriftReport) -> bool:
    """Whether there is a difference in a number that may be somebody's."""
    return any(each.field in CAPACITY for each in report.differences)


def _entries(access: Access, found: FoundTable, state: TableState) -> Iterable[RaisedTable]:
    """What is raised of the table, as its tags say and as this process knows."""
    shelf = access.runtime.shelf(access.admin.endpoint)
    yield from (entry for entry in shelf.raises.known() if entry.arn == found.arn)
    try:
        written = access.ledger.read(state)
    except ControlPlaneError as error:
        _log.debug("the tags of %s could not be read: %s", found.name, error)
        return
    if written is not None and written.table_id == state.table_id:
        yield written


def _units(found: FoundTable, key: RaisedKey, on_demand: bool) -> int:
    index, dimension = key
    of = found if index is None else found.indexes.get(index)
    prefix, suffix = ("max_", "request") if on_demand else ("", "capacity")
    return getattr(of, f"{prefix}{dimension.value}_{suffix}_units", None) or 0
