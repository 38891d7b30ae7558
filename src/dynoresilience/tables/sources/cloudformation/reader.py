"""A value of a template, with its functions resolved, checked against the shape it should have."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from dynoresilience.tables.sources.cloudformation.functions import (
    ABSENT,
    Function,
    Unknown,
    Values,
)
from dynoresilience.tables.sources.cloudformation.properties import (
    ESSENTIAL,
    ByName,
    Each,
    Kind,
    Members,
    Shape,
)
from dynoresilience.tables.sources.gather import Gathered
from dynoresilience.tables.spec.draft import meant_by
from dynoresilience.tables.spec.faults import NOT_GIVEN

_NUMBER = re.compile(r"[+-]?\d{1,18}")
_SWITCH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


class Reader:
    """Reads values of one template; what is wrong or unknown becomes a fault.

    ``leave_out``: names of properties that are passed over, wherever they stand.
    """

    def __init__(self, values: Values, leave_out: Collection[str], gathered: Gathered) -> None:
        self._values = values
        self._leave_out = leave_out
        self._gathered = gathered

    def read(self, value: Any, shape: Shape, path: str) -> Any:
        """The value as plain data; `ABSENT` where there is none, or a fault instead."""
        if shape is Kind.FOREIGN:
            return self._foreign(value, path)
        function = Function.of(value)
        if function is not None:
            try:
                value = self._values.value_of(function)
            except Unknown as unknown:
                return self._fault(path, function, _unknown(unknown, path))
            if value is ABSENT:
                return ABSENT
        if isinstance(shape, Members):
            return self._members(value, shape, path)
        if isinstance(shape, Each):
            return self._each(value, shape, path)
        if isinstance(shape, ByName):
            return self._by_name(value, path)
        return self._single(value, shape, path)

    def _fault(self, path: str, value: Any, remedy: str) -> Any:
        self._gathered.fault(path, value, remedy)
        return ABSENT

    def _foreign(self, value: Any, path: str) -> Any:
        function = Function.of(value)
        if function is not None and function.argument == "AWS::NoValue":
            return ABSENT
        name = path.rpartition(".")[2]
        remedy = f"a TableSpec can't say it; read the table without it: leave_out=[{name!r}]"
        return self._fault(path, function or value, remedy)

    def _members(self, value: Any, shape: Members, path: str) -> Any:
        if not isinstance(value, Mapping):
            return self._fault(path, value, f"must be a mapping with {', '.join(shape.of)}")
        found: dict[str, Any] = {}
        told = set()
        for name, member in value.items():
            if name in self._leave_out:
                continue
            if name not in shape.of:
                meant, hint = meant_by(name, shape.of)
                hint = hint if meant else f"; there are {', '.join(shape.of)}"
                self._fault(f"{path}.{name}", member, f"there is no such property{hint}")
                continue
            before = len(self._gathered.faults)
            read = self.read(member, shape.of[name], f"{path}.{name}")
            if read is not ABSENT:
                found[name] = read
            elif len(self._gathered.faults) > before:
                told.add(name)
        for name in shape.needed:
            if name not in found and name not in told:
                self._fault(f"{path}.{name}", NOT_GIVEN, "CloudFormation needs it")
        return found

    def _each(self, value: Any, shape: Each, path: str) -> Any:
        if not isinstance(value, list):
            return self._fault(path, value, "must be a list")
        entries = (
            self.read(entry, shape.of, f"{path}[{_name(entry, position)}]")
            for position, entry in enumerate(value)
        )
        return [entry for entry in entries if entry is not ABSENT]

    def _by_name(self, value: Any, path: str) -> Any:
        if not isinstance(value, Mapping):
            return self._fault(path, value, "must be names with their values")
        found = {name: self.read(text, Kind.TEXT, f"{path}.{name}") for name, text in value.items()}
        return {name: text for name, text in found.items() if text is not ABSENT}

    def _single(self, value: Any, kind: Shape, path: str) -> Any:
        if kind is Kind.TEXT and isinstance(value, (str, int)):
            return str(value).lower() if isinstance(value, bool) else str(value)
        if kind is Kind.SWITCH:
            if isinstance(value, bool):
                return value
            if isinstance(value, str) and value.lower() in _SWITCH:
                return _SWITCH[value.lower()]
        if kind is Kind.NUMBER:
            if isinstance(value, int) and not isinstance(value, bool):
                return value
            if isinstance(value, str) and _NUMBER.fullmatch(value):
                return int(value)
        assert isinstance(kind, Kind)
        return self._fault(path, value, f"must be {kind.value}")


def _name(entry: Any, position: int) -> str | int:
    """What an entry of a list is called in a path: an index by its name."""
    name = entry.get("IndexName") if isinstance(entry, Mapping) else None
    return name if isinstance(name, str) else position


def _unknown(unknown: Unknown, path: str) -> str:
    """What to do about the value at ``Resources.<id>.Properties.<property>...``."""
    table, _, inside = path.removeprefix("Resources.").partition(".Properties")
    top = re.split(r"[.\[]", inside.lstrip("."))[0]
    names = unknown.names or ((table,) if top == "TableName" else ())
    ways = []
    if names:
        ways.append(f"give parameters={{{', '.join(f'{name!r}: ...' for name in names)}}}")
    if top and top not in ESSENTIAL:
        ways.append(f"read the table without it: leave_out=[{top!r}]")
    return f"can't be resolved here; {', or '.join(ways) or 'declare the table in TOML or Python'}"
