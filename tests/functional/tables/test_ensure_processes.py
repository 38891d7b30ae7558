"""Many real processes at once, and some that are killed on the way."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dynoresilience.tables import ensure_tables, verify_table
from dynoresilience.testing import SimulatorServer
from tests.support.ensure_program import NAMES, client, specs

pytestmark = pytest.mark.slow

PROCESSES = 32
PATIENCE = 150.0


@pytest.fixture
def start() -> Iterator[Callable[..., list[subprocess.Popen[str]]]]:
    """Start so many processes; they are ready when this returns, and gone at the end."""
    running: list[subprocess.Popen[str]] = []

    def start(count: int, url: str, key: str = "testing") -> list[subprocess.Popen[str]]:
        command = [sys.executable, "-m", "tests.support.ensure_program", url, key]
        pipe = subprocess.PIPE
        began = [
            subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
            for _ in range(count)
        ]
        running.extend(began)
        for process in began:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", process.stderr and process.stderr.read()
        return began

    yield start
    for process in running:
        process.kill()
        process.communicate()


def go(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()


def result_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    output, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    found: dict[str, Any] = json.loads(output)
    return found


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def check(results: list[dict[str, Any]], url: str, key: str = "testing") -> Counter[str]:
    """Six tables as declared, each created once, and no error; how often each outcome was."""
    assert not [result["errors"] for result in results if result["errors"]]
    for name in NAMES:
        outcomes = Counter(result["outcomes"][name] for result in results)
        assert outcomes.keys() <= {"created", "joined", "verified"}
        assert outcomes["created"] == 1
    ddb = client(url, key)
    assert sorted(ddb.list_tables()["TableNames"]) == sorted(NAMES)
    for spec in specs():
        report = verify_table(ddb, spec)
        assert report.clean, str(report)
    return Counter(what for result in results for what in result["outcomes"].values())


def test_32_processes_at_once_on_the_simulator(start: Any) -> None:
    slow = {"create_seconds": 1.0, "ttl_seconds": 0.5, "describe_lag_seconds": 0.3}
    with SimulatorServer(backend="moto", **slow) as server:
        processes = start(PROCESSES, server.url)
        go(processes)
        counts = check([result_of(process) for process in processes], server.url)

        assert counts["created"] == 6
        assert counts["joined"] > 6  # there was something to be raced for


def test_32_processes_at_once_on_dynamodb_local(start: Any, dynamodb_local: str) -> None:
    key = "ENSURE32"
    processes = start(PROCESSES, dynamodb_local, key)
    go(processes)
    counts = check([result_of(process) for process in processes], dynamodb_local, key)
    assert counts["created"] == 6


@pytest.mark.parametrize(
    ("operation", "attempts"),
    [("CreateTable", 1), ("CreateTable", 6), ("UpdateTimeToLive", 1), ("UpdateTimeToLive", 6)],
)
def test_killed_on_the_way_the_next_run_finishes(start: Any, operation: str, attempts: int) -> None:
    with SimulatorServer(backend="moto", create_seconds=1.0, backups_seconds=2.0) as server:
        (creator,) = start(1, server.url)
        go([creator])
        until(lambda: server.calls[operation] >= attempts)
        creator.kill()
        creator.wait()
        ddb = client(server.url)
        began = ddb.list_tables()["TableNames"]
        until(lambda: all(_is_active(ddb, name) for name in began))
        assert not all(_is_clean(server.url, spec) for spec in specs() if spec.name in began)

        results = ensure_tables(ddb, specs(), timeout=60)

        assert {result.outcome for result in results} <= {"created", "joined", "verified"}
        assert all(_is_clean(server.url, spec) for spec in specs())
        again = ensure_tables(client(server.url), specs(), timeout=60)
        assert {result.outcome for result in again} == {"verified"}


def test_some_are_killed_and_the_others_finish(start: Any) -> None:
    with SimulatorServer(backend="moto", create_seconds=1.0, backups_seconds=1.0) as server:
        processes = start(8, server.url)
        go(processes[:4])
        until(lambda: server.calls["CreateTable"] >= 6)
        go(processes[4:])
        for process in processes[:4]:
            process.kill()
        results = [result_of(process) for process in processes[4:]]

        assert not [result["errors"] for result in results if result["errors"]]
        assert all(_is_clean(server.url, spec) for spec in specs())


def _is_active(ddb: Any, name: str) -> bool:
    return bool(ddb.describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE")


def _is_clean(url: str, spec: Any) -> bool:
    return verify_table(client(url), spec).clean
