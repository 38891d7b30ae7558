from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.testing.capacity.bucket import Bucket


def bucket(units: int = 5, *, burst: float = 2.0, full: bool = True) -> Bucket:
    return Bucket(units, burst_seconds=burst, at=0.0, full=full)


def test_a_full_bucket_serves_its_burst_and_then_its_rate() -> None:
    b = bucket()
    assert [b.take(1.0, 0.0) for _ in range(11)] == [True] * 10 + [False]
    assert not b.take(1.0, 0.19)
    assert b.take(1.0, 0.2)
    assert b.tokens(100.0) == 10.0


def test_an_empty_start_has_nothing_saved() -> None:
    b = bucket(full=False)
    assert not b.take(0.5, 0.0)
    assert b.take(0.5, 0.1)


def test_what_can_not_be_taken_whole_is_left_alone() -> None:
    b = bucket()
    assert b.take(9.0, 0.0)
    assert not b.take(2.0, 0.0)
    assert b.tokens(0.0) == 1.0


def test_a_charge_that_is_larger_than_the_bucket_needs_a_full_one_and_leaves_a_debt() -> None:
    b = bucket()
    assert b.take(25.0, 0.0)
    assert b.tokens(0.0) == -15.0
    assert not b.take(25.0, 4.9)
    assert b.take(25.0, 5.0)


def test_a_debt_is_paid_before_anything_is_let_in() -> None:
    b = bucket()
    b.settle(20.0, 0.0)
    assert b.tokens(0.0) == -10.0
    assert not b.take(0.5, 2.0)
    assert b.take(0.5, 2.1)


def test_what_is_given_back_does_not_overflow() -> None:
    b = bucket()
    b.settle(-5.0, 0.0)
    assert b.tokens(0.0) == 10.0


def test_a_raise_keeps_what_was_saved_and_a_cut_keeps_what_fits() -> None:
    b = bucket()
    b.take(4.0, 0.0)
    b.set_units(50, 0.0)
    assert b.tokens(0.0) == 6.0
    assert b.tokens(1.0) == 56.0
    b.set_units(1, 1.0)
    assert b.tokens(1.0) == 2.0


def test_units_count_until_the_change_at_the_old_rate() -> None:
    b = bucket(full=False)
    b.set_units(100, 1.0)
    assert b.tokens(1.0) == 5.0
    assert b.tokens(1.5) == 55.0


def test_it_is_full_when_all_that_it_holds_is_there() -> None:
    b = bucket()
    assert b.is_full(0.0)
    b.take(5.0, 0.0)
    assert [b.is_full(at) for at in (0.0, 0.9, 1.0)] == [False, False, True]


def test_an_earlier_instant_than_the_last_changes_nothing() -> None:
    b = bucket()
    b.take(10.0, 3.0)
    assert b.tokens(2.0) == 0.0
    assert b.tokens(4.0) == 5.0


def test_a_correction_comes_after_what_was_refilled() -> None:
    b = bucket()
    b.settle(5.0, 1.0)
    assert b.tokens(1.0) == 5.0


def test_what_a_sum_of_floats_is_off_by_is_no_debt() -> None:
    b = bucket(full=False)
    assert b.take(1.0, 0.2 - 1e-9)
    assert b.tokens(0.2 - 1e-9) == 0.0


charges = st.lists(
    st.tuples(
        st.floats(0.0, 5.0, allow_nan=False),
        st.sampled_from([0.5, 1.0, 1.5, 2.0, 4.0, 7.0]),
        st.integers(1, 50),
    ),
    max_size=60,
)


@given(units=st.integers(1, 50), burst=st.floats(7.0, 300.0), steps=charges)
def test_never_more_than_burst_and_rate_allow_and_never_negative(
    units: int, burst: float, steps: list[tuple[float, float, int]]
) -> None:
    b = Bucket(units, burst_seconds=burst, at=0.0)
    at, allowed, admitted = 0.0, units * burst, 0.0
    for pause, cost, _ in steps:
        at += pause
        allowed += pause * units
        if b.take(cost, at):
            admitted += cost
        assert b.tokens(at) >= 0.0
        assert b.tokens(at) <= b.room
        assert admitted <= allowed + 1e-4


@given(steps=charges)
def test_nor_while_units_change(steps: list[tuple[float, float, int]]) -> None:
    b = Bucket(10, burst_seconds=10.0, at=0.0)
    at, allowed, admitted = 0.0, 100.0, 0.0
    for pause, cost, units in steps:
        at += pause
        allowed += pause * b.units
        b.set_units(units, at)
        if cost <= b.room and b.take(cost, at):
            admitted += cost
        assert 0.0 <= b.tokens(at) <= b.room
        assert admitted <= allowed + 1e-4


@given(st.lists(st.tuples(st.floats(0.0, 2.0), st.floats(0.5, 40.0)), max_size=40))
def test_reads_in_debt_are_held_to_the_rate_too(steps: list[tuple[float, float]]) -> None:
    b = bucket(5, burst=2.0)
    at, allowed, admitted, largest = 0.0, 10.0, 0.0, 0.0
    for pause, cost in steps:
        at += pause
        allowed += pause * 5
        if b.take(0.5, at):
            b.settle(cost - 0.5, at)
            admitted, largest = admitted + cost, max(largest, cost)
        assert admitted <= allowed + largest + 1e-4


def test_what_was_spent_is_added_up_whatever_is_refilled_or_refused() -> None:
    b = bucket(burst=1.0)
    assert b.spent == 0.0
    assert b.take(4, 0.0)
    assert not b.take(4, 0.0)
    b.settle(2, 0.0)
    assert b.take(5, 60.0)
    b.settle(-3, 60.0)
    b.set_units(50, 60.0)
    assert b.spent == 8.0
