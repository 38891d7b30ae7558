"""Another runtime in the place of the process's own, for a while: how tests get virtual time."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dynoresilience.engine import Engine, Runtime

_ENGINE = "dynoresilience.engine"


class StandIn:
    """The runtime, and the engines that run on it, by what they were made for."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.engines: dict[object, Engine] = {}


blocks: list[StandIn] = []
"""Those of the blocks that have begun and not ended, the latest last."""


def current() -> StandIn | None:
    """None: the process's own runtime is in its place."""
    return blocks[-1] if blocks else None


@contextmanager
def process_runtime(runtime: Runtime) -> Iterator[None]:
    """Let ``runtime`` be the process's in this block, for every thread.

    It holds for all clients that were not given one of their own, also for those attached before.
    They begin with nothing raised, and are afterwards as they were. Where blocks overlap the latest
    that has not ended holds.
    """
    block = StandIn(runtime)
    blocks.append(block)
    try:
        yield
    finally:
        blocks.remove(block)


def running() -> Runtime | None:
    """The runtime that is in place, if anything has made one. Nothing is loaded for that."""
    block = current()
    if block is not None:
        return block.runtime
    engine = sys.modules.get(_ENGINE)  # another thread may just be loading it
    made = getattr(engine, "made_runtime", None)
    found: Runtime | None = made() if made is not None else None
    return found


def monotonic() -> float:
    """The reading of the process's clock, in seconds: that by which deadlines are told."""
    if not blocks and _ENGINE not in sys.modules:
        return time.monotonic()  # as a rule; each call asks
    runtime = running()
    return time.monotonic() if runtime is None else runtime.clock.monotonic()
