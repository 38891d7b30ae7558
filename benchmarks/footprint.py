"""What a resilient client weighs: memory and threads.

Memory: many plain clients make a call each, are attached, and make another one, some of them some
hundreds, as ours remembers the latest. What Python holds is counted to the byte (tracemalloc).

Threads: calls through one resilient client after another on a table that is too small, over HTTP,
while the main thread watches which threads there are: those of this script are known.
"""

from __future__ import annotations

import argparse
import gc
import logging
import multiprocessing
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import canned
import report
import surroundings
from overhead import ITEM
from report import Row
from server import Server
from throttled_real import TABLE, create_table, put

CLIENTS = 200
BUSY_CLIENTS = 20
CALLS = 300
"""More than ours remembers of the latest ones."""
MOST_THREADS = 1
RAISING_CLIENTS = 8
PUTS_OF_EACH = 24
CAP = 100


def memory(clients: int) -> dict[str, float]:
    """Bytes of a plain client, and what ours adds: after a call, and after `CALLS` more."""
    import boto3

    from dynoresilience import ScalingClient

    def call(client: Any) -> None:
        client.put_item(TableName="orders", Item=ITEM)

    def made() -> Any:
        client = boto3.client("dynamodb")
        canned.answer_for(client)
        call(client)
        call(client)
        return client

    ScalingClient(made())  # loads and allocates what is there once in a process

    def size() -> int:
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    plain = [made() for _ in range(clients)]
    before = size()
    resilient = [ScalingClient(client) for client in plain]
    for client in resilient:
        call(client)
    used = size()
    busy = resilient[:BUSY_CLIENTS]
    for client in busy:
        for _ in range(CALLS):
            call(client)
    after_many = size()
    tracemalloc.stop()
    added = (used - before) / clients
    return {
        "plain": before / clients,
        "used": added,
        "busy": added + (after_many - used) / len(busy),
    }


def threads(url: str) -> dict[str, Any]:
    """The threads of the library before the first raise, and the most that there were from then."""
    import boto3

    from dynoresilience import ScalingClient, ScalingConfig

    def resilient() -> Any:
        return ScalingClient(boto3.client("dynamodb", endpoint_url=url), config=config)

    logging.getLogger("dynoresilience").addHandler(logging.NullHandler())
    config = ScalingConfig(max_read_capacity=CAP, max_write_capacity=CAP)
    known = set(threading.enumerate())
    create_table(boto3.client("dynamodb", endpoint_url=url))
    clients = [resilient() for _ in range(RAISING_CLIENTS)]
    for client in clients:
        client.get_item(TableName=TABLE, Key={"id": {"S": "none"}})
        time.sleep(0.3)  # reads are not throttled: units come back
    before = [thread.name for thread in threading.enumerate() if thread not in known]

    with ThreadPoolExecutor(RAISING_CLIENTS, thread_name_prefix="benchmark") as pool:
        puts = [
            pool.submit(put, client, 1000 * number + each)
            for each in range(PUTS_OF_EACH)
            for number, client in enumerate(clients)
        ]
        seen: list[str] = []
        while not all(each.done() for each in puts):
            now = [
                thread.name
                for thread in threading.enumerate()
                if thread not in known and not thread.name.startswith("benchmark")
            ]
            seen = max(seen, now, key=len)
            time.sleep(0.001)
    errors = [each.result() for each in puts if each.result() is not None]
    return {"before": before, "most": seen, "errors": errors, "clients": RAISING_CLIENTS}


def rows_of(weight: dict[str, float], seen: dict[str, Any], clients: int) -> list[Row]:
    kib = {name: each / 1024 for name, each in weight.items()}
    memory = [
        Row(
            "footprint",
            f"memory of a client after {told}",
            (weight["plain"] + weight[key]) / weight["plain"],
            None,
            f"{kib[key]:+.1f} KiB on {kib['plain']:.0f} KiB; {clients} clients",
        )
        for key, told in (("used", "a call"), ("busy", f"{CALLS} calls"))
    ]
    names = ", ".join(seen["most"]) or "none"
    most = f"{len(seen['most'])} in a process with {seen['clients']} clients ({names})"
    return [
        *memory,
        Row(
            "footprint",
            "threads before the first raise",
            float(len(seen["before"])),
            None,
            ", ".join(seen["before"]) or "none",
            0.0,
        ),
        Row(
            "footprint",
            "threads from then on",
            float(len(seen["most"])),
            None,
            most,
            float(MOST_THREADS),
        ),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Memory and threads of resilient clients.")
    parser.add_argument("--clients", type=int, default=CLIENTS, help=f"[{CLIENTS}]")
    parser.add_argument("--quick", action="store_true", help="40 clients")
    options = parser.parse_args()
    clients = min(40, options.clients) if options.quick else options.clients
    surroundings.isolate()
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        weight = pool.apply(memory, (clients,))
        with Server(update_seconds=1) as server:
            seen = pool.apply(threads, (server.url,))
            updates = len(server.seen(TABLE)["updates"])
    if seen["errors"] or not updates:
        raise SystemExit(f"errors: {seen['errors']}; UpdateTables: {updates}")
    rows = rows_of(weight, seen, clients)
    report.save("footprint", rows, clients=clients, calls=CALLS, memory=weight, threads=seen)
    print(report.markdown(rows))


if __name__ == "__main__":
    main()
