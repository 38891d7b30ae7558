"""What a unit of provisioned capacity costs an hour, by region and table class. Pure.

AWS's list prices in US dollars, as read on `LISTED_ON`; without free tier, reserved capacity,
discounts and taxes. A program that has other prices gives its own.

Where they are from: Standard, of all regions, from the rate table in AWS Labs'
amazon-dynamodb-tools (its calculator of reserved capacity, 1.1.4, January 2026). Held against what
other projects have read from the AWS price list (`AmazonDynamoDB`, 2025 and 2026): us-east-1,
ap-northeast-1, ap-northeast-2 and eu-central-1 are the same there; of the other regions no such
reading was found. Standard-IA is from two readings of us-east-1, and known for that region alone.
Nothing was read from the live price list. Regions that are not here (China bills in yuan) have no
price. The write units of a global table cost the same as others, in each of its regions. Source:
"Understanding Amazon DynamoDB billing for global tables", Amazon DynamoDB Developer Guide.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

from dynoresilience.errors import ConfigError
from dynoresilience.model import Dimension, TableState, Units

LISTED_ON = "2026-11-21"
"""The day of the list below."""
INFREQUENT_ACCESS = "STANDARD_INFREQUENT_ACCESS"


@dataclass(frozen=True, slots=True)
class Prices:
    """What one unit costs an hour, in US dollars.

    ``read``, ``write``: of a table of class Standard. ``infrequent_read``, ``infrequent_write``: of
    one of class Standard-IA; None: not known.

    Raises:
        ConfigError: names each faulty field, its value and what is allowed.
    """

    read: float
    write: float
    infrequent_read: float | None = None
    infrequent_write: float | None = None

    def __post_init__(self) -> None:
        faults = [
            f"{entry.name}={value!r} must be a finite number of dollars, more than 0"
            for entry in fields(self)
            if not _is_price(value := getattr(self, entry.name))
            and not (value is None and entry.default is None)
        ]
        if faults:
            raise ConfigError("Prices: " + "; ".join(faults))

    def of(self, table_class: str) -> UnitPrices | None:
        """Those of one table class; None: not known."""
        if table_class == "STANDARD":
            return UnitPrices(self.read, self.write)
        if table_class != INFREQUENT_ACCESS:
            return None
        if self.infrequent_read is None or self.infrequent_write is None:
            return None
        return UnitPrices(self.infrequent_read, self.infrequent_write)


PriceTable = Prices | Mapping[str, Prices] | None
"""The owner's own prices: for every region, or by region (those left out are as listed)."""


@dataclass(frozen=True, slots=True)
class UnitPrices:
    """Dollars an hour for one unit of a certain table: a write in all of its regions."""

    read: float
    write: float

    def of(self, dimension: Dimension) -> float:
        return self.read if dimension is Dimension.READ else self.write

    def cost(self, units: Units) -> float:
        """Dollars an hour."""
        return units.read * self.read + units.write * self.write


@dataclass(frozen=True, slots=True)
class Unpriced:
    """There is no price for this."""

    region: str
    table_class: str

    def __str__(self) -> str:
        where = self.region or "a table without a region"
        return f"the price of a unit in {where} ({self.table_class}) is not known"


def unit_prices(state: TableState, given: PriceTable = None) -> UnitPrices | Unpriced:
    """What a unit of this table costs, by the owner's prices or the list.

    Writes are paid in each region of a global table; its replicas are taken to be of its own class.
    """
    here = region_of(state.arn)
    found = []
    for region in (here, *state.replicas):
        prices = given if isinstance(given, Prices) else (given or {}).get(region, LIST.get(region))
        of_class = prices.of(state.table_class) if prices is not None else None
        if of_class is None:
            return Unpriced(region, state.table_class)
        found.append(of_class)
    return UnitPrices(found[0].read, sum(prices.write for prices in found))


def region_of(arn: str) -> str:
    """The region in an ARN; empty if it is none, as in some emulators."""
    parts = arn.split(":")
    return parts[3] if len(parts) > 3 else ""


def _is_price(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return math.isfinite(value) and value > 0


LIST: Mapping[str, Prices] = {
    "af-south-1": Prices(0.00017493, 0.00087465),
    "ap-east-1": Prices(0.0001628, 0.000814),
    "ap-northeast-1": Prices(0.0001484, 0.000742),
    "ap-northeast-2": Prices(0.00014098, 0.0007049),
    "ap-northeast-3": Prices(0.0001484, 0.000742),
    "ap-south-1": Prices(0.000148, 0.00074),
    "ap-southeast-1": Prices(0.000148, 0.00074),
    "ap-southeast-2": Prices(0.000148, 0.00074),
    "ca-central-1": Prices(0.000143, 0.000715),
    "eu-central-1": Prices(0.0001586, 0.000793),
    "eu-north-1": Prices(0.00014, 0.000698),
    "eu-south-1": Prices(0.00015435, 0.00077175),
    "eu-west-1": Prices(0.000147, 0.000735),
    "eu-west-2": Prices(0.0001544, 0.000772),
    "eu-west-3": Prices(0.0001544, 0.000772),
    "il-central-1": Prices(0.0001764, 0.000882),
    "me-central-1": Prices(0.0001617, 0.0008085),
    "me-south-1": Prices(0.0001617, 0.0008085),
    "sa-east-1": Prices(0.000195, 0.000975),
    "us-east-1": Prices(0.00013, 0.00065, 0.00016, 0.00081),
    "us-east-2": Prices(0.00013, 0.00065),
    "us-gov-east-1": Prices(0.000156, 0.00078),
    "us-gov-west-1": Prices(0.000156, 0.00078),
    "us-west-1": Prices(0.000145, 0.000725),
    "us-west-2": Prices(0.00013, 0.00065),
}
"""Read and write, of Standard tables, and then of Standard-IA."""
