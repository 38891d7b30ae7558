"""The library against the simulator, whatever happens and in whatever order, in virtual time.

Hypothesis drives a process with two real boto3 clients, strangers at the same table, failures of
the service, of permissions, of sinks and of the process itself. Where each invariant is checked:

- 1, 2, 3, 7, 8, 9: at each UpdateTable, just before it is answered (`Witness`); 8 after each step,
  too: what is above its owner's value is in the ledger.
- 4, 5, 6, 11: at the end of each call, on its attempts (`broken`); 6 at the end of all, too: a
  counter has counted what was acknowledged, and nothing else.
- 10: after each step, on events and log lines; at the end of each call, on its report.

At the end two quiet days pass, and all is as its owner left it. `HYPOTHESIS_PROFILE=long` runs
1,000 examples of 50 steps.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from dynoresilience import scope
from dynoresilience.config import ScalingConfig
from dynoresilience.model import Dimension, RaisedKey, ThrottleKind, Units
from dynoresilience.testing import SimulatedDynamoDB, VirtualClock
from tests.support.log_lines import LogLines
from tests.support.simulated_process import SimulatedProcess
from tests.support.witness import DATA, INDEXES, KEYS, THROTTLES, Witness
from tests.support.witnessed_call import broken

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
SECRET = "s3cret"
DAY = 86_400.0
OTHER = "SomethingNewException"

FAILURES = [
    ("InternalServerError", "of the service's own accord"),
    ("LimitExceededException", "some quota"),
    ("LimitExceededException", "Provisioned throughput decreases are limited"),
    ("ResourceInUseException", "Attempt to change a resource which is still in use"),
    ("ThrottlingException", "The rate of control plane requests is too high"),
    (OTHER, "nobody knows"),
]
TIMES = st.sampled_from([8, 20, 1])
"""Calls in a row; the table serves 5 writes a second, and keeps those of 2 s."""

DEADLINES = st.sampled_from([None, None, 0.0, 2.1, 3.0, 20.0])
"""Seconds; a change of the table takes 2, and whoever waits is woken up to 0.4 later."""
SLOW = 100.0
"""Seconds that a change may take, and no call waits for it."""
REFUSALS = (ThrottleKind.PROVISIONED, ThrottleKind.KEY_RANGE, ThrottleKind.ACCOUNT)

CONFIG = ScalingConfig(
    max_read_capacity=10,
    max_write_capacity=24,
    max_retries=4,
    scale_down_delay=600.0,
    scale_up_timeout=30.0,
)
"""Caps that a few calls reach."""


class LibraryOnSimulator(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.clock = VirtualClock()
        self.simulator = SimulatedDynamoDB(
            clock=self.clock,
            burst_seconds=2.0,
            start_full=False,
            update_seconds=2.0,
            index_update_seconds=4.0,
        )
        self.simulator.start()
        units = {"by-customer": (7, 11)}
        self.simulator.create_table("orders", read=3, write=5, indexes=units)
        self.stranger = self.simulator.client(config=Config(retries={"total_max_attempts": 1}))
        modes = [Config(retries={"mode": mode}) for mode in ("standard", "legacy")]
        self.own = [self.simulator.client(config=mode) for mode in modes]
        self.witness = Witness(self.simulator, self.clock, CONFIG)
        self.log = LogLines(logging.getLogger("dynoresilience"))
        self.count = 0
        self.acknowledged = 0
        self.start_process()

    def start_process(self) -> None:
        self.process = SimulatedProcess(self.clock, CONFIG, self.count)
        self.clients = [(client, self.process.attach(client)) for client in self.own]
        self.witness.begin(self.process)

    # What is called

    @contextmanager
    def call(self, deadline: float | None = None, attachment: Any = None) -> Iterator[None]:
        """One call through the library, held against what it may do."""
        began, self.witness.attempts = self.clock.monotonic(), []
        until, code = None if deadline is None else began + deadline, ""
        try:
            with scope.entered(scope.Scope("work", until), attachment):
                yield
        except ClientError as error:
            code = error.response["Error"]["Code"]
            report = error.response["Dynoresilience"] if code in THROTTLES else ""
            if SECRET in f"{report} {getattr(error, '__notes__', '')}":
                self.witness.problems.append(f"invariant 10: {report}")
        ended = self.clock.monotonic()
        self.witness.problems.extend(broken(self.witness, CONFIG, began, ended, until, code))

    @rule(
        times=TIMES,
        which=st.integers(0, 1),
        indexed=st.booleans(),
        deadline=DEADLINES,
    )
    def puts(self, times: int, which: int, indexed: bool, deadline: float | None) -> None:
        client, attachment = self.clients[which]
        for _ in range(times):
            self.count += 1
            item = {"id": {"S": f"{SECRET}-{self.count}"}}
            if indexed:
                item["customer"] = {"S": f"{SECRET}-customer"}
            with self.call(deadline, attachment):
                client.put_item(TableName="orders", Item=item)

    @rule(times=TIMES, which=st.integers(0, 1), deadline=DEADLINES)
    def counts(self, times: int, which: int, deadline: float | None) -> None:
        """A counter: what was acknowledged is there once, what was not is not there."""
        client, attachment = self.clients[which]
        for _ in range(times):
            with self.call(deadline, attachment):
                client.update_item(
                    TableName="orders",
                    Key={"id": {"S": f"{SECRET}-counter"}},
                    UpdateExpression="ADD n :one",
                    ExpressionAttributeValues={":one": {"N": "1"}},
                )
                self.acknowledged += 1

    @rule(
        times=TIMES,
        which=st.integers(0, 1),
        index=st.sampled_from(INDEXES),
        deadline=DEADLINES,
    )
    def queries(self, times: int, which: int, index: str | None, deadline: float | None) -> None:
        client, attachment = self.clients[which]
        where = {} if index is None else {"IndexName": index}
        for _ in range(times):
            with self.call(deadline, attachment):
                client.query(
                    TableName="orders",
                    KeyConditionExpression="#k = :v",
                    ExpressionAttributeNames={"#k": "id" if index is None else "customer"},
                    ExpressionAttributeValues={":v": {"S": f"{SECRET}-customer"}},
                    ConsistentRead=index is None,
                    **where,
                )

    @rule(timeout=st.sampled_from([0.0, 10.0]))
    def lower_now(self, timeout: float) -> None:
        self.witness.lowers_now = True
        for _, attachment in self.clients:
            if attachment.engine is not None:
                attachment.engine.scale_down_now(timeout)
        self.witness.lowers_now = False

    # What else happens

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
        for entry in entries._ledger.entries():
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
        for operation in DATA:
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
        elif what == "death":
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

    # What always holds

    @invariant()
    def nothing_happened_that_must_not(self) -> None:
        assert not self.witness.problems, self.witness.problems

    @invariant()
    def no_event_and_no_log_line_tells_of_items(self) -> None:
        """Invariant 10. And none tells of a fault of ours: those leave the call to botocore."""
        lines = self.log.taken()
        assert SECRET not in str(self.process.events)
        assert SECRET not in lines
        assert "a fault of ours" not in lines
        self.process.events.clear()

    @invariant()
    def what_is_above_its_owners_value_is_in_the_ledger(self) -> None:
        """Invariant 8."""
        known = {(e.resource.index, e.dimension) for e in self.process.runtime.pending()}
        for key in KEYS:
            assert self.witness.reserved(key) <= self.witness.owner[key] or key in known, key

    def teardown(self) -> None:
        """Two quiet days later all is as its owner left it, and every write is there once."""
        try:
            self.simulator.allow()
            self.clock.advance(2 * DAY)
            self.nothing_happened_that_must_not()
            assert {key: self.witness.reserved(key) for key in KEYS} == self.witness.owner
            assert self.process.runtime.pending() == ()
            counter = {"id": {"S": f"{SECRET}-counter"}}
            item = self.stranger.get_item(TableName="orders", Key=counter).get("Item")
            assert int(item["n"]["N"] if item else 0) == self.acknowledged
        finally:
            self.log.close()
            self.simulator.stop()


TestLibraryOnSimulator = LibraryOnSimulator.TestCase
TestLibraryOnSimulator.settings = settings(
    settings.get_profile("short"),
    max_examples=1000 if LONG else 25,
    stateful_step_count=50 if LONG else 30,
    derandomize=not LONG,  # the same examples each time; the long profile looks for new ones
)


def test_the_units_of_the_model_are_those_of_the_table() -> None:
    """So that the machine above starts from what it thinks it does."""
    machine = LibraryOnSimulator()
    try:
        assert machine.witness.state(None).units == Units(3, 5)
        assert machine.witness.state("by-customer").units == Units(7, 11)
    finally:
        machine.teardown()


def test_a_table_that_is_said_to_be_in_use_is_taken_for_changing() -> None:
    """DynamoDB has no such answer to DescribeTable; whoever has it is believed, once."""
    machine = LibraryOnSimulator()
    try:
        machine.a_stranger_sets_capacity((None, Dimension.WRITE), 40, is_ours=False, is_short=False)
        machine.clock.advance(700.0)
        machine.simulator.throttle_next("PutItem", 30)
        machine.simulator.fail_next("DescribeTable", 2, "ResourceInUseException", "in use")
        machine.puts(times=1, which=0, indexed=False, deadline=None)
        assert len(machine.witness.attempts) == CONFIG.max_retries + 2
    finally:
        machine.teardown()
