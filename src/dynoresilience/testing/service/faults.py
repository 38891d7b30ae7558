"""Failures that a test orders: errors, dropped connections, missing permissions."""

from __future__ import annotations

from collections import defaultdict, deque

from dynoresilience.testing.replies import Refused, access_denied

_SERVER_SIDE = {"InternalServerError": 500, "InternalFailure": 500, "ServiceUnavailable": 503}
_USER = "arn:aws:iam::123456789012:user/simulated"


class Dropped(Exception):
    """The connection breaks instead of an answer.

    ``connected``: the request went out and the connection was closed before an answer came; False
    means that no connection could be made. The operation is not carried out in either case.
    """

    def __init__(self, *, connected: bool) -> None:
        super().__init__("connection closed" if connected else "could not connect")
        self.connected = connected


class FaultPlan:
    """What happens to the next calls of each operation."""

    def __init__(self) -> None:
        self._next: defaultdict[str, deque[Exception]] = defaultdict(deque)
        self._denied: set[str] = set()

    def order(self, operation: str, n: int, failure: Exception) -> None:
        """The next ``n`` calls end in ``failure``, after those that were ordered before."""
        self._next[operation].extend([failure] * n)

    def deny(self, *operations: str) -> None:
        """Calls of these operations are refused until they are allowed again."""
        self._denied.update(operations)

    def allow(self, *operations: str) -> None:
        """Take back a denial; without arguments, all of them."""
        self._denied.difference_update(operations or tuple(self._denied))

    def meet(self, operation: str, resource: str) -> None:
        """Raise what is ordered for this call of ``operation`` on the ARN ``resource``, if any."""
        if operation in self._denied:
            raise access_denied(operation, resource, _USER)
        if self._next[operation]:
            raise self._next[operation].popleft()


def api_error(code: str, message: str, status: int | None = None) -> Refused:
    """An error to order; the HTTP status is 500 for the codes of a failing service, else 400."""
    if status is None:
        status = _SERVER_SIDE.get(code, 400)
    return Refused(code, message, status=status)
