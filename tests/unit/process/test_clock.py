"""The machine's clocks: what a standstill is, and what is not."""

from __future__ import annotations

import threading
import time

import pytest

from dynoresilience.process.clock import STANDSTILL, SystemClock


class Machine:
    """Its two clocks."""

    def __init__(self) -> None:
        self.monotonic, self.now = 100.0, 5000.0

    def run(self, seconds: float) -> None:
        self.monotonic += seconds
        self.now += seconds

    def stand_still(self, seconds: float) -> None:
        """Or the clock on the wall is put right."""
        self.now += seconds


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def clock(machine: Machine) -> SystemClock:
    return SystemClock(lambda: machine.monotonic, lambda: machine.now)


def test_it_is_that_of_the_system() -> None:
    clock = SystemClock()

    assert clock.monotonic() == pytest.approx(time.monotonic(), abs=1)
    assert clock.now() == pytest.approx(time.time(), abs=1)


def test_a_clock_on_the_wall_that_is_put_right_is_no_standstill(
    machine: Machine, clock: SystemClock
) -> None:
    machine.stand_still(3600)

    assert (clock.monotonic(), clock.now()) == (100, 8600)


def test_where_standstills_are_expected_they_count_as_time(
    machine: Machine, clock: SystemClock
) -> None:
    machine.stand_still(50)  # long past
    clock.expect_standstills()
    assert clock.monotonic() == 100
    for passed in (3610, 7220):
        machine.stand_still(3600)
        machine.run(10)
        clock.expect_standstills()
        assert clock.monotonic() == clock.monotonic() == 100 + passed


def test_a_small_adjustment_is_none_and_many_of_them_are_none(
    machine: Machine, clock: SystemClock
) -> None:
    clock.expect_standstills()
    for _ in range(10):
        machine.stand_still(STANDSTILL * 0.9)
        assert clock.monotonic() == 100


def test_time_never_goes_back(machine: Machine, clock: SystemClock) -> None:
    clock.expect_standstills()
    machine.stand_still(-3600)
    assert clock.monotonic() == 100
    machine.stand_still(60)
    assert clock.monotonic() == 160
    machine.run(1)
    assert clock.monotonic() == 161


def test_threads_that_thaw_together_count_it_once() -> None:
    stood_still = 0.0
    clock = SystemClock(now=lambda: time.time() + stood_still)
    clock.expect_standstills()
    together = threading.Barrier(8)
    read: list[float] = []

    def thaw() -> None:
        together.wait()
        read.append(clock.monotonic())

    threads = [threading.Thread(target=thaw) for _ in range(8)]
    stood_still = 3600.0
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [reading - time.monotonic() for reading in read] == [pytest.approx(3600, abs=1)] * 8
    assert clock.monotonic() - time.monotonic() == pytest.approx(3600, abs=1)


def test_an_endless_wait_is_no_error() -> None:
    signal = threading.Event()
    signal.set()

    assert SystemClock().wait(signal, float("inf"))
