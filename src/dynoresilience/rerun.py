"""Calling a whole function again when a throttle comes out of it.

The second way in, for functions whose client is not attached. An exception of an attached client
carries ``response["Dynoresilience"]``: that call had its retries, and gets no more here.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from dynoresilience.throttling import exceptions

if TYPE_CHECKING:
    from dynoresilience.attachment import Attachment
    from dynoresilience.scaling.throttled_call import ThrottledCall
    from dynoresilience.throttling.signals import Throttle

_R = TypeVar("_R")
_log = logging.getLogger("dynoresilience")


def rerun(fn: Callable[[], _R], attachment: Callable[[], Attachment], table: str | None) -> _R:
    """``fn()``, again and again while throttles that nobody has retried come out of it.

    ``attachment`` is asked for at the first throttle; ``table`` is for answers that name none.
    """
    runs = _Runs(attachment, table)
    while True:
        try:
            result = fn()
        except Exception as error:
            if not runs.again(error):
                raise
        else:
            runs.went_through()
            return result


async def rerun_async(
    fn: Callable[[], Awaitable[_R]], attachment: Callable[[], Attachment], table: str | None
) -> _R:
    """`rerun` for a coroutine function; neither the waits nor the raises block the loop."""
    runs = _Runs(attachment, table)
    while True:
        try:
            result = await fn()
        except Exception as error:
            if not await runs.again_async(error):
                raise
        else:
            runs.went_through()
            return result


class _Runs:
    """The runs of one function: what both loops share."""

    def __init__(self, attachment: Callable[[], Attachment], table: str | None) -> None:
        self._attachment = attachment
        self._table = table
        self._call: ThrottledCall | None = None
        self._count = 0

    def again(self, error: Exception) -> bool:
        """True after the wait; False: the exception is the function's outcome."""
        try:
            throttled = self._throttle_in(error)
            if throttled is not None and self._begin(throttled).try_again(*self._what(throttled)):
                return True
            self._tell(error)
        except Exception:
            _log.exception("a fault of ours; the function's own exception stands")
        return False

    async def again_async(self, error: Exception) -> bool:
        """`again` for a task."""
        try:
            throttled = self._throttle_in(error)
            if throttled is not None:
                import asyncio

                call = await asyncio.to_thread(self._begin, throttled)
                if await call.try_again_async(*self._what(throttled)):
                    return True
            self._tell(error)
        except Exception:
            _log.exception("a fault of ours; the function's own exception stands")
        return False

    def went_through(self) -> None:
        """The latest run has come to its end without a throttle."""
        try:
            if self._call is not None:
                self._call.went_through(self._attachment().monotonic())
        except Exception:
            _log.exception("a fault of ours; the function has done its work")

    def _throttle_in(self, error: BaseException) -> Any | None:
        """The ClientError of a throttle that nobody has retried; None: not our affair."""
        self._count += 1
        return exceptions.throttled_error(error)

    def _begin(self, throttled: Any) -> ThrottledCall:
        """The call that these runs are, begun at the first throttle. May make a client."""
        if self._call is None:
            attachment = self._attachment()
            self._call = attachment.begin(throttled.operation_name, attachment.monotonic())
        return self._call

    def _what(self, throttled: Any) -> tuple[Throttle, int, float | None]:
        """What was short, in which run, and the least delay that the answer asks for."""
        here = self._attachment().client.meta.region_name
        throttle = exceptions.what_was_short(throttled, self._table, here)
        return throttle, self._count, exceptions.least_delay(throttled)

    def _tell(self, error: BaseException) -> None:
        """Tell the exception how its call fared, as an attached client does."""
        cause = exceptions.client_error(error)
        if self._call is not None and cause is not None:
            from dynoresilience.throttling.note import note_on

            cause.response.setdefault(exceptions.REPORT, self._call.report(self._count))
            note_on(cause)
