"""A DynamoDB for tests that throttles, and clocks that do not make anyone wait.

Import it before the first boto3 session is made: the simulator finds the clients of sessions that
were made after. `VirtualClock` and `ScaledClock` need nothing else; `SimulatedDynamoDB` needs moto,
which ``pip install 'dynoresilience[testing]'`` brings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynoresilience.testing.capacity.meters import Meter
from dynoresilience.testing.clock import ScaledClock, VirtualClock
from dynoresilience.testing.control.control_plane import AcceptedUpdate
from dynoresilience.testing.in_process.interception import register as _register

if TYPE_CHECKING:
    from dynoresilience.testing.server.server import SimulatorServer
    from dynoresilience.testing.simulator import SimulatedDynamoDB

__all__ = [
    "AcceptedUpdate",
    "Meter",
    "ScaledClock",
    "SimulatedDynamoDB",
    "SimulatorServer",
    "VirtualClock",
]

_register()  # here, and not at the start of a simulator: clients may be made in between


def __getattr__(name: str) -> object:
    if name == "SimulatorServer":
        from dynoresilience.testing.server.server import SimulatorServer

        return SimulatorServer
    if name != "SimulatedDynamoDB":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from dynoresilience.testing.simulator import SimulatedDynamoDB
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] != "moto":
            raise
        raise ImportError(
            "SimulatedDynamoDB needs moto: pip install 'dynoresilience[testing]'"
        ) from missing
    return SimulatedDynamoDB
