"""The pace of a queue: how far apart its places are, and what it learns from refusals."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.model import Dimension, ResourceState, TableState, Units
from dynoresilience.scaling.pace import (
    CALM_FOR,
    ENOUGH_CALLS,
    FORGOTTEN_AFTER,
    INTERVAL,
    LEAST_SHARE,
    LONGEST_GUESS,
    Pace,
    queue_of,
)

READ, WRITE = Dimension.READ, Dimension.WRITE
WRITES = (None, WRITE)
INDEX = ("by-customer", WRITE)
STATE = TableState(
    "orders",
    "arn:aws:dynamodb:eu-central-1:123456789012:table/orders",
    ResourceState(Units(20, 5)),
    {"by-customer": ResourceState(Units(20, 2))},
)


def short_of(*keys: tuple[str | None, Dimension], at: float = 0.0) -> Pace:
    pace = Pace()
    for key in keys:
        pace.is_short(key, at)
    return pace


def waits(
    pace: Pace, count: int, now: float = 0.0, units: float = 1.0, state: TableState = STATE
) -> list[float]:
    """When they go that are refused in this instant, one after the other."""
    turns = []
    for _ in range(count):
        turn = pace.place(state, units, now, refused=True)
        assert turn is not None
        pace.waiting += units
        turns.append(turn)
    return turns


def fare(pace: Pace, now: float, refused: int, admitted: int) -> float:
    """So many had their turn, in the time that this takes; when that was over."""
    for number in range(refused + admitted):
        now += INTERVAL
        (pace.was_refused if number < refused else pace.went_through)(now)
    return now


def test_places_are_as_far_apart_as_the_table_admits_them() -> None:
    assert waits(short_of(WRITES), 4) == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert waits(short_of(WRITES), 3, units=10.0) == pytest.approx([2.0, 4.0, 6.0])


def test_of_several_that_are_short_the_scarcest_counts() -> None:
    assert waits(short_of(WRITES, INDEX), 2) == pytest.approx([0.5, 1.0])
    assert waits(short_of(INDEX), 2) == pytest.approx([0.5, 1.0])
    assert short_of(WRITES, INDEX).indexes_short() == {None, "by-customer"}


def test_what_was_short_long_ago_does_not_count() -> None:
    pace = short_of(INDEX)
    later = FORGOTTEN_AFTER + 1
    pace.is_short(WRITES, later)

    assert waits(pace, 1, later) == pytest.approx([later + 0.2])
    assert pace.indexes_short() == {None}


def test_who_was_not_refused_may_go_at_once_if_it_is_first() -> None:
    pace = short_of(WRITES)

    assert pace.place(STATE, 1.0, 7.0) == 7.0
    pace.waiting = 1.0
    assert pace.place(STATE, 1.0, 7.0) == pytest.approx(7.2)


def test_no_place_after_the_last_instant_and_none_is_lost_by_asking() -> None:
    pace = short_of(WRITES)
    waits(pace, 3)

    for _ in range(10):
        assert pace.place(STATE, 1.0, 0.0, before=0.5, refused=True) is None
    assert waits(pace, 1) == pytest.approx([0.8])


@pytest.mark.parametrize(
    "state",
    [
        replace(STATE, table=ResourceState(Units(0, 0))),
        replace(STATE, indexes={}),
    ],
)
def test_where_the_units_are_not_known_there_is_no_place(state: TableState) -> None:
    key = INDEX if not state.indexes else WRITES

    assert short_of(key).place(state, 1.0, 0.0, refused=True) is None


def test_a_queue_that_nothing_is_known_to_be_short_for_has_no_place() -> None:
    assert Pace().place(STATE, 1.0, 0.0) is None


def test_a_change_gives_new_places() -> None:
    pace = short_of(WRITES)
    waits(pace, 10)
    pace.start_anew(0.5)
    raised = replace(STATE, table=ResourceState(Units(20, 100)))
    pace.waiting = 10.0

    turns = [pace.place(raised, 1.0, 0.5) for _ in range(3)]

    assert turns == pytest.approx([0.5, 0.51, 0.52])


def test_a_queue_that_is_refused_slows_down_and_recovers() -> None:
    pace = short_of(WRITES)
    now = fare(pace, 0.0, refused=5, admitted=5)
    slow = waits(pace, 2, now)
    assert slow[1] - slow[0] > 0.35, "about half of the table is left for it"
    assert pace.share == 1.0, "once may be chance"
    pace.waiting = 0.0
    now = fare(pace, now + 5.0, refused=2, admitted=8)
    assert 0.4 < pace.share < 0.6

    for _ in range(30):
        now = fare(pace, now + 1.0, refused=0, admitted=ENOUGH_CALLS)

    assert pace.share == 1.0


def test_it_never_comes_to_a_stop() -> None:
    pace = short_of(WRITES)
    now = 0.0
    for _ in range(50):
        pace.is_short(WRITES, now)
        now = fare(pace, now, refused=ENOUGH_CALLS, admitted=0)

    assert pace.share >= LEAST_SHARE
    assert waits(pace, 1, now)[0] - now <= 0.2 / LEAST_SHARE


def test_a_change_makes_the_share_whole_again() -> None:
    pace = short_of(WRITES)
    now = fare(pace, 0.0, refused=30, admitted=0)
    assert pace.share < 1
    pace.start_anew(now)

    assert pace.share == 1
    assert pace.keeps_its_word


def test_a_few_refusals_at_once_say_nothing() -> None:
    pace = short_of(WRITES)
    for _ in range(5):
        pace.was_refused(0.1)

    assert pace.share == 1
    assert not pace.keeps_its_word


def test_who_tries_its_luck() -> None:
    """Somebody may have raised the table, and only a call ahead of its turn finds that out."""
    pace = short_of(WRITES)
    assert not pace.may_have_room(CALM_FOR + 1), "nobody has been admitted yet"
    for _ in range(ENOUGH_CALLS):
        pace.went_through(1.0)
    assert not pace.may_have_room(CALM_FOR - 0.1)

    tried = [at / 100 for at in range(1000) if pace.may_have_room(at / 100)]
    assert tried[0] == CALM_FOR
    assert [b - a for a, b in pairwise(tried)][:3] == [1.0, 0.5, 0.25]
    pace.is_short(WRITES, 10.0)
    assert not pace.may_have_room(20.0)


def test_which_queue_is_whose() -> None:
    assert queue_of(None, WRITE) == queue_of("by-customer", WRITE) == WRITES
    assert queue_of("by-customer", READ) == ("by-customer", READ) != queue_of(None, READ)


events = st.lists(
    st.tuples(
        st.sampled_from(["refused", "new", "goes", "went", "was refused", "change"]),
        st.floats(0, 2),
        st.floats(0.5, 20),
    ),
    max_size=60,
)


@given(events=events)
def test_whatever_happens_a_place_is_never_past_nor_further_off_than_all_who_wait(
    events: list[tuple[str, float, float]],
) -> None:
    pace, now, queue = short_of(WRITES), 0.0, []
    for what, seconds, units in events:
        now += seconds
        if what in ("refused", "new"):
            pace.is_short(WRITES, now)
            turn = pace.place(STATE, units, now, refused=what == "refused")
            assert turn is not None
            assert now <= turn < math.inf
            assert turn - now <= (pace.waiting + 2 * units) / (5 * LEAST_SHARE)
            pace.waiting += units
            queue.append(units)
        elif what == "goes" and queue:
            pace.waiting = max(0.0, pace.waiting - queue.pop(0))
        elif what == "went":
            pace.went_through(now)
        elif what == "was refused":
            pace.was_refused(now)
        elif what == "change":
            pace.start_anew(now)
        assert LEAST_SHARE <= pace.share <= 1


@given(count=st.integers(1, 60), units=st.integers(1, 10))
def test_those_that_come_together_go_in_their_order_and_the_table_is_used_to_the_full(
    count: int, units: int
) -> None:
    turns = waits(short_of(WRITES), count, units=float(units))

    assert turns == sorted(turns)
    assert turns[-1] == pytest.approx(count * units / 5)


def test_the_first_in_the_queue_waits_for_no_more_than_a_guess() -> None:
    """Who took the rest of the table a while ago may be gone."""
    pace = short_of(WRITES)
    now = 0.0
    for _ in range(5):
        now = fare(pace, now, refused=ENOUGH_CALLS, admitted=0)

    first, second = waits(pace, 2, now)

    assert first - now == pytest.approx(LONGEST_GUESS)
    assert second - first > 10


@pytest.mark.parametrize(
    ("known", "given", "seconds"),
    [
        (1.0, 8.0, 1.6),
        (1.0, 64.0, LONGEST_GUESS),  # it may need more than its size, but not as much as that
        (40.0, 40.0, 8.0),  # it needs as much
        (40.0, 80.0, 8.0),
    ],
)
def test_a_call_that_is_given_more_room_than_it_is_known_to_need(
    known: float, given: float, seconds: float
) -> None:
    turn = short_of(WRITES).place(STATE, given, 0.0, known=known, refused=True)

    assert turn == pytest.approx(seconds)
