"""What DescribeTable shows, laid over a backend's description of the table. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dynoresilience.model import Units
from dynoresilience.testing.control.attributes import Types, definitions, used
from dynoresilience.testing.control.control_plane import ON_DEMAND, Provisioned
from dynoresilience.testing.control.lifecycle import Lifecycle
from dynoresilience.testing.replies import Body

_INDEXES = "GlobalSecondaryIndexes"
_LOCAL_INDEXES = "LocalSecondaryIndexes"


@dataclass(frozen=True, slots=True)
class Overlay:
    """What the simulation knows better than the backend, at the instant ``at`` (``utc``)."""

    states: Mapping[str | None, Provisioned]
    life: Lifecycle
    at: float
    utc: float
    last_on_demand: float | None = None
    table_id: str = ""
    created: float | None = None
    table_class: Body | None = None
    encryption: Body | None = None
    types: Types = field(default_factory=dict)
    maximum: Mapping[str | None, Mapping[str, int]] = field(default_factory=dict)


def units_described(table: Body) -> dict[str | None, Units]:
    """The units that a backend tells of a table and its global indexes; 0/0 means on-demand."""
    parts: dict[str | None, Body] = {None: table}
    for index in table.get(_INDEXES) or ():
        parts[index["IndexName"]] = index
    if is_on_demand(table):
        return dict.fromkeys(parts, ON_DEMAND)
    return {index: _units(part.get("ProvisionedThroughput")) for index, part in parts.items()}


def is_on_demand(table: Body) -> bool:
    """Whether a description shows a table that is billed by the request."""
    mode = (table.get("BillingModeSummary") or {}).get("BillingMode")
    return bool(mode == "PAY_PER_REQUEST")


def lay_over(table: Body, over: Overlay) -> Body:
    """A description with what ``over`` knows better."""
    laid = _laid(table, "TableStatus", None, over)
    laid["TableStatus"] = _worse(over.life.status(over.at), over.states[None].status)
    laid.pop("BillingModeSummary", None)
    if over.last_on_demand is not None:
        laid["BillingModeSummary"] = {
            "BillingMode": "PAY_PER_REQUEST" if over.states[None].on_demand else "PROVISIONED",
            "LastUpdateToPayPerRequestDateTime": round(over.last_on_demand, 3),
        }
    for member, summary in (
        ("TableClassSummary", over.table_class),
        ("SSEDescription", over.encryption),
    ):
        laid.pop(member, None)
        if summary is not None:
            laid[member] = summary
    laid.setdefault("DeletionProtectionEnabled", False)
    laid.setdefault("TableId", over.table_id)
    if over.created is not None:
        laid["CreationDateTime"] = round(over.created, 3)  # by the simulation's clock
    going = {
        name: {**change.entry, "IndexStatus": "DELETING"}
        for name, change in over.life.indexes.items()
        if change.entry is not None
    }
    indexes = [
        _laid_index(index, over)
        for index in table.get(_INDEXES) or ()
        if index["IndexName"] not in going  # the backend takes its time, too
    ]
    indexes += going.values()
    local = [_sorted(index) for index in table.get(_LOCAL_INDEXES) or ()]
    for member, found in ((_INDEXES, indexes), (_LOCAL_INDEXES, local)):
        laid.pop(member, None)
        if found:
            laid[member] = found
    laid["AttributeDefinitions"] = definitions(used(over.types, laid))
    return laid


def _laid_index(index: Body, over: Overlay) -> Body:
    name = index["IndexName"]
    laid = _laid(_sorted(index), "IndexStatus", name, over)
    own = over.life.index_status(name, over.at)
    if own == "ACTIVE" and index.get("IndexStatus") in ("CREATING", "DELETING"):
        own = index["IndexStatus"]  # the backend has not come as far
    laid["IndexStatus"] = _worse(own, over.states[name].status)
    laid.pop("Backfilling", None)
    backfilling = over.life.is_backfilling(name, over.at)
    if backfilling is not None:
        laid["Backfilling"] = backfilling
    return laid


def _laid(part: Body, status: str, index: str | None, over: Overlay) -> Body:
    """The throughput of a table or index."""
    state = over.states[index]
    throughput: dict[str, Any] = {
        "NumberOfDecreasesToday": state.decreases_today(over.utc),
        "ReadCapacityUnits": state.units.read,
        "WriteCapacityUnits": state.units.write,
    }
    if state.last_increase is not None:
        throughput["LastIncreaseDateTime"] = round(state.last_increase, 3)
    if state.budget.last is not None:
        throughput["LastDecreaseDateTime"] = round(state.budget.last, 3)
    laid = {**part, "ProvisionedThroughput": throughput, status: state.status}
    laid["WarmThroughput"] = state.warm.describe(over.at)
    laid.pop("OnDemandThroughput", None)
    if over.maximum.get(index):
        laid["OnDemandThroughput"] = dict(over.maximum[index])
    return laid


def _sorted(index: Body) -> Body:
    """An index whose projected attributes are listed by name, as DynamoDB lists them."""
    projection = dict(index.get("Projection") or {})
    if projection.get("NonKeyAttributes"):
        projection["NonKeyAttributes"] = sorted(projection["NonKeyAttributes"])
    return {**index, "Projection": projection}


def _worse(life: str, units: str) -> str:
    return units if life == "ACTIVE" else life


def _units(throughput: Body | None) -> Units:
    found = throughput or {}
    return Units(int(found.get("ReadCapacityUnits", 0)), int(found.get("WriteCapacityUnits", 0)))
