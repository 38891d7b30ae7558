"""The tables of ``[[resources.dynamodb]]``: how infrastructure files spell what a `TableSpec` says.

Each field may be spelled as in a `TableSpec`, too. What is different: the types stand beside the
keys (``hash_key_type``) or in a list, streams and time to live have a switch, and programs that
write such files give an on-demand table a capacity of 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dynoresilience.tables.sources.gather import Gathered

_CAPACITY = {
    "read_capacity_units": ("read_capacity",),
    "write_capacity_units": ("write_capacity",),
}
_KEYS = {
    "hash_key": ("hash_key_name", "partition_key", "partition_key_name"),
    "hash_key_type": ("partition_key_type",),
    "range_key": ("range_key_name", "sort_key", "sort_key_name"),
    "range_key_type": ("sort_key_type",),
}
_INDEX = {**_KEYS, **_CAPACITY, "name": ("index_name",), "projection_type": ("projection",)}
_TABLE = {
    **_KEYS,
    **_CAPACITY,
    "name": ("table_name",),
    "attributes": ("attribute", "attribute_definitions"),
    "global_secondary_indexes": ("global_secondary_index", "gsi"),
    "local_secondary_indexes": ("local_secondary_index", "lsi"),
    "enable_streams": ("stream_enabled", "streams_enabled", "enable_stream"),
    "enable_ttl": ("ttl_enabled",),
    "time_to_live": ("ttl_attribute_name", "ttl_attribute"),
    "point_in_time_recovery": (
        "enable_point_in_time_recovery",
        "point_in_time_recovery_enabled",
    ),
    "deletion_protection": ("enable_deletion_protection", "deletion_protection_enabled"),
    "sse": ("enable_encryption", "server_side_encryption_enabled"),
    "kms_key": ("kms_key_arn", "kms_key_id"),
}
_SWITCHES = {"enable_streams": "stream_view_type", "enable_ttl": "time_to_live"}
_INDEX_LISTS = ("global_secondary_indexes", "local_secondary_indexes")


def fields_of(entry: Mapping[str, Any], place: str, gathered: Gathered) -> dict[str, Any]:
    """The fields of the `TableSpec` that an entry describes; what is unclear becomes a fault."""
    fields = _in_our_words(entry, _TABLE, place, gathered)
    given = _types(fields.get("attributes", {}))
    types = given or {}
    places = [(place, fields)]
    for kind in _INDEX_LISTS:
        if isinstance(fields.get(kind), list):
            fields[kind] = list(_indexes(fields[kind], f"{place}.{kind}", gathered, places))
    for where, of in places:
        for key in ("hash_key", "range_key"):
            _take_type(of, key, types, where, gathered)
    if given is not None:  # else they stay as they are, and the check of the spec says so
        fields["attributes"] = types
    for switch, field in _SWITCHES.items():
        _turn(fields, switch, field, place, gathered)
    if fields.get("billing_mode") == "PAY_PER_REQUEST":
        for _, of in places:
            for field in _CAPACITY:
                if of.get(field) == 0 and of[field] is not False:
                    del of[field]
    return fields


def _in_our_words(
    entry: Mapping[str, Any],
    words: Mapping[str, tuple[str, ...]],
    place: str,
    gathered: Gathered,
) -> dict[str, Any]:
    ours = {spelling: field for field, spellings in words.items() for spelling in spellings}
    fields: dict[str, Any] = {}
    spelled: dict[str, str] = {}
    for spelling, value in entry.items():
        field = ours.get(spelling, spelling)
        if field in fields:
            remedy = f"means the same as {spelled[field]}, give one of them"
            gathered.fault(f"{place}.{spelling}", value, remedy)
        else:
            fields[field], spelled[field] = value, spelling
    return fields


def _types(given: Any) -> dict[str, Any] | None:
    """The types of attributes by name; None if they are given in no way that is known."""
    if isinstance(given, dict):
        return dict(given)
    types: dict[str, Any] = {}
    for each in given if isinstance(given, list) else [given]:
        if not isinstance(each, dict) or each.keys() != {"name", "type"}:
            return None
        if not isinstance(each["name"], str) or each["name"] in types:
            return None
        types[each["name"]] = each["type"]
    return types


def _indexes(
    entries: list[Any],
    place: str,
    gathered: Gathered,
    places: list[tuple[str, dict[str, Any]]],
) -> Iterator[Any]:
    for position, entry in enumerate(entries):
        if not isinstance(entry, dict):
            yield entry
            continue
        name = entry.get("name", entry.get("index_name"))
        where = f"{place}[{name if isinstance(name, str) else position}]"
        fields = _in_our_words(entry, _INDEX, where, gathered)
        places.append((where, fields))
        yield fields


def _take_type(
    fields: dict[str, Any], key: str, types: dict[str, Any], place: str, gathered: Gathered
) -> None:
    """Move the type of a key to the types of all attributes."""
    if (kind := fields.pop(f"{key}_type", None)) is None:
        return
    name = fields.get(key)
    if not isinstance(name, str) or not name:
        gathered.fault(f"{place}.{key}_type", kind, f"needs one {key}_name")
    elif types.setdefault(name, kind) != kind:
        remedy = f"{name} is given as {types[name]!r} elsewhere, it has one type"
        gathered.fault(f"{place}.{key}_type", kind, remedy)


def _turn(fields: dict[str, Any], switch: str, field: str, place: str, gathered: Gathered) -> None:
    """Say in one field what stands in two: whether something is on, and what it is then."""
    on = fields.pop(switch, None)
    if on is False:
        fields[field] = False
    elif on is True and not fields.get(field):
        name = "ttl_attribute_name" if field == "time_to_live" else field
        gathered.fault(f"{place}.{switch}", on, f"needs {name}, too")
    elif on is not None and on is not True:
        gathered.fault(f"{place}.{switch}", on, "is true or false")
