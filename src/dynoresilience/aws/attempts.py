"""The outcome of every attempt of a call: what is a throttle is ours, all else botocore's.

botocore's own handler is kept in our hand, so that it sees no throttle: neither its retry quota
nor its count of attempts is used up by one. Nor is it asked about a whole answer to a first
attempt, once it has let one be: its many checks cost a call more than we do. A batch that was
worked on in part is one call to the end: the same request goes on with what is left, within the
same budget.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from dynoresilience.aws import botocore_private as private
from dynoresilience.aws import wire
from dynoresilience.aws.wire import Attempt

if TYPE_CHECKING:
    from dynoresilience.ports import Call, Calls
    from dynoresilience.throttling.batches import Batch, Rest
    from dynoresilience.throttling.signals import Throttle

_log = logging.getLogger("dynoresilience")

STARTED = "dynoresilience-started"
NOTE = "dynoresilience-note"
PLACE = "dynoresilience-place"
_CALL = "dynoresilience-call"
_BATCH = "dynoresilience-batch"
_UNCOUNTED = "dynoresilience-uncounted"
_HIDDEN = "dynoresilience-hidden"
_FAULT = "dynoresilience-fault"


class Attempts:
    """Decides after each attempt of one client's calls. ``botocore``: its handler, if known."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self.botocore: private.Handler | None = None
        self._lets_answers_be = False

    def after(self, **attempt: Any) -> float | None:
        """None: no retry. A number: botocore sleeps so long and sends the call again."""
        response = attempt["response"]
        if response is None or response[0].status_code >= 300:
            return self._after_failure(attempt)
        context = attempt["request_dict"]["context"]
        note = context.get(NOTE)
        if note is not None:
            note[-1] = len(response[0].content)
        if (
            _CALL in context
            or PLACE in context
            or self.botocore is None
            or attempt["operation"].name[:5] == "Batch"
        ):
            return self._after_answer(attempt)
        # Nearly every call comes here and no further; what is done here all of them pay for.
        delay: float | None = None
        first = attempt["attempts"] == 1 and wire.is_whole(response[0])
        if not first or not self._lets_answers_be:
            delay = self.botocore(**attempt)
        if first and not self._lets_answers_be:
            told = response[1].get("ResponseMetadata", {})
            self._lets_answers_be = delay is None and "MaxAttemptsReached" not in told
        if delay is None and self._calls.resting:
            self._wake(attempt)
        return delay

    def _after_answer(self, attempt: Attempt) -> float | None:
        context = attempt["request_dict"]["context"]
        batch: Batch | None = context.get(_BATCH)
        delay = self._leave_to_botocore(attempt)  # a wrong checksum makes it no answer
        if delay is not None and not self._spent(attempt):
            return delay
        wrong = wire.wrong_checksum(attempt["response"][0]) if _CALL in context else None
        if batch is not None and (wrong is not None or not _folded(batch, attempt["response"])):
            batch.lost_sight()
            return self._end(attempt, broken=True)
        if wrong is not None:
            raise wrong  # what is cut off would look as if it were not there
        if _FAULT not in context:
            try:
                rest = wire.rest_of(attempt, batch)
                if rest is not None:
                    return self._on_rest(rest, attempt)
                waited = context.get(_CALL) or context.get(PLACE)
                if waited is not None:
                    waited.went_through(self._calls.monotonic())
            except Exception:
                self._fault(context)
            else:
                self._wake(attempt)
        return None

    def _wake(self, attempt: Attempt) -> None:
        """Let one of the calls that wait hear of this success."""
        context = attempt["request_dict"]["context"]
        if self._calls.resting and _FAULT not in context:
            try:
                self._calls.succeeded(wire.tables_of(attempt))
            except Exception:
                self._fault(context)

    def _after_failure(self, attempt: Attempt) -> float | None:
        response = attempt["response"]
        context = attempt["request_dict"]["context"]
        if _BATCH in context and (response is None or _is_fault(response)):
            context[_BATCH].lost_sight()
        if _FAULT not in context:
            try:
                throttle = wire.throttle_of(attempt) if response is not None else None
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
        again = call.try_again(throttle, number, wire.least_delay(http))
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
            batch = context[_BATCH] = wire.new_batch()
            batch.fold_into(parsed)
        if rest.throttle is None:
            again = call.may_go_on(number)
        else:
            again = call.try_again(rest.throttle, number, wire.least_delay(http))
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
            place = context.get(PLACE)
            call = context[_CALL] = self._calls.begin(attempt["operation"].name, started, place)
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
