"""What of a table is worth waiting for. Pure."""

from __future__ import annotations

from dynoresilience.tables.ensured import TableUnusable
from dynoresilience.tables.report import DriftReport, Label
from dynoresilience.tables.seen.found import FoundTable
from dynoresilience.tables.spec import TableSpec


def awaited(spec: TableSpec, found: FoundTable, report: DriftReport) -> str:
    """In words what is under way and has to end first; "": the table is as it will be.

    A declared index that can't be read yet is waited for, and so is what is declared and can't be
    told yet. A table that is UPDATING as such is not, nor is one that differs for good.

    Raises:
        TableUnusable: its state does not end by itself.
    """
    for difference in report.differences:
        if difference.field == "status":
            raise TableUnusable(f"{found.name}: {difference}")
    if found.status == "ARCHIVING":
        raise TableUnusable(
            f"{found.name} is ARCHIVING: its KMS key was not usable for 7 days; restore it from "
            "the backup that is being made, under another name"
        )
    words = "; ".join(found.under_way)
    coming = {"CREATING", "DELETING"}
    indexes = [found.indexes[name].status for name in spec.indexes.keys() & found.indexes.keys()]
    if found.status not in ("ACTIVE", "UPDATING") or coming & set(indexes):
        return words or f"the table is {found.status}"
    hidden = [note for note in report.notes if note.label is Label.UNDER_WAY and not note.is_status]
    return words if report.clean and hidden else ""
