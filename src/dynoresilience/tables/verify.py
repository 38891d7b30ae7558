"""`verify_table`: how a table differs from its spec. Nothing is changed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from dynoresilience.ports import AccessDenied, ControlPlaneError
from dynoresilience.tables.access import Access
from dynoresilience.tables.drift import KnownKeys, compare
from dynoresilience.tables.owners import concern, owners
from dynoresilience.tables.report import DriftReport
from dynoresilience.tables.seen.found import FoundTable, Unseen
from dynoresilience.tables.seen.look import EVERYTHING, look
from dynoresilience.tables.spec import TableSpec
from dynoresilience.tables.wanted import faults_of_spec, refuse


def verify_table(client: Any, spec: TableSpec) -> DriftReport:
    """Every difference between a table and its spec, with the remedy.

    Five requests, and one more for each index that declares contributor insights; if capacity
    differs, three more tell whose it is.

    Args:
        client: a boto3 DynamoDB client, resource or Table, or a ScalingClient.
        spec: what the table should be.

    Returns:
        The report; ``report.clean`` if there is no drift. A table that is not there is one.

    Raises:
        ConfigError: ``spec`` is no `TableSpec`.
        AccessDenied: DescribeTable is not allowed; that is never taken for "no such table".
        ControlPlaneError: the table could not be read this time.
    """
    refuse("verify_table", faults_of_spec(spec))
    _, report = sighting(Access.of(client), spec)
    return report


def sighting(
    access: Access, spec: TableSpec, properties: Collection[str] = EVERYTHING
) -> tuple[FoundTable | None, DriftReport]:
    """One look, and how what was seen differs. Whose a number is is asked only where it differs.

    Raises:
        AccessDenied, ControlPlaneError: the table could not be read.
    """
    declared = [i.name for i in spec.global_secondary_indexes if i.contributor_insights is not None]
    found = look(access.admin, spec.name, properties, declared)
    if found is None:
        return None, compare(spec, None)
    keys = _known_keys(access, spec, found)
    report = compare(spec, found, known_keys=keys)
    if concern(report):
        of, notes = owners(access, found)
        report = compare(spec, found, of, keys)
        report = replace(report, notes=report.notes + (notes if concern(report) else ()))
    return found, report


def _known_keys(access: Access, spec: TableSpec, found: FoundTable) -> KnownKeys:
    """What the declared alias stands for, where that decides."""
    alias = spec.kms_key or ""
    if access.keys is None or "alias/" not in alias or found.kms_key in (None, alias):
        return {}
    try:
        return {alias: access.keys.arn_of(alias) or ""}
    except AccessDenied as error:
        return {alias: Unseen("denied", str(error), error.action)}
    except ControlPlaneError as error:
        return {alias: Unseen("unsupported", str(error))}
