"""Bounds for single tables and indexes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from dynoresilience.config.faults import (
    capacity_faults,
    flag_faults,
    mapping_faults,
    raise_if,
    spending_faults,
    unknown_field,
)


class KnownFields:
    """Refuses unknown fields with a `ConfigError` in place of Python's bare TypeError."""

    __slots__ = ()

    if not TYPE_CHECKING:

        def __new__(cls, *args: Any, **given: Any) -> Any:
            known = [entry.name for entry in fields(cls)]
            unknown = [name for name in given if name not in known]
            raise_if(cls, [unknown_field(name, given[name], known) for name in unknown])
            return super().__new__(cls)


@dataclass(frozen=True, slots=True)
class _Bounds(KnownFields):
    base_read_capacity: int | None = None
    base_write_capacity: int | None = None
    max_read_capacity: int | None = None
    max_write_capacity: int | None = None
    max_read_request_units: int | None = None
    max_write_request_units: int | None = None
    raise_replicated_writes: bool | None = None


@dataclass(frozen=True, slots=True)
class IndexLimits(_Bounds):
    """Bounds for one global secondary index, in capacity units. None: as for its table."""

    def __post_init__(self) -> None:
        raise_if(type(self), capacity_faults(self) + flag_faults(self))


@dataclass(frozen=True, slots=True)
class TableLimits(_Bounds):
    """Bounds for one table, in capacity units. None: as in the `ScalingConfig`.

    ``max_hourly_cost``, ``max_unit_hours_per_day``: of the table with its indexes. ``indexes``:
    bounds of its indexes by name; what they leave out is as for the table.
    """

    max_hourly_cost: float | None = None
    max_unit_hours_per_day: float | None = None
    indexes: Mapping[str, IndexLimits] = field(default_factory=dict)

    def __post_init__(self) -> None:
        faults = capacity_faults(self) + flag_faults(self) + spending_faults(self)
        faults += mapping_faults("indexes", self.indexes, IndexLimits)
        raise_if(type(self), faults)
