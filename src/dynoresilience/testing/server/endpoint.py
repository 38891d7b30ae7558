"""DynamoDB's protocol: an HTTP request becomes an operation, a reply an HTTP answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from dynoresilience.testing.autoscaling.targets import OPERATIONS
from dynoresilience.testing.backends.store import Store
from dynoresilience.testing.replies import Backend, Body, Refused, Reply, request_id
from dynoresilience.testing.server.http import HttpAnswer, HttpRequest
from dynoresilience.testing.server.shapes import Misshapen, well_formed
from dynoresilience.testing.service.autoscaling_api import SERVICE, refusal

_SERVICE = "DynamoDB_20120810"
_STREAMS = "DynamoDBStreams_20120810"
_AUTOSCALING = "AnyScaleFrontendService"
_SCOPE = re.compile(r"Credential=[^,\s]*/\d{8}/(?P<region>[\w-]+)/")

Engine = Callable[[str, str, Body, Backend], Reply]
"""Takes the region, the operation, its request, and what keeps the items."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Answers POSTs as DynamoDB does.

    Args:
        store: keeps the items, and answers whatever the engine doesn't.
        engine: answers the operations of DynamoDB.
        region: of requests that are not signed.
    """

    store: Store
    engine: Engine
    region: str

    def answer(self, request: HttpRequest) -> Reply:
        """The reply to one request.

        Raises:
            Dropped: the test ordered a broken connection.
        """
        target = request.headers.get("x-amz-target", "")
        service, _, operation = target.partition(".")
        if service not in (_SERVICE, _STREAMS, _AUTOSCALING) or not operation.isidentifier():
            what = f"X-Amz-Target must be {_SERVICE}.<operation>, got {target!r}"
            return Refused("UnknownOperationException", what).reply()
        scope = _SCOPE.search(request.headers.get("authorization", ""))
        region = scope["region"] if scope else self.region
        if service == _STREAMS:
            return self.store.carry_out(target, request.content, request.headers, region)
        if service == _AUTOSCALING:
            return self._autoscale(request, region, operation)
        try:
            body = well_formed(operation, json.loads(request.content or b"null"))
        except (ValueError, RecursionError) as bad:
            return self._refused_by_store(target, request, region, bad)
        return self.engine(region, operation, body, self._backend(request, region, operation, body))

    def _autoscale(self, request: HttpRequest, region: str, operation: str) -> Reply:
        """Application Auto Scaling, on the same port. What keeps the items knows nothing of it."""
        if operation not in OPERATIONS:
            what = f"of Application Auto Scaling only {', '.join(OPERATIONS)} are simulated"
            return refusal(Refused("UnknownOperationException", what))
        try:
            body = well_formed(operation, json.loads(request.content or b"null"), SERVICE)
        except (ValueError, RecursionError) as bad:
            what = f"the request can't be read: {bad}"
            return refusal(Refused("ValidationException", what))
        headers = {**request.headers, "content-type": "application/x-amz-json-1.0"}
        to_store = self._backend(replace(request, headers=headers), region, operation, body)
        return self.engine(region, operation, body, to_store)

    def _refused_by_store(
        self, target: str, request: HttpRequest, region: str, bad: Exception
    ) -> Reply:
        """What keeps the items knows best how to refuse a request that can't be read."""
        if isinstance(bad, Misshapen) or request.content:
            reply = self.store.carry_out(target, request.content, request.headers, region)
            if reply.status < 500:
                return reply
        return Refused("SerializationException", f"the request can't be read: {bad}").reply()

    def _backend(self, request: HttpRequest, region: str, operation: str, body: Body) -> Backend:
        """The store in the name of the client; its own bytes go through wherever they can."""

        def carry_out(asked: str, its_body: Body) -> Reply:
            if asked == operation and its_body == body:
                content = request.content
            elif asked == "GetItem" and self.store.is_absent(region, its_body):
                return Reply.of({})
            else:
                content = json.dumps(its_body).encode()
            return self.store.carry_out(f"{_SERVICE}.{asked}", content, request.headers, region)

        return carry_out


def over_http(reply: Reply, request: Mapping[str, str]) -> HttpAnswer:
    """The reply with the headers that DynamoDB always sends. ``request``: the request's headers."""
    plain = request.get("content-type", "").partition(";")[0].strip() == "application/json"
    headers = {
        "x-amzn-requestid": request_id(),
        "content-type": "application/json" if plain else "application/x-amz-json-1.0",
        **{name.lower(): value for name, value in reply.headers.items()},
        "x-amz-crc32": reply.checksum,
    }
    headers.pop("content-length", None)
    return HttpAnswer(reply.status, headers, reply.sent, missing=len(reply.raw) - len(reply.sent))
