"""The spec of a table that exists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynoresilience.errors import ConfigError
from dynoresilience.model import Raised, RaisedKey
from dynoresilience.ports import AccessDenied, ControlPlaneError, TableNotFound
from dynoresilience.tables.access import Access
from dynoresilience.tables.drift import CAPACITY, OWN_TAGS
from dynoresilience.tables.owners import raised
from dynoresilience.tables.seen.found import (
    DEFAULT_INSIGHTS,
    DEFAULT_RECOVERY_DAYS,
    STANDARD,
    FoundIndex,
    FoundTable,
)
from dynoresilience.tables.seen.look import look
from dynoresilience.tables.spec import TableSpec

_KEY_OF_AWS = "alias/aws/dynamodb"
_PASSING = ("CREATING", "DELETING")


def read(client: Any, name: str | None) -> TableSpec:
    """The spec of a table as it is; settings at AWS's defaults are left out.

    What a raise of ours has put up reads as what it goes back to. Warm throughput is left out: it
    grows by itself, and declaring it costs money.

    Raises:
        TableNotFound: there is no such table, or it is being deleted.
        AccessDenied: some of it may not be seen; the message names the action.
        ControlPlaneError: the table could not be read this time, or is still being created.
    """
    access = Access.of(client)
    name = getattr(client, "table_name", None) if name is None else name
    if not isinstance(name, str):
        raise ConfigError(f"from_table: name={name!r} must be the name of a table")
    found = look(access.admin, name)
    if found is None:
        where = f"{access.admin.region}, at {access.admin.endpoint}"
        raise TableNotFound(f"there is no table {name} in {where}")
    if found.status in _PASSING:
        raise ControlPlaneError(f"{name} is {found.status}: ask again once it is ACTIVE")
    for what, why in sorted(found.unseen.items()):
        if why.reason == "denied":
            raise AccessDenied(why.action, f"{what} of {name} can't be read: {why.message}")
    return TableSpec(**fields_of(found, raised(access, found), _managed_key(access, found)))


def fields_of(
    found: FoundTable, up: Mapping[RaisedKey, Raised], managed_key: str | None = None
) -> dict[str, Any]:
    """The fields of the `TableSpec`.

    Args:
        found: the table.
        up: the numbers that a raise of ours has put where they are.
        managed_key: the ARN of the key that DynamoDB takes if none is named.
    """
    there = [index for _, index in sorted(found.indexes.items()) if index.status != "DELETING"]
    used = {*found.hash_key, *found.range_key}
    for index in there:
        used |= {*index.hash_key, *index.range_key}
    own = found.kms_key if found.sse and found.kms_key != managed_key else None
    days = found.recovery_period_days
    tags = {key: value for key, value in found.tags.items() if not key.startswith(OWN_TAGS)}
    fields = {
        "name": found.name,
        # There may be definitions that nothing uses any more.
        "attributes": {name: of for name, of in found.attributes.items() if name in used},
        "hash_key": found.hash_key[0],
        "range_key": next(iter(found.range_key), None),
        "billing_mode": found.billing_mode,
        "global_secondary_indexes": [_global(each, up) for each in there if not each.local],
        "local_secondary_indexes": [_local(each) for each in there if each.local],
        "stream_view_type": found.stream_view_type,
        "time_to_live": found.time_to_live,
        "tags": tags,
        "point_in_time_recovery": found.point_in_time_recovery,
        "recovery_period_days": days if days != DEFAULT_RECOVERY_DAYS else None,
        "deletion_protection": found.deletion_protection,
        "table_class": found.table_class if found.table_class != STANDARD else None,
        "sse": found.sse,
        "kms_key": own,
        **_numbers(found, None, up),
    }
    return {name: value for name, value in fields.items() if value}


def _global(index: FoundIndex, up: Mapping[RaisedKey, Raised]) -> dict[str, Any]:
    return {
        "name": index.name,
        "hash_key": index.hash_key,
        "range_key": index.range_key,
        **_projection(index),
        **_numbers(index, index.name, up),
    }


def _local(index: FoundIndex) -> dict[str, Any]:
    return {"name": index.name, "range_key": index.range_key[0], **_projection(index)}


def _projection(index: FoundIndex) -> dict[str, Any]:
    attributes = tuple(sorted(index.non_key_attributes))
    return {"projection_type": index.projection_type, "non_key_attributes": attributes}


def _numbers(
    of: FoundTable | FoundIndex, index: str | None, up: Mapping[RaisedKey, Raised]
) -> dict[str, Any]:
    """What tables and global indexes have alike."""
    insights = of.contributor_insights
    found: dict[str, Any] = {
        field: _base(getattr(of, field), up.get((index, dimension)))
        for field, dimension in CAPACITY.items()
    }
    found["contributor_insights"] = True if insights == DEFAULT_INSIGHTS else insights
    return {name: value for name, value in found.items() if value}


def _base(units: int | None, raise_: Raised | None) -> int | None:
    return raise_.base if units and raise_ is not None else units


def _managed_key(access: Access, found: FoundTable) -> str | None:
    """AWS's own key need not be named; without KMS nobody can tell that it is this one."""
    if access.keys is None or found.kms_key is None:
        return None
    try:
        return access.keys.arn_of(_KEY_OF_AWS)
    except ControlPlaneError:
        return None
