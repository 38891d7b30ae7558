from decimal import Decimal
from typing import Any

import pytest

from dynoresilience.testing.capacity.partition_key import key_given, partition_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"N": "1"}, {"N": "1.0"}),
        ({"N": "100"}, {"N": "1e2"}),
        ({"N": "0"}, {"N": "-0"}),
        ({"S": "1"}, {"S": "1"}),
    ],
)
def test_equal_values_are_one_key(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert partition_key(["k"], {"k": one}) == partition_key(["k"], {"k": other})


def test_a_number_is_not_a_string_and_several_attributes_stay_apart() -> None:
    assert partition_key(["k"], {"k": {"N": "1"}}) != partition_key(["k"], {"k": {"S": "1"}})
    ab = {"a": {"S": "x"}, "b": {"S": "yz"}}
    assert partition_key(["a", "b"], ab) == ("S:x", "S:yz")


@pytest.mark.parametrize(
    "item",
    [
        None,
        {},
        {"k": {}},
        {"k": None},
        {"k": {"N": "ten"}},
        {"k": {"N": "1e99999999"}},
        {"k": {"S": "1", "N": "1"}},
    ],
)
def test_what_has_no_key_or_a_malformed_one_has_none(item: dict[str, Any] | None) -> None:
    assert partition_key(["k"], item) is None


@pytest.mark.parametrize(
    ("given", "wire"),
    [
        ("x", {"S": "x"}),
        (7, {"N": "7"}),
        (1.5, {"N": "1.50"}),
        (Decimal("1E+1"), {"N": "10"}),
        (b"abc", {"B": "YWJj"}),
        ({"S": "x"}, {"S": "x"}),
    ],
)
def test_a_test_names_a_key_in_python_or_wire_types(given: object, wire: dict[str, str]) -> None:
    assert key_given(given) == partition_key(["k"], {"k": wire})


def test_several_and_impossible_ones() -> None:
    assert key_given(["x", 1]) == ("S:x", "N:1")
    for bad in (None, True, {1, 2}):
        with pytest.raises(TypeError, match="partition key"):
            key_given(bad)
