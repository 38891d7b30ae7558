"""A spec from the arguments of boto3's ``create_table``.

A value is judged where the `TableSpec` is made, by the name of its field. Here is judged what has
no field: the form of the dict, in DynamoDB's names of its members.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynoresilience.tables.sources.boto3_form import Form
from dynoresilience.tables.sources.boto3_keys import global_key, local_key, table_key
from dynoresilience.tables.spec import TableSpec
from dynoresilience.tables.spec.faults import UNREAD, FoundBefore

THROUGHPUT = {
    "ProvisionedThroughput": {
        "ReadCapacityUnits": "read_capacity_units",
        "WriteCapacityUnits": "write_capacity_units",
    },
    "OnDemandThroughput": {
        "MaxReadRequestUnits": "max_read_request_units",
        "MaxWriteRequestUnits": "max_write_request_units",
    },
    "WarmThroughput": {
        "ReadUnitsPerSecond": "warm_read_units_per_second",
        "WriteUnitsPerSecond": "warm_write_units_per_second",
    },
}
"""Members of a table and of a global index, and the fields that they are."""

_PLAIN = {
    "TableName": "name",
    "BillingMode": "billing_mode",
    "DeletionProtectionEnabled": "deletion_protection",
    "TableClass": "table_class",
}
_BESIDE = (
    "TimeToLiveSpecification",
    "PointInTimeRecoverySpecification",
    "ContributorInsightsSpecification",
)
_OF_TABLES = (
    *_PLAIN,
    *THROUGHPUT,
    *_BESIDE,
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
    "StreamSpecification",
    "SSESpecification",
    "Tags",
)
_OF_LOCAL_INDEXES = ("IndexName", "KeySchema", "Projection")
_OF_GLOBAL_INDEXES = (*_OF_LOCAL_INDEXES, *THROUGHPUT, "ContributorInsightsSpecification")
_NOT_IN_A_SPEC = "a TableSpec can't say it; leave it out, and see to it yourself"
_UNSAID = {
    "ResourcePolicy": _NOT_IN_A_SPEC,
    "GlobalTableSourceArn": _NOT_IN_A_SPEC,
    "GlobalTableSettingsReplicationMode": _NOT_IN_A_SPEC,
    "VectorIndexes": _NOT_IN_A_SPEC,
}
"""Members of CreateTable that have no field. Source: its model in botocore 1.40.10 to 1.44.5."""


_OF_ANSWERS = ("Table", "TableDescription", "TableStatus")
_AN_ANSWER = "is what DescribeTable answers; read the table with TableSpec.from_table(client, name)"


def fields_of(request: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the `TableSpec` that the arguments of ``create_table`` describe.

    What is wrong with their form goes along, so that `TableSpec` tells it with all the rest.
    """
    form = Form()
    if isinstance(request, Mapping) and not request.keys().isdisjoint(_OF_ANSWERS):
        form.fault("request", request, _AN_ANSWER)
        fields = dict.fromkeys(TableSpec.model_fields, UNREAD)
    elif isinstance(request, Mapping):
        fields = _table(form, form.checked(request, "", _OF_TABLES, _UNSAID))
    else:
        form.fault("request", request, "must be a dict with the arguments of create_table")
        fields = dict.fromkeys(TableSpec.model_fields, UNREAD)
    return {**fields, "": FoundBefore(tuple(form.faults))} if form.faults else fields


def _table(form: Form, request: Mapping[str, Any]) -> dict[str, Any]:
    fields = {
        field: request[member]
        for member, field in _PLAIN.items()
        if request.get(member) is not None
    }
    if request.get("AttributeDefinitions") is not None:
        fields["attributes"] = _attributes(form, request)
    hash_key, range_key = table_key(form, request)
    fields |= {"hash_key": hash_key, "range_key": range_key}
    fields |= _throughput(form, request, "")
    fields["global_secondary_indexes"] = form.each(
        request,
        "GlobalSecondaryIndexes",
        _OF_GLOBAL_INDEXES,
        lambda entry, path: {
            **global_key(form, entry, path),
            **_index(form, entry, path),
            **_throughput(form, entry, path),
            **_insights(form, entry, path),
        },
    )
    fields["local_secondary_indexes"] = form.each(
        request,
        "LocalSecondaryIndexes",
        _OF_LOCAL_INDEXES,
        lambda entry, path: {
            **local_key(form, entry, path, hash_key),
            **_index(form, entry, path),
        },
    )
    return {
        **fields,
        **_stream(form, request),
        **_encryption(form, request),
        **_tags(form, request),
        **_time_to_live(form, request),
        **_backups(form, request),
        **_insights(form, request, ""),
    }


def _attributes(form: Form, request: Mapping[str, Any]) -> Any:
    types: dict[str, Any] = {}

    def note(entry: Mapping[str, Any], path: str) -> None:
        name = form.text(entry, "AttributeName", path)
        kind = form.needed(entry, "AttributeType", path, "give 'S', 'N' or 'B'")
        if name in types and name is not UNREAD:
            form.fault(f"{path}AttributeName", name, "has a definition already; one is enough")
        types.setdefault(name, kind)

    read = form.each(request, "AttributeDefinitions", ("AttributeName", "AttributeType"), note)
    return UNREAD if read is UNREAD or UNREAD in types or UNREAD in read else types


def _throughput(form: Form, entry: Mapping[str, Any], path: str) -> dict[str, Any]:
    return {
        field: given[name]
        for member, fields in THROUGHPUT.items()
        for given in [form.structure(entry, member, path, tuple(fields)) or {}]
        for name, field in fields.items()
        if given.get(name) is not None
    }


def _index(form: Form, entry: Mapping[str, Any], path: str) -> dict[str, Any]:
    """What global and local indexes have alike."""
    fields: dict[str, Any] = {}
    if entry.get("IndexName") is not None:
        fields["name"] = entry["IndexName"]
    names = ("ProjectionType", "NonKeyAttributes")
    projection = form.structure(entry, "Projection", path, names)
    if projection is None:
        form.missing(f"{path}Projection", "give it, with a ProjectionType: 'ALL', for example")
        return fields
    remedy = "give 'ALL', 'KEYS_ONLY' or 'INCLUDE'"
    fields["projection_type"] = form.needed(
        projection, "ProjectionType", f"{path}Projection.", remedy
    )
    if projection.get("NonKeyAttributes") is not None:
        fields["non_key_attributes"] = projection["NonKeyAttributes"]
    return fields


def _stream(form: Form, request: Mapping[str, Any]) -> dict[str, Any]:
    """CloudFormation's has no ``StreamEnabled``: then it is on."""
    stream = form.structure(request, "StreamSpecification", "", ("StreamEnabled", "StreamViewType"))
    if stream is None:
        return {}
    path = "StreamSpecification."
    on = form.switch(stream, "StreamEnabled", path, unless_given=True)
    view = stream.get("StreamViewType")
    if on is False and view is not None:
        form.fault(f"{path}StreamViewType", view, "StreamEnabled is False; leave one of them out")
    if on is True and view is None:
        remedy = "give 'KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE' or 'NEW_AND_OLD_IMAGES'"
        form.missing(f"{path}StreamViewType", remedy)
        view = UNREAD
    return {"stream_view_type": view if on is True else on}


def _encryption(form: Form, request: Mapping[str, Any]) -> dict[str, Any]:
    """CloudFormation calls the switch ``SSEEnabled``."""
    path, switches = "SSESpecification.", ("Enabled", "SSEEnabled")
    names = (*switches, "SSEType", "KMSMasterKeyId")
    sse = form.structure(request, "SSESpecification", "", names)
    if sse is None:
        return {}
    switch = "SSEEnabled" if sse.get("SSEEnabled") is not None else "Enabled"
    fields = {"sse": form.switch(sse, switch, path)}
    if sse.get("SSEType") not in (None, "KMS", UNREAD):
        form.fault(f"{path}SSEType", sse["SSEType"], "there is 'KMS' only; leave it out")
    if sse.get("KMSMasterKeyId") is not None:
        fields["kms_key"] = sse["KMSMasterKeyId"]
    return fields


def _tags(form: Form, request: Mapping[str, Any]) -> dict[str, Any]:
    if request.get("Tags") is None:
        return {}
    tags: dict[str, Any] = {}

    def note(entry: Mapping[str, Any], path: str) -> None:
        key = form.text(entry, "Key", path)
        value = form.needed(entry, "Value", path, "give text, '' for none")
        if key in tags and key is not UNREAD:
            form.fault(f"{path}Key", key, "is there already; one value is enough")
        tags.setdefault(key, value)

    read = form.each(request, "Tags", ("Key", "Value"), note)
    return {"tags": UNREAD if read is UNREAD or UNREAD in tags else tags}


def _time_to_live(form: Form, request: Mapping[str, Any]) -> dict[str, Any]:
    member, names = "TimeToLiveSpecification", ("AttributeName", "Enabled")
    given = form.structure(request, member, "", names)
    if given is None:
        return {}
    on = form.switch(given, "Enabled", f"{member}.", unless_given=True)
    if on is True:
        return {"time_to_live": form.text(given, "AttributeName", f"{member}.")}
    return {"time_to_live": on}


def _backups(form: Form, request: Mapping[str, Any]) -> dict[str, Any]:
    member = "PointInTimeRecoverySpecification"
    names = ("PointInTimeRecoveryEnabled", "RecoveryPeriodInDays")
    given = form.structure(request, member, "", names)
    if given is None:
        return {}
    fields = {"point_in_time_recovery": form.switch(given, names[0], f"{member}.")}
    if given.get("RecoveryPeriodInDays") is not None:
        fields["recovery_period_days"] = given["RecoveryPeriodInDays"]
    return fields


def _insights(form: Form, entry: Mapping[str, Any], path: str) -> dict[str, Any]:
    member = "ContributorInsightsSpecification"
    given = form.structure(entry, member, path, ("Enabled", "Mode"))
    if given is None:
        return {}
    on = form.switch(given, "Enabled", f"{path}{member}.", unless_given=True)
    mode = given.get("Mode")
    return {"contributor_insights": mode if on is True and mode is not None else on}
