"""A program that uses the library, and may kill or stop itself at an exact step.

Started by `processes.Worker` with one argument, a JSON object:

    url:     of the server
    config:  the fields of `ScalingConfig`
    raises:  it writes until so many raises are in force, then it is quiet until its input ends
    halts:   [[signal, "before" | "after", operation, n], ...]: sends itself the signal just before
             the n-th request of its control plane for the operation leaves, or just after the
             answer has come and before anybody reads it; ("after", "raise", n): once that many
             raises are in force

It prints a line when it is throttled first, one for each raise in force, and one when it is quiet.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
import threading
from collections import Counter
from typing import Any

import boto3
from botocore.config import Config

from dynoresilience import ScalingClient, ScalingConfig, events

CREDENTIALS = {
    "region_name": "us-east-1",
    "aws_access_key_id": "testing",
    "aws_secret_access_key": "testing",
}


class Halts:
    """Sends this process the signals that were ordered."""

    def __init__(self, orders: list[list[Any]]) -> None:
        self._orders = [tuple(order) for order in orders]
        self._met: Counter[tuple[str, str]] = Counter()

    def met(self, when: str, operation: str) -> None:
        self._met[when, operation] += 1
        for number, *step in self._orders:
            if step == [when, operation, self._met[when, operation]]:
                # To this thread: it would get on a little if another one took the signal.
                signal.pthread_kill(threading.get_ident(), number)

    def watch(self, client: Any) -> None:
        """Before the library is attached: its client for the control plane has a copy of these."""
        for operation in {str(order[2]) for order in self._orders} - {"raise"}:
            for when, event in (("before", "before-send"), ("after", "response-received")):

                def met(*, its: tuple[str, str] = (when, operation), **_: Any) -> None:
                    self.met(*its)

                client.meta.events.register(f"{event}.dynamodb.{operation}", met)


class Told:
    """An `EventSink` that prints, and counts the raises that are in force."""

    def __init__(self, halts: Halts) -> None:
        self._halts = halts
        self.in_force = 0

    def emit(self, event: events.Event) -> None:
        print(type(event).__name__, str(event).replace("\n", " "), flush=True)
        if isinstance(event, events.ScaleUpFinished):
            self.in_force += 1
            self._halts.met("after", "raise")


def main() -> None:
    order = json.loads(sys.argv[1])
    halts = Halts(order["halts"])
    config = Config(retries={"mode": "standard"})
    client = boto3.client("dynamodb", endpoint_url=order["url"], config=config, **CREDENTIALS)
    halts.watch(client)
    told = Told(halts)
    ddb = ScalingClient(client, config=ScalingConfig(**order["config"]), sinks=[told])
    for number in itertools.count():
        if told.in_force >= order["raises"]:
            break
        item = {"id": {"S": f"{os.getpid()}-{number}"}, "customer": {"S": "c-7"}}
        ddb.put_item(TableName="orders", Item=item)
    print("quiet", flush=True)
    sys.stdin.read()
    os._exit(0)  # nothing is done at its end that a killed process would not have done


if __name__ == "__main__":
    main()
