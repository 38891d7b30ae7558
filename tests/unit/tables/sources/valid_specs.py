"""Specs with any of the fields that a file may have."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from dynoresilience.tables import TableSpec

NAMES = st.text("abcXYZ012-_.", min_size=3, max_size=12)
ATTRIBUTES = st.text(min_size=1, max_size=6).filter(lambda name: name.isprintable())
UNITS = st.integers(1, 40_000)
TAGS = st.dictionaries(
    st.text("abcXYZ 019+-=._:/@", min_size=1, max_size=30),
    st.text("abcXYZ 019+-=._:/@", max_size=60),
    max_size=5,
)
VIEWS = st.sampled_from(["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", False])
INSIGHTS = st.sampled_from([True, False, "THROTTLED_KEYS"])

RECOVERY: list[dict[str, Any]] = [
    {},
    {"point_in_time_recovery": False},
    {"point_in_time_recovery": True, "recovery_period_days": 7},
]
ENCRYPTION: list[dict[str, Any]] = [{}, {"sse": False}, {"sse": True, "kms_key": "alias/a"}]


def throughput(on_demand: bool) -> dict[str, st.SearchStrategy[Any]]:
    return (
        {"max_read_request_units": UNITS, "max_write_request_units": UNITS}
        if on_demand
        else {"warm_read_units_per_second": st.just(40_000)}
    )


def capacity(on_demand: bool) -> dict[str, st.SearchStrategy[Any]]:
    return {} if on_demand else {"read_capacity_units": UNITS, "write_capacity_units": UNITS}


@st.composite
def valid_specs(draw: st.DrawFn) -> TableSpec:
    hash_key, range_key, expires, *others = draw(
        st.lists(ATTRIBUTES, min_size=4, max_size=8, unique=True)
    )
    on_demand = draw(st.booleans())
    names = draw(st.lists(NAMES, max_size=4, unique=True))
    local = names[: draw(st.integers(0, 1))]
    used = {hash_key, range_key} | ({others[0]} if local else set())
    indexes = []
    for name in names[len(local) :]:
        keys = draw(st.lists(st.sampled_from([hash_key, *others]), min_size=1, unique=True))
        parts = draw(st.integers(1, min(4, len(keys))))
        used |= {*keys[: parts + 4]}
        index = {
            "name": name,
            "hash_key": keys[:parts],
            "range_key": keys[parts : parts + 4],
            **draw(st.sampled_from([{}, {"projection_type": "KEYS_ONLY"}])),
        }
        indexes.append(
            index
            | draw(st.fixed_dictionaries(capacity(on_demand), optional=throughput(on_demand)))
            | draw(st.fixed_dictionaries({}, optional={"contributor_insights": INSIGHTS}))
        )
    recovery = draw(st.sampled_from(RECOVERY))
    encryption = draw(st.sampled_from(ENCRYPTION))
    settings = draw(
        st.fixed_dictionaries(
            capacity(on_demand),
            optional={
                **throughput(on_demand),
                "contributor_insights": INSIGHTS,
                "stream_view_type": VIEWS,
                "time_to_live": st.sampled_from([expires, False]),
                "tags": TAGS,
                "deletion_protection": st.booleans(),
                "table_class": st.sampled_from(["STANDARD", "STANDARD_INFREQUENT_ACCESS"]),
            },
        )
    )
    return TableSpec(
        name=draw(NAMES),
        hash_key=hash_key,
        range_key=range_key,
        attributes={name: draw(st.sampled_from("SNB")) for name in sorted(used)},
        billing_mode="PAY_PER_REQUEST" if on_demand else "PROVISIONED",
        global_secondary_indexes=indexes,
        local_secondary_indexes=[
            {
                "name": name,
                "range_key": others[0],
                "projection_type": "INCLUDE",
                "non_key_attributes": ["total", "a b"],
            }
            for name in local
        ],
        **settings,
        **recovery,
        **encryption,
    )
