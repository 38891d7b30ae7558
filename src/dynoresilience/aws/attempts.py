"""The outcome of every attempt of a call: what is a throttle is ours, all else botocore's.

botocore's own handler is kept in our hand, so that it sees no throttle: neither its retry quota
nor its count of attempts is used up by one. A batch that was worked on in part is one call to the
end: the same request goes on with what is left, within the same budget.
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
    from dynoresilience.throttling.batches import Batch, Rest
    from dynoresilience.throttling.signals import Throttle

_log = logging.getLogger("dynoresilience")

STARTED = "dynoresilience-started"
_CALL = "dynoresilience-call"
_BATCH = "dynoresilience-batch"
_UNCOUNTED = "dynoresilience-uncounted"
_HIDDEN = "dynoresilience-hidden"
_FAULT = "dynoresilience-fault"

Attempt = dict[str, Any]
"""What botocore hands to a handler of ``needs-retry``, and so to its own."""


class Attempts:
    """Decides after each attempt of one client's calls. ``botocore``: its handler, if known."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self.botocore: private.Handler | None = None

    def after(self, attempt: Attempt) -> float | None:
        """None: no retry. A number: botocore sleeps so long and sends the call again."""
        response = attempt["response"]
        if response is not None and response[0].status_code < 300:
            return self._after_answer(attempt)
        return self._after_failure(attempt)

    def _after_answer(self, attempt: Attempt) -> float | None:
        context = attempt["request_dict"]["context"]
        batch: Batch | None = context.get(_BATCH)
        delay = self._leave_to_botocore(attempt)  # a wrong checksum makes it no answer
        if delay is not None and not self._spent(attempt):
            return delay
        wrong = _wrong_checksum(attempt["response"][0]) if _CALL in context else None
        if batch is not None and (wrong is not None or not _folded(batch, attempt["response"])):
            batch.lost_sight()
            return self._end(attempt, broken=True)
        if wrong is not None:
            raise wrong  # what is cut off would look as if it were not there
        if _FAULT not in context:
            try:
                rest = _rest(attempt, batch)
                if rest is not None:
                    return self._on_rest(rest, attempt)
                if self._calls.resting:
                    tables = _signals().tables_of(_Body(attempt["request_dict"]))
                    self._calls.succeeded(tables)
            except Exception:
                self._fault(context)
        return None

    def _after_failure(self, attempt: Attempt) -> float | None:
        response = attempt["response"]
        context = attempt["request_dict"]["context"]
        if _BATCH in context and (response is None or _is_fault(response)):
            context[_BATCH].lost_sight()
        if _FAULT not in context:
            try:
                throttle = _throttle(attempt) if response is not None else None
                if throttle is not None:
                    return self._on_throttle(throttle, attempt)
                if self._spent(attempt):
                    return self._end(attempt)
            except Exception:
                self._fault(context)
        delay = self._leave_to_botocore(attempt)
        return self._end(attempt) if delay is None else delay

    @staticmethod
    def _fault(context: dict[str, Any]) -> None:
        _log.exception("a fault of ours; botocore decides about this call from here on")
        context[_FAULT] = True

    @staticmethod
    def hides(attempt: Attempt) -> bool:
        """Whether a client that limits its own rate need not hear of this attempt."""
        hidden: bool = attempt["request_dict"]["context"].pop(_HIDDEN, False)
        return hidden

    def _on_throttle(self, throttle: Throttle, attempt: Attempt) -> float | None:
        http, _ = attempt["response"]
        call = self._call(attempt)
        number = attempt["attempts"]
        again = call.try_again(throttle, number, _signals().retry_after(http.headers))
        context = attempt["request_dict"]["context"]
        context[_HIDDEN] = not call.slows_down
        context[_UNCOUNTED] = context.get(_UNCOUNTED, 0) + 1
        if again:
            return 0.0  # we have waited already, so that a raise could end the wait
        return self._end(attempt, throttled=True)

    def _on_rest(self, rest: Rest, attempt: Attempt) -> float | None:
        http, parsed = attempt["response"]
        context = attempt["request_dict"]["context"]
        call = self._call(attempt)
        number = attempt["attempts"]
        batch: Batch | None = context.get(_BATCH)
        if batch is None:
            batch = context[_BATCH] = _batches().Batch()
            batch.fold_into(parsed)
        if rest.throttle is None:
            again = call.may_go_on(number)
        else:
            again = call.try_again(rest.throttle, number, _signals().retry_after(http.headers))
        if again:
            batch.go_on_with(rest)
            context[_UNCOUNTED] = number  # a request went through: botocore's count starts anew
            attempt["request_dict"]["body"] = json.dumps(rest.request).encode()
            return 0.0
        parsed["Dynoresilience"] = call.report(number)
        return None

    def _call(self, attempt: Attempt) -> Call:
        """The call that this is an attempt of, begun at its first throttle."""
        context = attempt["request_dict"]["context"]
        call: Call | None = context.get(_CALL)
        if call is None:
            started = context.get(STARTED, self._calls.monotonic())
            call = context[_CALL] = self._calls.begin(attempt["operation"].name, started)
        return call

    def _spent(self, attempt: Attempt) -> bool:
        """One budget for a call that was throttled, whoever decides about its next attempt."""
        call: Call | None = attempt["request_dict"]["context"].get(_CALL)
        return call is not None and attempt["attempts"] - call.excused > call.max_retries

    def _leave_to_botocore(self, attempt: Attempt) -> float | None:
        if self.botocore is None:
            return None
        context = attempt["request_dict"]["context"]
        if _UNCOUNTED in context and _FAULT not in context:
            attempt = {**attempt, "attempts": attempt["attempts"] - context[_UNCOUNTED]}
        delay: float | None = self.botocore(**attempt)
        call: Call | None = context.get(_CALL)
        if delay is None or call is None or _FAULT in context:
            return delay
        return call.cut(delay)

    @staticmethod
    def _end(attempt: Attempt, *, throttled: bool = False, broken: bool = False) -> None:
        """No more attempts. What a batch has done is its answer, even if the last one failed.

        ``broken``: an answer, but not to be used. That of a batch, and the error that a throttle
        or a fault of the service leaves, tell how their call fared.
        """
        response = attempt["response"]
        if response is None or (response[0].status_code < 300 and not broken):
            return
        http, parsed = response
        context = attempt["request_dict"]["context"]
        batch: Batch | None = context.get(_BATCH)
        call: Call | None = context.get(_CALL)
        told = batch is not None or throttled or _is_fault(response)
        if batch is not None:
            batch.stand_in_for(parsed)
            http.status_code = 200
        elif call is not None and told:
            parsed.setdefault("ResponseMetadata", {})["MaxAttemptsReached"] = True
        if call is not None and told:
            parsed["Dynoresilience"] = call.report(attempt["attempts"])


def _is_fault(response: Any) -> bool:
    """Whether the service failed; other errors are answers to what was asked."""
    status: int = response[0].status_code
    return status >= 500


def _throttle(attempt: Attempt) -> Throttle | None:
    request = _Body(attempt["request_dict"])
    operation = attempt["operation"].name
    throttle: Throttle | None = _signals().read_throttle(attempt["response"][1], operation, request)
    return throttle


def _rest(attempt: Attempt, batch: Batch | None) -> Rest | None:
    """What a batch has left undone; None for any other call, and if all is done."""
    operation = attempt["operation"].name
    http, parsed = attempt["response"]
    if not operation.startswith("Batch") or (batch is None and not _is_partly_done(parsed)):
        return None
    request = dict(_Body(attempt["request_dict"]))
    answer = json.loads(http.content)
    rest: Rest | None = _batches().rest_of(operation, request, answer, len(http.content))
    return rest


def _wrong_checksum(http: Any) -> Exception | None:
    """What botocore's legacy mode raises once its attempts are over, and its standard mode not."""
    from binascii import crc32

    expected, actual = http.headers.get("x-amz-crc32"), crc32(http.content)
    if expected is None or int(expected) == actual:
        return None
    from botocore.exceptions import ChecksumError

    return ChecksumError(
        checksum_type="crc32", expected_checksum=expected, actual_checksum=str(actual)
    )


def _folded(batch: Batch, response: Any) -> bool:
    """Whether an answer has become part of the batch's; from then on it can't get lost.

    False for the stump of one, which botocore takes for an answer once its attempts are over.
    """
    http, parsed = response
    try:
        json.loads(http.content)
    except ValueError:
        return False
    try:
        batch.fold_into(parsed)
    except Exception:
        _log.exception("a fault of ours; what the batch has done before is its answer")
        return False
    return True


def _is_partly_done(parsed: Mapping[str, Any]) -> bool:
    """Whether there may be a rest. Quick: each batch that succeeds is asked."""
    if parsed.get("UnprocessedItems") or parsed.get("UnprocessedKeys"):
        return True
    responses = parsed.get("Responses")  # of BatchGetItem a mapping, of statements a list
    return isinstance(responses, list) and any("Error" in entry for entry in responses)


def _signals() -> ModuleType:
    """`throttling.signals`, loaded by the first error: a cold start does not need it."""
    global _loaded_signals  # noqa: PLW0603
    if _loaded_signals is None:
        with fork_safe.imports:
            from dynoresilience.throttling import signals

            _loaded_signals = signals
    return _loaded_signals


def _batches() -> ModuleType:
    """`throttling.batches`, loaded by the first batch that is done in part."""
    global _loaded_batches  # noqa: PLW0603
    if _loaded_batches is None:
        with fork_safe.imports:
            from dynoresilience.throttling import batches

            _loaded_batches = batches
    return _loaded_batches


_loaded_signals: ModuleType | None = None
_loaded_batches: ModuleType | None = None


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
