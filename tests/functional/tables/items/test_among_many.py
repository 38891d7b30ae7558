"""Many threads and processes create the same items: each is created once, and all see that one."""

from __future__ import annotations

import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from dynoresilience import ScalingClient
from dynoresilience.tables import create_item_if_not_exists, get_or_create
from tests.functional.tables.items.conftest import order
from tests.support.backends import Backend
from tests.support.item_makers import HOW, make_items

THREADS, PROCESSES, ITEMS = 16, 6, 30

over_http = pytest.mark.parametrize(
    "backend", ["simulator", "dynamodb-local", "simulator-on-dynamodb-local"], indirect=True
)


@over_http
@pytest.mark.parametrize("how", [create_item_if_not_exists, get_or_create])
def test_threads(how: Any, backend: Backend) -> None:
    orders = ScalingClient(backend.client()).table("orders")
    start = threading.Barrier(THREADS)

    def run(mine: int) -> list[tuple[bool, int]]:
        start.wait(60)
        results = [how(orders, order(number, by=mine)) for number in range(ITEMS)]
        return [(result.created, int(result.item["by"])) for result in results]

    with ThreadPoolExecutor(THREADS) as pool:
        told = dict(enumerate(pool.map(run, range(THREADS))))

    assert_each_was_created_once(told)


@over_http
@pytest.mark.parametrize("how", list(HOW))
def test_processes(how: str, backend: Backend) -> None:
    context = multiprocessing.get_context("spawn")
    start, told = context.Barrier(PROCESSES), context.Queue()
    children = [
        context.Process(
            target=make_items,
            args=(backend.url, backend.access_key_id, how, mine, ITEMS, start, told),
            daemon=True,
        )
        for mine in range(PROCESSES)
    ]
    for child in children:
        child.start()
    answers = dict(told.get(timeout=90) for _ in children)
    for child in children:
        child.join(30)

    assert [child.exitcode for child in children] == [0] * PROCESSES
    assert_each_was_created_once(answers)


def assert_each_was_created_once(told: dict[int, list[tuple[bool, int]]]) -> None:
    for number in range(ITEMS):
        creators = [mine for mine, answers in told.items() if answers[number][0]]
        seen = {answers[number][1] for answers in told.values()}
        assert len(creators) == 1, f"item {number} was created by {creators}"
        assert seen == set(creators)
