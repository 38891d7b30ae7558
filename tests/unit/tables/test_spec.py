"""What a spec is to Python: equal to another, told in a line, and of use as a key."""

from __future__ import annotations

import pytest

from dynoresilience.tables import GlobalIndex, TableSpec
from tests.support.wrong_specs import RIGHT

BY_DAY = GlobalIndex(name="by-day", hash_key="day", range_key=("id", "seat"))
BY_SEAT = GlobalIndex(
    name="by-seat", hash_key="seat", projection_type="INCLUDE", non_key_attributes=("row", "hall")
)
SEATS = {**RIGHT, "attributes": {"id": "S", "day": "S", "seat": "S"}}


def test_indexes_and_what_they_show_have_no_order() -> None:
    spec = TableSpec(**SEATS, global_secondary_indexes=[BY_DAY, BY_SEAT])
    turned = BY_SEAT.model_copy(update={"non_key_attributes": ("hall", "row")})

    assert spec == TableSpec(**SEATS, global_secondary_indexes=[turned, BY_DAY])
    assert {spec} == {TableSpec(**SEATS, global_secondary_indexes=[turned, BY_DAY])}
    assert [index.name for index in spec.global_secondary_indexes] == ["by-day", "by-seat"]


@pytest.mark.parametrize(
    "other",
    [
        BY_DAY.model_copy(update={"range_key": ("seat", "id")}),
        BY_DAY.model_copy(update={"name": "by-date"}),
        BY_DAY.model_copy(update={"projection_type": "KEYS_ONLY"}),
        "by-day",
    ],
    ids=["keys have an order", "another name", "another projection", "something else"],
)
def test_what_differs_is_not_equal(other: object) -> None:
    assert other != BY_DAY
    if isinstance(other, GlobalIndex):
        assert TableSpec(**SEATS, global_secondary_indexes=[BY_SEAT, other]) != TableSpec(
            **SEATS, global_secondary_indexes=[BY_SEAT, BY_DAY]
        )


def test_it_shows_what_is_declared_and_nothing_else() -> None:
    spec = TableSpec(**RIGHT, deletion_protection=False)

    assert repr(spec) == (
        "TableSpec(name='orders', attributes={'id': 'S'}, hash_key='id', "
        "billing_mode='PAY_PER_REQUEST', deletion_protection=False)"
    )
    assert repr(BY_DAY) == (
        "GlobalIndex(name='by-day', hash_key=('day',), range_key=('id', 'seat'))"
    )
    assert eval(repr(spec)) == spec
