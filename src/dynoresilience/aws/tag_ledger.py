"""The ledger on the table itself, in its tags: ListTagsOfResource, TagResource, UntagResource."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from dynoresilience.aws.ledger_tags import PREFIX, from_tags, is_newer, to_tags
from dynoresilience.aws.table_control import translated
from dynoresilience.model import RaisedTable, TableState
from dynoresilience.ports import (
    AccessDenied,
    Clock,
    ControlPlaneError,
    LedgerUnavailable,
    OutcomeUnknown,
    TableBusy,
    TooLate,
)

LOCKED_FOR = 4.0
"""Seconds for which DynamoDB refuses another change of a table's tags; 1.5 to 3.4 were measured."""
TRY_AGAIN = 0.3
"""Seconds between two tries while a table's tags are locked by a change of our own."""
PATIENCE = 20.0
"""Seconds of nothing but failures of one operation after which it counts as out of order..."""
MOST_FAILURES = 5
"""...if there were so many: others' changes lock the tags, too, for a few seconds each..."""
FORGOTTEN_AFTER = 300.0
LOCK_FORGOTTEN_AFTER = 10.0
"""...and the last one was not so many seconds ago; if it was a lock, not so many."""
MOST_PAGES = 50
"""Of the tags of one table, which are 50 at most: moto's pages never end if a key comes twice."""
UNAVAILABLE_FOR = 900.0
"""Seconds until tags are tried again that were refused, or out of order."""


class TagLedger:
    """`ports.ScaleDownLedger` on a client that makes a single attempt. Thread-safe."""

    def __init__(self, client: Any, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        # By table and operation: a policy may name single ones of both.
        self._unavailable_until: dict[tuple[str, str], float] = {}
        self._failing: dict[tuple[str, str], tuple[float, float, int]] = {}  # first, last, times
        self._left: dict[str, tuple[float, Mapping[str, str | None]]] = {}  # our last change
        self._has_worked = False

    def read(self, state: TableState) -> RaisedTable | None:
        tags = self.tags(state.arn)
        return from_tags(tags, state) if tags else None

    def tags(self, arn: str) -> dict[str, str]:
        """The tags of a table that are ours."""
        found: dict[str, str] = {}
        page: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            if not self._is_available(arn, "ListTagsOfResource"):
                break
            answer = self._ask("ListTagsOfResource", arn, **page)
            tags = {tag["Key"]: tag["Value"] for tag in answer.get("Tags") or ()}
            found |= {key: value for key, value in tags.items() if key.startswith(PREFIX)}
            if not answer.get("NextToken"):
                break
            page = {"NextToken": answer["NextToken"]}
        return found

    def write(self, entry: RaisedTable) -> bool:
        if not self._is_available(entry.arn, "TagResource"):
            return False
        tags = to_tags(entry)
        told = [{"Key": key, "Value": value} for key, value in tags.items()]
        self._change("TagResource", entry.arn, tags, Tags=told)
        return True

    def erase(self, entry: RaisedTable) -> None:
        if not entry.raised or not self._is_available(entry.arn, "UntagResource"):
            return
        tags = self.tags(entry.arn)
        keys = [key for key, value in to_tags(entry).items() if not is_newer(tags.get(key), value)]
        if keys:
            self._change("UntagResource", entry.arn, dict.fromkeys(keys), TagKeys=keys)

    def _is_available(self, arn: str, operation: str) -> bool:
        """Nothing is written that can't be read: it would be in another process's place."""
        needed = (arn, operation), (arn, "ListTagsOfResource")
        now, never = self._clock.monotonic(), float("-inf")
        return all(now >= self._unavailable_until.get(key, never) for key in needed)

    def _change(
        self, operation: str, arn: str, tags: Mapping[str, str | None], **arguments: Any
    ) -> None:
        """Waits for the end of a change of our own, and for nobody else's.

        Tried again only where the tags are seen as that change has left them: else they are still
        as before it, or somebody else's by now.
        """
        written_at, left = self._left.get(arn, (float("-inf"), {}))
        while True:
            try:
                self._ask(operation, arn, **arguments)
            except TableBusy as error:
                self._await(arn, left, written_at + LOCKED_FOR, error)
            else:
                self._left[arn] = self._clock.monotonic(), tags
                return

    def _await(
        self, arn: str, left: Mapping[str, str | None], give_up: float, error: TableBusy
    ) -> None:
        while True:
            if self._clock.monotonic() + TRY_AGAIN > give_up:
                raise error
            self._clock.wait(threading.Event(), TRY_AGAIN)
            found = self.tags(arn)
            if all(found.get(key) == value for key, value in left.items()):
                return

    def _ask(self, operation: str, arn: str, **arguments: Any) -> dict[str, Any]:
        methods = {
            "ListTagsOfResource": self._client.list_tags_of_resource,
            "TagResource": self._client.tag_resource,
            "UntagResource": self._client.untag_resource,
        }
        try:
            answer: dict[str, Any] = methods[operation](ResourceArn=arn, **arguments)
        except Exception as error:
            told = _translated(error, f"dynamodb:{operation}")
            now, key = self._clock.monotonic(), (arn, operation)
            if not isinstance(told, LedgerUnavailable) and self._is_out_of_order(key, told, now):
                told = LedgerUnavailable(str(told))
            if isinstance(told, LedgerUnavailable):
                self._unavailable_until[key] = now + UNAVAILABLE_FOR
            raise told from error
        self._failing.pop((arn, operation), None)
        self._has_worked = True
        return answer

    def _is_out_of_order(self, key: tuple[str, str], told: ControlPlaneError, now: float) -> bool:
        """Whether this is one of many failures, with nothing else between them."""
        first, last, times = self._failing.get(key, (now, now, 0))
        if now - last >= (LOCK_FORGOTTEN_AFTER if isinstance(told, TableBusy) else FORGOTTEN_AFTER):
            first, times = now, 0
        self._failing[key] = first, now, times + 1
        if not self._has_worked and not isinstance(told, (TableBusy, TooLate)):
            return times > 0  # an endpoint that fails at tags: raises do not wait for it
        return now - first > PATIENCE and times + 1 >= MOST_FAILURES


def _translated(error: Exception, action: str) -> ControlPlaneError:
    told = translated(error, action)
    if isinstance(told, AccessDenied):
        return LedgerUnavailable(f"not allowed to call {action}")
    if isinstance(told, (TableBusy, TooLate, OutcomeUnknown)):
        return told
    code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
    if code in _BUSY:
        return TableBusy(str(error))
    # An emulator without tags, or that finds no table by its ARN; or a table that has as many as it
    # may have.
    return LedgerUnavailable(f"{action}: {error}")


_BUSY = {"LimitExceededException", "ThrottlingException", "Throttling", "RequestLimitExceeded"}
"""Others are at it: "Table tags are being updated", or more than 5 requests a second."""
