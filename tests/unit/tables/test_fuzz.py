"""Whatever stands where: a spec, or a `SpecError`, and nothing else."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.tables import GlobalIndex, LocalIndex, SpecError, TableSpec
from tests.support.specs import fields, specs

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=3),
    st.sampled_from(["id", "S", "HASH", "RANGE", "INCLUDE", "PROVISIONED", "AttributeName"]),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.sets(st.text(max_size=2), max_size=1),
        st.dictionaries(st.one_of(st.text(max_size=5), st.integers()), inner, max_size=3),
    ),
    max_leaves=8,
)
of_tables = st.sampled_from([*TableSpec.model_fields])
of_indexes = st.sampled_from([*GlobalIndex.model_fields])


def spec_or_refusal(make: Callable[[], TableSpec]) -> TableSpec | None:
    """None: it was refused, in lines."""
    try:
        return make()
    except SpecError as error:
        refusal = error
    assert len(str(refusal).splitlines()) == 1 + len(refusal.faults) > 1
    assert str(pickle.loads(pickle.dumps(refusal))) == str(refusal)
    assert "unread" not in str(refusal)
    return None


@given(fields(), st.dictionaries(of_tables, values, min_size=1, max_size=3))
def test_any_value_in_any_field(right: dict[str, Any], instead: dict[str, Any]) -> None:
    spec = spec_or_refusal(lambda: TableSpec(**{**right, **instead}))

    assert spec is None or TableSpec(**spec.declared()) == spec


@given(st.dictionaries(st.one_of(of_tables, st.text(max_size=5)), values))
def test_any_fields_of_any_value(anything: dict[str, Any]) -> None:
    spec_or_refusal(lambda: TableSpec(**anything))


@given(specs(), st.dictionaries(of_indexes, values), st.lists(values, max_size=2))
def test_any_value_in_any_field_of_an_index(
    spec: TableSpec, instead: dict[str, Any], more: list[Any]
) -> None:
    declared = spec.declared()
    for kind in ("global_secondary_indexes", "local_secondary_indexes"):
        declared[kind] = [{**each, **instead} for each in declared.get(kind, ())] + more

    spec_or_refusal(lambda: TableSpec(**declared))


@given(st.dictionaries(st.one_of(of_indexes, st.text(max_size=5)), values))
def test_any_index_by_itself(anything: dict[str, Any]) -> None:
    for kind in (GlobalIndex, LocalIndex):
        with suppress(SpecError):
            kind(**anything)


@given(st.data())
def test_a_right_spec_without_one_of_its_fields(data: st.DataObject) -> None:
    declared = data.draw(specs()).declared()
    del declared[data.draw(st.sampled_from(sorted(declared)))]

    spec_or_refusal(lambda: TableSpec(**declared))


@given(st.data(), values)
def test_boto3s_arguments_with_anything_anywhere(data: st.DataObject, anything: Any) -> None:
    request = copy.deepcopy(data.draw(specs()).to_boto3())
    place: Any = request
    while True:
        key = data.draw(
            st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place)))
        )
        if not place[key] or not isinstance(place[key], (dict, list)) or data.draw(st.booleans()):
            break
        place = place[key]
    change = data.draw(st.sampled_from(["drop", "rename", "replace"]))
    if change == "replace" or isinstance(place, list):
        place[key] = anything
    else:
        value = place.pop(key)
        if change == "rename":
            place[key[:-1]] = value

    spec_or_refusal(lambda: TableSpec.from_boto3(request))


@given(
    st.dictionaries(
        st.one_of(
            st.text(max_size=5),
            st.sampled_from(
                [
                    "TableName",
                    "AttributeDefinitions",
                    "KeySchema",
                    "GlobalSecondaryIndexes",
                    "LocalSecondaryIndexes",
                    "ProvisionedThroughput",
                    "StreamSpecification",
                    "SSESpecification",
                    "Tags",
                    "TimeToLiveSpecification",
                    "PointInTimeRecoverySpecification",
                    "ContributorInsightsSpecification",
                    "ResourcePolicy",
                ]
            ),
            st.integers(),
        ),
        values,
    )
    | values
)
def test_anything_for_boto3s_arguments(anything: Any) -> None:
    spec_or_refusal(lambda: TableSpec.from_boto3(anything))
