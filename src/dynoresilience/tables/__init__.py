"""Tables: declared, created if they don't exist, verified, planned and repaired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dynoresilience.ports import AccessDenied, ControlPlaneError, TableNotFound
    from dynoresilience.tables.apply import apply_plan, plan_table
    from dynoresilience.tables.ensure import ensure_table
    from dynoresilience.tables.ensure.several import ensure_tables
    from dynoresilience.tables.ensured import (
        Ensured,
        EnsureError,
        EnsureTimeout,
        TableUnusable,
    )
    from dynoresilience.tables.identity import Identity, check_region, whoami
    from dynoresilience.tables.items import ItemResult, create_item_if_not_exists, get_or_create
    from dynoresilience.tables.names import TableNames
    from dynoresilience.tables.report import Difference, DriftError, DriftReport, Label, Severity
    from dynoresilience.tables.sources.files import read_tables
    from dynoresilience.tables.spec import GlobalIndex, LocalIndex, SpecError, TableSpec
    from dynoresilience.tables.steps import Applied, PlanError, Refusal, Step, TablePlan
    from dynoresilience.tables.verify import verify_table

_HOMES = {
    "AccessDenied": ".ports",
    "Applied": "steps",
    "ControlPlaneError": ".ports",
    "Difference": "report",
    "DriftError": "report",
    "DriftReport": "report",
    "EnsureError": "ensured",
    "EnsureTimeout": "ensured",
    "Ensured": "ensured",
    "GlobalIndex": "spec",
    "Identity": "identity",
    "ItemResult": "items",
    "Label": "report",
    "LocalIndex": "spec",
    "PlanError": "steps",
    "Refusal": "steps",
    "Severity": "report",
    "SpecError": "spec",
    "Step": "steps",
    "TableNames": "names",
    "TableNotFound": ".ports",
    "TablePlan": "steps",
    "TableSpec": "spec",
    "TableUnusable": "ensured",
    "apply_plan": "apply",
    "check_region": "identity",
    "create_item_if_not_exists": "items",
    "ensure_table": "ensure",
    "ensure_tables": "ensure.several",
    "get_or_create": "items",
    "plan_table": "apply",
    "read_tables": "sources.files",
    "verify_table": "verify",
    "whoami": "identity",
}

__all__ = [
    "AccessDenied",
    "Applied",
    "ControlPlaneError",
    "Difference",
    "DriftError",
    "DriftReport",
    "EnsureError",
    "EnsureTimeout",
    "Ensured",
    "GlobalIndex",
    "Identity",
    "ItemResult",
    "Label",
    "LocalIndex",
    "PlanError",
    "Refusal",
    "Severity",
    "SpecError",
    "Step",
    "TableNames",
    "TableNotFound",
    "TablePlan",
    "TableSpec",
    "TableUnusable",
    "apply_plan",
    "check_region",
    "create_item_if_not_exists",
    "ensure_table",
    "ensure_tables",
    "get_or_create",
    "plan_table",
    "read_tables",
    "verify_table",
    "whoami",
]


def __getattr__(name: str) -> Any:
    """Load a public name's module when it is first asked for."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
