"""Several tables in one file: one error with the faults of all, and the choice of one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike, fspath
from typing import Any

from dynoresilience.tables.spec import Fault, SpecError, TableSpec


class Gathered:
    """The tables found so far in a file, and everything that is wrong with them."""

    def __init__(self, where: str | PathLike[str]) -> None:
        self.where = str(fspath(where))
        self.faults: list[Fault] = []
        self._specs: dict[str, tuple[str, TableSpec]] = {}

    def fault(self, path: str, value: object, remedy: str) -> None:
        """Remember one thing that is wrong."""
        self.faults.append(Fault(path, value, remedy))

    def add(self, fields: Mapping[str, Any], path: str) -> None:
        """Take the table with these fields, which stands at ``path`` ("" is the file itself)."""
        try:
            spec = TableSpec(**fields)
        except SpecError as error:
            for fault in error.faults:
                self.fault(".".join(filter(None, (path, fault.path))), fault.value, fault.remedy)
            return
        if spec.name in self._specs:
            first, _ = self._specs[spec.name]
            self.fault(f"{path}.name", spec.name, f"{first} has that name already")
        else:
            self._specs[spec.name] = path, spec

    def finish(self) -> tuple[TableSpec, ...]:
        """All tables, in the order of the file.

        Raises:
            SpecError: with every fault of every table.
        """
        if self.faults:
            raise SpecError(self.where, self.faults)
        return tuple(spec for _, spec in self._specs.values())


def unreadable(
    where: str | PathLike[str], remedy: str, path: str = "path", value: object = None
) -> SpecError:
    """The error for a file that can't be taken in at all; ``value`` None: its own path."""
    value = str(fspath(where)) if value is None else value
    return SpecError(str(fspath(where)), [Fault(path, value, remedy)])


def need_path(where: object) -> None:
    """Not None, the number of an open file, the file itself or what stands in it.

    Raises:
        SpecError: it is no path.
    """
    if not isinstance(where, (str, PathLike)):
        remedy = "must be the path of a file: text, or a pathlib.Path"
        raise SpecError("TableSpec", [Fault("path", where, remedy)])


def read_bytes(where: str | PathLike[str]) -> bytes:
    """What stands in a file.

    Raises:
        SpecError: it can't be read.
    """
    need_path(where)
    try:
        with open(where, "rb") as file:
            return file.read()
    except (OSError, ValueError) as error:  # ValueError: a path that no file can have
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise unreadable(where, f"can't be read: {reason}") from error


def only(specs: Sequence[TableSpec], name: str | None, where: str | PathLike[str]) -> TableSpec:
    """The one table of a file, or the one that has this name.

    Raises:
        SpecError: there are several and no name is given, or none has it.
    """
    found = [spec for spec in specs if name is None or spec.name == name]
    if len(found) == 1:
        return found[0]
    raise which(name, (spec.name for spec in specs), where)


def which(name: str | None, names: Iterable[str], where: str | PathLike[str]) -> SpecError:
    """The error for a name that says nothing, or is missing."""
    listed = ", ".join(names)
    if name is None:
        remedy = f"there are several tables, name one of {listed}; read_tables reads all"
        return SpecError(str(fspath(where)), [Fault("name", None, remedy)])
    return SpecError(str(fspath(where)), [Fault("name", name, f"there is no such table: {listed}")])
