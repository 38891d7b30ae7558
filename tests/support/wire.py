"""What a client sends, and answers that no endpoint would give at will."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

from botocore.awsrequest import AWSResponse

from dynoresilience.testing.in_process.interception import ANSWERED
from dynoresilience.testing.replies import Refused


class Wire:
    """Stands between a client and its endpoint, for one operation.

    ``bodies`` are the requests of all attempts, in their order. ``answers``: the errors that the
    next attempts get instead of reaching the endpoint.
    """

    def __init__(self, client: Any, operation: str) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.answers: list[Refused] = []
        client.meta.events.register_first(f"before-send.dynamodb.{operation}", self._on_send)

    def _on_send(self, request: Any, **_: Any) -> AWSResponse | None:
        self.bodies.append(json.loads(request.body))
        if not self.answers:
            return None
        reply = self.answers.pop(0).reply()
        headers: Any = {"content-type": "application/x-amz-json-1.0"}
        url, request.url = request.url, ANSWERED  # all handlers run, a simulator's among them
        return AWSResponse(url, reply.status, headers, _Body(reply.raw))


def cancelled(*codes: str) -> Refused:
    """A TransactionCanceledException with a reason for each item; "None" where all was well."""
    return Refused(
        "TransactionCanceledException",
        "Transaction cancelled, please refer cancellation reasons for specific reasons "
        f"[{', '.join(codes)}]",
        CancellationReasons=[{"Code": code} for code in codes],
    )


class _Body(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()
