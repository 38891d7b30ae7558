import math

import pytest

from dynoresilience.model import Resource, Units
from dynoresilience.testing.control.control_plane import ControlPlane
from dynoresilience.testing.control.decreases import DAY, HOUR
from dynoresilience.testing.replies import Refused

ORDERS = Resource("orders")
INDEX = Resource("orders", "by-customer")
MIDNIGHT = 20_454 * DAY
FIVE = Units(5, 5)


def plane(units: Units = FIVE, **options: float) -> ControlPlane:
    control = ControlPlane(epoch=MIDNIGHT, **options)  # type: ignore[arg-type]
    control.add(ORDERS, units, 0.0)
    control.add(INDEX, units, 0.0)
    return control


def units_of(control: ControlPlane, resource: Resource) -> Units:
    state = control.get(resource)
    assert state is not None
    return state.units


def refusal(control: ControlPlane, wanted: dict[str | None, Units], at: float) -> Refused:
    with pytest.raises(Refused) as caught:
        control.update("orders", wanted, at)
    return caught.value


def test_old_capacity_is_in_force_until_the_change_is_due() -> None:
    control = plane(update_seconds=2.0)
    control.update("orders", {None: Units(5, 50)}, 1.0)
    assert control.come_into_force(2.9) == []
    assert units_of(control, ORDERS) == Units(5, 5)
    assert control.come_into_force(3.5) == [(3.0, ORDERS, Units(5, 50))]
    assert units_of(control, ORDERS) == Units(5, 50)
    assert control.of_table("orders")[None].history == [(0.0, Units(5, 5)), (3.0, Units(5, 50))]


def test_table_and_index_take_their_own_time_and_have_their_own_state() -> None:
    control = plane(update_seconds=2.0, index_update_seconds=4.0)
    control.update("orders", {None: Units(5, 6), "by-customer": Units(5, 6)}, 0.0)
    statuses = []
    for at in (0.0, 2.0, 4.0):
        control.come_into_force(at)
        statuses.append([state.status for state in control.of_table("orders").values()])
    assert statuses == [["UPDATING"] * 2, ["ACTIVE", "UPDATING"], ["ACTIVE"] * 2]


def test_an_index_change_leaves_the_table_active_but_busy() -> None:
    control = plane()
    control.update("orders", {"by-customer": Units(5, 6)}, 0.0)
    assert control.of_table("orders")[None].status == "ACTIVE"
    refused = refusal(control, {None: Units(9, 9)}, 0.0)
    assert refused.code == "ResourceInUseException"
    assert refused.message == (
        "Attempt to change a resource which is still in use: Index is being updated. Table: orders "
        "Index: by-customer"
    )


def test_durations_can_be_set_for_one_resource() -> None:
    control = plane(update_seconds=2.0)
    control.take_seconds(INDEX, 7.0)
    control.update("orders", {None: Units(5, 6), "by-customer": Units(5, 6)}, 0.0)
    assert [instant for instant, _, _ in control.come_into_force(99.0)] == [2.0, 7.0]


def test_a_change_that_takes_no_time_is_in_force_at_once() -> None:
    control = plane(update_seconds=0.0)
    control.update("orders", {None: Units(5, 6)}, 1.0)
    assert control.come_into_force(1.0) == [(1.0, ORDERS, Units(5, 6))]


def test_equal_units_are_refused_for_table_and_index() -> None:
    control = plane()
    table = refusal(control, {None: Units(5, 5)}, 0.0)
    assert table.code == "ValidationException"
    assert table.message == (
        "The provisioned throughput for the table will not change. The requested value equals the "
        "current value. Current ReadCapacityUnits provisioned for the table: 5. Requested "
        "ReadCapacityUnits: 5. Current WriteCapacityUnits provisioned for the table: 5. Requested "
        "WriteCapacityUnits: 5. Refer to the Amazon DynamoDB Developer Guide for current limits "
        "and how to request higher limits."
    )
    index = refusal(control, {None: Units(5, 6), "by-customer": Units(5, 5)}, 0.0)
    assert "for the index by-customer will not change" in index.message
    assert control.of_table("orders")[None].status == "ACTIVE"


@pytest.mark.parametrize(
    ("wanted", "code", "words"),
    [
        ({None: Units(0, 5)}, "ValidationException", "'provisionedThroughput.readCapacityUnits'"),
        ({None: Units(5, 40_001)}, "LimitExceededException", "WriteCapacityUnits, 40001, is above"),
        (
            {"by-customer": Units(40_001, 5)},
            "LimitExceededException",
            "ReadCapacityUnits for index by-customer, 40001, is above the per index maximum",
        ),
        ({"by-moon": Units(5, 5)}, "ResourceNotFoundException", "by-moon"),
    ],
)
def test_impossible_units_are_refused(
    wanted: dict[str | None, Units], code: str, words: str
) -> None:
    refused = refusal(plane(), wanted, 0.0)
    assert refused.code == code
    assert words in refused.message


def test_on_demand_takes_no_capacity() -> None:
    control = plane(units=Units(0, 0))
    assert "Neither ReadCapacityUnits nor" in refusal(control, {None: Units(1, 1)}, 0.0).message
    index = refusal(control, {"by-customer": Units(1, 1)}, 0.0)
    assert "The only Updates for index: by-customer" in index.message


def lower(control: ControlPlane, times: int, index: str | None = None, at: float = 0.0) -> float:
    """Lower one unit ``times`` times, ten seconds apart; the instant after the last one."""
    for _ in range(times):
        control.come_into_force(at)
        now = control.of_table("orders")[index].units
        control.update("orders", {index: Units(now.read - 1, now.write - 1)}, at)
        at += 10.0
    control.come_into_force(at)
    return at


def test_the_fifth_decrease_of_a_day_waits_an_hour() -> None:
    control = plane(units=Units(20, 20))
    at = lower(control, 4)
    state = control.of_table("orders")[None]
    assert (state.units, state.decreases_today(control.utc(at))) == (Units(16, 16), 4)
    refused = refusal(control, {None: Units(15, 20)}, at)
    assert refused.code == "LimitExceededException"
    assert "Number of decreases today: 4." in refused.message
    assert "Next decrease can be made at Thursday, January 1, 2026 at 1:00:30 AM Coordinated" in (
        refused.message
    )
    control.update("orders", {None: Units(15, 16)}, 30.0 + HOUR)


def test_table_and_index_have_budgets_of_their_own_but_one_request_stands_or_falls() -> None:
    control = plane(units=Units(20, 20))
    at = lower(control, 4)
    both = {"by-customer": Units(10, 10), None: Units(10, 10)}
    assert refusal(control, both, at).code == "LimitExceededException"
    assert units_of(control, INDEX) == Units(20, 20)
    at = lower(control, 4, "by-customer", at)
    assert units_of(control, INDEX) == Units(16, 16)
    refused = refusal(control, {"by-customer": Units(1, 1)}, at)
    assert refused.code == "LimitExceededException"


def test_an_increase_needs_no_budget_but_a_mixed_change_does() -> None:
    control = plane(units=Units(20, 20))
    at = lower(control, 4)
    assert refusal(control, {None: Units(99, 1)}, at).code == "LimitExceededException"
    control.update("orders", {None: Units(99, 16)}, at)


def test_counters_are_shown_as_aws_shows_them() -> None:
    control = plane(units=Units(20, 20))
    control.update("orders", {None: Units(10, 30)}, 5.0)
    state = control.of_table("orders")[None]
    assert state.decreases_today(MIDNIGHT + 5.0) == 0
    assert (state.budget.last, state.last_increase) == (MIDNIGHT + 5.0, MIDNIGHT + 5.0)
    control.come_into_force(7.0)
    assert state.decreases_today(MIDNIGHT + 7.0) == 1
    assert state.decreases_today(MIDNIGHT + DAY) == 0
    assert state.budget.last == MIDNIGHT + 5.0


def test_a_refused_request_costs_no_budget() -> None:
    control = plane(units=Units(20, 20))
    refusal(control, {None: Units(1, 1), "by-customer": Units(20, 20)}, 0.0)
    assert control.of_table("orders")[None].budget.last is None


def test_long_dates() -> None:
    control = plane(units=Units(20, 20), long_dates=True)
    at = lower(control, 4)
    assert "made at Thursday, January 1, 2026 at 1:00:30 AM Coordinated Universal Time" in (
        refusal(control, {None: Units(1, 1)}, at).message
    )


def test_what_was_accepted_is_told() -> None:
    update = plane().update("orders", {"by-customer": Units(5, 9)}, 3.0)
    assert (update.at, update.utc, update.table) == (3.0, MIDNIGHT + 3.0, "orders")
    assert update.before == {"by-customer": Units(5, 5)}
    assert update.after == {"by-customer": Units(5, 9)}


def test_a_switch_of_the_billing_mode_takes_its_time() -> None:
    control = plane(update_seconds=60.0)
    update = control.switch_mode("orders", {}, 1.0)
    assert update.after == {None: Units(0, 0), "by-customer": Units(0, 0)}
    control.come_into_force(60.9)
    assert not control.of_table("orders")[None].on_demand
    control.come_into_force(61.0)
    assert control.of_table("orders")[None].on_demand
    assert control.of_table("orders")[None].warm.units == Units(12_000, 4_000)


def test_what_was_removed_is_unknown() -> None:
    control = plane()
    control.remove(INDEX)
    assert control.get(INDEX) is None
    assert list(control.of_table("orders")) == [None]


def test_the_next_change_is_the_first_that_is_due() -> None:
    control = plane(update_seconds=4.0, index_update_seconds=2.0)
    assert control.next_due() == math.inf
    control.update("orders", {None: Units(5, 6), "by-customer": Units(5, 6)}, 1.0)
    assert control.next_due() == 3.0
    control.come_into_force(3.0)
    assert control.next_due() == 5.0
    control.come_into_force(5.0)
    assert control.next_due() == math.inf
