"""A day of one table in virtual time: what `benchmarks/simulated_day.py` takes the time of."""

from itertools import pairwise

import pytest

from benchmarks.simulated_day import HOUR, Day, simulate
from dynoresilience.model import Units

BASE = Units(5, 5)


@pytest.fixture(scope="module")
def day() -> Day:
    return simulate(seed=3, size=1_500)


def test_nothing_is_lost_and_every_burst_is_helped(day: Day) -> None:
    assert day.failures == []
    assert day.writes == 2400
    assert day.calls["PutItem"] == day.writes + sum(day.throttles.values())
    assert day.throttles.keys() == {
        "TableWriteProvisionedThroughputExceeded",
        "IndexWriteProvisionedThroughputExceeded",
    }


def test_each_burst_is_followed_by_one_decrease_and_the_budget_lasts(day: Day) -> None:
    for history in day.history.values():
        assert history[-1][1] == BASE
        lowered = [at for (_, was), (at, now) in pairwise(history) if now == BASE != was]
        assert [int(at // HOUR) for at in lowered] == list(range(24))


def test_identical_seeds_give_identical_days() -> None:
    assert simulate(seed=7, size=1_500, hours=3) == simulate(seed=7, size=1_500, hours=3)


def test_another_seed_is_another_day() -> None:
    assert simulate(seed=1, hours=1) != simulate(seed=2, hours=1)
