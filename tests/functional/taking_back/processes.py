"""Real processes on a server in real time: a table that workers raise, and rescuers for it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from dynoresilience.model import Units
from dynoresilience.scaling.look import FRESH_FOR
from dynoresilience.testing import SimulatorServer, capacity_report
from dynoresilience.testing.control.control_plane import AcceptedUpdate

WORKER = str(Path(__file__).with_name("worker.py"))
PATIENCE = 30.0
"""Seconds until a test no longer believes that something will come; a busy machine is slow."""
DELAY = 2.0
"""Seconds after which the workers take their raises back."""
CONFIG = {
    "initial_retry_delay": 0.1,
    "max_retry_delay": 0.5,
    "scale_down_delay": DELAY,
}
LONG_ENOUGH = FRESH_FOR + 0.3
"""Seconds of a freeze. What is as fresh as that is acted upon: DynamoDB needs more for a raise."""
Halt = tuple[int, str, str, int]


def until(condition: Callable[[], Any], what: str, story: Callable[[], str] = lambda: "") -> None:
    """Wait for the condition; ``story`` is told if it does not come about in time."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"not in {PATIENCE} s: {what}\n{story()}"
        time.sleep(0.01)


class Worker:
    """One process of `worker.py`; `lines` is what it has told.

    Its cap allows for so many raises from 5 units, unless ``config`` says otherwise.
    """

    def __init__(
        self, url: str, *halts: Halt, raises: int = 1, config: Mapping[str, Any] | None = None
    ) -> None:
        settings = {"max_write_capacity": 5 * 2**raises, **CONFIG, **(config or {})}
        order = {
            "url": url,
            "config": settings,
            "raises": raises,
            "halts": [[int(number), *step] for number, *step in halts],
        }
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", WORKER, json.dumps(order)],
            env=environment(url),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def has_told(self, beginning: str) -> bool:
        return any(line.startswith(beginning) for line in self.lines)

    def wait_for(self, beginning: str) -> None:
        until(lambda: self.has_told(beginning) or self.process.poll() is not None, beginning)
        assert self.has_told(beginning), self.story()

    def wait_until_killed(self) -> None:
        until(lambda: self.process.poll() is not None, "its end", self.story)
        assert self.process.returncode == -signal.SIGKILL, self.story()

    def wait_until_stopped(self) -> None:
        """Linux tells in /proc: T is stopped by a signal."""

        def stopped() -> bool:
            stat = Path(f"/proc/{self.process.pid}/stat").read_text()
            return stat.rpartition(")")[2].split()[0] == "T"

        until(stopped, "its stop", self.story)
        self._stopped_at = time.monotonic()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGSTOP)
        self.wait_until_stopped()

    def thaw(self) -> None:
        """Let it go on, once it has been frozen for so long that nobody's raise is hidden by it."""
        thaw_at = self._stopped_at + LONG_ENOUGH
        until(lambda: time.monotonic() >= thaw_at, "a while")
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()

    def story(self) -> str:
        told = [line for line in self.lines if not line.startswith(("Retrying", "Throttled"))]
        return "\n".join(told[-20:])


class RealTown:
    """A server with a table ``orders`` and an index; nothing is saved for a burst.

    Only the table is short of write units, unless the numbers are others.
    """

    def __init__(self, *, write: int = 5, index: int = 100, **settings: Any) -> None:
        self.server = SimulatorServer(
            **{
                "update_seconds": 0.4,
                "tag_seconds": 0.3,
                "burst_seconds": 1,
                "start_full": False,
                **settings,
            }
        )
        self.base = (Units(5, write), Units(5, index))
        self._workers: list[Worker] = []
        self._told: list[str] = []

    def __enter__(self) -> RealTown:
        self.server.start()
        self.owner = self.server.client()
        write, index = self.base[0].write, self.base[1].write
        self.arn = self.server.create_table(
            "orders", write=write, indexes={"by-customer": (5, index)}
        )
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.kill()
        self.server.stop()

    def worker(self, *halts: Halt, **options: Any) -> Worker:
        self._workers.append(Worker(self.server.url, *halts, **options))
        return self._workers[-1]

    def units(self) -> tuple[Units, Units]:
        """Of the table and the index."""
        return self.server.units("orders"), self.server.units("orders", "by-customer")

    def tags(self) -> dict[str, str]:
        tags = self.owner.list_tags_of_resource(ResourceArn=self.arn)["Tags"]
        return {tag["Key"]: tag["Value"] for tag in tags}

    def decreases(self) -> list[AcceptedUpdate]:
        return [update for update in self.server.updates if _is_decrease(update)]

    def settle(self) -> None:
        """Wait for the end of a change that is under way, of units and of tags."""

        def settled() -> bool:
            table = self.owner.describe_table(TableName="orders")["Table"]
            states = [table["TableStatus"], *(i["IndexStatus"] for i in table[INDEXES])]
            return set(states) == {"ACTIVE"}

        until(settled, "the table is ACTIVE")

    def assert_taken_back(self) -> None:
        """All is at base and nothing of ours is written."""
        until(lambda: self.units() == self.base and not self.tags(), "at base, no tags", self.story)

    def reap(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        ended = reap(self.server.url, *arguments)
        self._told.append(ended.stdout + ended.stderr)
        return ended

    def story(self) -> str:
        """What has happened, for a test that fails."""
        workers = [worker.story() for worker in self._workers]
        told = [capacity_report(self.server), str(self.tags()), *workers, *self._told]
        return "\n---\n".join(told)

    def wait_until_due(self) -> None:
        """Until the tags are settled and what they say is due."""
        time.sleep(self.server.settings.tag_seconds)
        words = [word for value in self.tags().values() for word in value.split()]
        dues = [word.removeprefix("due=") for word in words if word.startswith("due=")]
        until(lambda: max(dues, default="") <= _utc_now(), f"{dues} have come")


def _utc_now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


INDEXES = "GlobalSecondaryIndexes"


def _is_decrease(update: AcceptedUpdate) -> bool:
    pairs = [(update.before[index], after) for index, after in update.after.items()]
    return any(new.read < old.read or new.write < old.write for old, new in pairs)


CREDENTIALS = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
}


def environment(url: str) -> dict[str, str]:
    return {
        **CREDENTIALS,
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
        "AWS_ENDPOINT_URL_DYNAMODB": url,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def start_reaper(url: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "dynoresilience", "reap", *arguments],
        env=environment(url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def reap(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``python -m dynoresilience reap`` as a process of its own, to its end."""
    process = start_reaper(url, *arguments)
    out, err = process.communicate(timeout=PATIENCE)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def together(processes: Sequence[subprocess.Popen[str]]) -> list[tuple[int, str, str]]:
    """Exit status and output of each, once all have ended."""
    ended = [process.communicate(timeout=PATIENCE) for process in processes]
    return [(p.returncode, *told) for p, told in zip(processes, ended, strict=True)]
