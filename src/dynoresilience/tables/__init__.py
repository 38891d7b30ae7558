"""Tables: declared, created if they don't exist, verified, planned and repaired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dynoresilience.tables.apply import apply_plan, plan_table
    from dynoresilience.tables.ensure import ensure_table
    from dynoresilience.tables.ensure_all import ensure_tables
    from dynoresilience.tables.ensured import Ensured, EnsureError, EnsureTimeout, TableUnusable
    from dynoresilience.tables.identity import Identity, check_region, whoami
    from dynoresilience.tables.items import ItemResult, create_item_if_not_exists, get_or_create
    from dynoresilience.tables.names import TableNames
    from dynoresilience.tables.report import Difference, DriftError, DriftReport, Label, Severity
    from dynoresilience.tables.spec import GlobalIndex, LocalIndex, SpecError, TableSpec
    from dynoresilience.tables.steps import Applied, PlanError, Refusal, Step, TablePlan
    from dynoresilience.tables.verify import verify_table

_HOMES = {
    "Applied": "steps",
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
    "EnsureError": "ensured",
    "EnsureTimeout": "ensured",
    "Ensured": "ensured",
    "GlobalIndex": "spec",
    "LocalIndex": "spec",
    "Label": "report",
    "PlanError": "steps",
    "Refusal": "steps",
    "Severity": "report",
    "SpecError": "spec",
    "Step": "steps",
    "TablePlan": "steps",
    "TableSpec": "spec",
    "TableUnusable": "ensured",
    "apply_plan": "apply",
    "ensure_table": "ensure",
    "ensure_tables": "ensure_all",
    "plan_table": "apply",
    "verify_table": "verify",
}

__all__ = [
    "Applied",
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
