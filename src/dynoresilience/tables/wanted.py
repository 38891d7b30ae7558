"""What the callers of `ensure_table` and `ensure_tables` have decided, checked before any call."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from dynoresilience.errors import ConfigError
from dynoresilience.tables.spec import TableSpec
from dynoresilience.tables.steps import ALLOW

OnDrift = Literal["raise", "warn", "repair"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be done about tables that are there and differ."""

    on_drift: OnDrift
    allow: frozenset[str]


def wanted(
    caller: str,
    specs: Sequence[TableSpec],
    *,
    on_drift: OnDrift,
    timeout: float,
    allow: Collection[str],
) -> Wanted:
    """The decision.

    Raises:
        ConfigError: an argument is wrong; it names it, its value, and what is allowed.
    """
    faults = []
    if isinstance(specs, (str, TableSpec)) or not isinstance(specs, Sequence):
        faults.append(f"specs={type(specs).__name__} must be a list of TableSpec")
    else:
        faults += [fault for spec in specs for fault in faults_of_spec(spec)]
        names = Counter(spec.name for spec in specs if isinstance(spec, TableSpec))
        faults += [
            f"specs: {name!r} is declared {count} times; declare each table once"
            for name, count in names.items()
            if count > 1
        ]
    if on_drift not in get_args(OnDrift):
        faults.append(f"on_drift={on_drift!r} must be one of {', '.join(get_args(OnDrift))}")
    faults += [*faults_of_timeout(timeout), *faults_of_allow(allow)]
    refuse(caller, faults)
    return Wanted(on_drift, frozenset(_words(allow)))


def refuse(caller: str, faults: Sequence[str]) -> None:
    """Raise a `ConfigError` with these faults, if there are any."""
    if faults:
        raise ConfigError(f"{caller}: " + "; ".join(faults))


def faults_of_spec(spec: object) -> list[str]:
    """What is wrong with a spec that was given: it is none."""
    if isinstance(spec, TableSpec):
        return []
    what = spec.__name__ if isinstance(spec, type) else type(spec).__name__
    return [f"spec={what} must be a TableSpec, such as TableSpec.from_boto3 makes"]


def faults_of_timeout(timeout: float) -> list[str]:
    """What is wrong with a number of seconds."""
    number = isinstance(timeout, (int, float)) and not isinstance(timeout, bool)
    if number and not math.isnan(timeout) and timeout >= 0:
        return []
    return [f"timeout={timeout!r} must be a number of seconds, 0 or more"]


def faults_of_allow(allow: Collection[str]) -> list[str]:
    """What is wrong with words of `ALLOW`."""
    return [
        f"allow={word!r}: there is no such word, only {', '.join(ALLOW)}"
        for word in _words(allow)
        if not isinstance(word, str) or word not in ALLOW
    ]


def _words(allow: Collection[str]) -> list[str]:
    return [allow] if isinstance(allow, str) or not isinstance(allow, Collection) else [*allow]
