"""Decorators: `with_throughput_scaling` for data-access functions, `lambda_handler`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from dynoresilience import fork_safe, scope, stand_in
from dynoresilience.attachment import Attachment, client_behind
from dynoresilience.config import ScalingConfig
from dynoresilience.rerun import rerun, rerun_async

if TYPE_CHECKING:
    from dynoresilience.ports import EventSink

_F = TypeVar("_F", bound=Callable[..., Any])

RESPONSE_RESERVE = 0.5
"""Seconds of a Lambda invocation that no retry may use, so that the handler can still answer."""


@overload
def with_throughput_scaling(fn: _F, /) -> _F: ...
@overload
def with_throughput_scaling(
    *,
    table: str | None = None,
    client: Any = None,
    config: ScalingConfig | None = None,
    sinks: Sequence[EventSink] | None = None,
) -> Callable[[_F], _F]: ...
def with_throughput_scaling(
    fn: _F | None = None,
    /,
    *,
    table: str | None = None,
    client: Any = None,
    config: ScalingConfig | None = None,
    sinks: Sequence[EventSink] | None = None,
) -> _F | Callable[[_F], _F]:
    """Bring a data-access function through throttling, sync or async.

    A throttle that comes out of the function raises what was short and calls the function again,
    as a whole: it should be safe to repeat. If its client is attached, each call was already
    retried by itself, and the function is not called again.

    Args:
        table: the table to raise where DynamoDB's answer does not name one.
        client: whose credentials, region and endpoint are used to raise. Not attached by this.
            None: ``boto3.client("dynamodb")``, made at the first throttle.
        config: None: from the environment, read when the function is decorated.
        sinks: where events go. None: to the ``dynoresilience`` logger.

    Raises:
        ConfigError: a faulty environment variable.
    """
    if fn is not None:
        return _decorate(fn, None, _Lazily(None, ScalingConfig.from_env(), None))
    lazily = _Lazily(client, config or ScalingConfig.from_env(), sinks)
    return lambda function: _decorate(function, table, lazily)


def lambda_handler(fn: _F) -> _F:
    """Bound every DynamoDB wait in a Lambda handler by the time that the invocation has left.

    No retry of an attached client sleeps past ``context.get_remaining_time_in_millis()`` less
    `RESPONSE_RESERVE`; the call then ends in its own exception while the handler can still act.
    """

    @functools.wraps(fn)
    def handler(event: Any, context: Any, *args: Any, **kwargs: Any) -> Any:
        left = context.get_remaining_time_in_millis() / 1000 - RESPONSE_RESERVE
        with scope.entered(scope.Scope(deadline=stand_in.monotonic() + left)):
            return fn(event, context, *args, **kwargs)

    return cast(_F, handler)


def _decorate(fn: _F, table: str | None, lazily: _Lazily) -> _F:
    import inspect

    if inspect.iscoroutinefunction(fn):

        @functools.wraps(fn)
        async def in_task(*args: Any, **kwargs: Any) -> Any:
            return await rerun_async(lambda: fn(*args, **kwargs), lazily.attachment, table)

        return cast(_F, in_task)

    @functools.wraps(fn)
    def in_thread(*args: Any, **kwargs: Any) -> Any:
        return rerun(lambda: fn(*args, **kwargs), lazily.attachment, table)

    return cast(_F, in_thread)


class _Lazily:
    """The attachment behind a decorated function, made at its first throttle."""

    def __init__(
        self, client: Any, config: ScalingConfig, sinks: Sequence[EventSink] | None
    ) -> None:
        self._client = client
        self._config = config
        self._sinks = sinks
        self._attachment: Attachment | None = None

    def attachment(self) -> Attachment:
        if self._attachment is None:
            import boto3

            client = self._client if self._client is not None else boto3.client("dynamodb")
            made = Attachment(client_behind(client), self._config, self._sinks)
            with fork_safe.lock:
                self._attachment = self._attachment or made
        return self._attachment
