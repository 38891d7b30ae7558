"""What a table comes to while a plan is carried out, as far as later steps depend on it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

from dynoresilience.tables.plan.indexes import IndexChanges
from dynoresilience.tables.seen.answers import found_table
from dynoresilience.tables.seen.found import FoundIndex, FoundTable, Unseen
from dynoresilience.tables.sources.boto3 import create_request
from dynoresilience.tables.spec import GlobalIndex, TableSpec

ON_DEMAND_WARM = {"read": 12_000, "write": 4_000}
"""What an on-demand table or index serves at once, at least. Source: AWS's developer guide."""

_Part = TypeVar("_Part", FoundTable, FoundIndex)


def as_created(spec: TableSpec) -> FoundTable:
    """The table that CreateTable makes of a spec."""
    description: dict[str, Any] = {
        **create_request(spec),
        "BillingModeSummary": {"BillingMode": spec.billing_mode},
        "TableClassSummary": {"TableClass": spec.table_class},
    }
    if spec.sse:
        description["SSEDescription"] = {"Status": "ENABLED", "KMSMasterKeyArn": spec.kms_key}
    return found_table(description, tags=spec.tags)


def shaped(spec: TableSpec, found: FoundTable, indexes: IndexChanges) -> FoundTable:
    """The table once it has the indexes and the billing mode that are declared.

    Numbers are as found where the mode stays. Of what hangs on them: maximums do not outlive a
    mode, and warm throughput is never below the capacity.
    """
    switches = spec.billing_mode != found.billing_mode
    table = _with_mode(found, spec, spec, switches=switches)
    if switches:
        table = replace(
            table,
            billing_mode=spec.billing_mode,
            max_read_request_units=maximum(spec.max_read_request_units),
            max_write_request_units=maximum(spec.max_write_request_units),
        )
    kept = [_with_mode(seen, own, spec, switches=switches) for seen, own in indexes.kept]
    new = as_created(spec).indexes
    coming = [new[index.name] for index in indexes.created]
    there = {index.name: index for index in (*kept, *coming)}
    return replace(table, indexes=there, unseen=_unseen(found, coming))


def _unseen(found: FoundTable, coming: Iterable[FoundIndex]) -> dict[str, Unseen]:
    """Contributor insights of an index that comes will be off, where there are any."""
    unseen = dict(found.unseen)
    of_table = unseen.get("contributor_insights")
    names = {index.name for index in coming}
    names |= {index.name for index in found.indexes.values() if index.status == "CREATING"}
    for name in names:
        unseen.pop(f"{name}.contributor_insights", None)
        if of_table is not None and of_table.reason == "unsupported":
            unseen[f"{name}.contributor_insights"] = of_table
    return unseen


def maximum(declared: int | None) -> int | None:
    """The on-demand maximum that is declared; None: there is to be none, or it is left alone."""
    return declared if declared is not None and declared > 0 else None


def _with_mode(
    seen: _Part, declared: TableSpec | GlobalIndex, spec: TableSpec, *, switches: bool
) -> _Part:
    numbers: dict[str, int | None] = {}
    for dimension in ("read", "write"):
        units = getattr(declared, f"{dimension}_capacity_units") or 0
        if switches:
            numbers[f"{dimension}_capacity_units"] = units
            numbers[f"max_{dimension}_request_units"] = None
        warm = getattr(seen, f"warm_{dimension}_units_per_second")
        if warm is not None:
            least = ON_DEMAND_WARM[dimension] if switches and spec.is_on_demand else units
            numbers[f"warm_{dimension}_units_per_second"] = max(warm, least)
    return replace(seen, **numbers)  # type: ignore[arg-type]
