"""How a table differs from its spec. Pure: what was seen comes in, a report comes out.

Keys, billing mode, capacity and indexes are always compared. A setting that the spec does not
declare is left alone: if it is not at AWS's default, a note says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from dynoresilience.tables.drift.indexes import indexes
from dynoresilience.tables.drift.keys import keys
from dynoresilience.tables.drift.place import TABLE, Place
from dynoresilience.tables.drift.settings import KnownKeys, settings
from dynoresilience.tables.drift.tags import OWN_TAGS, tags
from dynoresilience.tables.drift.throughput import CAPACITY, WARM, Owners, throughput
from dynoresilience.tables.report import Difference, DriftReport, Label, Severity
from dynoresilience.tables.seen.found import FoundTable
from dynoresilience.tables.spec import TableSpec

__all__ = ["CAPACITY", "OWN_TAGS", "KnownKeys", "Owners", "compare"]

_CHANGED_BY_UPDATES = frozenset({*CAPACITY, "billing_mode", "table_class", "sse", "kms_key"})
"""What reads back as it was until an UpdateTable has taken effect."""

_OUT_OF_ORDER: Mapping[str, str] = {
    "INACCESSIBLE_ENCRYPTION_CREDENTIALS": "let DynamoDB use the table's KMS key again: it is "
    "disabled, or scheduled for deletion, or its policy refuses; after 7 days it is archived",
    "ARCHIVED": "its KMS key was not usable for 7 days: restore it from the backup that was made",
    "REPLICATION_NOT_AUTHORIZED": "the role of the global table lacks a permission",
}
"""States in which calls fail, and the way out of each. Source: TableStatus, API Reference."""


def compare(
    spec: TableSpec,
    found: FoundTable | None,
    owners: Owners | None = None,
    known_keys: KnownKeys | None = None,
) -> DriftReport:
    """The differences between a spec and what was found.

    Args:
        found: None: there is no such table.
        owners: whose a number is, of those that are somebody's.
        known_keys: of which KMS key an alias is.
    """
    if found is None or found.status == "DELETING":
        return DriftReport(spec.name, (_gone(spec, found),))
    same_mode = spec.billing_mode == found.billing_mode  # else capacity comes with the mode
    told = [
        *_state(found),
        *keys(spec, found),
        *settings(spec, found, known_keys or {}),
        *tags(spec, found),
        *(throughput(TABLE, spec, found, found, owners or {}) if same_mode else ()),
        *indexes(spec, found, owners or {}),
    ]
    told = [_settling(each, found) for each in told]
    worst = {severity: rank for rank, severity in enumerate(Severity)}
    in_order = sorted(told, key=lambda each: (worst[each.severity], each.path))
    return DriftReport(
        spec.name,
        tuple(each for each in in_order if each.label is Label.DECLARED),
        tuple(each for each in in_order if each.label is not Label.DECLARED),
    )


def _gone(spec: TableSpec, found: FoundTable | None) -> Difference:
    remedy = (
        "ensure_table creates it; if it should be there, check region and account"
        if found is None
        else "somebody deletes it: ensure_table waits for the end of that and creates it"
    )
    status = None if found is None else found.status
    return TABLE.drift("table", spec.name, status, remedy, Severity.ERROR)


def _state(found: FoundTable) -> Iterator[Difference]:
    """States in which calls fail, and what is in the middle of a change."""
    if found.status in _OUT_OF_ORDER:
        yield TABLE.drift(
            "status", "ACTIVE", found.status, _OUT_OF_ORDER[found.status], Severity.ERROR
        )
    for index, what, status in found.passing():
        place = TABLE if index is None else Place(index)
        yield place.note(what, None, status, Label.UNDER_WAY, "it is being changed")


def _settling(each: Difference, found: FoundTable) -> Difference:
    """An old value that a change under way is about to replace is no drift, and not known."""
    of = found.indexes.get(each.index) if each.index is not None else found
    old: set[str] = set()
    if of is not None and "UPDATING" in (found.status, of.status):
        old |= _CHANGED_BY_UPDATES
    if of is not None and of.warm_status == "UPDATING":
        old.update(WARM)
    if found.sse_status == "UPDATING":
        old |= {"kms_key"}
    if each.label is not Label.DECLARED or each.field not in old:
        return each
    remedy = "it may be the old value: verify again once the change under way is done"
    return replace(each, label=Label.UNDER_WAY, severity=Severity.INFO, remedy=remedy)
