"""The decrease that undoes a raise, said before the raise is made. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dynoresilience.capacity.plan import plan_down
from dynoresilience.capacity.shortfall import LimitsOf
from dynoresilience.model import CapacityUpdate, Raised, RaisedKey, ResourceState, TableState, Units


def way_back(
    state: TableState,
    raised: Mapping[RaisedKey, Raised],
    limits: LimitsOf,
    *,
    target: CapacityUpdate | None = None,
    table: str | None = None,
) -> CapacityUpdate | None:
    """What would bring down all that is raised, if nobody changes anything until then.

    ``target``: the raise that is about to be asked for. Every other number is sent as it is now.
    Of an on-demand table and its indexes it is the table's maximum alone, which UpdateTable takes
    in no other way. None: there is nothing to lower.
    """
    units = target.units if target is not None else {}
    after = replace(
        state,
        table=_after(state.table, units.get(None)),
        indexes={name: _after(index, units.get(name)) for name, index in state.indexes.items()},
    )
    plan = plan_down(after, raised, limits, 0.0, table=table, on_demand=state.on_demand)
    return plan.lower


def _after(resource: ResourceState, units: Units | None) -> ResourceState:
    """With these units, and as if it could be lowered at any time: who will know then?"""
    units = units or resource.units
    return replace(resource, units=units, decreases_today=0, last_decrease=None)
