import math
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynoresilience.model import Dimension, Resource, ThrottleKind, Units
from dynoresilience.testing.capacity.buckets import CapacityModel
from dynoresilience.testing.capacity.meters import Meter, Shortage, Spot, add

ORDERS = Resource("orders")
INDEX = Resource("orders", "by-customer")
TABLE_WRITE = Meter(ORDERS, Dimension.WRITE)
INDEX_WRITE = Meter(INDEX, Dimension.WRITE)
ON_TABLE, ON_INDEX = Spot(TABLE_WRITE), Spot(INDEX_WRITE)
HOT = Spot(TABLE_WRITE, ("S:hot",))
MAXIMUM, KEY_RANGE = ThrottleKind.ON_DEMAND_MAXIMUM, ThrottleKind.KEY_RANGE


def short(meter: Meter, kind: ThrottleKind = ThrottleKind.PROVISIONED) -> Shortage:
    return Shortage(meter, kind)


def model(burst_seconds: float = 1.0, **options: float) -> CapacityModel:
    capacity = CapacityModel(burst_seconds=burst_seconds, **options)  # type: ignore[arg-type]
    capacity.provision(ORDERS, Units(5, 5), 0.0)
    capacity.provision(INDEX, Units(5, 2), 0.0)
    return capacity


def test_a_write_is_charged_to_all_or_to_none_and_says_what_was_short() -> None:
    capacity = model()
    charge = {ON_TABLE: 1.0, ON_INDEX: 1.0}
    assert [capacity.charge(charge, 0.0) for _ in range(3)] == [None, None, short(INDEX_WRITE)]
    assert capacity.available(TABLE_WRITE, 0.0) == 3.0
    assert capacity.available(INDEX_WRITE, 0.0) == 0.0
    assert capacity.charge({ON_TABLE: 3.0}, 0.0) is None
    assert capacity.charge(charge, 0.0) == short(TABLE_WRITE)


def test_reads_and_writes_are_counted_apart() -> None:
    capacity = model()
    assert capacity.charge({ON_TABLE: 5.0}, 0.0) is None
    assert capacity.available(Meter(ORDERS, Dimension.READ), 0.0) == 5.0


def test_settling_replaces_the_reservation() -> None:
    capacity = model()
    capacity.charge({ON_TABLE: 1.0, ON_INDEX: 1.0}, 0.0)
    capacity.settle({ON_TABLE: 1.0, ON_INDEX: 1.0}, {ON_TABLE: 7.0}, 0.0)
    assert capacity.available(TABLE_WRITE, 0.0) == -2.0
    assert capacity.available(INDEX_WRITE, 0.0) == 2.0


def test_on_demand_and_unknown_resources_have_no_limit() -> None:
    capacity = model()
    capacity.provision(INDEX, Units(0, 0), 0.0)
    unknown = Spot(Meter(Resource("x"), Dimension.READ))
    assert capacity.charge({ON_INDEX: 1e9, unknown: 1e9}, 0.0) is None
    assert capacity.available(INDEX_WRITE, 0.0) == math.inf


def test_a_resource_that_is_gone_takes_its_savings_with_it() -> None:
    capacity = model(start_full=False)
    capacity.provision(ORDERS, Units(5, 5), 1.0)
    capacity.forget(ORDERS)
    capacity.provision(ORDERS, Units(5, 5), 1.0)
    assert capacity.available(TABLE_WRITE, 1.0) == 0.0


def test_a_bucket_needs_room() -> None:
    with pytest.raises(ValueError, match="burst_seconds"):
        CapacityModel(burst_seconds=0.0)


# On-demand maxima


def test_an_on_demand_maximum_holds_while_the_resource_is_on_demand() -> None:
    capacity = model()
    capacity.provision(ORDERS, Units(0, 0), 0.0)
    assert capacity.charge({ON_TABLE: 1e6}, 0.0) is None
    capacity.set_maximum(ORDERS, 0.0, write=3)
    assert [capacity.charge({ON_TABLE: 1.0}, 0.0) for _ in range(4)] == [
        *[None] * 3,
        Shortage(TABLE_WRITE, MAXIMUM, on_demand=True),
    ]
    assert capacity.available(Meter(ORDERS, Dimension.READ), 0.0) == math.inf
    capacity.provision(ORDERS, Units(5, 50), 0.0)
    assert capacity.charge({ON_TABLE: 50.0}, 0.0) is None
    capacity.provision(ORDERS, Units(0, 0), 0.0)
    assert capacity.available(TABLE_WRITE, 0.5) == 1.5


def test_a_maximum_is_changed_by_dimension_and_taken_away_by_minus_one() -> None:
    capacity = CapacityModel(burst_seconds=1.0)
    read = Meter(INDEX, Dimension.READ)
    capacity.set_maximum(INDEX, 0.0, read=10, write=20)
    capacity.set_maximum(INDEX, 0.0, write=2)
    assert (capacity.available(read, 0.0), capacity.available(INDEX_WRITE, 0.0)) == (10.0, 2.0)
    capacity.set_maximum(INDEX, 0.0, read=-1)
    assert (capacity.available(read, 0.0), capacity.available(INDEX_WRITE, 0.0)) == (math.inf, 2.0)
    capacity.forget(INDEX)
    assert capacity.available(INDEX_WRITE, 0.0) == math.inf


# Partitions


def test_a_key_has_what_one_partition_has_however_much_the_table_has() -> None:
    capacity = CapacityModel()
    capacity.provision(ORDERS, Units(40_000, 40_000), 0.0)
    other, read = Spot(TABLE_WRITE, ("S:other",)), Spot(Meter(ORDERS, Dimension.READ), HOT.key)
    assert capacity.charge({HOT: 1000.0}, 0.0) is None
    assert capacity.charge({HOT: 1.0}, 0.0) == short(TABLE_WRITE, KEY_RANGE)
    assert capacity.charge({other: 1000.0, read: 3000.0}, 0.0) is None
    assert capacity.charge({read: 0.5}, 0.0) == short(read.meter, KEY_RANGE)
    assert capacity.charge({HOT: 500.0}, 0.5) is None
    assert capacity.available(TABLE_WRITE, 0.5) == 40_000 * 300 - 500


def test_a_raise_does_not_lift_the_limit_of_a_key() -> None:
    capacity = model(burst_seconds=300.0)
    capacity.limit_key(HOT, 2, 0.0)
    assert capacity.charge({HOT: 2.0}, 0.0) is None
    capacity.provision(ORDERS, Units(5, 40_000), 0.0)
    assert capacity.charge({HOT: 1.0}, 0.0) == short(TABLE_WRITE, KEY_RANGE)
    assert capacity.charge({ON_TABLE: 1.0}, 0.0) is None
    capacity.limit_key(HOT, None, 0.0)
    assert capacity.charge({HOT: 999.0}, 1.0) is None


def test_a_key_is_limited_on_an_on_demand_table_too() -> None:
    capacity = CapacityModel()
    capacity.limit_key(HOT, 1, 0.0)
    assert capacity.charge({HOT: 1.0}, 0.0) is None
    assert capacity.charge({HOT: 1.0}, 0.0) == Shortage(TABLE_WRITE, KEY_RANGE, on_demand=True)
    capacity.forget(ORDERS)
    assert capacity.charge({HOT: 1000.0}, 0.0) is None


def test_an_item_that_is_larger_than_its_partition_serves_in_a_second_is_let_in() -> None:
    capacity = CapacityModel()
    capacity.limit_key(HOT, 2, 0.0)
    assert capacity.charge({HOT: 7.0}, 0.0) is None
    assert capacity.charge({HOT: 1.0}, 2.9) is not None
    assert capacity.charge({HOT: 1.0}, 3.1) is None


def test_a_partition_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        CapacityModel().limit_key(HOT, 0, 0.0)


def test_keys_that_are_not_hot_take_no_memory() -> None:
    capacity = CapacityModel()
    for number in range(20_000):
        assert capacity.charge({Spot(TABLE_WRITE, (f"S:{number}",)): 1.0}, number / 100) is None
    assert len(capacity._partitions) <= 1_024


def test_what_a_key_owes_is_not_forgotten() -> None:
    capacity = CapacityModel()
    capacity.settle({}, {HOT: 100_000.0}, 0.0)
    for number in range(5_000):
        capacity.charge({Spot(TABLE_WRITE, (f"S:{number}",)): 1.0}, 10.0)
    assert capacity.charge({HOT: 1.0}, 98.0) == Shortage(TABLE_WRITE, KEY_RANGE, on_demand=True)
    assert capacity.charge({HOT: 1.0}, 100.0) is None


# The account


def test_the_account_is_shared_by_all_tables() -> None:
    capacity = CapacityModel(account_write=10)
    other = Meter(Resource("other"), Dimension.WRITE)
    assert capacity.charge({ON_TABLE: 4.0, ON_INDEX: 4.0}, 0.0) is None
    account = ThrottleKind.ACCOUNT
    assert capacity.charge({Spot(other): 3.0}, 0.0) == Shortage(other, account, on_demand=True)
    assert capacity.charge({Spot(other): 2.0}, 0.0) is None
    assert capacity.charge({Spot(Meter(ORDERS, Dimension.READ)): 1e6}, 0.0) is None
    assert capacity.charge({ON_TABLE: 1.0}, 0.1) is None


def test_nothing_is_taken_anywhere_if_the_account_is_short() -> None:
    capacity = model(account_write=3)
    capacity.limit_key(HOT, 5, 0.0)
    assert capacity.charge({HOT: 2.0}, 0.0) is None
    assert capacity.charge({HOT: 2.0}, 0.0) == short(TABLE_WRITE, ThrottleKind.ACCOUNT)
    assert capacity.available(TABLE_WRITE, 0.0) == 3.0
    assert capacity.charge({HOT: 1.0}, 0.0) is None


# What always holds

LIMITS = {"table": 20, "index": 10, "key": 4, "account": 25}
spots = st.sampled_from(
    [ON_TABLE, HOT, Spot(TABLE_WRITE, ("S:b",)), ON_INDEX, Spot(INDEX_WRITE, ("S:hot",))]
)
requests = st.lists(
    st.tuples(
        st.floats(0.0, 3.0, allow_nan=False),
        st.dictionaries(spots, st.sampled_from([0.5, 1.0, 2.0, 4.0]), min_size=1, max_size=4),
    ),
    max_size=60,
)


def limited(burst_seconds: float = 1.0) -> CapacityModel:
    capacity = CapacityModel(burst_seconds=burst_seconds, account_write=LIMITS["account"])
    capacity.provision(ORDERS, Units(5, LIMITS["table"]), 0.0)
    capacity.provision(INDEX, Units(5, LIMITS["index"]), 0.0)
    capacity.limit_key(HOT, LIMITS["key"], 0.0)
    return capacity


def of(spot: Spot) -> list[str]:
    """The limits that a charge counts on."""
    own = "table" if spot.meter == TABLE_WRITE else "index"
    return [own, "account", *(["key"] if spot == HOT else [])]


@given(requests, st.sampled_from([1.0, 2.5]))
def test_no_window_serves_more_than_its_seconds_and_the_burst(
    steps: list[tuple[float, dict[Spot, float]]], burst: float
) -> None:
    capacity, at = limited(burst), 0.0
    let_in: list[tuple[float, Counter[str]]] = []
    for pause, charges in steps:
        at += pause
        if capacity.charge(charges, at) is None:
            costs: Counter[str] = Counter()
            for spot, cost in charges.items():
                for name in of(spot):
                    costs[name] += cost  # type: ignore[assignment]
            let_in.append((at, costs))
        assert capacity.available(TABLE_WRITE, at) >= 0
        assert capacity.available(INDEX_WRITE, at) >= 0
    for name, units in LIMITS.items():
        kept = units * (burst if name in ("table", "index") else 1.0)
        for first, (start, _) in enumerate(let_in):
            served = 0.0
            for end, costs in let_in[first:]:
                served += costs[name]
                assert served <= max(kept + units * (end - start), 0) + 1e-3


@given(requests)
def test_what_is_refused_takes_nothing_and_what_is_let_in_takes_all(
    steps: list[tuple[float, dict[Spot, float]]],
) -> None:
    capacity, at = limited(), 0.0
    for pause, charges in steps:
        at += pause
        before = {m: capacity.available(m, at) for m in (TABLE_WRITE, INDEX_WRITE)}
        expected = capacity.short(charges, at)
        assert capacity.charge(charges, at) == expected
        for meter, had in before.items():
            cost = sum(cost for spot, cost in charges.items() if spot.meter == meter)
            left = capacity.available(meter, at)
            assert left == pytest.approx(had if expected else had - cost, abs=1e-5)


@given(requests)
def test_a_charge_that_is_given_back_leaves_no_trace(
    steps: list[tuple[float, dict[Spot, float]]],
) -> None:
    used, untouched, at = limited(), limited(), 0.0
    for pause, charges in steps:
        at += pause
        if used.charge(charges, at) is None:
            used.settle(charges, {}, at)
        assert used.short(charges, at) == untouched.short(charges, at)
        assert used.available(TABLE_WRITE, at) == untouched.available(TABLE_WRITE, at)


@given(st.lists(st.dictionaries(spots, st.integers(1, 9), max_size=4), max_size=5), st.randoms())
def test_the_sum_of_charges_does_not_depend_on_their_order(
    charges: list[dict[Spot, float]], chance: random.Random
) -> None:
    shuffled = list(charges)
    chance.shuffle(shuffled)
    assert add(*charges) == add(*shuffled)


@pytest.mark.parametrize(
    ("resource", "dimension", "kind", "reason"),
    [
        (ORDERS, Dimension.WRITE, KEY_RANGE, "TableWriteKeyRangeThroughputExceeded"),
        (INDEX, Dimension.READ, MAXIMUM, "IndexReadMaxOnDemandThroughputExceeded"),
        (ORDERS, Dimension.READ, ThrottleKind.ACCOUNT, "TableReadAccountLimitExceeded"),
        (
            INDEX,
            Dimension.WRITE,
            ThrottleKind.PROVISIONED,
            "IndexWriteProvisionedThroughputExceeded",
        ),
    ],
)
def test_reasons_are_named_as_aws_names_them(
    resource: Resource, dimension: Dimension, kind: ThrottleKind, reason: str
) -> None:
    assert Shortage(Meter(resource, dimension), kind).reason == reason


def test_consumption_is_counted_of_provisioned_units_alone() -> None:
    capacity = model()
    capacity.charge({ON_TABLE: 3.0, ON_INDEX: 1.0}, 0.0)
    capacity.charge({ON_TABLE: 3.0}, 0.0)  # refused
    capacity.settle({ON_INDEX: 1.0}, {}, 0.0)
    assert capacity.spent(TABLE_WRITE) == 3.0
    assert capacity.spent(INDEX_WRITE) == 0.0
    capacity.provision(ORDERS, Units(5, 50), 1.0)
    assert capacity.spent(TABLE_WRITE) == 3.0
    capacity.provision(ORDERS, Units(0, 0), 1.0)
    capacity.set_maximum(ORDERS, 1.0, write=5)
    capacity.charge({ON_TABLE: 1.0}, 1.0)
    assert capacity.spent(TABLE_WRITE) is None
