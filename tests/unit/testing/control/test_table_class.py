from dynoresilience.testing.control.table_class import STANDARD, WINDOW, TableClass
from tests.unit.testing.control.refusals import code

RARE = "STANDARD_INFREQUENT_ACCESS"


def test_the_old_class_is_shown_until_the_new_one_is_in_force() -> None:
    of = TableClass()
    of.change(STANDARD, 0.0, 0.0, 5.0)
    assert of.describe(0.0) is None
    of.change(RARE, 0.0, 1_000.0, 5.0)
    assert of.describe(4.9) is None
    rare = {"TableClass": RARE, "LastUpdateDateTime": 1_000.0}
    assert of.describe(5.0) == rare
    of.change(STANDARD, 10.0, 1_010.0, 5.0)
    assert of.describe(14.9) == rare
    assert of.describe(15.0) == {"TableClass": STANDARD, "LastUpdateDateTime": 1_010.0}


def test_a_third_change_in_thirty_days() -> None:
    of = TableClass()
    for utc, wanted in ((0.0, RARE), (10.0, STANDARD)):
        assert code(lambda wanted=wanted, utc=utc: of.check(wanted, utc)) == ""
        of.change(wanted, utc, utc, 0.0)
    assert code(lambda: of.check(RARE, WINDOW - 1.0)) == "LimitExceededException"
    assert code(lambda: of.check(RARE, WINDOW)) == ""
    assert code(lambda: of.check("GOLD", 0.0)) == "ValidationException"
