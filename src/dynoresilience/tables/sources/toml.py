"""Specs in TOML files: ``[[tables]]`` in our own shape, ``[[resources.dynamodb]]`` as well.

A file with a single table may have the fields of `TableSpec` at its top instead. What else stands
in a file with ``resources`` belongs to another tool and is passed over; a region among it too,
the client that is used later has one of its own.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from typing import Any

from dynoresilience.tables.sources.gather import Gathered, only, read_bytes, unreadable
from dynoresilience.tables.spec import SpecError, TableSpec
from dynoresilience.tables.spec.faults import NOT_GIVEN

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

OURS, RESOURCES = "tables", "resources.dynamodb"
_LINE = re.compile(r"\(at line (\d+)")


def read_one(path: str | PathLike[str], name: str | None) -> TableSpec:
    """The one spec in a file, or that of this name.

    Raises:
        SpecError: the file can't be read, anything in it is wrong, or it isn't clear which one.
    """
    return only(read_all(path), name, path)


def read_all(path: str | PathLike[str]) -> tuple[TableSpec, ...]:
    """All specs in a file, in its order.

    Raises:
        SpecError: the file can't be read, has no table, or has faults: those of all its tables.
    """
    document = _parsed(path)
    gathered = Gathered(path)
    found = False
    for place, fields in _tables(document, gathered):
        found = True
        gathered.add(fields, place)
    if not found and not gathered.faults:
        remedy = f"declare a table with [[{OURS}]], its name, hash_key and attributes"
        raise unreadable(path, remedy, OURS, NOT_GIVEN)
    return gathered.finish()


def _parsed(path: str | PathLike[str]) -> dict[str, Any]:
    data = read_bytes(path)
    try:
        text = data.decode("utf-8-sig")  # editors on Windows begin it with a mark
    except UnicodeDecodeError as error:
        raise unreadable(path, f"is no TOML, which is UTF-8: {error}") from error
    try:
        document: dict[str, Any] = tomllib.loads(text)
    except RecursionError as error:
        raise unreadable(path, "is nested too deeply") from error
    except ValueError as error:  # a TOMLDecodeError, or a number of thousands of digits
        raise _no_toml(path, text, str(error)) from error
    return document


def _no_toml(path: str | PathLike[str], text: str, message: str) -> SpecError:
    at = _LINE.search(message)
    if at is None:  # the end of the file, which is no line
        return unreadable(path, f"is no TOML: {message}")
    line = text.split("\n")[int(at[1]) - 1].strip()
    return unreadable(path, f"is no TOML: {message}", f"line {at[1]}", line)


def _tables(document: Mapping[str, Any], gathered: Gathered) -> Iterator[tuple[str, Any]]:
    """Where each table stands, and its fields."""
    resources = document.get("resources")
    if OURS not in document and not isinstance(resources, dict):
        if not document.keys() & TableSpec.model_fields.keys():
            for kind, entries in document.items():
                if isinstance(entries, (list, dict)):
                    gathered.fault(kind, entries, f"is no table: begin each with [[{OURS}]]")
        if document and not gathered.faults:
            yield "", document
        return
    yield from _each(document.get(OURS, []), OURS, gathered)
    if not isinstance(resources, dict):
        for field in document.keys() - {OURS}:
            gathered.fault(field, document[field], f"does not belong here, beside [[{OURS}]]")
        return
    from dynoresilience.tables.sources.toml_resources import fields_of

    for place, entry in _each(resources.get("dynamodb", []), RESOURCES, gathered):
        yield place, fields_of(entry, place, gathered)


def _each(entries: Any, kind: str, gathered: Gathered) -> Iterator[tuple[str, dict[str, Any]]]:
    if not isinstance(entries, list):
        gathered.fault(kind, entries, f"begin each table with [[{kind}]]")
        return
    for position, entry in enumerate(entries):
        name = entry.get("name", entry.get("table_name")) if isinstance(entry, dict) else None
        place = f"{kind}[{name if name and isinstance(name, str) else position}]"
        if isinstance(entry, dict):
            yield place, entry
        else:
            gathered.fault(place, entry, f"begin each table with [[{kind}]]")


def write(specs: Sequence[TableSpec]) -> str:
    """The text of a file with these tables."""
    from dynoresilience.tables.sources.toml_text import text_of

    return text_of(specs)
