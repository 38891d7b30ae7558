"""Two specs of one table: what it is, and what it should be. Some of it is alike."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from dynoresilience.tables import TableSpec

KEYS = {"id": "S", "day": "N", "total": "N"}
"""Of the table and its local index, in both."""
INDEXES = ("by-customer", "by-state", "by-total")
VIEWS = ("KEYS_ONLY", "NEW_IMAGE", "NEW_AND_OLD_IMAGES")
CLASSES = ("STANDARD", "STANDARD_INFREQUENT_ACCESS")
KEY_ARNS = tuple(f"arn:aws:kms:us-east-1:123456789012:key/{n * 8}-1-1-1-1" for n in "12")
MODES = (True, False, "THROTTLED_KEYS")

units = st.integers(1, 4)
maximums = st.sampled_from([None, -1, 10, 20])
warm = {True: st.sampled_from([None, 4, 9]), False: st.sampled_from([None, 15_000, 20_000])}
"""By whether it is provisioned; not below what a table has by itself."""
attributes = st.sampled_from(["customer", "state", "day", "total"])


@st.composite
def spec_pairs(draw: st.DrawFn) -> tuple[TableSpec, TableSpec]:
    """Right specs, of which the second can be made out of the first."""
    local = draw(st.booleans())
    return draw(_spec(local)), draw(_spec(local))


@st.composite
def _spec(draw: st.DrawFn, local: bool) -> TableSpec:
    provisioned = draw(st.booleans())
    indexes = [draw(_index(name, provisioned)) for name in INDEXES if draw(st.booleans())]
    used = {"id", "day", *(["total"] if local else [])}
    for index in indexes:
        used |= {index["hash_key"], *index.get("range_key", ())}
    types = {**KEYS, "customer": draw(st.sampled_from("SN")), "state": "S"}
    types["total"] = "N" if local else draw(st.sampled_from("SN"))
    fields: dict[str, Any] = {
        "name": "orders",
        "attributes": {name: types[name] for name in sorted(used)},
        "hash_key": "id",
        "range_key": "day",
        "billing_mode": "PROVISIONED" if provisioned else "PAY_PER_REQUEST",
        "global_secondary_indexes": indexes,
        "local_secondary_indexes": [{"name": "local", "range_key": "total"}] if local else [],
        **draw(_throughput(provisioned)),
        **draw(_settings()),
    }
    return TableSpec(**fields)


@st.composite
def _index(draw: st.DrawFn, name: str, provisioned: bool) -> dict[str, Any]:
    hash_key = draw(attributes)
    ranges = [each for each in ("customer", "state", "day", "total") if each != hash_key]
    index: dict[str, Any] = {"name": name, "hash_key": hash_key}
    if draw(st.booleans()):
        index["range_key"] = (draw(st.sampled_from(ranges)),)
    kind = draw(st.sampled_from(["ALL", "KEYS_ONLY", "INCLUDE"]))
    index["projection_type"] = kind
    if kind == "INCLUDE":
        index["non_key_attributes"] = draw(st.sampled_from([("note",), ("note", "size")]))
    return {**index, **draw(_throughput(provisioned))}


@st.composite
def _throughput(draw: st.DrawFn, provisioned: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for dimension in ("read", "write"):
        if provisioned:
            found[f"{dimension}_capacity_units"] = draw(units)
        else:
            found[f"max_{dimension}_request_units"] = draw(maximums)
        found[f"warm_{dimension}_units_per_second"] = draw(warm[provisioned])
    found["contributor_insights"] = draw(st.sampled_from([None, *MODES]))
    return {name: value for name, value in found.items() if value is not None}


@st.composite
def _settings(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "stream_view_type": st.sampled_from([False, *VIEWS]),
                "time_to_live": st.sampled_from([False, "expires", "until"]),
                "tags": st.dictionaries(
                    st.sampled_from(["team", "stage"]), st.sampled_from(["a", "b"]), min_size=1
                ),
                "point_in_time_recovery": st.booleans(),
                "deletion_protection": st.booleans(),
                "table_class": st.sampled_from(CLASSES),
                "sse": st.booleans(),
            },
        )
    )
    if found.get("point_in_time_recovery"):
        days = draw(st.sampled_from([None, 7, 35]))
        found |= {"recovery_period_days": days} if days else {}
    if found.get("sse"):
        key = draw(st.sampled_from([None, *KEY_ARNS]))
        found |= {"kms_key": key} if key else {}
    return found
