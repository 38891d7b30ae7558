"""The words of the library: tables, indexes, capacity units, throttles. Plain frozen data.

Units are DynamoDB's own: one write unit is one write a second of up to 1 KB, one read unit is
one strongly consistent read a second of up to 4 KB.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum


class Dimension(str, Enum):
    """The two kinds of capacity that a table or an index has."""

    READ = "read"
    WRITE = "write"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Resource:
    """A table, or one of its global secondary indexes: what capacity belongs to.

    ``table`` is the name (or the ARN) by which the caller addressed the table.
    """

    table: str
    index: str | None = None

    def __str__(self) -> str:
        return self.table if self.index is None else f"{self.table}/{self.index}"


class ThrottleKind(str, Enum):
    """Whose limit was hit.

    Only two are lifted by asking for more: PROVISIONED, by raising the resource's units, and
    ON_DEMAND_MAXIMUM, by raising the maximum that its owner set for an on-demand resource.
    """

    PROVISIONED = "ProvisionedThroughputExceeded"
    ON_DEMAND_MAXIMUM = "MaxOnDemandThroughputExceeded"
    KEY_RANGE = "KeyRangeThroughputExceeded"
    ACCOUNT = "AccountLimitExceeded"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class RefusedWrite:
    """A write that was refused: as much of it as tells which indexes it would have touched.

    ``attributes``: the names in the item; None: not known, as of a delete. ``units``: about what
    it takes of the table, in write units.
    """

    attributes: frozenset[str] | None
    units: int


@dataclass(frozen=True, slots=True)
class ThrottleSignal:
    """One thing that was short.

    ``any_index``: an index of ``resource.table`` was short and the answer does not say which;
    ``resource.index`` is then None. ``told``: False where the answer only left something out, so
    that the kind is a guess; of writes, ``refused`` are those, and it may have been the table or
    any index that they touch.
    """

    resource: Resource
    dimension: Dimension
    kind: ThrottleKind = ThrottleKind.PROVISIONED
    any_index: bool = False
    told: bool = True
    refused: tuple[RefusedWrite, ...] = ()

    def __str__(self) -> str:
        where = f"{self.resource}/*" if self.any_index else str(self.resource)
        return f"{where} {self.dimension} {self.kind}"


@dataclass(frozen=True, slots=True)
class Units:
    """Provisioned capacity of one resource, in capacity units.

    Of an on-demand resource its maximum (``OnDemandThroughput``), in request units; 0 means that
    it has none.
    """

    read: int
    write: int

    def of(self, dimension: Dimension) -> int:
        return self.read if dimension is Dimension.READ else self.write

    def with_(self, dimension: Dimension, units: int) -> Units:
        if dimension is Dimension.READ:
            return Units(units, self.write)
        return Units(self.read, units)


@dataclass(frozen=True, slots=True)
class ResourceState:
    """What DescribeTable says of one resource. Times are seconds since the epoch, UTC.

    ``status``: TableStatus or IndexStatus. ``keys``: the attributes of an index's key, which an
    item needs to be in it; empty: not known. ``partition_key``: those of them that say in which
    partition it is. ``whole_items``: it holds every attribute.
    """

    units: Units
    status: str = "ACTIVE"
    decreases_today: int = 0
    last_decrease: float | None = None
    last_increase: float | None = None
    keys: frozenset[str] = frozenset()
    partition_key: tuple[str, ...] = ()
    whole_items: bool = True


RaisedKey = tuple[str | None, Dimension]
"""Which number of a table: index name (None = the table itself) and dimension."""


@dataclass(frozen=True, slots=True)
class ScalableTarget:
    """Between what units Application Auto Scaling keeps one number of a table.

    ``tracked``: it has a scaling policy, by which raises that are not its own are taken back;
    without one nothing but a schedule, if anything, moves the units. ``held``: why the minimum
    can't be changed now.
    """

    minimum: int
    maximum: int
    tracked: bool = True
    held: tuple[HoldReason, str] | None = None


@dataclass(frozen=True, slots=True)
class TableState:
    """What DescribeTable says of a table and its global secondary indexes.

    ``table_id``: another one means another table of the same name (where there is no TableId, as
    in emulators, the instant of its creation). ``local_indexes``: they use the table's capacity.
    ``replicas``: the other regions of a global table. ``targets``: the numbers that Application
    Auto Scaling looks after; not in DescribeTable, so None until somebody has asked, or if nobody
    could tell.
    """

    name: str
    arn: str
    table: ResourceState
    indexes: Mapping[str, ResourceState] = field(default_factory=dict)
    on_demand: bool = False
    table_id: str | None = None
    local_indexes: frozenset[str] = frozenset()
    replicas: tuple[str, ...] = ()
    table_class: str = "STANDARD"
    targets: Mapping[RaisedKey, ScalableTarget] | None = field(default=None, compare=False)

    @property
    def updating(self) -> bool:
        """True while UpdateTable would be refused.

        An index that is CREATING in an ACTIVE table is being filled, for minutes to hours: others
        measured that capacity may be changed meanwhile.
        """
        settled = ("ACTIVE", "CREATING") if self.table.status == "ACTIVE" else ()
        return any(resource.status not in settled for resource in self._resources())

    @property
    def least_units(self) -> int:
        """What the scarcest resource gives a second in the dimension that it has more of.

        On-demand resources without a maximum are left out; 0 if there is none with one.
        """
        most = (max(entry.units.read, entry.units.write) for entry in self._resources())
        return min((units for units in most if units), default=0)

    @property
    def rebuilding(self) -> bool:
        """True while something longer than a change of capacity goes on, such as a new index."""
        short = ("ACTIVE", "UPDATING")
        return self.updating and any(entry.status not in short for entry in self._resources())

    def is_behind(self, other: TableState) -> bool:
        """True if any number is lower here than in ``other``."""
        for index in (None, *other.indexes):
            here, there = self.resource(index), other.resource(index)
            if here is not None and there is not None:
                ours, theirs = here.units, there.units
                if ours.read < theirs.read or ours.write < theirs.write:
                    return True
        return False

    def _resources(self) -> tuple[ResourceState, ...]:
        return (self.table, *self.indexes.values())

    def resource(self, index: str | None) -> ResourceState | None:
        """The table itself (``None``) or an index; None if there is no such index."""
        return self.table if index is None else self.indexes.get(index)

    def target(self, index: str | None, dimension: Dimension) -> ScalableTarget | None:
        """The scalable target that a number is under; None: none that we know of."""
        return (self.targets or {}).get((index, dimension))

    def unmet_minimums(self) -> CapacityUpdate:
        """What Application Auto Scaling is about to do: the units below their target's minimum."""
        unmet = []
        for (index, dimension), target in (self.targets or {}).items():
            found = self.resource(index)
            if found is not None and found.units.of(dimension) < target.minimum:
                resource, units = Resource(self.name, index), found.units.of(dimension)
                unmet.append(Change(resource, dimension, units, target.minimum, minimum=True))
        return CapacityUpdate({}, tuple(unmet))


@dataclass(frozen=True, slots=True)
class Change:
    """One number that changes: the units of one dimension of one resource.

    ``on_demand``: they are the maximum of an on-demand resource. ``minimum``: they are the
    MinCapacity of its scalable target; its units follow on the way up, and stay on the way down.
    """

    resource: Resource
    dimension: Dimension
    before: int
    after: int
    on_demand: bool = False
    minimum: bool = False

    @property
    def key(self) -> RaisedKey:
        return self.resource.index, self.dimension

    def __str__(self) -> str:
        what = _what(self.dimension, self.on_demand, self.minimum)
        return f"{self.resource} {what} {self.before} -> {self.after}"


def _what(dimension: Dimension, on_demand: bool, minimum: bool) -> str:
    if minimum:
        return f"{dimension} minimum"
    return f"{dimension} on-demand maximum" if on_demand else str(dimension)


@dataclass(frozen=True, slots=True)
class CapacityUpdate:
    """One UpdateTable: for each resource named (None = the table) both dimensions to ask for.

    ``on_demand``: what is asked for are the maxima of an on-demand table; 0 is not asked for.
    The minimums among ``changes`` are not in ``units``: each takes a request of its own, to
    Application Auto Scaling, and if there is nothing else there is no UpdateTable.
    """

    units: Mapping[str | None, Units]
    changes: tuple[Change, ...]
    on_demand: bool = False

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    @property
    def minimums(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.minimum)

    def reached(self, state: TableState) -> bool:
        """True if every change is in force in ``state`` (an increase may be exceeded).

        A raised minimum is, once the units are up to it. A lowered one changes no units by itself.
        """
        for change in self.changes:
            if change.minimum and change.after < change.before:
                continue
            found = state.resource(change.resource.index)
            if found is None:
                continue
            units = found.units.of(change.dimension)
            if units < change.after if change.after > change.before else units > change.after:
                return False
        return True


class HoldReason(str, Enum):
    """Why capacity was not changed. A hold is an answer, not an error."""

    AT_CAP = "at cap"
    ABOVE_CAP = "already above cap"
    ON_DEMAND = "on-demand"
    UPDATING = "updating"
    JUST_RAISED = "just raised"
    ENOUGH = "enough for what is asked"
    NOT_OUR_TURN = "not our turn to look"
    DISABLED = "disabled"
    NO_PERMISSION = "no permission"
    KEY_RANGE = "hot key range"
    ACCOUNT_LIMIT = "account limit"
    ON_DEMAND_MAXIMUM = "on-demand maximum"
    AUTO_SCALING = "under auto scaling"
    REPLICATED = "replicated writes"
    UNKNOWN_RESOURCE = "unknown resource"
    SERVICE_LIMIT = "service limit"
    SPEND_LIMIT = "spend limit"
    DRY_RUN = "dry run"
    FAILED = "control plane failed"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Hold:
    """Capacity stays as it is, and why. ``detail`` is for people."""

    reason: HoldReason
    resource: Resource | None = None
    dimension: Dimension | None = None
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}" if self.detail else str(self.reason)


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds that the owner set for one resource.

    ``cap_*``: never asked to exceed. ``base_*``: what a scale-down returns to; None means what
    was there before the first raise. ``cap_on_demand_*``: the cap of its maximum if the table is
    on-demand; None means that the maximum is not ours to raise. ``raise_minimums``: numbers under
    a scalable target may be raised by its minimum; else they are not raised at all.
    ``raise_replicated_writes``: writes of a global table may be raised.
    """

    cap_read: int
    cap_write: int
    base_read: int | None = None
    base_write: int | None = None
    cap_on_demand_read: int | None = None
    cap_on_demand_write: int | None = None
    raise_minimums: bool = True
    raise_replicated_writes: bool = False

    def in_mode(self, on_demand: bool) -> Limits:
        """The bounds for a table of this billing mode; a cap of 0: never raised.

        An on-demand maximum has no configured base: it returns to what was there before.
        """
        if not on_demand:
            return self
        return Limits(
            self.cap_on_demand_read or 0,
            self.cap_on_demand_write or 0,
            raise_replicated_writes=self.raise_replicated_writes,
        )

    def cap(self, dimension: Dimension) -> int:
        return self.cap_read if dimension is Dimension.READ else self.cap_write

    def base(self, dimension: Dimension) -> int | None:
        return self.base_read if dimension is Dimension.READ else self.base_write


@dataclass(frozen=True, slots=True)
class Raised:
    """One number that we raised: from ``base`` (before the first raise) to ``to``.

    ``was``: what it had before the latest UpdateTable, as long as it is not known whether that
    was carried out; equal to ``to`` once it was accepted. Any third value is someone else's.
    ``at``: when that was written down, in seconds since the epoch, UTC.
    ``minimum``: the number is the MinCapacity of the resource's scalable target, not its units.
    """

    base: int
    was: int
    to: int
    at: float = 0.0
    minimum: bool = False

    def is_ours(self, units: int) -> bool:
        return units in (self.was, self.to)

    def explains(self, change: Change) -> bool:
        """True if what the change begins at is of our making."""
        return self.minimum is change.minimum and self.is_ours(change.before)


@dataclass(frozen=True, slots=True)
class RaisedTable:
    """The ledger's entry for a table: what is up, and from when on it may come down.

    ``due`` is in seconds since the epoch, UTC. ``on_demand``: what is up are the maxima of an
    on-demand table. ``by_others``: it was another process that has put it off for so long.
    """

    table: str
    arn: str
    raised: Mapping[RaisedKey, Raised]
    due: float
    table_id: str | None = None
    on_demand: bool = False
    by_others: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class PendingScaleDown:
    """A raise of ours that is still to be taken back.

    ``due``: seconds since the epoch, UTC. ``units``: what we last asked for. ``on_demand``: they
    are the maximum of an on-demand resource. ``minimum``: they are the MinCapacity of its scalable
    target. ``hourly_cost``: about what the units above ``base`` cost an hour, in dollars; None: not
    known, or (of an on-demand maximum) nothing by itself.
    """

    resource: Resource
    dimension: Dimension
    units: int
    base: int
    due: float
    on_demand: bool = False
    minimum: bool = False
    hourly_cost: float | None = field(default=None, compare=False)

    @property
    def what(self) -> str:
        """Which of the numbers of the resource it is, in words."""
        return _what(self.dimension, self.on_demand, self.minimum)

    def __str__(self) -> str:
        return f"{self.resource} {self.what} {self.units} -> {self.base}"
