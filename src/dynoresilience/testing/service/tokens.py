"""Transactions that are sent again under the same client token are not carried out again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import NamedTuple

from dynoresilience.testing.replies import Body, Refused, Reply

REMEMBERED = 600.0
"""Seconds after which a token counts as new (API reference: "valid for 10 minutes")."""


class _Done(NamedTuple):
    until: float
    request: bytes
    reply: Reply


class Tokens:
    """The ``ClientRequestToken`` of transactions that went through. Not thread-safe.

    moto has no memory of them: a transaction whose answer was lost would be done twice, as boto3
    sends it again under its token. The second time is not charged.
    """

    def __init__(self) -> None:
        self._done: dict[str, _Done] = {}

    def once(self, operation: str, body: Body, at: float, work: Callable[[], Reply]) -> Reply:
        """The reply of ``work``, or the one that the same request under its token had before.

        Raises:
            Refused: IdempotentParameterMismatchException, its token was that of another request.
        """
        token = body.get("ClientRequestToken")
        if not isinstance(token, str):
            return work()
        while self._done and next(iter(self._done.values())).until <= at:
            del self._done[next(iter(self._done))]
        request, found = _digest(operation, body), self._done.get(token)
        if found is None:
            reply = work()
            if reply.ok:
                self._done[token] = _Done(at + REMEMBERED, request, reply)
            return reply
        if found.request != request:
            raise Refused(
                "IdempotentParameterMismatchException",
                "DynamoDB rejected the request because you retried a request with a different "
                "payload but with an idempotent token that was already used.",
            )
        return found.reply


def _digest(operation: str, body: Body) -> bytes:
    """What tells one request from another. What it wants to be told about costs is no part."""
    asked = {name: value for name, value in body.items() if not name.startswith("Return")}
    return hashlib.sha256(json.dumps([operation, asked], sort_keys=True).encode()).digest()
