"""Time to live, continuous backups and encryption."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dynoresilience.tables.spec.faults import UNREAD, Fault
from dynoresilience.tables.spec.walk import key_attributes

if TYPE_CHECKING:
    from dynoresilience.tables.spec import TableSpec


def time_to_live(spec: TableSpec) -> Iterator[Fault]:
    """Not on a key of the table; on one of an index only if it is a number.

    AWS takes either. But the time of an item in its key can never be changed, and an attribute that
    is no number never makes an item expire.
    """
    name = spec.time_to_live
    if not isinstance(name, str):
        return
    if name in (spec.hash_key, spec.range_key):
        remedy = "is in the table's key, where an item's time could never be changed; give another"
        yield Fault("time_to_live", name, remedy)
        return
    kind = UNREAD if spec.attributes is UNREAD else spec.attributes.get(name)
    if kind in ("S", "B") and name in [each for _, each in key_attributes(spec)]:
        remedy = (
            f"is of type {kind!r} as the key of an index, and only numbers expire; give another"
        )
        yield Fault("time_to_live", name, remedy)


def recovery(spec: TableSpec) -> Iterator[Fault]:
    """A period belongs to backups that are on."""
    days = spec.recovery_period_days
    if days not in (None, UNREAD) and spec.point_in_time_recovery in (None, False):
        remedy = "needs point_in_time_recovery=True; set it, or leave this out"
        yield Fault("recovery_period_days", days, remedy)


def encryption(spec: TableSpec) -> Iterator[Fault]:
    """A key belongs to encryption with a key in KMS."""
    if spec.kms_key not in (None, UNREAD) and spec.sse in (None, False):
        yield Fault("kms_key", spec.kms_key, "needs sse=True; set it, or leave this out")
