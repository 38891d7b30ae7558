"""Fleets in virtual time: each client with a memory of its own, one simulated table, real rules."""

from __future__ import annotations

import random
from typing import Any

import pytest

from dynoresilience.config import ScalingConfig
from tests.support.fleet.fleet import Figures, Fleet

BASE = 5


def fleet(clients: int, *, fleet_size: int, **options: Any) -> Figures:
    """All of them throttled in the same instant; until a day later."""
    names = ("max_write_capacity", "ledger")
    settings = {name: options.pop(name) for name in names if name in options}
    config = ScalingConfig(**{"max_write_capacity": 640, **settings}, fleet_size=fleet_size)
    return Fleet(clients, config, units=BASE, **options).run()


def check(figures: Figures) -> None:
    """One raise at a time, no call that failed, and one decrease of all of it at the end."""
    assert figures.failed == 0
    assert figures.raises
    assert max(figures.updates_sent_a_step) <= 2
    assert [update.after[None].write for update in figures.decreases] == [BASE]
    assert figures.sent("UpdateTable") <= 2 * len(figures.raises) + 1
    assert figures.raised_at_end == 0


@pytest.mark.parametrize("seed", range(3))
def test_a_thousand_that_know_of_each_other(seed: int) -> None:
    figures = fleet(1000, fleet_size=1000, seed=seed)
    check(figures)
    assert figures.most_a_second("DescribeTable") < 10
    assert figures.done_at[-1] < 40


@pytest.mark.slow
def test_ten_thousand() -> None:
    figures = fleet(10_000, fleet_size=10_000)
    check(figures)
    assert figures.most_a_second("DescribeTable") < 10


def test_those_that_do_not_know_of_each_other_meet_at_the_table() -> None:
    """They ask as often as they please, and who may raise is decided by the tags."""
    figures = fleet(200, fleet_size=1)
    check(figures)
    assert figures.refused("TagResource").keys() == {"LimitExceededException"}


def test_without_tags_and_turns_all_of_them_would_raise() -> None:
    """What the other tests could not see if these figures did not show it."""
    figures = fleet(100, fleet_size=1, ledger="memory")
    assert figures.updates_sent_a_step[0] > 20
    assert figures.most_a_second("DescribeTable") > 100


def test_turns_are_enough_where_there_are_no_tags() -> None:
    figures = fleet(1000, fleet_size=1000, ledger="memory")
    assert max(figures.updates_sent_a_step) <= 2
    assert figures.failed == 0


@pytest.mark.parametrize(("clients", "fleet_size"), [(1000, 100), (30, 1000)])
def test_a_size_that_is_wrong_by_far_costs_looks_or_time(clients: int, fleet_size: int) -> None:
    figures = fleet(clients, fleet_size=fleet_size, writes=3000 // clients)
    check(figures)
    assert figures.most_a_second("DescribeTable") < 10 * max(1, clients // fleet_size)
    assert figures.done_at[-1] < 60


def test_alone_in_a_fleet_of_a_thousand_a_process_gets_its_writes_through() -> None:
    figures = fleet(1, fleet_size=1000, writes=100)
    assert figures.failed == 0


@pytest.mark.parametrize("seed", range(10))
def test_any_fleet(seed: int) -> None:
    """Of any size, told anything about it, at a table of any speed, with clocks about right."""
    any_of = random.Random(seed).choice
    clients = any_of([2, 5, 32, 100])
    figures = fleet(
        clients,
        fleet_size=any_of([1, clients, max(1, clients // 10), clients * 3]),
        writes=any_of([3, 10]),
        update_seconds=any_of([0.5, 1.0, 2.0, 4.0, 15.0]),
        tag_seconds=any_of([1.5, 2.0, 3.4]),
        skew=any_of([0.0, 1.0]),
        seed=seed,
    )
    check(figures)


@pytest.mark.parametrize("seed", range(3))
def test_clocks_that_differ(seed: int) -> None:
    """By half a minute either way: the notes of others seem to be of another time."""
    check(fleet(300, fleet_size=30, skew=30.0, seed=seed))


def test_tags_that_are_locked_for_longer_than_a_change_takes() -> None:
    check(fleet(300, fleet_size=300, update_seconds=1.0, tag_seconds=3.4))


def test_a_change_that_takes_a_minute() -> None:
    figures = fleet(200, fleet_size=200, update_seconds=60.0)
    assert figures.failed == 0
    assert figures.most_a_second("DescribeTable") < 10
    assert figures.most_a_second("UpdateTable") == 1


def test_at_the_cap_for_minutes_the_fleet_neither_asks_nor_writes_much() -> None:
    figures = fleet(200, fleet_size=200, max_write_capacity=2 * BASE, writes=15)
    seconds = figures.done_at[-1]
    assert seconds > 240
    assert figures.sent("DescribeTable") < 4 * seconds
    assert figures.sent("TagResource") - figures.refused("TagResource").total() < 1 + seconds / 60
    assert [update.after[None].write for update in figures.decreases] == [BASE]
    assert figures.raised_at_end == 0
