"""Plain reads and writes of one item through moto's handlers, past its HTTP layer.

Nine tenths of what moto spends on a PutItem is the way from an HTTP request to its handler and
back. Whatever is not plain (a condition, returned values, binary content, a projection) and whatever
fails goes the long way, which then says what is wrong: doing a plain operation twice does no harm.
"""

from __future__ import annotations

import json
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID, botocore_stubber
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.responses import DynamoHandler

from dynoresilience.testing.replies import Body, Reply

_PLAIN = {
    "PutItem": ("put_item", {"TableName", "Item"}),
    "GetItem": ("get_item", {"TableName", "Key", "ConsistentRead"}),
    "DeleteItem": ("delete_item", {"TableName", "Key"}),
}
_NOTHING = Reply(200, b"{}")


def answer(region: str, operation: str, body: Body) -> Reply | None:
    """Carry out a plain operation; None if it has to go the long way."""
    name, members = _PLAIN.get(operation, ("", set()))
    if not name or not body.keys() <= members or _has_binary(body.get("Item") or body.get("Key")):
        return None
    if not botocore_stubber.enabled or list(dynamodb_backends) != [DEFAULT_ACCOUNT_ID]:
        return None
    try:
        handler: Any = DynamoHandler()
        handler.region, handler.current_account = region, DEFAULT_ACCOUNT_ID
        handler.body = body
        done = getattr(handler, name)()
        if operation != "GetItem":
            return _NOTHING
        raw = (
            done if isinstance(done, str) else json.dumps(done.result)
        )  # since moto 5.1.5: a result
        return Reply(200, raw.encode())
    except Exception:  # not the place to say what is wrong with the request
        return None


def _has_binary(attributes: Any) -> bool:
    """Whether moto's own parser would have something to do: it turns base64 into bytes."""
    if not isinstance(attributes, dict):
        return True
    for value in attributes.values():
        for kind, content in value.items() if isinstance(value, dict) else (("?", None),):
            if kind in ("B", "BS", "?"):
                return True
            if kind == "M" and _has_binary(content):
                return True
            if kind == "L" and any(_has_binary({"": element}) for element in content):
                return True
    return False
