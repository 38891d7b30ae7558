"""What a cold start pays: fresh interpreters that import boto3 alone, or ours after it.

The interpreters take turns. Each times itself, from after its own start: the import, the making of
a client, and the first call (answered in the process), so that nothing is hidden by being put
off. A ratio is of two neighbours, so whatever else the machine does at the time cancels. "plain
again" is plain boto3 once more: how far the method can be trusted. The most exact figures are
"in one interpreter": what boto3 took and what ours took with it, timed by the one that did both.
Garbage collections are part of a start, and move from one stage to another by chance.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import report
import surroundings
from report import Row, Spread

AIM = 1.10
PLAIN, AGAIN, OURS = "plain", "plain again", "ours"
STAGES = ("import", "make a client", "import and make", "first put_item")
PROGRAMS = {
    PLAIN: ("pass", "boto3.client('dynamodb')"),
    AGAIN: ("pass", "boto3.client('dynamodb')"),
    OURS: ("from dynoresilience import ScalingClient", "ScalingClient()"),
}
UNWANTED = ("pydantic", "tenacity", "typer", "textual", "rich", "asyncio", "moto", "mypy_boto3")

TIMED = """
import gc, sys, time
clock = time.perf_counter
start = clock()
import boto3
of_boto3 = clock()
{then}
imported = clock()
within = []
def timed(*args, plain=boto3.client):
    began = clock()
    client = plain(*args)
    within.append(clock() - began)
    return client
boto3.client = timed
ready = clock()
client = {make}
made = clock()
sys.path.append(sys.argv[1])
import canned
canned.answer_for(client)
gc.collect()  # takes longer than the call; whose call it falls into is chance
calling = clock()
client.put_item(TableName="orders", Item={{"id": {{"S": "order-1"}}}})
called = clock()
print([
    imported - start, made - ready, imported - start + made - ready, called - calling,
    of_boto3 - start, within[0],
])
"""
LISTED = """
import json, sys
import boto3
of_boto3 = set(sys.modules)
from dynoresilience import ScalingClient
imported = set(sys.modules)
boto3.client("dynamodb")
by_client = set(sys.modules)
ScalingClient()
made = set(sys.modules)
stdlib = sys.stdlib_module_names
print(json.dumps({
    "boto3": sorted(of_boto3),
    "import": sorted(imported - of_boto3),
    "make a client": sorted(made - by_client),
    "stdlib": sorted(stdlib),
}))
"""


def output_of(program: str) -> Any:
    """What a fresh interpreter prints."""
    here = str(Path(__file__).resolve().parent)
    done = subprocess.run(
        [sys.executable, "-c", program, here],
        env=surroundings.environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def measure(runs: int) -> dict[str, list[list[float]]]:
    """By variant: the seconds of each stage, a list for each run."""
    programs = {name: TIMED.format(then=then, make=make) for name, (then, make) in PROGRAMS.items()}
    for program in programs.values():
        output_of(program)  # writes the bytecode, fills the disk cache
    names = list(programs)
    seconds: dict[str, list[list[float]]] = {name: [] for name in names}
    order = random.Random(0)
    for _ in range(runs):
        order.shuffle(names)
        for name in names:
            seconds[name].append(output_of(programs[name]))
    return seconds


def rows_of(seconds: dict[str, list[list[float]]]) -> list[Row]:
    ours = list(zip(*seconds[OURS], strict=True))
    rows = [
        _row("import, in one interpreter", ours[0], ours[len(STAGES)], AIM),
        _row("make a client, in one interpreter", ours[1], ours[len(STAGES) + 1], None),
    ]
    for number, stage in enumerate(STAGES):
        theirs = [run[number] for run in seconds[PLAIN]]
        for variant in (OURS, AGAIN):
            mine = [run[number] for run in seconds[variant]]
            rows.append(_row(f"{stage}: {variant}", mine, theirs, None))  # too wide for the aim
    return rows


def _row(case: str, mine: Sequence[float], theirs: Sequence[float], aim: float | None) -> Row:
    ratio = Spread.of_ratios(mine, theirs)
    added = median(one - other for one, other in zip(mine, theirs, strict=True))
    figures = (
        f"{added * 1e3:+.2f} ms on {median(theirs) * 1e3:.1f} ms; "
        f"fastest by fastest {min(mine) / min(theirs):.3f}"
    )
    return Row("coldstart", case, ratio.median, ratio.quartiles, figures, aim)


def modules() -> dict[str, list[str]]:
    """What ours loads and boto3 alone does not, by whose it is."""
    seen = output_of(LISTED)
    stdlib = set(seen["stdlib"])
    found: dict[str, list[str]] = {}
    for stage in ("import", "make a client"):
        for module in seen[stage]:
            top = module.partition(".")[0]
            owner = "standard library" if top in stdlib else "third-party"
            owner = "ours" if top == "dynoresilience" else owner
            found.setdefault(f"{stage}: {owner}", []).append(module)
    ours = {name.partition(".")[0] for stage in ("import", "make a client") for name in seen[stage]}
    theirs = {name.partition(".")[0] for name in seen["boto3"]}
    found["unwanted, loaded by ours"] = [name for name in UNWANTED if name in ours]
    found["unwanted, loaded by boto3 itself"] = [name for name in UNWANTED if name in theirs]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="The cold start beside plain boto3's.")
    parser.add_argument("--runs", type=int, default=20, help="interpreters of each kind")
    parser.add_argument("--quick", action="store_true", help="5 runs")
    options = parser.parse_args()

    loaded = modules()
    print("Loaded by ours and not by boto3 alone:")
    for owner, names in loaded.items():
        print(f"  {owner}: {', '.join(names) or 'none'}")
    rows = rows_of(measure(5 if options.quick else options.runs))
    report.save("coldstart", rows, modules=loaded)
    print(f"\n{report.markdown(rows)}")


if __name__ == "__main__":
    main()
