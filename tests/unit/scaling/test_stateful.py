"""Raise and lower under any interleaving of throttles, strangers, failures and time.

Hypothesis drives two clients of one process against one table, in virtual time; after each step
the numbered invariants are held against every request that was sent, and at the end, however it
went before, everything that is ours must be back where its owner left it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dynoresilience.capacity.decreases import next_decrease
from dynoresilience.config import ScalingConfig
from dynoresilience.model import (
    CapacityUpdate,
    Dimension,
    RaisedKey,
    Resource,
    ThrottleKind,
    ThrottleSignal,
    Units,
)
from dynoresilience.ports import (
    AccessDenied,
    ControlPlaneError,
    DecreaseRefused,
    OutcomeUnknown,
    ServiceLimit,
)
from tests.unit.scaling.conftest import World

CAP = 300
NEVER_LIFTED = [ThrottleKind.KEY_RANGE, ThrottleKind.ACCOUNT, ThrottleKind.PROVISIONED]
KEYS: list[RaisedKey] = [(i, d) for i in (None, "by-customer") for d in Dimension]
ERRORS = [
    AccessDenied("dynamodb:X", "no"),
    ControlPlaneError("throttled"),
    OutcomeUnknown("no answer"),
    ServiceLimit("quota"),
    RuntimeError("a bug of the owner's"),
]


class RaiseAndLower(RuleBasedStateMachine):
    on_demand = False
    kind = ThrottleKind.PROVISIONED
    caps: ClassVar = {"max_read_capacity": CAP, "max_write_capacity": CAP}

    def __init__(self) -> None:
        super().__init__()
        self.world = World(config=ScalingConfig(**self.caps))
        self.control = self.world.control
        self.control.add("orders", Units(3, 5), on_demand=self.on_demand, by_customer=Units(7, 11))
        self.engines = [self.world.engine, self.world.new_engine()]
        self.owner = {key: self.value(key) for key in KEYS}
        self.named: set[RaisedKey] = set()
        self.problems: list[str] = []
        self.control.before_update = self.check

    def value(self, key: RaisedKey) -> int:
        self.control._land("orders")
        found = self.control.tables["orders"].resource(key[0])
        assert found is not None
        return found.units.of(key[1])

    def check(self, update: CapacityUpdate) -> None:
        """Every request, just before it is sent, against what is really there."""
        self.value(KEYS[0])
        if "orders" in self.control._landing:
            self.problems.append(f"invariant 7: {update} amid another change of ours")
        if update.on_demand is not self.on_demand:
            self.problems.append(f"{update} is for another billing mode")
        raising = any(change.after > change.before for change in update)
        for index, units in update.units.items():
            for dimension in Dimension:
                key = index, dimension
                now, asked = self.value(key), units.of(dimension)
                if raising and asked < now:
                    self.problems.append(f"invariant 1: {key} lowered {now} -> {asked}")
                if raising and asked > now and (asked > CAP or key not in self.named):
                    self.problems.append(f"invariants 1, 3: {key} raised {now} -> {asked}")
                if not raising and asked != now and asked != self.owner[key]:
                    self.problems.append(f"invariant 2: {key} lowered {now} -> {asked}")
            if not raising and not self.on_demand:
                found = self.control.tables["orders"].resource(index)
                assert found is not None
                if next_decrease(found, self.world.clock.now()) > self.world.clock.now():
                    self.problems.append(f"invariant 9: {index} has no decrease left")

    @rule(
        keys=st.lists(st.sampled_from(KEYS), min_size=1, max_size=3, unique=True),
        engine=st.integers(0, 1),
        ago=st.sampled_from([0.0, 0.0, 1.0, 5.0]),
    )
    def throttle(self, keys: list[RaisedKey], engine: int, ago: float) -> None:
        self.named |= set(keys)
        signals = [ThrottleSignal(Resource("orders", index), d, self.kind) for index, d in keys]
        sent_at = self.world.clock.monotonic() - ago
        self.world.throttle(*signals, sent_at=sent_at, engine=self.engines[engine])

    @rule(seconds=st.sampled_from([0.1, 0.5, 2.5, 30.0, 599.0, 700.0, 4000.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.clock.advance(seconds)

    @precondition(lambda self: "orders" not in self.control._landing)
    @rule(key=st.sampled_from(KEYS), units=st.sampled_from([1, 13, 101, 211, 331]))
    def a_stranger_sets_capacity(self, key: RaisedKey, units: int) -> None:
        self.control._land("orders")
        entry = next(iter(self.world.runtime.shelf("fake").raises.known()), None)
        if entry is not None and key in entry.raised and entry.raised[key].is_ours(units):
            return  # nobody could tell whose it is
        index, dimension = key
        found = self.control.tables["orders"].resource(index)
        assert found is not None
        self.control.set_units("orders", index, found.units.with_(dimension, units))
        self.owner[key] = units

    @rule(
        operation=st.sampled_from(["describe", "update"]),
        error=st.sampled_from(ERRORS),
        times=st.integers(1, 3),
    )
    def the_control_plane_fails(self, operation: str, error: Exception, times: int) -> None:
        self.control.fail[operation] += [error] * times

    @rule(index=st.sampled_from([None, "by-customer"]))
    def strangers_spend_the_decreases(self, index: str | None) -> None:
        state = self.control.tables["orders"]
        found = state.resource(index)
        assert found is not None
        spent = replace(found, decreases_today=4, last_decrease=self.world.clock.now())
        self.control.tables["orders"] = self.control._put(state, index, spent)

    @rule()
    def the_budget_is_refused_all_the_same(self) -> None:
        self.control.fail["update"].append(DecreaseRefused("no", self.world.clock.now() + 1800))

    @rule(timeout=st.sampled_from([0.0, 10.0]))
    def lower_now(self, timeout: float) -> None:
        for engine in self.engines:
            engine.scale_down_now(timeout)

    @invariant()
    def nothing_was_sent_that_must_not_be(self) -> None:
        assert self.problems == []

    @invariant()
    def what_is_above_its_owners_value_is_in_the_ledger(self) -> None:
        """Invariant 8, with the request that is landing taken for landed."""
        state = self.control.tables["orders"]
        if "orders" in self.control._landing:
            state = self.control._with(state, dict(self.control._landing["orders"][1].units))
        known = {
            key for e in self.world.runtime.pending() for key in [(e.resource.index, e.dimension)]
        }
        for key in KEYS:
            found = state.resource(key[0])
            assert found is not None
            assert found.units.of(key[1]) <= self.owner[key] or key in known

    def teardown(self) -> None:
        """Two quiet days later all is as its owner left it, and nothing is left to do."""
        self.control.fail = {"describe": [], "update": []}
        self.world.clock.advance(2 * 86_400)
        self.nothing_was_sent_that_must_not_be()
        assert {key: self.value(key) for key in KEYS} == self.owner
        assert self.world.runtime.pending() == ()


class RaiseAndLowerMaximum(RaiseAndLower):
    """The same of the maximum of an on-demand table, which strangers may take away, too."""

    on_demand = True
    kind = ThrottleKind.ON_DEMAND_MAXIMUM
    caps: ClassVar = {"max_read_request_units": CAP, "max_write_request_units": CAP}

    @rule(key=st.sampled_from(KEYS), kind=st.sampled_from(NEVER_LIFTED))
    def another_limit_is_hit(self, key: RaisedKey, kind: ThrottleKind) -> None:
        self.world.throttle(ThrottleSignal(Resource("orders", key[0]), key[1], kind))

    @precondition(lambda self: "orders" not in self.control._landing)
    @rule(key=st.sampled_from(KEYS))
    def a_stranger_takes_a_maximum_away(self, key: RaisedKey) -> None:
        self.a_stranger_sets_capacity(key, 0)


TestRaiseAndLower = RaiseAndLower.TestCase
TestRaiseAndLowerMaximum = RaiseAndLowerMaximum.TestCase
for _case in (TestRaiseAndLower, TestRaiseAndLowerMaximum):
    _case.settings = settings(
        settings.get_profile("short"), max_examples=60, stateful_step_count=40
    )
