"""Batches of writes and reads, as rules; some are worked on in part, refused or not answered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.support.library_machine import DEADLINES, SECRET
from tests.support.ordered_faults import FAULTS, OrderedFaults

SIZES = st.sampled_from([3, 12, 25])


class BatchCalls(OrderedFaults):
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
        self.order("BatchWriteItem", faults)
        gone = self.items.there()[:3] if deletes else []
        names = [self.new_id() for _ in range(size - len(gone))]
        requests: list[Any] = [{"PutRequest": {"Item": _item(name, indexed)}} for name in names]
        requests += [{"DeleteRequest": {"Key": _key(name)}} for name in gone]
        answer = self.send(
            which,
            deadline,
            lambda client: client.batch_write_item(RequestItems={"orders": requests}),
        )
        if answer is None and self.had_no_answer():
            self.items.unknown(names + gone)
            return
        left = requests if answer is None else answer["UnprocessedItems"].get("orders", [])
        self.expect(_once(left, requests), f"invariant 6: {left} left of {requests}")
        undone = [_id_of(request) for request in left]
        self.items.written(set(names).difference(undone))
        self.items.deleted(set(gone).difference(undone))
        (self.items.unknown if self.had_no_answer() else self.items.untouched)(undone)

    @rule(size=SIZES, faults=FAULTS, deadline=DEADLINES)
    def batch_writer(self, size: int, faults: str, deadline: float | None) -> None:
        """Of a ``Table``. What an exception left in it is written the next time."""
        self.order("BatchWriteItem", faults)
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

    @rule(size=SIZES, which=st.integers(0, 1), faults=FAULTS, deadline=DEADLINES)
    def batch_reads(self, size: int, which: int, faults: str, deadline: float | None) -> None:
        """Of items that are there and of some that are not."""
        there, absent = self.items.there()[-size:], self.items.absent()[:3]
        names = there + absent or ["nobody"]
        self.order("BatchGetItem", faults)
        keys = {"Keys": [_key(name) for name in names], "ConsistentRead": True}
        response = self.send(
            which, deadline, lambda client: client.batch_get_item(RequestItems={"orders": keys})
        )
        if response is None:
            return
        left = response["UnprocessedKeys"].get("orders", keys | {"Keys": []})
        self.expect({**left, "Keys": 0} == {**keys, "Keys": 0}, f"invariant 6: {left} left")
        got = [item["id"]["S"] for item in response["Responses"].get("orders", [])]
        undone = [key["id"]["S"] for key in left["Keys"]]
        once = sorted(got + [name for name in undone if name not in absent]) == sorted(there)
        once = once or names == ["nobody"]
        self.expect(once and _once(undone, names), f"invariant 6: {got} and {undone} of {names}")


def _key(name: str) -> dict[str, Any]:
    return {"id": {"S": name}}


def _item(name: str, indexed: bool) -> dict[str, Any]:
    return _key(name) | ({"customer": {"S": f"{SECRET}-customer"}} if indexed else {})


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
