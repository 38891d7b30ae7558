"""Batches and transactions, as rules; some are worked on in part, refused or not answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from dynoresilience.model import ThrottleKind
from tests.support.library_machine import COUNTER, DEADLINES, SECRET, LibraryMachine

FAULTS = st.sampled_from(
    [
        *("", "", "partial", "partial", "throttle", "throttle for long", "throttle of an index"),
        *("hot key", "drop", "lost answer", "partial, drop", "throttle, drop", "partial, throttle"),
    ]
)
"""In the order in which the attempts of the next call meet them."""
SIZES = st.sampled_from([3, 12, 25])


class BatchCalls(LibraryMachine):
    @rule(
        size=SIZES,
        which=st.integers(0, 1),
        indexed=st.booleans(),
        deletes=st.booleans(),
        faults=FAULTS,
        deadline=DEADLINES,
    )
    def batch_writes(
        self,
        size: int,
        which: int,
        indexed: bool,
        deletes: bool,
        faults: str,
        deadline: float | None,
    ) -> None:
        """Puts, and deletes of what was put before."""
        self._order("BatchWriteItem", faults)
        gone = self.items.there()[:3] if deletes else []
        names = [self.new_id() for _ in range(size - len(gone))]
        requests: list[Any] = [{"PutRequest": {"Item": _item(name, indexed)}} for name in names]
        requests += [{"DeleteRequest": {"Key": _key(name)}} for name in gone]
        answer = self.send(
            which, deadline, lambda client: client.batch_write_item(RequestItems=_of(requests))
        )
        if answer is None and self.had_no_answer():
            self.items.unknown(names + gone)
            return
        left = requests if answer is None else answer["UnprocessedItems"].get("orders", [])
        self._expect(_once(left, requests), f"invariant 6: {left} left of {requests}")
        undone = [_id_of(request) for request in left]
        self.items.written(set(names).difference(undone))
        self.items.deleted(set(gone).difference(undone))
        (self.items.unknown if self.had_no_answer() else self.items.untouched)(undone)

    @rule(size=SIZES, faults=FAULTS, deadline=DEADLINES)
    def batch_writer(self, size: int, faults: str, deadline: float | None) -> None:
        """Of a ``Table``. What an exception left in it is written the next time."""
        self._order("BatchWriteItem", faults)
        names: list[str] = []
        writer = self.table.batch_writer()
        attachment = self.clients[0][1]
        with self.witnessed(deadline, attachment, several=True), writer:
            for _ in range(size + 20):
                names.append(self.new_id())
                writer.put_item(Item={"id": names[-1], "n": 1})
        if writer._items_buffer:
            self.simulator.clear_faults()
            self.clock.advance(700.0)
            with self.witnessed(None, attachment, several=True), writer:
                pass
        kept = {request["PutRequest"]["Item"]["id"] for request in writer._items_buffer}
        self.items.written(set(names) - kept)
        self.items.unknown(kept)

    @rule(
        size=SIZES,
        which=st.integers(0, 1),
        faults=FAULTS,
        deadline=DEADLINES,
        by_statement=st.booleans(),
    )
    def batch_reads(
        self, size: int, which: int, faults: str, deadline: float | None, by_statement: bool
    ) -> None:
        """Of items that are there and of some that are not."""
        there, absent = self.items.there()[-size:], self.items.absent()[:3]
        names = there + absent or ["nobody"]
        if by_statement:
            asked = [_statement(f"SELECT * FROM orders WHERE id = '{name}'") for name in names]
            answer = self._statements(which, deadline, faults, asked)
            found = {n for n, each in enumerate(answer) if "Item" in each}
            failed = {n for n, each in enumerate(answer) if "Error" in each}
            right = answer == [] or found | failed == set(range(len(there))) | failed
            self._expect(right, f"invariant 6: {names} read as {answer}")
            return
        self._order("BatchGetItem", faults)
        keys = {"Keys": [_key(name) for name in names], "ConsistentRead": True}
        response = self.send(
            which, deadline, lambda client: client.batch_get_item(RequestItems={"orders": keys})
        )
        if response is None:
            return
        left = response["UnprocessedKeys"].get("orders", keys | {"Keys": []})
        self._expect(left | keys == keys | {"Keys": keys["Keys"]}, f"invariant 6: {left} left")
        got = [item["id"]["S"] for item in response["Responses"].get("orders", [])]
        undone = [key["id"]["S"] for key in left["Keys"]]
        once = sorted(got + [name for name in undone if name not in absent]) == sorted(there)
        once = once or names == ["nobody"]
        self._expect(once and _once(undone, names), f"invariant 6: {got} and {undone} of {names}")

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
                self._expect(code == "ProvisionedThroughputExceeded", f"invariant 6: {code}")
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
            self._order("TransactWriteItems", faults)
            name = self.new_id()
            add: dict[str, Any] = {
                "TableName": "orders",
                "Key": COUNTER,
                "UpdateExpression": "ADD n :one",
                "ExpressionAttributeValues": {":one": {"N": "1"}},
            }
            put: dict[str, Any] = {"TableName": "orders", "Item": _item(name, indexed=False)}
            if is_refused:
                put["ConditionExpression"] = "attribute_exists(id)"
            actions = [{"Update": add}, {"Put": put}]
            answer = self.send(
                which,
                deadline,
                lambda client, actions=actions: client.transact_write_items(TransactItems=actions),
            )
            if answer is not None:
                self._expect(not is_refused, "invariant 6: done against its condition")
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
        self._order("BatchExecuteStatement", faults)
        answer = self.send(
            which, deadline, lambda client: client.batch_execute_statement(Statements=asked)
        )
        if answer is None:
            return []
        whole = len(answer["Responses"]) == len(asked)
        self._expect(whole, f"invariant 6: {answer['Responses']} for {asked}")
        return list(answer["Responses"])

    def _order(self, operation: str, faults: str) -> None:
        """What the next attempts meet; what the simulator can't do to an operation is left out."""
        sim = self.simulator
        orders: dict[str, Callable[[], None]] = {
            "partial": lambda: sim.partial_next(operation, 2, keep=2),
            "throttle": lambda: sim.throttle_next(operation, 2),
            "throttle for long": lambda: sim.throttle_next(operation, 12),
            "throttle of an index": lambda: sim.throttle_next(operation, 2, index="by-customer"),
            "hot key": lambda: sim.throttle_next(operation, 2, ThrottleKind.KEY_RANGE.value),
            "drop": lambda: sim.drop_next(operation),
            "lost answer": lambda: sim.drop_next(operation, applied=True),
        }
        for fault in filter(None, faults.split(", ")):
            if fault == "partial" and operation not in ("BatchWriteItem", "BatchGetItem"):
                continue
            if operation == "BatchExecuteStatement" and fault not in ("drop", "lost answer"):
                continue
            orders[fault]()

    def _expect(self, holds: bool, problem: str) -> None:
        if not holds:
            self.witness.problems.append(problem)


def _of(requests: list[Any]) -> dict[str, Any]:
    return {"orders": requests}


def _key(name: str) -> dict[str, Any]:
    return {"id": {"S": name}}


def _item(name: str, indexed: bool) -> dict[str, Any]:
    return _key(name) | ({"customer": {"S": f"{SECRET}-customer"}} if indexed else {})


def _statement(text: str) -> dict[str, Any]:
    return {"Statement": text} | ({"ConsistentRead": True} if text.startswith("SELECT") else {})


def _id_of(request: dict[str, Any]) -> str:
    action = next(iter(request.values()))
    name: str = (action.get("Item") or action["Key"])["id"]["S"]
    return name


def _once(some: Iterable[Any], of: list[Any]) -> bool:
    """Whether each of ``some`` is one of these, and is there once."""
    rest = list(of)
    for each in some:
        if each not in rest:
            return False
        rest.remove(each)
    return True
