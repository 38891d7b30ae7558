"""32 real processes on a throttling server in a process of its own, all throttled at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.fleet import program

PROCESSES = 32
BASE = 2
ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}


def start(*command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )


class Server:
    """The throttling server: a change of a table takes a second, one of its tags longer."""

    def __init__(self) -> None:
        settings = ("--update-seconds", "1", "--tag-seconds", "1.5", "--burst-seconds", "1")
        self.process = start("-m", "dynoresilience.testing", "--port", "0", *settings)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()

    def order(self, order: str, /, **arguments: Any) -> None:
        self._ask(order, json.dumps(arguments).encode())

    def read(self, name: str) -> Any:
        return self._ask(name, None)

    def _ask(self, name: str, content: bytes | None) -> Any:
        request = urllib.request.Request(f"{self.url}/_simulator/{name}", content)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["result"]


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.process.kill()
    running.process.communicate(timeout=60)


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[str]]]:
    running: list[subprocess.Popen[str]] = []
    yield running
    for process in running:
        process.kill()
        process.communicate(timeout=60)


@pytest.mark.slow
@pytest.mark.parametrize("fleet_size", [1, PROCESSES])
def test_one_raise_at_a_time_and_one_decrease(
    server: Server, processes: list[subprocess.Popen[str]], fleet_size: int
) -> None:
    """Whether they were told of each other, or only meet at the table."""
    server.order("create_table", name="orders", write=BASE)
    server.order("throttle_next", operation="PutItem", n=PROCESSES)
    settings = {"max_write_capacity": 400, "scale_down_delay": 10.0, "fleet_size": fleet_size}
    for number in range(PROCESSES):
        arguments = (program.__file__, server.url, json.dumps(settings), str(number))
        processes.append(start(*arguments))
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ended = [process.communicate(timeout=120) for process in processes]

    assert [json.loads(out) for out, _ in ended] == [{"errors": [], "left": []}] * PROCESSES
    assert [told for _, told in ended if told] == []  # no warning either
    calls, updates = server.read("calls"), server.read("updates")
    steps = [update["after"][0]["write"] for update in updates]
    assert steps[-1] == BASE
    assert steps[:-1] == sorted(set(steps[:-1]))
    assert len(steps) > 1
    assert calls["UpdateTable"] <= 2 * len(steps[:-1]) + 1
