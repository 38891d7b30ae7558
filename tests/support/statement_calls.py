"""Batches of PartiQL statements, and transactions, as rules."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.support.library_machine import COUNTER, DEADLINES
from tests.support.ordered_faults import FAULTS, OrderedFaults

SIZES = st.sampled_from([1, 5])
"""Statements in a batch: moto takes its time for each."""


class StatementCalls(OrderedFaults):
    @rule(size=SIZES, which=st.integers(0, 1), faults=FAULTS, deadline=DEADLINES)
    def batch_selects(self, size: int, which: int, faults: str, deadline: float | None) -> None:
        """Each statement has its item, or its error, in its own place."""
        there, absent = self.items.there()[-size:], self.items.absent()[:2]
        names = there + absent or ["nobody"]
        asked = [_statement(f"SELECT * FROM orders WHERE id = '{name}'") for name in names]
        answer = self._statements(which, deadline, faults, asked)
        for name, response in zip(names, answer, strict=False):
            found = response.get("Item", {}).get("id", {}).get("S")
            right = "Error" in response or found == (name if name in there else None)
            self.expect(right, f"invariant 6: {name} read as {response}")

    @rule(size=SIZES, which=st.integers(0, 1), faults=FAULTS, deadline=DEADLINES)
    def batch_inserts(self, size: int, which: int, faults: str, deadline: float | None) -> None:
        """By statements: each has its answer in its own place."""
        names = [self.new_id() for _ in range(size)]
        asked = [_statement(f"INSERT INTO orders VALUE {{'id': '{name}'}}") for name in names]
        answer = self._statements(which, deadline, faults, asked)
        if not answer:
            (self.items.unknown if self.had_no_answer() else self.items.untouched)(names)
        for name, response in zip(names, answer, strict=False):
            if "Error" not in response:
                self.items.written([name])
            elif self.had_no_answer():
                self.items.unknown([name])
            else:
                code = response["Error"]["Code"]
                self.expect(code == "ProvisionedThroughputExceeded", f"invariant 6: {code}")
                self.items.untouched([name])

    @rule(
        times=st.sampled_from([1, 6]),
        which=st.integers(0, 1),
        is_refused=st.sampled_from([False, False, False, True]),
        faults=FAULTS,
        deadline=DEADLINES,
    )
    def transactions(
        self, times: int, which: int, is_refused: bool, faults: str, deadline: float | None
    ) -> None:
        """All or nothing, once: a counter beside a new item, which may have to be there already."""
        for _ in range(times):
            self.order("TransactWriteItems", faults)
            name = self.new_id()
            add: dict[str, Any] = {
                "TableName": "orders",
                "Key": COUNTER,
                "UpdateExpression": "ADD n :one",
                "ExpressionAttributeValues": {":one": {"N": "1"}},
            }
            put: dict[str, Any] = {"TableName": "orders", "Item": {"id": {"S": name}}}
            if is_refused:
                put["ConditionExpression"] = "attribute_exists(id)"
            actions = [{"Update": add}, {"Put": put}]
            answer = self.send(
                which,
                deadline,
                lambda client, actions=actions: client.transact_write_items(TransactItems=actions),
            )
            if answer is not None:
                self.expect(not is_refused, "invariant 6: done against its condition")
                self.acknowledged += 1
                self.items.written([name])
            elif self.had_no_answer() and not is_refused:
                self.perhaps += 1
                self.items.unknown([name])
            else:
                self.items.untouched([name])

    def _statements(
        self, which: int, deadline: float | None, faults: str, asked: list[Any]
    ) -> list[Any]:
        """The answers in the order of the statements; none if the call ended in an exception."""
        self.order("BatchExecuteStatement", faults)
        answer = self.send(
            which, deadline, lambda client: client.batch_execute_statement(Statements=asked)
        )
        if answer is None:
            return []
        whole = len(answer["Responses"]) == len(asked)
        self.expect(whole, f"invariant 6: {answer['Responses']} for {asked}")
        return list(answer["Responses"])


def _statement(text: str) -> dict[str, Any]:
    return {"Statement": text} | ({"ConsistentRead": True} if text.startswith("SELECT") else {})
