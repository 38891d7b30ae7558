"""Tables: declared, created if they don't exist, verified, planned and repaired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dynoresilience.tables.sources.files import read_tables
    from dynoresilience.tables.spec import GlobalIndex, LocalIndex, SpecError, TableSpec

_HOMES = {
    "GlobalIndex": "spec",
    "LocalIndex": "spec",
    "SpecError": "spec",
    "TableSpec": "spec",
    "read_tables": "sources.files",
}

__all__ = [
    "GlobalIndex",
    "LocalIndex",
    "SpecError",
    "TableSpec",
    "read_tables",
]


def __getattr__(name: str) -> Any:
    """Load a public name's module when it is first asked for."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
