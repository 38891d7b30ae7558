"""Plain calls through moto's handlers, past its HTTP layer: one item, or a table's description.

Most of what moto spends on a PutItem is the way from an HTTP request to its handler and back.
Whatever is not plain (a condition, returned values, binary content, a projection) and whatever
fails goes the long way, which then says what is wrong: doing a plain operation twice does no harm.
"""

from __future__ import annotations

import json
from calendar import timegm
from datetime import datetime
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID, botocore_stubber
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.responses import DynamoHandler

from dynoresilience.testing.replies import Body, Reply

_PLAIN = {
    "PutItem": ("put_item", {"TableName", "Item"}),
    "GetItem": ("get_item", {"TableName", "Key", "ConsistentRead"}),
    "DeleteItem": ("delete_item", {"TableName", "Key"}),
    "DescribeTable": ("describe_table", {"TableName"}),
}
_SILENT = {"PutItem", "DeleteItem"}
_NOTHING = Reply(200, b"{}")


def answer(region: str, operation: str, body: Body) -> Reply | None:
    """Carry out a plain operation; None if it has to go the long way."""
    name, members = _PLAIN.get(operation, ("", set()))
    if not name or not body.keys() <= members:
        return None
    if not botocore_stubber.enabled or list(dynamodb_backends) != [DEFAULT_ACCOUNT_ID]:
        return None
    try:
        if _has_binary(body.get("Item") or body.get("Key") or {}):
            return None
        handler: Any = DynamoHandler()
        handler.region, handler.current_account = region, DEFAULT_ACCOUNT_ID
        handler.body = body
        done = getattr(handler, name)()
        if operation in _SILENT:
            return _NOTHING
        # older ones of moto answer with text, newer ones with what the text is made of
        raw = done if isinstance(done, str) else json.dumps(done.result, default=_instant)
        return Reply(200, raw.encode())
    except Exception:  # not the place to say what is wrong with the request
        return None


def _instant(value: Any) -> float:
    """The seconds of a datetime, which moto keeps in UTC, cut to milliseconds as moto does."""
    if not isinstance(value, datetime):
        raise TypeError("not to be put into words here")
    return timegm(value.timetuple()) + value.microsecond // 1000 / 1000.0


def _has_binary(attributes: Any) -> bool:
    """Whether moto's own parser would have something to do: it turns base64 into bytes."""
    return any(
        kind in ("B", "BS")
        or (kind == "M" and _has_binary(content))
        or (kind == "L" and any(_has_binary({"": element}) for element in content))
        for value in attributes.values()
        for kind, content in value.items()
    )
