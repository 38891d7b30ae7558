import pytest

from dynoresilience.testing.capacity.sizes import item_size, read_units, write_units


@pytest.mark.parametrize(
    ("size", "units"), [(0, 1), (1, 1), (1024, 1), (1025, 2), (400 * 1024, 400)]
)
def test_writes_count_in_steps_of_1_kb(size: int, units: int) -> None:
    assert write_units(size) == units


@pytest.mark.parametrize(
    ("size", "consistent", "units"),
    [(0, True, 1), (0, False, 0.5), (4096, True, 1), (4097, True, 2), (4097, False, 1)],
)
def test_reads_count_in_steps_of_4_kb_and_half_if_eventually_consistent(
    size: int, consistent: bool, units: float
) -> None:
    assert read_units(size, consistent=consistent) == units


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "abc"}, 3),
        ({"S": "ä"}, 2),
        ({"N": "7"}, 2),
        ({"N": "-123.45"}, 4),
        ({"N": "1E10"}, 2),
        ({"N": "0"}, 1),
        ({"B": "YWJj"}, 3),
        ({"B": "YWI="}, 2),
        ({"B": "YQ=="}, 1),
        ({"B": ""}, 0),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"SS": ["a", "bc"]}, 3),
        ({"NS": ["1", "22"]}, 4),
        ({"BS": ["YQ==", "YWI="]}, 3),
        ({"L": []}, 3),
        ({"L": [{"S": "ab"}]}, 6),
        ({"M": {"k": {"S": "ab"}}}, 7),
    ],
)
def test_a_value_has_the_size_that_dynamodb_counts(value: dict[str, object], size: int) -> None:
    assert item_size({"": value}) == size


def test_names_count_too_and_no_item_has_no_size() -> None:
    assert item_size({"id": {"S": "42"}, "größe": {"N": "1"}}) == 4 + 9
    assert item_size(None) == 0
