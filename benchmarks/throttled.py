"""The same throttled work through each alternative, in virtual time.

    python benchmarks/throttled.py
    python benchmarks/throttled.py --workload burst --alternative ours --seeds 3

Real boto3 clients on the simulator's capacity model; see `throttling`. The same seed gives the same
figures. Times are virtual: nothing here depends on how fast the machine is.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks.throttling.alternatives import ALTERNATIVES  # noqa: E402
from benchmarks.throttling.figures import figures  # noqa: E402
from benchmarks.throttling.run import run  # noqa: E402
from benchmarks.throttling.workloads import workloads  # noqa: E402

SEEDS = 3
WORKLOADS = workloads()
PROCESSES = 3
COLUMNS = {
    "done": lambda f: f["finished"] / f["calls"] * 100,
    "makespan s": lambda f: f["makespan"],
    "unit-hours": lambda f: f["unit_hours"],
    "held": lambda f: f["held"],
    "$": lambda f: f["dollars"],
    "requests": lambda f: f["requests"],
    "wasted": lambda f: f["wasted"],
    "UpdateTable": lambda f: f["update_tables"],
    "DescribeTable": lambda f: f["describe_tables"],
    "decreases": lambda f: f["decreases"],
    "fairness": lambda f: f["fairness"],
    "p50 s": lambda f: f["p50"],
    "p99 s": lambda f: f["p99"],
}


def measure(order: tuple[str, str, int]) -> tuple[tuple[str, str, int], dict[str, Any]]:
    """One run, in a process of the pool."""
    logging.disable(logging.CRITICAL)
    workload, alternative, seed = order
    seen = run(WORKLOADS[workload], ALTERNATIVES[alternative], seed)
    return order, asdict(figures(WORKLOADS[workload], seen))


def table_of(name: str, results: dict[tuple[str, str, int], dict[str, Any]]) -> str:
    """The medians of a workload as a Markdown table, with the range where the seeds differ."""
    lines = [f"| | {' | '.join(COLUMNS)} |", f"|---|{'---|' * len(COLUMNS)}"]
    for alternative in ALTERNATIVES:
        runs = [found for key, found in results.items() if key[:2] == (name, alternative)]
        if runs:
            cells = [spread(list(map(column, runs))) for column in COLUMNS.values()]
            lines.append(f"| {alternative} | {' | '.join(cells)} |")
    return "\n".join(lines)


def spread(numbers: list[float | None]) -> str:
    known = [number for number in numbers if number is not None]
    if not known:
        return ""
    middle, low, high = (short(number) for number in (median(known), min(known), max(known)))
    return middle if low == high else f"{middle} ({low}–{high})"


def short(number: float) -> str:
    return f"{number:.0f}" if number >= 100 or number == int(number) else f"{number:.3g}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workload", action="append", choices=WORKLOADS, help="[all]")
    parser.add_argument("--alternative", action="append", choices=ALTERNATIVES, help="[all]")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"runs of each [{SEEDS}]")
    parser.add_argument("--quick", action="store_true", help="one run of each")
    options = parser.parse_args()
    workloads, alternatives = options.workload or WORKLOADS, options.alternative or ALTERNATIVES
    orders = [
        (workload, alternative, seed)
        for workload in workloads
        for alternative in alternatives
        for seed in range(1 if options.quick else options.seeds)
    ]
    os.environ["PYTHONHASHSEED"] = "0"  # of the pool's processes: sets in the same order
    results = {}
    with get_context("spawn").Pool(min(PROCESSES, len(orders))) as pool:
        for order, found in pool.imap_unordered(measure, orders, chunksize=1):
            results[order] = found
    results = {order: results[order] for order in orders}
    for name in workloads:
        print(f"\n## {name}\n\n{WORKLOADS[name].about}\n\n{table_of(name, results)}")


if __name__ == "__main__":
    main()
