"""UpdateTable: units take their time, states change, whatever else there is the backend does."""

from __future__ import annotations

from typing import Any

from dynoresilience.testing.control.attributes import for_new_index, used
from dynoresilience.testing.control.combinations import check_combination, index_changes
from dynoresilience.testing.control.lifecycle import IndexChange
from dynoresilience.testing.control.on_demand_maximum import (
    check_mode,
    check_quota,
    wanted_maximum,
)
from dynoresilience.testing.control.quotas import check_index_count
from dynoresilience.testing.control.streams import check_stream
from dynoresilience.testing.control.throughput import (
    besides_throughput,
    check_index_creates,
    check_mode_known,
    check_switch,
    wanted_by_update,
)
from dynoresilience.testing.replies import Body, Refused, Reply
from dynoresilience.testing.service.describe import described
from dynoresilience.testing.service.encryption import begin_encryption, check_encryption
from dynoresilience.testing.service.known_table import KnownTable
from dynoresilience.testing.service.laid_over import for_backend
from dynoresilience.testing.service.tables import Request, Tables
from dynoresilience.testing.service.warm import (
    begin_warm,
    check_new_indexes_warm,
    check_warm,
    take_new_warm,
)

_UPDATES = "GlobalSecondaryIndexUpdates"
_HELD = ("StreamSpecification", "TableClass")
"""What keeps the table UPDATING for a while, as a change of its units does."""


def update_table(tables: Tables, request: Request) -> Reply:
    """UpdateTable.

    Raises:
        Refused: nothing was changed.
    """
    body, backend, at = request
    known = tables.find(body.get("TableName") or "", backend, at)
    if known is None:
        return backend("UpdateTable", body)
    known.life.check_exists(at)
    check_mode_known(body)
    check_combination(body)
    on_demand = tables.control.of_table(known.name)[None].on_demand
    mode = body.get("BillingMode")
    switches = mode is not None and (mode == "PAY_PER_REQUEST") != on_demand
    change = _switch_mode if switches else _update_in_mode
    failure = change(tables, known, request)
    return failure or described(tables, request, "TableDescription")


def _for_backend(known: KnownTable, body: Body, table: Body) -> Body:
    """What the backend is asked for; moto takes new attribute definitions in place of the old."""
    asked = for_backend(body)
    asked.pop("AttributeDefinitions", None)
    for verb, index in index_changes(body):
        if verb == "Create":
            present = used(known.types, table)
            asked["AttributeDefinitions"] = for_new_index(index, body, present)
    return asked


def _update_in_mode(tables: Tables, known: KnownTable, request: Request) -> Reply | None:
    """An UpdateTable that leaves the billing mode as it is; a reply only if that fails."""
    body, backend, at = request
    control, settings, name = tables.control, tables.settings, known.name
    if body.get("BillingMode") == "PROVISIONED":
        check_switch(body, [None], tables.region, settings.table_max_units)
    wanted = wanted_by_update(body)
    on_demand = control.of_table(name)[None].on_demand
    maximum = wanted_maximum(body, _UPDATES)
    check_mode(maximum, on_demand)
    check_quota(maximum, tables.region, settings.table_max_units)
    if "DeletionProtectionEnabled" not in body:
        _check_free(tables, known, request, check_units=not wanted)
    if wanted:
        control.check(name, wanted, at)
    check_index_creates(body, on_demand, tables.region, settings.table_max_units)
    warm = check_warm(tables, known, body, at)
    new_warm = check_new_indexes_warm(tables, body)
    key = check_encryption(tables, known, body, at)
    table = _checked_parts(tables, known, request)
    tables.check_change(at)
    if wanted:
        tables.check_account(control.more(name, wanted))
    asked = _for_backend(known, body, table)
    rest = besides_throughput({k: v for k, v in asked.items() if k != "BillingMode"})
    if rest is not None:
        reply = backend("UpdateTable", rest)
        if not reply.ok:
            return reply
    if wanted:
        tables.on_update(control.update(name, wanted, at))
    tables.set_maximum(known, maximum, at)
    control.occupy_indexes(name, maximum, at)
    _begin(tables, known, request, table)
    begin_warm(tables, known, warm, at)
    if "SSESpecification" in body:
        begin_encryption(tables, known, key, at)
    if new_warm:
        tables.learn(_table(request), at)
        take_new_warm(tables, known, new_warm)
    return None


def _checked_parts(tables: Tables, known: KnownTable, request: Request) -> Body:
    """Refuse a wrong change of stream, class or indexes; the table as the backend describes it.

    It is not asked unless one of these is to be changed.
    """
    body, at = request.body, request.at
    table = _table(request) if index_changes(body) or "StreamSpecification" in body else {}
    if "StreamSpecification" in body:
        check_stream(body["StreamSpecification"], table)
    if body.get("TableClass"):
        known.table_class.check(body["TableClass"], tables.utc(at))
    _check_index_changes(known, body, at)
    return table


def _switch_mode(tables: Tables, known: KnownTable, request: Request) -> Reply | None:
    """A change between provisioned and on-demand; a reply only if that fails."""
    body, backend, at = request
    control, name = tables.control, known.name
    check_switch(body, control.of_table(name), tables.region, tables.settings.table_max_units)
    to_on_demand = body["BillingMode"] == "PAY_PER_REQUEST"
    maximum = wanted_maximum(body, _UPDATES)
    check_mode(maximum, to_on_demand)
    check_quota(maximum, tables.region, tables.settings.table_max_units)
    _check_free(tables, known, request, check_units=True)
    wanted = wanted_by_update(body)
    control.check_known(name, wanted)
    check_index_creates(body, to_on_demand, tables.region, tables.settings.table_max_units)
    table = _checked_parts(tables, known, request)
    tables.check_change(at)
    tables.check_account(control.more(name, wanted))
    reply = backend("UpdateTable", _for_backend(known, body, table))
    if not reply.ok:
        return reply
    tables.on_update(control.switch_mode(name, wanted, at))
    if to_on_demand:
        known.last_on_demand = tables.utc(at)
    tables.drop_maximum(known, at)
    tables.set_maximum(known, maximum, at)
    _begin(tables, known, request, table)
    tables.catch_up(at)
    return None


def _check_free(tables: Tables, known: KnownTable, request: Request, *, check_units: bool) -> None:
    """Refuse a change while another one holds the table."""
    known.life.check_changeable(request.at)
    if check_units:
        tables.control.check_idle(known.name)


def _check_index_changes(known: KnownTable, body: Body, at: float) -> None:
    present = {index.name for index in known.schema.indexes}
    for verb, index in index_changes(body):
        name = index["IndexName"]
        if verb == "Create" and name in present:
            message = "Attempting to create an index which already exists"
            raise Refused("ValidationException", message)
        if verb == "Delete" and name not in present:
            message = f"Requested resource not found: Index {name} for table {known.name}"
            raise Refused("ResourceNotFoundException", message)
        if verb == "Delete" and known.life.index_status(name, at) == "CREATING":
            continue  # it may be given up while it is filled
        known.life.check_index_change(at)
        if verb == "Create":
            check_index_count(sum(not each.local for each in known.schema.indexes))


def _begin(tables: Tables, known: KnownTable, request: Request, table: Body) -> None:
    """Enter the states that an accepted change brings."""
    body, at, settings = request.body, request.at, tables.settings
    if body.get("TableClass"):
        known.table_class.change(body["TableClass"], at, tables.utc(at), settings.update_seconds)
    if any(body.get(member) for member in _HELD):
        known.life.updating_until = at + settings.update_seconds
    for verb, index in index_changes(body):
        name = index["IndexName"]
        if verb == "Create":
            due = at + settings.index_create_seconds
            known.life.indexes[name] = IndexChange("CREATING", at, due)
        else:
            entries: list[dict[str, Any]] = table.get("GlobalSecondaryIndexes") or []
            entry = next((each for each in entries if each["IndexName"] == name), None)
            due = at + settings.index_delete_seconds
            known.life.indexes[name] = IndexChange("DELETING", at, due, entry)


def _table(request: Request) -> Body:
    """The table as the backend describes it now."""
    name = request.body["TableName"]
    table: Body = request.backend("DescribeTable", {"TableName": name}).body.get("Table", {})
    return table
