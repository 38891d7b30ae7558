"""What a test has ordered to go wrong."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from dataclasses import dataclass

from dynoresilience.testing.replies import access_denied
from dynoresilience.testing.service.fault_kinds import Fault
from dynoresilience.testing.service.freezer import Freezer
from dynoresilience.testing.service.random_faults import RandomFaults

ANY = "*"
"""Stands for any operation of DynamoDB."""

_DYNAMODB = "dynamodb"


def any_of(service: str) -> str:
    """What stands for any operation of another service, as IAM's policies write it."""
    return ANY if service == _DYNAMODB else f"{service}:*"


_USER = "arn:aws:iam::123456789012:user/simulated"


@dataclass(slots=True)
class _Order:
    fault: Fault
    left: int


class FaultPlan:
    """What happens to the next attempts of each operation. One attempt meets at most one fault.

    Thread-safe: a test orders while others call.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: defaultdict[str, deque[_Order]] = defaultdict(deque)
        self._denied: set[str] = set()
        self.random: RandomFaults | None = None
        self.freezer = Freezer()

    def order(self, operation: str, n: int, fault: Fault) -> None:
        """The next ``n`` attempts meet ``fault``, after those that were ordered before.

        What is ordered for an operation by its name comes before what is ordered for any.

        Raises:
            ValueError: it can't happen to this operation.
        """
        if operation != ANY and not fault.suits(operation):
            whom = ", ".join(sorted(fault.only or ()))
            raise ValueError(f"{operation} can't meet a {fault.kind!r}; it is for {whom}")
        if n > 0:
            with self._lock:
                self._orders[operation].append(_Order(fault, n))

    def clear(self) -> None:
        """Forget all orders and denials, and what was to go wrong at random."""
        self._orders.clear()
        self._denied.clear()
        self.random = None

    def deny(self, *operations: str) -> None:
        """Calls of these operations are refused until they are allowed again."""
        self._denied.update(operations)

    def allow(self, *operations: str) -> None:
        """Take back a denial; without arguments, all of them."""
        self._denied.difference_update(operations or tuple(self._denied))

    def meet(self, operation: str, resource: str, service: str = _DYNAMODB) -> Fault | None:
        """What happens to this attempt of ``operation`` on the ARN ``resource``.

        Raises:
            Refused: the operation is denied.
        """
        whichever = any_of(service)
        if not self._denied.isdisjoint((operation, whichever)):
            raise access_denied(f"{service}:{operation}", resource, _USER)
        with self._lock:
            for orders in (self._orders[operation], self._orders[whichever]):
                for order in orders:
                    if order.fault.suits(operation):
                        order.left -= 1
                        if order.left == 0:
                            orders.remove(order)
                        return order.fault
        return None if self.random is None else self.random.meet(operation)
