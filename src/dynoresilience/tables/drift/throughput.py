"""What tables and global indexes have alike: capacity, maximums, warm throughput."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dynoresilience.model import Dimension, RaisedKey
from dynoresilience.tables.drift.place import LEFT_ALONE, Place
from dynoresilience.tables.report import Difference, Label
from dynoresilience.tables.seen.found import FoundIndex, FoundTable
from dynoresilience.tables.spec import GlobalIndex, TableSpec

CAPACITY: Mapping[str, Dimension] = {
    "read_capacity_units": Dimension.READ,
    "write_capacity_units": Dimension.WRITE,
    "max_read_request_units": Dimension.READ,
    "max_write_request_units": Dimension.WRITE,
}
"""The properties that Application Auto Scaling or a raise of ours may have changed."""

WARM = ("warm_read_units_per_second", "warm_write_units_per_second")

Owners = Mapping[RaisedKey, tuple[Label, str]]
"""Whose a number is, and in words why; of the numbers that are somebody's."""

_GROWS = "it grows with the traffic and the capacity, and never decreases"
_NO_MAXIMUM = -1
"""As DynamoDB's requests have it. What is found says None."""


def throughput(
    place: Place,
    declared: TableSpec | GlobalIndex,
    of: FoundTable | FoundIndex,
    table: FoundTable,
    owners: Owners,
) -> Iterator[Difference]:
    """Where the billing modes are the same. Capacity is declared, or the table is on demand."""
    for field, dimension in CAPACITY.items():
        wanted, seen = getattr(declared, field), getattr(of, field)
        owner, unseen = owners.get((place.index, dimension)), table.unseen.get(field)
        if wanted is None:
            if field.startswith("max_") and seen is not None:
                yield place.note(field, None, seen, Label.AWS_DEFAULT, LEFT_ALONE)
        elif seen == (None if wanted == _NO_MAXIMUM else wanted):
            continue
        elif owner is not None:
            label, why = owner
            yield place.note(field, wanted, seen, label, why)
        elif unseen is not None:
            yield place.blind(field, wanted, unseen)
        else:
            yield place.drift(field, wanted, seen)
    for field in WARM:
        wanted, seen = getattr(declared, field), getattr(of, field)
        unseen = table.unseen.get(field)
        if wanted is None or wanted == seen:
            continue
        if unseen is not None:
            yield place.blind(field, wanted, unseen)
        elif seen is not None and seen > wanted:
            yield place.note(field, wanted, seen, Label.AWS_COMPUTED, _GROWS)
        else:
            yield place.drift(field, wanted, seen)
