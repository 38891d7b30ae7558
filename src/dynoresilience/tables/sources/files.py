"""All the tables that a file declares, whatever its kind."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from os import PathLike, fspath
from pathlib import PurePath
from typing import Any

from dynoresilience.tables.sources.gather import need_path, unreadable
from dynoresilience.tables.spec import Fault, SpecError, TableSpec

_TEMPLATES = (".yaml", ".yml", ".json", ".template")


def read_tables(
    path: str | PathLike[str],
    *,
    parameters: Mapping[str, Any] | None = None,
    leave_out: Collection[str] = (),
) -> tuple[TableSpec, ...]:
    """All tables in a TOML file, or in a CloudFormation or SAM template, in the file's order.

    The suffix tells which: ``.toml``, or ``.yaml``, ``.yml``, ``.json``, ``.template``.

    Args:
        parameters: values for a template's functions, see `TableSpec.from_cloudformation`.
        leave_out: properties of a template that are passed over, by name.

    Raises:
        SpecError: the file can't be read, has no table, or has faults: those of all its tables.
    """
    need_path(path)
    suffix = PurePath(fspath(path)).suffix.lower()
    if suffix in _TEMPLATES:
        from dynoresilience.tables.sources import cloudformation

        return cloudformation.read_all(path, parameters, leave_out)
    if suffix != ".toml":
        raise unreadable(path, f"must end in .toml, {', '.join(_TEMPLATES)}")
    if parameters or leave_out:
        name, value = ("parameters", parameters) if parameters else ("leave_out", leave_out)
        raise SpecError(str(fspath(path)), [Fault(name, value, "is for templates only")])
    from dynoresilience.tables.sources import toml

    return toml.read_all(path)
