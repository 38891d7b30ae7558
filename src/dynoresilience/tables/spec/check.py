"""Every fault of a spec at once: single values, and what does not go together.

A spec that is right never comes here beyond its rules. One that pydantic refuses is read again,
field by field: what can be read makes a draft, with ``UNREAD`` in the place of the rest, and the
rules judge the draft.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dynoresilience.tables.spec.draft import Draft
from dynoresilience.tables.spec.faults import UNREAD, Fault
from dynoresilience.tables.spec.rules import RULES

if TYPE_CHECKING:
    from pydantic import BaseModel

    from dynoresilience.tables.spec import TableSpec


def faults_in(spec: TableSpec) -> list[Fault]:
    """What does not go together."""
    return [fault for rule in RULES for fault in rule(spec)]


def faults_of(model: type[BaseModel], given: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with single values, in our words."""
    return Draft(model, given).faults


def all_faults_of(model: type[TableSpec], given: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with single values, and what does not go together.

    Of two faults at one path the rule's is told: it knows what the value stands beside.
    """
    draft = Draft(model, given)
    spec: Any = draft.spec
    found = draft.faults
    places = {fault.path: place for place, fault in enumerate(found)}
    for fault in faults_in(spec):
        place = places.get(fault.path)
        if place is not None:
            value = found[place].value if fault.value is UNREAD else fault.value
            found[place] = replace(fault, value=value)
        elif fault.value is not UNREAD:
            found.append(fault)
    return found
