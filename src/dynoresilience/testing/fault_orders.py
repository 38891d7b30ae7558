"""What a test can order to go wrong."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection

from dynoresilience.model import Dimension
from dynoresilience.testing.autoscaling.targets import OPERATIONS as AUTOSCALING
from dynoresilience.testing.dynamodb_model import check_operation, operation_names
from dynoresilience.testing.service.autoscaling_api import SERVICE
from dynoresilience.testing.service.fault_kinds import (
    Corrupt,
    Delay,
    Drop,
    Fault,
    Lose,
    Partial,
    Truncate,
    failing,
    throttling,
)
from dynoresilience.testing.service.faults import ANY, FaultPlan, any_of
from dynoresilience.testing.service.numbers import check_count, check_number
from dynoresilience.testing.service.random_faults import USUAL, RandomFaults

ANY_OF_AUTOSCALING = any_of(SERVICE)


class FaultOrders(ABC):
    """Failures on demand: the next attempts of an operation, all at random, or a standstill.

    ``operation`` is a name such as "PutItem", or "*" for any of DynamoDB's; or one of Application
    Auto Scaling's, or "application-autoscaling:*" for any of these. Each attempt meets one fault at
    most, in the order in which they were ordered; those ordered by name come before those for any,
    these before random ones. An attempt that meets a fault counts as one of ``calls``.

    All raise ValueError where the operation does not exist, the fault can't happen to it, or a
    number is out of range.
    """

    @property
    @abstractmethod
    def _faults(self) -> FaultPlan:
        """The plan in which orders are noted."""

    def deny(self, *operations: str) -> None:
        """Answer these operations with AccessDeniedException until they are allowed."""
        self._faults.deny(*_checked(operations))

    def allow(self, *operations: str) -> None:
        """Take a denial back; without arguments, all of them."""
        self._faults.allow(*_checked(operations))

    def fail_next(
        self,
        operation: str,
        n: int = 1,
        code: str = "InternalServerError",
        message: str = "Internal server error",
        *,
        status: int | None = None,
    ) -> None:
        """Answer the next ``n`` attempts of ``operation`` with an error; none is carried out.

        Args:
            operation: its name, or "*".
            n: how many attempts.
            code: of the error.
            message: of the error.
            status: the HTTP status; None is 500 or 503 for a failure of the service, else 400.
        """
        if status is not None and status not in range(400, 600):
            raise ValueError(f"status must be from 400 to 599, got {status!r}")
        self._order(operation, n, failing(code, message, status))

    def drop_next(
        self, operation: str, n: int = 1, *, connected: bool = True, applied: bool = False
    ) -> None:
        """Break the connection of the next ``n`` attempts of ``operation``.

        The client sees ConnectionClosedError, or EndpointConnectionError if not ``connected``.
        (Over HTTP a connection was made in any case: it is reset, which is ConnectionClosedError.)
        None is carried out, unless ``applied``: then all are, and only the answer is lost.
        """
        if applied and not connected:
            raise ValueError("applied needs connected: a request that never came can't be applied")
        self._order(operation, n, Lose() if applied else Drop(connected))

    def delay_next(self, operation: str, n: int = 1, *, seconds: float) -> None:
        """Carry out the next ``n`` attempts of ``operation``, and answer ``seconds`` later.

        Seconds of the simulator's clock. Other requests are served meanwhile. A client whose read
        timeout is shorter sees ReadTimeoutError.
        """
        check_number("seconds", seconds)
        self._order(operation, n, Delay(seconds))

    def truncate_next(self, operation: str, n: int = 1) -> None:
        """Carry out the next ``n`` attempts of ``operation``, and break off amid the answer.

        The client is promised more bytes than it gets, and sees ConnectionClosedError. But botocore
        1.44 and later notices only by the checksum: it tries again, and once its attempts are used
        up its legacy mode raises ChecksumError, and its standard mode takes the stump for the
        answer, and finds nothing in it.
        """
        self._order(operation, n, Truncate())

    def corrupt_next(self, operation: str, n: int = 1) -> None:
        """Carry out the next ``n`` attempts of ``operation``, and answer with a wrong checksum.

        The answer itself is right. botocore tries again; in its legacy mode it raises ChecksumError
        once its attempts are used up.
        """
        self._order(operation, n, Corrupt())

    def throttle_next(
        self,
        operation: str,
        n: int = 1,
        reason: str = "ProvisionedThroughputExceeded",
        *,
        index: str | None = None,
        dimension: Dimension | str | None = None,
    ) -> None:
        """Refuse the next ``n`` attempts of ``operation`` as throttled, whatever capacity there is.

        In DynamoDB's form: a transaction is cancelled for its first item, a batch is refused whole.

        Args:
            operation: one that reads or writes items, or "*" for any of these.
            n: how many attempts.
            reason: as in ``ThrottlingReasons``, such as "TableWriteKeyRangeThroughputExceeded"; its
                last part alone is enough.
            index: the name of the index that is short; None is the table that the request names
                (the first, if there are several).
            dimension: "read" or "write"; None is what the operation takes.
        """
        self._order(operation, n, throttling(reason, index, dimension))

    def partial_next(self, operation: str, n: int = 1, *, keep: int = 1) -> None:
        """Work on the first ``keep`` items only in the next ``n`` attempts of ``operation``.

        The others come back as unprocessed. For BatchWriteItem and BatchGetItem. At least one is
        kept: where nothing goes through DynamoDB answers with an error, see `throttle_next`.
        """
        check_count("keep", keep, 1)
        self._order(operation, n, Partial(keep))

    def freeze(self) -> None:
        """Take requests in, and neither work on them nor answer until `thaw`.

        As if the process of the endpoint were stopped: clients see ReadTimeoutError when their
        patience is at its end, and what they asked for is done all the same at the thaw.
        """
        self._faults.freezer.freeze()

    def thaw(self) -> None:
        """Go on after `freeze`, with what came meanwhile."""
        self._faults.freezer.thaw()

    def random_faults(
        self,
        seed: object,
        *,
        rate: float = 0.1,
        operations: Collection[str] | None = None,
        kinds: Collection[str] = USUAL,
    ) -> None:
        """Let attempts fail at random from now on, until `stop_random_faults`.

        The same seed and the same attempts of an operation meet the same faults, whatever other
        operations do meanwhile.

        Args:
            seed: a number or a text.
            rate: the share of attempts that meet a fault, 0 to 1.
            operations: the names of those that do; None is all of DynamoDB's.
            kinds: what may happen, out of "error", "drop" (not carried out), "lose" (carried out,
                and the answer is lost), "corrupt", "throttle", "partial", "delay" (less than a
                second), and "truncate", which is left out by default for what botocore makes of it:
                see `truncate_next`.
        """
        names = frozenset(operation_names() if operations is None else _checked(operations))
        plan = RandomFaults(seed, rate=rate, operations=names, kinds=kinds)
        self._faults.random = plan

    def stop_random_faults(self) -> None:
        """No more random faults; what was ordered stays."""
        self._faults.random = None

    def clear_faults(self) -> None:
        """Nothing goes wrong any more: forget what was ordered, denials, and random faults."""
        self._faults.clear()

    def _order(self, operation: str, n: int, fault: Fault) -> None:
        check_count("n", n, 0)
        _checked([operation])
        self._faults.order(operation, n, fault)


def _checked(operations: Collection[str]) -> Collection[str]:
    if isinstance(operations, str):
        raise ValueError(f"operations must be a list of names, got {operations!r}")
    for name in operations:
        if name not in (ANY, ANY_OF_AUTOSCALING):
            check_operation(name, also=AUTOSCALING)
    return operations
