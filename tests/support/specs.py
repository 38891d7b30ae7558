"""A strategy for specs: every one that it makes is right, and every field is set at times."""

from __future__ import annotations

import string
from typing import Any

from hypothesis import strategies as st

from dynoresilience.tables import TableSpec

NAME_CHARACTERS = string.ascii_letters + string.digits + "_.-"
MOST_GLOBAL, MOST_LOCAL, MOST_PROJECTED, MOST_PROJECTED_IN_ALL = 20, 5, 20, 100
MOST_UNITS, MOST_UNITS_OF_ALL = 40_000, 80_000
"""What AWS gives without being asked: a table or an index, and an account."""
ON_DEMAND_WARM = {"read": 12_000, "write": 4_000}

table_names = st.text(NAME_CHARACTERS, min_size=3, max_size=255)
index_names = st.one_of(
    st.text(NAME_CHARACTERS, min_size=3, max_size=12),
    st.text(NAME_CHARACTERS, min_size=200, max_size=255),
)
attribute_names = st.one_of(
    st.text(string.ascii_lowercase, min_size=1, max_size=3),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=255).filter(
        lambda name: len(name.encode()) <= 255
    ),
)
attribute_types = st.sampled_from("SNB")
tag_characters = st.characters(
    categories=("L", "N", "Zs"), include_characters="+-=._:/@", codec="utf-8"
)
tag_keys = st.text(tag_characters, min_size=1, max_size=128).filter(
    lambda key: not key.lower().startswith(("aws:", "dynoresilience:"))
)
tags = st.dictionaries(tag_keys, st.text(tag_characters, max_size=256), min_size=1, max_size=50)
stream_views = st.sampled_from(["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", False])
insights = st.sampled_from([True, False, "ACCESSED_AND_THROTTLED_KEYS", "THROTTLED_KEYS"])


@st.composite
def specs(
    draw: st.DrawFn,
    *,
    longest_key: int = 4,
    attributes: st.SearchStrategy[str] = attribute_names,
    **fixed: Any,
) -> TableSpec:
    """Right specs.

    Args:
        draw: Hypothesis's.
        longest_key: the most attributes in each part of a global index's key: some emulators don't
            have more than one.
        attributes: names of attributes; some emulators stumble over control characters.
        fixed: fields that have this value in all of them, if the rest allows it.
    """
    return TableSpec(**{**draw(fields(longest_key=longest_key, attributes=attributes)), **fixed})


@st.composite
def fields(
    draw: st.DrawFn,
    *,
    longest_key: int = 4,
    attributes: st.SearchStrategy[str] = attribute_names,
) -> dict[str, Any]:
    """What right specs are made of."""
    names = draw(st.lists(attributes, min_size=1, max_size=12, unique=True))
    types = {name: draw(attribute_types) for name in names}
    keys = draw(_part_of(names, 2))
    provisioned = draw(st.booleans())
    spec: dict[str, Any] = {
        "name": draw(table_names),
        "hash_key": keys[0],
        "billing_mode": "PROVISIONED" if provisioned else "PAY_PER_REQUEST",
        **draw(_settings()),
    }
    if len(keys) > 1:
        spec["range_key"] = keys[1]
    index_count = draw(st.one_of(st.integers(0, 3), st.just(MOST_GLOBAL)))
    local_count = draw(st.integers(0, MOST_LOCAL)) if len(keys) > 1 else 0
    most_units = min(MOST_UNITS, MOST_UNITS_OF_ALL // (1 + index_count))
    spec |= draw(_throughput(provisioned, most_units))
    unique_names = draw(
        st.lists(
            index_names,
            min_size=index_count + local_count,
            max_size=index_count + local_count,
            unique=True,
        )
    )
    projected = min(MOST_PROJECTED, MOST_PROJECTED_IN_ALL // max(1, len(unique_names)))
    spec["global_secondary_indexes"] = tuple(
        {
            "name": name,
            **draw(_global_key(names, longest_key)),
            **draw(_projection(projected, attributes)),
            **draw(_throughput(provisioned, most_units)),
        }
        for name in unique_names[:index_count]
    )
    others = [name for name in names if name != keys[0]]
    spec["local_secondary_indexes"] = tuple(
        {
            "name": name,
            "range_key": draw(st.sampled_from(others)),
            **draw(_projection(projected, attributes)),
        }
        for name in unique_names[index_count:]
    )
    used = {*keys}
    for index in (*spec["global_secondary_indexes"], *spec["local_secondary_indexes"]):
        used.update(index.get("hash_key", ()), _several(index["range_key"]))
    spec["attributes"] = {name: types[name] for name in names if name in used}
    if draw(st.booleans()):
        numbers = [name for name in used if types[name] == "N" and name not in keys]
        free = attributes.filter(lambda name: name not in used)
        choices = [st.just(False), free, *([st.sampled_from(sorted(numbers))] if numbers else [])]
        spec["time_to_live"] = draw(st.one_of(choices))
    return spec


def _several(names: str | tuple[str, ...]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names


def _part_of(names: list[str], most: int) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), min_size=1, max_size=min(most, len(names)), unique=True)


@st.composite
def _global_key(draw: st.DrawFn, names: list[str], longest: int) -> dict[str, Any]:
    key = draw(_part_of(names, 2 * longest))
    hashes = draw(st.integers(max(1, len(key) - longest), min(longest, len(key))))
    return {"hash_key": tuple(key[:hashes]), "range_key": tuple(key[hashes:])}


@st.composite
def _projection(draw: st.DrawFn, most: int, attributes: st.SearchStrategy[str]) -> dict[str, Any]:
    kind = draw(st.sampled_from(["ALL", "KEYS_ONLY", "INCLUDE"]))
    if kind != "INCLUDE":
        return {"projection_type": kind}
    count = draw(st.one_of(st.integers(1, min(2, most)), st.just(most)))
    names = st.lists(attributes, min_size=count, max_size=count, unique=True)
    return {"projection_type": kind, "non_key_attributes": tuple(draw(names))}


@st.composite
def _throughput(draw: st.DrawFn, provisioned: bool, most_units: int) -> dict[str, Any]:
    """Of a table or a global index."""
    found: dict[str, Any] = {}
    units = st.integers(1, most_units)
    for dimension in ("read", "write"):
        least = ON_DEMAND_WARM[dimension]
        if provisioned:
            least = found[f"{dimension}_capacity_units"] = draw(units)
        elif draw(st.booleans()):
            maximum = st.one_of(st.just(-1), units)
            found[f"max_{dimension}_request_units"] = draw(maximum)
        if draw(st.booleans()):
            warm = draw(st.integers(least, least + 100_000))
            found[f"warm_{dimension}_units_per_second"] = warm
    if draw(st.booleans()):
        found["contributor_insights"] = draw(insights)
    return found


@st.composite
def _settings(draw: st.DrawFn) -> dict[str, Any]:
    """What a table has besides keys, indexes and throughput, each of it at times."""
    found: dict[str, Any] = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "stream_view_type": stream_views,
                "tags": tags,
                "point_in_time_recovery": st.booleans(),
                "deletion_protection": st.booleans(),
                "table_class": st.sampled_from(["STANDARD", "STANDARD_INFREQUENT_ACCESS"]),
                "sse": st.booleans(),
            },
        )
    )
    if found.get("point_in_time_recovery") and draw(st.booleans()):
        found["recovery_period_days"] = draw(st.integers(1, 35))
    if found.get("sse") and draw(st.booleans()):
        found["kms_key"] = draw(st.sampled_from(["alias/orders", "1234abcd-12ab-34cd-56ef"]))
    return found
