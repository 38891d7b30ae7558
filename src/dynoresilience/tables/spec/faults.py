"""What is wrong with a spec: every fault at once, each with its field, its value and the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dynoresilience.errors import DynoResilienceError

NOT_GIVEN: Any = type("NotGiven", (), {"__repr__": lambda _: "not given"})()
"""Stands for the value of a field that is missing."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    ``path``: such as ``global_secondary_indexes[by-day].read_capacity_units``. ``value``: what was
    found there. ``remedy``: what to do instead.
    """

    path: str
    value: object
    remedy: str

    def __str__(self) -> str:
        given = " is missing" if self.value is NOT_GIVEN else f"={_short(self.value)}"
        return f"{self.path}{given}: {self.remedy}"


class SpecError(DynoResilienceError, ValueError):
    """A spec, or the file that it stands in, is wrong; nothing was sent. ``faults``: all of them.

    ``where``: the table's name, or the file.
    """

    def __init__(self, where: str, faults: Sequence[Fault]) -> None:
        self.where = where
        self.faults = tuple(faults)
        count = f"{len(faults)} faults" if len(faults) > 1 else "a fault"
        super().__init__(f"{where}: {count}\n" + "\n".join(f"  - {fault}" for fault in faults))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.where, self.faults)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
