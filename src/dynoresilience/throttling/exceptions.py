"""A throttle that comes out of somebody's function as an exception: botocore's, or one around it.

botocore's ClientError is known by its shape: the core does not import it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dynoresilience.throttling.signals import Throttle

REPORT = "Dynoresilience"
"""The member of an error response that tells how its call fared, once its budget is spent."""


def client_error(error: BaseException) -> Any | None:
    """botocore's ClientError in an exception: itself, or what it was raised from or wraps.

    PynamoDB retells it in one of its own, which has lost most of the response: where that was
    raised from another of the same operation and code, it is the other.
    """
    found: Any | None = None
    for candidate in _causes(error):
        if not isinstance(getattr(candidate, "response", None), Mapping):
            continue
        if found is None:
            found = candidate if hasattr(candidate, "operation_name") else None
        elif _failure(candidate) == _failure(found):
            found = candidate
    return found


def throttled_error(error: BaseException, *, even_if_spent: bool = False) -> Any | None:
    """The ClientError of a throttled data call in ``error``; None: there is none.

    ``even_if_spent``: also of a call that had its retries already.
    """
    found = client_error(error)
    if found is None or (not even_if_spent and REPORT in found.response):
        return None
    return found if _read(found, None) is not None else None


def what_was_short(throttled: Any, table: str | None, region: str) -> Throttle:
    """What the ClientError says was short, seen from ``region``.

    ``table``: what was asked for, where the answer does not name it.
    """
    from dynoresilience.throttling.signals import Throttle, regions_of

    if regions_of(throttled.response) - {region}:
        return Throttle(())  # a table of the same name may be here, but it is not short
    return _read(throttled, table) or Throttle(())


def least_delay(throttled: Any) -> float | None:
    """Seconds that the answer asks to wait at least; None: it does not say."""
    from dynoresilience.throttling.signals import retry_after

    return retry_after(throttled.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}))


def _read(throttled: Any, table: str | None) -> Throttle | None:
    from dynoresilience.throttling.signals import read_throttle

    request = {"TableName": table} if table else {}
    return read_throttle(throttled.response, throttled.operation_name, request)


def _failure(error: Any) -> tuple[str | None, str | None]:
    """What failed, and of what."""
    code = (error.response.get("Error") or {}).get("Code")
    return getattr(error, "operation_name", None), code


def _causes(error: BaseException) -> Iterator[BaseException]:
    """At most a handful: libraries wrap once or twice (PynamoDB keeps it in ``cause``)."""
    found: BaseException | None = error
    for _ in range(5):
        if found is None:
            return
        yield found
        wrapped = getattr(found, "cause", None)
        found = wrapped if isinstance(wrapped, BaseException) else found.__cause__
