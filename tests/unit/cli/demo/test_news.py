"""Which events are worth a line."""

from __future__ import annotations

import pytest

from dynoresilience import events
from dynoresilience.cli.demo.news import News
from dynoresilience.model import Change, Dimension, Hold, HoldReason, Resource

ORDERS = Resource("orders")
RAISE = Change(ORDERS, Dimension.WRITE, 5, 200)


def held(reason: HoldReason) -> events.ScaleUpHeld:
    return events.ScaleUpHeld("orders", Hold(reason, ORDERS, Dimension.WRITE))


def test_a_line_is_stamped_with_its_second_and_read_once() -> None:
    seconds = iter([1.5, 2.5])
    news = News(lambda: next(seconds))

    news.emit(events.ScaleUpRequested("orders", (RAISE,)))
    news.emit(events.ScaleDownDone("orders", (RAISE,)))

    assert list(news.read()) == [
        (1.5, "raising orders write 5 -> 200"),
        (2.5, "lowering orders write 5 -> 200"),
    ]
    assert list(news.read()) == []


@pytest.mark.parametrize(
    "event",
    [
        events.Throttled("orders", ORDERS, Dimension.WRITE, "x", "PutItem", 1),
        events.Retrying("orders", "PutItem", 1, 0.5),
        events.ScaleDownScheduled("orders", (), 0.0),
        held(HoldReason.UPDATING),
        held(HoldReason.JUST_RAISED),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_happens_hundreds_of_times_has_no_line(event: events.Event) -> None:
    news = News(lambda: 0.0)

    news.emit(event)

    assert list(news.read()) == []


def test_the_same_hold_has_one_line() -> None:
    news = News(lambda: 0.0)

    for _ in range(3):
        news.emit(held(HoldReason.AT_CAP))
        news.emit(held(HoldReason.NO_PERMISSION))

    assert len(list(news.read())) == 2
