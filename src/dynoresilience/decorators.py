"""Decorators: `with_throughput_scaling` for data-access functions, `lambda_handler`."""

from __future__ import annotations

import functools
import logging
import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from dynoresilience import scope, stand_in
from dynoresilience.attachment import LateAttachment
from dynoresilience.config import ScalingConfig
from dynoresilience.rerun import rerun, rerun_async

if TYPE_CHECKING:
    from dynoresilience.ports import EventSink

_F = TypeVar("_F", bound=Callable[..., Any])
_log = logging.getLogger("dynoresilience")

RESPONSE_RESERVE = 0.5
"""Seconds of a Lambda invocation that no retry may use, so that the handler can still answer."""
LONGEST_END = 3.0
"""Seconds that the end of an invocation waits at most for what is being raised or lowered."""


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
        config: None: from the environment, read when the function is decorated. Its ``deadline``
            counts from the beginning of the function, for all waits in it.
        sinks: where events go. None: to the ``dynoresilience`` logger.

    Raises:
        ConfigError: a faulty environment variable.
    """
    if fn is not None:
        return _decorate(fn, None, LateAttachment(None, None, None))
    late = LateAttachment(client, config, sinks)
    return lambda function: _decorate(function, table, late)


def lambda_handler(fn: _F) -> _F:
    """Let a Lambda handler's DynamoDB calls fit into its invocations, and scale-downs, too.

    No retry of an attached client sleeps past ``context.get_remaining_time_in_millis()`` less
    `RESPONSE_RESERVE`; the call then ends in its own exception while the handler can still act.
    Is no time left, nothing waits. A context that does not tell the time, such as the None of a
    local test, sets no bound.

    Between two invocations no thread runs. So what has fallen due meanwhile is lowered at the
    beginning of the next one, beside the handler; and an invocation ends, also by an exception,
    only after what is just being raised or lowered, or after `LONGEST_END`, or when its time is
    up. A cold start loads nothing for this and asks nothing of AWS.
    """

    @functools.wraps(fn)
    def handler(event: Any, context: Any, *args: Any, **kwargs: Any) -> Any:
        _begin()
        try:
            with scope.within(_seconds_left(context), stand_in.monotonic):
                return fn(event, context, *args, **kwargs)
        finally:
            _end(context)

    return cast(_F, handler)


def _begin() -> None:
    try:
        runtime = stand_in.running()
        if runtime is not None:
            runtime.resume()
    except Exception:
        _log.exception("a fault of ours; the invocation goes on")


def _end(context: Any) -> None:
    try:
        runtime = stand_in.running()
        if runtime is not None:
            left = _seconds_left(context)
            runtime.settle(LONGEST_END if left is None else min(left, LONGEST_END))
    except Exception:
        _log.exception("a fault of ours; the invocation has ended")


def _seconds_left(context: Any) -> float | None:
    """For waits; below zero: none may wait. None: nobody says, as in a local invocation."""
    told = getattr(context, "get_remaining_time_in_millis", None)
    milliseconds = told() if callable(told) else None
    if not isinstance(milliseconds, (int, float)) or not math.isfinite(milliseconds):
        return None
    return milliseconds / 1000 - RESPONSE_RESERVE


def _decorate(fn: _F, table: str | None, late: LateAttachment) -> _F:
    import inspect

    def bound() -> AbstractContextManager[None]:
        return scope.within(late.config.deadline, stand_in.monotonic)

    if inspect.iscoroutinefunction(fn):

        @functools.wraps(fn)
        async def in_task(*args: Any, **kwargs: Any) -> Any:
            with bound():
                return await rerun_async(lambda: fn(*args, **kwargs), late.attachment, table)

        return cast(_F, in_task)

    @functools.wraps(fn)
    def in_thread(*args: Any, **kwargs: Any) -> Any:
        with bound():
            return rerun(lambda: fn(*args, **kwargs), late.attachment, table)

    return cast(_F, in_thread)
