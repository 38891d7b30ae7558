"""What a cold start pays: fresh interpreters that import boto3 alone, or ours after it.

The interpreters take turns. Each times itself, from after its own start: the import, the making of
a client, and the first call (answered in the process), so that nothing is hidden by being put
off. A ratio is of two neighbours, so whatever else the machine does at the time cancels. "plain
again" is plain boto3 once more: how far the method can be trusted. The most exact figures are
"in one interpreter": what boto3 took and what ours took with it, timed by the one that did both.
Garbage collections are part of a start, but whose they are is chance: plain boto3 may end just
short of a full one, which the next modules that a program imports bring on, be they ours or its
own. So the stages are compared without any, and the whole start with them, too.

The same with a small share of a processor, as a Lambda function of 128 MB has (1/14: AWS gives a
whole one at 1,769 MB): this process stops the interpreter (SIGSTOP) and lets it go on (SIGCONT) 20
times a second, each pause as long as the stretch before it asks for. No rights are needed for that.
What share it had in fact is told by its processor time.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Any

import report
import surroundings
from report import Row, Spread
from server import Server

AIM = 1.10
LOW_SHARE = 1 / 14
STRETCH = 0.05 * LOW_SHARE
"""Seconds that a slowed interpreter runs at a time."""
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
{first}
clock, cpu = time.perf_counter, time.process_time
cpu_start, start = cpu(), clock()
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
share = (cpu() - cpu_start) / (made - start)
sys.path.append(sys.argv[1])
import canned
canned.answer_for(client)
gc.collect()  # takes longer than the call; whose call it falls into is chance
calling = clock()
client.put_item(TableName="orders", Item={{"id": {{"S": "order-1"}}}})
called = clock()
print([
    imported - start, made - ready, imported - start + made - ready, called - calling,
    of_boto3 - start, within[0], share,
])
"""
LISTED = """
import json, logging, sys, time
logging.getLogger("dynoresilience").addHandler(logging.NullHandler())
import boto3
of_boto3 = set(sys.modules)
from dynoresilience import ScalingClient, ScalingConfig
imported = set(sys.modules)
client = boto3.client("dynamodb", endpoint_url=sys.argv[2])
by_client = set(sys.modules)
client = ScalingClient(client, config=ScalingConfig(initial_retry_delay=0.01))
made = set(sys.modules)
put = dict(TableName="orders", Item={"id": {"S": "order-1"}})
client.put_item(**put)
called = set(sys.modules)
started = time.perf_counter()
from dynoresilience import engine
loaded = time.perf_counter() - started
while not client.pending_scale_downs():
    client.put_item(**put)
throttled = set(sys.modules)
print(json.dumps({
    "boto3": sorted(of_boto3),
    "import": sorted(imported - of_boto3),
    "make a client": sorted(made - by_client),
    "first call": sorted(name for name in called - made if name.startswith("dynoresilience")),
    "first throttle": sorted(throttled - called),
    "stdlib": sorted(sys.stdlib_module_names),
    "engine_seconds": loaded,
}))
"""
OURS_LOADS = ("import", "make a client", "first call", "first throttle")
UNTROUBLED = OURS_LOADS[:-1]


def output_of(program: str, *arguments: str, share: float = 1.0) -> Any:
    """What a fresh interpreter prints that has this share of a processor."""
    here = str(Path(__file__).resolve().parent)
    process = subprocess.Popen(
        [sys.executable, "-c", program, here, *arguments],
        env=surroundings.environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    if share < 1:
        slow_down(process, share)
    printed, _ = process.communicate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, "a fresh interpreter")
    return json.loads(printed)


def slow_down(process: subprocess.Popen[str], share: float) -> None:
    """Let a process run for no more than this share of the time, until it ends."""
    while process.poll() is None:
        began = perf_counter()
        process.send_signal(signal.SIGCONT)
        sleep(STRETCH)
        process.send_signal(signal.SIGSTOP)
        ran = perf_counter() - began
        sleep(ran * (1 / share - 1))


def measure(
    runs: int,
    variants: Sequence[str] = tuple(PROGRAMS),
    *,
    share: float = 1.0,
    collections: bool = True,
) -> dict[str, list[list[float]]]:
    """By variant: the seconds of each stage, a list for each run."""
    programs = {
        name: TIMED.format(
            first="gc.enable()" if collections else "gc.disable()", then=then, make=make
        )
        for name, (then, make) in PROGRAMS.items()
        if name in variants
    }
    for program in programs.values():
        output_of(program)  # writes the bytecode, fills the disk cache
    names = list(programs)
    seconds: dict[str, list[list[float]]] = {name: [] for name in names}
    order = random.Random(0)
    for _ in range(runs):
        order.shuffle(names)
        for name in names:
            seconds[name].append(output_of(programs[name], share=share))
    return seconds


def rows_of(usual: dict[str, list[list[float]]], quiet: dict[str, list[list[float]]]) -> list[Row]:
    """``usual``: with garbage collections; ``quiet``: without."""
    ours = list(zip(*usual[OURS], strict=True))
    whole = STAGES.index("import and make")
    rows = [
        _row("import, in one interpreter", ours[0], ours[len(STAGES)], AIM),
        _row("make a client, in one interpreter", ours[1], ours[len(STAGES) + 1], None),
        _row(
            f"{STAGES[whole]}: {OURS}, with collections",
            ours[whole],
            [run[whole] for run in usual[PLAIN]],
            None,
        ),
    ]
    for number, stage in enumerate(STAGES):
        theirs = [run[number] for run in quiet[PLAIN]]
        for variant in (OURS, AGAIN):
            mine = [run[number] for run in quiet[variant]]
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


def slow_rows(seconds: dict[str, list[list[float]]]) -> list[Row]:
    """At a small share the pauses fall anywhere: only the longer stretches can be compared."""
    ours = list(zip(*seconds[OURS], strict=True))
    share = f"at 1/{1 / LOW_SHARE:.0f} of a processor"
    plain = [run[2] for run in seconds[PLAIN]]
    return [
        _row(f"import, in one interpreter, {share}", ours[0], ours[len(STAGES)], AIM),
        _row(f"import and make: {OURS}, {share}", ours[2], plain, None),
    ]


def modules() -> dict[str, Any]:
    """What ours loads and boto3 alone does not, by when and whose it is."""
    with Server(update_seconds=0.1) as server:
        create_small_table(server.url)
        seen = output_of(LISTED, server.url)
    stdlib = set(seen["stdlib"])
    found: dict[str, Any] = {}
    for stage in OURS_LOADS:
        for module in seen[stage]:
            top = module.partition(".")[0]
            owner = "standard library" if top in stdlib else "third-party"
            owner = "ours" if top == "dynoresilience" else owner
            found.setdefault(f"{stage}: {owner}", []).append(module)
    ours = {name.partition(".")[0] for stage in UNTROUBLED for name in seen[stage]}
    theirs = {name.partition(".")[0] for name in seen["boto3"]}
    found["unwanted, loaded by ours"] = [name for name in UNWANTED if name in ours]
    found["unwanted, loaded by boto3 itself"] = [name for name in UNWANTED if name in theirs]
    return {"loaded": found, "engine_seconds": seen["engine_seconds"]}


def create_small_table(url: str) -> None:
    import boto3

    surroundings.isolate()
    boto3.client("dynamodb", endpoint_url=url).create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="The cold start beside plain boto3's.")
    parser.add_argument("--runs", type=int, default=20, help="interpreters of each kind")
    parser.add_argument("--slow-runs", type=int, default=4, help="of each at a small share")
    parser.add_argument("--quick", action="store_true", help="5 runs, 1 at a small share")
    options = parser.parse_args()
    if options.quick:
        options.runs, options.slow_runs = 5, 1

    found = modules()
    print("Loaded by ours and not by boto3 alone:")
    for owner, names in found["loaded"].items():
        print(f"  {owner}: {', '.join(names) or 'none'}")
    print(f"  the engine, at the first throttle: {found['engine_seconds'] * 1e3:.0f} ms")
    usual = measure(options.runs, (PLAIN, OURS))
    rows = rows_of(usual, measure(options.runs, collections=False))
    slow = measure(options.slow_runs, (PLAIN, OURS), share=LOW_SHARE)
    rows += slow_rows(slow)
    had = median(run[-1] for runs in slow.values() for run in runs)
    shares = {"asked": LOW_SHARE, "had": had}
    print(f"share of a processor: {shares['had']:.3f} of {shares['asked']:.3f}")
    report.save("coldstart", rows, share=shares, **found)
    print(f"\n{report.markdown(rows)}")


if __name__ == "__main__":
    main()
