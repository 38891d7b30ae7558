"""How far one raise goes: the policies, case by case."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.capacity.demand import Demand
from dynoresilience.capacity.policy import (
    SETTLES,
    DemandPolicy,
    GeometricPolicy,
    Need,
    ScalingPolicy,
    policy_of,
)
from dynoresilience.errors import ConfigError
from dynoresilience.model import Dimension, Resource

POLICY = DemandPolicy()
UNKNOWN = Need(Resource("orders"), Dimension.WRITE, 5)
CHANCE = Demand(rate=30.0, units=3, seconds=0.1)
"""Three calls: too few to build on."""
STEADY = Demand(rate=100.0, units=1000, seconds=10.0)
SERVED = Demand(rate=5.0, units=50, seconds=10.0, held_up=True)
"""What 5 units give to those who have waited: what they want nobody knows."""
LITTLE = Demand(rate=2.0, units=20, seconds=10.0)
"""Less than there is: others use the table, too."""
AFTER = Demand(rate=2.0, units=20, seconds=10.0, held_up=True)


def wanted(
    demand: Demand | None, units: int = 5, *, settled: float = math.inf, foreseen: bool = False
) -> int:
    need = replace(UNKNOWN, units=units, demand=demand, settled=settled, foreseen=foreseen)
    return POLICY.wanted(need)


@pytest.mark.parametrize(
    ("demand", "units", "expected"),
    [
        (None, 5, 10),
        (CHANCE, 5, 10),
        (STEADY, 5, 110),
        (STEADY, 99, 110),
        (STEADY, 1, 110),
        (replace(STEADY, rate=0.4, units=4), 1, 2),  # less than a call a second
        (LITTLE, 5, 10),
        (replace(LITTLE, rate=4.9, units=49), 5, 6),  # just too much for what there is
        (SERVED, 5, 10),
        (replace(SERVED, rate=9.0, units=90), 5, 10),
        (replace(SERVED, rate=95.0, units=950), 100, 200),
    ],
)
def test_what_is_short_goes_to(demand: Demand | None, units: int, expected: int) -> None:
    assert wanted(demand, units) == expected


@pytest.mark.parametrize(
    ("demand", "units", "expected"),
    [
        (None, 5, 5),
        (CHANCE, 5, 5),
        (LITTLE, 5, 5),
        (AFTER, 5, 5),
        (STEADY, 5, 110),
        (STEADY, 101, 101),
        (SERVED, 5, 10),
    ],
)
def test_what_would_be_short_next_goes_to(demand: Demand | None, units: int, expected: int) -> None:
    """It stays as it is unless it would be short."""
    assert wanted(demand, units, foreseen=True) == expected


@pytest.mark.parametrize(
    ("waiting", "settled", "expected"),
    [
        (0.0, SETTLES, 20),  # those who have waited come as well: that will pass
        (100.0, SETTLES + POLICY.drain, 20),
        (0.0, SETTLES + POLICY.drain + 1, 40),  # it did not: what there is goes elsewhere
        (1081.0, SETTLES, 23),  # more than it serves in a minute
        (6000.0, SETTLES, 113),
    ],
)
@pytest.mark.parametrize("held_up", [True, False])
def test_after_a_change_those_that_wait_are_served_first(
    waiting: float, settled: float, expected: int, held_up: bool
) -> None:
    demand = replace(LITTLE, waiting=waiting, held_up=held_up)

    assert wanted(demand, 20, settled=settled) == expected


@pytest.mark.parametrize(
    ("growth", "expected"),
    [
        (0.0, 11),
        (0.1, 18),  # 6.2 more in a minute and the 2 s that the change takes
        (9.0, 22),  # never more than twice what it is
    ],
)
def test_a_demand_that_grows_is_met_for_a_while(growth: float, expected: int) -> None:
    demand = Demand(rate=10.0, units=100, seconds=10.0, growth=growth)

    assert POLICY.wanted(replace(UNKNOWN, demand=demand, change_seconds=2.0)) == expected


def test_what_others_ask_is_asked_on_top() -> None:
    """A process that gets 0.4 of 10 units, and asks for 20: the others get, and may keep, 6."""
    demand = Demand(rate=20.0, units=200, seconds=10.0, share=0.4)

    assert wanted(demand, 10) == math.ceil((20 + 6) * 1.1)


def test_its_own_numbers() -> None:
    policy = DemandPolicy(factor=3.0, headroom=1.5, lead=10.0, drain=5.0)
    growing = replace(STEADY, growth=5.0)

    assert policy.wanted(UNKNOWN) == 15
    assert policy.wanted(replace(UNKNOWN, demand=STEADY)) == 150
    assert policy.wanted(replace(UNKNOWN, demand=growing)) == 225
    waiting = replace(LITTLE, waiting=91.0)
    assert policy.wanted(replace(UNKNOWN, units=20, demand=waiting, settled=1.0)) == 31


@pytest.mark.parametrize(
    ("units", "factor", "expected"), [(5, 2.0, 10), (1, 1.01, 2), (10, 1.1, 11), (5, 1.5, 8)]
)
def test_geometric_steps(units: int, factor: float, expected: int) -> None:
    need = replace(UNKNOWN, units=units, demand=STEADY)

    assert GeometricPolicy(factor).wanted(need) == expected
    assert GeometricPolicy(factor).wanted(replace(need, foreseen=True)) == units


def test_which_policy_a_configuration_means() -> None:
    class Own:
        def wanted(self, need: Need) -> int:
            return 7

    own = Own()

    assert policy_of("geometric", 3.0) == GeometricPolicy(3.0)
    assert policy_of("demand", 3.0) == DemandPolicy(3.0)
    assert policy_of(own, 3.0) is own
    assert isinstance(own, ScalingPolicy)


finite = st.floats(0, 1e5)
demands = st.none() | st.builds(
    Demand,
    rate=st.floats(1e-3, 1e6),
    units=st.floats(0.5, 1e6),
    seconds=st.floats(0.1, 10.0),
    growth=finite,
    waiting=finite,
    held_up=st.booleans(),
)
needs = st.builds(
    Need,
    st.just(Resource("orders")),
    st.sampled_from(Dimension),
    st.integers(1, 40_000),
    demands,
    finite,
    finite | st.just(math.inf),
    st.booleans(),
)


@given(need=needs)
def test_whatever_is_known_it_is_a_whole_number_and_no_less_than_there_is(need: Need) -> None:
    for policy in (POLICY, GeometricPolicy()):
        assert type(policy.wanted(need)) is int
        assert policy.wanted(need) >= need.units


@given(need=needs)
def test_what_is_not_known_to_be_short_is_raised_only_where_more_is_asked(need: Need) -> None:
    spare = need.demand is None or need.demand.rate < 0.9 * need.units
    foreseen = replace(need, foreseen=True)

    if spare:
        assert POLICY.wanted(foreseen) == need.units


@pytest.mark.parametrize(
    ("policy", "fields", "message"),
    [
        (GeometricPolicy, {"factor": 1}, "factor=1 must be a finite number greater than 1"),
        (GeometricPolicy, {"factor": "2"}, "factor='2' must be a finite number greater than 1"),
        (DemandPolicy, {"factor": 1.0}, "factor=1.0 must be a finite number greater than 1"),
        (DemandPolicy, {"factor": True}, "factor=True must be a finite number greater than 1"),
        (DemandPolicy, {"headroom": 0.9}, "headroom=0.9 must be a finite number at least 1"),
        (DemandPolicy, {"lead": -1}, "lead=-1 must be a finite number at least 0"),
        (DemandPolicy, {"drain": 0}, "drain=0 must be a finite number greater than 0"),
        (DemandPolicy, {"drain": math.inf}, "drain=inf must be a finite number greater than 0"),
    ],
)
def test_what_no_policy_can_work_with(
    policy: type[ScalingPolicy], fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        policy(**fields)

    assert str(caught.value) == f"{policy.__name__}: {message}"


def test_every_fault_is_named_and_the_bounds_themselves_may_be() -> None:
    with pytest.raises(ConfigError, match=r"factor=0 .*; headroom=0 ") as caught:
        DemandPolicy(factor=0, headroom=0)
    assert "lead" not in str(caught.value)
    DemandPolicy(headroom=1, lead=0)
