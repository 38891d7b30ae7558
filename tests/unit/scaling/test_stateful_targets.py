"""Minimums of scalable targets under any interleaving of throttles, strangers, failures and time.

Two clients of one process, in virtual time. However it went, in the end the minimums are as their
owner left them, and what has no target is where it was.
"""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from dynoresilience.config import ScalingConfig
from dynoresilience.model import (
    CapacityUpdate,
    Dimension,
    RaisedKey,
    Resource,
    ThrottleSignal,
    Units,
)
from dynoresilience.ports import (
    AccessDenied,
    ControlPlaneError,
    OutcomeUnknown,
    ServiceLimit,
    TargetDenied,
)
from tests.unit.scaling.conftest import World

CAP, MAXIMUM = 300, 250
KEYS: list[RaisedKey] = [(i, d) for i in (None, "by-customer") for d in Dimension]
UNDER_TARGETS: list[RaisedKey] = [(None, Dimension.WRITE), ("by-customer", Dimension.READ)]
ERRORS = [
    AccessDenied("dynamodb:X", "no"),
    TargetDenied("application-autoscaling:RegisterScalableTarget", "no"),
    ControlPlaneError("throttled"),
    OutcomeUnknown("no answer"),
    ServiceLimit("quota"),
    RuntimeError("a bug of the owner's"),
]


class RaiseAndLowerMinimums(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = World(config=ScalingConfig(max_read_capacity=CAP, max_write_capacity=CAP))
        self.control = self.world.control
        self.control.add("orders", Units(3, 5), by_customer=Units(7, 11))
        self.owner = dict(zip(UNDER_TARGETS, (5, 2), strict=True))
        for key in UNDER_TARGETS:
            self.set_minimum(key)
        self.engines = [self.world.engine, self.world.new_engine()]
        self.named: set[RaisedKey] = set()
        self.could_not_see = False
        self.problems: list[str] = []
        self.control.before_update = self.check

    def set_minimum(self, key: RaisedKey) -> None:
        self.control.add_target("orders", key[1], self.owner[key], MAXIMUM, key[0])

    def minimum(self, key: RaisedKey) -> int:
        return self.control.minimum("orders", key[1], key[0])

    def check(self, update: CapacityUpdate) -> None:
        """Every request, just before it is sent."""
        for change in update:
            rises = change.after > change.before
            if change.key not in UNDER_TARGETS:
                if change.minimum:
                    self.problems.append(f"{change}: it has no target")
            elif not change.minimum:
                if not self.could_not_see:
                    self.problems.append(f"{change} is for Application Auto Scaling to make")
            elif rises and not self.minimum(change.key) < change.after <= min(CAP, MAXIMUM):
                self.problems.append(f"invariant 1: {change} of {self.minimum(change.key)}")
            elif rises and change.key not in self.named:
                self.problems.append(f"invariant 3: {change}")
            elif not rises and change.after != self.owner[change.key]:
                self.problems.append(f"invariant 2: {change}, not {self.owner[change.key]}")

    @rule(
        keys=st.lists(st.sampled_from(KEYS), min_size=1, max_size=3, unique=True),
        engine=st.integers(0, 1),
    )
    def throttle(self, keys: list[RaisedKey], engine: int) -> None:
        self.named |= set(keys)
        signals = [ThrottleSignal(Resource("orders", index), d) for index, d in keys]
        self.world.throttle(*signals, engine=self.engines[engine])

    @rule(seconds=st.sampled_from([0.1, 2.5, 8.0, 30.0, 599.0, 700.0, 4000.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.clock.advance(seconds)

    @rule(key=st.sampled_from(UNDER_TARGETS), minimum=st.sampled_from([1, 13, 101]))
    def a_stranger_sets_a_minimum(self, key: RaisedKey, minimum: int) -> None:
        for entry in self.world.runtime.shelf("fake").raises.known():
            if key in entry.raised and entry.raised[key].is_ours(minimum):
                return  # nobody could tell whose it is
        self.owner[key] = minimum
        self.set_minimum(key)

    @rule(
        operation=st.sampled_from(["describe", "update", "minimum", "targets"]),
        error=st.sampled_from(ERRORS),
        times=st.integers(1, 3),
    )
    def something_fails(self, operation: str, error: Exception, times: int) -> None:
        self.could_not_see = self.could_not_see or operation == "targets"
        self.control.fail.setdefault(operation, []).extend([error] * times)

    @rule(seconds=st.sampled_from([None, 5.0, 40.0]))
    def auto_scaling_takes(self, seconds: float | None) -> None:
        self.control.acts_after = seconds

    @rule(timeout=st.sampled_from([0.0, 10.0]))
    def lower_now(self, timeout: float) -> None:
        for engine in self.engines:
            engine.scale_down_now(timeout)

    @invariant()
    def nothing_was_sent_that_must_not_be(self) -> None:
        assert self.problems == []

    @invariant()
    def a_minimum_above_its_owners_is_known(self) -> None:
        known = {(e.resource.index, e.dimension) for e in self.world.runtime.pending()}
        for key in UNDER_TARGETS:
            assert self.minimum(key) <= self.owner[key] or key in known

    def teardown(self) -> None:
        """Two quiet days later."""
        self.control.fail = {}
        self.world.clock.advance(2 * 86_400)
        self.nothing_was_sent_that_must_not_be()
        assert {key: self.minimum(key) for key in UNDER_TARGETS} == self.owner
        assert self.control.units("orders").read == 3
        assert self.control.units("orders", "by-customer").write == 11
        assert self.world.runtime.pending() == ()


TestRaiseAndLowerMinimums = RaiseAndLowerMinimums.TestCase
TestRaiseAndLowerMinimums.settings = settings(
    settings.get_profile("short"), max_examples=60, stateful_step_count=40
)
