"""Every benchmark, one after the other, one table of all figures, and docs/benchmarks.md.

    python benchmarks/run.py                      all, under ten minutes (`make bench`)
    python benchmarks/run.py --quick              fewer repetitions; the page stays as it is
    python benchmarks/run.py overhead coldstart   some
    python benchmarks/run.py --all                boto3's slowest modes too

The machine's noise cancels in the ratios, which are of neighbours in time, and not in the seconds
and microseconds. Each benchmark has options of its own: see its ``--help``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

import report
import surroundings

BENCHMARKS = {
    "overhead": "a call that is not throttled",
    "footprint": "memory and threads",
    "coldstart": "imports and the first client in a fresh interpreter",
    "throttled": "the same work through each alternative, in virtual time",
    "throttled_real": "640 puts on 5 units, over HTTP",
    "simulated_day": "a day of hourly bursts in virtual time",
}
WITH_QUICK = BENCHMARKS.keys() - {"simulated_day"}
WITH_ALL = {"throttled_real"}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="fewer repetitions, wider spread")
    parser.add_argument("--all", action="store_true", help="boto3's slowest modes too")
    parser.add_argument("--page", action="store_true", help="the page even of a quick run")
    options = parser.parse_args()
    if unknown := set(options.names) - BENCHMARKS.keys():
        parser.error(f"there is no {', '.join(sorted(unknown))}; known: {', '.join(BENCHMARKS)}")

    here = Path(__file__).resolve().parent
    kept = options.page or not options.quick
    folder = report.KEPT if kept else report.KEPT / "quick"
    environment = surroundings.environment() | {report.FOLDER_VARIABLE: str(folder)}
    rows, failed = [], []
    for name in options.names or BENCHMARKS:
        print(f"== {name}: {BENCHMARKS[name]}", flush=True)
        arguments = ["--quick"] if options.quick and name in WITH_QUICK else []
        arguments += ["--all"] if options.all and name in WITH_ALL else []
        command = [sys.executable, str(here / f"{name}.py"), *arguments]
        began = time.perf_counter()
        if subprocess.run(command, env=environment, check=False).returncode:
            failed.append(name)
        else:
            rows += report.rows_in(report.load(name, folder))
        print(f"({time.perf_counter() - began:.0f} s)\n", flush=True)

    about = ", ".join(f"{key} {value}" for key, value in surroundings.describe().items())
    print(f"{about}\n\n{report.markdown(rows)}", flush=True)
    if kept:
        subprocess.run([sys.executable, str(here / "page.py")], env=environment, check=True)
    if failed:
        print(f"\nfailed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
