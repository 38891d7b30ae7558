"""Assertions on what happened, and what they say when it did not."""

from __future__ import annotations

from collections import Counter

import pytest

from dynoresilience.model import Dimension, Resource, Units
from dynoresilience.testing.checks import Checks

TABLE, INDEX = Resource("orders"), Resource("orders", "by-customer")


class Told(Checks):
    """Histories that a test writes down."""

    def __init__(self, *table: Units, index: tuple[Units, ...] = (Units(2, 2),)) -> None:
        self.region = "us-east-1"
        self.counts: Counter[tuple[Resource, Dimension]] = Counter()
        self._told = {TABLE: table, INDEX: index}

    @property
    def throttles(self) -> Counter[tuple[Resource, Dimension]]:
        return self.counts

    @property
    def resources(self) -> tuple[Resource, ...]:
        return tuple(self._told)

    def capacity_history(
        self, table: str, index: str | None = None
    ) -> tuple[tuple[float, Units], ...]:
        units = self._told.get(Resource(table, index), ())
        return tuple((float(number), each) for number, each in enumerate(units))


def test_the_peak_is_that_of_each_dimension() -> None:
    told = Told(Units(2, 2), Units(9, 3), Units(4, 8))
    assert told.peak("orders") == Units(9, 8)
    assert told.peak("orders", "by-customer") == Units(2, 2)


def test_no_throttles() -> None:
    told = Told(Units(2, 2))
    told.assert_no_throttles()
    told.counts[INDEX, Dimension.WRITE] = 3
    told.counts[Resource("carts"), Dimension.READ] = 1
    with pytest.raises(AssertionError) as caught:
        told.assert_no_throttles()
    assert str(caught.value) == (
        "orders/by-customer was short of write capacity 3 times; "
        "carts was short of read capacity 1 times"
    )
    with pytest.raises(AssertionError, match=r"by-customer was short of write capacity 3 times$"):
        told.assert_no_throttles("orders")
    del told.counts[INDEX, Dimension.WRITE]
    told.assert_no_throttles("orders")


def test_raised() -> None:
    told = Told(Units(2, 2), Units(2, 20), Units(2, 2), index=(Units(2, 2), Units(1, 1)))
    told.assert_raised("orders")
    told.assert_raised("orders", write=20)
    told.assert_raised("orders", read=2, write=20)
    with pytest.raises(AssertionError) as caught:
        told.assert_raised("orders", write=40)
    assert str(caught.value) == (
        "orders was raised to 20 write units at the most, not 40: "
        "it had 2/2, 2/20, 2/2 read/write units"
    )
    with pytest.raises(AssertionError, match="to 2 read units at the most, not 0"):
        told.assert_raised("orders", read=0, write=20)
    with pytest.raises(AssertionError) as caught:
        told.assert_raised("orders", "by-customer")
    assert str(caught.value) == (
        "orders/by-customer was never raised: it had 2/2, 1/1 read/write units"
    )


def test_back_at_base() -> None:
    Told(Units(2, 2), Units(2, 20), Units(2, 2)).assert_back_at_base("orders")
    with pytest.raises(AssertionError, match="orders had 2/2, 2/20 read/write units"):
        Told(Units(2, 2), Units(2, 20)).assert_back_at_base("orders")
    with pytest.raises(AssertionError, match="at base: orders/by-customer had 2/2, 9/2 read/write"):
        Told(Units(2, 2), index=(Units(2, 2), Units(9, 2))).assert_back_at_base("orders")


def test_a_name_that_is_not_there_is_an_error_and_not_a_pass() -> None:
    told = Told(Units(2, 2))
    message = "no ordres in us-east-1; there is orders, orders/by-customer"
    for check in (
        told.peak,
        told.assert_no_throttles,
        told.assert_raised,
        told.assert_back_at_base,
    ):
        with pytest.raises(KeyError, match=message):
            check("ordres")
    with pytest.raises(KeyError, match="no orders/by-day in us-east-1"):
        told.assert_raised("orders", "by-day")
