"""Calling a whole function again when a throttle comes out of it.

The second way in, for functions whose client is not attached. An exception of an attached client
carries ``response["Dynoresilience"]``: that call had its retries, and gets no more here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from dynoresilience.attachment import Attachment
    from dynoresilience.scaling.throttled_call import ThrottledCall
    from dynoresilience.throttling.signals import Throttle

_R = TypeVar("_R")


def rerun(fn: Callable[[], _R], attachment: Callable[[], Attachment], table: str | None) -> _R:
    """``fn()``, again and again while throttles that nobody has retried come out of it.

    ``attachment`` is asked for at the first throttle; ``table`` is for answers that name none.
    """
    fight = _Fight(attachment, table)
    while True:
        try:
            return fn()
        except Exception as error:
            throttle = fight.throttle_in(error)
            if throttle is None or not fight.call(error).try_again(*throttle):
                fight.end(error)
                raise


async def rerun_async(
    fn: Callable[[], Awaitable[_R]], attachment: Callable[[], Attachment], table: str | None
) -> _R:
    """`rerun` for a coroutine function; neither the waits nor the raises block the loop."""
    fight = _Fight(attachment, table)
    while True:
        try:
            return await fn()
        except Exception as error:
            throttle = fight.throttle_in(error)
            if throttle is None:
                fight.end(error)
                raise
            import asyncio

            call = await asyncio.to_thread(fight.call, error)
            if not await call.try_again_async(*throttle):
                fight.end(error)
                raise


class _Fight:
    """What the two loops share: reading the exception, and the call behind it."""

    def __init__(self, attachment: Callable[[], Attachment], table: str | None) -> None:
        self._attachment = attachment
        self._table = table
        self._call: ThrottledCall | None = None
        self._attempts = 0

    def throttle_in(self, error: BaseException) -> tuple[Throttle, int, float | None] | None:
        """The throttle, which attempt it ended, and the least delay the answer asks for."""
        self._attempts += 1
        cause = _client_error(error)
        if cause is None or "Dynoresilience" in cause.response:
            return None
        from dynoresilience.throttling.signals import read_throttle, retry_after

        request = {"TableName": self._table} if self._table else {}
        throttle = read_throttle(cause.response, cause.operation_name, request)
        if throttle is None:
            return None
        headers = cause.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        return throttle, self._attempts, retry_after(headers)

    def call(self, error: BaseException) -> ThrottledCall:
        if self._call is None:
            attachment, cause = self._attachment(), _client_error(error)
            api = cause.operation_name if cause is not None else "?"
            self._call = attachment.begin(api, attachment.monotonic())
        return self._call

    def end(self, error: BaseException) -> None:
        """Tell the exception how its call fared, as an attached client does."""
        cause = _client_error(error)
        if self._call is not None and cause is not None:
            cause.response.setdefault("Dynoresilience", self._call.report(self._attempts))


def _client_error(error: BaseException) -> Any | None:
    """botocore's ClientError in an exception: itself, or what it was raised from or wraps."""
    for candidate in _causes(error):
        if isinstance(getattr(candidate, "response", None), Mapping) and hasattr(
            candidate, "operation_name"
        ):
            return candidate
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """At most a handful: libraries wrap once or twice (PynamoDB keeps it in ``cause``)."""
    found: BaseException | None = error
    for _ in range(5):
        if found is None:
            return
        yield found
        wrapped = getattr(found, "cause", None)
        found = wrapped if isinstance(wrapped, BaseException) else found.__cause__
