"""What the use cases need of the world. `aws` and `process` implement it, tests fake it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Protocol

from dynoresilience.capacity.demand import Asked
from dynoresilience.capacity.policy import ScalingPolicy
from dynoresilience.capacity.spending import Budget
from dynoresilience.errors import DynoResilienceError
from dynoresilience.events import Event
from dynoresilience.model import (
    CapacityUpdate,
    Limits,
    RaisedKey,
    RaisedTable,
    ScalableTarget,
    TableState,
)
from dynoresilience.throttling.signals import Throttle


class Clock(Protocol):
    """Time. Everything that waits, waits here."""

    def monotonic(self) -> float:
        """Seconds that never go back, from an arbitrary start."""

    def now(self) -> float:
        """Seconds since the epoch, UTC."""

    def wait(self, signal: Signal, timeout: float) -> bool:
        """Wait at most ``timeout`` seconds; True as soon as ``signal`` is set."""


class Signal(Protocol):
    """The part of `threading.Event` that a waiter needs."""

    def is_set(self) -> bool: ...
    def set(self) -> None: ...
    def wait(self, timeout: float | None = None) -> bool: ...


class Timer(Protocol):
    """Runs jobs later, one at a time, in the order of their instants."""

    def call_at(self, when: float, job: Callable[[], object]) -> None:
        """Run ``job`` once ``Clock.monotonic() >= when``. Never blocks, never raises."""


Random = Callable[[], float]
"""A number in [0, 1), as `random.random` gives; that one may be seeded, and is the program's."""


AskedOf = Callable[[str], Asked]
"""The latest calls of this program on a table, throttled or not, by the table's name or ARN."""


class TableControl(Protocol):
    """The control plane of one account and region. Each method is a single attempt."""

    def describe(self, table: str) -> TableState:
        """Raises `AccessDenied`, `TableNotFound` or `ControlPlaneError`.

        The state is without ``targets``.
        """

    def targets(
        self, table: str, state: TableState, keys: Collection[RaisedKey]
    ) -> Mapping[RaisedKey, ScalableTarget]:
        """What of this table is under Application Auto Scaling.

        Whether they are ``tracked`` is asked for ``keys`` only, and taken for granted of the rest,
        or where it can't be told.

        Raises `AccessDenied` or `ControlPlaneError`.
        """

    def update(self, table: str, update: CapacityUpdate) -> bool:
        """Ask for capacity. False: everything has these units already, so nothing will change.

        Units go first, in one request; each minimum then takes one of its own.

        Raises `AccessDenied` (of a minimum: `TargetDenied`), `TableBusy`, `DecreaseRefused`,
        `ServiceLimit`, `TableNotFound`, `TooLate`, `OutcomeUnknown` (also where it was done
        in part) or `ControlPlaneError`.
        """


class ControlPlaneError(DynoResilienceError):
    """The control plane did not do what was asked; another try may succeed."""


class OutcomeUnknown(ControlPlaneError):
    """No answer, or a fault of the service: it may or may not have done what was asked."""


class AccessDenied(ControlPlaneError):
    """The credentials may not do this. ``action`` is what the policy must grant."""

    def __init__(self, action: str, message: str) -> None:
        super().__init__(message)
        self.action = action

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.action, str(self))


class TargetDenied(AccessDenied):
    """The credentials may not change a scalable target; all else of the table they may."""


class TableBusy(ControlPlaneError):
    """ResourceInUseException: someone else is changing the table."""


class TooLate(ControlPlaneError):
    """It was not sent: what was seen of the table is no longer fresh. Look again."""


class TableNotFound(ControlPlaneError):
    """There is no such table (any more)."""


class ServiceLimit(ControlPlaneError):
    """A quota of the account or table refuses the change; asking again does not help."""


class DecreaseRefused(ControlPlaneError):
    """The decrease budget is spent. ``until``: epoch seconds of the next one, None if untold."""

    def __init__(self, message: str, until: float | None) -> None:
        super().__init__(message)
        self.until = until

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.until)


class LedgerUnavailable(ControlPlaneError):
    """The ledger can't be used: refused, or not supported here."""


class ScaleDownLedger(Protocol):
    """What is raised of each table, written where whoever comes later finds it.

    Each method is a single attempt, and does nothing while the ledger is known not to be usable.
    They raise `LedgerUnavailable`, `TableBusy` (somebody else is writing), `TooLate` or
    `ControlPlaneError`.
    """

    def read(self, state: TableState) -> RaisedTable | None:
        """What is written of this table; None: nothing."""

    def write(self, entry: RaisedTable) -> bool:
        """Write down, or replace, the numbers of ``entry``. False: it is not written anywhere."""

    def erase(self, entry: RaisedTable) -> None:
        """Take the numbers of ``entry`` out of the ledger, but for what is newer there."""


class ScaleDownScheduler(Protocol):
    """Something outside of the process that lowers a table later; one schedule for each table.

    Each method makes no more than one attempt at each request that it needs.
    """

    def put(
        self, entry: RaisedTable, lower: CapacityUpdate | None, due: float, settings: Settings
    ) -> float:
        """Have ``lower`` carried out at ``due`` (epoch seconds), in place of what was put before.

        None only if ``settings`` name a function that finds out by itself what to lower.
        Returns when it will be: not before ``due``, up to a minute later.

        Raises `NotThere`, `AccessDenied`, `OutcomeUnknown` or `ControlPlaneError`.
        """

    def remove(self, entry: RaisedTable, settings: Settings) -> None:
        """No schedule for this table any more; there may be none. Raises like `put`."""


class NotThere(ControlPlaneError):
    """There is no such service beside these tables."""


class Settings(Protocol):
    """What the owner decided about scaling (`ScalingConfig`). Durations in seconds."""

    @property
    def scaling_enabled(self) -> bool: ...
    @property
    def policy(self) -> str | ScalingPolicy: ...
    @property
    def learn_daily(self) -> bool: ...
    @property
    def scale_up_factor(self) -> float: ...
    @property
    def scale_up_timeout(self) -> float: ...
    @property
    def scale_down_delay(self) -> float: ...
    @property
    def fleet_size(self) -> int: ...
    @property
    def scale_down_via(self) -> str: ...
    @property
    def scheduler_role_arn(self) -> str | None: ...
    @property
    def scheduler_group(self) -> str: ...
    @property
    def reaper_function_arn(self) -> str | None: ...
    @property
    def scheduler_dead_letter_arn(self) -> str | None: ...
    @property
    def ledger(self) -> str: ...
    @property
    def show_hot_keys(self) -> bool: ...
    @property
    def dry_run(self) -> bool: ...
    def budget(self, table: str) -> Budget: ...
    def limits(self, table: str, index: str | None) -> Limits: ...


class EventSink(Protocol):
    """Hears of every event. Exceptions are swallowed: a sink never harms a call."""

    def emit(self, event: Event) -> None: ...


class Call(Protocol):
    """A call that has met a throttle, as the way in needs it."""

    @property
    def excused(self) -> int:
        """Throttled attempts of this call that are not held against its budget."""

    @property
    def max_retries(self) -> int:
        """The budget: attempts after the first."""

    @property
    def slows_down(self) -> bool:
        """True if a client that limits its own rate should hear of the latest throttle."""

    def try_again(self, throttle: Throttle, attempt: int, retry_after: float | None) -> bool:
        """Raise, wait, and say True: send it again. False: the call ends now."""

    def went_through(self, now: float) -> None:
        """The call was admitted after all, at this instant (monotonic seconds)."""

    def may_go_on(self, attempt: int) -> bool:
        """True if the call may send what did not fit into the answer to this attempt."""

    def cut(self, delay: float) -> float | None:
        """As much of botocore's own delay (seconds) as the deadline allows; None: nothing."""

    def report(self, attempts: int) -> dict[str, Any]:
        """For the exception that the call ends in."""


class Arrivals(Protocol):
    """The latest calls of a client."""

    def note(self, at: float, operation: str, request: dict[str, Any]) -> list[Any] | None:
        """A call is made. The last place of the list is for the bytes of its answer."""


class Around(Protocol):
    """Looks now and then at the tables of a request that is about to be sent."""

    @property
    def due(self) -> float:
        """From when on (monotonic seconds) `begin` wants to see a request."""

    def begin(self, request: dict[str, Any]) -> None: ...


class Calls(Protocol):
    """Where the way in brings calls that are throttled."""

    @property
    def resting(self) -> int:
        """About how many calls wait between two attempts."""

    @property
    def arrivals(self) -> Arrivals:
        """Where each call is noted when it is made."""

    def hold_back(self, operation: str, request: dict[str, Any], started: float) -> Any:
        """Let a new call queue behind those that wait for the same.

        What is returned is not None if it had to wait, and is to be told to `begin`.
        """

    @property
    def around(self) -> Around:
        """Who sees whether others have left tables raised."""

    def monotonic(self) -> float: ...
    def begin(self, api: str, started: float, place: Any = None) -> Call: ...
    def succeeded(self, tables: Iterable[str]) -> None: ...
