"""The main job: 640 puts by 16 threads on a table and an index that take 5 a second.

Over HTTP, against the tests' server in a process of its own, which enforces capacity. Each
throttle names one resource, a change takes 2 seconds, and no capacity may go above 200. boto3's
`legacy` and `adaptive` modes take two minutes each: only with ``--all``.
"""

from __future__ import annotations

import argparse
import logging
import math
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from statistics import median
from time import monotonic, perf_counter, sleep, time
from types import SimpleNamespace
from typing import Any, NamedTuple

import boto3
import report
import surroundings
from botocore.config import Config
from report import Row, Spread
from server import Server

from dynoresilience import ScalingClient, ScalingConfig

PUTS = 640
THREADS = 16
UNITS = 5
CAP = 200
CHANGE_SECONDS = 2
TABLE, INDEX = "orders", "by-customer"
AIM = 1.25
MOST_UPDATES = 2
"""UpdateTable calls that name one resource."""
OURS = "ours"
GEOMETRIC = {"policy": "geometric"} if "policy" in {f.name for f in fields(ScalingConfig)} else {}


class Variant(NamedTuple):
    """``settings``: of `ScalingConfig`; None: not ours. ``long``: only with ``--all``."""

    about: str
    mode: str = "standard"
    settings: dict[str, Any] | None = None
    runs: int = 1
    long: bool = False


DOUBLING = "doubling"
VARIANTS = {
    "boto3 standard": Variant("boto3 alone, in the mode that is its default"),
    "boto3 legacy": Variant("boto3 alone", "legacy", long=True),
    "boto3 adaptive": Variant("boto3 alone, which slows itself down", "adaptive", long=True),
    DOUBLING: Variant("doubles the table and its indexes, waits for ACTIVE, calls again"),
    OURS: Variant("the defaults, and the cap", settings={}, runs=3),
    "ours geometric": Variant("each raise doubles", settings=GEOMETRIC),
}


def clairvoyant_seconds(
    puts: int = PUTS,
    units: int = UNITS,
    cap: int = CAP,
    change_seconds: int = CHANGE_SECONDS,
    burst_seconds: float = 1.0,
    *,
    windows: bool = False,
) -> float:
    """The least time for the puts, for somebody who knows in advance how many will come.

    Every put costs one unit of the table and one of the index. The clairvoyant asks at once, in
    a single UpdateTable, for the cap on both. Nothing can be had before ``change_seconds`` are
    over, and meanwhile the old units go on serving:

        before = units * burst_seconds       the bucket, full at the start
               + units * change_seconds      what flows into it
        seconds = change_seconds + (puts - before) / cap

    A bucket is empty when the change takes effect, and only fills at the new rate; so nothing
    comes faster than ``cap`` a second. Here: before = 5 + 10, 2 + 625 / 200 = 5.125 s.

    With windows of a second, each serves its units at once when it opens. The run begins as a
    window opens: ``change_seconds`` old windows, then one of ``cap`` at the start of each
    second: 2 + ceil(630 / 200) - 1 = 5 s.
    """
    if windows:
        before = units * change_seconds
        if puts <= before:
            return float(math.ceil(puts / units) - 1)
        return float(change_seconds + math.ceil((puts - before) / cap) - 1)
    before = units * (burst_seconds + change_seconds)
    if puts <= before:
        return max(0.0, puts / units - burst_seconds)
    return change_seconds + (puts - before) / cap


def run(variant: str, options: argparse.Namespace) -> dict[str, Any]:
    about = VARIANTS[variant]
    ours = about.settings is not None
    with Server(
        update_seconds=CHANGE_SECONDS, windows=options.windows, reasons=options.reasons
    ) as server:

        def plain() -> Any:
            settings = Config(
                retries={"mode": (options.mode if ours else None) or about.mode},
                max_pool_connections=2 * THREADS,
            )
            return boto3.client("dynamodb", endpoint_url=server.url, config=settings)

        create_table(plain())
        client: Any = plain()
        if about.settings is not None:
            limits = {"max_read_capacity": CAP, "max_write_capacity": CAP}
            config = ScalingConfig(**limits, **about.settings)
            client = ScalingClient(client, config=config)
        client.describe_table(TableName=TABLE)  # the first connection and the parsed model
        do = doubling(plain) if variant == DOUBLING else lambda number: put(client, number)

        if options.windows:
            sleep(1 - time() % 1)
        by_thread: Counter[int] = Counter()

        def done(number: int) -> str | None:
            error = do(number)
            by_thread[threading.get_ident()] += error is None
            return error

        start = perf_counter()
        with ThreadPoolExecutor(THREADS) as pool:
            errors = list(pool.map(done, range(PUTS)))
        seconds = perf_counter() - start

        seen = server.seen(TABLE)
        result = {
            "failed": sum(error is not None for error in errors),
            "errors": dict(Counter(error for error in errors if error)),
            "stored": seen["items"],
            "seconds": seconds,
            "bound": clairvoyant_seconds(windows=options.windows),
            "http_puts": seen["calls"]["PutItem"],
            "wasted": seen["throttles"],
            "describes": seen["calls"].get("DescribeTable", 0) - 1,
            "updates": seen["updates"],
            "updates_of": updates_of(seen["updates"]),
            "fairness": jain([by_thread[thread] for thread in by_thread]),
            "peak_write": max(write for _, write in seen["peak"].values()),
            "read_untouched": reads_asked(seen) == {UNITS},
        }
        if ours:
            client.scale_down_now()
            sleep(CHANGE_SECONDS + 0.1)
            after = server.seen(TABLE)["units"].values()
            result["back_at_base"] = all(units == [UNITS, UNITS] for units in after)
            client.close()
    return result


def doubling(plain: Callable[[], Any]) -> Callable[[int], str | None]:
    """The algorithm of the virtual benchmark, here in real time; it has no time to lower."""
    sys.path.append(str(surroundings.ROOT))
    from benchmarks.throttling.calls import Call
    from benchmarks.throttling.doubling import Doubling
    from benchmarks.throttling.workloads import Table

    process = SimpleNamespace(monotonic=monotonic, call_at=lambda at, job: None)
    tables = (Table(TABLE, write=UNITS, read=UNITS, indexes={INDEX: UNITS}),)
    workload = SimpleNamespace(cap=CAP, tables=tables)
    setting: Any = SimpleNamespace(client=plain, process=process, workload=workload)
    call = Doubling(setting)
    return lambda number: _error_of(lambda: call(Call("put", TABLE, f"order-{number}")))


def updates_of(updates: Iterable[dict[str, Any]]) -> dict[str, int]:
    """How many UpdateTable calls named the table, and how many each of its indexes."""
    return dict(Counter(name for update in updates for name in update["after"]))


def jain(shares: Sequence[float]) -> float:
    """Jain's index of fairness: 1 if all have done as much, 1/n if one of n did everything."""
    squares = sum(share * share for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else 1.0


def reads_asked(seen: dict[str, Any]) -> set[int]:
    """Every number of read units that was asked for or in force."""
    asked = {read for update in seen["updates"] for read, _ in update["after"].values()}
    return asked | {read for read, _ in seen["peak"].values()}


def put(client: Any, number: int) -> str | None:
    """The name of the error, if it fails."""
    item = {"id": {"S": f"order-{number}"}, "customer": {"S": f"customer-{number % 7}"}}
    return _error_of(lambda: client.put_item(TableName=TABLE, Item=item))


def _error_of(call: Callable[[], object]) -> str | None:
    try:
        call()
    except Exception as error:
        code = getattr(error, "response", {}).get("Error", {}).get("Code")
        return code or type(error).__name__
    return None


def create_table(client: Any) -> None:
    throughput = {"ReadCapacityUnits": UNITS, "WriteCapacityUnits": UNITS}
    client.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "customer", "AttributeType": "S"},
        ],
        ProvisionedThroughput=throughput,
        GlobalSecondaryIndexes=[
            {
                "IndexName": INDEX,
                "KeySchema": [{"AttributeName": "customer", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
                "ProvisionedThroughput": throughput,
            }
        ],
    )


def rows_of(name: str, results: Sequence[dict[str, Any]]) -> list[Row]:
    def middle(figure: str) -> float:
        return median(result[figure] for result in results)

    failed = max(result["failed"] for result in results)
    seconds = Spread.of([result["seconds"] for result in results])
    bound = results[0]["bound"]
    most = max(max(result["updates_of"].values(), default=0) for result in results)
    figures = [
        f"{failed} failed",
        f"{seconds.median:.1f} s (bound {bound:.2f} s)",
        f"{middle('wasted'):.0f} wasted",
        f"{most} UpdateTable per resource",
        f"fairness {middle('fairness'):.3f}",
        f"peak {max(result['peak_write'] for result in results)} write units",
    ]
    if not all(result["read_untouched"] for result in results):
        figures.append("reads raised")
    if "back_at_base" in results[0]:
        back = all(result["back_at_base"] for result in results)
        figures.append("then back at base" if back else "NOT BACK AT BASE")
    if len(results) > 1:
        figures.append(f"{len(results)} runs")
    # Without a failure only is the time one for the whole job.
    ratio = seconds.median / bound if not failed else None
    quartiles = (seconds.low / bound, seconds.high / bound) if len(results) > 1 else None
    aim = AIM if name == OURS else None
    case = f"{name}: seconds / bound"
    rows = [Row("throttled_real", case, ratio, quartiles, ", ".join(figures), aim)]
    if name == OURS:
        case, aim = f"{name}: most UpdateTable calls per resource", float(MOST_UPDATES)
        rows.append(Row("throttled_real", case, float(most), None, "", aim))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description="640 puts on a table and index of 5 units.")
    parser.add_argument("--mode", choices=("legacy", "standard", "adaptive"), help="ours is in")
    parser.add_argument("--no-reasons", dest="reasons", action="store_false")
    parser.add_argument("--windows", action="store_true", help="windows of 1 s, no token buckets")
    parser.add_argument("--only", choices=VARIANTS, action="append", help="these variants")
    parser.add_argument("--all", action="store_true", help="boto3's slow modes too")
    parser.add_argument("--quick", action="store_true", help="one run of each")
    options = parser.parse_args()
    surroundings.isolate()
    logging.getLogger("dynoresilience").addHandler(logging.NullHandler())

    rows: list[Row] = []
    results = {}
    for name, variant in VARIANTS.items():
        if name in options.only if options.only else options.all or not variant.long:
            runs = 1 if options.quick else variant.runs
            results[name] = [run(name, options) for _ in range(runs)]
            rows += rows_of(name, results[name])
            print(f"{name}: {rows_of(name, results[name])[0].figures}", flush=True)
    about = {name: VARIANTS[name].about for name in results}
    report.save("throttled_real", rows, options=vars(options), about=about, results=results)
    print(f"\n{report.markdown(rows)}")


if __name__ == "__main__":
    main()
