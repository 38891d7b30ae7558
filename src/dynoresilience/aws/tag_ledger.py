"""The ledger on the table itself, in its tags: ListTagsOfResource, TagResource, UntagResource."""

from __future__ import annotations

import threading
from typing import Any

from botocore.exceptions import ClientError

from dynoresilience.aws.ledger_tags import PREFIX, from_tags, tag_key, to_tags
from dynoresilience.aws.table_control import translated
from dynoresilience.model import RaisedTable, TableState
from dynoresilience.ports import (
    AccessDenied,
    Clock,
    ControlPlaneError,
    LedgerUnavailable,
    OutcomeUnknown,
    TableBusy,
    TableNotFound,
)

LOCKED_FOR = 4.0
"""Seconds for which DynamoDB refuses another change of a table's tags; 1.5 to 3.4 were measured."""
TRY_AGAIN = 0.3
"""Seconds between two tries while a table's tags are locked by a change of our own."""
PATIENCE = 20.0
"""Seconds of nothing but failures after which the ledger counts as out of order..."""
MOST_FAILURES = 3
"""...if they are more than so many..."""
FORGOTTEN_AFTER = 300.0
"""...unless the last one is so many seconds ago."""
MOST_PAGES = 50
"""Of the tags of one table, which are 50 at most: moto's pages never end if a key comes twice."""
UNAVAILABLE_FOR = 900.0
"""Seconds until tags are tried again that were refused, or out of order."""


class TagLedger:
    """`ports.ScaleDownLedger` on a client that makes a single attempt. Thread-safe."""

    def __init__(self, client: Any, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._unavailable_until: dict[str, float] = {}  # a policy may name single tables
        self._written_at: dict[str, float] = {}
        # Since when, when last, and how often in a row.
        self._failing: dict[str, tuple[float, float, int]] = {}

    def read(self, state: TableState) -> RaisedTable | None:
        tags = self.tags(state.arn)
        return from_tags(tags, state) if tags else None

    def tags(self, arn: str) -> dict[str, str]:
        """The tags of a table that are ours."""
        found: dict[str, str] = {}
        page: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            if not self._is_available(arn):
                break
            answer = self._ask("ListTagsOfResource", arn, **page)
            tags = {tag["Key"]: tag["Value"] for tag in answer.get("Tags") or ()}
            found |= {key: value for key, value in tags.items() if key.startswith(PREFIX)}
            if not answer.get("NextToken"):
                break
            page = {"NextToken": answer["NextToken"]}
        return found

    def write(self, entry: RaisedTable) -> bool:
        if not self._is_available(entry.arn):
            return False
        tags = [{"Key": key, "Value": value} for key, value in to_tags(entry).items()]
        self._change("TagResource", entry.arn, Tags=tags)
        return True

    def erase(self, entry: RaisedTable) -> None:
        if entry.raised and self._is_available(entry.arn):
            keys = [tag_key(key, entry.on_demand) for key in entry.raised]
            self._change("UntagResource", entry.arn, TagKeys=keys)

    def _is_available(self, arn: str) -> bool:
        return self._clock.monotonic() >= self._unavailable_until.get(arn, float("-inf"))

    def _change(self, operation: str, arn: str, **arguments: Any) -> None:
        """Waits for the end of a change of our own, and for nobody else's."""
        give_up = self._written_at.get(arn, float("-inf")) + LOCKED_FOR
        while True:
            try:
                self._ask(operation, arn, **arguments)
            except TableBusy:
                if self._clock.monotonic() + TRY_AGAIN > give_up:
                    raise
                self._clock.wait(threading.Event(), TRY_AGAIN)
            else:
                self._written_at[arn] = self._clock.monotonic()
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
            now = self._clock.monotonic()
            if not isinstance(told, LedgerUnavailable) and self._is_out_of_order(arn, now):
                told = LedgerUnavailable(str(told))
            if isinstance(told, LedgerUnavailable):
                self._unavailable_until[arn] = now + UNAVAILABLE_FOR
            raise told from error
        self._failing.pop(arn, None)
        return answer

    def _is_out_of_order(self, arn: str, now: float) -> bool:
        """Whether for this table nothing but failures has come back for a while."""
        since, last, count = self._failing.get(arn, (now, now, 0))
        if now - last > FORGOTTEN_AFTER:
            since, count = now, 0
        self._failing[arn] = since, now, count + 1
        return now - since > PATIENCE and count >= MOST_FAILURES


def _translated(error: Exception, action: str) -> ControlPlaneError:
    told = translated(error, action)
    if isinstance(told, AccessDenied):
        return LedgerUnavailable(f"not allowed to call {action}")
    if isinstance(told, (TableBusy, TableNotFound, OutcomeUnknown)):
        return told
    code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
    if code in _BUSY:
        return TableBusy(str(error))
    # An emulator without tags, or a table that has as many as it may have.
    return LedgerUnavailable(f"{action}: {error}")


_BUSY = {"LimitExceededException", "ThrottlingException", "Throttling", "RequestLimitExceeded"}
"""Others are at it: "Table tags are being updated", or more than 5 requests a second."""
