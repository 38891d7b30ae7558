import pytest

from dynoresilience.model import Units
from dynoresilience.testing.control.warm_throughput import (
    ON_DEMAND_WARM,
    WarmThroughput,
    check_new,
    warmed,
)
from tests.unit.testing.control.refusals import code, refusal

READ, WRITE = "ReadUnitsPerSecond", "WriteUnitsPerSecond"
ON_DEMAND = Units(0, 0)


def test_the_last_raise_counts_once_its_time_has_come() -> None:
    warm = WarmThroughput.of(Units(5, 6))
    warm.change({READ: 10}, at=0.0, seconds=10.0)
    warm.change({READ: 8}, at=5.0, seconds=10.0)
    assert warm.describe(14.9) == {READ: 5, WRITE: 6, "Status": "UPDATING"}
    assert warm.describe(15.0) == {READ: 8, WRITE: 6, "Status": "ACTIVE"}


def test_units_that_are_raised_meanwhile_stay() -> None:
    warm = WarmThroughput.of(Units(5, 5))
    warm.change({READ: 10, WRITE: 10}, at=0.0, seconds=10.0)
    warm.raise_to(Units(20, 1))
    assert warm.describe(10.0) == {READ: 20, WRITE: 10, "Status": "ACTIVE"}


@pytest.mark.parametrize(("wanted", "refused"), [({READ: 4}, "Read"), ({WRITE: 5}, "Write")])
def test_less_is_refused(wanted: dict[str, int], refused: str) -> None:
    warm = WarmThroughput.of(Units(5, 6))
    assert f"Requested {refused}UnitsPerSecond" in refusal(lambda: warm.check(wanted, None, 0.0))[1]
    assert code(lambda: warm.check({READ: 5, WRITE: 6}, None, 0.0)) == ""


def test_a_new_one_has_no_less_than_comes_with_its_units() -> None:
    assert warmed(ON_DEMAND, {WRITE: 9_000}).units == Units(ON_DEMAND_WARM.read, 9_000)
    units = {None: ON_DEMAND, "by-day": Units(5, 5)}
    check_new({None: {READ: 12_000}, "by-day": {READ: 5, WRITE: 5}}, units)
    assert (
        "initial throughput for OnDemand"
        in refusal(lambda: check_new({None: {WRITE: 3_999}}, units))[1]
    )
    assert (
        "for index by-day is lower than WriteCapacityUnits"
        in refusal(lambda: check_new({"by-day": {WRITE: 4}}, units))[1]
    )
