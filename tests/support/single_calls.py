"""Calls on one item or one key, as rules."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.support.library_machine import COUNTER, DEADLINES, SECRET, LibraryMachine
from tests.support.witness import INDEXES

TIMES = st.sampled_from([8, 20, 1])
"""Calls in a row; the table serves 5 writes a second, and keeps those of 2 s."""


class SingleCalls(LibraryMachine):
    @rule(
        times=TIMES,
        which=st.integers(0, 1),
        indexed=st.booleans(),
        deadline=DEADLINES,
    )
    def puts(self, times: int, which: int, indexed: bool, deadline: float | None) -> None:
        for _ in range(times):
            name = self.new_id()
            item = {"id": {"S": name}}
            if indexed:
                item["customer"] = {"S": f"{SECRET}-customer"}
            call: dict[str, Any] = {"TableName": "orders", "Item": item}
            answer = self.send(which, deadline, lambda client, call=call: client.put_item(**call))
            (self.items.untouched if answer is None else self.items.written)([name])

    @rule(times=TIMES, which=st.integers(0, 1), deadline=DEADLINES)
    def counts(self, times: int, which: int, deadline: float | None) -> None:
        """A counter: what was acknowledged is there once, what was not is not there."""
        call: dict[str, Any] = {
            "TableName": "orders",
            "Key": COUNTER,
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
        for _ in range(times):
            if self.send(which, deadline, lambda client: client.update_item(**call)) is not None:
                self.acknowledged += 1

    @rule(
        times=TIMES,
        which=st.integers(0, 1),
        index=st.sampled_from(INDEXES),
        deadline=DEADLINES,
    )
    def queries(self, times: int, which: int, index: str | None, deadline: float | None) -> None:
        call: dict[str, Any] = {
            "TableName": "orders",
            "KeyConditionExpression": "#k = :v",
            "ExpressionAttributeNames": {"#k": "id" if index is None else "customer"},
            "ExpressionAttributeValues": {":v": {"S": f"{SECRET}-customer"}},
            "ConsistentRead": index is None,
            **({} if index is None else {"IndexName": index}),
        }
        for _ in range(times):
            self.send(which, deadline, lambda client: client.query(**call))
