"""moto as a backend: keeps the tables and their items in memory. Not safe for several threads."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.models import DEFAULT_ACCOUNT_ID, botocore_stubber
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends

from dynoresilience.testing.in_process.interception import is_claimed, replace_method
from dynoresilience.testing.replies import Body, Reply

_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


class Moto:
    """`moto.mock_aws`, started and stopped with exactly what was there before put back."""

    def __init__(self) -> None:
        self._mock: Any = None
        self._environment: dict[str, str | None] = {}
        self._own_way: Callable[[], None] | None = None

    def start(self) -> None:
        """All AWS services are mocked from here on; credentials in the environment are fake."""
        self._environment = {name: os.environ.get(name) for name in _CREDENTIALS}
        self._mock = mock_aws()
        self._mock.start()
        self._own_way = replace_method(BotocoreStubber, "__call__", _leave_dynamodb_alone)

    def stop(self) -> None:
        """Forget all tables and put the environment back."""
        if self._own_way is not None:
            self._own_way()
        self._mock.stop()
        for name, value in self._environment.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def answer(request: Any) -> AWSResponse | None:
    """moto's answer to a request to AWS; None if it has none."""
    found: AWSResponse | None = botocore_stubber(event_name="before-send", request=request)
    return found


def _leave_dynamodb_alone(call: Callable[..., Any], stubber: Any, **event: Any) -> Any:
    """In place of moto's handler on its clients, which else would answer before the simulator."""
    return None if is_claimed(event.get("request")) else call(stubber, **event)


def free_stream(backend: DynamoDBBackend, update: Body) -> None:
    """Have moto switch streams: it can't enable one twice, nor write once one is disabled."""
    table = backend.tables.get(str(update.get("TableName")).rpartition("/")[2])
    specification = update.get("StreamSpecification")
    if table is None or not specification:
        return
    if not specification.get("StreamEnabled"):
        if table.stream_shard is not None:  # it can still be read, and takes nothing more
            table.stream_shard.add = lambda *_: None  # type: ignore[method-assign]
    elif not (table.stream_specification or {}).get("StreamEnabled"):
        table.latest_stream_label = None


def forget_tags(backend: DynamoDBBackend, request: Body) -> None:
    """Have moto replace tags: it keeps the old value of a key beside the new one."""
    keys = [tag["Key"] for tag in request.get("Tags") or ()]
    backend.untag_resource(request.get("ResourceArn") or "", keys)


def call_moto(request: Any, region: str, operation: str, body: Body) -> Reply:
    """Have moto carry out an operation in the name of ``request``, whatever that was itself."""
    if operation == "UpdateTable":
        free_stream(dynamodb_backends[DEFAULT_ACCOUNT_ID][region], body)
    if operation == "TagResource":
        forget_tags(dynamodb_backends[DEFAULT_ACCOUNT_ID][region], body)
    headers = HTTPHeaders()
    for name, value in request.headers.items():
        if name.lower() not in ("content-length", "x-amz-target"):
            headers[name] = value.decode() if isinstance(value, bytes) else value
    headers["X-Amz-Target"] = f"DynamoDB_20120810.{operation}"
    found = botocore_stubber.process_request(
        AWSPreparedRequest(
            method="POST",
            url=f"https://dynamodb.{region}.amazonaws.com/",
            headers=headers,
            body=json.dumps(body).encode(),
            stream_output=False,
        )
    )
    if found is None:
        raise RuntimeError("moto does not answer: is DynamoDB among what its mock passes through?")
    status, its_headers, content = found
    raw = content.encode() if isinstance(content, str) else content
    return Reply(status, raw, {str(name): str(value) for name, value in its_headers.items()})
