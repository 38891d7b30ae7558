"""Who does the work: plain boto3, what programs put around it, and this library.

One more is an `Alternative` in `ALTERNATIVES`: a function that takes a `Setting` and returns what
carries out a `Call`, in the time of its process.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from botocore.exceptions import ClientError
from tenacity import (
    retry,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
    wait_random_exponential,
)

from dynoresilience.attachment import attach_to
from dynoresilience.config import ScalingConfig
from dynoresilience.engine import Runtime

from .autoscaling import track
from .calls import Do, Setting, through
from .doubling import Doubling
from .workloads import Workload
from .world import World


@dataclass(frozen=True)
class Alternative:
    """``prepare`` is called once before the processes start. ``joins``: in which workloads."""

    name: str
    about: str
    make: Callable[[Setting], Do]
    prepare: Callable[[World, Workload], None] = lambda world, workload: None
    joins: Callable[[Workload], bool] = lambda workload: True

    def is_in(self, workload: Workload) -> bool:
        return self.joins(workload) and self.name not in workload.without


def ours(**settings: Any) -> Callable[[Setting], Do]:
    """This library with the caps set, and ``settings`` beside them."""

    def make(setting: Setting) -> Do:
        cap, processes = setting.workload.cap, setting.workload.processes
        known = {"max_read_capacity": cap, "max_write_capacity": cap, "fleet_size": processes}
        config = ScalingConfig(**known | settings)
        client, process = setting.client(), setting.process
        chance = random.Random(f"{setting.world.seed} {setting.number}").random
        attach_to(client, config, [], runtime=Runtime(process, process, chance))
        return through(client)

    return make


_GEOMETRIC = {"policy": "geometric"} if "policy" in {f.name for f in fields(ScalingConfig)} else {}


def tenacious(**waits: Any) -> Callable[[Setting], Do]:
    """boto3's standard retries in those of tenacity."""

    def make(setting: Setting) -> Do:
        again = retry(retry=retry_if_exception_type(ClientError), reraise=True, **waits)
        return again(through(setting.client()))

    return make


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
        Alternative(
            "tenacity",
            "8 attempts of 4 each, exponential waits to 10 s, as tutorials write it",
            tenacious(stop=stop_after_attempt(8), wait=wait_exponential(multiplier=1, max=10)),
        ),
        Alternative(
            "tenacity, patient",
            "40 attempts of 4 each, with jitter; only where some callers wait for their calls",
            tenacious(stop=stop_after_attempt(40), wait=wait_random_exponential(max=10)),
            joins=lambda workload: workload.closed,
        ),
        Alternative(
            "doubling",
            "doubles reads and writes of the table and all indexes, and waits until it is ACTIVE",
            Doubling,
        ),
        Alternative(
            "doubling, patient",
            "the same, and where somebody else is doubling it waits for that",
            lambda setting: Doubling(setting, patient=True),
        ),
        Alternative(
            "autoscaling",
            "Application Auto Scaling to 70 %, and boto3 standard; lower targets fail less often",
            lambda setting: through(setting.client()),
            track,
        ),
        Alternative("ours", "the defaults, the caps, and `fleet_size` the processes", ours()),
        Alternative("ours geometric", "each raise doubles", ours(**_GEOMETRIC)),
        Alternative(
            "ours, fleet unsaid",
            "the defaults and the caps where there are many processes: `fleet_size` is 1",
            ours(fleet_size=1),
            joins=lambda workload: workload.processes > 1,
        ),
    )
}
