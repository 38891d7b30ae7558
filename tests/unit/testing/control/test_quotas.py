import pytest

from dynoresilience.model import Units
from dynoresilience.testing.control.quotas import (
    ControlPlaneRate,
    check_account,
    check_concurrent,
    check_index_count,
)
from tests.unit.testing.control.refusals import code, refusal

LIMIT = "LimitExceededException"


def test_changes_beyond_the_rate_are_refused_until_there_is_room() -> None:
    rate = ControlPlaneRate(2)
    codes = [code(lambda at=at: rate.take(at)) for at in (5.0, 5.0, 5.0, 5.4, 5.5, 5.9, 6.0)]  # type: ignore[misc]
    refused = "ThrottlingException"
    assert codes == ["", "", refused, refused, "", refused, ""]


def test_no_rate_is_no_limit() -> None:
    rate = ControlPlaneRate(None)
    assert {code(lambda: rate.take(0.0)) for _ in range(1000)} == {""}


def test_so_many_tables_change_at_once_and_no_more() -> None:
    assert code(lambda: check_concurrent(1, 2)) == ""
    assert refusal(lambda: check_concurrent(2, 2)) == (
        LIMIT,
        "Subscriber limit exceeded: Only 2 tables can be created, updated, or deleted "
        "simultaneously",
    )
    assert code(lambda: check_concurrent(3, 2)) == LIMIT


@pytest.mark.parametrize(
    ("reserved", "more", "short"),
    [
        (Units(90, 90), Units(10, 10), ""),
        (Units(90, 0), Units(11, 0), "ReadCapacityUnits"),
        (Units(0, 90), Units(0, 11), "WriteCapacityUnits"),
        (Units(90, 90), Units(-5, 11), "WriteCapacityUnits"),
        # who lowers is let through, whatever is reserved
        (Units(200, 200), Units(-1, 0), ""),
        (Units(100, 100), Units(1, 0), "ReadCapacityUnits"),
    ],
)
def test_the_units_of_an_account(reserved: Units, more: Units, short: str) -> None:
    def check() -> None:
        check_account(reserved, more, 100, "eu-west-1")

    assert code(check) == (LIMIT if short else "")
    if short:
        assert f"the {short} limit to be exceeded for the account in eu-west-1" in refusal(check)[1]


def test_the_refusal_gives_the_figures() -> None:
    message = refusal(lambda: check_account(Units(0, 90), Units(0, 11), 100, "eu-west-1"))[1]
    assert "reserved by the account: 90. Limit: 100. Requested: 11. " in message


def test_a_table_has_twenty_indexes_at_most() -> None:
    assert code(lambda: check_index_count(19)) == ""
    assert refusal(lambda: check_index_count(20)) == (
        LIMIT,
        "Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit "
        "of 20",
    )
