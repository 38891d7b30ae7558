"""Many writes by several threads."""

from __future__ import annotations

import threading

from dynoresilience.cli.demo.burst import Burst


def test_every_number_is_written_once_and_counted() -> None:
    numbers: list[int] = []
    burst = Burst(numbers.append, 100, 8)

    burst.start()

    assert burst.wait(10)
    assert sorted(numbers) == list(range(100))
    assert burst.written == set(range(100))
    assert not burst.failures


def test_what_fails_is_counted_by_its_message() -> None:
    def write(number: int) -> None:
        if number % 4 == 0:
            raise ValueError(f"no {number % 8}")

    burst = Burst(write, 16, 4)
    burst.start()

    assert burst.wait(10)
    assert burst.failures == {"no 0": 2, "no 4": 2}
    assert len(burst.written) == 12


def test_after_stop_no_write_begins() -> None:
    begun, go = threading.Semaphore(0), threading.Event()
    numbers: list[int] = []

    def write(number: int) -> None:
        numbers.append(number)
        begun.release()
        go.wait(10)

    burst = Burst(write, 100, 2)
    burst.start()
    assert begun.acquire(timeout=10)
    assert begun.acquire(timeout=10)

    assert not burst.wait(0)
    burst.stop()
    go.set()

    assert burst.wait(10)
    assert len(numbers) == 2


def test_more_threads_than_writes() -> None:
    burst = Burst(lambda _: None, 3, 16)
    burst.start()

    assert burst.wait(10)
    assert burst.written == {0, 1, 2}
