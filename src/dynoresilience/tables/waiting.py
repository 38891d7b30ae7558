"""What of a table is worth waiting for. Pure."""

from __future__ import annotations

from dynoresilience.tables.ensured import TableUnusable
from dynoresilience.tables.found import PASSING, FoundTable
from dynoresilience.tables.report import Difference, DriftReport
from dynoresilience.tables.spec import TableSpec

_ENDLESS = {
    "INACCESSIBLE_ENCRYPTION_CREDENTIALS": (
        "DynamoDB can't use its KMS key: enable the key, or give DynamoDB the grant again"
    ),
    "ARCHIVING": (
        "its KMS key was out of reach for seven days, so it is being archived to a backup: restore "
        "that under another name"
    ),
    "ARCHIVED": (
        "its KMS key was out of reach for seven days, so it was archived to a backup: restore that "
        "under another name"
    ),
    "REPLICATION_NOT_AUTHORIZED": (
        "DynamoDB may not replicate it: give the service-linked role for replication its rights"
    ),
}
"""States that don't pass by themselves, and the remedy."""

_AS_THE_TABLE = frozenset(
    {
        "billing_mode",
        "read_capacity_units",
        "write_capacity_units",
        "max_read_request_units",
        "max_write_request_units",
        "stream_view_type",
        "deletion_protection",
        "table_class",
        "sse",
        "kms_key",
    }
)
"""What is being changed, perhaps, while the table is UPDATING."""


def awaited(spec: TableSpec, found: FoundTable, report: DriftReport) -> str | None:
    """In words what is under way and has to end first; None: the table is as it will be.

    A declared index that can't be read yet is waited for. A table that is UPDATING is not, unless
    all that differs is in what is being changed.

    Raises:
        TableUnusable: its state does not end by itself.
    """
    if found.status in _ENDLESS:
        raise TableUnusable(f"{found.name} is {found.status}: {_ENDLESS[found.status]}")
    words = "; ".join(found.under_way)
    if found.status not in ("ACTIVE", "UPDATING"):
        return words
    for name in spec.indexes.keys() & found.indexes.keys():
        if found.indexes[name].status in ("CREATING", "DELETING"):
            return words
    if report.differences and all(_is_under_way(each, found) for each in report.differences):
        return words
    return None


def _is_under_way(difference: Difference, found: FoundTable) -> bool:
    name = difference.field
    part = found if difference.index is None else found.indexes.get(difference.index)
    if part is None:
        return False
    if name in ("sse", "kms_key") and found.sse_status in PASSING:
        return True
    if name == "time_to_live":
        return found.time_to_live_status in PASSING
    if name == "contributor_insights":
        return part.contributor_insights_status in PASSING
    if name.startswith("warm_"):
        return part.warm_status in PASSING
    return name in _AS_THE_TABLE and "UPDATING" in (found.status, part.status)
