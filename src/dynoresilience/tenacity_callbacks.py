"""For those who own a tenacity policy: when to retry, and a raise while it sleeps.

The third way in. tenacity retries and waits, by the owner's policy; we only tell it what a throttle
is, and raise what was short. Imported on demand: nothing else of the library loads tenacity.
"""

from __future__ import annotations

import contextvars
import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from tenacity import RetryCallState, retry_if_exception

from dynoresilience import stand_in
from dynoresilience.attachment import LateAttachment
from dynoresilience.throttling import exceptions

if TYPE_CHECKING:
    from dynoresilience.config import ScalingConfig
    from dynoresilience.ports import EventSink

_log = logging.getLogger("dynoresilience")


class retry_if_throttled(retry_if_exception):
    """For ``retry=``: try again where a DynamoDB data call in the function was throttled.

    True for a throttle in the exception or in what it was raised from, and for a transaction that
    was cancelled for capacity alone. Combines with tenacity's own by ``|`` and ``&``.

    Args:
        even_if_spent: also where an attached client has spent its retries on the call. Then the
            two budgets multiply: 5 attempts here and 6 there are 30 requests.
    """

    def __init__(self, *, even_if_spent: bool = False) -> None:
        super().__init__(
            lambda error: exceptions.throttled_error(error, even_if_spent=even_if_spent) is not None
        )


class raise_capacity:
    """For ``before_sleep=``: raise what was short, in the background, while tenacity sleeps.

    It never waits and never raises an exception, so it is good for coroutines, too. Where an
    attached client has spent its retries on the call it does nothing: that client has raised.

    Args:
        client: whose credentials, region and endpoint are used to raise. Not attached by this.
            None: ``boto3.client("dynamodb")``, made in the background at the first throttle.
        table: the table to raise where DynamoDB's answer does not name one.
        config: caps and factor; what it says of retries is tenacity's affair here. None: from the
            environment, read now.
        sinks: where events go. None: to the ``dynoresilience`` logger.

    Raises:
        ConfigError: a faulty environment variable.
        NotAttachableError: ``client`` is not of DynamoDB.
    """

    def __init__(
        self,
        *,
        client: Any = None,
        table: str | None = None,
        config: ScalingConfig | None = None,
        sinks: Sequence[EventSink] | None = None,
    ) -> None:
        self._late = LateAttachment(client, config, sinks)
        self._table = table
        self._resumes: WeakKeyDictionary[RetryCallState, float] = WeakKeyDictionary()
        self._maker: threading.Thread | None = None

    def __call__(self, retry_state: RetryCallState) -> None:
        """An attempt has failed, and tenacity is about to sleep."""
        try:
            sent_at = self._sent_at(retry_state)
            outcome = retry_state.outcome
            error = outcome.exception() if outcome is not None else None
            throttled = exceptions.throttled_error(error) if error is not None else None
            if throttled is None:
                return
            if not self._late.takes_time:
                self._raise(throttled, retry_state.attempt_number, sent_at)
            elif self._maker is None or not self._maker.is_alive():
                arguments = self._raise, throttled, retry_state.attempt_number, sent_at
                context = contextvars.copy_context()
                self._maker = threading.Thread(target=context.run, args=arguments, daemon=True)
                self._maker.start()
        except Exception:
            _log.exception("a fault of ours; tenacity goes on")

    def _sent_at(self, retry_state: RetryCallState) -> float:
        """When the failed attempt began: capacity raised since then it has not met."""
        now = stand_in.monotonic()
        began = self._resumes.get(retry_state, now - (retry_state.seconds_since_start or 0.0))
        action = retry_state.next_action
        self._resumes[retry_state] = now + (action.sleep if action is not None else 0.0)
        return began

    def _raise(self, throttled: Any, attempt: int, sent_at: float) -> None:
        try:
            attachment = self._late.attachment()
            here = attachment.client.meta.region_name
            throttle = exceptions.what_was_short(throttled, self._table, here)
            call = attachment.begin(throttled.operation_name, sent_at)
            call.ask_for_capacity(throttle, attempt)
        except Exception:
            _log.exception("a fault of ours; tenacity goes on")
