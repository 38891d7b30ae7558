"""A process that is never throttled takes back what a dead one has left raised."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from dynoresilience.look_around import FIRST_LOOK
from dynoresilience.model import Units
from tests.functional.taking_back.conftest import CONFIG, DELAY, Town, write

BASE = Units(5, 5)


def calls_of(client: Any) -> Counter[str]:
    """What is asked through a client, also by its copy for the control plane."""
    calls: Counter[str] = Counter()

    def count(model: Any, **_: Any) -> None:
        calls[model.name] += 1

    client.meta.events.register("before-call.dynamodb", count)
    return calls


def test_the_next_process_lowers_what_the_last_one_left(town: Town) -> None:
    last, client = town.process()
    write(client)
    last.timer.is_dead = True
    assert town.units()[0].write > 5
    _, client = town.process()

    before = town.clock.monotonic()
    while town.units() != (BASE, BASE):
        write(client, 1)
        town.clock.advance(10)

    assert town.clock.monotonic() - before < 2.2 * DELAY
    assert town.tags() == {}
    lowered = [u for u in town.simulator.updates if u.at > before]
    assert [dict(update.after) for update in lowered] == [{None: BASE, "by-customer": BASE}]


def test_a_program_that_has_just_begun_asks_nothing(town: Town) -> None:
    _, client = town.process()
    calls = calls_of(client)

    for _ in range(int(FIRST_LOOK) - 1):
        write(client, 1)
        town.clock.advance(1)

    assert set(calls) == {"PutItem"}


@pytest.mark.parametrize("off", [{"ledger": "memory"}, {"scaling_enabled": False}])
def test_without_ledger_or_scaling_nothing_is_asked(town: Town, off: dict[str, object]) -> None:
    _, client = town.process(CONFIG.replace(**off))
    calls = calls_of(client)

    for _ in range(200):
        write(client, 1)
        town.clock.advance(10)

    assert set(calls) == {"PutItem"}


def test_each_table_is_looked_at_once(town: Town) -> None:
    _, client = town.process()
    calls = calls_of(client)

    for _ in range(400):
        write(client, 1)
        town.clock.advance(10)

    assert calls == {"PutItem": 400, "DescribeTable": 1, "ListTagsOfResource": 1}


def test_a_look_that_fails_is_made_again(town: Town) -> None:
    last, client = town.process()
    write(client)
    last.timer.is_dead = True
    assert town.units()[0].write > 5
    town.simulator.fail_next("DescribeTable", code="ThrottlingException", status=400)
    town.simulator.fail_next("ListTagsOfResource", code="ThrottlingException", status=400)
    _, client = town.process()

    for _ in range(int(3 * DELAY / 10)):
        write(client, 1)
        town.clock.advance(10)

    assert town.units() == (BASE, BASE)
