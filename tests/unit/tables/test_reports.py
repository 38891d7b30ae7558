"""One report: what a value is wrong by itself and beside others, each once, and readable."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from dynoresilience.tables import GlobalIndex, LocalIndex, SpecError, TableSpec
from dynoresilience.tables.spec.faults import NOT_GIVEN, UNREAD, Fault
from tests.support.wrong_specs import RIGHT, WRONG, Wrong, index, local


def lines(**fields: Any) -> list[str]:
    with pytest.raises(SpecError) as refusal:
        TableSpec(**fields)
    return [str(fault) for fault in refusal.value.faults]


def paths(**fields: Any) -> list[str]:
    with pytest.raises(SpecError) as refusal:
        TableSpec(**fields)
    return [fault.path for fault in refusal.value.faults]


def test_single_values_and_what_does_not_go_together_are_told_at_once() -> None:
    assert paths(
        name="o",
        attributes={"id": "X", "total": "N"},
        hash_key="id",
        range_key="id",
        billing_mode="PAY_PER_REQUEST",
        table_class="COLD",
        global_secondary_indexes=[
            index(name="by-day", hash_key="day", read_capacity_units="5"),
            GlobalIndex(name="by-day", hash_key="id"),
        ],
    ) == [
        "attributes[id]",
        "global_secondary_indexes[by-day].read_capacity_units",
        "table_class",
        "name",
        "range_key",
        "attributes[day]",
        "attributes[total]",
        "global_secondary_indexes[by-day].name",
    ]


@pytest.mark.parametrize(
    ("fields", "only"),
    [
        ({"hash_key": 3}, "hash_key"),
        ({"attributes": 3}, "attributes"),
        ({"attributes": {"id": 3}}, "attributes[id]"),
        ({"billing_mode": 3, "read_capacity_units": 5}, "billing_mode"),
        ({"global_secondary_indexes": 3}, "global_secondary_indexes"),
        ({"global_secondary_indexes": [index(name=3)]}, "global_secondary_indexes[0].name"),
        (
            {"global_secondary_indexes": [index(hash_key=3), index(name="b-y", hash_key="id")]},
            "global_secondary_indexes[by-id].hash_key",
        ),
        (
            {"global_secondary_indexes": [index(projection_type="INCLUDE", non_key_attributes=3)]},
            "global_secondary_indexes[by-id].non_key_attributes",
        ),
        (
            {"global_secondary_indexes": [index(projection_type=3, non_key_attributes=["a"])]},
            "global_secondary_indexes[by-id].projection_type",
        ),
        ({"range_key": 3, "local_secondary_indexes": [local(range_key="id2")]}, "range_key"),
        ({"point_in_time_recovery": 3, "recovery_period_days": 7}, "point_in_time_recovery"),
        ({"sse": 3, "kms_key": "alias/a"}, "sse"),
        ({"tags": {"a": 3}}, "tags[a]"),
        ({"tags": 3}, "tags"),
        ({"time_to_live": 3}, "time_to_live"),
        ({"warm_read_units_per_second": "3"}, "warm_read_units_per_second"),
    ],
)
def test_what_can_not_be_read_is_told_once_and_nothing_follows_from_it(
    fields: dict[str, Any], only: str
) -> None:
    types = {"id": "S", "id2": "S"} if "range_key" in fields else {"id": "S"}

    assert paths(**{**RIGHT, "attributes": types, **fields}) == [only]


def test_of_two_faults_of_one_value_the_one_that_knows_its_place_is_told() -> None:
    assert lines(**RIGHT, read_capacity_units="5") == [
        "read_capacity_units='5': an on-demand table and its indexes have no capacity; "
        "leave it out, or make billing_mode 'PROVISIONED'"
    ]
    assert lines(**{**RIGHT, "hash_key": "", "range_key": "", "attributes": {"": "S"}}) == [
        "range_key='': is the hash_key already; give another, or none",
        "hash_key='': such a name has 1 to 255 bytes (UTF-8)",
        "range_key='': such a name has 1 to 255 bytes (UTF-8)",
    ]


def test_an_index_that_is_made_by_itself_is_checked_by_itself() -> None:
    with pytest.raises(SpecError) as of_global:
        GlobalIndex(name="by-day", hash_kee="day", read_capacity_units="5")
    with pytest.raises(SpecError) as of_local:
        LocalIndex(range_key=3, write_capacity_units=5)

    assert str(of_global.value) == (
        "by-day: 2 faults\n"
        "  - hash_kee='day': there is no such field; did you mean hash_key?\n"
        "  - read_capacity_units='5': must be a whole number, 1 or more"
    )
    assert str(of_local.value) == (
        "LocalIndex: 3 faults\n"
        "  - write_capacity_units=5: a local index lives on the table's throughput; leave it out\n"
        "  - name is missing: give a name: 3 to 255 of a-z, A-Z, 0-9, '_', '.' and '-'\n"
        "  - range_key=3: must be the name of an attribute"
    )


def test_an_index_of_the_other_kind_is_named() -> None:
    other = LocalIndex(name="by-day", range_key="day")

    [line] = lines(**RIGHT, global_secondary_indexes=[other])

    assert line == (
        "global_secondary_indexes[by-day]=LocalIndex(name='by-day', range_key='day'): "
        "must be a GlobalIndex, or a mapping with its fields"
    )


def test_keys_of_mappings_that_are_no_text_are_told_too() -> None:
    assert paths(**RIGHT, global_secondary_indexes=[{1: 2, **index()}]) == [
        "global_secondary_indexes[by-id].1"
    ]
    assert paths(**RIGHT, self=1) == ["self"]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.what)
def test_a_report_survives_a_pickle(wrong: Wrong) -> None:
    with pytest.raises(SpecError) as refusal:
        TableSpec(**wrong.fields)

    copy = pickle.loads(pickle.dumps(refusal.value))

    assert isinstance(copy, ValueError)
    assert str(copy) == str(refusal.value)
    assert (copy.where, copy.faults) == (refusal.value.where, refusal.value.faults)


def test_so_does_one_with_a_value_that_does_not() -> None:
    fault = Fault("name", lambda: None, "give a name")

    copy = pickle.loads(pickle.dumps(fault))

    assert str(copy) == str(fault)
    assert str(copy).startswith("name=<function ")


def test_what_stands_for_no_value_is_itself_after_a_pickle() -> None:
    missing, unread = pickle.loads(pickle.dumps([NOT_GIVEN, UNREAD]))

    assert missing is NOT_GIVEN
    assert unread is UNREAD
    assert repr([missing, unread]) == "[not given, unread]"


def test_a_fault_is_one_line_whatever_the_value_looks_like() -> None:
    class Odd:
        def __repr__(self) -> str:
            return "several\nlines"

    assert str(Fault("name", Odd(), "give a name")) == "name=several lines: give a name"
    assert str(Fault("name", 10**10_000, "give a name")) == ("name=a very long number: give a name")
    assert str(Fault("name", "a" * 100, "give a name")) == f"name='{'a' * 76}...: give a name"
    assert str(SpecError("a\nb", [Fault("name", NOT_GIVEN, "give a name")])) == (
        "a\\nb: a fault\n  - name is missing: give a name"
    )
