"""Lowering: when it is due, exactly what we raised, and no decrease wasted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dynoresilience import events
from dynoresilience.model import ResourceState, TableState, Units
from dynoresilience.ports import AccessDenied, ControlPlaneError, DecreaseRefused, TableBusy
from dynoresilience.scope import Scope
from dynoresilience.throttling.signals import Throttle
from tests.support.fake_control import failing
from tests.unit.scaling.conftest import INDEX, TABLE, World

DELAY = 600.0


@pytest.fixture(autouse=True)
def raised(world: World) -> None:
    """orders: write 5 -> 10 in force, the index at 5; the last throttle was 3 s ago."""
    world.control.add("orders", Units(7, 5), by_customer=Units(3, 5))
    world.throttle(TABLE)
    world.clock.advance(3.0)


def pending(world: World) -> list[str]:
    return [str(entry) for entry in world.runtime.pending()]


def test_back_at_base_once_the_table_was_quiet_for_the_delay(world: World) -> None:
    world.clock.advance(DELAY - 4.0)
    assert world.control.units("orders") == Units(7, 10)

    world.clock.advance(4.0)

    assert world.control.units("orders") == Units(7, 5)
    assert pending(world) == []
    assert [str(c) for e in world.of(events.ScaleDownDone) for c in e.changes] == [  # type: ignore[attr-defined]
        "orders write 10 -> 5"
    ]


def test_each_throttle_puts_it_off(world: World) -> None:
    world.config = world.config.replace(max_write_capacity=10)
    for _ in range(5):
        world.clock.advance(DELAY - 10)
        world.throttle(TABLE)

    assert world.control.units("orders") == Units(7, 10)
    world.clock.advance(DELAY + 3)
    assert world.control.units("orders") == Units(7, 5)


def test_so_does_that_of_a_client_which_has_no_time_to_look(world: World) -> None:
    """Another client of the process, that does not know yet which table it is."""
    world.clock.advance(DELAY - 10)
    now, other = world.clock.monotonic(), world.new_engine()
    call = other.begin("PutItem", now, Scope(deadline=now))
    assert not call.try_again(Throttle((TABLE,)), 1)
    world.config = world.config.replace(max_write_capacity=10)

    world.clock.advance(DELAY - 1)
    assert world.control.units("orders") == Units(7, 10)
    world.clock.advance(3)
    assert world.control.units("orders") == Units(7, 5)


def test_what_is_pending_tells_when_it_is_due(world: World) -> None:
    (entry,) = world.runtime.pending()
    assert entry.due == pytest.approx(world.clock.now() - 3 + DELAY)

    world.throttle(INDEX)

    due = [entry.due for entry in world.runtime.pending()]
    assert due == pytest.approx([world.clock.now() + DELAY] * 2)


def test_many_steps_up_are_one_step_down(world: World) -> None:
    for _ in range(3):
        world.throttle(TABLE)
        world.clock.advance(3.0)
        world.throttle(INDEX)
        world.clock.advance(3.0)
    assert pending(world) == ["orders write 80 -> 5", "orders/by-customer write 40 -> 5"]
    before = len(world.control.updates)

    world.clock.advance(DELAY + 3)

    assert world.control.units("orders") == Units(7, 5)
    assert world.control.units("orders", "by-customer") == Units(3, 5)
    assert len(world.control.updates) == before + 1


def test_invariant_2_what_someone_else_changed_is_left_alone(world: World) -> None:
    world.throttle(INDEX)
    world.clock.advance(3.0)
    world.control.set_units("orders", None, Units(7, 60))

    world.clock.advance(DELAY + 3)

    assert world.control.units("orders") == Units(7, 60)
    assert world.control.units("orders", "by-customer") == Units(3, 5)
    assert len(world.of(events.ScaleDownReleased)) == 1
    assert pending(world) == []


def test_a_raise_on_top_of_someone_elses_change_has_that_as_base(world: World) -> None:
    world.control.set_units("orders", None, Units(7, 60))
    world.throttle(TABLE)
    world.clock.advance(DELAY + 3)

    assert world.control.units("orders") == Units(7, 60)


def test_a_busy_table_is_lowered_when_it_is_free(world: World) -> None:
    world.clock.advance(DELAY - 5)
    world.control.fail["update"] = [TableBusy("someone is changing it")]

    world.clock.advance(10)

    assert world.control.units("orders") == Units(7, 5)


def test_invariant_9_without_a_decrease_left_it_waits_for_the_first_permitted_moment(
    world: World,
) -> None:
    orders = world.control.tables["orders"]
    spent = replace(orders.table, decreases_today=4, last_decrease=world.clock.now())
    world.control.tables["orders"] = replace(orders, table=spent)
    permitted = world.clock.now() + 3600
    updates = len(world.control.updates)

    world.clock.advance(permitted - world.clock.now() - 1)
    assert len(world.control.updates) == updates, "no request that would be refused"
    assert len(world.of(events.ScaleDownPostponed)) == 1

    world.clock.advance(10)
    assert len(world.control.updates) == updates + 1
    world.clock.advance(3)
    assert world.control.units("orders") == Units(7, 5)


def test_a_decrease_that_is_refused_all_the_same_comes_when_dynamodb_says(world: World) -> None:
    until = world.clock.now() + 2 * DELAY
    world.control.fail["update"] = [DecreaseRefused("Next decrease can be made at ...", until)]

    world.clock.advance(until - world.clock.now() - 1)
    assert world.control.units("orders") == Units(7, 10)
    world.clock.advance(4)

    assert world.control.units("orders") == Units(7, 5)


@pytest.mark.parametrize("operation", ["describe", "update"])
@pytest.mark.parametrize(
    ("error", "later"),
    [
        (AccessDenied("dynamodb:UpdateTable", "no"), 900.0),
        (ControlPlaneError("503"), 60.0),
        (RuntimeError("the owner's credential provider"), 60.0),
        (DecreaseRefused("no more", None), 3600.0),
    ],
)
def test_a_failure_is_tried_again_later(
    world: World, operation: str, error: Exception, later: float
) -> None:
    world.control.fail[operation] = failing(2, error)

    world.clock.advance(DELAY + 2 * later - 10)
    assert world.control.units("orders") == Units(7, 10)
    assert len(world.of(events.ScaleDownPostponed)) == 2
    world.clock.advance(20)

    assert world.control.units("orders") == Units(7, 5)
    assert pending(world) == []


def test_a_table_that_is_gone_is_forgotten(world: World) -> None:
    del world.control.tables["orders"]

    world.clock.advance(DELAY + 3)

    assert pending(world) == []
    assert len(world.of(events.ScaleDownReleased)) == 1


def test_a_table_that_went_on_demand_is_left_alone(world: World) -> None:
    world.control.tables["orders"] = TableState(
        "orders", world.control.tables["orders"].arn, ResourceState(Units(0, 0)), on_demand=True
    )
    updates = len(world.control.updates)

    world.clock.advance(DELAY + 3)

    assert len(world.control.updates) == updates
    assert pending(world) == []


def test_now_means_now(world: World) -> None:
    changes = world.engine.scale_down_now(timeout=60)
    world.clock.advance(3)

    assert [str(change) for change in changes] == ["orders write 10 -> 5"]
    assert world.control.units("orders") == Units(7, 5)
    assert world.engine.scale_down_now(timeout=60) == ()


def test_now_waits_for_a_raise_that_is_under_way(world: World) -> None:
    world.throttle(TABLE)

    changes = world.engine.scale_down_now(timeout=60)

    assert [str(change) for change in changes] == ["orders write 20 -> 5"]


def test_now_does_not_wait_beyond_its_timeout(world: World) -> None:
    world.control.update_seconds = 1e6
    world.throttle(TABLE)
    before = world.clock.monotonic()

    assert world.engine.scale_down_now(timeout=10) == ()

    assert world.clock.monotonic() - before <= 10
    assert pending(world) == ["orders write 20 -> 5"]


def test_now_does_not_wait_for_the_decrease_budget(world: World) -> None:
    orders = world.control.tables["orders"]
    spent = replace(orders.table, decreases_today=4, last_decrease=world.clock.now())
    world.control.tables["orders"] = replace(orders, table=spent)
    before = world.clock.monotonic()

    assert world.engine.scale_down_now(timeout=60) == ()

    assert world.clock.monotonic() == before
    assert pending(world) == ["orders write 10 -> 5"]


def test_an_engine_sees_only_the_tables_that_it_met(world: World) -> None:
    assert world.new_engine().pending() == ()
    assert [str(entry) for entry in world.engine.pending()] == ["orders write 10 -> 5"]


def test_a_configured_base_is_what_it_returns_to(world: World) -> None:
    world.config = world.config.replace(base_write_capacity=8)
    world.throttle(TABLE)
    world.clock.advance(DELAY + 3)

    assert world.control.units("orders") == Units(7, 8)


def test_a_clock_ahead_of_awss_does_not_ask_in_a_loop(world: World) -> None:
    """The instant that the refusal names is past already by our clock."""
    until = world.clock.now() + DELAY - 60
    world.control.fail["update"] = failing(3, DecreaseRefused("no more", until))
    updates = world.control.calls["update"]

    world.clock.advance(DELAY + 30)

    assert world.control.calls["update"] == updates + 1


def test_a_table_that_was_deleted_and_made_anew_is_left_alone(world: World) -> None:
    anew = replace(world.control.tables["orders"], table_id="another")
    world.control.tables["orders"] = anew
    updates = len(world.control.updates)

    world.clock.advance(DELAY + 3)

    assert len(world.control.updates) == updates
    assert pending(world) == []


def test_a_delay_of_centuries_is_only_a_long_delay(world: World) -> None:
    world.config = world.config.replace(scale_down_delay=1e10)
    world.throttle(TABLE)
    world.clock.advance(DELAY + 3)

    assert world.control.units("orders") == Units(7, 20)


def test_a_description_older_than_the_raise_does_not_make_us_forget_it(world: World) -> None:
    """Lowered right after a raise, and one replica of DescribeTable still shows the old units."""
    now = world.control.tables["orders"]
    world.control.tables["orders"] = replace(now, table=replace(now.table, units=Units(7, 5)))

    assert world.engine.scale_down_now(timeout=0.0) == ()
    assert pending(world) == ["orders write 10 -> 5"]
    world.control.tables["orders"] = now
    assert len(world.engine.scale_down_now(timeout=10.0)) == 1


def test_a_throttle_while_it_looks_stops_the_lowering(world: World) -> None:
    look = world.control.describe

    def throttled_meanwhile(table: str) -> TableState:
        world.control.describe = look  # type: ignore[method-assign]
        (record,) = world.scaler.records()
        record.last_throttle = world.clock.monotonic()
        return look(table)

    world.clock.advance(DELAY - 10)
    world.control.describe = throttled_meanwhile  # type: ignore[method-assign]
    world.clock.advance(20)

    assert world.control.units("orders") == Units(7, 10)
    world.clock.advance(DELAY)
    assert world.control.units("orders") == Units(7, 5)
