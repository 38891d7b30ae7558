"""How tables and indexes come, change and go: what state each is in at an instant. Pure.

Instants are seconds on the axis of a monotonic clock. The durations and what is admitted in which
state follow measurements that others made of the real service.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dynoresilience.testing.replies import Body, Refused

ALLOCATION = 0.1
"""The part of an index's creation in which the table is UPDATING: 24-56 s of 8-17 minutes.

After that the table is ACTIVE and the index, still CREATING, is filled ("backfilling").
"""

_IN_USE = "Attempt to change a resource which is still in use: "
_ROUNDING = 1e-6
"""Seconds that a sum of instants may be off by."""


@dataclass(frozen=True, slots=True)
class IndexChange:
    """An index that is being added to or removed from a table that exists.

    ``entry`` is what DescribeTable keeps showing of one that is being removed.
    """

    status: str
    began: float
    due: float
    entry: Body | None = None

    def allocates(self, at: float) -> bool:
        """Whether the table as a whole is still UPDATING because of it."""
        if self.status == "DELETING":
            return True
        return at + _ROUNDING < self.began + ALLOCATION * (self.due - self.began)


@dataclass(slots=True)
class Lifecycle:
    """The states of one table that are not about its units.

    Args:
        name: the table's.
        active_from: when its creation is done.
        visible_from: when DescribeTable finds it; it is eventually consistent.
        updating_until: the end of a change of its stream or class.
        gone_from: when it is deleted; None: nobody has asked for that.
        last_seen: what DescribeTable shows of a table that is being deleted.
        indexes: those that are coming or going.
    """

    name: str
    active_from: float
    visible_from: float
    updating_until: float = 0.0
    gone_from: float | None = None
    last_seen: Body = field(default_factory=dict)
    indexes: dict[str, IndexChange] = field(default_factory=dict)

    def status(self, at: float) -> str:
        """TableStatus, but for a change of units."""
        if self.gone_from is not None:
            return "DELETING"
        if at + _ROUNDING < self.active_from:
            return "CREATING"
        if at + _ROUNDING < self.updating_until:
            return "UPDATING"
        self._settle(at)
        changing = any(change.allocates(at) for change in self.indexes.values())
        return "UPDATING" if changing else "ACTIVE"

    def index_status(self, index: str, at: float) -> str:
        """IndexStatus, but for a change of units. An index is created along with its table."""
        self._settle(at)
        if index in self.indexes:
            return self.indexes[index].status
        return "CREATING" if self.status(at) == "CREATING" else "ACTIVE"

    def is_backfilling(self, index: str, at: float) -> bool | None:
        """What DescribeTable tells of an index that is being added; None of any other."""
        change = self.indexes.get(index)
        if change is None or change.status != "CREATING":
            return None
        return not change.allocates(at)

    def is_visible(self, at: float) -> bool:
        """Whether DescribeTable finds the table."""
        return at + _ROUNDING >= self.visible_from

    def is_gone(self, at: float) -> bool:
        """Whether its deletion is done."""
        return self.gone_from is not None and at + _ROUNDING >= self.gone_from

    def check_served(self, at: float) -> None:
        """Refuse items of a table that is not there yet, or not any more."""
        if self.status(at) in ("CREATING", "DELETING"):
            raise Refused("ResourceNotFoundException", "Requested resource not found")

    def check_readable(self, index: str, at: float) -> None:
        """Refuse to read an index that is not complete, or is going."""
        self._settle(at)
        change = self.indexes.get(index)
        if change is not None and change.status == "CREATING":
            message = f"Cannot read from backfilling global secondary index: {index}"
            raise Refused("ValidationException", message)
        if change is not None:
            message = f"The table does not have the specified index: {index}"
            raise Refused("ValidationException", message)

    def check_exists(self, at: float) -> None:
        """Refuse to change anything of a table that is coming or going."""
        status = self.status(at)
        if status in ("CREATING", "DELETING"):
            raise in_use(f"Table is being {status.lower().replace('ing', 'ed')}: {self.name}")

    def check_changeable(self, at: float) -> None:
        """Refuse a change while another one holds the table."""
        self.check_exists(at)
        if self.status(at) == "UPDATING":
            raise in_use(f"Table is being updated: {self.name}")

    def check_index_change(self, at: float) -> None:
        """Refuse a second index that comes or goes."""
        self._settle(at)
        if self.indexes:
            raise one_index_at_a_time()

    def check_deletable(self, at: float) -> None:
        """Refuse to delete a table in the middle of a change."""
        if self.status(at) == "CREATING":
            self.check_exists(at)
        self._settle(at)
        if self.indexes:
            raise in_use("Cannot delete table while indexes are being created, updated, or deleted")
        if self.status(at) == "UPDATING":
            raise in_use(f"Table: {self.name} is in the process of being updated.")

    def _settle(self, at: float) -> None:
        """Forget index changes that are done."""
        for index in [
            name for name, change in self.indexes.items() if change.due <= at + _ROUNDING
        ]:
            del self.indexes[index]


def in_use(why: str) -> Refused:
    """ResourceInUseException."""
    return Refused("ResourceInUseException", _IN_USE + why)


def one_index_at_a_time() -> Refused:
    """What a second index change meets, in the same request or while one is under way."""
    return Refused(
        "LimitExceededException",
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously "
        "per table",
    )
