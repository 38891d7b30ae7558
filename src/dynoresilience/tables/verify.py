"""`verify_table`: how a table differs from its spec. Nothing is changed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from dynoresilience.tables.access import Access
from dynoresilience.tables.drift import compare
from dynoresilience.tables.found import FoundTable
from dynoresilience.tables.look import EVERYTHING, look
from dynoresilience.tables.owners import concern, owners
from dynoresilience.tables.report import DriftReport
from dynoresilience.tables.spec import TableSpec


def verify_table(client: Any, spec: TableSpec) -> DriftReport:
    """Every difference between a table and its spec, with the remedy.

    Args:
        client: a boto3 DynamoDB client, resource or Table, or a ScalingClient.
        spec: what the table should be.

    Returns:
        The report; ``report.clean`` if there is no drift. A table that is not there is one.

    Raises:
        AccessDenied: DescribeTable is not allowed; that is never taken for "no such table".
        ControlPlaneError: the table could not be read this time.
    """
    _, report = sighting(Access.of(client), spec)
    return report


def sighting(
    access: Access, spec: TableSpec, properties: Collection[str] = EVERYTHING
) -> tuple[FoundTable | None, DriftReport]:
    """One look, and how what was seen differs. Whose a number is is asked only where it differs.

    Raises:
        AccessDenied, ControlPlaneError: the table could not be read.
    """
    found = look(access.admin, spec.name, properties)
    report = compare(spec, found)
    if found is not None and concern(report):
        report = compare(spec, found, owners(access, found))
    return found, report
