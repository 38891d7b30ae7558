"""`ScalingClient`, `attach`, `install`: three ways to give a client its resilience."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from types import MethodType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, overload

from dynoresilience import scope
from dynoresilience.attachment import Attachment, attach_to, client_behind, detach_from
from dynoresilience.aws.hooks import hooks_for_new_clients
from dynoresilience.config import ScalingConfig
from dynoresilience.config.faults import deadline_faults
from dynoresilience.errors import ClientClosedError, ConfigError, NotAttachableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient as _Boto3Client
    from mypy_boto3_dynamodb.service_resource import Table

    from dynoresilience.engine import Runtime
    from dynoresilience.model import Change, PendingScaleDown
    from dynoresilience.ports import EventSink
else:
    _Boto3Client = object

_T = TypeVar("_T")
_R = TypeVar("_R")
_EVERY_SESSION = object()
"""Not None: ``boto3.DEFAULT_SESSION`` is None as long as nobody has used it."""


def attach(
    target: _T,
    *,
    config: ScalingConfig | None = None,
    sinks: Sequence[EventSink] | None = None,
) -> _T:
    """Make an existing DynamoDB client, resource or Table resilient, in place.

    Args:
        target: what boto3 made. It is returned, and works as before for everything else.
        config: None: from the environment (`ScalingConfig.from_env`). Attached already: the
            configuration is replaced if one is given.
        sinks: where events go. None: to the ``dynoresilience`` logger.

    Raises:
        ConfigError: a faulty environment variable.
        NotAttachableError: ``target`` is not of DynamoDB.
    """
    attach_to(target, config, sinks)
    if hasattr(getattr(target, "meta", None), "client"):  # of boto3's resource layer
        from dynoresilience.aws.batch_writer import keep_batches

        keep_batches(target)
    return target


@overload
def install(
    session: _T, *, config: ScalingConfig | None = None, sinks: Sequence[EventSink] | None = None
) -> _T: ...


@overload
def install(
    *, config: ScalingConfig | None = None, sinks: Sequence[EventSink] | None = None
) -> None: ...


def install(
    session: Any = _EVERY_SESSION,
    *,
    config: ScalingConfig | None = None,
    sinks: Sequence[EventSink] | None = None,
) -> Any:
    """Make every DynamoDB client resilient that ``session`` makes from now on.

    Clients that are there already stay as they are (`attach` them), and so do aiobotocore's.
    The latest call holds.

    Args:
        session: a boto3 or botocore session; it is returned. Left out: every session that this
            process makes from now on, and boto3's default session. That catches the clients of
            libraries that make sessions of their own.
        config: None: from the environment, read now.
        sinks: where events go. None: to the ``dynoresilience`` logger.

    Raises:
        ConfigError: a faulty environment variable.
        NotAttachableError: ``session`` is not a session.
    """
    config = config or ScalingConfig.from_env()

    def on_client(client: Any) -> None:
        attach_to(client, config, sinks, lazily=True)

    if session is _EVERY_SESSION:
        from dynoresilience.aws.every_session import hooks_for_new_sessions

        hooks_for_new_sessions(on_client)
        return None
    events = getattr(session, "events", None)
    if events is None and hasattr(session, "get_component"):
        events = session.get_component("event_emitter")
    if events is None or not hasattr(events, "register_first"):
        raise NotAttachableError(
            f"session={type(session).__name__}: give a boto3 or botocore session "
            "(for a client: attach(client))"
        )
    hooks_for_new_clients(events, on_client)
    return session


class ScalingClient(_Boto3Client):
    """A boto3 DynamoDB client whose calls survive throttling.

    Every method, paginator, waiter and exception is boto3's own; the calls raise capacity that
    is short, within the configured caps, and are retried meanwhile. Raises are taken back after
    `ScalingConfig.scale_down_delay` without a throttle, by a background thread.

    Args:
        client: a boto3 DynamoDB client, attached in place. None: ``boto3.client("dynamodb")``.
        config: None: from the environment (`ScalingConfig.from_env`).
        sinks: where events go. None: to the ``dynoresilience`` logger.
        deadline: short for `ScalingConfig.deadline`: seconds from a call's beginning after which
            it waits no more. None: as in ``config``.
        runtime: for tests: a clock, timer and ledger of their own.

    Raises:
        ConfigError: a faulty deadline or environment variable.
        NotAttachableError: ``client`` is not a DynamoDB client.
    """

    def __init__(
        self,
        client: Any = None,
        *,
        config: ScalingConfig | None = None,
        sinks: Sequence[EventSink] | None = None,
        deadline: float | None = None,
        runtime: Runtime | None = None,
    ) -> None:
        config = config or ScalingConfig.from_env()
        if deadline is not None:
            config = config.replace(deadline=deadline)
        self._owns_client = client is None
        if client is None:
            import boto3

            client = boto3.client("dynamodb")
        self._client = client_behind(client)
        self._attachment: Attachment = attach_to(self._client, config, sinks, runtime=runtime)
        self._closed = False

    if not TYPE_CHECKING:  # a type checker sees boto3's methods in the base class

        @property
        def __class__(self) -> type:
            """So that ``isinstance(ddb, BaseClient)`` says at run time what type checkers say."""
            return type(self._client)

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__") or "_client" not in self.__dict__:
                raise AttributeError(name)
            self._check_open()
            found = getattr(self._client, name)
            if isinstance(found, MethodType) and not name.startswith("_"):
                # The next call finds it without the detour through here, which costs more.
                found = self.__dict__[name] = MethodType(_passed_on(name, found), self)
            return found

    def __reduce__(self) -> NoReturn:
        raise TypeError("a ScalingClient can't be copied or pickled; make another")

    def __dir__(self) -> list[str]:
        return sorted({*dir(type(self)), *vars(self), *dir(self._client)})

    def __repr__(self) -> str:
        state = "closed" if self._closed else f"{len(self.pending_scale_downs())} raised"
        return f"<ScalingClient dynamodb {self._client.meta.region_name}: {state}>"

    def table(self, name: str) -> Table:
        """A boto3 ``Table`` resource whose calls have the same resilience."""
        self._check_open()
        from dynoresilience.aws.resources import table_resource

        table: Table = table_resource(self._client, name)
        return table

    def execute(
        self,
        fn: Callable[..., _R],
        *args: Any,
        operation: str | None = None,
        **kwargs: Any,
    ) -> _R:
        """Call ``fn(*args, **kwargs)``; where a DynamoDB call in it is throttled, bring it through.

        Calls of this client (or of any attached one) inside ``fn`` are retried one by one. If a
        throttle comes out of ``fn`` from a client that is not attached, capacity is raised and
        ``fn`` is called again as a whole: it should then be safe to repeat. A
        `ScalingConfig.deadline` counts from the beginning of ``fn``, for all waits in it.

        Args:
            operation: the caller's name for the work, for events and logs.
        """
        self._check_open()
        from dynoresilience.rerun import rerun

        attachment = self._attachment
        bound = scope.within(attachment.config.deadline, attachment.monotonic)
        with self.operation(operation), bound:
            return rerun(lambda: fn(*args, **kwargs), lambda: attachment, None)

    @contextmanager
    def operation(
        self, name: str | None = None, *, deadline: float | None = None, **settings: Any
    ) -> Iterator[None]:
        """Name the calls of this client in the block, and bound them.

        What an inner block sets replaces what an outer one sets, field by field; of their
        deadlines the earliest holds. A block holds for its thread or asyncio task, and for tasks
        made in it, but not for threads started in it.

        Args:
            name: for events and logs.
            deadline: seconds from now at which no call waits any longer.
            settings: fields of `ScalingConfig` that differ here, also for tables and indexes that
                have limits of their own.

        Raises:
            ConfigError: a faulty setting.
        """
        self._check_open()
        faults = deadline_faults(deadline)
        if name is not None and not isinstance(name, str):
            faults.append(f"name={name!r} must be a text")
        if faults:
            raise ConfigError("operation: " + "; ".join(faults))
        attachment = self._attachment
        config = None
        if settings:
            around = scope.current(attachment).config or attachment.config
            config = around.overridden(**settings)
        until = None if deadline is None else attachment.monotonic() + deadline
        with scope.entered(scope.Scope(name, until, config), attachment):
            yield

    def pending_scale_downs(self) -> tuple[PendingScaleDown, ...]:
        """What is raised of the tables that this client met, from and to what, and until when."""
        engine = self._attachment.engine
        return engine.pending() if engine is not None else ()

    def scale_down_now(self, *, timeout: float = 60.0) -> tuple[Change, ...]:
        """Take back what is raised of those tables without waiting until it is due.

        Waits up to ``timeout`` seconds for changes that are under way. Returns the decreases
        that DynamoDB accepted; what its decrease budget forbids now stays pending, and so does,
        until it is due, what another process was the last to raise or to be short of.
        """
        self._check_open()
        engine = self._attachment.engine
        return engine.scale_down_now(timeout) if engine is not None else ()

    def close(self) -> None:
        """Detach from the client. Scale-downs that are pending still happen when due.

        Any later call through this object raises `ClientClosedError`; the boto3 client that it
        was given is again what it was before.
        """
        if self._closed:
            return
        self._closed = True
        detach_from(self._client, _closed_error())
        if self._owns_client:
            self._client.close()

    def __enter__(self) -> ScalingClient:
        self._check_open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._closed:
            raise _closed_error()


def _passed_on(name: str, method: MethodType) -> Callable[..., Any]:
    """A method of `ScalingClient` that calls the client's of that name.

    It asks the client each time: what a test has put there since is called, too.
    """

    @wraps(method.__func__)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self._closed:
            raise _closed_error()
        return getattr(self._client, name)(*args, **kwargs)

    return call


def _closed_error() -> ClientClosedError:
    return ClientClosedError("this ScalingClient is closed; make a new one")
