"""A call on its way: its budget, its waits, its end, and what is told of it."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from dataclasses import replace
from types import FrameType
from typing import Any

import pytest

from dynoresilience import events
from dynoresilience.capacity.turns import first_look_after
from dynoresilience.config import ScalingConfig
from dynoresilience.engine import Engine, Runtime
from dynoresilience.model import ThrottleKind, ThrottleSignal, Units
from dynoresilience.ports import AccessDenied
from dynoresilience.process.clock import SystemClock
from dynoresilience.scaling.raises import NO_LEDGER
from dynoresilience.scaling.throttled_call import ThrottledCall
from dynoresilience.scope import Scope
from dynoresilience.throttling.retry import WAKE_SPREAD
from dynoresilience.throttling.signals import Throttle
from tests.support.fake_control import FakeControl, failing
from tests.unit.scaling.conftest import INDEX, TABLE, World

LOOK = first_look_after(0.5)
"""Seconds before the first look at a table."""
MAXIMUM = replace(TABLE, kind=ThrottleKind.ON_DEMAND_MAXIMUM)


@pytest.fixture(autouse=True)
def orders(world: World) -> None:
    world.control.add("orders", Units(7, 5), by_customer=Units(3, 5))


def test_invariant_5_the_budget_holds_where_nothing_can_be_raised(world: World) -> None:
    world.control.fail["describe"] = failing(100, AccessDenied("dynamodb:DescribeTable", "no"))

    assert world.attempts() == world.config.max_retries + 1


def test_a_dozen_raises_in_a_row_cost_a_call_nothing_of_its_budget(world: World) -> None:
    call = world.engine.begin("PutItem", 0.0, Scope())
    attempt = 0
    while world.control.units("orders", "by-customer").write < 200:
        attempt += 1
        table_is_short = world.control.units("orders").write < 200
        assert call.try_again(Throttle((TABLE if table_is_short else INDEX,)), attempt)

    assert len(world.control.updates) == 12
    assert call.excused == attempt


def test_waits_for_raises_are_bounded_by_their_timeout(world: World) -> None:
    world.control.update_seconds = 1e6

    world.attempts()

    longest_backoff = 8 + 16 + 30 + 30 + 30
    assert world.clock.monotonic() <= world.config.scale_up_timeout + longest_backoff


def test_the_end_of_a_raise_ends_the_wait_for_a_turn(world: World) -> None:
    world.control.set_units("orders", None, Units(7, 1))
    world.control.update_seconds = 0.3
    call = world.engine.begin("PutItem", 0.0, Scope())

    call.try_again(Throttle((TABLE,)), 1)

    # The change is in force 0.3 s after the look and seen at 0.4 s; its turn would be after 1 s.
    assert world.clock.monotonic() == pytest.approx(LOOK + 0.4 + 0.5 * WAKE_SPREAD)


def test_the_end_of_a_raise_ends_the_wait_where_nobody_queues(world: World) -> None:
    at_maximum(world, 20)
    world.control.update_seconds = 0.3
    call = world.engine.begin("PutItem", 0.0, Scope())

    call.try_again(Throttle((MAXIMUM,)), 1)

    # The backoff would be 0.5 s.
    assert world.clock.monotonic() == pytest.approx(LOOK + 0.4 + 0.5 * WAKE_SPREAD)


def test_whose_turn_comes_before_its_backoff_goes_on_then(world: World) -> None:
    """During a raise each time, as its attempts do not count; refused then, it may need more."""
    world.control.update_seconds = 60.0
    call = world.engine.begin("PutItem", 0.0, Scope())
    waits = [waited(world, attempt, call) for attempt in (1, 2, 3)]

    assert waits == pytest.approx([LOOK + 0.3, 0.5, 0.9])  # at 5 units a second
    assert call.excused == 3


def test_who_is_refused_in_its_turn_at_the_cap_backs_off(world: World) -> None:
    """It knows too little of who else uses the table."""
    at_cap(world)
    call = world.engine.begin("PutItem", 0.0, Scope())
    waits = [waited(world, attempt, call) for attempt in (1, 2, 3)]

    assert waits == pytest.approx([1.5 / 200, 1.0, 2.0])


def test_its_retries_at_the_cap_last_for_seconds_however_much_the_table_has(world: World) -> None:
    """Others may take all of it for a while, and nobody has queued here who would know."""
    at_cap(world)
    call = world.engine.begin("PutItem", 0.0, Scope())
    began, attempt = world.clock.monotonic(), 1
    while call.try_again(Throttle((TABLE,)), attempt):
        attempt += 1

    assert attempt == world.config.max_retries + 1
    assert world.clock.monotonic() - began >= 0.5 * (1 + 2 + 4 + 8)


def test_a_queue_that_keeps_its_word_is_relied_on(world: World) -> None:
    """Where all who use the table queue, a retry in its turn is not lost, and no backoff helps."""
    at_cap(world)
    for _ in range(8):
        admitted = world.engine.begin("PutItem", world.clock.monotonic(), Scope())
        waited(world, 1, admitted)
        admitted.went_through(world.clock.monotonic())
    call = world.engine.begin("PutItem", world.clock.monotonic(), Scope())

    assert waited(world, 1, call) + waited(world, 2, call) < 0.1


def test_no_sleep_crosses_the_deadline(world: World) -> None:
    attempts = world.attempts(scope=Scope(deadline=0.7))

    assert attempts >= 2
    assert world.clock.monotonic() <= 0.7
    assert [event.reason for event in world.of(events.GaveUp)] == ["deadline"]  # type: ignore[attr-defined]


def test_botocores_own_delay_is_cut_at_the_deadline(world: World) -> None:
    call = world.engine.begin("PutItem", 0.0, Scope(deadline=10.0))
    unbound = world.engine.begin("PutItem", 0.0, Scope())

    assert [call.cut(4.0), call.cut(40.0)] == [4.0, 10.0]
    world.clock.advance(10.0)
    assert call.cut(0.0) is None
    assert unbound.cut(40.0) == 40.0


def test_an_unknown_shortage_backs_off_without_a_raise(world: World) -> None:
    assert world.attempts(signals=()) == world.config.max_retries + 1
    assert not world.control.calls


def test_two_tables_in_one_answer_are_both_raised(world: World) -> None:
    from dynoresilience.model import Dimension, Resource

    world.control.add("customers", Units(1, 1))
    other = ThrottleSignal(Resource("customers"), Dimension.WRITE)
    call = world.engine.begin("TransactWriteItems", 0.0, Scope())

    call.try_again(Throttle((other, TABLE)), 1)

    assert len(world.control.updates) == 2


def test_the_report_tells_how_it_went(world: World) -> None:
    world.config = world.config.replace(max_write_capacity=10)
    world.engine.configure(world.config, [world])
    call = world.engine.begin("PutItem", 0.0, Scope())
    attempt = 1
    while call.try_again(Throttle((TABLE,)), attempt):
        attempt += 1

    report = call.report(attempt)

    assert report["attempts"] == attempt
    assert report["seconds_waited"] == pytest.approx(world.clock.monotonic(), abs=0.01)
    assert report["raises"] == ["orders write 5 -> 10"]
    assert report["hold_reasons"][-1] == "at cap"
    assert report["reason"] == "retries used up"


def test_events_name_the_operation_and_a_hot_key_range_is_told(world: World) -> None:
    call = world.engine.begin("PutItem", 0.0, Scope(name="weekly report"))
    hot = ThrottleSignal(TABLE.resource, TABLE.dimension, ThrottleKind.KEY_RANGE)

    call.try_again(Throttle((hot,)), 1)

    assert [type(event).__name__ for event in world.events] == [
        "Throttled",
        "HotKeyRange",
        "ScaleUpHeld",
        "Retrying",
    ]
    throttled = world.events[0]
    assert isinstance(throttled, events.Throttled)
    assert throttled.operation == "weekly report"


def test_a_sink_that_fails_harms_nothing(world: World) -> None:
    class Broken:
        def emit(self, event: events.Event) -> None:
            raise RuntimeError("sink")

    world.engine.configure(world.config, [Broken(), world])

    assert world.engine.begin("PutItem", 0.0, Scope()).try_again(Throttle((TABLE,)), 1)
    assert world.events


def real_engine() -> tuple[FakeControl, Engine]:
    """On real time, with a raise that is in force after 50 ms and a backoff of an hour."""
    runtime = Runtime(chance=lambda: 0.999)
    control = FakeControl(SystemClock(), update_seconds=0.05)
    control.add("orders")
    config = ScalingConfig(initial_retry_delay=3600, max_retry_delay=3600, scale_up_timeout=3600)
    return control, Engine(control, NO_LEDGER, "fake", config, [], runtime)


def test_threads_are_woken_when_the_raise_is_in_force() -> None:
    control, engine = real_engine()
    begun = time.monotonic()
    results = []

    def call() -> None:
        throttled = engine.begin("PutItem", time.monotonic(), Scope())
        results.append(throttled.try_again(Throttle((TABLE,)), 1))

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert results == [True] * 8
    assert time.monotonic() - begun < 60
    assert control.calls["update"] == 1


def test_tasks_are_woken_when_the_raise_is_in_force() -> None:
    control, engine = real_engine()

    async def call() -> bool:
        throttled = engine.begin("PutItem", time.monotonic(), Scope())
        return await throttled.try_again_async(Throttle((TABLE,)), 1)

    async def all_calls() -> list[bool]:
        return await asyncio.wait_for(asyncio.gather(*(call() for _ in range(8))), timeout=60)

    assert asyncio.run(all_calls()) == [True] * 8
    assert control.calls["update"] == 1


def test_a_task_gives_up_like_a_thread(world: World) -> None:
    world.config = world.config.replace(max_retries=0)
    world.engine.configure(world.config, [world])

    async def call() -> bool:
        throttled = world.engine.begin("PutItem", 0.0, Scope())
        return await throttled.try_again_async(Throttle((TABLE,)), 1)

    assert asyncio.run(call()) is False


def at_cap(world: World) -> None:
    """Nothing can be raised, as is known already."""
    world.control.add("orders", Units(200, 200), by_customer=Units(200, 200))
    world.throttle(TABLE)
    world.clock.advance(1.0)


def at_maximum(world: World, units: int = 200) -> None:
    """An on-demand table with a maximum: no queue forms, as a waiter or two are no crowd."""
    world.control.add("orders", Units(units, units), on_demand=True)
    world.config = world.config.replace(max_write_request_units=200)
    world.engine.configure(world.config, [world])


def known_maximum(world: World) -> None:
    """It can't be raised, as is known already."""
    at_maximum(world)
    world.throttle(MAXIMUM)
    world.clock.advance(1.0)


def waited(
    world: World,
    attempt: int,
    call: ThrottledCall,
    *signals: ThrottleSignal,
    success_after: float | None = None,
) -> float:
    """Seconds that a call waits after a throttle, if another one goes through meanwhile."""
    began = world.clock.monotonic()
    if success_after is not None:
        world.clock.call_at(began + success_after, lambda: world.scaler.succeeded("orders"))
    assert call.try_again(Throttle(signals or (TABLE,)), attempt)
    return world.clock.monotonic() - began


def test_a_success_ends_the_wait_of_a_call_once(world: World) -> None:
    """An early attempt that is throttled is one less for later: one is enough to lose."""
    known_maximum(world)
    call = world.engine.begin("PutItem", 0.0, Scope())

    assert waited(world, 1, call, MAXIMUM, success_after=0.2) == pytest.approx(0.2)
    assert waited(world, 2, call, MAXIMUM, success_after=0.2) == pytest.approx(1.0)
    assert waited(world, 3, call, MAXIMUM, success_after=0.2) == pytest.approx(2.0)


def test_the_last_attempt_does_not_come_early(world: World) -> None:
    known_maximum(world)
    call = world.engine.begin("PutItem", 0.0, Scope())
    last = world.config.max_retries

    assert waited(world, last, call, MAXIMUM, success_after=0.2) == pytest.approx(0.5)


def test_no_wait_ends_early_amid_throttles_nor_in_a_crowd(world: World) -> None:
    known_maximum(world)
    call = world.engine.begin("PutItem", 0.0, Scope())
    assert waited(world, 1, call, MAXIMUM, success_after=0.04) == pytest.approx(0.5)

    world.control.add("orders", Units(9, 9), on_demand=True)
    world.config = world.config.replace(max_write_request_units=9)
    world.engine.configure(world.config, [world])
    world.clock.advance(60.0)
    assert waited(world, 1, call, MAXIMUM, success_after=0.2) == pytest.approx(1.0 + LOOK)


def test_a_success_ends_the_wait_of_a_task_once() -> None:
    clock = SystemClock()
    control = FakeControl(clock)
    control.add("orders", Units(50, 50), on_demand=True)
    config = ScalingConfig(
        initial_retry_delay=1000.0, max_retry_delay=1000.0, max_write_request_units=50
    )
    engine = Engine(control, NO_LEDGER, "fake", config, [], Runtime(clock, chance=lambda: 0.5))

    async def goes_on_after_a_success(call: ThrottledCall, attempt: int) -> bool:
        waiting = asyncio.create_task(call.try_again_async(Throttle((MAXIMUM,)), attempt))
        done: set[object] = set()
        for _ in range(20):  # not before it waits, and not amid throttles
            await asyncio.sleep(0.02)
            engine.succeeded(["orders"])
            done, _ = await asyncio.wait({waiting}, timeout=0)
            if done:
                return True
        waiting.cancel()
        return False

    async def main() -> list[bool]:
        call = engine.begin("PutItem", clock.monotonic(), Scope())
        return [await goes_on_after_a_success(call, attempt) for attempt in (1, 2)]

    assert asyncio.run(main()) == [True, False]


def test_a_signal_handler_may_call_while_its_thread_counts_itself_among_those_that_wait(
    world: World,
) -> None:
    """Between any two lines of it: what the handler waits for must not be its own thread's."""
    scaler = world.engine._scaler

    def interrupt(frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_name == "rest" and event in ("call", "line"):
            sys.settrace(None)
            with scaler.rest():
                assert scaler.resting >= 1
            sys.settrace(interrupt)
            return interrupt
        return None

    def count() -> None:
        sys.settrace(interrupt)
        with scaler.rest():
            pass
        sys.settrace(None)

    thread = threading.Thread(target=count, daemon=True)
    thread.start()
    thread.join(5)

    assert not thread.is_alive()
    assert scaler.resting == 0
