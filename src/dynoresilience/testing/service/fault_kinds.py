"""The failures that a test can order, as values, and the words that order them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from dynoresilience.model import Dimension, ThrottleKind
from dynoresilience.testing.replies import CORRUPT, CUT, Delivery, Refused, Reply

READS = frozenset({"GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"})
WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})
BATCHES = frozenset({"BatchGetItem", "BatchWriteItem"})

_SERVER_SIDE = {"InternalServerError": 500, "InternalFailure": 500, "ServiceUnavailable": 503}
_REASON = re.compile(r"(?:(Table|Index)(Read|Write))?(\w+)")


class Dropped(Exception):
    """The connection breaks instead of an answer.

    ``connected``: the request went out and the connection was closed before an answer came; False
    means that no connection could be made.
    """

    def __init__(self, *, connected: bool) -> None:
        super().__init__("connection closed" if connected else "could not connect")
        self.connected = connected


class TimedOut(Exception):
    """No answer came for as long as the client waited for one."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one attempt. ``kind`` is its name in the journal."""

    kind: ClassVar[str]
    only: ClassVar[frozenset[str] | None] = None
    """The operations that it can happen to; None: all."""

    def suits(self, operation: str) -> bool:
        return self.only is None or operation in self.only

    def before(self) -> None:
        """Raise what keeps the operation from being carried out, if anything does."""

    def after(self, reply: Reply) -> Reply:
        """What becomes of the reply on its way to the client."""
        return reply


@dataclass(frozen=True, slots=True)
class Fail(Fault):
    """An error of the service's, instead of the operation."""

    kind = "error"
    code: str
    message: str
    status: int

    def before(self) -> None:
        raise Refused(self.code, self.message, status=self.status)


@dataclass(frozen=True, slots=True)
class Drop(Fault):
    """The operation is not carried out, and the connection breaks."""

    kind = "drop"
    connected: bool = True

    def before(self) -> None:
        raise Dropped(connected=self.connected)


@dataclass(frozen=True, slots=True)
class Lose(Fault):
    """The operation is carried out, and the connection breaks before the answer."""

    kind = "lose"

    def after(self, reply: Reply) -> Reply:
        raise Dropped(connected=True)


@dataclass(frozen=True, slots=True)
class Delay(Fault):
    """The answer comes ``seconds`` after the operation was carried out."""

    kind = "delay"
    seconds: float

    def after(self, reply: Reply) -> Reply:
        return replace(reply, delivery=Delivery(seconds=self.seconds))


@dataclass(frozen=True, slots=True)
class Truncate(Fault):
    """The connection breaks in the middle of the answer."""

    kind = "truncate"

    def after(self, reply: Reply) -> Reply:
        return replace(reply, delivery=CUT)


@dataclass(frozen=True, slots=True)
class Corrupt(Fault):
    """The answer has a checksum that is not its own."""

    kind = "corrupt"

    def after(self, reply: Reply) -> Reply:
        return replace(reply, delivery=CORRUPT)


@dataclass(frozen=True, slots=True)
class Throttle(Fault):
    """The table that the request names is said to be short, or the index of it."""

    kind = "throttle"
    only = READS | WRITES
    limit: ThrottleKind = ThrottleKind.PROVISIONED
    index: str | None = None
    dimension: Dimension | None = None
    """None: what the operation takes."""

    def dimension_of(self, operation: str) -> Dimension:
        return self.dimension or (Dimension.READ if operation in READS else Dimension.WRITE)


@dataclass(frozen=True, slots=True)
class Partial(Fault):
    """Of a batch only the first ``keep`` items are worked on; the others come back."""

    kind = "partial"
    only = BATCHES
    keep: int


def failing(code: str, message: str, status: int | None = None) -> Fail:
    """An error to order; the HTTP status is 500 for the codes of a failing service, else 400."""
    for name, value in (("code", code), ("message", message)):
        if not isinstance(value, str):
            raise ValueError(f"{name} must be a text, got {value!r}")
    if status is None:
        status = _SERVER_SIDE.get(code, 400)
    return Fail(code, message, status)


def throttling(reason: str, index: str | None, dimension: Dimension | str | None) -> Throttle:
    """A throttle in the words of ``ThrottlingReasons``.

    Args:
        reason: such as "TableWriteKeyRangeThroughputExceeded", or the last part of it alone.
        index: the name of the index that is short; None is the table.
        dimension: None is what the operation takes.

    Raises:
        ValueError: there is no such reason, or it contradicts ``index`` or ``dimension``.
    """
    found = _REASON.fullmatch(str(reason))
    kinds: Mapping[str, ThrottleKind] = {kind.value: kind for kind in ThrottleKind}
    if found is None or found[3] not in kinds:
        raise ValueError(
            f"reason must be one of {', '.join(kinds)}, with or without TableRead, TableWrite, "
            f"IndexRead or IndexWrite in front; got {reason!r}"
        )
    if dimension not in (None, *Dimension):
        raise ValueError(f"dimension must be 'read' or 'write', got {dimension!r}")
    asked = None if dimension is None else Dimension(dimension)
    if found[1] is not None:
        said = Dimension(found[2].lower())
        if asked not in (None, said):
            raise ValueError(f"reason {reason!r} contradicts dimension {str(asked)!r}")
        if (found[1] == "Index") is not (index is not None):
            raise ValueError(f"reason {reason!r} contradicts index {index!r}")
        asked = said
    return Throttle(kinds[found[3]], index, asked)
