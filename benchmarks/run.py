"""Every benchmark, one after the other, and one table of all figures (`make bench`).

    python benchmarks/run.py                      all, about five minutes
    python benchmarks/run.py --quick              fewer repetitions
    python benchmarks/run.py overhead coldstart   some

The machine's noise cancels in the ratios, which are of neighbours in time, and not in the seconds
and microseconds. Each benchmark has options of its own: see its ``--help``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import report
import surroundings

BENCHMARKS = {
    "overhead": "a call that is not throttled",
    "coldstart": "imports and the first client in a fresh interpreter",
    "throttled_real": "640 puts on 5 units",
    "simulated_day": "a day of hourly bursts in virtual time",
}
WITH_QUICK = {"overhead", "coldstart"}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, wider spread")
    options = parser.parse_args()
    if unknown := set(options.names) - BENCHMARKS.keys():
        parser.error(f"there is no {', '.join(sorted(unknown))}; known: {', '.join(BENCHMARKS)}")

    here = Path(__file__).resolve().parent
    rows, failed = [], []
    for name in options.names or BENCHMARKS:
        print(f"== {name}: {BENCHMARKS[name]}", flush=True)
        quick = ["--quick"] if options.quick and name in WITH_QUICK else []
        done = subprocess.run(
            [sys.executable, str(here / f"{name}.py"), *quick],
            env=surroundings.environment(),
            check=False,
        )
        if done.returncode:
            failed.append(name)
        else:
            rows += report.load(name)
        print(flush=True)

    about = ", ".join(f"{key} {value}" for key, value in surroundings.describe().items())
    print(f"{about}\n\n{report.markdown(rows)}")
    if failed:
        print(f"\nfailed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
