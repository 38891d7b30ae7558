"""A DynamoDB for tests that throttles, and clocks that do not make anyone wait.

`SimulatedDynamoDB` needs moto, which ``pip install 'dynoresilience[testing]'`` brings; the rest
needs nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dynoresilience.testing.capacity.meters import Meter
    from dynoresilience.testing.clock import ScaledClock, VirtualClock
    from dynoresilience.testing.control.control_plane import AcceptedUpdate
    from dynoresilience.testing.isolation import fresh_start, virtual_time
    from dynoresilience.testing.report import capacity_report
    from dynoresilience.testing.server.server import SimulatorServer
    from dynoresilience.testing.simulator import SimulatedDynamoDB

_HOMES = {
    "AcceptedUpdate": "control.control_plane",
    "Meter": "capacity.meters",
    "ScaledClock": "clock",
    "SimulatedDynamoDB": "simulator",
    "SimulatorServer": "server.server",
    "VirtualClock": "clock",
    "capacity_report": "report",
    "fresh_start": "isolation",
    "virtual_time": "isolation",
}

__all__ = [
    "AcceptedUpdate",
    "Meter",
    "ScaledClock",
    "SimulatedDynamoDB",
    "SimulatorServer",
    "VirtualClock",
    "capacity_report",
    "fresh_start",
    "virtual_time",
]


def __getattr__(name: str) -> Any:
    """Load a public name's module when it is first asked for: pytest's plugin is in here too."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    try:
        value = getattr(import_module(f"{__name__}.{home}"), name)
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] != "moto":
            raise
        raise ImportError(f"{name} needs moto: pip install 'dynoresilience[testing]'") from missing
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
