"""Catches the DynamoDB requests of every botocore client of the process, before they are sent.

One handler stands among botocore's built-in ones, so that all sessions made after `register` carry
it. It does nothing until a simulator is started.
"""

from __future__ import annotations

import io
import json
import math
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import botocore
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from botocore.handlers import BUILTIN_HANDLERS

from dynoresilience.testing.replies import Body, Reply, request_id
from dynoresilience.testing.service.fault_kinds import Dropped, TimedOut

EVENT = "before-send.dynamodb"
_EARLIER = "request-created.dynamodb"
ANSWERED = "simulated://answered"
"""The URL of a request that has its answer: no other handler recognises it and answers again."""

Handler = Callable[[Any, str, str, Body], Reply]
"""Takes the request as botocore made it, its region, operation and JSON body."""

_TAKES_STUMPS = tuple(int(part) for part in botocore.__version__.split(".")[:2]) >= (1, 44)
"""From 1.44.0 on botocore doesn't compare a body with its Content-Length."""

_AWS_HOST = re.compile(
    r"(?:.+\.)?(?:dynamodb|ddb)(?:-fips)?\.(?P<region>[a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|api\.aws)"
)
_active: list[Handler] = []
_request = threading.local()
"""What is known of the request that this thread is about to send."""


def register() -> None:
    """Have every session that is made from now on call `answer`. Once is enough."""
    if (EVENT, answer) not in BUILTIN_HANDLERS:
        BUILTIN_HANDLERS.append((EVENT, answer))
        BUILTIN_HANDLERS.append((_EARLIER, _note_patience))


def patience() -> float:
    """Seconds that the client of the request at hand waits for an answer."""
    found: float | None = getattr(_request, "patience", None)
    return math.inf if found is None else float(found)


def activate(handler: Handler) -> None:
    """Let ``handler`` answer from now on."""
    _active[:] = [handler]


def deactivate() -> None:
    """Let requests go their own way again."""
    _active.clear()


def answer(request: Any, **_: Any) -> AWSResponse | None:
    """What botocore calls: an answer, or None to send the request."""
    for handler in tuple(_active):
        return respond(handler, request)
    return None


def respond(handler: Handler, request: Any) -> AWSResponse | None:
    """Have ``handler`` answer a request of botocore.

    None if it is not for AWS's own endpoint but for another ``endpoint_url``, or has been answered.
    """
    url = request.url
    host = _AWS_HOST.fullmatch(urlsplit(url).hostname or "")
    if host is None:
        return None
    operation = _text(request.headers["X-Amz-Target"]).rpartition(".")[2]
    try:
        reply = handler(request, host["region"], operation, json.loads(request.body or b"{}"))
    except TimedOut:
        raise ReadTimeoutError(endpoint_url=url) from None
    except Dropped as dropped:
        broken = ConnectionClosedError if dropped.connected else EndpointConnectionError
        raise broken(endpoint_url=url) from None
    if reply.delivery.cut and not _TAKES_STUMPS:
        raise ConnectionClosedError(endpoint_url=url)
    request.url = ANSWERED
    return AWSResponse(url, reply.status, _headers(reply), _Stream(reply.sent))


def _note_patience(request: Any, **_: Any) -> None:
    """Called for each attempt, just before `answer`, with what botocore knows of the client."""
    config = request.context.get("client_config")
    _request.patience = getattr(config, "read_timeout", None)


class _Stream(io.BytesIO):
    """A body as `AWSResponse` reads it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def _headers(reply: Reply) -> Any:  # a mapping; botocore's stubs ask for another class
    """Those of the reply, and what DynamoDB always sends; botocore checks the CRC."""
    given = {name.lower(): value for name, value in reply.headers.items()}
    return {
        "content-type": "application/x-amz-json-1.0",
        "x-amzn-requestid": request_id(),
        **given,
        "content-length": str(len(reply.raw)),
        "x-amz-crc32": reply.checksum,
    }


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
