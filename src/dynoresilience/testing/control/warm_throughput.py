"""Warm throughput: what a table or index can serve at once. It never decreases. Pure.

Instants are seconds on the axis of a monotonic clock. A raise takes its time, in which the table or
index stays ACTIVE and shows the old numbers; only the status of the warm throughput tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dynoresilience.model import Units
from dynoresilience.testing.control.instants import reached
from dynoresilience.testing.replies import Body, Refused

Warm = Mapping[str, int]
"""``ReadUnitsPerSecond`` and ``WriteUnitsPerSecond``, or one of them."""

ON_DEMAND_WARM = Units(12_000, 4_000)
"""What a new on-demand table or index serves at once."""

READ, WRITE = "ReadUnitsPerSecond", "WriteUnitsPerSecond"
_INVALID = "One or more parameter values were invalid: "
_GUIDE = (
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html"
)


@dataclass(slots=True)
class WarmThroughput:
    """That of one table or index.

    Args:
        units: what is in force.
        coming: what has been asked for; the last request counts.
        due: from when on that is in force.
    """

    units: Units
    coming: Units | None = None
    due: float = 0.0

    @classmethod
    def of(cls, units: Units) -> WarmThroughput:
        """What comes with these units of capacity; 0/0 is on-demand."""
        return cls(least(units))

    def raise_to(self, units: Units) -> None:
        """So many units of capacity are in force: the warm throughput is no less."""
        self.units = _greater(self.units, least(units))

    def check(self, wanted: Warm, index: str | None, at: float) -> None:
        """Refuse less than there is; the same is no refusal.

        Raises:
            Refused: ValidationException.
        """
        self._settle(at)
        why = "current WarmThroughput, decreasing WarmThroughput is not supported"
        _check_least(wanted, index, self.units, why)

    def change(self, wanted: Warm, at: float, seconds: float) -> None:
        """Take over what was accepted; it is in force after ``seconds``."""
        self._settle(at)
        self.coming, self.due = _with(self.units, wanted), at + seconds

    def is_changing(self, at: float) -> bool:
        """Whether a raise is under way."""
        self._settle(at)
        return self.coming is not None

    def describe(self, at: float) -> Body:
        """The description of a WarmThroughput."""
        status = "UPDATING" if self.is_changing(at) else "ACTIVE"
        return {READ: self.units.read, WRITE: self.units.write, "Status": status}

    def _settle(self, at: float) -> None:
        if self.coming is not None and reached(self.due, at):
            self.units, self.coming = _greater(self.units, self.coming), None


def least(units: Units) -> Units:
    """The warm throughput of a new table or index with these units; 0/0 is on-demand."""
    return ON_DEMAND_WARM if units == Units(0, 0) else units


def wanted_warm(table: Body, indexes: Iterable[Body]) -> dict[str | None, Warm]:
    """What a request asks for, by index; None is the table itself.

    Args:
        table: the request, as far as it is about the table.
        indexes: its parts that are about indexes.
    """
    parts: dict[str | None, Body] = {None: table}
    parts.update({part["IndexName"]: part for part in indexes})
    wanted = {index: part.get("WarmThroughput") for index, part in parts.items()}
    return {index: dict(warm) for index, warm in wanted.items() if warm}


def check_new(wanted: Mapping[str | None, Warm], units: Mapping[str | None, Units]) -> None:
    """Refuse less than a new table or index has by its units, none of them being on-demand.

    Raises:
        Refused: ValidationException.
    """
    for index, warm in wanted.items():
        own = units.get(index, Units(0, 0))
        for member, name in ((READ, "ReadCapacityUnits"), (WRITE, "WriteCapacityUnits")):
            what = f"{name} of ProvisionedThroughput"
            if own == Units(0, 0):
                what = f"initial throughput for OnDemand. See: {_GUIDE}"
            only = {member: warm[member]} if member in warm else {}
            _check_least(only, index, least(own), what)


def check_most(wanted: Mapping[str | None, Warm], region: str, most: int) -> None:
    """Refuse more than the account allows a table or an index.

    Raises:
        Refused: LimitExceededException.
    """
    for index, warm in wanted.items():
        for member, units in warm.items():
            if units > most:
                name = member.removesuffix("UnitsPerSecond")
                raise Refused(
                    "LimitExceededException",
                    f"Subscriber limit exceeded: Requested {member} for WarmThroughput for "
                    f"{_where(index)} exceeds TableMax{name}CapacityUnits of the account in "
                    f"region {region}",
                )


def warmed(units: Units, wanted: Warm) -> WarmThroughput:
    """That of a new table or index with these units that asks for ``wanted``."""
    return WarmThroughput(_with(least(units), wanted))


def _check_least(wanted: Warm, index: str | None, floor: Units, than: str) -> None:
    for member, there in ((READ, floor.read), (WRITE, floor.write)):
        if wanted.get(member, there) < there:
            what = f"Requested {member} for WarmThroughput for {_where(index)} is lower than {than}"
            raise Refused("ValidationException", _INVALID + what)


def _with(units: Units, wanted: Warm) -> Units:
    return Units(wanted.get(READ, units.read), wanted.get(WRITE, units.write))


def _greater(one: Units, other: Units) -> Units:
    return Units(max(one.read, other.read), max(one.write, other.write))


def _where(index: str | None) -> str:
    return "table" if index is None else f"index {index}"
