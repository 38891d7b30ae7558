"""The way in: botocore's events. Every API of every client passes here, throttled or not.

``before-call`` notes when a call begins. ``needs-retry`` sees the outcome of every attempt:
throttles are decided by us, all else by botocore's own handler, which we keep in our hand so
that it sees no throttle: neither its retry quota nor its count of attempts is used up by one.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from dynoresilience import fork_safe
from dynoresilience.aws import botocore_private as private

if TYPE_CHECKING:
    from dynoresilience.ports import Call, Calls
    from dynoresilience.throttling.signals import Throttle

_log = logging.getLogger("dynoresilience")

_STARTED = "dynoresilience-started"
_CALL = "dynoresilience-call"
_HIDDEN = "dynoresilience-hidden"
_FAULT = "dynoresilience-fault"

_BEFORE_CALL = "before-call.dynamodb"
_NEEDS_RETRY = "needs-retry.dynamodb"
_NEEDS_RETRY_ID = "dynoresilience-needs-retry"
_BEFORE_CALL_ID = "dynoresilience-before-call"


class Hooks:
    """The handlers on one client's events."""

    def __init__(self, calls: Calls, events: Any) -> None:
        self._calls = calls
        self._events = events
        self._botocore: private.Handler | None = None
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
            if self._botocore is not None:
                private.restore_retry_handler(self._events, self._botocore)
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
            self._botocore = private.retry_handler(self._events)
            self._events.register_first(_NEEDS_RETRY, self._needs_retry, unique_id=_NEEDS_RETRY_ID)
            private.forget_retry_handler(self._events)
            limiter = private.rate_limiter(self._events)
            if limiter is not None:
                self._limiter = limiter
                self._events.register("needs-retry", self._tell_limiter)
                self._events.unregister("needs-retry", limiter.on_receiving_response)
            self._in_place = True

    # -- handlers --------------------------------------------------------------------------

    def _before_call(self, context: dict[str, Any], **_: Any) -> None:
        if self._closed is not None:
            raise self._closed
        if not self._in_place:
            self.take_place()
        context[_STARTED] = self._calls.monotonic()

    def _needs_retry(self, **attempt: Any) -> float | None:
        """None: no retry. A number: botocore sleeps so long and sends the call again."""
        response = attempt["response"]
        context = attempt["request_dict"]["context"]
        if _FAULT not in context:
            try:
                if response is not None:
                    if response[0].status_code >= 300:
                        throttle = _read(attempt)
                        if throttle is not None:
                            return self._on_throttle(throttle, attempt)
                    elif self._calls.resting:
                        tables = _signals().tables_of(_Body(attempt["request_dict"]))
                        self._calls.succeeded(tables)
                if self._spent(attempt):
                    if response is not None and response[0].status_code >= 500:
                        self._end(attempt)
                    return None
            except Exception:
                _log.exception("a fault of ours; botocore decides about this call from here on")
                context[_FAULT] = True
        return self._leave_to_botocore(attempt)

    def _on_throttle(self, throttle: Throttle, attempt: dict[str, Any]) -> float | None:
        http, _ = attempt["response"]
        number = attempt["attempts"]
        context = attempt["request_dict"]["context"]
        call: Call | None = context.get(_CALL)
        if call is None:
            started = context.get(_STARTED, self._calls.monotonic())
            call = self._calls.begin(attempt["operation"].name, started)
            context[_CALL] = call
        again = call.try_again(throttle, number, _signals().retry_after(http.headers))
        context[_HIDDEN] = not call.slows_down
        if again:
            return 0.0  # we have waited already, so that a raise could end the wait
        self._end(attempt)
        return None

    def _end(self, attempt: dict[str, Any]) -> None:
        """There is no next attempt: tell the exception how its call fared."""
        call: Call = attempt["request_dict"]["context"][_CALL]
        parsed = attempt["response"][1]
        parsed["Dynoresilience"] = call.report(attempt["attempts"])
        parsed.setdefault("ResponseMetadata", {})["MaxAttemptsReached"] = True

    def _spent(self, attempt: dict[str, Any]) -> bool:
        """One budget for a call that was throttled, whoever decides about its next attempt."""
        call: Call | None = attempt["request_dict"]["context"].get(_CALL)
        return call is not None and attempt["attempts"] - call.excused > call.max_retries

    def _leave_to_botocore(self, attempt: dict[str, Any]) -> float | None:
        if self._botocore is None:
            return None
        context = attempt["request_dict"]["context"]
        call: Call | None = context.get(_CALL)
        if call is not None and _FAULT not in context:
            attempt["attempts"] -= call.throttles  # botocore's limit is for what it decides
        delay: float | None = self._botocore(**attempt)
        return delay

    def _tell_limiter(self, **attempt: Any) -> None:
        """The adaptive mode's limiter need not slow down for what is being remedied."""
        hidden = attempt["request_dict"]["context"].pop(_HIDDEN, False)
        if not hidden and self._limiter is not None:
            self._limiter.on_receiving_response(**attempt)


def _signals() -> ModuleType:
    """`throttling.signals`, loaded by the first error: a cold start does not need it."""
    global _loaded_signals  # noqa: PLW0603
    if _loaded_signals is None:
        with fork_safe.imports:
            from dynoresilience.throttling import signals

            _loaded_signals = signals
    return _loaded_signals


_loaded_signals: ModuleType | None = None


def _read(attempt: dict[str, Any]) -> Throttle | None:
    request = _Body(attempt["request_dict"])
    operation = attempt["operation"].name
    throttle: Throttle | None = _signals().read_throttle(attempt["response"][1], operation, request)
    return throttle


class _Body(Mapping[str, Any]):
    """The request's parameters, parsed only if somebody asks."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        self._request = request
        self._parsed: dict[str, Any] | None = None

    def _get(self) -> dict[str, Any]:
        if self._parsed is None:
            try:
                self._parsed = json.loads(self._request["body"])
            except (KeyError, TypeError, ValueError):
                self._parsed = {}
        return self._parsed

    def __getitem__(self, name: str) -> Any:
        return self._get()[name]

    def __iter__(self) -> Any:
        return iter(self._get())

    def __len__(self) -> int:
        return len(self._get())


def hooks_for_new_clients(events: Any, on_client: Any) -> None:
    """Call ``on_client(client)`` for each DynamoDB client made from these session events."""

    class Attached:
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            on_client(self)

    def add_base(base_classes: list[type], **_: Any) -> None:
        base_classes.insert(0, Attached)

    name, unique_id = "creating-client-class.dynamodb", "dynoresilience-install"
    events.unregister(name, unique_id=unique_id)  # the latest install holds
    events.register(name, add_base, unique_id=unique_id)
