"""Orders and readings over HTTP, for other processes and other languages.

    curl -d '{"operation": "PutItem", "n": 2}' http://127.0.0.1:8000/_simulator/fail_next
    curl 'http://127.0.0.1:8000/_simulator/capacity_history?table=orders'

The names and arguments are those of `Simulation`: a POST gives an order, its arguments in a JSON
object; a GET reads, with its arguments in the query. The answer is ``{"result": ...}``, or
``{"error": "..."}`` with status 400 or above. It answers while the endpoint is frozen, too.
"""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from dynoresilience.model import Dimension, Units
from dynoresilience.testing.server.http import HttpAnswer, HttpRequest
from dynoresilience.testing.simulation import Simulation

PATH = "/_simulator/"

ORDERS = (
    "allow",
    "clear_faults",
    "corrupt_next",
    "create_table",
    "delay_next",
    "deny",
    "drop_next",
    "fail_next",
    "freeze",
    "limit_key",
    "partial_next",
    "random_faults",
    "set_update_seconds",
    "stop_random_faults",
    "thaw",
    "throttle_next",
    "truncate_next",
)


def _throttles(simulation: Simulation) -> Any:
    return [
        {**_resource(resource.table, resource.index), "dimension": dimension.value, "count": count}
        for (resource, dimension), count in simulation.throttles.items()
    ]


def _updates(simulation: Simulation) -> Any:
    return [
        {
            "at": update.at,
            "utc": update.utc,
            "table": update.table,
            "before": [{"index": index, **_units(units)} for index, units in update.before.items()],
            "after": [{"index": index, **_units(units)} for index, units in update.after.items()],
            "autoscaled": update.autoscaled,
        }
        for update in simulation.updates
    ]


def _capacity_history(simulation: Simulation, table: str, index: str | None = None) -> Any:
    history = simulation.capacity_history(table, index)
    return [{"at": at, **_units(units)} for at, units in history]


def _available(
    simulation: Simulation, table: str, dimension: str, index: str | None = None
) -> float | None:
    """None is without limit, which JSON has no number for."""
    found = simulation.available(table, Dimension(dimension), index)
    return found if math.isfinite(found) else None


READINGS: Mapping[str, Callable[..., Any]] = {
    "available": _available,
    "calls": lambda simulation: dict(simulation.calls),
    "capacity_history": _capacity_history,
    "faults": lambda simulation: [met._asdict() for met in simulation.faults],
    "throttle_reasons": lambda simulation: dict(simulation.throttle_reasons),
    "throttles": _throttles,
    "units": lambda simulation, table, index=None: _units(simulation.units(table, index)),
    "updates": _updates,
}


def control(simulation: Simulation, asked: HttpRequest) -> HttpAnswer:
    """Answer a request whose path begins with `PATH`."""
    url = urlsplit(asked.path)
    name = url.path.removeprefix(PATH)
    expected = "POST" if name in ORDERS else "GET" if name in READINGS else None
    if expected is None:
        return _error(404, f"POST one of {', '.join(ORDERS)}, or GET one of {', '.join(READINGS)}")
    if asked.method != expected:
        return _error(405, f"{name} takes a {expected}, got a {asked.method}")
    try:
        if name in ORDERS:
            result = _order(simulation, name, _arguments(asked.content))
        else:
            arguments = dict(parse_qsl(url.query, strict_parsing=bool(url.query)))
            result = _bound(READINGS[name], simulation, **arguments)()
    except (AttributeError, KeyError, TypeError, ValueError) as wrong:
        return _error(400, f"{name}: {wrong.args[0] if wrong.args else wrong}")
    except (BotoCoreError, ClientError) as refused:
        return _error(400, f"{name}: {refused}")
    return _json(200, {"result": result})


def _arguments(content: bytes) -> dict[str, Any]:
    found = json.loads(content or b"{}")
    if not isinstance(found, dict):
        raise ValueError(f"the arguments must be a JSON object, got {type(found).__name__}")
    return found


def _order(simulation: Simulation, name: str, arguments: dict[str, Any]) -> Any:
    operations = arguments.pop("operations", []) if name in ("allow", "deny") else []
    if not isinstance(operations, list):
        raise ValueError(f"operations must be a list of names, got {operations!r}")
    return _bound(getattr(simulation, name), *operations, **arguments)()


def _bound(function: Callable[..., Any], *positional: Any, **named: Any) -> Callable[[], Any]:
    """The call, once its arguments are known to be those that the function takes.

    Raises:
        TypeError: they are not.
    """
    bound = inspect.signature(function).bind(*positional, **named)
    return lambda: function(*bound.args, **bound.kwargs)


def _resource(table: str, index: str | None) -> dict[str, Any]:
    return {"table": table, "index": index}


def _units(units: Units) -> dict[str, int]:
    return {"read": units.read, "write": units.write}


def _error(status: int, why: str) -> HttpAnswer:
    return _json(status, {"error": why})


def _json(status: int, body: object) -> HttpAnswer:
    content = json.dumps(body).encode() + b"\n"
    return HttpAnswer(status, {"content-type": "application/json"}, content)
