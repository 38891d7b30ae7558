"""The way in: botocore's events. Every API of every client passes here, throttled or not.

``before-call`` notes when a call begins; ``needs-retry`` sees the outcome of every attempt. Ours
takes the place of botocore's own handler there, and asks it about all that is no throttle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynoresilience import fork_safe
from dynoresilience.aws import botocore_private as private
from dynoresilience.aws.attempts import NOTE, PLACE, STARTED, Attempts

if TYPE_CHECKING:
    from dynoresilience.ports import Calls

_BEFORE_CALL = "before-call.dynamodb"
_NEEDS_RETRY = "needs-retry.dynamodb"
_NEEDS_RETRY_ID = "dynoresilience-needs-retry"
_BEFORE_CALL_ID = "dynoresilience-before-call"


class Hooks:
    """The handlers on one client's events."""

    def __init__(self, calls: Calls, events: Any) -> None:
        self._calls = calls
        self._events = events
        self._attempts = Attempts(calls)
        self._limiter: Any = None
        self._in_place = False
        self._closed: Exception | None = None

    def attach(self, *, lazily: bool = False) -> None:
        """Register the handlers.

        ``lazily``: the client is still being made; botocore's own handlers come later, so ours
        take their place at the first call.
        """
        if not lazily:
            self.take_place()
        self._events.register(_BEFORE_CALL, self._before_call, unique_id=_BEFORE_CALL_ID)

    def detach(self, error: Exception | None = None) -> None:
        """Leave the client as it was.

        ``error`` is what copies of the client (its Table resources) raise from then on.
        """
        with fork_safe.lock:
            self._closed = error
            self._events.unregister(_BEFORE_CALL, unique_id=_BEFORE_CALL_ID)
            if not self._in_place:
                return
            self._in_place = False
            if self._attempts.botocore is not None:
                private.restore_retry_handler(self._events, self._attempts.botocore)
            self._events.unregister(_NEEDS_RETRY, unique_id=_NEEDS_RETRY_ID)
            if self._limiter is not None:
                self._events.register("needs-retry", self._limiter.on_receiving_response)
                self._events.unregister("needs-retry", self._tell_limiter)

    def control_plane_client(self, client: Any) -> Any:
        """A second client on the same connections, with one attempt and without these hooks."""
        twin = private.without_retries(client)
        twin.meta.events.unregister(_BEFORE_CALL, unique_id=_BEFORE_CALL_ID)
        twin.meta.events.unregister(_NEEDS_RETRY, unique_id=_NEEDS_RETRY_ID)
        if self._limiter is not None:
            twin.meta.events.unregister("needs-retry", self._tell_limiter)
            twin.meta.events.unregister("before-send", self._limiter.on_sending_request)
        return twin

    def take_place(self) -> None:
        """Put our handlers where botocore's are, now that the client is complete."""
        with fork_safe.lock:
            if self._in_place:
                return
            # Ours first, then botocore's off: no attempt of another thread goes undecided.
            self._attempts.botocore = private.retry_handler(self._events)
            after = self._attempts.after
            self._events.register_first(_NEEDS_RETRY, after, unique_id=_NEEDS_RETRY_ID)
            private.forget_retry_handler(self._events)
            limiter = private.rate_limiter(self._events)
            if limiter is not None:
                self._limiter = limiter
                self._events.register("needs-retry", self._tell_limiter)
                self._events.unregister("needs-retry", limiter.on_receiving_response)
            self._in_place = True

    # -- handlers --------------------------------------------------------------------------

    def _before_call(
        self, context: dict[str, Any], params: dict[str, Any], model: Any, **_: Any
    ) -> None:
        if self._closed is not None:
            raise self._closed
        if not self._in_place:
            self.take_place()
        calls = self._calls
        started = context[STARTED] = calls.monotonic()
        context[NOTE] = calls.arrivals.note(started, model.name, params)
        if started >= calls.around.due:
            calls.around.begin(params)
        if calls.resting:
            place = calls.hold_back(model.name, params, started)
            if place is not None:
                context[PLACE] = place

    def _tell_limiter(self, **attempt: Any) -> None:
        """The adaptive mode's limiter need not slow down for what is being remedied."""
        if not self._attempts.hides(attempt) and self._limiter is not None:
            self._limiter.on_receiving_response(**attempt)


def hooks_for_new_clients(events: Any, on_client: Any) -> None:
    """Call ``on_client(client)`` for each DynamoDB client made from these session events.

    A boto3 ``Table`` made from them keeps a batch that fails.

    aiobotocore's clients are left as they are: we wait within the call, and would hold up the loop.
    """

    class Attached:
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            on_client(self)

    def add_base(base_classes: list[type], **_: Any) -> None:
        if not private.is_asynchronous(base_classes):
            base_classes.insert(0, Attached)

    name, unique_id = "creating-client-class.dynamodb", "dynoresilience-install"
    events.unregister(name, unique_id=unique_id)  # the latest install holds
    events.register(name, add_base, unique_id=unique_id)
    hooks_for_new_tables(events)


def hooks_for_new_tables(events: Any) -> None:
    """Have every boto3 ``Table`` made from these session events keep a batch that fails."""

    def add_base(base_classes: list[type], **_: Any) -> None:
        with fork_safe.imports:
            from dynoresilience.aws.batch_writer import keep_in_class
        keep_in_class(base_classes)

    name, unique_id = "creating-resource-class.dynamodb.Table", "dynoresilience-install-tables"
    events.unregister(name, unique_id=unique_id)
    events.register_last(name, add_base, unique_id=unique_id)  # before the base that boto3 adds
