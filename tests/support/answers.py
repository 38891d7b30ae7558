"""What an answer says, or may mean, was short: read from the wire, apart from the library."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from dynoresilience.model import Dimension, RaisedKey, ThrottleKind
from dynoresilience.testing.replies import Body, Reply

INDEX = "by-customer"
INDEX_KEY = "customer"
READS = ("Query", "BatchGetItem")
DATA = (
    *("PutItem", "UpdateItem", "TransactWriteItems", "BatchWriteItem", "BatchExecuteStatement"),
    *READS,
)
THROTTLES = ("ProvisionedThroughputExceededException", "RequestLimitExceeded")
CANCELLED = "TransactionCanceledException"
DROPPED = "no answer"
_SHORT = "ProvisionedThroughputExceeded"


class Told(NamedTuple):
    """An answer, seen from the caller.

    ``throttled``: nothing was done, for lack of throughput. ``part``: something of a batch was
    left undone. ``short``: what a raise may follow for. ``is_guess``: the answer does not say so.
    ``of_another_kind``: it says that no capacity helps.
    """

    throttled: bool = False
    part: bool = False
    short: frozenset[RaisedKey] = frozenset()
    is_guess: bool = False
    of_another_kind: bool = False


def told(operation: str, body: Body, reply: Reply) -> Told:
    """What the reply to a request on items says."""
    if reply.ok:
        return _told_by_batch(operation, body, reply.body)
    if reply.code == CANCELLED:
        reasons = reply.body["CancellationReasons"]
        codes = {reason["Code"] for reason in reasons} - {"None"}
        short = [_of_error(reason, Dimension.WRITE) for reason in reasons]
        return Told(codes == {_SHORT}, short=_set(short))
    reasons = reply.body.get("ThrottlingReasons") or []
    short = [
        (each["resource"].partition("/index/")[2] or None, _dimension("Write" in each["reason"]))
        for each in reasons
        if each["reason"].endswith(ThrottleKind.PROVISIONED.value)
    ]
    throttled = reply.code in THROTTLES
    return Told(throttled, short=_set(short), of_another_kind=throttled and not short)


def takes_of(operation: str, body: Body) -> frozenset[RaisedKey]:
    """What the writes in a request may take of."""
    if operation in READS:
        return frozenset()
    put_without = operation == "PutItem" and INDEX_KEY not in body["Item"]
    batch = body["RequestItems"].get("orders", []) if operation == "BatchWriteItem" else []
    batch_without = bool(batch) and not any(_may_be_indexed(each) for each in batch)
    places = (None,) if put_without or batch_without else (None, INDEX)
    return _set((place, Dimension.WRITE) for place in places)


def undone(body: Body, reply: Reply) -> int:
    """How many writes of a batch are still to be made; 0 of any other request."""
    batch = body.get("RequestItems", {}) if not reply.ok else reply.body.get("UnprocessedItems")
    requests = (batch or {}).get("orders", [])
    return len(requests) if isinstance(requests, list) else 0


def _told_by_batch(operation: str, body: Body, answer: Body) -> Told:
    """A batch that succeeded; of any other request that nothing was short."""
    writes = (answer.get("UnprocessedItems") or {}).get("orders")
    if writes:
        indexed = any(_may_be_indexed(each) for each in writes)
        places = (None, INDEX) if indexed else (None,)
        short = _set((place, Dimension.WRITE) for place in places)
        return Told(part=True, short=short, is_guess=True)
    if answer.get("UnprocessedKeys"):
        return Told(part=True, short=_set([(None, Dimension.READ)]), is_guess=True)
    if operation != "BatchExecuteStatement":
        return Told()
    found = [
        _of_error(response["Error"], _dimension(not asked["Statement"].startswith("SELECT")))
        for asked, response in zip(body["Statements"], answer["Responses"], strict=True)
        if "Error" in response
    ]
    return Told(part=any(found), short=_set(found))


def _of_error(error: Body, dimension: Dimension) -> RaisedKey | None:
    """What the error in one item's place says was short; None: it says something else."""
    if error["Code"] != _SHORT:
        return None
    return (INDEX if "secondary indexes" in error["Message"] else None), dimension


def _may_be_indexed(write: Body) -> bool:
    """Whether it may touch the index: of a deleted item nobody knows what it had."""
    return "DeleteRequest" in write or INDEX_KEY in write["PutRequest"]["Item"]


def _dimension(writes: bool) -> Dimension:
    return Dimension.WRITE if writes else Dimension.READ


def _set(keys: Iterable[Any]) -> frozenset[RaisedKey]:
    return frozenset(key for key in keys if key is not None)
