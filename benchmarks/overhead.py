"""What a call that is not throttled costs: attached against plain boto3.

Each round times a block of calls of every variant, one block after the other and in a
random order. A ratio is of two blocks of one round, so whatever else the machine does at the
time cancels. "plain again" is a second plain client: how far it is from 1 is how far the method
can be trusted. The rounds are spread over several fresh processes. Beside the time on the wall
stands that of the processor, of the whole process. With 16 threads a block is each thread's.

What our handlers add is made up for by what they leave out: botocore's own retries, which are not
asked about a whole answer to a first attempt, take about as long.

Two HTTP layers: a canned answer (all of botocore but the socket, the hardest comparison) and
the tests' server on the loopback. Calls to the real DynamoDB take milliseconds longer.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from statistics import median
from time import perf_counter, process_time
from typing import Any, NamedTuple

import canned
import pyperf
import report
import surroundings
from report import Row, Spread
from server import Server

AIM = 1.02
PLAIN, AGAIN, ATTACHED, SCALING = "plain", "plain again", "attach", "ScalingClient"
VARIANTS = (PLAIN, AGAIN, ATTACHED, SCALING)
CALLS = ("client.put_item", "client.get_item", "Table.put_item")
CANNED, LOOPBACK = "canned", "loopback"
WALL, CPU = "wall", "cpu"
THREADS = 16
BLOCK = {CANNED: 5, LOOPBACK: 2}  # calls: a few milliseconds, short against what disturbs
BLOCK_OF_EACH_THREAD = 5

KEY = {"id": {"S": "order-1"}}
ITEM = KEY | {"customer": {"S": "customer-1"}, "lines": {"L": [{"N": "3"}, {"N": "4"}]}}
PYTHON_ITEM = {"id": "order-1", "customer": "customer-1", "lines": [3, 4]}

Seconds = dict[str, dict[str, list[float]]]
"""By variant, on the wall and of the processor: seconds per call, a number for each block."""


class Task(NamedTuple):
    """One process's share. ``url`` None: the canned answer."""

    call: str
    url: str | None
    mode: str | None
    rounds: int
    block: int
    threads: int = 1
    seed: int = 0


def measure(task: Task) -> Seconds:
    order = random.Random(task.seed)
    calls = variants(task, order)
    for call in calls.values():
        for _ in range(50):
            call()
    names = list(calls)
    seconds: Seconds = {name: {WALL: [], CPU: []} for name in VARIANTS}
    with ThreadPoolExecutor(task.threads) as pool:
        for _ in range(task.rounds):
            order.shuffle(names)
            for name in names:
                call, block, threads = calls[name], range(task.block), task.threads
                start, cpu_start = perf_counter(), process_time()
                if threads == 1:
                    repeat(call, block)
                else:
                    for done in [pool.submit(repeat, call, block) for _ in range(threads)]:
                        done.result()
                took, cpu = perf_counter() - start, process_time() - cpu_start
                seconds[name][WALL].append(took / task.block / threads)
                seconds[name][CPU].append(cpu / task.block / threads)
    return seconds


def repeat(call: Callable[[], Any], block: range) -> None:
    for _ in block:
        call()


def variants(task: Task, order: random.Random) -> dict[str, Callable[[], Any]]:
    """The same call through each client, as a user would write it; made in a random order too."""
    import boto3
    from botocore.config import Config

    from dynoresilience import ScalingClient, attach

    config = Config(retries={"mode": task.mode} if task.mode else None)

    def made(by: Callable[..., Any]) -> Any:
        product = by("dynamodb", endpoint_url=task.url, config=config)
        if task.url is None:
            canned.answer_for(getattr(product.meta, "client", product))
        return product

    def target(variant: str) -> Any:
        if task.call.startswith("Table"):
            if variant == SCALING:
                return ScalingClient(made(boto3.client)).table("orders")
            resource = made(boto3.resource)
            return (attach(resource) if variant == ATTACHED else resource).Table("orders")
        client = made(boto3.client)
        if variant == SCALING:
            return ScalingClient(client)
        return attach(client) if variant == ATTACHED else client

    return {
        variant: _call(target(variant), task.call)
        for variant in order.sample(VARIANTS, len(VARIANTS))
    }


def _call(target: Any, call: str) -> Callable[[], Any]:
    if call == "Table.put_item":
        return lambda: target.put_item(Item=PYTHON_ITEM)
    if call == "client.get_item":
        return lambda: target.get_item(TableName="orders", Key=KEY)
    return lambda: target.put_item(TableName="orders", Item=ITEM)


def in_processes(task: Task, processes: int) -> list[Seconds]:
    """The task in one fresh process after another: none inherits the layout of another's memory."""
    tasks = [task._replace(seed=number) for number in range(processes)]
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        return pool.map(measure, tasks, chunksize=1)


class Case(NamedTuple):
    """What was called, over which layer, by how many threads."""

    call: str
    layer: str
    threads: int

    def __str__(self) -> str:
        threads = f", {self.threads} threads" if self.threads > 1 else ""
        return f"{self.call}, {self.layer}{threads}"


CASES = [Case(call, layer, 1) for layer in (CANNED, LOOPBACK) for call in CALLS]
CASES += [Case(call, CANNED, THREADS) for call in ("client.put_item", "Table.put_item")]


def compared(case: Case, parts: Sequence[Seconds]) -> list[dict[str, Any]]:
    """For each variant, on the wall and of the processor: its ratio to plain, and microseconds."""
    found = []
    for variant in (AGAIN, ATTACHED, SCALING):
        entry: dict[str, Any] = {**case._asdict(), "variant": variant}
        for kind in (WALL, CPU):
            ours = [number for part in parts for number in part[variant][kind]]
            theirs = [number for part in parts for number in part[PLAIN][kind]]
            added = median(one - other for one, other in zip(ours, theirs, strict=True))
            entry[kind] = asdict(Spread.of_ratios(ours, theirs)) | {
                "added_us": added * 1e6,
                "plain_us": median(theirs) * 1e6,
                "processes": [
                    Spread.of_ratios(part[variant][kind], part[PLAIN][kind]).median
                    for part in parts
                ],
            }
        found.append(entry)
    return found


def row_of(entry: dict[str, Any]) -> Row:
    wall, cpu = entry[WALL], entry[CPU]
    case = Case(entry["call"], entry["layer"], entry["threads"])
    each = wall["processes"]
    figures = (
        f"{wall['added_us']:+.1f} µs on {wall['plain_us']:.0f} µs; CPU {cpu['median']:.3f}; "
        f"processes {min(each):.3f} – {max(each):.3f}"
    )
    # The spread of the others is wider than what the aim is about.
    exact = case.layer == CANNED and case.threads == 1 and entry["variant"] != AGAIN
    return Row(
        "overhead",
        f"{case}: {entry['variant']}",
        wall["median"],
        (wall["low"], wall["high"]),
        figures,
        AIM if exact else None,
    )


def keep_for_pyperf(measured: dict[Case, Sequence[Seconds]]) -> None:
    """A file per variant, for ``python -m pyperf compare_to`` and its histograms."""
    report.RESULTS.mkdir(parents=True, exist_ok=True)
    for variant in VARIANTS:
        suite = []
        for case, parts in measured.items():
            about = {"name": str(case), "unit": "second"}
            runs = [
                pyperf.Run(part[variant][WALL], metadata=about, collect_metadata=False)
                for part in parts
            ]
            suite.append(pyperf.Benchmark(runs))
        name = variant.lower().replace(" ", "-")
        path = report.RESULTS / f"overhead-{name}.pyperf.json"
        pyperf.BenchmarkSuite(suite).dump(str(path), replace=True)


def create_table(url: str) -> None:
    """With so much capacity that nothing is throttled, and with the item that is read."""
    import boto3

    client = boto3.client("dynamodb", endpoint_url=url)
    client.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 40_000, "WriteCapacityUnits": 40_000},
    )
    client.put_item(TableName="orders", Item=ITEM)


def main() -> None:
    parser = argparse.ArgumentParser(description="The overhead of a call that is not throttled.")
    parser.add_argument("--mode", choices=("legacy", "standard", "adaptive"), help="retry mode")
    parser.add_argument("--rounds", type=int, default=250, help="in each process")
    parser.add_argument("--processes", type=int, default=6)
    parser.add_argument("--quick", action="store_true", help="about a sixth of the work")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.processes = max(10, options.rounds // 3), 3
    surroundings.isolate()

    rows: list[Row] = []
    found: list[dict[str, Any]] = []
    measured = {}
    with Server(update_seconds=1) as server:
        create_table(server.url)
        for case in CASES:
            url = None if case.layer == CANNED else server.url
            block, rounds = BLOCK[case.layer], options.rounds
            if case.threads > 1:
                block, rounds = BLOCK_OF_EACH_THREAD, max(10, rounds // case.threads)
            task = Task(case.call, url, options.mode, rounds, block, case.threads)
            measured[case] = in_processes(task, options.processes)
            entries = compared(case, measured[case])
            found += entries
            rows += map(row_of, entries)
            for row in rows[-len(entries) :]:
                print(f"{row.case}: {row.ratio:.3f} ({row.figures})", flush=True)
        throttles = server.seen("orders")["throttles"]
    if throttles:
        raise SystemExit(f"{throttles} calls were throttled: these figures are worth nothing")
    keep_for_pyperf(measured)
    mode = options.mode or "botocore's default"
    report.save("overhead", rows, mode=mode, aim=AIM, calls=found)
    print(f"\n{report.markdown(rows)}")


if __name__ == "__main__":
    main()
