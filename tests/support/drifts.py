"""Tables that were changed behind the library's back: for each property, how, and what is told.

Everything here goes through plain boto3. `DRIFTS` is for whoever wants to see a drift named,
planned or mended; what an endpoint can't keep is in `FORGETS`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Literal

from dynoresilience.tables import TableSpec

Change = Callable[[Any, TableSpec], None]
Way = Literal[
    "in place", "delete_index", "new_stream", "disable_stream", "disable_recovery", "refused"
]

SETTLES_WITHIN = 60.0
"""Seconds; DynamoDB Local takes a few for an index."""

_OF_MOTO = frozenset(
    {
        "table_class",
        "sse",  # kept at a creation, and not changed any more
        "kms_key",
        "max_read_request_units",
        "max_write_request_units",
        "contributor_insights",
    }
)
_MOTO = tuple(int(part) for part in version("moto").split(".")[:3])
LOST_BY_THIS_MOTO = frozenset(
    field
    for field, since in {
        "recovery_period_days": (5, 2, 0),
        "warm_read_units_per_second": (5, 1, 16),
        "warm_write_units_per_second": (5, 1, 16),
    }.items()
    if since > _MOTO
)
"""What moto keeps by now, and an older one takes and says nothing of."""
_OF_LOCAL = frozenset(
    {
        "table_class",
        "sse",
        "kms_key",
        "max_read_request_units",  # kept at a creation, and not changed any more
        "max_write_request_units",
        "tags",
        "point_in_time_recovery",
        "recovery_period_days",
        "contributor_insights",
        "warm_read_units_per_second",
        "warm_write_units_per_second",
    }
)
FORGETS: Mapping[str, frozenset[str]] = {
    "moto": _OF_MOTO | LOST_BY_THIS_MOTO,
    "simulator": frozenset(),
    "dynamodb-local": _OF_LOCAL,
    "simulator-on-dynamodb-local": frozenset({"tags"}),
}
"""Properties (fields of a `TableSpec`) that an endpoint can't keep, by `Backend.name`."""


@dataclass(frozen=True)
class Drift:
    """One change, and the one difference that it makes.

    Args:
        name: of the case.
        fields: what the spec declares beside, or instead of, what `table` has.
        change: makes the drift, and waits until it is in force.
        path: what a report must name; ``declared`` and ``found``: the values in it.
        needs: the properties that an endpoint must keep for the case to make sense.
        way: how it can be mended: in place, in place with this ``allow``, or not at all.
        on_demand: whether the table is billed on demand.
    """

    name: str
    path: str
    declared: Any
    found: Any
    change: Change
    fields: Mapping[str, Any]
    needs: frozenset[str] = frozenset()
    way: Way = "in place"
    on_demand: bool = False

    def spec(self, name: str = "orders") -> TableSpec:
        """What the table should be."""
        return table(name, on_demand=self.on_demand, **self.fields)

    def is_kept_by(self, backend: str) -> bool:
        """Whether the endpoint keeps what this is about."""
        return not self.needs & FORGETS[backend]


def table(name: str = "orders", *, on_demand: bool = False, **fields: Any) -> TableSpec:
    """A table with a global and a local index; ``fields`` beside or instead of what it has."""
    units = {} if on_demand else {"read_capacity_units": 5, "write_capacity_units": 5}
    return TableSpec(
        **{
            "name": name,
            "attributes": {"id": "S", "day": "N", "customer": "S", "total": "N"},
            "hash_key": "id",
            "range_key": "day",
            "billing_mode": "PAY_PER_REQUEST" if on_demand else "PROVISIONED",
            **units,
            "global_secondary_indexes": [by_customer(**units)],
            "local_secondary_indexes": [by_total()],
            **fields,
        }
    )


def by_customer(**fields: Any) -> dict[str, Any]:
    """The global index."""
    return {
        "name": "by-customer",
        "hash_key": "customer",
        "range_key": "total",
        "projection_type": "INCLUDE",
        "non_key_attributes": ["state", "note"],
        **fields,
    }


def by_total(**fields: Any) -> dict[str, Any]:
    """The local index."""
    return {"name": "by-total", "range_key": "total", **fields}


def create(client: Any, spec: TableSpec, forgets: Collection[str] = ()) -> None:
    """Make a table that is all that its spec says, and wait until it is.

    ``forgets``: properties that this endpoint can't keep; those that have operations of their own
    are left out.
    """
    request = spec.to_boto3()
    if "tags" in forgets:
        request.pop("Tags", None)
    client.create_table(**request)
    settle(client, spec.name)
    if spec.point_in_time_recovery is not None and "point_in_time_recovery" not in forgets:
        recovery(client, spec.name, spec.point_in_time_recovery, spec.recovery_period_days)
    if spec.time_to_live:
        _time_to_live(client, spec.name, spec.time_to_live, on=True)
    if "contributor_insights" not in forgets:
        for index in (None, *spec.global_secondary_indexes):
            wanted = (spec if index is None else index).contributor_insights
            if wanted:
                of = {} if index is None else {"IndexName": index.name}
                insights(client, spec.name, on=True, mode=wanted, **of)
    settle(client, spec.name)


def settle(client: Any, name: str) -> None:
    """Wait until nothing of a table is in the middle of a change."""
    deadline = time.monotonic() + SETTLES_WITHIN
    while not _is_settled(client, name):
        assert time.monotonic() < deadline, f"{name} does not settle"
        time.sleep(0.02)


def remove(client: Any, name: str) -> None:
    """Delete a table, and wait until it is gone."""
    client.delete_table(TableName=name)
    deadline = time.monotonic() + SETTLES_WITHIN
    while True:
        try:
            client.describe_table(TableName=name)
        except client.exceptions.ResourceNotFoundException:
            return
        assert time.monotonic() < deadline, f"{name} does not go"
        time.sleep(0.02)


def recovery(client: Any, name: str, on: bool, days: int | None = None) -> None:
    """Switch point-in-time recovery."""
    period = {"RecoveryPeriodInDays": days} if days else {}
    client.update_continuous_backups(
        TableName=name,
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": on, **period},
    )


def insights(
    client: Any, name: str, *, on: bool, mode: str | bool | None = None, **of: str
) -> None:
    """Switch contributor insights of a table, or of an index (``IndexName``)."""
    members = {"ContributorInsightsMode": mode} if isinstance(mode, str) else {}
    client.update_contributor_insights(
        TableName=name, ContributorInsightsAction="ENABLE" if on else "DISABLE", **members, **of
    )


def _is_settled(client: Any, name: str) -> bool:
    found = client.describe_table(TableName=name)["Table"]
    statuses = [found["TableStatus"]]
    statuses += [index["IndexStatus"] for index in found.get("GlobalSecondaryIndexes") or ()]
    for each in (found, *(found.get("GlobalSecondaryIndexes") or ())):
        statuses.append((each.get("WarmThroughput") or {}).get("Status") or "ACTIVE")
    passing = {"ENABLING", "DISABLING", "UPDATING"}
    return (
        set(statuses) == {"ACTIVE"}
        and (found.get("SSEDescription") or {}).get("Status") not in passing
        and client.describe_time_to_live(TableName=name)["TimeToLiveDescription"][
            "TimeToLiveStatus"
        ]
        not in passing
        and not _insights_change(client, found, passing)
    )


def _insights_change(client: Any, found: Mapping[str, Any], passing: Collection[str]) -> bool:
    names = [index["IndexName"] for index in found.get("GlobalSecondaryIndexes") or ()]
    for of in ({}, *({"IndexName": name} for name in names)):
        try:
            answer = client.describe_contributor_insights(TableName=found["TableName"], **of)
        except (NotImplementedError, client.exceptions.ClientError):
            return False  # this endpoint has none
        if answer["ContributorInsightsStatus"] in passing:
            return True
    return False


def _time_to_live(client: Any, name: str, attribute: str, *, on: bool) -> None:
    client.update_time_to_live(
        TableName=name,
        TimeToLiveSpecification={"Enabled": on, "AttributeName": attribute},
    )


def _update(**request: Any) -> Change:
    """By one UpdateTable."""

    def change(client: Any, spec: TableSpec) -> None:
        client.update_table(TableName=spec.name, **request)
        settle(client, spec.name)

    return change


def _update_index(**request: Any) -> Change:
    update = {"IndexName": "by-customer", **request}
    return _update(GlobalSecondaryIndexUpdates=[{"Update": update}])


def _another_table(**fields: Any) -> Change:
    """Somebody has deleted the table and made another."""

    def change(client: Any, spec: TableSpec) -> None:
        remove(client, spec.name)
        create(client, TableSpec(**{**spec.declared(), **fields}))

    return change


def _another_index(**fields: Any) -> Change:
    """Somebody has deleted the global index and made another of that name."""

    def change(client: Any, spec: TableSpec) -> None:
        _no_index(client, spec)
        units = {"read_capacity_units": 5, "write_capacity_units": 5}
        index = {**by_customer(**units), **fields}
        types = fields.get("types", spec.attributes)
        index.pop("types", None)
        other = TableSpec(
            **{**spec.declared(), "attributes": types, "global_secondary_indexes": [index]}
        ).to_boto3()
        client.update_table(
            TableName=spec.name,
            AttributeDefinitions=other["AttributeDefinitions"],
            GlobalSecondaryIndexUpdates=[{"Create": other["GlobalSecondaryIndexes"][0]}],
        )
        settle(client, spec.name)

    return change


def _no_index(client: Any, spec: TableSpec) -> None:
    update = {"Delete": {"IndexName": "by-customer"}}
    client.update_table(TableName=spec.name, GlobalSecondaryIndexUpdates=[update])
    settle(client, spec.name)


def _one_more_index(client: Any, spec: TableSpec) -> None:
    request = spec.to_boto3()
    create_it = {
        "IndexName": "by-state",
        "KeySchema": [{"AttributeName": "state", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
        "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    }
    client.update_table(
        TableName=spec.name,
        AttributeDefinitions=[
            *request["AttributeDefinitions"],
            {"AttributeName": "state", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexUpdates=[{"Create": create_it}],
    )
    settle(client, spec.name)


def _ttl(attribute: str, *, on: bool) -> Change:
    def change(client: Any, spec: TableSpec) -> None:
        _time_to_live(client, spec.name, attribute, on=on)
        settle(client, spec.name)

    return change


def _tag(key: str, value: str | None) -> Change:
    def change(client: Any, spec: TableSpec) -> None:
        arn = client.describe_table(TableName=spec.name)["Table"]["TableArn"]
        if value is None:
            client.untag_resource(ResourceArn=arn, TagKeys=[key])
        else:
            client.tag_resource(ResourceArn=arn, Tags=[{"Key": key, "Value": value}])

    return change


def _recovery(on: bool, days: int | None = None) -> Change:
    return lambda client, spec: recovery(client, spec.name, on, days)


def _insights(on: bool, mode: str | None = None, **of: str) -> Change:
    def change(client: Any, spec: TableSpec) -> None:
        insights(client, spec.name, on=on, mode=mode, **of)
        settle(client, spec.name)

    return change


def _units(read: int, write: int) -> dict[str, Any]:
    return {"ProvisionedThroughput": {"ReadCapacityUnits": read, "WriteCapacityUnits": write}}


_CUSTOMER = "global_secondary_indexes[by-customer]"
_TOTAL = "local_secondary_indexes[by-total]"
_IA = "STANDARD_INFREQUENT_ACCESS"
_ACCESSED = "ACCESSED_AND_THROTTLED_KEYS"
_KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-4111-8111-111111111111"
_OTHER_KEY = "arn:aws:kms:us-east-1:123456789012:key/22222222-2222-4222-8222-222222222222"
_MAXIMA = {"max_read_request_units": 100, "max_write_request_units": 50}
_OF_MAXIMA = frozenset(_MAXIMA)
_WARM = {"warm_read_units_per_second": 13000, "warm_write_units_per_second": 5000}
_COOL = {"warm_read_units_per_second": 12500, "warm_write_units_per_second": 5000}
_OF_WARM = frozenset(_WARM)
_SSE = frozenset({"sse", "kms_key"})
_PITR = frozenset({"point_in_time_recovery", "recovery_period_days"})
_CI = frozenset({"contributor_insights"})
_TAGS = frozenset({"tags"})
_ON_INDEX = {"global_secondary_indexes": [by_customer(**_MAXIMA)]}


def _case(
    name: str,
    path: str,
    declared: Any,
    found: Any,
    change: Change,
    needs: frozenset[str] = frozenset(),
    way: Way = "in place",
    on_demand: bool = False,
    **fields: Any,
) -> Drift:
    return Drift(name, path, declared, found, change, fields, needs, way, on_demand)


DRIFTS: tuple[Drift, ...] = (
    _case(
        "the partition key",
        "hash_key",
        "id",
        "number",
        _another_table(
            hash_key="number",
            attributes={"number": "S", "day": "N", "customer": "S", "total": "N"},
        ),
        way="refused",
    ),
    _case(
        "the sort key",
        "range_key",
        "day",
        "hour",
        _another_table(
            range_key="hour", attributes={"id": "S", "hour": "N", "customer": "S", "total": "N"}
        ),
        way="refused",
    ),
    _case(
        "the type of a key attribute",
        "attributes[day]",
        "N",
        "S",
        _another_table(attributes={"id": "S", "day": "S", "customer": "S", "total": "N"}),
        way="refused",
    ),
    _case(
        "the type of an index's attribute",
        "attributes[customer]",
        "S",
        "N",
        _another_index(types={"id": "S", "day": "N", "customer": "N", "total": "N"}),
        way="delete_index",
    ),
    _case(
        "no longer on demand",
        "billing_mode",
        "PAY_PER_REQUEST",
        "PROVISIONED",
        _update(
            BillingMode="PROVISIONED",
            **_units(7, 7),
            GlobalSecondaryIndexUpdates=[
                {"Update": {"IndexName": "by-customer", **_units(7, 7)}},
            ],
        ),
        on_demand=True,
    ),
    _case(
        "no longer provisioned",
        "billing_mode",
        "PROVISIONED",
        "PAY_PER_REQUEST",
        _update(BillingMode="PAY_PER_REQUEST"),
    ),
    _case("read units", "read_capacity_units", 5, 6, _update(**_units(6, 5))),
    _case("write units", "write_capacity_units", 5, 4, _update(**_units(5, 4))),
    _case(
        "read units of an index",
        f"{_CUSTOMER}.read_capacity_units",
        5,
        4,
        _update_index(**_units(4, 5)),
    ),
    _case(
        "write units of an index",
        f"{_CUSTOMER}.write_capacity_units",
        5,
        9,
        _update_index(**_units(5, 9)),
    ),
    _case("an index is gone", _CUSTOMER, "customer, total (INCLUDE)", None, _no_index),
    _case(
        "an index more",
        "global_secondary_indexes[by-state]",
        None,
        "state (KEYS_ONLY)",
        _one_more_index,
        way="delete_index",
    ),
    _case(
        "an index's partition key",
        f"{_CUSTOMER}.hash_key",
        ("customer",),
        ("id",),
        _another_index(hash_key="id", types={"id": "S", "day": "N", "total": "N"}),
        way="delete_index",
    ),
    _case(
        "an index's sort key",
        f"{_CUSTOMER}.range_key",
        ("total",),
        ("day",),
        _another_index(range_key="day"),
        way="delete_index",
    ),
    _case(
        "an index's projection",
        f"{_CUSTOMER}.projection_type",
        "INCLUDE",
        "ALL",
        _another_index(projection_type="ALL", non_key_attributes=[]),
        way="delete_index",
    ),
    _case(
        "an index's attributes",
        f"{_CUSTOMER}.non_key_attributes",
        ("note", "state"),
        ("note",),
        _another_index(non_key_attributes=["note"]),
        way="delete_index",
    ),
    _case(
        "a local index is gone",
        _TOTAL,
        "id, total (ALL)",
        None,
        _another_table(local_secondary_indexes=[]),
        way="refused",
    ),
    _case(
        "a local index more",
        "local_secondary_indexes[by-day]",
        None,
        "id, customer (KEYS_ONLY)",
        _another_table(
            local_secondary_indexes=[
                by_total(),
                {"name": "by-day", "range_key": "customer", "projection_type": "KEYS_ONLY"},
            ]
        ),
        way="refused",
    ),
    _case(
        "a local index's sort key",
        f"{_TOTAL}.range_key",
        "total",
        "customer",
        _another_table(local_secondary_indexes=[by_total(range_key="customer")]),
        way="refused",
    ),
    _case(
        "a local index's projection",
        f"{_TOTAL}.projection_type",
        "ALL",
        "KEYS_ONLY",
        _another_table(local_secondary_indexes=[by_total(projection_type="KEYS_ONLY")]),
        way="refused",
    ),
    _case(
        "the stream is off",
        "stream_view_type",
        "NEW_IMAGE",
        False,
        _update(StreamSpecification={"StreamEnabled": False}),
        stream_view_type="NEW_IMAGE",
    ),
    _case(
        "there is a stream",
        "stream_view_type",
        False,
        "KEYS_ONLY",
        _update(StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}),
        way="disable_stream",
        stream_view_type=False,
    ),
    _case(
        "the stream shows something else",
        "stream_view_type",
        "NEW_IMAGE",
        "NEW_AND_OLD_IMAGES",
        _another_table(stream_view_type="NEW_AND_OLD_IMAGES"),
        way="new_stream",
        stream_view_type="NEW_IMAGE",
    ),
    _case(
        "items no longer expire",
        "time_to_live",
        "expires",
        False,
        _another_table(time_to_live=False),  # two changes within an hour are refused
        time_to_live="expires",
    ),
    _case(
        "items expire",
        "time_to_live",
        False,
        "expires",
        _ttl("expires", on=True),
        time_to_live=False,
    ),
    _case(
        "items expire by another attribute",
        "time_to_live",
        "expires",
        "until",
        _another_table(time_to_live="until"),
        time_to_live="expires",
    ),
    _case(
        "a tag's value",
        "tags[team]",
        "billing",
        "shipping",
        _tag("team", "shipping"),
        _TAGS,
        tags={"team": "billing", "stage": "test"},
    ),
    _case(
        "a tag is gone",
        "tags[team]",
        "billing",
        None,
        _tag("team", None),
        _TAGS,
        tags={"team": "billing", "stage": "test"},
    ),
    _case(
        "recovery is off",
        "point_in_time_recovery",
        True,
        False,
        _recovery(False),
        _PITR,
        point_in_time_recovery=True,
        recovery_period_days=7,
    ),
    _case(
        "recovery is on",
        "point_in_time_recovery",
        False,
        True,
        _recovery(True),
        _PITR,
        way="disable_recovery",
        point_in_time_recovery=False,
    ),
    _case(
        "recovery goes back less far",
        "recovery_period_days",
        21,
        7,
        _recovery(True, 7),
        _PITR,
        point_in_time_recovery=True,
        recovery_period_days=21,
    ),
    _case(
        "no longer protected",
        "deletion_protection",
        True,
        False,
        _update(DeletionProtectionEnabled=False),
        deletion_protection=True,
    ),
    _case(
        "protected",
        "deletion_protection",
        False,
        True,
        _update(DeletionProtectionEnabled=True),
        deletion_protection=False,
    ),
    _case(
        "the table class",
        "table_class",
        _IA,
        "STANDARD",
        _update(TableClass="STANDARD"),
        frozenset({"table_class"}),
        table_class=_IA,
    ),
    _case(
        "the other table class",
        "table_class",
        "STANDARD",
        _IA,
        _update(TableClass=_IA),
        frozenset({"table_class"}),
        table_class="STANDARD",
    ),
    _case(
        "encryption is off",
        "sse",
        True,
        False,
        _update(SSESpecification={"Enabled": False}),
        _SSE,
        sse=True,
        kms_key=_KEY,
    ),
    _case(
        "encryption is on",
        "sse",
        False,
        True,
        _update(SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": _KEY}),
        _SSE,
        sse=False,
    ),
    _case(
        "another key",
        "kms_key",
        _KEY,
        _OTHER_KEY,
        _update(SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": _OTHER_KEY}),
        _SSE,
        sse=True,
        kms_key=_KEY,
    ),
    _case(
        "maximum of reads",
        "max_read_request_units",
        100,
        200,
        _update(OnDemandThroughput={"MaxReadRequestUnits": 200, "MaxWriteRequestUnits": 50}),
        _OF_MAXIMA,
        on_demand=True,
        **_MAXIMA,
    ),
    _case(
        "no maximum of writes",
        "max_write_request_units",
        50,
        None,
        _update(OnDemandThroughput={"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": -1}),
        _OF_MAXIMA,
        on_demand=True,
        **_MAXIMA,
    ),
    _case(
        "an index's maximum of reads",
        f"{_CUSTOMER}.max_read_request_units",
        100,
        70,
        _update_index(OnDemandThroughput={"MaxReadRequestUnits": 70, "MaxWriteRequestUnits": 50}),
        _OF_MAXIMA,
        on_demand=True,
        **_ON_INDEX,
    ),
    _case(
        "an index's maximum of writes",
        f"{_CUSTOMER}.max_write_request_units",
        50,
        60,
        _update_index(OnDemandThroughput={"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": 60}),
        _OF_MAXIMA,
        on_demand=True,
        **_ON_INDEX,
    ),
    _case(
        "not as warm for reads",
        "warm_read_units_per_second",
        13000,
        12500,
        _another_table(**_COOL),
        _OF_WARM,
        on_demand=True,
        **_WARM,
    ),
    _case(
        "an index is not as warm for reads",
        f"{_CUSTOMER}.warm_read_units_per_second",
        13000,
        12500,
        _another_table(global_secondary_indexes=[by_customer(**_COOL)]),
        _OF_WARM,
        on_demand=True,
        global_secondary_indexes=[by_customer(**_WARM)],
    ),
    _case(
        "insights are off",
        "contributor_insights",
        _ACCESSED,
        False,
        _insights(False),
        _CI,
        contributor_insights=True,
    ),
    _case(
        "insights are on",
        "contributor_insights",
        False,
        _ACCESSED,
        _insights(True),
        _CI,
        contributor_insights=False,
    ),
    _case(
        "insights show less",
        "contributor_insights",
        _ACCESSED,
        "THROTTLED_KEYS",
        _insights(True, "THROTTLED_KEYS"),
        _CI,
        contributor_insights=_ACCESSED,
    ),
    _case(
        "insights of an index are off",
        f"{_CUSTOMER}.contributor_insights",
        _ACCESSED,
        False,
        _insights(False, IndexName="by-customer"),
        _CI,
        on_demand=True,
        global_secondary_indexes=[by_customer(contributor_insights=True)],
    ),
)
"""Every property of a `TableSpec`, and most ways to change it."""
