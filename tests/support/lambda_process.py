"""A Lambda function in a process of its own, which is stopped from one invocation to the next.

Run as a program it is the inside: it takes its events from its input, a line each.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from typing import Any

PATIENCE = 30.0
"""Seconds until a function that does not answer fails the test."""


class LambdaProcess:
    """The outside. An event is how many items to put, and how long to stay after that."""

    def __init__(self, url: str, scale_down_delay: float) -> None:
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", __file__, url, str(scale_down_delay)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        self._stop_when_it_says("ready")

    def invoke(self, puts: int = 0, *, stay: float = 0.0, seconds: float = 30.0) -> Any:
        """Let it go on, give it an event and so much time, stop it as soon as it has answered."""
        assert self._process.stdin is not None
        self._process.send_signal(signal.SIGCONT)
        self._process.stdin.write(json.dumps([[puts, stay], seconds]).encode() + b"\n")
        self._process.stdin.flush()
        return self._stop_when_it_says(None)

    def _stop_when_it_says(self, expected: str | None) -> Any:
        said = json.loads(self._line())
        assert expected in (None, said)
        self._process.send_signal(signal.SIGSTOP)
        os.waitpid(self._process.pid, os.WUNTRACED)
        return said

    def _line(self) -> bytes:
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], PATIENCE)
        assert readable, "the function does not answer"
        return self._process.stdout.readline()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


def main(url: str, scale_down_delay: str) -> None:
    import boto3

    from dynoresilience import ScalingClient, ScalingConfig, lambda_handler

    class Context:
        def __init__(self, seconds: float) -> None:
            self._end = time.monotonic() + seconds

        def get_remaining_time_in_millis(self) -> int:
            return round(1000 * (self._end - time.monotonic()))

    client = boto3.client(
        "dynamodb",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    config = ScalingConfig(
        max_write_capacity=200, scale_up_factor=10, scale_down_delay=float(scale_down_delay)
    )
    ddb = ScalingClient(client, config=config)

    @lambda_handler
    def handler(event: Any, context: Any) -> int:
        puts, stay = event
        for number in range(puts):
            item = {"id": {"S": str(number)}, "customer": {"S": "c-7"}}
            ddb.put_item(TableName="orders", Item=item)
        time.sleep(stay)
        return int(puts)

    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        event, seconds = json.loads(line)
        print(json.dumps(handler(event, Context(seconds))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
