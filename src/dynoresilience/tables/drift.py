"""How a table differs from its spec. Pure: what was seen comes in, a report comes out.

Keys, billing mode, capacity and indexes are always compared. A setting that the spec does not
declare is left alone: if it is not at AWS's default, a note says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dynoresilience.model import Dimension, RaisedKey
from dynoresilience.tables.found import STANDARD, FoundIndex, FoundTable, Unseen
from dynoresilience.tables.report import Difference, DriftReport, Label, Severity
from dynoresilience.tables.spec import GlobalIndex, LocalIndex, TableSpec

OWN_TAGS = ("aws:", "dynoresilience:")
"""Beginnings of tags that are AWS's, or the ledger's of raises: never of a spec."""

CAPACITY: Mapping[str, Dimension] = {
    "read_capacity_units": Dimension.READ,
    "write_capacity_units": Dimension.WRITE,
    "max_read_request_units": Dimension.READ,
    "max_write_request_units": Dimension.WRITE,
}
"""The properties that Application Auto Scaling or a raise of ours may have changed."""

Owners = Mapping[RaisedKey, tuple[Label, str]]
"""Whose a number is, and in words why; of the numbers that are somebody's."""

_REPAIR = "plan_table shows the way; ensure_table(on_drift='repair') takes it"
_RECREATE = "it can't be changed in place: create a table under another name and copy the items"
_LEFT_ALONE = "it is not declared, so it is left alone; declare it to have it verified"


def compare(spec: TableSpec, found: FoundTable | None, owners: Owners | None = None) -> DriftReport:
    """The differences between a spec and what was found; None: there is no such table."""
    if found is None:
        gone = Difference(
            "table",
            spec.name,
            None,
            Label.DECLARED,
            Severity.ERROR,
            "ensure_table creates it; if it should be there, check region and account",
        )
        return DriftReport(spec.name, (gone,))
    same = spec.billing_mode == found.billing_mode  # else capacity comes with the mode
    all_of_them = [
        *_table(spec, found),
        *_settings(spec, found),
        *_tags(spec, found),
        *_throughput(spec, found, None, owners or {}, found, same_mode=same),
        *_indexes(spec, found, owners or {}),
    ]
    worst = {severity: rank for rank, severity in enumerate(Severity)}
    in_order = sorted(all_of_them, key=lambda each: (worst[each.severity], each.path))
    return DriftReport(
        spec.name,
        tuple(each for each in in_order if each.label is Label.DECLARED),
        tuple(each for each in in_order if each.label is not Label.DECLARED),
    )


def _table(spec: TableSpec, found: FoundTable) -> Iterator[Difference]:
    """What makes it this table: keys, their types, billing mode."""
    ranges = (spec.range_key,) if spec.range_key else ()
    for name, declared, seen in (
        ("hash_key", (spec.hash_key,), found.hash_key),
        ("range_key", ranges, found.range_key),
    ):
        if declared != seen:
            told = (declared or (None,))[0], (seen or (None,))[0]
            yield _difference(name, *told, Severity.ERROR, _RECREATE)
    for name in sorted(spec.attributes.keys() & found.attributes.keys()):
        if spec.attributes[name] != found.attributes[name]:
            yield _difference(
                "attributes",
                spec.attributes[name],
                found.attributes[name],
                Severity.ERROR,
                _RECREATE
                if name in (spec.hash_key, spec.range_key)
                else "delete the indexes that it is a key of, and create them again",
                key=name,
            )
    if spec.billing_mode != found.billing_mode:
        yield _difference(
            "billing_mode", spec.billing_mode, found.billing_mode, Severity.WARNING, _REPAIR
        )


def _settings(spec: TableSpec, found: FoundTable) -> Iterator[Difference]:
    for name, default in (
        ("stream_view_type", False),
        ("time_to_live", False),
        ("point_in_time_recovery", False),
        ("recovery_period_days", None),
        ("deletion_protection", False),
        ("table_class", STANDARD),
        ("sse", False),
        ("kms_key", None),
        ("contributor_insights", False),
    ):
        if name == "kms_key":
            yield from _kms_key(spec, found)
            continue
        if name == "recovery_period_days" and not found.point_in_time_recovery:
            continue  # told already
        declared = _mode(name, getattr(spec, name))
        yield from _setting(name, declared, getattr(found, name), default, found.unseen)


def _setting(
    name: str,
    declared: Any,
    seen: Any,
    default: Any,
    unseen: Mapping[str, Unseen],
    index: FoundIndex | None = None,
) -> Iterator[Difference]:
    where: dict[str, Any] = {}
    if index is not None:
        where = {"index": index.name, "local": index.local}
    blind = unseen.get(f"{index.name}.{name}" if index is not None else name) or unseen.get(name)
    if declared is None:
        if seen is not None and seen != default and blind is None:
            label = Label.AWS_DEFAULT
            yield Difference(name, None, seen, label, Severity.INFO, _LEFT_ALONE, **where)
    elif blind is not None and (blind.reason != "unsupported" or declared != seen):
        yield _blind(name, declared, blind, where)
    elif declared != seen:
        yield _difference(name, declared, seen, Severity.WARNING, _REPAIR, **where)


def _blind(name: str, declared: Any, why: Unseen, where: Mapping[str, Any]) -> Difference:
    if why.reason == "denied":
        remedy = f"it could not be verified: allow {why.action}"
        return Difference(
            name, declared, None, Label.NOT_PERMITTED, Severity.WARNING, remedy, **where
        )
    remedy = f"it can't be verified on this endpoint: {why.message or why.reason}"
    return Difference(name, declared, None, Label.UNSUPPORTED, Severity.INFO, remedy, **where)


def _kms_key(spec: TableSpec, found: FoundTable) -> Iterator[Difference]:
    """An id, an ARN or an alias is declared; what is found is an ARN."""
    if not spec.sse or not found.sse or spec.kms_key is None:
        return
    declared, seen = spec.kms_key, found.kms_key or ""
    if declared in (seen, seen.rpartition("/")[2]):
        return
    if "alias/" in declared:
        yield Difference(
            "kms_key",
            declared,
            found.kms_key,
            Label.AWS_COMPUTED,
            Severity.INFO,
            "an alias reads back as the ARN of its key; whether of this one is not known",
        )
        return
    yield from _setting("kms_key", declared, found.kms_key, None, found.unseen)


def _mode(name: str, declared: Any) -> Any:
    """Contributor insights are simply on, in a spec, for the mode that AWS takes by itself."""
    if name == "contributor_insights" and declared is True:
        return "ACCESSED_AND_THROTTLED_KEYS"
    return declared


def _tags(spec: TableSpec, found: FoundTable) -> Iterator[Difference]:
    """Others on the table are other people's; what is declared must be there."""
    blind = found.unseen.get("tags")
    if spec.tags is None:
        return
    if blind is not None:
        if spec.tags:
            yield _blind("tags", dict(spec.tags), blind, {})
        return
    for key, value in sorted(spec.tags.items()):
        if found.tags.get(key) != value:
            yield _difference(
                "tags", value, found.tags.get(key), Severity.WARNING, _REPAIR, key=key
            )
    for key, value in sorted(found.tags.items()):
        if key not in spec.tags and not key.startswith(OWN_TAGS):
            yield Difference(
                "tags", None, value, Label.AWS_DEFAULT, Severity.INFO, _LEFT_ALONE, key=key
            )


def _throughput(
    declared: TableSpec | GlobalIndex,
    found: FoundTable | FoundIndex,
    index: FoundIndex | None,
    owners: Owners,
    table: FoundTable,
    *,
    same_mode: bool = True,
) -> Iterator[Difference]:
    where: dict[str, Any] = {"index": index.name} if index is not None else {}
    name = index.name if index is not None else None
    unseen = table.unseen
    for field, dimension in CAPACITY.items() if same_mode else ():
        wanted, seen = getattr(declared, field), getattr(found, field)
        of_maximum = field.startswith("max_")
        if wanted is None or (None if wanted == -1 else wanted) == seen:
            if wanted is None and of_maximum and seen is not None and field not in unseen:
                label = Label.AWS_DEFAULT
                yield Difference(field, None, seen, label, Severity.INFO, _LEFT_ALONE, **where)
            continue
        owner = owners.get((name, dimension))
        if owner is not None:
            label, why = owner
            yield Difference(field, wanted, seen, label, Severity.INFO, why, **where)
        elif field in unseen:
            yield _blind(field, wanted, unseen[field], where)
        else:
            yield _difference(field, wanted, seen, Severity.WARNING, _REPAIR, **where)
    for field in ("warm_read_units_per_second", "warm_write_units_per_second"):
        wanted, seen = getattr(declared, field), getattr(found, field)
        if wanted is None or wanted == seen:
            continue
        if field in unseen:
            yield _blind(field, wanted, unseen[field], where)
        elif seen is not None and seen > wanted:
            why = "it grows with the traffic and the capacity, and never decreases"
            label = Label.AWS_COMPUTED
            yield Difference(field, wanted, seen, label, Severity.INFO, why, **where)
        else:
            yield _difference(field, wanted, seen, Severity.WARNING, _REPAIR, **where)


def _indexes(spec: TableSpec, found: FoundTable, owners: Owners) -> Iterator[Difference]:
    declared = spec.indexes
    there = {name: each for name, each in found.indexes.items() if each.status != "DELETING"}
    for name in sorted(declared.keys() | there.keys()):
        wanted, seen = declared.get(name), there.get(name)
        if wanted is not None and seen is not None and isinstance(wanted, LocalIndex) == seen.local:
            yield from _index(spec, wanted, seen, found, owners)
            continue
        if seen is not None:
            remedy = (
                _RECREATE
                if seen.local
                else "plan_table shows the way; it is deleted only with allow=('delete_index',)"
            )
            yield _difference(
                "index", None, _of_index(seen), Severity.WARNING, remedy, name, local=seen.local
            )
        if wanted is not None:
            local = isinstance(wanted, LocalIndex)
            remedy = _RECREATE if local else _REPAIR
            text = _of_index(wanted, spec)
            yield _difference("index", text, None, Severity.ERROR, remedy, name, local=local)


def _index(
    spec: TableSpec,
    wanted: GlobalIndex | LocalIndex,
    seen: FoundIndex,
    found: FoundTable,
    owners: Owners,
) -> Iterator[Difference]:
    remedy = (
        _RECREATE
        if seen.local
        else "it can't be changed in place: delete the index and create it again, or create one "
        "under another name"
    )
    ranges = (wanted.range_key,) if isinstance(wanted, LocalIndex) else wanted.range_key
    hashes = (spec.hash_key,) if isinstance(wanted, LocalIndex) else wanted.hash_key
    for name, declared, there in (
        ("hash_key", hashes, seen.hash_key),
        ("range_key", ranges, seen.range_key),
        ("projection_type", wanted.projection_type, seen.projection_type),
        ("non_key_attributes", frozenset(wanted.non_key_attributes), seen.non_key_attributes),
    ):
        if declared != there:
            yield _difference(
                name, declared, there, Severity.ERROR, remedy, seen.name, local=seen.local
            )
    if isinstance(wanted, GlobalIndex) and not seen.local:
        same = spec.billing_mode == found.billing_mode
        yield from _throughput(wanted, seen, seen, owners, found, same_mode=same)
        insights = _mode("contributor_insights", wanted.contributor_insights)
        yield from _setting(
            "contributor_insights", insights, seen.contributor_insights, False, found.unseen, seen
        )


def _of_index(index: FoundIndex | GlobalIndex | LocalIndex, spec: TableSpec | None = None) -> str:
    """An index in a few words: its keys and its projection."""
    if isinstance(index, LocalIndex):
        keys: Iterable[str] = (spec.hash_key if spec else "", index.range_key)
    else:
        keys = (*index.hash_key, *index.range_key)
    return f"{', '.join(keys)} ({index.projection_type})"


def _difference(
    name: str,
    declared: Any,
    found: Any,
    severity: Severity,
    remedy: str,
    index: str | None = None,
    *,
    key: str | None = None,
    local: bool = False,
) -> Difference:
    return Difference(
        name, declared, found, Label.DECLARED, severity, remedy, index, key=key, local=local
    )
