"""Capacity where it is provisioned, maximums where it is on demand.

Source: CreateTable, Amazon DynamoDB API Reference. DynamoDB Local and moto take capacity on an
index of an on-demand table; AWS does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dynoresilience.tables.spec.faults import NOT_GIVEN, Fault
from dynoresilience.tables.spec.walk import global_indexes

if TYPE_CHECKING:
    from dynoresilience.tables.spec import GlobalIndex, TableSpec

WARM_ON_DEMAND = {"read": 12_000, "write": 4_000}
"""Units a second that every on-demand table and index can serve from its beginning, and below which
AWS takes no warm throughput. Source: Understanding warm throughput, Amazon DynamoDB Developer
Guide."""


def no_capacity_on_demand(spec: TableSpec) -> Iterator[Fault]:
    """Neither the table nor any of its indexes has any."""
    if spec.billing_mode != "PAY_PER_REQUEST":
        return
    for path, of in _with_throughput(spec):
        for dimension in WARM_ON_DEMAND:
            units = getattr(of, f"{dimension}_capacity_units")
            if units is not None:
                remedy = (
                    "an on-demand table and its indexes have no capacity; leave it out, "
                    "or make billing_mode 'PROVISIONED'"
                )
                yield Fault(f"{path}{dimension}_capacity_units", units, remedy)


def provisioned_capacity(spec: TableSpec) -> Iterator[Fault]:
    """The table has it, and each global index for itself."""
    if spec.billing_mode != "PROVISIONED":
        return
    for path, of in _with_throughput(spec):
        for dimension in WARM_ON_DEMAND:
            if getattr(of, f"{dimension}_capacity_units") is None:
                whose = (
                    "each global index of a provisioned table" if path else "a provisioned table"
                )
                remedy = f"{whose} needs it; give it, or make billing_mode 'PAY_PER_REQUEST'"
                yield Fault(f"{path}{dimension}_capacity_units", NOT_GIVEN, remedy)


def no_maximum_where_provisioned(spec: TableSpec) -> Iterator[Fault]:
    """Its capacity is the maximum."""
    if spec.billing_mode != "PROVISIONED":
        return
    for path, of in _with_throughput(spec):
        for dimension in WARM_ON_DEMAND:
            most = getattr(of, f"max_{dimension}_request_units")
            if most is not None:
                remedy = (
                    "only an on-demand table and its indexes have a maximum; leave it out, "
                    "or make billing_mode 'PAY_PER_REQUEST'"
                )
                yield Fault(f"{path}max_{dimension}_request_units", most, remedy)


def warm_throughput(spec: TableSpec) -> Iterator[Fault]:
    """Not below what there is anyway: the capacity, or what every on-demand table can serve."""
    for path, of in _with_throughput(spec):
        for dimension, on_demand in WARM_ON_DEMAND.items():
            warm = getattr(of, f"warm_{dimension}_units_per_second")
            if spec.billing_mode == "PAY_PER_REQUEST":
                least, why = on_demand, "what every on-demand table and index serves"
            else:
                field = f"{dimension}_capacity_units"
                least, why = getattr(of, field), f"its {field}"
            if isinstance(warm, int) and isinstance(least, int) and warm < least:
                remedy = f"can't be below {least}, {why}; raise it or leave it out"
                yield Fault(f"{path}warm_{dimension}_units_per_second", warm, remedy)


def _with_throughput(spec: TableSpec) -> list[tuple[str, TableSpec | GlobalIndex]]:
    """The table and its global indexes, each with the beginning of its fields' paths."""
    return [("", spec), *((f"{path}.", index) for path, index in global_indexes(spec))]
