"""`on_drift="repair"`: what differs is planned and applied."""

from __future__ import annotations

from collections.abc import Collection

from dynoresilience.tables.access import Access
from dynoresilience.tables.arrival import Arrival
from dynoresilience.tables.found import FoundTable
from dynoresilience.tables.report import DriftError, DriftReport
from dynoresilience.tables.spec import TableSpec


def repair(
    access: Access,
    spec: TableSpec,
    found: FoundTable,
    report: DriftReport,
    allow: Collection[str],
    arrival: Arrival,
) -> DriftReport:
    raise DriftError(report)
