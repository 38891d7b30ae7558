"""A day of one table in virtual time: every hour a burst of writes, and a scale-down after it.

    python benchmarks/simulated_day.py
    python benchmarks/simulated_day.py --writes 200 --size 1500 --seed 7

The table and its index have 5 units and save none, a change of capacity takes 30 s, and decreases
are limited as on AWS. One `ScalingClient` writes through boto3, one call after the other. What is
printed is the real time that the day took. It should stay under 5 s.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from dynoresilience import ScalingConfig
from dynoresilience.attachment import attach_to
from dynoresilience.engine import Runtime
from dynoresilience.model import Units
from dynoresilience.testing import AcceptedUpdate, SimulatedDynamoDB, VirtualClock

MIDNIGHT = 1_767_225_600.0
"""2026-01-01 00:00:00 UTC: all of the day has one budget of decreases."""

HOUR = 3_600.0
AIM = 5.0


@dataclass
class Day:
    """What happened. Two days with the same seed are equal, but for the real seconds they took."""

    writes: int = 0
    failures: list[str] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)
    throttles: dict[str, int] = field(default_factory=dict)
    updates: tuple[AcceptedUpdate, ...] = ()
    history: dict[str | None, tuple[tuple[float, Units], ...]] = field(default_factory=dict)
    longest_burst: float = 0.0
    took: float = field(default=0.0, compare=False)
    cpu: float = field(default=0.0, compare=False)


def simulate(seed: int, writes: int = 100, size: int = 100, hours: int = 24) -> Day:
    """Simulate ``hours`` bursts of ``writes`` puts of ``size`` bytes each, an hour apart."""
    day, began, cpu_began = Day(), time.perf_counter(), time.process_time()
    clock = VirtualClock(now=MIDNIGHT)
    with SimulatedDynamoDB(clock=clock, update_seconds=30.0, burst_seconds=1.0) as simulator:
        simulator.create_table("orders", indexes={"by-customer": (5, 5)})
        client = simulator.client()
        config = ScalingConfig(max_write_capacity=200, scale_up_factor=4)
        runtime = Runtime(clock, clock, random.Random(seed).random)
        attach_to(client, config, [], runtime=runtime)
        for hour in range(hours):
            _burst(client, clock, hour, writes, "x" * size, day)
            clock.advance((hour + 1) * HOUR - clock.monotonic())
        day.calls = dict(simulator.calls)
        day.throttles = dict(simulator.throttle_reasons)
        day.updates = simulator.updates
        for index in (None, "by-customer"):
            day.history[index] = simulator.capacity_history("orders", index)
    day.took, day.cpu = time.perf_counter() - began, time.process_time() - cpu_began
    return day


def _burst(client: Any, clock: VirtualClock, hour: int, writes: int, body: str, day: Day) -> None:
    began = clock.monotonic()
    for number in range(writes):
        names = {"id": f"{hour}-{number}", "customer": f"c-{number % 50}", "body": body}
        item = {name: {"S": value} for name, value in names.items()}
        try:
            client.put_item(TableName="orders", Item=item)
        except ClientError as error:
            day.failures.append(error.response["Error"]["Code"])
        day.writes += 1
    day.longest_burst = max(day.longest_burst, clock.monotonic() - began)


def main() -> int:
    import report

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--writes", type=int, default=100, help="in each hour's burst")
    parser.add_argument("--size", type=int, default=100, help="bytes of each; over 1 KB: 2 units")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()

    simulate(options.seed, writes=1, hours=1)  # loads what is loaded once in a process
    days = [simulate(options.seed, options.writes, options.size) for _ in range(options.runs)]
    day, took = days[0], report.Spread.of([day.took for day in days])
    lowered = sum(
        any(units.write < update.before[index].write for index, units in update.after.items())
        for update in day.updates
    )
    figures = (
        f"{took.median:.1f} s ({min(day.cpu for day in days):.1f} s CPU) "
        f"for {day.writes} writes ({len(day.failures)} failed), "
        f"{sum(day.calls.values())} calls, {sum(day.throttles.values())} throttles, "
        f"{len(day.updates)} UpdateTables ({lowered} down), "
        f"longest burst {day.longest_burst:.0f} virtual s"
    )
    identical = all(day == other for other in days)
    print(figures)
    print("identical histories" if identical else "HISTORIES DIFFER")
    row = report.Row("simulated_day", "seconds / 5 s", took.median / AIM, None, figures, aim=1.0)
    report.save("simulated_day", [row], seconds=[day.took for day in days])
    return 0 if identical and not day.failures and took.median <= AIM else 1


if __name__ == "__main__":
    sys.exit(main())
