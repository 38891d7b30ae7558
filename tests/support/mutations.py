"""Single changes of what AWS tells of a table (`AsAws`), and what a report must name for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from dynoresilience.tables import GlobalIndex, LocalIndex, TableSpec
from tests.support.as_aws import KEYS, AsAws

Mutation = tuple[str, Callable[[AsAws], None]]
"""The path of the difference, and the change that makes it."""

_UNITS = {
    "read_capacity_units": ("ProvisionedThroughput", "ReadCapacityUnits"),
    "write_capacity_units": ("ProvisionedThroughput", "WriteCapacityUnits"),
    "max_read_request_units": ("OnDemandThroughput", "MaxReadRequestUnits"),
    "max_write_request_units": ("OnDemandThroughput", "MaxWriteRequestUnits"),
}
_WARM = {
    "warm_read_units_per_second": "ReadUnitsPerSecond",
    "warm_write_units_per_second": "WriteUnitsPerSecond",
}
_OTHER_VIEW = {
    "KEYS_ONLY": "NEW_IMAGE",
    "NEW_IMAGE": "OLD_IMAGE",
    "OLD_IMAGE": "NEW_AND_OLD_IMAGES",
    "NEW_AND_OLD_IMAGES": None,
    False: "KEYS_ONLY",
}
_OTHER_PROJECTION = {"ALL": "KEYS_ONLY", "KEYS_ONLY": "ALL", "INCLUDE": "ALL"}
_ACCESSED, _THROTTLED = "ACCESSED_AND_THROTTLED_KEYS", "THROTTLED_KEYS"
NEW = "a new attribute of somebody else's"


def mutations(spec: TableSpec) -> Iterator[Mutation]:
    """All that the table of this spec allows."""
    yield from _keys(spec)
    yield "billing_mode", partial(_flip_billing, spec=spec)
    yield from _numbers(spec, None)
    yield from _settings(spec)
    for index in spec.global_secondary_indexes:
        yield from _global(index)
    for local in spec.local_secondary_indexes:
        yield from _local(local)
    for which in ("global", "local"):
        name = "an index of somebody else's"
        yield f"{which}_secondary_indexes[{name}]", partial(_add_index, which=which, name=name)


def _keys(spec: TableSpec) -> Iterator[Mutation]:
    def change(aws: AsAws, kind: str) -> None:
        rest = [key for key in aws.table["KeySchema"] if key["KeyType"] != kind]
        aws.table["KeySchema"] = [*rest, {"AttributeName": NEW, "KeyType": kind}]
        _define(aws)

    yield "hash_key", partial(change, kind="HASH")
    yield "range_key", partial(change, kind="RANGE")
    if spec.range_key is not None:
        yield "range_key", lambda aws: aws.table.update(KeySchema=aws.table["KeySchema"][:1])
    for name, kind in spec.attributes.items():
        other = {"S": "N", "N": "B", "B": "S"}[kind]
        yield f"attributes[{name}]", partial(_retype, name=name, kind=other)


def _retype(aws: AsAws, name: str, kind: str) -> None:
    for entry in aws.table["AttributeDefinitions"]:
        if entry["AttributeName"] == name:
            entry["AttributeType"] = kind


def _define(aws: AsAws) -> None:
    aws.table["AttributeDefinitions"].append({"AttributeName": NEW, "AttributeType": "S"})


def _flip_billing(aws: AsAws, spec: TableSpec) -> None:
    """Capacity, of indexes as well, comes and goes with the mode; and so do maximums."""
    on_demand = spec.billing_mode == "PROVISIONED"
    mode = "PAY_PER_REQUEST" if on_demand else "PROVISIONED"
    aws.table["BillingModeSummary"] = {"BillingMode": mode}
    units = 0 if on_demand else 7
    for each in (aws.table, *aws.table.get("GlobalSecondaryIndexes", ())):
        each["ProvisionedThroughput"] = {"ReadCapacityUnits": units, "WriteCapacityUnits": units}
        each.pop("OnDemandThroughput", None)


def _numbers(of: TableSpec | GlobalIndex, index: str | None) -> Iterator[Mutation]:
    def change(aws: AsAws, member: str, name: str, units: int) -> None:
        entry = aws.table if index is None else aws.index(index)
        entry.setdefault(member, {})[name] = units

    place = "" if index is None else f"global_secondary_indexes[{index}]."
    for field, (member, name) in _UNITS.items():
        declared = getattr(of, field)
        if declared is not None:
            units = max(declared, 0) + 1
            yield place + field, partial(change, member=member, name=name, units=units)
            if member == "OnDemandThroughput" and declared != -1:
                yield place + field, partial(change, member=member, name=name, units=-1)
    for field, name in _WARM.items():
        declared = getattr(of, field) or 0
        if declared > 1:
            wanted = partial(change, member="WarmThroughput", name=name, units=declared - 1)
            yield place + field, wanted
    if of.contributor_insights is not None:
        yield place + "contributor_insights", partial(_flip_insights, index=index)


def _flip_insights(aws: AsAws, index: str | None) -> None:
    was = aws.insights[index]
    on = was["ContributorInsightsStatus"] == "ENABLED"
    aws.insights[index] = {"ContributorInsightsStatus": "DISABLED" if on else "ENABLED"}


def _settings(spec: TableSpec) -> Iterator[Mutation]:
    if spec.stream_view_type is not None:
        view = _OTHER_VIEW[spec.stream_view_type]
        shown = {"StreamEnabled": True, "StreamViewType": view} if view else {}
        yield "stream_view_type", lambda aws: aws.table.update(StreamSpecification=shown)
    if spec.time_to_live is not None:
        other = {"TimeToLiveStatus": "ENABLED", "AttributeName": NEW}
        yield "time_to_live", lambda aws: aws.time_to_live.update(other)
        if spec.time_to_live:
            off = {"TimeToLiveStatus": "DISABLED"}
            yield "time_to_live", lambda aws: aws.time_to_live.update(off)
    for key in spec.tags or ():
        yield f"tags[{key}]", partial(_set_tag, key=key)
        yield f"tags[{key}]", partial(_drop_tag, key=key)
    if spec.point_in_time_recovery is not None:
        yield "point_in_time_recovery", _flip_recovery
    if spec.recovery_period_days is not None:
        days = spec.recovery_period_days % 35 + 1
        yield "recovery_period_days", partial(_set_days, days=days)
    if spec.deletion_protection is not None:
        to = not spec.deletion_protection
        yield "deletion_protection", lambda aws: aws.table.update(DeletionProtectionEnabled=to)
    if spec.table_class is not None:
        ia = "STANDARD_INFREQUENT_ACCESS"
        other_class = {"TableClass": ia if spec.table_class == "STANDARD" else "STANDARD"}
        yield "table_class", lambda aws: aws.table.update(TableClassSummary=other_class)
    if spec.sse is not None:
        yield "sse", partial(_flip_encryption, on=not spec.sse)
    if spec.kms_key is not None:
        yield "kms_key", lambda aws: aws.table["SSEDescription"].update(KMSMasterKeyArn=f"{KEYS}x")


def _set_tag(aws: AsAws, key: str) -> None:
    aws.tags[key] += "!"


def _drop_tag(aws: AsAws, key: str) -> None:
    del aws.tags[key]


def _flip_recovery(aws: AsAws) -> None:
    entry = aws.backups["PointInTimeRecoveryDescription"]
    was = entry["PointInTimeRecoveryStatus"]
    status = {"ENABLED": "DISABLED", "DISABLED": "ENABLED"}[was]
    aws.backups["PointInTimeRecoveryDescription"] = {"PointInTimeRecoveryStatus": status}


def _set_days(aws: AsAws, days: int) -> None:
    aws.backups["PointInTimeRecoveryDescription"]["RecoveryPeriodInDays"] = days


def _flip_encryption(aws: AsAws, on: bool) -> None:
    shown = {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": f"{KEYS}x"}
    aws.table["SSEDescription"] = shown if on else {"Status": "DISABLED"}


def _global(index: GlobalIndex) -> Iterator[Mutation]:
    path = f"global_secondary_indexes[{index.name}]"
    yield path, partial(_drop_index, which="Global", name=index.name)
    yield from _numbers(index, index.name)
    yield from _projection(path, index)
    yield f"{path}.hash_key", partial(_rekey, name=index.name, kind="HASH")
    yield f"{path}.range_key", partial(_rekey, name=index.name, kind="RANGE")
    if len(index.hash_key) > 1:
        yield f"{path}.hash_key", partial(_swap, name=index.name)


def _local(index: LocalIndex) -> Iterator[Mutation]:
    path = f"local_secondary_indexes[{index.name}]"
    yield path, partial(_drop_index, which="Local", name=index.name)
    yield from _projection(path, index)
    yield f"{path}.range_key", partial(_rekey, name=index.name, kind="RANGE")


def _projection(path: str, index: GlobalIndex | LocalIndex) -> Iterator[Mutation]:
    other = {"ProjectionType": _OTHER_PROJECTION[index.projection_type]}
    yield (
        f"{path}.projection_type",
        lambda aws: aws.index(index.name).update(Projection=other),
    )
    if index.non_key_attributes:
        names = [*index.non_key_attributes[1:], NEW]
        shown: dict[str, Any] = {"ProjectionType": "INCLUDE", "NonKeyAttributes": names}
        yield (
            f"{path}.non_key_attributes",
            lambda aws: aws.index(index.name).update(Projection=shown),
        )


def _rekey(aws: AsAws, name: str, kind: str) -> None:
    entry = aws.index(name)
    rest = [key for key in entry["KeySchema"] if key["KeyType"] != kind]
    entry["KeySchema"] = [*rest, {"AttributeName": NEW, "KeyType": kind}]
    _define(aws)


def _swap(aws: AsAws, name: str) -> None:
    """The order of the attributes of a key is part of it."""
    schema = aws.index(name)["KeySchema"]
    schema[0], schema[1] = schema[1], schema[0]


def _drop_index(aws: AsAws, which: str, name: str) -> None:
    """With the definitions of attributes that nothing else uses."""
    member = f"{which}SecondaryIndexes"
    aws.table[member] = [each for each in aws.table[member] if each["IndexName"] != name]
    lists = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
    every = [aws.table, *(each for of in lists for each in aws.table.get(of, ()))]
    used = {key["AttributeName"] for each in every for key in each["KeySchema"]}
    aws.table["AttributeDefinitions"] = [
        entry for entry in aws.table["AttributeDefinitions"] if entry["AttributeName"] in used
    ]


def _add_index(aws: AsAws, which: str, name: str) -> None:
    _define(aws)
    aws.insights[name] = {"ContributorInsightsStatus": "DISABLED"}
    status = {"IndexStatus": "ACTIVE"} if which == "global" else {}
    aws.table.setdefault(f"{which.title()}SecondaryIndexes", []).append(
        {
            "IndexName": name,
            "KeySchema": [{"AttributeName": NEW, "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
            **status,
        }
    )
