"""What can be read of a spec that is wrong, and what is wrong with the single values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, get_args

from dynoresilience.tables.spec.expected import EXPECTED, MEANT, NEVER_LOCAL
from dynoresilience.tables.spec.faults import NOT_GIVEN, UNREAD, Fault, FoundBefore, shown
from dynoresilience.tables.spec.walk import entry_path

if TYPE_CHECKING:
    from pydantic import BaseModel

ALIKE = 0.75
"""How much of two names must agree for one to be a slip of the other. Our own choice: it takes
``read_capacity`` for ``read_capacity_units``."""
_BEFORE_A_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Draft:
    """A spec as far as it can be read.

    Attributes:
        spec: of the model's class, but unchecked: a value that can't be read is ``UNREAD``.
        faults: what is wrong with the single values.
    """

    def __init__(self, model: type[BaseModel], given: Mapping[str, Any]) -> None:
        self.faults: list[Fault] = []
        self.spec = self._read(model, given, "")

    def _read(self, model: type[BaseModel], given: Mapping[Any, Any], path: str) -> BaseModel:
        values: dict[str, Any] = {}
        for name in given:
            if name not in model.model_fields and (
                meant := self._unknown(model, given, name, path)
            ):
                values[meant] = _unread(_indexes_in(model, meant))
        for name, field in model.model_fields.items():
            where = f"{path}{name}"
            if name in given:
                values[name] = self._value(model, name, given[name], where)
            elif field.is_required() and name not in values:
                self.faults.append(Fault(where, NOT_GIVEN, f"give {_expected(model, name)}"))
                values[name] = UNREAD
        return model.model_construct(**values)

    def _unknown(
        self, model: type[BaseModel], given: Mapping[Any, Any], name: Any, path: str
    ) -> str | None:
        """Tell of a field that there is not; returns which one is meant, if that is missing."""
        if isinstance(given[name], FoundBefore):
            self.faults += given[name].faults
            return None
        where = f"{path}{shown(str(name))}"
        if name in NEVER_LOCAL:  # elsewhere these are fields
            self.faults.append(Fault(where, given[name], NEVER_LOCAL[name]))
            return None
        meant, hint = meant_by(name, model.model_fields)
        self.faults.append(Fault(where, given[name], f"there is no such field{hint}"))
        return meant if meant not in given else None

    def _value(self, model: type[BaseModel], name: str, value: Any, where: str) -> Any:
        indexes = _indexes_in(model, name)
        if value is UNREAD:
            return _unread(indexes)
        try:
            return _reader(model, name)(value)
        except (ValueError, TypeError):
            pass
        if indexes and isinstance(value, (list, tuple)):
            return tuple(
                self._index(indexes, entry, position, where) for position, entry in enumerate(value)
            )
        if f"{name}[]" in EXPECTED and isinstance(value, Mapping):
            read = {key: self._entry(model, name, key, value[key], where) for key in value}
            return {key: entry for key, entry in read.items() if isinstance(key, str)}
        self.faults.append(Fault(where, value, f"must be {_expected(model, name)}"))
        return _unread(indexes)

    def _index(self, model: type[BaseModel], entry: Any, position: int, where: str) -> BaseModel:
        if isinstance(entry, model):
            return entry
        if isinstance(entry, Mapping):
            path = entry_path(where, position, entry.get("name"))
            return self._read(model, entry, f"{path}.")
        if entry is not UNREAD:
            remedy = f"must be a {model.__name__}, or a mapping with its fields"
            path = entry_path(where, position, getattr(entry, "name", None))
            self.faults.append(Fault(path, entry, remedy))
        return _unknown_index(model)

    def _entry(self, model: type[BaseModel], name: str, key: Any, entry: Any, where: str) -> Any:
        """One entry of ``attributes`` or ``tags``."""
        if not isinstance(key, str):
            self.faults.append(Fault(where, key, "has a key that is no text; make it text"))
            return UNREAD
        if entry is UNREAD:
            return UNREAD
        try:
            return _reader(model, name)({key: entry})[key]
        except (ValueError, TypeError):
            remedy = f"must be {EXPECTED[f'{name}[]']}"
            self.faults.append(Fault(f"{where}[{shown(key)}]", entry, remedy))
            return UNREAD


def meant_by(name: object, names: Any) -> tuple[str | None, str]:
    """The name that this is a slip of, or another word for, if it is one; and how to say so."""
    plain = _BEFORE_A_CAPITAL.sub("_", str(name)).lower()
    meant = MEANT.get(plain, plain)
    close = [meant] if meant in names else get_close_matches(str(name), names, 1, ALIKE)
    return (close[0], f"; did you mean {close[0]}?") if close else (None, "; leave it out")


def _expected(model: type[BaseModel], name: str) -> str:
    return EXPECTED.get(f"{model.__name__}.{name}", EXPECTED[name])


def _unread(indexes: type[BaseModel] | None) -> Any:
    """For indexes: one of which nothing is known, so that no rule takes them for absent."""
    return UNREAD if indexes is None else (_unknown_index(indexes),)


def _unknown_index(model: type[BaseModel]) -> BaseModel:
    return model.model_construct(**dict.fromkeys(model.model_fields, UNREAD))


def _indexes_in(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    """What the entries of this field are made of, if they are indexes."""
    arguments = get_args(model.model_fields[name].annotation)
    return arguments[0] if arguments and hasattr(arguments[0], "model_fields") else None


@cache
def _reader(model: type[BaseModel], name: str) -> Callable[[Any], Any]:
    """Reads one field by itself."""
    from pydantic import TypeAdapter

    field = model.model_fields[name]
    annotation: Any = field.annotation
    for constraint in field.metadata:
        annotation = Annotated[annotation, constraint]
    return TypeAdapter(annotation).validate_python
