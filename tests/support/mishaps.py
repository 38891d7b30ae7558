"""What else happens to a table and to a process that uses it, as rules."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from hypothesis import strategies as st
from hypothesis.stateful import rule

from dynoresilience.model import Dimension, RaisedKey, ThrottleKind
from tests.support.library_machine import DAY, LibraryMachine
from tests.support.witness import INDEXES, KEYS

OTHER = "SomethingNewException"

FAILURES = [
    ("InternalServerError", "of the service's own accord"),
    ("LimitExceededException", "some quota"),
    ("LimitExceededException", "Provisioned throughput decreases are limited"),
    ("ResourceInUseException", "Attempt to change a resource which is still in use"),
    ("ThrottlingException", "The rate of control plane requests is too high"),
    (OTHER, "nobody knows"),
]
SLOW = 100.0
"""Seconds that a change may take, and no call waits for it."""
REFUSALS = (ThrottleKind.PROVISIONED, ThrottleKind.KEY_RANGE, ThrottleKind.ACCOUNT)

REFUSED = ("PutItem", "UpdateItem", "Query")
"""Of each kind of call one or two; the batches are refused by rules of their own."""


class Mishaps(LibraryMachine):
    @rule(timeout=st.sampled_from([0.0, 10.0]))
    def lower_now(self, timeout: float) -> None:
        self.witness.lowers_now = True
        for _, attachment in self.clients:
            if attachment.engine is not None:
                attachment.engine.scale_down_now(timeout)
        self.witness.lowers_now = False

    def _is_raised(self) -> bool:
        owner = self.witness.owner
        return any(self.witness.reserved(key) != owner[key] for key in owner)

    @rule(seconds=st.sampled_from([0.1, 1.0, 2.5, 30.0, 599.0, 700.0, 4000.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(
        key=st.sampled_from(KEYS),
        units=st.sampled_from([1, 6, 13, 40, 101]),
        is_ours=st.booleans(),
        is_short=st.booleans(),
    )
    def a_stranger_sets_capacity(
        self, key: RaisedKey, units: int, is_ours: bool, is_short: bool
    ) -> None:
        """Of one number, perhaps one that we raised; and it may be too little."""
        raised = self.process.runtime.pending()
        if is_ours and raised:
            key = raised[0].resource.index, raised[0].dimension
            self.clock.advance(5.0)  # the stranger waits until the table is ACTIVE
        index, dimension = key
        self.simulator.units("orders")
        entries = self.process.runtime.shelf(self.stranger.meta.endpoint_url).raises
        for entry in entries.known():
            if key in entry.raised and entry.raised[key].is_ours(units):
                return  # nobody could tell whose it is
        wanted = self.witness.state(index).units.with_(dimension, units)
        throughput = {"ReadCapacityUnits": wanted.read, "WriteCapacityUnits": wanted.write}
        request: dict[str, Any] = {"ProvisionedThroughput": throughput}
        if index is not None:
            change = {"Update": {"IndexName": index, **request}}
            request = {"GlobalSecondaryIndexUpdates": [change]}
        before = len(self.simulator.updates)
        self.witness.is_stranger = True
        try:
            self.stranger.update_table(TableName="orders", **request)
        except (BotoCoreError, ClientError):
            pass  # busy, unchanged, or no decrease left; or done, and the answer was lost
        finally:
            self.witness.is_stranger = False
        if len(self.simulator.updates) > before:
            self.witness.owner[key] = units
        if is_short:
            operation = "Query" if dimension is Dimension.READ else "PutItem"
            self.simulator.throttle_next(operation, 6, index=index)

    @rule(
        n=st.sampled_from([1, 4, 30]),
        kind=st.sampled_from([*REFUSALS, ThrottleKind.PROVISIONED, None]),
        index=st.sampled_from(INDEXES),
        slow=st.booleans(),
    )
    def calls_are_refused(
        self, n: int, kind: ThrottleKind | None, index: str | None, slow: bool
    ) -> None:
        """Whatever capacity there is; for a hot key, for example. None: for another reason.

        And a change takes longer than we wait for it, or goes on doing so.
        """
        for operation in REFUSED:
            if kind is None:
                self.simulator.fail_next(operation, 1, OTHER, "nobody knows", status=400)
            else:
                self.simulator.throttle_next(operation, n, kind.value, index=index)
        for where, usual in zip(INDEXES, (2.0, 4.0), strict=True):
            self.simulator.set_update_seconds("orders", SLOW if slow else usual, where)

    @rule(
        what=st.sampled_from(
            [
                *("midnight", "freeze", "death", "decreases"),
                *("denial", "failure", "failure", "no answer", "lost answer", "a bug"),
            ]
        ),
        data=st.data(),
    )
    def mishap(self, what: str, data: st.DataObject) -> None:
        """One rule for all, so that there are more calls than mishaps. The next one ends some."""
        self.simulator.allow()
        self.process.sink_fails = False
        operation = data.draw(st.sampled_from(["UpdateTable", "DescribeTable"]))
        seconds = data.draw(st.sampled_from([1.0, 30.0, 700.0, 4000.0]))
        if what == "midnight":
            self.clock.advance(max(0.0, DAY - self.clock.now() % DAY - seconds))
        elif what == "freeze":
            self.process.timer.is_frozen = True
            self.clock.advance(seconds)
            self.process.timer.thaw()
            self.witness.asked.append(self.clock.monotonic())
        elif what == "death" and not self._is_raised():
            # What a dead process leaves raised its successors find in the tags, and lower:
            # tests/unit/scaling/test_across_processes.py is about that.
            self.process.timer.is_dead = True
            self.start_process()
        elif what == "decreases":
            for index in INDEXES:
                for _ in range(4):
                    self.witness.state(index).budget.record(self.clock.now())
        elif what == "denial":
            self.simulator.deny(operation)
        elif what == "failure":
            code, message = data.draw(st.sampled_from(FAILURES))
            self.simulator.fail_next(operation, 2, code, message)
        elif what == "no answer":
            self.simulator.drop_next(operation, connected=data.draw(st.booleans()))
        elif what == "lost answer":
            self.simulator.drop_next("UpdateTable", applied=True)
        else:
            self.process.sink_fails = True
