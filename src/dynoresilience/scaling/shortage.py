"""A shortage: what throttled attempts say a table lacks, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from dynoresilience.capacity.demand import UNKNOWN, Outlook
from dynoresilience.capacity.plan import Scale, plan_up
from dynoresilience.capacity.policy import ScalingPolicy, policy_of
from dynoresilience.model import (
    Change,
    Hold,
    HoldReason,
    Limits,
    RaisedKey,
    TableState,
    ThrottleSignal,
)
from dynoresilience.ports import Settings
from dynoresilience.scaling.table_record import TableRecord
from dynoresilience.throttling.retry import Excuse


@dataclass(frozen=True, slots=True)
class Shortage:
    """What one throttled attempt says was short, and under which settings that may be remedied.

    ``signals`` are all of ``table``. ``sent_at``: when the attempt was sent, monotonic seconds.
    ``policy``: that of a shortage that is foreseen, in the place of the owner's.
    """

    table: str
    signals: tuple[ThrottleSignal, ...]
    sent_at: float
    settings: Settings
    policy: ScalingPolicy | None = None

    @property
    def keys(self) -> frozenset[RaisedKey]:
        """The numbers that were short."""
        return frozenset((signal.resource.index, signal.dimension) for signal in self.signals)

    def limits(self, index: str | None) -> Limits:
        """The owner's bounds for the table (None) or one of its indexes."""
        return self.settings.limits(self.table, index)

    def plan(
        self,
        state: TableState,
        outlook: Outlook = UNKNOWN,
    ) -> Scale | Hold:
        """How far up, from this state, as far as the demand is known."""
        policy = self.policy
        if policy is None:
            policy = policy_of(self.settings.policy, self.settings.scale_up_factor)
        return plan_up(state, self.signals, self.limits, policy, outlook)

    def hold(self, reason: HoldReason, detail: str = "") -> Hold:
        """A hold that names what was short."""
        first = self.signals[0]
        return Hold(reason, first.resource, first.dimension, detail)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a shortage: a raise (``raised``) or a ``hold``.

    ``excuse``: the throttle is not held against the call, and why. ``generation``: the record's
    when this was answered; a later one means that capacity has changed since. ``planned``: what a
    dry run would have raised, if that is news.
    """

    record: TableRecord | None
    generation: int = 0
    raised: tuple[Change, ...] = ()
    hold: Hold | None = None
    excuse: Excuse | None = None
    planned: tuple[Change, ...] = ()
