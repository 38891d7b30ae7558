"""What tables may cost, held against what is raised of them."""

from __future__ import annotations

from collections.abc import Iterable

from dynoresilience.capacity.plan import Scale
from dynoresilience.capacity.spending import hourly_cost, within
from dynoresilience.model import Change, Hold, TableState
from dynoresilience.ports import Clock
from dynoresilience.scaling.lowerer import Lowerer
from dynoresilience.scaling.lowering import BEFORE_THE_HOUR
from dynoresilience.scaling.raises import Raises
from dynoresilience.scaling.shortage import Shortage
from dynoresilience.scaling.table_record import TableRecord

READ_AGAIN = 60.0
"""Seconds for which others' raises are taken to be as they were read from the ledger."""


class SpendGuard:
    """Cuts a planned raise down to what its table's owner can afford."""

    def __init__(self, raises: Raises, clock: Clock) -> None:
        self._raises = raises
        self._clock = clock

    def look_for_others(self, record: TableRecord, lowerer: Lowerer, state: TableState) -> None:
        """See what others have raised, if the owner wants it counted. Within the flight.

        Raises:
            ControlPlaneError: the ledger failed.
        """
        counts = lowerer.settings.budget(lowerer.table).unit_hours_per_day is not None
        if counts and self._clock.monotonic() - record.ledger_read_at > READ_AGAIN:
            self._raises.found(record, lowerer, state)

    def affordable(
        self, record: TableRecord, short: Shortage, state: TableState, plan: Scale | Hold
    ) -> Scale | Hold:
        """The plan, as much of it as its owner can afford, or a hold."""
        budget = short.settings.budget(short.table)
        if isinstance(plan, Hold) or not budget.is_limited:
            return plan
        found = within(
            state,
            plan.target,
            budget,
            self._raises.spent(record),
            now=self._clock.now(),
            stays=short.settings.scale_down_delay + BEFORE_THE_HOUR,
        )
        return found if isinstance(found, Hold) else Scale(found)

    def above_base(
        self, record: TableRecord, short: Shortage, changes: Iterable[Change]
    ) -> float | None:
        """About what they cost an hour above their bases, in dollars; None: not known."""
        state, spent = record.state, self._raises.spent(record)
        if state is None:
            return None
        above = {}
        for change in changes:
            known = spent.raised.get(change.key)
            is_made = known is not None and known.to == change.after
            base = known.base if known is not None and is_made else spent.base(change)
            above[change.key] = change.after - base
        return hourly_cost(state, above, short.settings.budget(short.table).prices)
