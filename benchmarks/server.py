"""The capacity-enforcing server of the tests, in a process of its own.

Run as a program it answers each line of its standard input with a line of what it has seen.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from typing import Any

import surroundings


class Server:
    """A context manager: the server's ``url``, and what it has `seen` of a table."""

    def __init__(self, *, update_seconds: float, windows: bool = False, reasons: bool = True):
        self._arguments = ["--update-seconds", str(update_seconds)]
        self._arguments += ["--windows"] * windows + ["--no-reasons"] * (not reasons)

    def __enter__(self) -> Server:
        variables = surroundings.environment()
        paths = (str(surroundings.ROOT), variables["PYTHONPATH"])
        self._process = subprocess.Popen(
            [sys.executable, __file__, *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=variables | {"PYTHONPATH": os.pathsep.join(paths)},
        )
        self.url: str = self._read()["url"]
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # closes its input, which ends it

    def seen(self, table: str) -> dict[str, Any]:
        """Calls by operation, UpdateTable calls in order, units in force and at their peak."""
        assert self._process.stdin is not None
        self._process.stdin.write(table + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the server has ended")
        answer: dict[str, Any] = json.loads(line)
        return answer


def serve() -> None:
    from tests.support.throttling_server import ThrottlingServer

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update-seconds", type=float, required=True)
    parser.add_argument("--windows", action="store_true")
    parser.add_argument("--no-reasons", dest="reasons", action="store_false")
    with ThrottlingServer(**vars(parser.parse_args())) as server:
        print(json.dumps({"url": server.url}), flush=True)
        for line in sys.stdin:
            table = line.strip()
            peak = {index or table: units for (_, index), units in server.peak.items()}
            answer = {
                "calls": server.calls,
                "updates": [_named(update, table) for update in server.updates],
                "throttles": sum(server.throttles.values()),
                "items": len(server.items(table)),
                "peak": peak,
                "units": {name: server.units(table, _index(name, table)) for name in peak},
            }
            print(json.dumps(answer), flush=True)


def _named(update: dict[str, Any], table: str) -> dict[str, Any]:
    after = {index or table: units for index, units in update["after"].items()}
    return {"at": round(update["at"], 3), "after": after}


def _index(name: str, table: str) -> str | None:
    return None if name == table else name


if __name__ == "__main__":
    serve()
