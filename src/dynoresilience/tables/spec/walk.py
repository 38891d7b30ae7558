"""The indexes of a spec, each with its path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynoresilience.tables.spec.faults import UNREAD, shown

if TYPE_CHECKING:
    from dynoresilience.tables.spec import GlobalIndex, LocalIndex, TableSpec


def entry_path(of: str, position: int, name: object) -> str:
    """The path of an entry: by its name, or by its place if it has none."""
    return f"{of}[{shown(name) if isinstance(name, str) and name else position}]"


def global_indexes(spec: TableSpec) -> list[tuple[str, GlobalIndex]]:
    """Path and index."""
    return [
        (entry_path("global_secondary_indexes", position, index.name), index)
        for position, index in enumerate(spec.global_secondary_indexes)
    ]


def local_indexes(spec: TableSpec) -> list[tuple[str, LocalIndex]]:
    """Path and index."""
    return [
        (entry_path("local_secondary_indexes", position, index.name), index)
        for position, index in enumerate(spec.local_secondary_indexes)
    ]


def indexes(spec: TableSpec) -> list[tuple[str, GlobalIndex | LocalIndex]]:
    """Path and index, global ones first."""
    return [*global_indexes(spec), *local_indexes(spec)]


def several(names: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """The names in a part of a key: none, one or several; none of what could not be read."""
    if names is None or names is UNREAD:
        return ()
    return (names,) if isinstance(names, str) else names


def key_attributes(spec: TableSpec) -> list[tuple[str, str]]:
    """Path and name of every attribute in the key of the table or of an index."""
    parts: list[tuple[str, str | tuple[str, ...] | None]] = [
        ("hash_key", spec.hash_key),
        ("range_key", spec.range_key),
    ]
    for path, index in global_indexes(spec):
        parts += [(f"{path}.hash_key", index.hash_key), (f"{path}.range_key", index.range_key)]
    parts += [(f"{path}.range_key", index.range_key) for path, index in local_indexes(spec)]
    return [(path, name) for path, names in parts for name in several(names)]
