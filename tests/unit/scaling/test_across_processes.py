"""Raise and lower by several processes that share nothing but the table and its tags, and may die.

Hypothesis lets them be throttled, frozen and killed, also in the middle of a raise or a decrease,
while strangers change the capacity and tags are locked and read late. Whatever happened: once a
reaper has passed by for two days, all is as its owner left it, and no tag of ours is left.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dynoresilience.aws.ledger_tags import from_tags
from dynoresilience.config import ScalingConfig
from dynoresilience.engine import Engine, Runtime
from dynoresilience.model import (
    CapacityUpdate,
    Dimension,
    RaisedKey,
    RaisedTable,
    Resource,
    TableState,
    ThrottleSignal,
    Units,
)
from dynoresilience.ports import ControlPlaneError, OutcomeUnknown, TableBusy
from dynoresilience.scaling.lowerer import Lowerer
from dynoresilience.scaling.raises import Raises
from dynoresilience.scaling.scale_down import ScaleDown
from dynoresilience.scaling.table_record import TableBook, TableRecord
from dynoresilience.testing import VirtualClock
from tests.support.fake_control import FakeControl
from tests.support.fake_ledger import FakeLedger
from tests.support.simulated_process import ProcessTimer

CONFIG = ScalingConfig(max_read_capacity=300, max_write_capacity=300)
KEYS: list[RaisedKey] = [(i, d) for i in (None, "by-customer") for d in Dimension]
DAY = 86_400.0
STEPS = ["before tagging", "before UpdateTable", "after UpdateTable", "before UntagResource"]


class Killed(BaseException):
    """The process is gone in this instant."""


class Process:
    """An engine with a memory and a timer of its own; it dies at the next ``fatal`` step."""

    def __init__(self, clock: VirtualClock, control: FakeControl, ledger: FakeLedger) -> None:
        self.clock = clock
        self.control = control
        self.ledger = ledger
        self.fatal: str | None = None
        self.timer = ProcessTimer(clock)
        self.runtime = Runtime(clock, self.timer, lambda: 0.5)
        self.engine = Engine(self, self, "fake", CONFIG, [], self.runtime)

    def reach(self, step: str) -> None:
        if self.fatal == step:
            self.timer.is_dead = True
            raise Killed

    # -- TableControl and ScaleDownLedger, as this process reaches them ---------------------

    def describe(self, table: str) -> TableState:
        return self.control.describe(table)

    def update(self, table: str, update: CapacityUpdate) -> bool:
        self.reach("before UpdateTable")
        accepted = self.control.update(table, update)
        self.reach("after UpdateTable")
        return accepted

    def read(self, state: TableState) -> RaisedTable | None:
        return self.ledger.read(state)

    def write(self, entry: RaisedTable) -> bool:
        self.reach("before tagging")
        return self.ledger.write(entry)

    def erase(self, entry: RaisedTable) -> None:
        self.reach("before UntagResource")
        self.ledger.erase(entry)


class AcrossProcesses(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.clock = VirtualClock()
        self.control = FakeControl(self.clock)
        self.control.add("orders", Units(3, 5), by_customer=Units(7, 11))
        self.ledger = FakeLedger(self.clock)
        self.processes = [self.new_process() for _ in range(3)]
        self.owner = {key: self.value(key) for key in KEYS}
        self.problems: list[str] = []
        self.control.before_update = self.check

    def new_process(self) -> Process:
        return Process(self.clock, self.control, self.ledger)

    def value(self, key: RaisedKey) -> int:
        return self.control.units("orders", key[0]).of(key[1])

    def check(self, update: CapacityUpdate) -> None:
        if self.control.fail["update"]:
            return  # it does not come through
        self.value(KEYS[0])
        raising = any(change.after > change.before for change in update)
        for index, units in update.units.items():
            for dimension in Dimension:
                there, asked = self.value((index, dimension)), units.of(dimension)
                if raising and asked < there and "orders" not in self.control._landing:
                    self.problems.append(f"{update} takes away what is there: {there}")
                if asked < min(self.owner[index, dimension], there):
                    self.problems.append(f"{update} goes below the owner's value")

    @initialize(lock=st.sampled_from([0.0, 2.0]), lag=st.sampled_from([0.0, 2.0, 5.0]))
    def tags_are_slow(self, lock: float, lag: float) -> None:
        self.ledger.lock_seconds, self.ledger.lag_seconds = lock, lag

    @rule(
        who=st.integers(0, 2),
        keys=st.lists(st.sampled_from(KEYS), min_size=1, max_size=2, unique=True),
        fatal=st.sampled_from([None, None, *STEPS]),
    )
    def throttle(self, who: int, keys: list[RaisedKey], fatal: str | None) -> None:
        process = self.processes[who]
        if process.timer.is_frozen:
            return
        process.fatal = fatal
        signals = [ThrottleSignal(Resource("orders", index), d) for index, d in keys]
        try:
            process.engine._scaler.raise_if_needed(
                "orders", signals, self.clock.monotonic(), CONFIG
            )
        except Killed:
            self.bury()

    @rule(seconds=st.sampled_from([0.1, 1.0, 2.5, 30.0, 599.0, 700.0, 4000.0]))
    def time_passes(self, seconds: float) -> None:
        self.advance(seconds)

    @rule(who=st.integers(0, 2), step=st.sampled_from(STEPS))
    def is_to_die_at(self, who: int, step: str) -> None:
        self.processes[who].fatal = step

    @rule(who=st.integers(0, 2))
    def dies(self, who: int) -> None:
        self.processes[who].timer.is_dead = True
        self.bury()

    @rule(who=st.integers(0, 2))
    def is_frozen(self, who: int) -> None:
        self.processes[who].timer.is_frozen = True

    @rule(who=st.integers(0, 2))
    def is_thawed(self, who: int) -> None:
        try:
            self.processes[who].timer.thaw()
        except Killed:
            self.bury()

    @precondition(lambda self: "orders" not in self.control._landing)
    @rule(key=st.sampled_from(KEYS), units=st.sampled_from([1, 13, 101, 211, 331]))
    def a_stranger_sets_capacity(self, key: RaisedKey, units: int) -> None:
        state = self.control.tables["orders"]
        entries = [from_tags(tags, state) for tags in self.ledger.tags.values()]
        for process in self.processes:
            entries += process.runtime.shelf("fake").raises.known()
        if any(e and key in e.raised and e.raised[key].is_ours(units) for e in entries):
            return  # nobody could tell whose it is
        index, dimension = key
        found = state.resource(index)
        assert found is not None
        self.control.set_units("orders", index, found.units.with_(dimension, units))
        self.owner[key] = units

    @rule(
        method=st.sampled_from(["describe", "update", "read", "write", "erase"]),
        error=st.sampled_from(
            [ControlPlaneError("no"), OutcomeUnknown("no answer"), TableBusy("in use")]
        ),
    )
    def something_fails_once(self, method: str, error: Exception) -> None:
        known = self.control.fail if method in self.control.fail else self.ledger.fail
        known[method].append(error)

    @rule(index=st.sampled_from([None, "by-customer"]))
    def strangers_spend_the_decreases(self, index: str | None) -> None:
        """Where nothing is raised: else it would be taken for a decrease of that."""
        if any(self.value(key) != self.owner[key] for key in KEYS):
            return
        state = self.control.tables["orders"]
        found = state.resource(index)
        assert found is not None
        spent = replace(found, decreases_today=4, last_decrease=self.clock.now())
        self.control.tables["orders"] = self.control._put(state, index, spent)

    @invariant()
    def nothing_was_sent_that_must_not_be(self) -> None:
        assert self.problems == []

    def advance(self, seconds: float) -> None:
        end = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end:
            try:
                self.clock.advance(end - self.clock.monotonic())
            except Killed:
                self.bury()

    def bury(self) -> None:
        """A new process in the place of each dead one."""
        self.processes = [
            self.new_process() if process.timer.is_dead else process for process in self.processes
        ]

    def teardown(self) -> None:
        for failures in (*self.control.fail.values(), *self.ledger.fail.values()):
            failures.clear()
        for process in self.processes:
            process.fatal = None
        for _ in range(int(2 * DAY / 900)):
            self.advance(900)
            self.reap()
        assert self.problems == []
        assert {key: self.value(key) for key in KEYS} == self.owner
        assert not any(self.ledger.tags.values())

    def reap(self) -> None:
        raises = Raises(TableBook(), self.clock)
        timer = ProcessTimer(self.clock)
        down = ScaleDown(raises, clock=self.clock, timer=timer, chance=lambda: 0.5)
        lowerer = Lowerer(self.control, "orders", CONFIG, self, self.ledger)
        down.lower_due(TableRecord(), lowerer, 20.0)

    def emit(self, event: object) -> None:
        """The reaper's sink."""


TestAcrossProcesses = AcrossProcesses.TestCase
TestAcrossProcesses.settings = settings(
    settings.get_profile("short"), max_examples=100, stateful_step_count=40
)
