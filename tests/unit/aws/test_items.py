"""Items as DynamoDB sees them, in either types, and what keys are made of."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dynoresilience.aws.items import TableItems, type_of


def test_alike_are_numbers_by_value_and_sets_in_any_order() -> None:
    wire = TableItems(None, "orders", in_python=False)
    python = TableItems(None, "orders", in_python=True)

    assert wire.same(
        {"n": {"N": "1.50"}, "s": {"SS": ["a", "b"]}}, {"s": {"SS": ["b", "a"]}, "n": {"N": "1.5"}}
    )
    assert not wire.same({"n": {"N": "1"}}, {"n": {"S": "1"}})
    assert not wire.same({"n": {"N": "1"}}, {})
    assert python.same({"n": 1, "l": (b"x",)}, {"n": Decimal("1.0"), "l": [b"x"]})
    assert not python.same({"n": 1}, {"n": 2})


@pytest.mark.parametrize(
    ("value", "in_python", "expected"),
    [
        ("x", True, ("S", False)),
        ("", True, ("S", True)),
        (0, True, ("N", False)),
        (b"", True, ("B", True)),
        (True, True, ("BOOL", False)),
        (1.5, True, None),
        (object(), True, None),
        ({"S": "x"}, True, ("M", False)),
        ({"S": "x"}, False, ("S", False)),
        ({"B": b""}, False, ("B", True)),
        ({"N": "0"}, False, ("N", False)),
        ("x", False, None),
        ({}, False, None),
        ({"S": "x", "N": "1"}, False, None),
    ],
)
def test_the_type_of_a_value(value: Any, in_python: bool, expected: Any) -> None:
    assert type_of(value, in_python) == expected
