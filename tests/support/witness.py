"""Watches the requests that a process sends, and holds them against the numbered invariants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from dynoresilience.config import ScalingConfig
from dynoresilience.model import Dimension, RaisedKey, Resource, Units
from dynoresilience.testing import SimulatedDynamoDB, VirtualClock
from dynoresilience.testing.control.control_plane import Provisioned
from dynoresilience.testing.control.throughput import wanted_by_update
from dynoresilience.testing.replies import Body, Reply
from dynoresilience.testing.service.fault_kinds import Dropped
from tests.support.answers import DATA, DROPPED, INDEX, Told, takes_of, told, undone
from tests.support.simulated_process import SimulatedProcess

TABLE = "orders"
INDEXES = (None, INDEX)
KEYS: list[RaisedKey] = [(index, dimension) for index in INDEXES for dimension in Dimension]
REMEMBERED = 300.0
"""Seconds for which a client remembers that it could not look, and does not try again."""


DOUBTED = 10.0
"""Seconds after a change in which a look that shows less than an earlier one is not believed:
DescribeTable is eventually consistent."""
GUESSED = 10.0
"""Seconds after a throttle of another kind in which what a batch leaves may be put down to it."""


class Attempt(NamedTuple):
    """One HTTP attempt of a call on items.

    ``code``: of its error, empty if it went through. ``names``: whether it was short of units of
    the table or an index, so that a raise can help. ``throttled``: it did nothing, and is safe to
    send again. ``part``: of a batch, it left something undone. ``needs``: seconds of all that the
    table or index has, for what it has not done; 0: not counted.
    """

    at: float
    code: str
    names: bool
    throttled: bool = False
    part: bool = False
    needs: float = 0.0

    @property
    def is_ours(self) -> bool:
        """Whether the library decides what comes after it, rather than botocore."""
        return self.throttled or self.part


class Change(NamedTuple):
    """A change of units that was accepted: when it was sent, when it is in force, by whom."""

    sent: float
    due: float
    ours: bool


class Witness:
    """Stands between the clients of one table and the simulator.

    ``owner``: what each number would be without us. ``named``: what throttles have named to
    this process and no raise has answered since. ``written``: what its writes have taken of.
    ``asked``: when it sent UpdateTable, was
    told that the table is in use, or went on after it was frozen. ``looked``: when it has looked
    at the table, ``blind_at``: when it last could not.
    ``problems``: invariants that were broken.
    """

    def __init__(
        self, simulator: SimulatedDynamoDB, clock: VirtualClock, config: ScalingConfig
    ) -> None:
        self._simulator = simulator
        self._clock = clock
        self._config = config
        self._engine = simulator._home
        self._answer, self._engine.handle = self._engine.handle, self._handle  # type: ignore[method-assign]
        self.owner: dict[RaisedKey, int] = {key: self.reserved(key) for key in KEYS}
        self.problems: list[str] = []
        self.attempts: list[Attempt] = []
        self.changes: list[Change] = []
        self.asked: list[float] = []
        self.looked: set[float] = set()
        self.is_stranger = False
        self.lowers_now = False

    def begin(self, process: SimulatedProcess) -> None:
        """Another process: whatever its predecessor left raised, it takes for the owner's."""
        self.process = process
        self.owner = {key: self.reserved(key) for key in KEYS}
        self.named: set[RaisedKey] = set()
        self.written: set[RaisedKey] = set()
        self.shown: list[tuple[float, dict[RaisedKey, int]]] = []
        self.named_at = self.blind_at = self.other_limit_at = float("-inf")
        self.changes = [change._replace(ours=False) for change in self.changes]

    def state(self, index: str | None) -> Provisioned:
        found = self._engine._tables.control.get(Resource(TABLE, index))
        assert found is not None
        return found

    def reserved(self, key: RaisedKey) -> int:
        """The units in force, or on their way."""
        return self.state(key[0]).reserved.of(key[1])

    def last_due(self) -> float:
        """When all that was asked for so far is in force."""
        return max((change.due for change in self.changes), default=float("-inf"))

    def sees(self, at: float) -> bool:
        """Whether each client of the process knows at that instant what the others know.

        One that could not look has a record of its own until it looks again.
        """
        return at > self.blind_at + REMEMBERED

    def _handle(self, operation: str, body: Body, backend: Any) -> Reply:
        """Every request of every client, on its way to the simulator."""
        now, before = self._clock.monotonic(), len(self._simulator.updates)
        ours = not self.is_stranger
        if ours and operation == "UpdateTable":
            self._simulator.units(TABLE)  # puts in force what is due
            self._check(wanted_by_update(body))
            self.asked.append(now)
        if ours and operation == "DescribeTable":
            self.blind_at, saw = now, self.blind_at  # unless it is answered
        try:
            reply = self._answer(operation, body, backend)
        except Dropped:
            if ours and operation in DATA:
                self.attempts.append(Attempt(now, DROPPED, names=False))
            raise
        finally:
            if len(self._simulator.updates) > before:
                pending = [self.state(index).pending for index in INDEXES]
                due = max(change.due for change in pending if change is not None)
                self.changes.append(Change(now, due, ours))
                self.looked.clear()
        if ours and operation == "DescribeTable" and reply.ok:
            self.blind_at = saw
            self._look(now)
        if ours and reply.code == "ResourceInUseException":
            self.asked.append(now)  # whatever it answers to: the table is said to be changing
        if ours and operation in DATA:
            self.written |= takes_of(operation, body)
            self._note(told(operation, body, reply), reply.code, now, undone(body, reply))
        return reply

    def _look(self, now: float) -> None:
        """DescribeTable was answered; what it shows may be less than it showed just before."""
        units = {key: self.state(key[0]).units.of(key[1]) for key in KEYS}
        self.shown = [(at, before) for at, before in self.shown if now - at < DOUBTED]
        if all(before[key] <= units[key] for _, before in self.shown for key in KEYS):
            self.looked.add(now)
        self.shown.append((now, units))

    def _note(self, answer: Told, code: str, now: float, units: int) -> None:
        """An attempt, what it says was short, and the units of what it has not done."""
        if answer.of_another_kind:
            self.other_limit_at = now
        self.named |= answer.short
        names = bool(answer.short)
        if answer.is_guess and now < self.other_limit_at + GUESSED:
            names = False
        if names:
            self.named_at = now
        has = min((self.state(key[0]).units.of(key[1]) for key in answer.short), default=1)
        needs = units / max(1, has)
        self.attempts.append(Attempt(now, code, names, answer.throttled, answer.part, needs))

    def _check(self, wanted: Mapping[str | None, Units]) -> None:
        """An UpdateTable of ours, just before it is answered."""
        now, found = self._clock.monotonic(), self.problems.append
        if self.process.timer.is_dead or self.process.timer.is_frozen:
            found("a process that does not run sent UpdateTable")
        if any(change.ours and now < change.due for change in self.changes):
            found(f"invariant 7: {wanted} amid another change of ours")
        present = {index: self.state(index).units for index in wanted}
        numbers = [
            ((index, dimension), present[index].of(dimension), units.of(dimension))
            for index, units in wanted.items()
            for dimension in Dimension
        ]
        raised = {key for key, there, asked in numbers if asked > there}
        raising, foreseen = bool(raised), self._may_be_foreseen(raised)
        for key, there, asked in numbers:
            if asked > there:
                self._check_raise(key, there, asked, foreseen)
            elif asked < there and raising:
                found(f"invariant 1: {key} {there} -> {asked} in a raise")
            elif asked < there:
                self._check_lower(key, there, asked)
        quiet_at = self.named_at + self._config.scale_down_delay
        known = self.sees(self.named_at)
        if not raising and not self.lowers_now and known and now < quiet_at - 1e-6:
            found(f"lowered {quiet_at - now} s too soon")

    def _may_be_foreseen(self, raised: set[RaisedKey]) -> set[RaisedKey]:
        """What a raise of these may take along: that of which the same writes take, too."""
        writes = {key for key in raised if key[1] is Dimension.WRITE}
        return self.written & writes if writes & self.named else set()

    def _check_raise(
        self, key: RaisedKey, there: int, asked: int, foreseen: set[RaisedKey]
    ) -> None:
        found, what = self.problems.append, f"{key} {there} -> {asked}"
        reads = key[1] is Dimension.READ
        cap = self._config.max_read_capacity if reads else self._config.max_write_capacity
        if asked > cap:
            found(f"invariant 1: {what}, over the cap of {cap}")
        if key not in self.named | foreseen:
            found(f"invariant 3: {what}, no throttle has named it")
        self.named.discard(key)
        known = {(e.resource.index, e.dimension): e for e in self.process.runtime.pending()}
        if key not in known or known[key].units != asked:
            found(f"invariant 8: {what} is not in the ledger")
        elif known[key].base != self.owner[key]:
            found(f"invariant 2: {what}, to go back to {known[key].base}")

    def _check_lower(self, key: RaisedKey, there: int, asked: int) -> None:
        found, what = self.problems.append, f"{key} {there} -> {asked}"
        if asked != self.owner[key]:
            found(f"invariant 2: {what}, the owner's value is {self.owner[key]}")
        if not self.state(key[0]).budget.allows(self._clock.now()):
            found(f"invariant 9: {what}, no decrease left")
