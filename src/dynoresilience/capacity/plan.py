"""How far to raise what was short, and how far to lower what was raised. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from dynoresilience.capacity.demand import UNKNOWN, Outlook
from dynoresilience.capacity.policy import Need, ScalingPolicy
from dynoresilience.capacity.raised_number import AT_BASE, minimum_to_lower, units_to_lower
from dynoresilience.capacity.shortfall import LimitsOf, resources_short
from dynoresilience.model import (
    CapacityUpdate,
    Change,
    Dimension,
    Hold,
    HoldReason,
    Limits,
    Raised,
    RaisedKey,
    Resource,
    ScalableTarget,
    TableState,
    ThrottleKind,
    ThrottleSignal,
    Units,
)

_HOLD_FOR_KIND = {
    ThrottleKind.KEY_RANGE: HoldReason.KEY_RANGE,
    ThrottleKind.ACCOUNT: HoldReason.ACCOUNT_LIMIT,
    ThrottleKind.ON_DEMAND_MAXIMUM: HoldReason.ON_DEMAND_MAXIMUM,
}


@dataclass(frozen=True, slots=True)
class Scale:
    """Ask for exactly this."""

    target: CapacityUpdate


def hold_without_looking(signals: Iterable[ThrottleSignal], limits: LimitsOf) -> Hold | None:
    """The hold for signals that no state of the table would turn into a raise; else None."""
    hold = Hold(HoldReason.UNKNOWN_RESOURCE, detail="the answer does not say what was short")
    for signal in signals:
        if signal.kind is ThrottleKind.PROVISIONED:
            return None
        cap = limits(signal.resource.index).in_mode(on_demand=True).cap(signal.dimension)
        if signal.kind is ThrottleKind.ON_DEMAND_MAXIMUM and cap:
            return None
        hold = Hold(_HOLD_FOR_KIND[signal.kind], signal.resource, signal.dimension)
    return hold


def plan_up(
    state: TableState,
    signals: Iterable[ThrottleSignal],
    limits: LimitsOf,
    policy: ScalingPolicy,
    outlook: Outlook = UNKNOWN,
) -> Scale | Hold:
    """The next step up for everything that was short, in one request.

    Each short dimension of each short resource goes to what the ``policy`` wants, for which it is
    told the demand as far as that is known, never over its cap; every other number is sent as it
    is, but for those that the same writes would find short next. A hold if nothing may rise.
    On-demand it is the maximum that rises, if the owner allows it; the table's before the indexes'.
    Of a number under a scalable target with a policy it is the minimum, so that Application Auto
    Scaling raises the units: it would take back a raise that is not its own. Without a policy it is
    the units, up to the target's maximum: it would not lower them again.
    """
    signals = tuple(signals)
    hold = hold_without_looking(signals, limits)
    if hold is not None:
        return hold
    lifted, other = ThrottleKind.PROVISIONED, HoldReason.ON_DEMAND_MAXIMUM
    if state.on_demand:
        lifted, other = ThrottleKind.ON_DEMAND_MAXIMUM, HoldReason.ON_DEMAND
    limits = _in_mode(limits, state.on_demand)
    first = next((signal for signal in signals if signal.kind is lifted), None)
    if first is None:
        why = "" if state.on_demand else "the table is provisioned"
        return Hold(other, signals[0].resource, signals[0].dimension, why)
    if state.updating:
        return Hold(HoldReason.UPDATING, first.resource, first.dimension, "a change is under way")

    steps: dict[RaisedKey, Change] = {}
    for signal in signals:
        for resource in resources_short(state, signal, limits) if signal.kind is lifted else ():
            need = _need(state, resource, signal.dimension, outlook)
            step = _step_up(state, need, limits(resource.index), policy)
            if isinstance(step, Hold):
                hold = hold or step
            else:
                steps[step.key] = step
    for need in _foreseen(state, steps, outlook):
        step = _step_up(state, need, limits(need.resource.index), policy)
        if isinstance(step, Change):
            steps[step.key] = step
    if steps:
        units: dict[str | None, Units] = {}
        for (index, dimension), step in steps.items():
            if not step.minimum:
                before = units.get(index) or _units(state, index)
                units[index] = before.with_(dimension, step.after)
        return Scale(_one_request(units, list(steps.values()), state.on_demand))
    return hold or Hold(HoldReason.UNKNOWN_RESOURCE, first.resource, first.dimension)


def _need(
    state: TableState,
    resource: Resource,
    dimension: Dimension,
    outlook: Outlook,
) -> Need:
    found = state.resource(resource.index)
    current = found.units.of(dimension) if found is not None else 0
    demand = outlook.demands.get((resource.index, dimension))
    return Need(
        resource,
        dimension,
        current,
        demand,
        outlook.change_seconds,
        outlook.settled,
        in_vain=outlook.in_vain,
    )


def _foreseen(
    state: TableState,
    raised: Mapping[RaisedKey, Change],
    outlook: Outlook,
) -> list[Need]:
    """What the writes that were short take of, too, and would be short of next."""
    write = Dimension.WRITE
    table = next((step.resource.table for key, step in raised.items() if key[1] is write), None)
    if table is None or state.on_demand:
        return []
    likely = (index for index in (None, *state.indexes) if (index, write) in outlook.demands)
    needs = (
        _need(state, Resource(table, index), write, outlook)
        for index in likely
        if (index, write) not in raised
    )
    return [replace(need, foreseen=True) for need in needs]


def _step_up(state: TableState, need: Need, limits: Limits, policy: ScalingPolicy) -> Change | Hold:
    resource, dimension, current = need.resource, need.dimension, need.units
    if state.resource(resource.index) is None:
        return Hold(HoldReason.UNKNOWN_RESOURCE, resource, dimension, "no such index")
    cap = limits.cap(dimension)
    if state.on_demand and not (cap and current):
        why = "there is no maximum" if cap else ""
        return Hold(HoldReason.ON_DEMAND_MAXIMUM, resource, dimension, why)
    if current >= cap:
        reason = HoldReason.AT_CAP if current == cap else HoldReason.ABOVE_CAP
        return Hold(reason, resource, dimension, f"{current} units, cap {cap}")
    if state.replicas and dimension is Dimension.WRITE and not limits.raise_replicated_writes:
        why = f"the table has replicas in {', '.join(state.replicas)}"
        return Hold(HoldReason.REPLICATED, resource, dimension, why)
    wanted = min(cap, math.ceil(policy.wanted(need)))
    if wanted <= current:
        return Hold(HoldReason.ENOUGH, resource, dimension, f"{current} units, others wait as well")
    target = None if state.on_demand else state.target(resource.index, dimension)
    if target is None:
        return Change(resource, dimension, current, wanted, state.on_demand)
    return _step_under_target(target, resource, dimension, current, wanted, limits)


def _step_under_target(
    target: ScalableTarget,
    resource: Resource,
    dimension: Dimension,
    current: int,
    wanted: int,
    limits: Limits,
) -> Change | Hold:
    if not limits.raise_minimums:
        why = "its scalable target is left as it is"
        return Hold(HoldReason.AUTO_SCALING, resource, dimension, why)
    if target.maximum <= current:
        why = f"{current} units, MaxCapacity of its scalable target is {target.maximum}"
        return Hold(HoldReason.AT_CAP, resource, dimension, why)
    after = min(wanted, target.maximum)
    if not target.tracked:
        return Change(resource, dimension, current, after)
    if after <= target.minimum:
        why = f"MinCapacity of its scalable target is {target.minimum} already"
        return Hold(HoldReason.UPDATING, resource, dimension, why)
    if target.held is not None:
        reason, why = target.held
        return Hold(reason, resource, dimension, why)
    return Change(resource, dimension, target.minimum, after, minimum=True)


def _one_request(
    units: dict[str | None, Units], changes: list[Change], on_demand: bool
) -> CapacityUpdate:
    """All of it, if UpdateTable takes it: the maximum of an on-demand table goes alone."""
    if on_demand and None in units:
        units = {None: units[None]}
        changes = [change for change in changes if change.resource.index is None or change.minimum]
    return CapacityUpdate(units, tuple(changes), on_demand)


def _in_mode(limits: LimitsOf, on_demand: bool) -> LimitsOf:
    return lambda index: limits(index).in_mode(on_demand)


def _units(state: TableState, index: str | None) -> Units:
    found = state.resource(index)
    assert found is not None, index
    return found.units


@dataclass(frozen=True, slots=True)
class Released:
    """A number that is not ours to lower (any more), and why.

    ``is_down``: it has been lowered, by another process that knew of it, or by hand.
    """

    resource: Resource
    dimension: Dimension
    reason: str
    is_down: bool = False


@dataclass(frozen=True, slots=True)
class DownPlan:
    """What to do about everything that is raised.

    ``lower``: send this now, if anything. ``released``: forget these. ``kept``: not now, but from
    ``wait_until`` on: the decrease budget of their resource is spent, or it is not yet known
    whether they were raised at all, or (``wait_until`` is now) they need a request of their own.
    """

    lower: CapacityUpdate | None
    released: tuple[Released, ...]
    kept: Mapping[RaisedKey, Raised]
    wait_until: float | None


def plan_down(
    state: TableState,
    raised: Mapping[RaisedKey, Raised],
    limits: LimitsOf,
    now: float,
    *,
    due: float = 0.0,
    table: str | None = None,
    on_demand: bool = False,
) -> DownPlan:
    """Back to the base for everything that we raised and nobody changed since.

    One request for all resources that have a decrease left at ``now`` (epoch seconds); DynamoDB
    refuses a request whole if one resource in it has none. Before it is ``due``, a raise of
    unknown outcome that is not there may still come. ``table``: the name to report.
    ``on_demand``: what was raised are on-demand maxima. No decrease budget is documented for them:
    NumberOfDecreasesToday counts those of provisioned throughput, and the maximum may be modified
    "any time" ("Maximum throughput for on-demand tables", Amazon DynamoDB Developer Guide).
    A minimum of a scalable target is put back, too, in either billing mode.
    """
    name = table or state.name
    limits = _in_mode(limits, on_demand)
    units: dict[str | None, Units] = {}
    changes: list[Change] = []
    released: list[Released] = []
    kept: dict[RaisedKey, Raised] = {}
    wait_until: float | None = None
    for key, entry in raised.items():
        index, dimension = key
        resource = Resource(name, index)
        if entry.minimum:
            verdict = minimum_to_lower(state, key, entry, now, due)
        else:
            verdict = units_to_lower(state, key, entry, limits(index), now, due, on_demand)
        if isinstance(verdict, str):
            is_down = verdict.startswith(AT_BASE)
            released.append(Released(resource, dimension, verdict, is_down))
        elif isinstance(verdict, tuple):
            current, base = verdict
            maximum = on_demand and not entry.minimum
            changes.append(Change(resource, dimension, current, base, maximum, entry.minimum))
            if not entry.minimum:
                before = units.get(index) or _units(state, index)
                units[index] = before.with_(dimension, base)
        else:
            kept[key] = entry
            wait_until = verdict if wait_until is None else min(wait_until, verdict)
    lower = _one_request(units, changes, on_demand) if changes else None
    for change in changes:
        if lower is not None and change not in lower.changes:
            kept[change.key], wait_until = raised[change.key], now
    return DownPlan(lower, tuple(released), kept, wait_until)
