"""The virtual time that a fleet's processes share."""

from __future__ import annotations

import threading

import pytest

from dynoresilience.ports import Clock, Timer
from tests.support.fleet.hub import Hub, Process


def test_tasks_wait_side_by_side_and_go_on_in_the_order_of_their_instants() -> None:
    hub = Hub()
    heard: list[tuple[float, str]] = []

    def work(name: str, seconds: float) -> None:
        process = Process(hub)
        clock: Clock = process

        def task() -> None:
            for _ in range(2):
                assert not clock.wait(threading.Event(), seconds)
                heard.append((clock.monotonic(), name))

        process.start(task)

    work("slow", 3.0)
    work("quick", 2.0)
    hub.run()
    assert heard == [(2.0, "quick"), (3.0, "slow"), (4.0, "quick"), (6.0, "slow")]


def test_a_signal_ends_a_wait_and_is_set_by_a_job_of_the_timer() -> None:
    hub = Hub()
    process = Process(hub, skew=5.0)
    timer: Timer = process
    signal = threading.Event()
    ended: list[tuple[bool, float]] = []
    process.start(lambda: ended.append((process.wait(signal, 60.0), process.monotonic())))
    timer.call_at(7.0, signal.set)
    hub.run()
    assert ended == [(True, 7.0)]
    assert process.now() - Process(hub).now() == 5.0


def test_jobs_run_one_at_a_time_though_they_wait() -> None:
    hub = Hub()
    process = Process(hub)
    heard: list[str] = []

    def job(name: str) -> None:
        heard.append(f"{name} begins at {hub.instant}")
        process.sleep(10.0)
        heard.append(f"{name} ends at {hub.instant}")

    process.call_at(1.0, lambda: job("first"))
    process.call_at(2.0, lambda: job("second"))
    hub.run()
    assert heard == [
        "first begins at 1.0",
        "first ends at 11.0",
        "second begins at 11.0",
        "second ends at 21.0",
    ]


def test_what_a_task_raises_comes_out() -> None:
    hub = Hub()
    process = Process(hub)

    def fail() -> None:
        process.sleep(1.0)
        raise ZeroDivisionError

    process.start(fail)
    with pytest.raises(ZeroDivisionError):
        hub.run()


def test_time_stops_where_it_is_told_to() -> None:
    hub = Hub()
    process = Process(hub)
    process.call_at(5.0, lambda: None)
    process.call_at(9.0, lambda: None)
    hub.run(until=7.0)
    assert hub.instant == 5.0
    hub.run(stop=lambda: hub.instant >= 5.0)
    assert hub.instant == 5.0
    hub.run()
    assert hub.instant == 9.0
