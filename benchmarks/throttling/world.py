"""A world of virtual time: many callers with real boto3 clients, and a simulated DynamoDB.

Every caller is a greenlet of this one thread. What botocore waits for is virtual too: its sleeps
between attempts, and the rate limiter of its adaptive mode, which waits for a condition.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any

import botocore.retries.bucket
from botocore.config import Config
from botocore.httpsession import URLLib3Session
from greenlet import getcurrent

from dynoresilience.aws import arrivals
from dynoresilience.testing import SimulatedDynamoDB
from dynoresilience.testing.in_process import short_way
from dynoresilience.testing.in_process.sessions import new_session
from dynoresilience.testing.replies import Body, Reply
from tests.support.fleet.hub import Hub, Nap, Process

REGION = "us-east-1"
DATA_SECONDS = 0.005
"""The round trip of a request for items; each takes up to a fifth more or less."""
CONTROL_SECONDS = 0.020
"""The same of every other request."""
_SPREAD = 0.2
_TICK = 1e-4
"""Seconds that a thread sleeps at least; a wall clock as a float does not tell nanoseconds."""
SHORTEST = DATA_SECONDS * (1 - _SPREAD)
_ITEMS = frozenset({"PutItem", "GetItem", "Query", "Scan"})
_DONE = Reply(200, b"{}")


class Simulator(SimulatedDynamoDB):
    """Capacity and control plane as ever; what is put is forgotten at once, which is quicker."""

    def _work(self, request: Any, region: str, operation: str, body: Body) -> Reply:
        if operation != "PutItem":
            return super()._work(request, region, operation, body)
        with self._lock:
            return self._regions.engine(region).handle(operation, body, _forget)


def _forget(operation: str, body: Body) -> Reply:
    """A backend whose tables are all known, and empty."""
    return _DONE


class World:
    """Time, the network and DynamoDB, from ``epoch`` (seconds since 1970, UTC) on.

    The same seed gives the same history. ``settings`` are those of the simulator.
    """

    def __init__(self, seed: int, epoch: float, **settings: Any) -> None:
        self.seed = seed
        self.hub = Hub(epoch)
        self.simulator = Simulator(clock=Process(self.hub), region=REGION, **settings)
        self.requests: Counter[str] = Counter()
        self._chance = random.Random(f"network {seed}").random
        self._session = new_session(REGION, signs=False)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Within the block its time is that of all boto3 clients of this thread."""
        random.seed(self.seed)  # botocore's jitter
        with ExitStack() as stack:
            stack.enter_context(_replaced(time, "sleep", _sleep))
            # The library tells callers apart by their threads; here each is a task of one thread.
            stack.enter_context(_replaced(threading, "get_ident", _caller))
            stack.enter_context(_replaced(arrivals, "get_ident", _caller))
            clock = SimpleNamespace(sleep=_sleep, current_time=self.now)
            stack.enter_context(_replaced(botocore.retries.bucket, "Clock", lambda: clock))
            locks = SimpleNamespace(Lock=threading.Lock, Condition=_Condition)
            stack.enter_context(_replaced(botocore.retries.bucket, "threading", locks))
            stack.enter_context(self.simulator)
            send = URLLib3Session.send
            stack.enter_context(_replaced(URLLib3Session, "send", self._over_the_network(send)))
            yield

    def now(self) -> float:
        """Seconds since 1970, UTC."""
        return self.hub.epoch + self.hub.instant

    def client(self, **options: Any) -> Any:
        """A plain boto3 client; ``options`` are those of botocore's `Config`."""
        return self._session.client("dynamodb", config=Config(**options))

    def fill(self, table: str, items: int, size: int) -> None:
        """Have items in a table, of so many bytes each, that cost nothing."""
        body = {"S": "x" * (size - len("idbody") - 8)}
        for number in range(items):
            item = {"id": {"S": f"{number:08}"}, "body": body}
            reply = short_way.answer(REGION, "PutItem", {"TableName": table, "Item": item})
            if reply is None:
                raise RuntimeError(f"item {number} of {table} could not be put")

    def _over_the_network(self, send: Callable[..., Any]) -> Callable[..., Any]:
        """Half of a round trip, the answer, and the other half; outside of tasks at once."""

        def answer(session: Any, request: Any) -> Any:
            try:
                process = Process.current()
            except LookupError:
                return send(session, request)
            target = request.headers["X-Amz-Target"]
            operation = (target.decode() if isinstance(target, bytes) else target).split(".")[-1]
            seconds = DATA_SECONDS if operation in _ITEMS else CONTROL_SECONDS
            seconds *= 1 + _SPREAD * (2 * self._chance() - 1)
            self.requests["items" if operation in _ITEMS else operation] += 1
            process.sleep(seconds / 2)
            response = send(session, request)
            process.sleep(seconds / 2)
            return response

        return answer


@contextmanager
def _replaced(owner: Any, name: str, instead: Any) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, instead)
    try:
        yield
    finally:
        setattr(owner, name, before)


def _caller() -> int:
    """In place of `threading.get_ident`."""
    return id(getcurrent())


def _sleep(seconds: float) -> None:
    """In place of `time.sleep`."""
    Process.current().sleep(seconds)


class _Condition:
    """In place of the `threading.Condition` of botocore's rate limiter, for tasks of one process.

    Who waits first goes first, and only the first of them looks at the time: the others can't get
    anything before it. (With threads all wake up, and whoever is quickest goes first.) There is no
    lock in it, for a task is interrupted only where it waits.
    """

    def __init__(self, lock: object = None) -> None:
        self._waiting: dict[object, Nap] = {}

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None:
        """Whoever has waited has what it wanted; the next one is first now."""
        if self._waiting.pop(getcurrent(), None) is not None:
            self.notify()

    def wait(self, timeout: float) -> None:
        task, nap = getcurrent(), Nap(Process.current())
        self._waiting[task] = nap
        nap.rest(max(timeout, _TICK) if next(iter(self._waiting)) is task else math.inf)

    def notify(self) -> None:
        for nap in self._waiting.values():
            nap.end()
            return
