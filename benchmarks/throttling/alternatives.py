"""Who does the work: plain boto3, what programs put around it, and this library.

One more is an `Alternative` in `ALTERNATIVES`: a function that takes a `Setting` and returns what
carries out a `Call`, in the time of its process.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from dynoresilience.attachment import attach_to
from dynoresilience.config import ScalingConfig
from dynoresilience.engine import Runtime
from tests.support.fleet.hub import Process

from .workloads import INDEX, Call, Workload
from .world import World

Do = Callable[[Call], None]
"""Carries out a call, or raises what the program would see."""


@dataclass(frozen=True)
class Setting:
    """One process of a workload."""

    world: World
    workload: Workload
    process: Process
    number: int

    def client(self, mode: str = "standard") -> Any:
        """A boto3 client of its own, in one of botocore's retry modes."""
        return self.world.client(retries={"mode": mode})


@dataclass(frozen=True)
class Alternative:
    """``prepare`` is called once before the processes start."""

    name: str
    about: str
    make: Callable[[Setting], Do]
    prepare: Callable[[World, Workload], None] = lambda world, workload: None


def through(client: Any) -> Do:
    """Carry calls out through a client as programs do."""

    def do(call: Call) -> None:
        if call.kind == "put":
            customer = f"c-{hash_of(call.key) % 50}"
            item = {"id": {"S": call.key}, INDEX[3:]: {"S": customer}}
            client.put_item(TableName=call.table, Item=item)
        else:
            pages = client.get_paginator("scan").paginate(
                TableName=call.table, PaginationConfig={"PageSize": 50}
            )
            for _ in pages:
                pass

    return do


def hash_of(text: str) -> int:
    return sum(text.encode())


def ours(**settings: Any) -> Callable[[Setting], Do]:
    """This library with the caps set, and ``settings`` beside them."""

    def make(setting: Setting) -> Do:
        cap, processes = setting.workload.cap, setting.workload.processes
        config = ScalingConfig(
            max_read_capacity=cap, max_write_capacity=cap, fleet_size=processes, **settings
        )
        client, process = setting.client(), setting.process
        chance = random.Random(f"{setting.world.seed} {setting.number}").random
        attach_to(client, config, [], runtime=Runtime(process, process, chance))
        return through(client)

    return make


_GEOMETRIC = {"policy": "geometric"} if "policy" in {f.name for f in fields(ScalingConfig)} else {}

ALTERNATIVES = {
    alternative.name: alternative
    for alternative in (
        Alternative("boto3 legacy", "10 attempts", lambda s: through(s.client("legacy"))),
        Alternative("boto3 standard", "4 attempts", lambda s: through(s.client("standard"))),
        Alternative(
            "boto3 adaptive",
            "4 attempts, and a limiter that learns the rate",
            lambda s: through(s.client("adaptive")),
        ),
        Alternative("ours", "the defaults, and the caps", ours()),
        Alternative("ours geometric", "each raise doubles", ours(**_GEOMETRIC)),
    )
}
