"""The timer thread: order, isolation, fork."""

from __future__ import annotations

import logging
import os
import threading
import time

import pytest

from dynoresilience.process.clock import SystemClock
from dynoresilience.process.timer import ThreadTimer


def test_no_thread_before_the_first_job() -> None:
    before = threading.active_count()

    ThreadTimer(SystemClock())

    assert threading.active_count() == before


def test_jobs_run_in_the_order_of_their_instants_on_one_daemon_thread() -> None:
    timer, done, ran = ThreadTimer(SystemClock()), threading.Event(), []
    now = time.monotonic()
    threads = set()

    def job(name: str) -> None:
        ran.append(name)
        threads.add(threading.current_thread())
        if len(ran) == 3:
            done.set()

    timer.call_at(now + 3600, lambda: job("in an hour"))
    timer.call_at(now + 0.10, lambda: job("last"))
    timer.call_at(now + 0.05, lambda: job("second"))
    timer.call_at(now - 1.0, lambda: job("first"))

    assert done.wait(30)
    assert ran == ["first", "second", "last"]
    (thread,) = threads
    assert thread.daemon


def test_a_job_that_fails_is_logged_and_the_next_one_runs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    timer, done = ThreadTimer(SystemClock()), threading.Event()

    with caplog.at_level(logging.ERROR, logger="dynoresilience"):
        timer.call_at(0.0, lambda: 1 / 0)
        timer.call_at(1.0, done.set)
        assert done.wait(30)

    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
def test_whatever_a_job_raises_the_next_one_runs(error: type[BaseException]) -> None:
    timer, done = ThreadTimer(SystemClock()), threading.Event()

    def job() -> None:
        raise error

    timer.call_at(0.0, job)
    timer.call_at(1.0, done.set)

    assert done.wait(30)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_has_no_jobs_and_can_have_its_own() -> None:
    timer, ran_in_parent = ThreadTimer(SystemClock()), threading.Event()
    timer.call_at(time.monotonic() + 0.2, ran_in_parent.set)
    reader, writer = os.pipe()

    child = os.fork()
    if child == 0:
        fresh = threading.Event()
        timer.call_at(time.monotonic() + 0.3, fresh.set)
        own_ran = fresh.wait(30)
        os.write(writer, b"own" if own_ran and not ran_in_parent.is_set() else b"bad")
        os._exit(0)

    assert os.read(reader, 3) == b"own"
    assert ran_in_parent.wait(30)
    os.waitpid(child, 0)
