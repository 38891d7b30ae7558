"""Billing mode, capacity, on-demand maximum, warm throughput. Pure.

An UpdateTable takes units of the table and of all indexes at once, or a maximum of the table, or
maximums of indexes, or warm throughput: hardly any two of them go together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from dynoresilience.tables.plan.shape import maximum
from dynoresilience.tables.plan.step import changed, update_indexes, update_table
from dynoresilience.tables.report import Difference
from dynoresilience.tables.seen.found import FoundIndex, FoundTable
from dynoresilience.tables.sources.boto3 import throughput_members
from dynoresilience.tables.spec import GlobalIndex, TableSpec
from dynoresilience.tables.steps import Step

_UNITS = {"read_capacity_units": "ReadCapacityUnits", "write_capacity_units": "WriteCapacityUnits"}
_MAXIMUM = {
    "max_read_request_units": "MaxReadRequestUnits",
    "max_write_request_units": "MaxWriteRequestUnits",
}
_WARM = {
    "warm_read_units_per_second": "ReadUnitsPerSecond",
    "warm_write_units_per_second": "WriteUnitsPerSecond",
}
_SOON = "seconds to minutes"

_Numbers = dict[str | None, dict[str, Difference]]
"""Differences of numbers by index (None: the table itself) and field."""


def capacity(
    spec: TableSpec,
    found: FoundTable,
    kept: Collection[str],
    drift: Collection[Difference],
    doubts: Collection[str] = (),
) -> Iterator[Step]:
    """Billing mode and units, then maximums: what the table takes a second, and its price.

    Args:
        spec: what is declared.
        found: the table as it is.
        kept: the global indexes that it has by then.
        drift: how it will differ then.
        doubts: what is not known of whose its capacity is.
    """
    if spec.billing_mode != found.billing_mode:
        yield (
            _to_on_demand(spec, found) if spec.is_on_demand else _to_provisioned(spec, found, kept)
        )
    units = _numbers(drift, _UNITS)
    raised, lowered = _part(units, up=True), _part(units, up=False)
    if raised:
        yield _units(spec, found, raised, {}, doubts)
    if lowered:
        yield _units(spec, found, lowered, raised, doubts)
    for numbers in _apart(_numbers(drift, _MAXIMUM)):
        asked = {
            index: {_MAXIMUM[name]: each.declared for name, each in fields.items()}
            for index, fields in numbers.items()
        }
        yield update_table(
            spec.name,
            _members("OnDemandThroughput", asked),
            f"set the on-demand maximum: {_words(numbers)}",
            _changes(numbers),
            takes="seconds",
            risk="; ".join(("calls beyond it are throttled", *doubts)),
        )


def warm_throughput(
    spec: TableSpec, shape: FoundTable, drift: Collection[Difference]
) -> Iterator[Step]:
    """It only grows: what is warmer than declared is left alone, and is no difference.

    Args:
        spec: what is declared.
        shape: the table as it is by then.
        drift: how it will differ.
    """
    for numbers in _apart(_numbers(drift, _WARM)):
        asked = {index: _warm(_declared(spec, index), _of(shape, index)) for index in numbers}
        # What is there is of no account: it grows by itself.
        changes = {each.path: None for fields in numbers.values() for each in fields.values()}
        yield update_table(
            spec.name,
            _members("WarmThroughput", asked),
            f"warm up {_list(numbers)}",
            changes,
            takes="minutes",
            risk="it is paid for once, and can't be undone",
        )


def _to_on_demand(spec: TableSpec, found: FoundTable) -> Step:
    """What the table may take comes along, so that it is never without its maximum."""
    most = {
        member: units
        for name, member in _MAXIMUM.items()
        if (units := maximum(getattr(spec, name))) is not None and name not in found.unseen
    }
    return update_table(
        spec.name,
        {"BillingMode": "PAY_PER_REQUEST", **({"OnDemandThroughput": most} if most else {})},
        "switch to on-demand",
        {"billing_mode": found.billing_mode},
        takes=_SOON,
        risk="each request is paid for, without a bound where no maximum is set; at most 4 "
        "switches in 24 hours",
    )


def _to_provisioned(spec: TableSpec, found: FoundTable, kept: Collection[str]) -> Step:
    """It has to carry the capacity of the table and of each index.

    DynamoDB Local leaves an index its units meanwhile, and refuses the same ones.
    """
    indexes = {
        index.name: _provisioned(index)
        for index in spec.global_secondary_indexes
        if index.name in kept
        and any(getattr(index, name) != getattr(found.indexes[index.name], name) for name in _UNITS)
    }
    return update_table(
        spec.name,
        {
            "BillingMode": "PROVISIONED",
            **_provisioned(spec),
            **(update_indexes(indexes) if indexes else {}),
        },
        "switch to provisioned capacity",
        {"billing_mode": "PAY_PER_REQUEST"},
        takes=_SOON,
        risk="calls beyond the capacity are throttled",
    )


def _units(
    spec: TableSpec, found: FoundTable, numbers: _Numbers, raised: _Numbers, doubts: Collection[str]
) -> Step:
    """Those that go up, or those that go down, of the table and all indexes in one request.

    Apart, because a decrease may have to wait for the next day, and a raise may not. Equal units
    are refused, so nothing else is in it. ``raised``: those that are as declared by then.
    """
    asked = {}
    for index, fields in numbers.items():
        # Both units of an index go together: one that is as declared, or somebody's, as it is.
        seen, settled = _of(found, index), {**raised.get(index, {}), **fields}
        asked[index] = {
            member: settled[name].declared if name in settled else getattr(seen, name)
            for name, member in _UNITS.items()
        }
    risks = [*doubts]
    if any(each.declared < each.found for fields in numbers.values() for each in fields.values()):
        risks[:0] = [
            "calls beyond it are throttled",
            f"it takes one of the day's 4 decreases of {_list(numbers)}",
        ]
    return update_table(
        spec.name,
        _members("ProvisionedThroughput", asked),
        f"set the capacity: {_words(numbers)}",
        _changes(numbers),
        takes=_SOON,
        risk="; ".join(risks),
    )


def _part(numbers: _Numbers, *, up: bool) -> _Numbers:
    """Those that go up, or those that go down."""
    parts = {
        index: {name: each for name, each in fields.items() if (each.declared > each.found) is up}
        for index, fields in numbers.items()
    }
    return {index: fields for index, fields in parts.items() if fields}


def _provisioned(declared: TableSpec | GlobalIndex) -> dict[str, Any]:
    return {"ProvisionedThroughput": throughput_members(declared)["ProvisionedThroughput"]}


def _warm(declared: TableSpec | GlobalIndex, seen: FoundTable | FoundIndex) -> dict[str, int]:
    """Of both numbers those that are not below what is there: that would be refused."""
    asked = {}
    for name, member in _WARM.items():
        units = getattr(declared, name)
        if units is not None and units >= (getattr(seen, name) or 0):
            asked[member] = units
    return asked


def _members(member: str, asked: Mapping[str | None, Mapping[str, int]]) -> dict[str, Any]:
    """The members of an UpdateTable that asks for numbers of the table, of indexes, or both."""
    members: dict[str, Any] = {member: asked[None]} if None in asked else {}
    indexes = {name: {member: units} for name, units in asked.items() if name is not None}
    return members | (update_indexes(indexes) if indexes else {})


def _numbers(drift: Iterable[Difference], fields: Collection[str]) -> _Numbers:
    """Those that are about one of ``fields``: the table first, then by index."""
    found: _Numbers = {}
    for each in sorted(drift, key=lambda each: (each.index or "", each.path)):
        if each.field in fields:
            found.setdefault(each.index, {})[each.field] = each
    return found


def _apart(numbers: _Numbers) -> Iterator[_Numbers]:
    """The table's, then all indexes'."""
    for of_table in (True, False):
        part = {index: each for index, each in numbers.items() if (index is None) is of_table}
        if part:
            yield part


def _changes(numbers: _Numbers) -> dict[str, Any]:
    return changed(*(each for fields in numbers.values() for each in fields.values()))


def _declared(spec: TableSpec, index: str | None) -> TableSpec | GlobalIndex:
    if index is None:
        return spec
    return next(each for each in spec.global_secondary_indexes if each.name == index)


def _of(table: FoundTable, index: str | None) -> FoundTable | FoundIndex:
    return table if index is None else table.indexes[index]


def _words(numbers: _Numbers) -> str:
    """``read 5 -> 10, by-day write 7 -> 3``."""
    told = []
    for index, fields in numbers.items():
        for name, each in fields.items():
            what = "read" if "read" in name else "write"
            place = f"{index} {what}" if index is not None else what
            told.append(f"{place} {_units_of(each.found)} -> {_units_of(each.declared)}")
    return ", ".join(told)


def _units_of(units: int | None) -> str:
    return "none" if units is None or units < 0 else str(units)


def _list(numbers: Iterable[str | None]) -> str:
    return ", ".join("the table" if name is None else name for name in numbers)
