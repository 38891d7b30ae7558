"""Capacity over time as small bars."""

from __future__ import annotations

import pytest

from dynoresilience.cli.demo.chart import chart

HISTORY = [(0.0, 5), (2.0, 40), (3.0, 200), (6.0, 5)]


@pytest.mark.parametrize(
    ("now", "bars"),
    [
        (0.0, "▁"),
        (1.9, "▁▁"),
        (2.0, "▁▁▂"),
        (3.0, "▁▁▂█"),
        (9.9, "▁▁▂███▁▁▁▁"),
        (60.0, "▁▁▂███▁▁▁▁"),
    ],
)
def test_a_bar_for_each_second_that_has_begun(now: float, bars: str) -> None:
    known = [change for change in HISTORY if change[0] <= now]

    assert chart(known, now, width=10, seconds=10.0, top=200) == bars


def test_a_bar_shows_the_most_that_there_was_in_its_time() -> None:
    assert chart(HISTORY, 10.0, width=2, seconds=10.0, top=200) == "██"


def test_more_than_the_top_is_a_full_bar() -> None:
    assert chart([(0.0, 300)], 0.0, width=1, seconds=1.0, top=200) == "█"
