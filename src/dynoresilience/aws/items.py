"""The items of one table through a client of any kind, in the types that its caller uses."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from dynoresilience.aws import botocore_private as private
from dynoresilience.aws.table_control import translated
from dynoresilience.errors import KeysUnknownError
from dynoresilience.ports import AccessDenied

Item = dict[str, Any]
Keys = dict[str, str]
"""Names and types ("S", "N", "B") of a table's key attributes, the hash key first."""

_known: WeakKeyDictionary[object, dict[str, Keys]] = WeakKeyDictionary()
"""By client, and by table as the caller addressed it."""


class Refused(NamedTuple):
    """The condition failed: there is such an item.

    Args:
        item: it, as it was then; None: the endpoint did not send it.
        sent_again: an attempt before the last one may have been the one that wrote it.
        error: botocore's.
    """

    item: Item | None
    sent_again: bool
    error: Exception


class TableItems:
    """The items of one table, as its caller has them.

    Args:
        client: a plain one takes wire types (``{"S": "..."}``), that of boto3's resource layer
            Python's.
        table: name or ARN.
        in_python: whether the client is of that layer. None: found out.
    """

    def __init__(self, client: Any, table: str, in_python: bool | None = None) -> None:
        self._client = client
        self.table = table
        self.in_python = private.speaks_python(client) if in_python is None else in_python

    def known_keys(self) -> Keys | None:
        """What `look_up_keys` found before, through this client or a copy of it."""
        return _known.get(private.original_of(self._client), {}).get(self.table)

    def look_up_keys(self) -> Keys:
        """The key attributes, by DescribeTable.

        Raises:
            KeysUnknownError: that is not permitted.
        """
        try:
            answer = self._client.describe_table(TableName=self.table)
        except ClientError as error:
            if isinstance(translated(error, "dynamodb:DescribeTable"), AccessDenied):
                raise KeysUnknownError(
                    f"{self.table}: dynamodb:DescribeTable is not permitted, so that the table's "
                    "key attributes are unknown: give them, the hash key first, as in "
                    'keys=["customer", "date"], or permit the action'
                ) from error
            raise
        return self.remember(answer["Table"])

    def remember(self, description: Mapping[str, Any]) -> Keys:
        """The key attributes in a description of the table, kept for the next call."""
        types = {
            each["AttributeName"]: each["AttributeType"]
            for each in description["AttributeDefinitions"]
        }
        schema = sorted(description["KeySchema"], key=lambda each: each["KeyType"] != "HASH")
        keys = {each["AttributeName"]: types[each["AttributeName"]] for each in schema}
        _known.setdefault(private.original_of(self._client), {})[self.table] = keys
        return keys

    def put_new(self, item: Mapping[str, Any], absent: Collection[str]) -> Refused | None:
        """PutItem on condition that no item has this key and any of the attributes ``absent``."""
        names = {f"#k{number}": name for number, name in enumerate(absent)}
        try:
            self._client.put_item(
                TableName=self.table,
                Item=item,
                ConditionExpression=" AND ".join(f"attribute_not_exists({each})" for each in names),
                ExpressionAttributeNames=names,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            found = error.response.get("Item")  # always of wire types
            if found and self.in_python:
                found = _read(found)
            attempts = error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0)
            return Refused(found or None, attempts > 0, error)
        return None

    def get(self, key: Mapping[str, Any]) -> Item | None:
        """The item with this key, as of the latest write."""
        found = self._client.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        item: Item | None = found.get("Item")
        return item

    def as_read(self, item: Mapping[str, Any]) -> Item:
        """What reading an item brings that was written as ``item``: a Decimal for an int..."""
        return _read(_written(item)) if self.in_python else dict(item)

    def same(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        """Whether they are alike as DynamoDB sees it: numbers by value, sets in any order."""
        if self.in_python:
            return self.as_read(one) == self.as_read(other)
        return _read(one) == _read(other)


def type_of(value: Any, in_python: bool) -> tuple[str, bool] | None:
    """The wire type of a value ("S", "M"...), and whether it is empty; None: it has none."""
    if in_python:
        try:
            value = TypeSerializer().serialize(value)
        except (TypeError, ArithmeticError):  # of botocore's make: the value is in the message
            return None
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    [(kind, content)] = value.items()
    return str(kind), not content


def _read(wire: Mapping[str, Any]) -> Item:
    read = TypeDeserializer().deserialize
    return {name: read(value) for name, value in wire.items()}


def _written(item: Mapping[str, Any]) -> Item:
    write = TypeSerializer().serialize
    return {name: write(value) for name, value in item.items()}
