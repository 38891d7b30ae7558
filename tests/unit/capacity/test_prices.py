"""Whose prices hold for a table, and what can't be priced."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pytest

from dynoresilience import ConfigError
from dynoresilience.capacity.prices import (
    INFREQUENT_ACCESS,
    LIST,
    LISTED_ON,
    Prices,
    UnitPrices,
    Unpriced,
    region_of,
    unit_prices,
)
from dynoresilience.model import Dimension, ResourceState, TableState, Units

OWN = Prices(read=1.0, write=5.0, infrequent_read=2.0, infrequent_write=10.0)


def table(
    region: str = "us-east-1", table_class: str = "STANDARD", replicas: tuple[str, ...] = ()
) -> TableState:
    return TableState(
        name="orders",
        arn=f"arn:aws:dynamodb:{region}:123456789012:table/orders",
        table=ResourceState(Units(5, 5)),
        table_class=table_class,
        replicas=replicas,
    )


def test_the_list_price_of_north_virginia_in_both_classes() -> None:
    assert unit_prices(table()) == UnitPrices(read=0.00013, write=0.00065)
    assert unit_prices(table(table_class=INFREQUENT_ACCESS)) == UnitPrices(0.00016, 0.00081)


def test_the_list_is_dated_and_plausible() -> None:
    assert date.fromisoformat(LISTED_ON) >= date(2026, 11, 21)
    cheapest = LIST["us-east-1"]
    for region, prices in LIST.items():
        assert cheapest.read <= prices.read < 2 * cheapest.read, region
        assert cheapest.write <= prices.write < 2 * cheapest.write, region
        # A write costs five reads everywhere: a digit that is wrong would show.
        assert prices.write / prices.read == pytest.approx(5, rel=0.005), region


def test_own_prices_hold_in_every_region_or_in_those_that_they_name() -> None:
    assert unit_prices(table("mars-north-1"), OWN) == UnitPrices(1.0, 5.0)
    assert unit_prices(table(), {"us-east-1": OWN}) == UnitPrices(1.0, 5.0)
    assert unit_prices(table("eu-west-1"), {"us-east-1": OWN}) == UnitPrices(0.000147, 0.000735)
    assert unit_prices(table(table_class=INFREQUENT_ACCESS), OWN) == UnitPrices(2.0, 10.0)


@pytest.mark.parametrize(
    ("state", "given", "told"),
    [
        (table("cn-north-1"), None, "the price of a unit in cn-north-1 (STANDARD) is not known"),
        (table("cn-north-1"), {"us-east-1": OWN}, "cn-north-1"),
        (table("eu-west-1", INFREQUENT_ACCESS), None, f"eu-west-1 ({INFREQUENT_ACCESS})"),
        (table(table_class=INFREQUENT_ACCESS), Prices(1.0, 5.0), f"us-east-1 ({INFREQUENT_ACCESS}"),
        (table(table_class="GLACIAL"), OWN, "us-east-1 (GLACIAL)"),
        (table("ddblocal"), None, "ddblocal"),
        (table(""), None, "a table without a region"),
        (table(replicas=("eu-west-1", "mars-north-1")), None, "mars-north-1"),
    ],
)
def test_what_has_no_price_is_told(state: TableState, given: Any, told: str) -> None:
    found = unit_prices(state, given)

    assert isinstance(found, Unpriced)
    assert told in str(found)


def test_writes_of_a_global_table_are_paid_in_each_region_and_reads_in_ours() -> None:
    found = unit_prices(table(replicas=("eu-west-1", "eu-central-1")))

    assert isinstance(found, UnitPrices)
    assert found.read == 0.00013
    assert found.write == pytest.approx(0.00065 + 0.000735 + 0.000793)
    assert found.of(Dimension.WRITE) == found.write
    assert found.of(Dimension.READ) == found.read
    assert UnitPrices(1.0, 5.0).cost(Units(read=2, write=3)) == 17.0


def test_the_region_of_an_arn() -> None:
    assert region_of("arn:aws-cn:dynamodb:cn-north-1:1:table/orders") == "cn-north-1"
    assert region_of("orders") == ""


@pytest.mark.parametrize("value", [0, -0.1, math.nan, math.inf, True, "0.1", None])
def test_a_price_is_a_number_of_dollars(value: Any) -> None:
    message = f"write={value!r} must be a finite number of dollars, more than 0"
    with pytest.raises(ConfigError) as caught:
        Prices(read=0.1, write=value)
    assert str(caught.value) == f"Prices: {message}"

    if value is not None:
        with pytest.raises(ConfigError, match="infrequent_read="):
            Prices(0.1, 0.1, infrequent_read=value)
