import functools
import math
import threading
import time

import pytest

from dynoresilience.ports import Clock, Timer
from dynoresilience.testing import ScaledClock, VirtualClock
from dynoresilience.testing.clock import NOON


def test_both_are_clocks_and_the_virtual_one_is_a_timer() -> None:
    clocks: list[Clock] = [VirtualClock(), ScaledClock()]
    timer: Timer = VirtualClock()
    assert len(clocks) == 2
    assert timer


def test_time_stands_still_until_it_is_advanced() -> None:
    clock = VirtualClock(start=5.0, now=100.0)
    assert (clock.monotonic(), clock.now()) == (5.0, 100.0)
    clock.advance(2.5)
    assert (clock.monotonic(), clock.now()) == (7.5, 102.5)


def test_the_default_date_is_noon_utc() -> None:
    assert VirtualClock().now() == NOON
    assert NOON % 86_400 == 43_200


def test_jobs_run_in_the_order_of_their_instants_at_their_instants() -> None:
    clock = VirtualClock()
    seen: list[tuple[str, float]] = []

    def note(name: str) -> None:
        seen.append((name, clock.monotonic()))

    for name, when in (("late", 3.0), ("early", 1.0), ("tie", 1.0), ("never", 9.0)):
        clock.call_at(when, functools.partial(note, name))
    clock.advance(5.0)
    assert seen == [("early", 1.0), ("tie", 1.0), ("late", 3.0)]
    assert clock.monotonic() == 5.0
    assert clock.pending() == [9.0]


def test_a_job_may_schedule_another_that_is_due_on_the_way() -> None:
    clock = VirtualClock()
    seen: list[float] = []
    clock.call_at(1.0, lambda: clock.call_at(2.0, lambda: seen.append(clock.monotonic())))
    clock.advance(3.0)
    assert seen == [2.0]


def test_a_job_that_is_overdue_runs_at_the_next_advance_without_turning_time_back() -> None:
    clock = VirtualClock(start=10.0)
    seen: list[float] = []
    clock.call_at(4.0, lambda: seen.append(clock.monotonic()))
    assert seen == []
    clock.advance(0.0)
    assert seen == [10.0]


def test_a_job_may_wait_itself() -> None:
    clock = VirtualClock()
    seen: list[tuple[str, float]] = []

    def slow() -> None:
        clock.sleep(5.0)
        seen.append(("slow", clock.monotonic()))

    clock.call_at(1.0, slow)
    clock.call_at(2.0, lambda: seen.append(("within", clock.monotonic())))
    clock.advance(3.0)
    assert seen == [("within", 2.0), ("slow", 6.0)]
    assert clock.monotonic() == 6.0


def test_the_exception_of_a_job_leaves_through_advance() -> None:
    clock = VirtualClock()
    clock.call_at(1.0, functools.partial(setattr, None, "nothing", 1))
    with pytest.raises(AttributeError):
        clock.advance(2.0)
    assert clock.monotonic() == 1.0


def test_wait_ends_where_the_signal_was_set() -> None:
    clock, signal = VirtualClock(), threading.Event()
    clock.call_at(2.0, signal.set)
    clock.call_at(3.0, lambda: pytest.fail("time went on after the signal"))
    assert clock.wait(signal, 10.0) is True
    assert clock.monotonic() == 2.0


def test_wait_runs_out() -> None:
    clock, ran = VirtualClock(), []
    clock.call_at(2.0, lambda: ran.append(1))
    assert clock.wait(threading.Event(), 10.0) is False
    assert clock.monotonic() == 10.0
    assert ran == [1]


def test_wait_for_a_signal_that_is_set_takes_no_time() -> None:
    clock, signal = VirtualClock(), threading.Event()
    signal.set()
    assert clock.wait(signal, 10.0) is True
    assert clock.monotonic() == 0.0


@pytest.mark.parametrize("timeout", [0.0, -1.0])
def test_wait_of_no_time_runs_what_is_due(timeout: float) -> None:
    clock, signal = VirtualClock(), threading.Event()
    clock.call_at(0.0, signal.set)
    assert clock.wait(signal, timeout) is True
    assert clock.monotonic() == 0.0


def test_an_endless_wait_ends_with_the_signal_or_is_an_error() -> None:
    clock, signal = VirtualClock(), threading.Event()
    clock.call_at(1e6, signal.set)
    assert clock.wait(signal, math.inf) is True
    with pytest.raises(RuntimeError, match="endless wait"):
        clock.wait(threading.Event(), math.inf)


@pytest.mark.parametrize("seconds", [-1.0, math.inf, math.nan])
def test_time_advances_by_finite_seconds_only(seconds: float) -> None:
    with pytest.raises(ValueError, match="can't advance"):
        VirtualClock().advance(seconds)


def test_a_sleep_of_less_than_nothing_is_none() -> None:
    clock = VirtualClock()
    clock.sleep(-3.0)
    assert clock.monotonic() == 0.0


def test_scaled_time_runs_faster() -> None:
    clock, real = ScaledClock(1000.0), time.monotonic()
    before, before_utc = clock.monotonic(), clock.now()
    clock.sleep(5.0)
    assert 5.0 <= clock.monotonic() - before < 5000.0
    assert 5.0 <= clock.now() - before_utc < 5000.0
    assert time.monotonic() - real < 4.0


def test_a_scaled_wait_ends_with_the_signal() -> None:
    clock, signal = ScaledClock(1000.0), threading.Event()
    assert clock.wait(signal, 1.0) is False
    signal.set()
    assert clock.wait(signal, math.inf) is True


@pytest.mark.parametrize("speed", [0.0, -1.0, math.inf, math.nan])
def test_a_speed_is_a_positive_number(speed: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        ScaledClock(speed)
