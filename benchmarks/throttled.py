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
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]  # of the processes of the pool as well

from benchmarks.throttling.alternatives import ALTERNATIVES  # noqa: E402
from benchmarks.throttling.bounds import Yardstick, work_of  # noqa: E402
from benchmarks.throttling.figures import Figures, figures  # noqa: E402
from benchmarks.throttling.run import draw, run  # noqa: E402
from benchmarks.throttling.workloads import workloads  # noqa: E402
from benchmarks.writing.aims import AIMED_AT, TIME  # noqa: E402
from benchmarks.writing.text import ratio, short  # noqa: E402
from benchmarks.writing.throttled import OURS, Middle, Runs, sentences, table_of  # noqa: E402

if TYPE_CHECKING:
    import report

SEEDS = 3
PROCESSES = 4
LONG = ("ramp", "ramp-saved", "spike", "nightly", "lambdas", "boto3 legacy", "tenacity")
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
) -> dict[str, dict[str, Runs]]:
    """By workload and alternative, the figures of each seed."""
    known = workloads(full=full)
    orders = [
        (name, alternative, seed)
        for name in names
        for alternative in alternatives
        if ALTERNATIVES[alternative].is_in(known[name])
        for seed in range(min(seeds, known[name].seeds or seeds))
    ]
    longest_first = sorted(orders, key=lambda order: (order[0] not in LONG, order[1] not in LONG))
    os.environ["PYTHONHASHSEED"] = "0"  # in the pool's processes: sets have the same order
    with get_context("spawn").Pool(min(PROCESSES, len(orders))) as pool:
        found = dict(pool.imap_unordered(partial(measure, full=full), longest_first))
    return {
        name: {
            alternative: [
                asdict(found[order]) for order in orders if order[:2] == (name, alternative)
            ]
            for alternative in alternatives
            if ALTERNATIVES[alternative].is_in(known[name])
        }
        for name in names
    }


def row_of(name: str, alternatives: Mapping[str, Runs]) -> report.Row:
    """Ours, and the quickest of the others that have done all of it. The ratio is to the bound."""
    import report

    middles = [Middle.of(other, runs) for other, runs in alternatives.items()]
    ours = next(middle for middle in middles if middle.name == OURS)
    said = [
        f"{ours.failed} failed",
        f"{short(ours.makespan)} s",
        f"{ratio(ours.over_least)} least unit-hours",
        f"{short(ours.raises)} raises",
    ]
    others = [middle for middle in middles if middle.name != OURS and middle.whole]
    if others:
        quickest = min(others, key=lambda other: other.over_bound)
        said.append(f"next: {quickest.name} {ratio(quickest.over_bound)}")
    elif len(middles) > 1:
        said.append("all others have failures")
    over = report.Spread.of([run["makespan"] / run["least_makespan"] for run in alternatives[OURS]])
    return report.Row(
        "throttled",
        name,
        over.median if ours.whole else None,
        over.quartiles if ours.whole else None,
        ", ".join(said),
        TIME if name in AIMED_AT else None,
    )


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

    about = {name: workload.about for name, workload in workloads(full=options.full).items()}
    for name, found in results.items():
        print(f"\n## {name}\n\n{about[name]}\n\n{table_of(found)}")
        if OURS in found:
            print("\n" + "\n".join(f"- {said}" for said in sentences(found)))
    rows = [row_of(name, found) for name, found in results.items() if OURS in found]
    details: dict[str, Any] = {
        name: {"about": about[name], "alternatives": found} for name, found in results.items()
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
