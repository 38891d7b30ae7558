from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.testing.autoscaling.tracking import Bounds, Tracking, corrected, tracked

BOUNDS = Bounds(5, 100)
POLICY = Tracking(70.0)
IDLE = [0.0] * 15
LOW = [*[0.0] * 14, 1 / 60]  # one request, in the last minute


@pytest.mark.parametrize(
    ("units", "points", "wanted"),
    [
        (10, [], 10),
        (10, [9.0], 10),  # one minute is not enough
        (10, [9.0, 9.0], 13),
        (10, [7.5, 9.0], 13),  # the last one counts
        (10, [9.0, 7.5], 11),
        (10, [9.0, 7.0], 10),  # as much as the target is not over it
        (10, [7.0, 9.0], 10),
        (10, [9.0, 7.0, 9.0], 10),
        (10, [7.0, 7.0], 10),
        (10, [700.0, 700.0], 100),
        (100, [90.0, 90.0], 100),  # no higher
        (200, [190.0, 190.0], 200),  # above its bounds already: that is not tracking's affair
        (4, [4.0, 4.0], 6),
        (10, LOW[1:], 10),
        (10, LOW, 5),
        (10, LOW[::-1], 5),
        (5, LOW, 5),
        (3, LOW, 3),
        (100, [50.0] * 15, 72),  # 20 per cent of the units below the target
        (100, [50.1] * 15, 100),
        (100, [50.1, *[10.0] * 14], 100),
        (100, [60.0, *[10.0] * 15], 15),  # only the last 15
        (100, [*[10.0] * 14, 40.0], 58),  # the highest of them
    ],
)
def test_two_high_points_raise_and_fifteen_low_ones_lower(
    units: int, points: list[float], wanted: int
) -> None:
    assert tracked(units, points, BOUNDS, POLICY) == wanted


@pytest.mark.parametrize("units", [5, 10, 100, 200])
def test_an_idle_table_is_not_lowered(units: int) -> None:
    assert tracked(units, IDLE, BOUNDS, POLICY) == units
    assert tracked(units, [9.0, *IDLE], BOUNDS, POLICY) == units  # that was 16 minutes ago


@pytest.mark.parametrize(
    ("units", "points", "wanted"),
    [
        (50, [], 5),
        (50, [0.0], 5),
        (50, IDLE, 5),  # idle as it is
        (50, [30.0, 7.0], 10),  # what the last minute needs
        (50, [0.0, 35.0], 50),
        (50, [0.0, 49.0], 50),  # it is for two high points to raise
        (150, [140.0], 100),
        (3, [0.0], 5),
        (3, [3.0], 5),
        (7, [7.0], 7),
    ],
)
def test_what_somebody_else_did_is_taken_back_to_the_need(
    units: int, points: list[float], wanted: int
) -> None:
    assert corrected(units, points, BOUNDS, POLICY) == wanted


def test_each_direction_can_be_switched_off() -> None:
    up, down = Tracking(70.0, scales_in=False), Tracking(70.0, scales_out=False)
    high = [9.0, 9.0]
    assert tracked(10, LOW, BOUNDS, up) == 10
    assert tracked(10, high, BOUNDS, up) == 13
    assert tracked(10, LOW, BOUNDS, down) == 5
    assert tracked(10, high, BOUNDS, down) == 10
    assert corrected(50, [], BOUNDS, up) == 50
    assert corrected(3, [], BOUNDS, up) == 5
    assert corrected(50, [], BOUNDS, down) == 5


UNITS = st.integers(1, 50_000)
POINTS = st.lists(st.floats(0, 50_000), max_size=20)


@given(
    units=UNITS,
    points=POINTS,
    minimum=UNITS,
    more=st.integers(0, 50_000),
    target=st.floats(20, 90),
)
def test_it_moves_into_the_bounds_and_serves_the_last_minute(
    units: int, points: list[float], minimum: int, more: int, target: float
) -> None:
    bounds, policy = Bounds(minimum, minimum + more), Tracking(target)
    need = math.floor((points[-1] if points else 0.0) * 100 / target)
    wanted = tracked(units, points, bounds, policy)
    if wanted > units:
        assert wanted <= bounds.maximum
    if wanted < units:
        assert bounds.minimum <= wanted
    if wanted != units:
        assert wanted >= min(need, bounds.maximum)
    back = corrected(units, points, bounds, policy)
    assert back >= bounds.minimum
    assert back <= max(units, bounds.minimum)
    assert back >= min(units, need, bounds.maximum)
