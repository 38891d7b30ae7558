import pytest

from dynoresilience.testing.control.lifecycle import IndexChange, Lifecycle
from tests.unit.testing.control.refusals import IN_USE, code, refusal

USED, NOT_FOUND = "ResourceInUseException", "ResourceNotFoundException"
LIMIT = "LimitExceededException"
JUST = 1e-9
"""Seconds that a sum of floats may be off by."""


def being_created() -> Lifecycle:
    """CREATING until 10; DescribeTable finds it from 3 on."""
    return Lifecycle("orders", active_from=10.0, visible_from=3.0)


def active() -> Lifecycle:
    return Lifecycle("orders", active_from=0.0, visible_from=0.0)


def updating() -> Lifecycle:
    return Lifecycle("orders", active_from=0.0, visible_from=0.0, updating_until=20.0)


def being_deleted() -> Lifecycle:
    return Lifecycle("orders", active_from=0.0, visible_from=0.0, gone_from=20.0)


def with_index(status: str, *, began: float = 100.0, due: float = 200.0) -> Lifecycle:
    life = active()
    life.indexes["by-day"] = IndexChange(status, began, due)
    return life


@pytest.mark.parametrize(
    ("life", "statuses"),
    [
        (being_created(), {0.0: "CREATING", 9.9: "CREATING", 10.0 - JUST: "ACTIVE"}),
        (updating(), {0.0: "UPDATING", 19.9: "UPDATING", 20.0 - JUST: "ACTIVE"}),
        (being_deleted(), {0.0: "DELETING", 30.0: "DELETING"}),
        # filled in the last nine tenths, and then the table is ACTIVE
        (with_index("CREATING"), {100.0: "UPDATING", 109.9: "UPDATING", 110.0 - JUST: "ACTIVE"}),
        (with_index("DELETING"), {100.0: "UPDATING", 199.9: "UPDATING", 200.0 - JUST: "ACTIVE"}),
    ],
)
def test_the_status_of_a_table(life: Lifecycle, statuses: dict[float, str]) -> None:
    assert {at: life.status(at) for at in statuses} == statuses


@pytest.mark.parametrize("status", ["CREATING", "DELETING"])
def test_the_status_of_an_index_that_comes_or_goes(status: str) -> None:
    life = with_index(status)
    assert life.index_status("by-day", 199.9) == status
    assert life.index_status("by-name", 199.9) == "ACTIVE"
    assert life.index_status("by-day", 200.0 - JUST) == "ACTIVE"


def test_an_index_is_created_along_with_its_table() -> None:
    life = being_created()
    assert [life.index_status("by-day", at) for at in (9.9, 10.0)] == ["CREATING", "ACTIVE"]


def test_only_an_index_that_is_added_backfills_after_its_allocation() -> None:
    life = with_index("CREATING")
    assert [life.is_backfilling("by-day", at) for at in (100.0, 109.9, 110.0)] == [
        False,
        False,
        True,
    ]
    assert life.is_backfilling("by-name", 150.0) is None
    assert with_index("DELETING").is_backfilling("by-day", 150.0) is None


def test_a_new_table_is_seen_after_a_while() -> None:
    life = being_created()
    assert [life.is_visible(at) for at in (0.0, 2.9, 3.0 - JUST)] == [False, False, True]


def test_a_table_is_gone_when_its_deletion_is_done() -> None:
    assert [being_deleted().is_gone(at) for at in (0.0, 19.9, 20.0 - JUST)] == [False, False, True]
    assert not active().is_gone(1e9)


@pytest.mark.parametrize(
    ("life", "served", "exists", "changeable", "deletable"),
    [
        (being_created(), NOT_FOUND, USED, USED, USED),
        (active(), "", "", "", ""),
        (updating(), "", "", USED, USED),
        # deleting it once more is found out by the backend's answer, not here
        (being_deleted(), NOT_FOUND, USED, USED, ""),
        (with_index("CREATING", began=0.0), "", "", USED, USED),
        (with_index("CREATING", began=-100.0), "", "", "", USED),
        (with_index("DELETING", began=0.0), "", "", USED, USED),
        (with_index("DELETING", began=0.0, due=5.0), "", "", "", ""),
    ],
)
def test_what_is_admitted_in_which_state(
    life: Lifecycle, served: str, exists: str, changeable: str, deletable: str
) -> None:
    at = 5.0
    assert code(lambda: life.check_served(at)) == served
    assert code(lambda: life.check_exists(at)) == exists
    assert code(lambda: life.check_changeable(at)) == changeable
    assert code(lambda: life.check_deletable(at)) == deletable


@pytest.mark.parametrize("status", ["CREATING", "DELETING"])
def test_one_index_comes_or_goes_at_a_time(status: str) -> None:
    life = with_index(status)
    assert refusal(lambda: life.check_index_change(199.9)) == (
        LIMIT,
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously "
        "per table",
    )
    assert code(lambda: life.check_index_change(200.0)) == ""


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("CREATING", "Cannot read from backfilling global secondary index: by-day"),
        ("DELETING", "The table does not have the specified index: by-day"),
    ],
)
def test_an_index_that_is_not_complete_is_not_read(status: str, message: str) -> None:
    life = with_index(status)
    assert refusal(lambda: life.check_readable("by-day", 199.9)) == ("ValidationException", message)
    assert code(lambda: life.check_readable("by-name", 199.9)) == ""
    assert code(lambda: life.check_readable("by-day", 200.0)) == ""


def test_refusals_say_in_what_state_the_table_is() -> None:
    assert [
        refusal(lambda: being_created().check_exists(0.0))[1],
        refusal(lambda: being_deleted().check_exists(0.0))[1],
        refusal(lambda: updating().check_changeable(0.0))[1],
        refusal(lambda: updating().check_deletable(0.0))[1],
        refusal(lambda: being_created().check_deletable(0.0))[1],
        refusal(lambda: with_index("CREATING").check_deletable(0.0))[1],
    ] == [
        f"{IN_USE}Table is being created: orders",
        f"{IN_USE}Table is being deleted: orders",
        f"{IN_USE}Table is being updated: orders",
        f"{IN_USE}Table: orders is in the process of being updated.",
        f"{IN_USE}Table is being created: orders",
        f"{IN_USE}Cannot delete table while indexes are being created, updated, or deleted",
    ]


def test_an_index_that_is_done_is_not_in_the_way_of_a_deletion() -> None:
    life = updating()
    life.indexes["by-day"] = IndexChange("CREATING", 0.0, 5.0)
    assert "is in the process of being updated" in refusal(lambda: life.check_deletable(5.0))[1]
    assert code(lambda: life.check_deletable(20.0)) == ""
