"""Answers of a DynamoDB endpoint, and its errors in its own words."""

from __future__ import annotations

import itertools
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Body = dict[str, Any]

_DYNAMODB = "com.amazonaws.dynamodb.v20120810#"
_NAMESPACES = {
    "AccessDeniedException": "com.amazon.coral.service#",
    "SerializationException": "com.amazon.coral.service#",
    "ThrottlingException": "com.amazon.coral.service#",
    "UnknownOperationException": "com.amazon.coral.service#",
    "ValidationException": "com.amazon.coral.validate#",
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an answer goes out: when, whole or cut, with its checksum or a wrong one."""

    seconds: float = 0.0
    cut: bool = False
    corrupt: bool = False


PROPER = Delivery()
CUT = Delivery(cut=True)
CORRUPT = Delivery(corrupt=True)


@dataclass(frozen=True)
class Reply:
    """One HTTP answer. ``raw`` goes out as it is; ``body`` is a view of it, not to be changed."""

    status: int
    raw: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery = PROPER

    @property
    def sent(self) -> bytes:
        """What of ``raw`` gets as far as the client."""
        return self.raw[: len(self.raw) // 2] if self.delivery.cut else self.raw

    @property
    def checksum(self) -> str:
        """The ``x-amz-crc32`` to send with it."""
        return str(zlib.crc32(self.raw) ^ self.delivery.corrupt)

    @classmethod
    def of(cls, body: Body, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
        """An answer with this JSON body."""
        return cls(status, json.dumps(body).encode(), headers or {})

    @property
    def ok(self) -> bool:
        return self.status < 300

    @cached_property
    def body(self) -> Body:
        """The JSON object of the answer; empty if it is none."""
        try:
            found = json.loads(self.raw)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def code(self) -> str:
        """The error's code, such as ``ValidationException``; empty on success."""
        return "" if self.ok else str(self.body.get("__type", "")).rpartition("#")[2]


Backend = Callable[[str, Body], Reply]
"""What stores the items: takes an operation and its request, as any DynamoDB endpoint does."""


_request_numbers = itertools.count(1)


def request_id() -> str:
    """A new request id of the length that DynamoDB's have."""
    return f"SIMULATED{next(_request_numbers):043}"


class Refused(Exception):
    """The endpoint answers with an error. ``members`` are those of the error beside its message."""

    def __init__(self, code: str, message: str, *, status: int = 400, **members: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.members = members

    def reply(self, headers: Mapping[str, str] | None = None) -> Reply:
        """The error as it goes over the wire."""
        kind = _NAMESPACES.get(self.code, _DYNAMODB) + self.code
        name = "Message" if self.code == "TransactionCanceledException" else "message"
        body = {"__type": kind, name: self.message, **self.members}
        return Reply.of(body, self.status, headers)


def access_denied(action: str, resource: str, user: str) -> Refused:
    """What IAM says when no policy grants an action such as ``dynamodb:PutItem``."""
    return Refused(
        "AccessDeniedException",
        f"User: {user} is not authorized to perform: {action} on resource: {resource} because no "
        f"identity-based policy allows the {action} action",
    )
