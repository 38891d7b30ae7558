"""What DescribeTable shows of capacity, laid over a backend's description of the table. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynoresilience.model import Units
from dynoresilience.testing.control.control_plane import ON_DEMAND, Provisioned
from dynoresilience.testing.replies import Body


def units_described(table: Body) -> dict[str | None, Units]:
    """The units that a backend tells of a table and its global indexes; 0/0 means on-demand."""
    mode = (table.get("BillingModeSummary") or {}).get("BillingMode")
    parts: dict[str | None, Body] = {None: table}
    for index in table.get("GlobalSecondaryIndexes") or ():
        parts[index["IndexName"]] = index
    if mode == "PAY_PER_REQUEST":
        return dict.fromkeys(parts, ON_DEMAND)
    return {index: _units(part.get("ProvisionedThroughput")) for index, part in parts.items()}


def lay_over(table: Body, states: Mapping[str | None, Provisioned], utc: float) -> Body:
    """A description with the units, states and counters of ``states`` at the instant ``utc``."""
    laid = _laid(table, "TableStatus", states[None], utc)
    if table.get("GlobalSecondaryIndexes"):
        laid["GlobalSecondaryIndexes"] = [
            _laid(index, "IndexStatus", states[index["IndexName"]], utc)
            for index in table["GlobalSecondaryIndexes"]
        ]
    return laid


def _laid(part: Body, status: str, state: Provisioned, utc: float) -> Body:
    throughput: dict[str, Any] = {
        "NumberOfDecreasesToday": state.decreases_today(utc),
        "ReadCapacityUnits": state.units.read,
        "WriteCapacityUnits": state.units.write,
    }
    if state.last_increase is not None:
        throughput["LastIncreaseDateTime"] = round(state.last_increase, 3)
    if state.budget.last is not None:
        throughput["LastDecreaseDateTime"] = round(state.budget.last, 3)
    return {**part, "ProvisionedThroughput": throughput, status: state.status}


def _units(throughput: Body | None) -> Units:
    found = throughput or {}
    return Units(int(found.get("ReadCapacityUnits", 0)), int(found.get("WriteCapacityUnits", 0)))
