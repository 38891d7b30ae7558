"""The main job: 640 puts by 16 threads on a table and an index that take 5 a second.

Over HTTP, against the tests' server in a process of its own, which enforces capacity. Each
throttle names one resource, a change takes 2 seconds, and no capacity may go above 200.
"""

from __future__ import annotations

import argparse
import logging
import math
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter, sleep, time
from typing import Any

import boto3
import report
import surroundings
from botocore.config import Config
from report import Row
from server import Server

from dynoresilience import ScalingClient, ScalingConfig

PUTS = 640
THREADS = 16
UNITS = 5
CAP = 200
CHANGE_SECONDS = 2
TABLE, INDEX = "orders", "by-customer"
AIM_BIG_STEPS = 2.0
VARIANTS = {"plain boto3": None, "factor 2 (default)": None, "factor 40": 40.0}


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


def run(factor: float | None, *, ours: bool, options: argparse.Namespace) -> dict[str, Any]:
    settings = Config(
        retries={"mode": options.mode} if options.mode else None, max_pool_connections=2 * THREADS
    )
    with Server(
        update_seconds=CHANGE_SECONDS, windows=options.windows, reasons=options.reasons
    ) as server:
        create_table(boto3.client("dynamodb", endpoint_url=server.url))
        client: Any = boto3.client("dynamodb", endpoint_url=server.url, config=settings)
        if ours:
            config = ScalingConfig(max_read_capacity=CAP, max_write_capacity=CAP)
            config = config if factor is None else config.replace(scale_up_factor=factor)
            client = ScalingClient(client, config=config)
        client.describe_table(TableName=TABLE)  # the first connection and the parsed model

        if options.windows:
            sleep(1 - time() % 1)
        start = perf_counter()
        with ThreadPoolExecutor(THREADS) as pool:
            errors = list(pool.map(lambda number: put(client, number), range(PUTS)))
        seconds = perf_counter() - start

        seen = server.seen(TABLE)
        result = {
            "failed": sum(error is not None for error in errors),
            "errors": sorted({error for error in errors if error}),
            "stored": seen["items"],
            "seconds": seconds,
            "bound": clairvoyant_seconds(windows=options.windows),
            "http_puts": seen["calls"]["PutItem"],
            "throttles": seen["throttles"],
            "updates": seen["updates"],
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


def reads_asked(seen: dict[str, Any]) -> set[int]:
    """Every number of read units that was asked for or in force."""
    asked = {read for update in seen["updates"] for read, _ in update["after"].values()}
    return asked | {read for read, _ in seen["peak"].values()}


def put(client: Any, number: int) -> str | None:
    """The name of the error, if it fails."""
    item = {"id": {"S": f"order-{number}"}, "customer": {"S": f"customer-{number % 7}"}}
    try:
        client.put_item(TableName=TABLE, Item=item)
    except Exception as error:
        return type(error).__name__
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


def row_of(name: str, result: dict[str, Any]) -> Row:
    # Without a failure only is the time one for the whole job.
    ratio = result["seconds"] / result["bound"] if not result["failed"] else None
    figures = [
        f"{result['failed']} failed",
        f"{result['seconds']:.1f} s (bound {result['bound']:.2f} s)",
        f"{len(result['updates'])} UpdateTable",
        f"peak {result['peak_write']} write units",
        "reads untouched" if result["read_untouched"] else "READS CHANGED",
    ]
    if "back_at_base" in result:
        figures.append("then back at base" if result["back_at_base"] else "NOT BACK AT BASE")
    aim = AIM_BIG_STEPS if name == "factor 40" else None
    return Row("throttled_real", name, ratio, None, ", ".join(figures), aim)


def main() -> None:
    parser = argparse.ArgumentParser(description="640 puts on a table and index of 5 units.")
    parser.add_argument("--mode", choices=("legacy", "standard", "adaptive"), help="retry mode")
    parser.add_argument("--no-reasons", dest="reasons", action="store_false")
    parser.add_argument("--windows", action="store_true", help="windows of 1 s, no token buckets")
    parser.add_argument("--only", choices=VARIANTS, help="one variant")
    options = parser.parse_args()
    surroundings.isolate()
    logging.getLogger("dynoresilience").addHandler(logging.NullHandler())

    rows, results = [], {}
    for name in [options.only] if options.only else VARIANTS:
        factor, ours = VARIANTS[name], name != "plain boto3"
        results[name] = run(factor, ours=ours, options=options)
        rows.append(row_of(name, results[name]))
        print(f"{name}: {rows[-1].figures}", flush=True)
    report.save("throttled_real", rows, options=vars(options), results=results)
    print(f"\n{report.markdown(rows)}")


if __name__ == "__main__":
    main()
