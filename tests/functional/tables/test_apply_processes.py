"""Plans in real processes: killed after any step, and several that carry out the same one."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from dynoresilience.tables import PlanError, apply_plan, plan_table, verify_table
from dynoresilience.testing import SimulatorServer
from tests.support.apply_program import BEFORE, WANTED, accepted_by, carry_out, client
from tests.support.ensuring import CHANGES

pytestmark = pytest.mark.slow

PATIENCE = 120.0
SLOW: dict[str, Any] = {
    "update_seconds": 0.3,
    "create_seconds": 0.3,
    "index_create_seconds": 1.0,
    "index_delete_seconds": 0.3,
    "ttl_seconds": 0.3,
    "ttl_pause_seconds": 0.2,
    "tag_seconds": 0.2,
    "insights_seconds": 0.3,
    "backups_seconds": 0.2,
    "recovery_seconds": 0.2,
}
STEPS = 13
"""Changes on the way from `BEFORE` to `WANTED`."""

Start = Callable[[SimulatorServer], "subprocess.Popen[str]"]


@pytest.fixture
def server() -> Iterator[SimulatorServer]:
    """With a table that is as `BEFORE`."""
    with SimulatorServer(backend="moto", **SLOW) as server:
        carry_out(client(server.url), BEFORE)
        yield server


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a process; it has its plan when this returns, and is gone at the end."""
    running: list[subprocess.Popen[str]] = []

    def start(server: SimulatorServer) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.support.apply_program", server.url]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.stderr and process.stderr.read()
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def result_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    output, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    found: dict[str, Any] = json.loads(output)
    return found


def changes(server: SimulatorServer) -> int:
    """How many the server has been asked for."""
    return sum(count for operation, count in server.calls.items() if operation in CHANGES)


def kill_after(process: subprocess.Popen[str], server: SimulatorServer, count: int) -> bool:
    """Kill it once the server has been asked for so many changes. False: it was done before."""
    asked = changes(server) + count
    go(process)
    deadline = time.monotonic() + PATIENCE
    while changes(server) < asked:
        assert time.monotonic() < deadline
        if process.poll() is not None:
            return False
        time.sleep(0.002)
    process.kill()
    process.wait()
    return True


def check_done(server: SimulatorServer) -> None:
    ddb = client(server.url)
    report = verify_table(ddb, WANTED)
    assert report.clean, str(report)
    assert report.complete
    assert plan_table(ddb, WANTED, timeout=60).is_empty


@pytest.mark.parametrize("count", range(1, STEPS + 1))
def test_killed_after_any_step_the_next_run_finishes(
    server: SimulatorServer, start: Start, count: int
) -> None:
    assert kill_after(start(server), server, count)
    carry_out(client(server.url))
    check_done(server)


def test_killed_again_and_again_it_gets_there(server: SimulatorServer, start: Start) -> None:
    kills = 0
    while True:
        process = start(server)
        if not kill_after(process, server, 1):
            break
        kills += 1
    assert result_of(process)["error"] is None
    assert kills >= STEPS
    check_done(server)


def check_once(accepted: list[list[Any]]) -> None:
    """Nothing that matters was done twice.

    Tags, recovery and protection may be: that changes nothing.
    """
    counts = Counter(
        json.dumps(request, sort_keys=True)
        for operation, request in accepted
        if operation == "UpdateTable" and not _is_harmless(request)
    )
    assert set(counts.values()) == {1}, counts
    assert len(counts) == 7


def _is_harmless(request: Mapping[str, Any]) -> bool:
    return "DeletionProtectionEnabled" in request


def check_errors(errors: list[str | None]) -> None:
    """Some may find that it is not as they planned; one at least gets there, and no other error."""
    assert None in errors
    for error in errors:
        assert error is None or "has changed" in error, error


def test_processes_that_carry_out_the_same_plan(server: SimulatorServer, start: Start) -> None:
    processes = [start(server) for _ in range(4)]
    for process in processes:
        go(process)
    results = [result_of(process) for process in processes]

    check_errors([result["error"] for result in results])
    check_once([each for result in results for each in result["accepted"]])
    check_done(server)


def test_threads_that_carry_out_the_same_plan(server: SimulatorServer) -> None:
    plan = plan_table(client(server.url), WANTED)
    assert len(plan.steps) == STEPS
    clients = [client(server.url) for _ in range(4)]
    accepted = [accepted_by(ddb) for ddb in clients]
    errors: list[str | None] = []
    together = threading.Barrier(len(clients))

    def one(ddb: Any) -> None:
        together.wait()
        try:
            apply_plan(ddb, plan, allow=plan.needs_allowed, timeout=60)
        except PlanError as error:
            errors.append(error.why)
        else:
            errors.append(None)

    threads = [threading.Thread(target=one, args=(ddb,)) for ddb in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)

    assert len(errors) == len(clients)
    check_errors(errors)
    check_once([each for one_client in accepted for each in one_client])
    check_done(server)
