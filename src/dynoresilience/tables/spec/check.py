"""Every fault of a spec: single values, as pydantic finds them, and what does not go together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dynoresilience.tables.spec.faults import NOT_GIVEN, Fault
from dynoresilience.tables.spec.rules import RULES

if TYPE_CHECKING:
    from pydantic import ValidationError

    from dynoresilience.tables.spec import TableSpec


def faults_in(spec: TableSpec) -> list[Fault]:
    """What does not go together."""
    return [fault for rule in RULES for fault in rule(spec)]


def faults_of(error: ValidationError, given: Mapping[str, Any]) -> list[Fault]:
    """What pydantic found, in our words."""
    return list(_told(error, given))


def _told(error: ValidationError, given: Mapping[str, Any]) -> Iterator[Fault]:
    for each in error.errors():
        missing = each["type"] == "missing"
        path = ".".join(str(part) for part in each["loc"])
        yield Fault(path, NOT_GIVEN if missing else each["input"], each["msg"])
