"""Catches the AWS requests of every botocore client of the process, before they are sent.

While a simulator runs, botocore's HTTP session is ours, as a class: it does not matter when or by
which session a client was made. What is not for AWS goes its own way.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import botocore
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

from dynoresilience.testing.autoscaling.names import NAMESPACE
from dynoresilience.testing.autoscaling.targets import OPERATIONS
from dynoresilience.testing.in_process.aio import answer_or_send, loaded_sessions
from dynoresilience.testing.in_process.aws_hosts import (
    autoscaling_region,
    dynamodb_region,
    is_aws,
)
from dynoresilience.testing.replies import Body, Reply, request_id
from dynoresilience.testing.service.fault_kinds import Dropped, TimedOut

EVENTS = ("before-send.dynamodb", "before-send.application-auto-scaling")
ANSWERED = "simulated://answered"
"""The URL of a request that has its answer: no other handler recognises it and answers again."""

Handler = Callable[[Any, str, str, Body, float], Reply]
"""Takes the request as botocore made it, its region, operation and JSON body, and the seconds that
the client waits for an answer."""

Others = Callable[[Any], AWSResponse | None]
"""Answers a request to another AWS service; None to have it sent."""

_TAKES_STUMPS = tuple(int(part) for part in botocore.__version__.split(".")[:2]) >= (1, 44)
"""From 1.44.0 on botocore doesn't compare a body with its Content-Length."""

_active: list[tuple[Handler, Others]] = []
_caught: set[type] = set()
_undo: list[Callable[[], None]] = []


def activate(handler: Handler, others: Others) -> None:
    """Let these two answer what is for AWS, from now on."""
    _active[:] = [(handler, others)]
    _undo.append(replace_method(URLLib3Session, "send", _answer_or_send))
    _catch_loaded()


def _catch_loaded() -> None:
    """Catch the clients of aiobotocore too, if it has been loaded by now."""
    for session in loaded_sessions():
        if _active and session not in _caught:
            _caught.add(session)
            _undo.append(replace_method(session, "send", answer_or_send(_answer)))


def deactivate() -> None:
    """Let requests go their own way again."""
    _active.clear()
    _caught.clear()
    while _undo:
        _undo.pop()()


def replace_method(owner: type, name: str, instead: Callable[..., Any]) -> Callable[[], None]:
    """Have ``instead(original, self, ...)`` called for a method; the answer takes that back.

    If someone else has replaced the method meanwhile it stays as it is: what is ours in it then
    has to be harmless.
    """
    original = getattr(owner, name)

    def replacement(*args: Any, **kwargs: Any) -> Any:
        return instead(original, *args, **kwargs)

    def take_back() -> None:
        if getattr(owner, name) is replacement:
            setattr(owner, name, original)

    setattr(owner, name, replacement)
    return take_back


def is_claimed(request: Any) -> bool:
    """Whether a simulator that runs now will answer it, so that nobody else needs to."""
    _catch_loaded()
    return bool(_active) and _region(request) is not None


def _answer_or_send(send: Callable[..., Any], session: Any, request: Any) -> Any:
    """In place of `URLLib3Session.send`."""
    answer = _answer(request, _patience(session))
    return send(session, request) if answer is None else answer


def _patience(session: Any) -> float:
    """Seconds that a client with this HTTP session waits for an answer."""
    timeout = getattr(session, "_timeout", None)
    read = getattr(timeout, "read_timeout", timeout)
    return float(read) if isinstance(read, int | float) else math.inf


def _answer(request: Any, patience: float = math.inf) -> AWSResponse | None:
    answer = None
    for handler, others in tuple(_active):
        answer = respond(handler, request, patience)
        if answer is None and is_aws(request.url):
            answer = others(request)
    return answer


def respond(handler: Handler, request: Any, patience: float) -> AWSResponse | None:
    """Have ``handler`` answer a request of botocore.

    None if it is not for AWS's own endpoint but for another ``endpoint_url``, or has been answered.
    """
    url, region = request.url, _region(request)
    if region is None:
        return None
    operation = _operation(request)
    try:
        reply = handler(request, region, operation, json.loads(request.body or b"{}"), patience)
    except TimedOut:
        raise ReadTimeoutError(endpoint_url=url) from None
    except Dropped as dropped:
        broken = ConnectionClosedError if dropped.connected else EndpointConnectionError
        raise broken(endpoint_url=url) from None
    if reply.delivery.cut and not _TAKES_STUMPS:
        raise ConnectionClosedError(endpoint_url=url)
    request.url = ANSWERED
    return AWSResponse(url, reply.status, _headers(reply), _Stream(reply.sent))


def _region(request: Any) -> str | None:
    """The region whose simulation is to answer; None if the request is for somebody else."""
    region = dynamodb_region(request.url)
    if region is not None:
        return region
    region = autoscaling_region(request.url)
    if region is None or _operation(request) not in OPERATIONS:
        return None
    body = json.loads(request.body or b"{}")
    return region if body.get("ServiceNamespace") == NAMESPACE else None


def _operation(request: Any) -> str:
    return _text(request.headers["X-Amz-Target"]).rpartition(".")[2]


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
