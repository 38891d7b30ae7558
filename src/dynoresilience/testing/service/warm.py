"""The warm throughput of CreateTable and UpdateTable, which no backend keeps as DynamoDB does."""

from __future__ import annotations

from collections.abc import Mapping

from dynoresilience.model import Units
from dynoresilience.testing.control.combinations import index_changes, index_updates
from dynoresilience.testing.control.throughput import wanted_by_create
from dynoresilience.testing.control.warm_throughput import (
    Warm,
    check_most,
    check_new,
    wanted_warm,
    warmed,
)
from dynoresilience.testing.replies import Body
from dynoresilience.testing.service.known_table import KnownTable
from dynoresilience.testing.service.tables import Tables

Wanted = Mapping[str | None, Warm]
"""By index; None is the table itself."""


def check_new_warm(tables: Tables, wanted: Wanted, units: Mapping[str | None, Units]) -> Wanted:
    """What a table or indexes to come ask for, unless that is refused."""
    check_new(wanted, units)
    check_most(wanted, tables.region, tables.settings.table_max_units)
    return wanted


def check_new_indexes_warm(tables: Tables, body: Body) -> Wanted:
    """What the indexes ask for that an UpdateTable creates, unless that is refused."""
    created = [index for verb, index in index_changes(body) if verb == "Create"]
    units = wanted_by_create({"GlobalSecondaryIndexes": created})
    return check_new_warm(tables, wanted_warm({}, created), units)


def check_warm(tables: Tables, known: KnownTable, body: Body, at: float) -> Wanted:
    """What an UpdateTable asks for, unless that is refused."""
    wanted = wanted_warm(body, index_updates(body))
    tables.control.check_known(known.name, wanted)
    states = tables.control.of_table(known.name)
    for index, warm in wanted.items():
        states[index].warm.check(warm, index, at)
    check_most(wanted, tables.region, tables.settings.table_max_units)
    return wanted


def begin_warm(tables: Tables, known: KnownTable, wanted: Wanted, at: float) -> None:
    """Take over what was accepted."""
    states = tables.control.of_table(known.name)
    seconds = tables.settings.of_a_change(tables.settings.warm_seconds)
    for index, warm in wanted.items():
        states[index].warm.change(warm, at, seconds)


def take_new_warm(tables: Tables, known: KnownTable, wanted: Wanted) -> None:
    """A table or index that is new has what it asked for from the start."""
    states = tables.control.of_table(known.name)
    for index, warm in wanted.items():
        states[index].warm = warmed(states[index].units, warm)


def is_warming(tables: Tables, known: KnownTable, at: float) -> bool:
    """Whether a raise is under way, of the table or an index."""
    return any(state.warm.is_changing(at) for state in tables.control.of_table(known.name).values())
