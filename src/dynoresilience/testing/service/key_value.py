"""A backend of a few lines: items by primary key in memory, and no more.

It knows CreateTable, DescribeTable, DeleteTable, PutItem, GetItem and DeleteItem, and of these no
conditions, expressions or returned values: enough to drive an `Engine` in virtual time without
boto3 and moto, about five times as fast. Anything else is refused.
"""

from __future__ import annotations

from typing import Any

from dynoresilience.testing.replies import Body, Refused, Reply

_PLAIN = {"TableName", "Item", "Key", "ConsistentRead"}


class KeyValueBackend:
    """A `Backend` for one region. Not thread-safe; an `Engine` calls it under its lock."""

    def __init__(self, region: str = "us-east-1") -> None:
        self._prefix = f"arn:aws:dynamodb:{region}:123456789012:table/"
        self._tables: dict[str, Body] = {}
        self._items: dict[str, dict[tuple[str, ...], Body]] = {}

    def __call__(self, operation: str, body: Body) -> Reply:
        """Carry out an operation; errors are answers too."""
        try:
            return Reply.of(self._answer(operation, body))
        except Refused as refused:
            return refused.reply()

    def items(self, table: str) -> list[Body]:
        """Everything that is stored in a table."""
        return list(self._items[table].values())

    def _answer(self, operation: str, body: Body) -> Body:
        name = body["TableName"].rpartition(":table/")[2]
        if operation == "CreateTable":
            return {"TableDescription": self._create(name, body)}
        if name not in self._tables:
            raise Refused("ResourceNotFoundException", "Requested resource not found")
        if operation == "DescribeTable":
            return {"Table": self._tables[name]}
        if operation == "DeleteTable":
            del self._items[name]
            return {"TableDescription": self._tables.pop(name)}
        if operation not in ("PutItem", "GetItem", "DeleteItem") or not body.keys() <= _PLAIN:
            more = ", ".join(sorted(body.keys() - _PLAIN))
            raise Refused(
                "ValidationException", f"KeyValueBackend does not know {operation} {more}".strip()
            )
        return self._on_item(operation, name, body)

    def _create(self, name: str, body: Body) -> Body:
        if name in self._tables:
            raise Refused("ResourceInUseException", f"Table already exists: {name}")
        described = {member: value for member, value in body.items() if member != "BillingMode"}
        mode = body.get("BillingMode", "PROVISIONED")
        self._tables[name] = {
            **described,
            "TableArn": self._prefix + name,
            "TableStatus": "ACTIVE",
            "BillingModeSummary": {"BillingMode": mode},
        }
        self._items[name] = {}
        return self._tables[name]

    def _on_item(self, operation: str, name: str, body: Body) -> Body:
        given: Body = body["Item"] if operation == "PutItem" else body["Key"]
        try:
            key = tuple(
                str(given[part["AttributeName"]]) for part in self._tables[name]["KeySchema"]
            )
        except KeyError as missing:
            message = f"One of the required keys was not given a value: {missing}"
            raise Refused("ValidationException", message) from None
        items: dict[tuple[str, ...], Any] = self._items[name]
        if operation == "PutItem":
            items[key] = given
        elif operation == "DeleteItem":
            items.pop(key, None)
        elif key in items:
            return {"Item": items[key]}
        return {}
