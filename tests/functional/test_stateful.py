"""The library against the simulator, whatever happens and in whatever order, in virtual time.

Hypothesis drives a process with two real boto3 clients, strangers at the same table, failures of
the service, of permissions, of sinks and of the process itself. Each request that the library
sends to the control plane is held against the numbered invariants just before it is answered; each
call against what it may end in. `HYPOTHESIS_PROFILE=long` runs 1,000 examples of 50 steps.
"""

from __future__ import annotations

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
from dynoresilience.model import Dimension, RaisedKey, Resource, Units
from dynoresilience.testing import SimulatedDynamoDB, VirtualClock
from dynoresilience.testing.control.control_plane import Provisioned
from dynoresilience.testing.control.throughput import wanted_by_update
from tests.support.simulated_process import SimulatedProcess

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
CAP = 300
SECRET = "s3cret"
INDEXES = (None, "by-customer")
KEYS: list[RaisedKey] = [(index, dimension) for index in INDEXES for dimension in Dimension]
DAY = 86_400.0
THROTTLE = "ProvisionedThroughputExceededException"
NEWS = 1.5
"""Seconds after a change at which a call that waits for it has been sent again: the next look at
the table is at most 0.6 s away (12 % of what a change takes here), callers are spread over 0.2."""

FAILURES = [
    "InternalServerError",
    "LimitExceededException",
    "ThrottlingException",
    "SomethingNewException",
]
TIMES = st.sampled_from([8, 20, 1])
"""Calls in a row; the table serves 5 writes a second, and keeps those of 2 s."""

CONFIG = ScalingConfig(
    max_read_capacity=CAP, max_write_capacity=CAP, max_retries=4, scale_down_delay=600.0
)


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
        self.engine = self.simulator._home
        self.handle, self.engine.handle = self.engine.handle, self.watched  # type: ignore[method-assign]
        self.owner: dict[RaisedKey, int] = {key: self.reserved(key) for key in KEYS}
        self.is_stranger = False
        self.in_flight_until = 0.0
        self.attempts: list[float] = []
        self.problems: list[str] = []
        self.count = 0
        self.surely = 0
        self.perhaps = 0
        self.start_process()

    def start_process(self) -> None:
        self.process = SimulatedProcess(self.clock, CONFIG, self.count)
        self.clients = [(client, self.process.attach(client)) for client in self.own]
        self.throttled_before = self.simulator.throttles
        self.in_flight_until = 0.0

    # What is there

    def state(self, index: str | None) -> Provisioned:
        found = self.engine._tables.control.get(Resource("orders", index))
        assert found is not None
        return found

    def reserved(self, key: RaisedKey) -> int:
        """The units in force, or on their way."""
        return self.state(key[0]).reserved.of(key[1])

    def named(self) -> set[RaisedKey]:
        """What throttles have named to this process."""
        now = self.simulator.throttles
        return {
            (resource.index, dimension)
            for (resource, dimension), count in now.items()
            if count > self.throttled_before[resource, dimension]
        }

    # What is sent

    def watched(self, operation: str, body: Any, backend: Any) -> Any:
        """Every request, just before it is answered."""
        if operation in ("PutItem", "UpdateItem", "Query"):
            self.attempts.append(self.clock.monotonic())
        if operation != "UpdateTable" or self.is_stranger:
            return self.handle(operation, body, backend)
        self.simulator.units("orders")  # puts in force what is due
        self.check(wanted_by_update(body))
        before = len(self.simulator.updates)
        reply = self.handle(operation, body, backend)
        if len(self.simulator.updates) > before:
            self.in_flight_until = max(state.pending.due for state in self.pending())  # type: ignore[union-attr]
        return reply

    def pending(self) -> list[Provisioned]:
        states = [self.state(index) for index in INDEXES]
        return [state for state in states if state.pending is not None]

    def check(self, wanted: Any) -> None:
        now, utc = self.clock.monotonic(), self.clock.now()
        if self.process.timer.is_dead or self.process.timer.is_frozen:
            self.problems.append("a process that does not run sent UpdateTable")
        if now < self.in_flight_until:
            self.problems.append(f"invariant 7: {wanted} amid another change of ours")
        known = {(e.resource.index, e.dimension): e for e in self.process.runtime.pending()}
        present = {index: self.state(index).units for index in wanted}
        raising = any(
            units.of(d) > present[index].of(d) for index, units in wanted.items() for d in Dimension
        )
        for index, units in wanted.items():
            lowers = False
            for dimension in Dimension:
                key, asked = (index, dimension), units.of(dimension)
                there = present[index].of(dimension)
                lowers |= asked < there
                if raising and asked < there:
                    self.problems.append(f"invariant 1: {key} {there} -> {asked} in a raise")
                if asked > there and asked > CAP:
                    self.problems.append(f"invariant 1: {key} {there} -> {asked}, over the cap")
                if asked > there and key not in self.named():
                    self.problems.append(f"invariant 3: {key} was raised, nothing named it")
                if asked > there and (key not in known or known[key].units != asked):
                    self.problems.append(f"invariant 8: {key} -> {asked} is not in the ledger")
                if asked < there and asked != self.owner[key]:
                    self.problems.append(f"invariant 2: {key} {there} -> {asked}")
            if lowers and not self.state(index).budget.allows(utc):
                self.problems.append(f"invariant 9: no decrease left for {index}")

    # What is called

    @contextmanager
    def call(self, deadline: float | None = None, attachment: Any = None) -> Iterator[None]:
        """One call through the library, held against what it may do."""
        began, self.attempts = self.clock.monotonic(), []
        until = None if deadline is None else began + deadline
        before, was_in_flight = len(self.simulator.updates), bool(self.pending())
        ok = False
        try:
            with scope.entered(scope.Scope("work", until), attachment):
                yield
            ok = True
        except ClientError as error:
            if error.response["Error"]["Code"] != THROTTLE:
                raise
            report = error.response["Dynoresilience"]
            if SECRET in str(report) or SECRET in str(getattr(error, "__notes__", "")):
                self.problems.append(f"invariant 10: {report}")
        ended = self.clock.monotonic()
        if deadline is not None and ended > began + deadline + 1e-6:
            self.problems.append(f"invariant 5: {ended - began} s, deadline {deadline}")
        changing = was_in_flight or len(self.simulator.updates) > before
        if not changing and len(self.attempts) > CONFIG.max_retries + 1:
            self.problems.append(f"invariant 5: {len(self.attempts)} attempts")
        due = self.in_flight_until
        if ok and began < due < ended:
            first = next(at for at in self.attempts if at >= due - 1e-6)
            if first > due + NEWS:
                self.problems.append(f"invariant 11: {first - due} s after the change")

    @rule(
        times=TIMES,
        which=st.integers(0, 1),
        indexed=st.booleans(),
        deadline=st.sampled_from([None, None, 0.0, 3.0, 20.0]),
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

    @rule(times=TIMES, which=st.integers(0, 1))
    def counts(self, times: int, which: int) -> None:
        """A counter: what was acknowledged is there once, what was not is not there."""
        client, attachment = self.clients[which]
        for _ in range(times):
            with self.call(None, attachment):
                client.update_item(
                    TableName="orders",
                    Key={"id": {"S": f"{SECRET}-counter"}},
                    UpdateExpression="ADD n :one",
                    ExpressionAttributeValues={":one": {"N": "1"}},
                )
                self.surely += 1

    @rule(times=TIMES, which=st.integers(0, 1), index=st.sampled_from(INDEXES))
    def queries(self, times: int, which: int, index: str | None) -> None:
        client, attachment = self.clients[which]
        where = {} if index is None else {"IndexName": index}
        for _ in range(times):
            with self.call(None, attachment):
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
        for _, attachment in self.clients:
            if attachment.engine is not None:
                attachment.engine.scale_down_now(timeout)

    # What else happens

    @rule(seconds=st.sampled_from([0.1, 1.0, 2.5, 30.0, 599.0, 700.0, 4000.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(key=st.sampled_from(KEYS), units=st.sampled_from([1, 13, 101, 211, 331]))
    def a_stranger_sets_capacity(self, key: RaisedKey, units: int) -> None:
        index, dimension = key
        self.simulator.units("orders")
        entries = self.process.runtime.shelf(self.stranger.meta.endpoint_url).raises
        for entry in entries._ledger.entries():
            if key in entry.raised and entry.raised[key].is_ours(units):
                return  # nobody could tell whose it is
        wanted = self.state(index).units.with_(dimension, units)
        throughput = {"ReadCapacityUnits": wanted.read, "WriteCapacityUnits": wanted.write}
        request: dict[str, Any] = {"ProvisionedThroughput": throughput}
        if index is not None:
            change = {"Update": {"IndexName": index, **request}}
            request = {"GlobalSecondaryIndexUpdates": [change]}
        self.is_stranger = True
        try:
            self.stranger.update_table(TableName="orders", **request)
        except (BotoCoreError, ClientError):
            return  # busy, unchanged, or no decrease left
        finally:
            self.is_stranger = False
        self.owner[key] = units

    @rule(
        what=st.sampled_from(
            ["midnight", "freeze", "death", "decreases", "denial", "failure", "no answer", "a bug"]
        ),
        data=st.data(),
    )
    def mishap(self, what: str, data: st.DataObject) -> None:
        """One rule for all, so that there are more calls than mishaps."""
        operation = data.draw(st.sampled_from(["UpdateTable", "DescribeTable"]))
        seconds = data.draw(st.sampled_from([1.0, 30.0, 700.0, 4000.0]))
        is_over = data.draw(st.booleans())
        if what == "midnight":
            self.clock.advance(max(0.0, DAY - self.clock.now() % DAY - seconds))
        elif what == "freeze":
            self.process.timer.is_frozen = True
            self.clock.advance(seconds)
            self.process.timer.thaw()
        elif what == "death":
            self.the_process_dies()
        elif what == "decreases":
            for _ in range(4):
                self.state(data.draw(st.sampled_from(INDEXES))).budget.record(self.clock.now())
        elif what == "denial":
            (self.simulator.allow if is_over else self.simulator.deny)(operation)
        elif what == "failure":
            code = data.draw(st.sampled_from(FAILURES))
            self.simulator.fail_next(operation, 2, code, "of the service's own accord")
        elif what == "no answer":
            self.simulator.drop_next(operation, 1, connected=is_over)
        else:
            self.process.sink_fails = not is_over

    def the_process_dies(self) -> None:
        """What it had raised and kept in memory stays: its successor takes it for the owner's."""
        self.process.timer.is_dead = True
        self.owner = {key: self.reserved(key) for key in KEYS}
        self.start_process()

    # What always holds

    @invariant()
    def nothing_happened_that_must_not(self) -> None:
        assert self.problems == []

    @invariant()
    def no_event_tells_of_items(self) -> None:
        """Invariant 10."""
        assert SECRET not in str(self.process.events)
        self.process.events.clear()

    @invariant()
    def what_is_above_its_owners_value_is_in_the_ledger(self) -> None:
        """Invariant 8."""
        known = {(e.resource.index, e.dimension) for e in self.process.runtime.pending()}
        for key in KEYS:
            assert self.reserved(key) <= self.owner[key] or key in known, key

    def teardown(self) -> None:
        """Two quiet days later all is as its owner left it, and every write is there once."""
        try:
            self.simulator.allow()
            self.clock.advance(2 * DAY)
            self.nothing_happened_that_must_not()
            assert {key: self.reserved(key) for key in KEYS} == self.owner
            assert self.process.runtime.pending() == ()
            counter = {"id": {"S": f"{SECRET}-counter"}}
            item = self.stranger.get_item(TableName="orders", Key=counter).get("Item")
            assert int(item["n"]["N"] if item else 0) == self.surely
        finally:
            self.simulator.stop()


TestLibraryOnSimulator = LibraryOnSimulator.TestCase
TestLibraryOnSimulator.settings = settings(
    settings.get_profile("short"),
    max_examples=1000 if LONG else 15,
    stateful_step_count=50 if LONG else 25,
)


def test_the_units_of_the_model_are_those_of_the_table() -> None:
    """So that the machine above starts from what it thinks it does."""
    machine = LibraryOnSimulator()
    try:
        assert machine.state(None).units == Units(3, 5)
        assert machine.state("by-customer").units == Units(7, 11)
    finally:
        machine.teardown()
