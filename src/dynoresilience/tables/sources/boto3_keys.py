"""``KeySchema``: which attributes it names, and whether their order is one that a key can have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynoresilience.tables.sources.boto3_form import Form
from dynoresilience.tables.spec.faults import UNREAD

_REMEDY = "give {'AttributeName': ..., 'KeyType': 'HASH'}, and a 'RANGE' if there is one"


def table_key(form: Form, request: Mapping[str, Any]) -> tuple[Any, Any]:
    """``hash_key`` and ``range_key`` of the table."""
    return _single(form, request, "")


def global_key(form: Form, entry: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The fields of a global index: any number of either, which its rules count."""
    hashes, ranges = _schema(form, entry, path)
    return {"hash_key": hashes, "range_key": ranges}


def local_key(form: Form, entry: Mapping[str, Any], path: str, of_table: Any) -> dict[str, Any]:
    """The field of a local index, whose HASH must be the table's."""
    hash_key, range_key = _single(form, entry, path)
    if range_key is None:
        form.fault(f"{path}KeySchema", _said(entry), "a local index needs a RANGE; give one")
        range_key = UNREAD
    if UNREAD not in (hash_key, of_table) and hash_key != of_table:
        remedy = f"the HASH of a local index is that of its table, {of_table!r}"
        form.fault(f"{path}KeySchema", _said(entry), remedy)
    return {"range_key": range_key}


def _single(form: Form, entry: Mapping[str, Any], path: str) -> tuple[Any, Any]:
    """A key of one HASH and at most one RANGE."""
    hashes, ranges = _schema(form, entry, path)
    if hashes is UNREAD:
        return UNREAD, UNREAD
    if len(hashes) > 1 or len(ranges) > 1:
        remedy = "only global indexes can have several attributes of one KeyType; leave one"
        form.fault(f"{path}KeySchema", _said(entry), remedy)
        return UNREAD, UNREAD
    return hashes[0], ranges[0] if ranges else None


def _schema(form: Form, entry: Mapping[str, Any], path: str) -> tuple[Any, Any]:
    """The names of the HASH and of the RANGE attributes, or twice ``UNREAD``."""
    where = f"{path}KeySchema"
    if not entry.get("KeySchema"):
        form.missing(where, _REMEDY)
        return UNREAD, UNREAD

    def read(key: Mapping[str, Any], at: str) -> tuple[Any, Any]:
        kind = form.needed(key, "KeyType", at, "give 'HASH' or 'RANGE'")
        if kind not in ("HASH", "RANGE", UNREAD):
            form.fault(f"{at}KeyType", kind, "must be 'HASH' or 'RANGE'")
            kind = UNREAD
        return form.text(key, "AttributeName", at), kind

    keys = form.each(entry, "KeySchema", ("AttributeName", "KeyType"), read, path)
    if keys is UNREAD or any(key is UNREAD or UNREAD in key for key in keys):
        return UNREAD, UNREAD
    hashes = tuple(name for name, kind in keys if kind == "HASH")
    ranges = tuple(name for name, kind in keys if kind == "RANGE")
    if not hashes:
        form.fault(where, _said(entry), "has no HASH; every key begins with one")
        return UNREAD, UNREAD
    if [name for name, _ in keys] != [*hashes, *ranges]:
        form.fault(where, _said(entry), "a RANGE stands before a HASH; turn them round")
        return UNREAD, UNREAD
    return hashes, ranges


def _said(entry: Mapping[str, Any]) -> list[str]:
    """A ``KeySchema`` that can be read, in short."""
    return [f"{key['AttributeName']} {key['KeyType']}" for key in entry["KeySchema"]]
