"""How much of a planned raise the table's owner can afford. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from dynoresilience.capacity.decreases import next_decrease
from dynoresilience.capacity.prices import PriceTable, Unpriced, unit_prices
from dynoresilience.capacity.unit_hours import (
    DAY,
    Held,
    day_of,
    regions,
    still_held,
    unit_hours,
)
from dynoresilience.model import (
    CapacityUpdate,
    Change,
    Dimension,
    Hold,
    HoldReason,
    Raised,
    RaisedKey,
    TableState,
    Units,
)

ROUNDING = 1e-9
"""By which share a sum of prices may be above its limit: 0.1 + 0.2 is more than 0.3."""
LATE = 60.0
"""Seconds after its permission by which a decrease that had to wait for it is in force."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one table may cost; None: no such limit.

    ``hourly_cost``: dollars an hour for all of its provisioned units and those of its indexes.
    ``unit_hours_per_day``: of what is raised above its base, in a UTC day. ``prices``: the owner's.
    """

    hourly_cost: float | None = None
    unit_hours_per_day: float | None = None
    prices: PriceTable = None

    @property
    def is_limited(self) -> bool:
        return self.hourly_cost is not None or self.unit_hours_per_day is not None


@dataclass(frozen=True, slots=True)
class Spent:
    """What is up already: ``raised`` now, and what was up (``past``) earlier in the day."""

    raised: Mapping[RaisedKey, Raised]
    past: tuple[Held, ...] = ()

    @property
    def held(self) -> tuple[Held, ...]:
        """All of it."""
        return (*self.past, *still_held(self.raised))

    def base(self, change: Change) -> int:
        """What the number had before it was first raised."""
        known = self.raised.get(change.key)
        return known.base if known is not None and known.explains(change) else change.before

    def after(
        self, changes: Iterable[Change], now: float, until: Callable[[RaisedKey], float]
    ) -> tuple[Held, ...]:
        """With these changes, which begin ``now``; all of it is up ``until`` it may go down."""
        begun = (Held(change.key, change.after - self.base(change), now) for change in changes)
        up = (*still_held(self.raised), *begun)
        return (*self.past, *(replace(held, until=until(held.key)) for held in up))


NOTHING_SPENT = Spent({})


def within(
    state: TableState,
    target: CapacityUpdate,
    budget: Budget,
    spent: Spent = NOTHING_SPENT,
    *,
    now: float = 0.0,
    stays: float = 0.0,
) -> CapacityUpdate | Hold:
    """The raise, or as much of it as the budget allows; a hold if that is not one unit.

    All of its numbers shrink alike towards what is there, and each takes what then is left, in
    their order: one unit more of any is over the limit, or over the plan. What is raised at ``now``
    (epoch seconds) is counted for as long as it ``stays`` at least (seconds), and until a decrease
    is permitted, with all that is up beside it. On-demand maxima have no price by the hour, and
    pass.
    """
    if state.on_demand or not budget.is_limited:
        return target
    costs = _Costs(state, budget, spent, now, now + stays)
    first = target.changes[0]
    if budget.hourly_cost is not None and isinstance(costs.prices, Unpriced):
        why = (
            f"{costs.prices}, and so not whether max_hourly_cost is kept; "
            "give prices=Prices(read=..., write=...)"
        )
        return Hold(HoldReason.SPEND_LIMIT, first.resource, first.dimension, why)

    def at(afters: Sequence[int]) -> tuple[Change, ...]:
        pairs = zip(target.changes, afters, strict=True)
        return tuple(replace(change, after=after) for change, after in pairs)

    def fits(afters: Sequence[int]) -> bool:
        return costs.excess(at(afters)) is None

    planned = [change.after for change in target.changes]
    if fits(planned):
        return target
    befores = [change.before for change in target.changes]
    if not fits(befores):
        return costs.hold(first, at(befores))
    steps = max(after - before for before, after in zip(befores, planned, strict=True))

    def shrunk(step: int) -> list[int]:
        pairs = zip(befores, planned, strict=True)
        return [before + (after - before) * step // steps for before, after in pairs]

    afters = shrunk(_most(0, steps, lambda step: fits(shrunk(step))))
    for place, after in enumerate(planned):

        def with_this(units: int, place: int = place) -> bool:
            return fits([*afters[:place], units, *afters[place + 1 :]])

        afters[place] = _most(afters[place], after, with_this)
    if afters == befores:
        return costs.hold(first, at([befores[0] + 1, *befores[1:]]))
    kept = tuple(change for change in at(afters) if change.after > change.before)
    return _asking_for(state, target, kept)


def hourly_cost(
    state: TableState, above: Mapping[RaisedKey, int], prices: PriceTable = None
) -> float | None:
    """What so many units of a table cost an hour, in dollars; None: not known, or on-demand."""
    found = unit_prices(state, prices)
    if state.on_demand or isinstance(found, Unpriced):
        return None
    return sum(max(0, units) * found.of(dimension) for (_, dimension), units in above.items())


def dollars(amount: float, digits: int = 2) -> str:
    """An amount of money in words, to so many significant digits (cents at least)."""
    size = math.floor(math.log10(amount)) if amount > 0 else 0
    whole, _, cents = f"{amount:.{max(2, digits - 1 - size)}f}".partition(".")
    return f"${whole}.{cents.rstrip('0').ljust(2, '0')}"


class _Costs:
    """What the table costs after certain changes, held against its budget."""

    def __init__(
        self, state: TableState, budget: Budget, spent: Spent, now: float, until: float
    ) -> None:
        self._state = state
        self._budget = budget
        self._spent = spent
        self._now = now
        self._stays_until = max(until, math.nextafter(now, math.inf))
        self.prices = unit_prices(state, budget.prices)

    def excess(self, changes: Sequence[Change]) -> str | None:
        """Which limit the changes break, in words; None: they keep all."""
        limit = self._budget.hourly_cost
        if limit is not None and not isinstance(self.prices, Unpriced):
            cost = self.prices.cost(self._units(changes))
            if cost > limit * (1 + ROUNDING):
                told = f"{dollars(cost, 4)} an hour; max_hourly_cost is {dollars(limit, 4)}"
                return f"the table would cost {told}"
        limit = self._budget.unit_hours_per_day
        if limit is not None:
            hours = self._most_in_a_day(changes)
            if hours > limit:
                return f"the day would take {hours} unit-hours; max_unit_hours_per_day is {limit:g}"
        return None

    def hold(self, first: Change, changes: Sequence[Change]) -> Hold:
        """Not even these changes are within the budget."""
        why = f"with {changes[0].after} units {self.excess(changes)}"
        return Hold(HoldReason.SPEND_LIMIT, first.resource, first.dimension, why)

    def _units(self, changes: Iterable[Change]) -> Units:
        """All units of the table, its indexes included, once the changes are in force."""
        state = self._state
        units = {
            (index, dimension): found.units.of(dimension)
            for index in (None, *state.indexes)
            if (found := state.resource(index)) is not None
            for dimension in Dimension
        }
        # What Application Auto Scaling is about to do will be there, too.
        for change in (*state.unmet_minimums(), *changes):
            units[change.key] = max(units[change.key], change.after)
        return Units(
            sum(most for (_, dimension), most in units.items() if dimension is Dimension.READ),
            sum(most for (_, dimension), most in units.items() if dimension is Dimension.WRITE),
        )

    def _most_in_a_day(self, changes: Iterable[Change]) -> int:
        """Of the days in which they are up at least, the one with the most unit-hours."""
        held, most = self._spent.after(changes, self._now, self._until), 0
        day, end = day_of(self._now), max(entry.until for entry in held)
        while day < end:
            most = max(most, unit_hours(held, day, day + DAY, regions(self._state)))
            day += DAY
        return most

    def _until(self, key: RaisedKey) -> float:
        """How long a number is up at least: until it is due, and a decrease is permitted."""
        found = self._state.resource(key[0])
        due = self._stays_until
        permitted = due if found is None else next_decrease(found, due)
        return permitted + LATE if permitted > due else due


def _most(low: int, high: int, fits: Callable[[int], bool]) -> int:
    """The greatest of these numbers that fits; ``low`` does."""
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _asking_for(
    state: TableState, target: CapacityUpdate, changes: tuple[Change, ...]
) -> CapacityUpdate:
    """One request for these changes alone."""
    units: dict[str | None, Units] = {}
    for change in changes:
        index, found = change.resource.index, state.resource(change.resource.index)
        if not change.minimum and found is not None:
            before = units.get(index) or found.units
            units[index] = before.with_(change.dimension, change.after)
    return CapacityUpdate(units, changes, target.on_demand)
