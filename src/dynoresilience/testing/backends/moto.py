"""moto's DynamoDB without its mocks: tables of its own, and nothing else in the process changes.

`moto.mock_aws` answers all clients of the process and forgets all tables at its start. A server
needs neither: its tables live as long as it does, whatever mocks come and go around it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from botocore.model import OperationNotFoundError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.responses import DynamoHandler
from moto.dynamodbstreams.models import DynamoDBStreamsBackend
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler
from werkzeug.exceptions import HTTPException

from dynoresilience.testing.in_process.moto import forget_tags, free_stream
from dynoresilience.testing.replies import Body, Refused, Reply

_normalized: Callable[[Any], Any]
try:
    from moto.core.request import normalize_request as _normalized
except ImportError:  # moto before 5.2 takes botocore's requests as they are

    def _normalized(request: Any) -> Any:
        return request


class MotoStore:
    """A `Store` in memory. Not safe for several threads."""

    def __init__(self) -> None:
        self._regions: dict[str, _Region] = {}

    def carry_out(
        self, target: str, content: bytes, headers: Mapping[str, str], region: str
    ) -> Reply:
        prefix, _, operation = target.partition(".")
        streams = prefix.startswith("DynamoDBStreams")
        handler = (_StreamsHandler if streams else _ItemsHandler)(self._region(region))
        url = f"https://{'streams.' if streams else ''}dynamodb.{region}.amazonaws.com/"
        request = _request(url, target, content)
        try:
            if operation == "UpdateTable":
                free_stream(self._region(region).items, json.loads(content))
            if operation == "TagResource":
                forget_tags(self._region(region).items, json.loads(content))
            status, _, body = handler.answer(request, url)
        except HTTPException as error:
            status, body = error.code or 500, error.get_body()
        except (NotImplementedError, OperationNotFoundError):
            return Refused("UnknownOperationException", f"moto has no {operation}").reply()
        except Exception as failure:
            return _failed(operation, content, failure)
        return Reply(int(status), body.encode() if isinstance(body, str) else body)

    def is_absent(self, region: str, key_request: Body) -> bool:
        """Spares the way through moto's HTTP layer, which is most of what a look costs."""
        try:
            table, key = key_request["TableName"], key_request["Key"]
            return self._region(region).items.get_item(table, key) is None
        except Exception:  # not the place to say what is wrong with the request
            return False

    def close(self) -> None:
        self._regions.clear()

    def _region(self, name: str) -> _Region:
        if name not in self._regions:
            self._regions[name] = _Region(name)
        return self._regions[name]


class _Region:
    """The tables and streams of one region."""

    def __init__(self, name: str) -> None:
        self.items = DynamoDBBackend(name, DEFAULT_ACCOUNT_ID)
        self.streams = _Streams(name, DEFAULT_ACCOUNT_ID)
        self.streams.source = self.items


class _Streams(DynamoDBStreamsBackend):
    source: DynamoDBBackend

    @property
    def dynamodb(self) -> DynamoDBBackend:
        return self.source


class _ItemsHandler(DynamoHandler):
    def __init__(self, region: _Region) -> None:
        super().__init__()
        self._own = region

    @property
    def dynamodb_backend(self) -> DynamoDBBackend:
        return self._own.items

    def answer(self, request: Any, url: str) -> Any:
        return self._dispatch(request, url, request.headers)


class _StreamsHandler(DynamoDBStreamsHandler):
    def __init__(self, region: _Region) -> None:
        super().__init__()
        self._own = region

    @property
    def backend(self) -> DynamoDBStreamsBackend:
        return self._own.streams

    def answer(self, request: Any, url: str) -> Any:
        return self._dispatch(request, url, request.headers)


def _request(url: str, target: str, content: bytes) -> Any:
    headers = HTTPHeaders()
    headers["Content-Type"] = "application/x-amz-json-1.0"
    headers["X-Amz-Target"] = target
    return _normalized(AWSPreparedRequest("POST", url, headers, content, stream_output=False))


def _failed(operation: str, content: bytes, failure: Exception) -> Reply:
    """moto stumbled, most often over a request that DynamoDB would refuse."""
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return Refused("SerializationException", "the request is not JSON").reply()
    what = f"moto failed at {operation}: {type(failure).__name__}: {failure}"
    return Refused("InternalServerError", what, status=500).reply()
