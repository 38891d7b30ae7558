import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.testing.control.decreases import DAY, HOUR, DecreaseBudget, aws_date

MIDNIGHT = 20_454 * DAY


def spent(*instants: float) -> DecreaseBudget:
    budget = DecreaseBudget()
    for instant in instants:
        budget.record(instant)
    return budget


def test_four_at_once_and_then_one_an_hour_after_the_last() -> None:
    budget = spent(*(MIDNIGHT + second for second in (1.0, 2.0, 3.0)))
    assert budget.allows(MIDNIGHT + 4.0)
    budget.record(MIDNIGHT + 4.0)
    assert not budget.allows(MIDNIGHT + 5.0)
    assert budget.next_at(MIDNIGHT + 5.0) == MIDNIGHT + 4.0 + HOUR
    assert not budget.allows(MIDNIGHT + 4.0 + HOUR - 1)
    assert budget.allows(MIDNIGHT + 4.0 + HOUR)
    budget.record(MIDNIGHT + 4.0 + HOUR)
    assert not budget.allows(MIDNIGHT + 5.0 + HOUR)


def test_midnight_brings_back_the_whole_budget() -> None:
    late = MIDNIGHT - 60.0
    budget = spent(late, late, late, late)
    assert budget.today(late) == 4
    assert budget.next_at(late) == MIDNIGHT
    assert budget.today(MIDNIGHT) == 0
    assert budget.allows(MIDNIGHT)
    assert budget.last == late


def test_27_a_day_at_most() -> None:
    budget, made, at = DecreaseBudget(), 0, MIDNIGHT
    while at < MIDNIGHT + DAY:
        if budget.allows(at):
            budget.record(at)
            made += 1
        else:
            at += 60.0
    assert made == 27


@given(st.lists(st.floats(0.0, 3 * HOUR), max_size=120))
def test_no_schedule_gets_past_the_rules(pauses: list[float]) -> None:
    budget, at, made = DecreaseBudget(), MIDNIGHT, []
    for pause in pauses:
        at += pause
        allowed = budget.allows(at)
        next_at = budget.next_at(at)
        assert allowed == (next_at <= at + 1e-6)
        assert budget.allows(next_at)
        if allowed:
            budget.record(at)
            made.append(at)
    for position, instant in enumerate(made):
        day = instant // DAY
        earlier = [other for other in made[:position] if other // DAY == day]
        assert len(earlier) < 4 or instant - earlier[-1] >= HOUR - 1e-6
        assert len(earlier) < 27


def test_the_message_is_that_of_aws() -> None:
    budget = spent(*[1_532_551_694.9] * 6)
    assert budget.refusal(1_532_551_700.0) == (
        "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given "
        "UTC day. After the first 4 decreases, each subsequent decrease in the same UTC day can "
        "be performed at most once every 3600 seconds. Number of decreases today: 6. Last decrease "
        "at Wednesday, July 25, 2018 8:48:14 PM UTC. Next decrease can be made at Wednesday, July "
        "25, 2018 9:48:14 PM UTC"
    )


@pytest.mark.parametrize(
    ("utc", "short"),
    [
        (0.0, "Thursday, January 1, 1970 12:00:00 AM UTC"),
        (1_676_287_539.0, "Monday, February 13, 2023 11:25:39 AM UTC"),
        (1_735_646_400.0, "Tuesday, December 31, 2024 12:00:00 PM UTC"),
        (1_735_689_599.999_999_9, "Wednesday, January 1, 2025 12:00:00 AM UTC"),
    ],
)
def test_dates(utc: float, short: str) -> None:
    assert aws_date(utc) == short


def test_the_long_spelling() -> None:
    assert aws_date(1_676_287_539.5, long=True) == (
        "Monday, February 13, 2023 at 11:25:39 AM Coordinated Universal Time"
    )
