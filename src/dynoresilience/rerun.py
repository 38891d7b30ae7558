"""Calling a whole function again when a throttle comes out of it.

The second way in, for functions whose client is not attached. An exception of an attached client
carries ``response["Dynoresilience"]``: that call had its retries, and gets no more here.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

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
            return fn()
        except Exception as error:
            if not runs.again(error):
                raise


async def rerun_async(
    fn: Callable[[], Awaitable[_R]], attachment: Callable[[], Attachment], table: str | None
) -> _R:
    """`rerun` for a coroutine function; neither the waits nor the raises block the loop."""
    runs = _Runs(attachment, table)
    while True:
        try:
            return await fn()
        except Exception as error:
            if not await runs.again_async(error):
                raise


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

    def _throttle_in(self, error: BaseException) -> Any | None:
        """The ClientError of a throttle that nobody has retried; None: not our affair."""
        self._count += 1
        found = _client_errors(error)
        if any("Dynoresilience" in each.response for each in found):
            return None
        if not found or self._read(found[0]) is None:
            return None
        # The innermost is botocore's own: PynamoDB's copy of it leaves the reasons out.
        return next(each for each in reversed(found) if self._read(each) is not None)

    def _begin(self, throttled: Any) -> ThrottledCall:
        """The call that these runs are, begun at the first throttle. May make a client."""
        if self._call is None:
            attachment = self._attachment()
            self._call = attachment.begin(throttled.operation_name, attachment.monotonic())
        return self._call

    def _what(self, throttled: Any) -> tuple[Throttle, int, float | None]:
        """What was short, in which run, and the least delay that the answer asks for."""
        from dynoresilience.throttling.signals import Throttle, regions_of, retry_after

        throttle = self._read(throttled) or Throttle(())
        here = self._attachment().client.meta.region_name
        if regions_of(throttled.response) - {here}:
            throttle = Throttle(())  # a table of the same name may be here, but it is not short
        headers = throttled.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        return throttle, self._count, retry_after(headers)

    def _tell(self, error: BaseException) -> None:
        """Tell the exception how its call fared, as an attached client does."""
        if self._call is not None:
            for each in _client_errors(error):
                each.response.setdefault("Dynoresilience", self._call.report(self._count))

    def _read(self, throttled: Any) -> Throttle | None:
        from dynoresilience.throttling.signals import read_throttle

        request = {"TableName": self._table} if self._table else {}
        return read_throttle(throttled.response, throttled.operation_name, request)


def _client_errors(error: BaseException) -> list[Any]:
    """botocore's ClientErrors in an exception: itself, and what it was raised from or wraps."""
    return [
        candidate
        for candidate in _causes(error)
        if isinstance(getattr(candidate, "response", None), Mapping)
        and hasattr(candidate, "operation_name")
    ]


def _causes(error: BaseException) -> Iterator[BaseException]:
    """At most a handful: libraries wrap once or twice (PynamoDB keeps it in ``cause``)."""
    found: BaseException | None = error
    for _ in range(5):
        if found is None:
            return
        yield found
        wrapped = getattr(found, "cause", None)
        found = wrapped if isinstance(wrapped, BaseException) else found.__cause__
