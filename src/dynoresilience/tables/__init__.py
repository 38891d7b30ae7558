"""Tables: declared, created if they don't exist, verified, planned and repaired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dynoresilience.tables.identity import Identity, check_region, whoami
    from dynoresilience.tables.items import ItemResult, create_item_if_not_exists, get_or_create
    from dynoresilience.tables.names import TableNames
    from dynoresilience.tables.report import Difference, DriftError, DriftReport, Label, Severity
    from dynoresilience.tables.spec import GlobalIndex, LocalIndex, SpecError, TableSpec
    from dynoresilience.tables.verify import verify_table

_HOMES = {
    "Identity": "identity",
    "check_region": "identity",
    "whoami": "identity",
    "ItemResult": "items",
    "create_item_if_not_exists": "items",
    "get_or_create": "items",
    "TableNames": "names",
    "Difference": "report",
    "DriftError": "report",
    "DriftReport": "report",
    "GlobalIndex": "spec",
    "LocalIndex": "spec",
    "Label": "report",
    "Severity": "report",
    "SpecError": "spec",
    "TableSpec": "spec",
    "verify_table": "verify",
}

__all__ = [
    "Difference",
    "DriftError",
    "DriftReport",
    "GlobalIndex",
    "Identity",
    "ItemResult",
    "Label",
    "LocalIndex",
    "Severity",
    "SpecError",
    "TableNames",
    "TableSpec",
    "check_region",
    "create_item_if_not_exists",
    "get_or_create",
    "verify_table",
    "whoami",
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
