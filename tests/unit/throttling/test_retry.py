"""The retry decision: invariant 5 (one budget) and the deadline, for any history of throttles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.throttling.retry import (
    LEAST_IN_FLIGHT,
    WAKE_SPREAD,
    CallState,
    Excuse,
    GiveUp,
    GiveUpReason,
    Retry,
    RetryPolicy,
    decide,
    woken,
)

POLICY = RetryPolicy(max_retries=5, initial_delay=1.0, max_delay=30.0, scale_up_timeout=60.0)
NEW = CallState()
ALMOST_ONE = 1 - 2**-53

chances = st.floats(min_value=0, max_value=ALMOST_ONE)
seconds = st.floats(min_value=0, max_value=1e4)
excuses = st.sampled_from([None, *Excuse])
policies = st.builds(
    RetryPolicy,
    max_retries=st.integers(0, 20),
    initial_delay=st.floats(0, 10),
    max_delay=st.floats(10, 100),
    scale_up_timeout=st.floats(0, 300),
)


def delays(policy: RetryPolicy, throttles: int, excuse: Excuse | None = None) -> list[float]:
    """The ceilings of the delays after each of so many throttles in a row."""
    state, found = NEW, []
    for attempt in range(1, throttles + 1):
        step = decide(policy, state, attempt=attempt, now=0.0, chance=ALMOST_ONE, excuse=excuse)
        if isinstance(step, GiveUp):
            break
        found.append(round(step.delay, 6))
        state = step.state
    return found


def test_the_ceiling_doubles_up_to_the_longest_delay() -> None:
    policy = RetryPolicy(max_retries=8, initial_delay=1.0, max_delay=30.0, scale_up_timeout=60.0)

    assert delays(policy, 8) == [1, 2, 4, 8, 16, 30, 30, 30]


def test_the_budget_ends_the_call() -> None:
    assert len(delays(POLICY, 100)) == POLICY.max_retries


@pytest.mark.parametrize("deadline", [None, 20.0])
@pytest.mark.parametrize("chance", [0.5, 0.9])
def test_attempts_do_not_come_in_a_loop_where_the_excuses_or_the_time_end(
    deadline: float | None, chance: float
) -> None:
    """Each delay is a share of what is left, and so of an ever smaller rest."""
    state, now, sent = NEW, 0.0, []
    for attempt in range(1, 1000):
        sent.append(now)
        step = decide(
            POLICY,
            state,
            attempt=attempt,
            now=now,
            chance=chance,
            excuse=Excuse.IN_FLIGHT,
            deadline=deadline,
        )
        if isinstance(step, GiveUp):
            break
        state, now = step.state, now + step.delay
    end = POLICY.scale_up_timeout if deadline is None else deadline
    assert isinstance(step, GiveUp)
    assert step.reason is (GiveUpReason.RETRIES if deadline is None else GiveUpReason.DEADLINE)
    assert sum(end - LEAST_IN_FLIGHT < at <= end for at in sent) <= POLICY.max_retries + 1


def test_while_a_change_is_under_way_the_backoff_stops_growing() -> None:
    assert delays(POLICY, 6, Excuse.IN_FLIGHT) == [1, 2, 4, 4, 4, 4]


def test_just_after_a_change_the_next_attempt_is_near_and_the_backoff_starts_anew() -> None:
    state = CallState(excused=2, streak=7)

    step = decide(POLICY, state, attempt=5, now=0.0, chance=ALMOST_ONE, excuse=Excuse.JUST_CHANGED)

    assert isinstance(step, Retry)
    assert step.delay <= WAKE_SPREAD
    assert step.state.streak == 1
    assert step.state.excused == 3


def test_no_retries_means_none_even_while_a_change_is_under_way() -> None:
    policy = RetryPolicy(max_retries=0, initial_delay=1.0, max_delay=30.0, scale_up_timeout=60.0)

    step = decide(policy, NEW, attempt=1, now=0.0, chance=0.5, excuse=Excuse.IN_FLIGHT)

    assert step == GiveUp(GiveUpReason.RETRIES, CallState(1, 1, 60.0))


def test_attempts_that_failed_for_another_reason_count_too() -> None:
    """Five dropped connections, then a throttle: the budget is spent."""
    step = decide(POLICY, NEW, attempt=6, now=0.0, chance=0.5)

    assert isinstance(step, GiveUp)


def test_attempts_that_do_not_count_do_not_come_in_a_loop() -> None:
    policy = RetryPolicy(max_retries=5, initial_delay=0.0, max_delay=0.0, scale_up_timeout=60.0)

    assert delays(policy, 2, Excuse.IN_FLIGHT) == [LEAST_IN_FLIGHT] * 2


def test_the_answer_may_ask_for_a_longer_delay() -> None:
    step = decide(POLICY, NEW, attempt=1, now=0.0, chance=0.0, retry_after=12.0)

    assert isinstance(step, Retry)
    assert step.delay == 12.0


def test_but_not_for_one_beyond_the_longest_delay() -> None:
    step = decide(POLICY, NEW, attempt=1, now=0.0, chance=0.0, retry_after=86_400.0)

    assert isinstance(step, Retry)
    assert step.delay == POLICY.max_delay


@pytest.mark.parametrize("retry_after", [None, 3.0])
def test_a_deadline_that_leaves_no_room_ends_the_call(retry_after: float | None) -> None:
    deadline = 10.0 if retry_after is None else 12.0

    step = decide(
        POLICY, NEW, attempt=1, now=10.0, chance=0.5, deadline=deadline, retry_after=retry_after
    )

    assert isinstance(step, GiveUp)
    assert step.reason is GiveUpReason.DEADLINE


def test_waking_starts_the_backoff_anew_and_keeps_the_budget() -> None:
    assert woken(CallState(excused=3, streak=6, excused_until=9.0)) == CallState(3, 0, 9.0)


@given(
    policy=policies,
    history=st.lists(st.tuples(excuses, chances, seconds), max_size=60),
    deadline=st.none() | st.floats(0, 1e5),
    retry_after=st.none() | st.floats(0, 1e4),
)
def test_invariant_5_one_budget_and_no_sleep_across_the_deadline(
    policy: RetryPolicy,
    history: list[tuple[Excuse | None, float, float]],
    deadline: float | None,
    retry_after: float | None,
) -> None:
    state, now, counted = NEW, 0.0, 0
    first_excuse: float | None = None
    for attempt, (excuse, chance, meanwhile) in enumerate(history, 1):
        now += meanwhile
        if excuse is not None and first_excuse is None:
            first_excuse = now
        step = decide(
            policy,
            state,
            attempt=attempt,
            now=now,
            chance=chance,
            excuse=excuse,
            deadline=deadline,
            retry_after=retry_after,
        )
        excusable = first_excuse is not None and now < first_excuse + policy.scale_up_timeout
        if excuse is Excuse.IN_FLIGHT and first_excuse is not None:
            ends = [
                first_excuse + policy.scale_up_timeout,
                now + 1.0 if deadline is None else deadline,
            ]
            excusable = min(ends) - now >= LEAST_IN_FLIGHT
        if excuse is None or not excusable:
            counted += 1
        if isinstance(step, GiveUp):
            return
        assert counted <= policy.max_retries
        assert attempt - step.state.excused == counted
        assert 0 <= step.delay <= max(policy.max_delay, LEAST_IN_FLIGHT)
        if deadline is not None:
            assert now + step.delay <= deadline
        state, now = step.state, now + step.delay


@given(streak=st.integers(0, 10_000), chance=chances)
def test_a_long_streak_does_not_overflow(streak: int, chance: float) -> None:
    step = decide(POLICY, CallState(streak=streak), attempt=1, now=0.0, chance=chance)

    assert isinstance(step, Retry)
    assert step.delay <= POLICY.max_delay
