"""What is wrong with a spec: every fault at once, each with its field, its value and the remedy."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dynoresilience.errors import DynoResilienceError


class _Missing:
    """A value of its own kind, that is still itself after a pickle.

    No member of an Enum: pydantic takes such a one for text.
    """

    def __init__(self, name: str, words: str) -> None:
        self._name = name
        self._words = words

    def __repr__(self) -> str:
        return self._words

    def __reduce__(self) -> str:
        return self._name


NOT_GIVEN: Any = _Missing("NOT_GIVEN", "not given")
"""Stands for the value of a field that is missing."""

UNREAD: Any = _Missing("UNREAD", "unread")
"""Stands for a value that could not be read, which a fault says already: nobody judges it again."""

LONGEST_SHOWN = 40
"""Characters of a name that stand in a path. Our own choice."""


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

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path, _picklable(self.value), self.remedy)


@dataclass(frozen=True, slots=True)
class FoundBefore:
    """What a source found before it made a `TableSpec`: it joins the one report.

    A source gives it under a name that is no field (""), and ``UNREAD`` as the value of the fields
    that these faults are about.
    """

    faults: tuple[Fault, ...]


class SpecError(DynoResilienceError, ValueError):
    """A spec, or the file that it stands in, is wrong; nothing was sent. ``faults``: all of them.

    ``where``: the table's name, or the file.
    """

    def __init__(self, where: str, faults: Sequence[Fault]) -> None:
        self.where = where
        self.faults = tuple(faults)
        count = f"{len(faults)} faults" if len(faults) > 1 else "a fault"
        super().__init__(
            f"{_in_a_line(where)}: {count}\n" + "\n".join(f"  - {fault}" for fault in faults)
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.where, self.faults)


def shown(name: str) -> str:
    """As much of a name as a path has room for, in one line."""
    plain = _in_a_line(name)
    return plain if len(plain) <= LONGEST_SHOWN else f"{plain[:LONGEST_SHOWN]}..."


def _in_a_line(name: str) -> str:
    return name if name.isprintable() else repr(name)[1:-1]


class _Shown:
    """What is left of a value that can't be pickled: how it looked."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def _picklable(value: object) -> object:
    try:
        pickle.dumps(value)
    except Exception:
        return _Shown(_short(value))
    return value


def _short(value: object) -> str:
    """A value in a line."""
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # a number of thousands of digits
        text = "a very long number"
    return text if len(text) <= 80 else f"{text[:77]}..."
