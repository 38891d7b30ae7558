"""Every wrong spec is refused before any call, with all that is wrong with it, and nothing else."""

from __future__ import annotations

import boto3
import pytest
from hypothesis import given

from dynoresilience.tables import GlobalIndex, LocalIndex, SpecError, TableSpec
from dynoresilience.tables.spec.expected import EXPECTED, NEVER_LOCAL
from tests.support.guarded_client import Guard
from tests.support.specs import specs
from tests.support.wrong_specs import PROVISIONED, RIGHT, SORTED, WRONG, Wrong, index, local, on

NOTHING_IS_ALLOWED: dict[str, object] = {"Statement": []}


def test_the_spec_that_the_others_depart_from_is_right() -> None:
    TableSpec(**RIGHT)
    TableSpec(**{**RIGHT, **PROVISIONED, **SORTED})


def test_the_commonest_mistake_comes_first_and_there_are_enough() -> None:
    assert WRONG[0].what == "capacity on an index of an on-demand table"
    assert len(WRONG) >= 45
    assert len({wrong.what for wrong in WRONG}) == len(WRONG)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.what)
def test_a_wrong_spec_is_refused_in_its_own_words_before_any_call(wrong: Wrong) -> None:
    client = boto3.client(
        "dynamodb", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="s"
    )
    guard = Guard(NOTHING_IS_ALLOWED)

    with guard.stands_before(client), pytest.raises(SpecError) as refusal:
        client.create_table(**TableSpec(**wrong.fields).to_boto3())

    assert tuple(map(str, refusal.value.faults)) == wrong.lines
    assert str(refusal.value).splitlines()[1:] == [f"  - {line}" for line in wrong.lines]
    assert guard.asked == []


def test_all_faults_of_a_spec_stand_in_one_report() -> None:
    alone = [wrong for wrong in WRONG if set(wrong.instead) <= {"tags", "kms_key"}]
    together = {name: value for wrong in alone for name, value in wrong.instead.items()}
    last = {name: [w for w in alone if name in w.instead][-1] for name in together}

    with pytest.raises(SpecError) as refusal:
        TableSpec(**RIGHT, **together)

    assert {str(fault) for fault in refusal.value.faults} == {
        line for wrong in last.values() for line in wrong.lines
    }


@pytest.mark.parametrize(
    "fields",
    [
        {**RIGHT, **on(index(hash_key="id", projection_type="INCLUDE", non_key_attributes=["id"]))},
        {**RIGHT, **on(index(name="by-id"), index(name="By-Id"))},
        {**RIGHT, **on(index(name="one"), index(name="two"))},
        {**RIGHT, **SORTED, "local_secondary_indexes": [local(range_key="day")]},
        {
            **RIGHT,
            "attributes": {"id": "S", "expires": "N"},
            "time_to_live": "expires",
            **on(index(hash_key="expires")),
        },
        {**RIGHT, "warm_read_units_per_second": 12_000},
        {**RIGHT, **PROVISIONED, "warm_write_units_per_second": 5},
        {**RIGHT, "max_read_request_units": -1},
        {**RIGHT, **PROVISIONED, "read_capacity_units": 100_000},
        {**RIGHT, "tags": {"Größe 1": "", "a/b@c": "+-=._:/@"}},
        {**RIGHT, "hash_key": "ä" * 127, "attributes": {"ä" * 127: "S"}},
        {**RIGHT, "sse": True, "kms_key": "alias/aws/dynamodb"},
    ],
    ids=[
        "a key attribute among the projected ones",
        "names that differ in case",
        "two indexes that are the same but for the name",
        "a local index by the table's own range key",
        "a time to live that is the number by which an index is ordered",
        "only reads warm, and just enough",
        "as warm as the capacity",
        "no maximum, in so many words",
        "more than AWS gives without being asked",
        "tags in other letters, and without a value",
        "254 bytes",
        "the key that AWS takes anyway",
    ],
)
def test_what_aws_takes_is_not_refused(fields: dict[str, object]) -> None:
    TableSpec(**fields)


@given(specs())
def test_right_specs_are_taken_however_they_are_given(spec: TableSpec) -> None:
    assert TableSpec(**spec.declared()) == spec
    assert TableSpec(**{name: getattr(spec, name) for name in TableSpec.model_fields}) == spec


def test_every_field_has_words_for_what_it_takes() -> None:
    fields = {*TableSpec.model_fields, *GlobalIndex.model_fields, *LocalIndex.model_fields}

    assert {name.partition(".")[2] or name.removesuffix("[]") for name in EXPECTED} == fields
    assert set(NEVER_LOCAL) == set(GlobalIndex.model_fields) - set(LocalIndex.model_fields)
