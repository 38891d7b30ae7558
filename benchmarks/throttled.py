"""The same throttled work through each alternative, in virtual time.

    python benchmarks/throttled.py
    python benchmarks/throttled.py --workload burst --alternative ours --seeds 5
    python benchmarks/throttled.py --workload ramp --full

Real boto3 clients on the simulator's capacity model: see the package `throttling`. The same seed
gives the same figures. Times are virtual: nothing here depends on how fast the machine is.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from dataclasses import asdict
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]  # of the processes of the pool as well

from benchmarks.throttling.alternatives import ALTERNATIVES  # noqa: E402
from benchmarks.throttling.bounds import Yardstick, work_of  # noqa: E402
from benchmarks.throttling.figures import Figures, figures  # noqa: E402
from benchmarks.throttling.run import draw, run  # noqa: E402
from benchmarks.throttling.tables import row_of, table_of  # noqa: E402
from benchmarks.throttling.workloads import workloads  # noqa: E402

SEEDS = 3
PROCESSES = 3
LONG = ("ramp", "spike", "nightly", "lambdas", "boto3 legacy", "tenacity")
"""What takes the longest, and so is begun first."""


Order = tuple[str, str, int]
"""A workload, an alternative and a seed."""


def measure(order: Order, *, full: bool) -> tuple[Order, Figures]:
    """One run."""
    logging.disable(logging.CRITICAL)
    name, alternative, seed = order
    workload = workloads(full=full)[name]
    epoch, jobs = draw(workload, seed)
    best = Yardstick.of(work_of(workload, jobs, epoch))
    return order, figures(workload, run(workload, ALTERNATIVES[alternative], seed), best)


def measure_all(
    names: list[str], alternatives: list[str], seeds: int, *, full: bool
) -> dict[str, dict[str, list[Figures]]]:
    """By workload and alternative, the figures of each seed."""
    known = workloads(full=full)
    orders = [
        (name, alternative, seed)
        for name in names
        for alternative in alternatives
        for seed in range(min(seeds, known[name].seeds or seeds))
    ]
    longest_first = sorted(orders, key=lambda order: (order[0] not in LONG, order[1] not in LONG))
    os.environ["PYTHONHASHSEED"] = "0"  # in the pool's processes: sets have the same order
    with get_context("spawn").Pool(min(PROCESSES, len(orders))) as pool:
        found = dict(pool.imap_unordered(partial(measure, full=full), longest_first))
    results: dict[str, dict[str, list[Figures]]] = {}
    for order in orders:
        of_workload = results.setdefault(order[0], {})
        of_workload.setdefault(order[1], []).append(found[order])
    return results


def main() -> None:
    import report

    known = workloads()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workload", action="append", choices=known, help="[all]")
    parser.add_argument("--alternative", action="append", choices=ALTERNATIVES, help="[all]")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"runs of each [{SEEDS}]")
    parser.add_argument("--quick", action="store_true", help="one run of each")
    parser.add_argument("--full", action="store_true", help="the long ones in full size: an hour")
    options = parser.parse_args()
    names, alternatives = options.workload or list(known), options.alternative or list(ALTERNATIVES)
    seeds = 1 if options.quick else options.seeds
    results = measure_all(names, alternatives, seeds, full=options.full)

    about = {name: workloads(full=options.full)[name].about for name in names}
    for name in names:
        print(f"\n## {name}\n\n{about[name]}\n\n{table_of(results[name])}")
    rows = [row_of(name, results[name]) for name in names if "ours" in alternatives]
    details: dict[str, Any] = {
        name: {
            "about": about[name],
            "alternatives": {key: [asdict(each) for each in some] for key, some in found.items()},
        }
        for name, found in results.items()
    }
    report.save(
        "throttled",
        rows,
        seeds=seeds,
        full=options.full,
        alternatives={name: ALTERNATIVES[name].about for name in alternatives},
        workloads=details,
    )
    print(f"\n{report.markdown(rows)}")


if __name__ == "__main__":
    main()
