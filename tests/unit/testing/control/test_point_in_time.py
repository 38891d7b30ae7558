from dynoresilience.testing.control.point_in_time import (
    LAG,
    PointInTimeRecovery,
    check_specification,
)
from tests.unit.testing.control.refusals import code

DAY = 86_400.0
ON, OFF = {"PointInTimeRecoveryEnabled": True}, {"PointInTimeRecoveryEnabled": False}


def recovery(of: PointInTimeRecovery, utc: float) -> dict[str, object]:
    found: dict[str, object] = of.describe(utc, utc)["PointInTimeRecoveryDescription"]
    return found


def test_how_far_a_table_can_be_restored() -> None:
    of = PointInTimeRecovery()
    of.change({**ON, "RecoveryPeriodInDays": 2}, 0.0, 0.0)
    assert recovery(of, 10.0)["LatestRestorableDateTime"] == 0.0
    later = recovery(of, 3 * DAY)
    assert later["EarliestRestorableDateTime"] == DAY
    assert later["LatestRestorableDateTime"] == 3 * DAY - LAG


def test_enabled_again_it_begins_anew_with_the_default() -> None:
    of = PointInTimeRecovery()
    of.change({**ON, "RecoveryPeriodInDays": 2}, 0.0, 0.0)
    of.change(ON, 5.0, 5.0)
    assert (of.days, of.since) == (2, 0.0)
    of.change(OFF, 6.0, 6.0)
    assert recovery(of, 6.0) == {"PointInTimeRecoveryStatus": "DISABLED"}
    of.change(ON, 7.0, 7.0)
    assert (of.days, of.since) == (35, 7.0)


def test_what_is_too_soon() -> None:
    of = PointInTimeRecovery(ready_at=10.0)
    unavailable = "ContinuousBackupsUnavailableException"
    assert code(lambda: of.check_ready("orders", 9.9)) == unavailable
    assert code(lambda: of.check_ready("orders", 10.0)) == ""
    assert code(lambda: of.check_time_to_live("orders", 10.0, 60.0)) == ""
    of.change(ON, 10.0, 10.0)
    assert code(lambda: of.check_time_to_live("orders", 69.9, 60.0)) == unavailable
    assert code(lambda: of.check_time_to_live("orders", 70.0, 60.0)) == ""


def test_days_out_of_range() -> None:
    for days, refused in ((0, True), (1, False), (35, False), (36, True)):
        found = code(lambda days=days: check_specification({**ON, "RecoveryPeriodInDays": days}))
        assert bool(found) is refused
    assert code(lambda: check_specification({**OFF, "RecoveryPeriodInDays": 1})) != ""
    assert code(lambda: check_specification(OFF)) == ""
