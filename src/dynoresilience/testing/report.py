"""What happened in a simulation, as text: capacity over time, throttles, changes, calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dynoresilience.model import Units
from dynoresilience.testing.control.control_plane import AcceptedUpdate
from dynoresilience.testing.simulation import Simulation

_SHOWN = 12
"""Changes that are told of one table or index: the first one, and the last."""


def capacity_report(simulation: Simulation) -> str:
    """A few lines for people. No item data. Seconds count from the start of the simulation."""
    return "\n".join(_lines(simulation))


def _lines(simulation: Simulation) -> Iterator[str]:
    began = simulation.began
    passed = simulation.clock.monotonic() - began
    yield f"region {simulation.region}, {passed:.1f} s since the start"
    elsewhere = [region for region in simulation.regions if region != simulation.region]
    if elsewhere:
        yield f"other regions were called too: {', '.join(elsewhere)}"
    yield "read/write units in force:"
    names = {resource: str(resource) for resource in simulation.resources}
    width = max(map(len, names.values()), default=0)
    for resource, name in names.items():
        history = simulation.capacity_history(resource.table, resource.index)
        steps = [f"{_units(units)} at {at - began:.1f} s" for at, units in history]
        yield f"  {name:{width}}  {' -> '.join(_shortened(steps))}"
    if not names:
        yield "  no tables"
    yield from _section(
        "UpdateTable:", _shortened([_update(update, began) for update in simulation.updates])
    )
    yield from _section(
        "throttled:",
        [
            f"{resource} {dimension}: {count}"
            for (resource, dimension), count in simulation.throttles.items()
        ],
    )
    calls = ", ".join(f"{operation} {count}" for operation, count in simulation.calls.items())
    yield from _section("calls:", [calls] if calls else [])


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    yield title
    for line in lines or ("none",):
        yield f"  {line}"


def _update(update: AcceptedUpdate, began: float) -> str:
    changes = [
        f"{'table' if index is None else index} {_units(update.before[index])} to {_units(units)}"
        for index, units in update.after.items()
    ]
    whose = " (Application Auto Scaling)" if update.autoscaled else ""
    return f"{update.at - began:.1f} s {update.table}: {', '.join(changes)}{whose}"


def _units(units: Units) -> str:
    return "on-demand" if units == Units(0, 0) else f"{units.read}/{units.write}"


def _shortened(steps: list[str]) -> list[str]:
    left_out = len(steps) - _SHOWN
    if left_out <= 1:
        return steps
    return [steps[0], f"({left_out} more)", *steps[left_out + 1 :]]
