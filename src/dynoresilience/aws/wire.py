"""What the request and the answer of an attempt say on the wire, where somebody asks.

The modules that read it are loaded by the first that has to be read: a cold start does not pay.
"""

from __future__ import annotations

import json
from binascii import crc32
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from dynoresilience import fork_safe

if TYPE_CHECKING:
    from dynoresilience.throttling.batches import Batch, Rest
    from dynoresilience.throttling.signals import Throttle
    from dynoresilience.throttling.work import Work

Attempt = dict[str, Any]
"""What botocore hands to a handler of ``needs-retry``, and so to its own."""


def throttle_of(attempt: Attempt) -> Throttle | None:
    """What an error says was short; None if it is no throttle."""
    request = _Body(attempt["request_dict"])
    operation, error = attempt["operation"].name, attempt["response"][1]
    throttle: Throttle | None = _late("signals").read_throttle(error, operation, request)
    return throttle


def least_delay(http: Any) -> float | None:
    """Seconds that an answer asks to wait at least; None: it does not say."""
    seconds: float | None = _late("signals").retry_after(http.headers)
    return seconds


def tables_of(attempt: Attempt) -> tuple[str, ...]:
    """The tables that the request of an attempt names."""
    return tables_in(attempt["request_dict"])


def tables_in(request: dict[str, Any]) -> tuple[str, ...]:
    """The tables that a request names."""
    tables: tuple[str, ...] = _late("signals").tables_of(_Body(request))
    return tables


def work_of(operation: str, request: dict[str, Any]) -> tuple[Work | None, frozenset[str] | None]:
    """What a request takes of one table, about, and of a put the names of the attributes."""
    body = request["body"]
    size = body.count(b'Request":') if operation == "BatchWriteItem" else len(body)
    work: Work | None = _late("work").read_work(operation, body, size, None)
    if operation != "PutItem":
        return work, None
    item = _Body(request).get("Item")
    return work, None if item is None else frozenset(item)


def rest_of(attempt: Attempt, batch: Batch | None) -> Rest | None:
    """What a batch has left undone; None for any other call, and if all is done."""
    operation = attempt["operation"].name
    http, parsed = attempt["response"]
    if not operation.startswith("Batch") or (batch is None and not _is_partly_done(parsed)):
        return None
    request = dict(_Body(attempt["request_dict"]))
    answer = json.loads(http.content)
    rest: Rest | None = _late("batches").rest_of(operation, request, answer, len(http.content))
    return rest


def is_whole(http: Any) -> bool:
    """Whether an answer has no checksum that says otherwise."""
    expected = http.headers.get("x-amz-crc32")
    try:
        return expected is None or int(expected) == crc32(http.content)
    except ValueError:
        return False


def wrong_checksum(http: Any) -> Exception | None:
    """What botocore's legacy mode raises once its attempts are over, and its standard mode not."""
    expected, actual = http.headers.get("x-amz-crc32"), crc32(http.content)
    if expected is None or int(expected) == actual:
        return None
    from botocore.exceptions import ChecksumError

    return ChecksumError(
        checksum_type="crc32", expected_checksum=expected, actual_checksum=str(actual)
    )


def _is_partly_done(parsed: Mapping[str, Any]) -> bool:
    """Whether there may be a rest. Quick: each batch that succeeds is asked."""
    if parsed.get("UnprocessedItems") or parsed.get("UnprocessedKeys"):
        return True
    responses = parsed.get("Responses")  # of BatchGetItem a mapping, of statements a list
    return isinstance(responses, list) and any("Error" in entry for entry in responses)


def new_batch() -> Batch:
    """One that takes several requests from here on."""
    batch: Batch = _late("batches").Batch()
    return batch


def _late(name: str) -> ModuleType:
    """A module of ``throttling``."""
    module = _loaded.get(name)
    if module is None:
        with fork_safe.imports:
            module = _loaded[name] = import_module(f"dynoresilience.throttling.{name}")
    return module


_loaded: dict[str, ModuleType] = {}


class _Body(Mapping[str, Any]):
    """The request's parameters, parsed only if somebody asks."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        self._request = request
        self._parsed: dict[str, Any] | None = None

    def _get(self) -> dict[str, Any]:
        if self._parsed is None:
            try:
                self._parsed = json.loads(self._request["body"])
            except (KeyError, TypeError, ValueError):
                self._parsed = {}
        return self._parsed

    def __getitem__(self, name: str) -> Any:
        return self._get()[name]

    def __iter__(self) -> Any:
        return iter(self._get())

    def __len__(self) -> int:
        return len(self._get())
