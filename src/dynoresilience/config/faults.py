"""What is wrong with the owner's settings: each fault names field, value and what is allowed."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, TypeGuard

from dynoresilience.errors import ConfigError

if TYPE_CHECKING:
    from dynoresilience.config import IndexLimits, ScalingConfig, TableLimits


def raise_if(owner: type, faults: list[str]) -> None:
    """Raises: ConfigError: with all of the faults, if there are any."""
    if faults:
        raise ConfigError(f"{owner.__name__}: " + "; ".join(faults))


def unknown_field(name: str, value: object, known: list[str]) -> str:
    """The fault of a field that does not exist."""
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known fields: {', '.join(known)}"
    return f"{name}={value!r}: there is no such field; {hint}"


def capacity_faults(owner: IndexLimits | TableLimits | ScalingConfig) -> list[str]:
    """Of caps and bases."""
    faults = []
    for entry in fields(owner):
        if not entry.name.endswith(("_capacity", "_request_units")):
            continue
        value = getattr(owner, entry.name)
        if value is None and entry.default is None:
            continue
        if type(value) is not int or value < 1:
            faults.append(f"{entry.name}={value!r} must be a whole number of units, 1 or more")
    if faults:
        return faults
    for dimension in ("read", "write"):
        base = getattr(owner, f"base_{dimension}_capacity")
        cap = getattr(owner, f"max_{dimension}_capacity")
        if base is not None and cap is not None and base > cap:
            faults.append(
                f"base_{dimension}_capacity={base} must not be more than "
                f"max_{dimension}_capacity={cap}"
            )
    return faults


_FLAGS = ("dry_run", "learn_daily", "raise_replicated_writes", "scaling_enabled", "show_hot_keys")


def flag_faults(owner: IndexLimits | TableLimits | ScalingConfig) -> list[str]:
    """Of switches."""
    faults = []
    for entry in fields(owner):
        value = getattr(owner, entry.name)
        if entry.name in _FLAGS and type(value) is not bool and value is not entry.default:
            faults.append(f"{entry.name}={value!r} must be True or False")
    return faults


def spending_faults(owner: TableLimits | ScalingConfig) -> list[str]:
    """Of what a table may cost."""
    faults = []
    limits = (("max_hourly_cost", "dollars an hour"), ("max_unit_hours_per_day", "unit-hours"))
    for name, unit in limits:
        value = getattr(owner, name)
        if value is not None and not (is_number(value) and value >= 0):
            faults.append(f"{name}={value!r} must be a finite number of {unit}, 0 or more, or None")
    return faults


def price_faults(prices: object) -> list[str]:
    """Of what a unit costs; `Prices` have checked themselves."""
    if prices is None:
        return []
    from dynoresilience.capacity.prices import Prices  # only for those who have prices

    if isinstance(prices, Prices):
        return []
    if not isinstance(prices, Mapping):
        return [f"prices={prices!r} must be Prices(...), or a mapping of regions to them"]
    return [
        f"prices[{region!r}]={entry!r} must be Prices(...) under the name of a region"
        for region, entry in prices.items()
        if not isinstance(region, str) or not isinstance(entry, Prices)
    ]


def policy_faults(policy: object) -> list[str]:
    """What is wrong with how far a raise goes."""
    known = policy in ("demand", "geometric") if isinstance(policy, str) else None
    if known or (known is None and callable(getattr(policy, "wanted", None))):
        return []
    return [f"policy={policy!r} must be 'demand', 'geometric' or a ScalingPolicy"]


def number_faults(config: ScalingConfig) -> list[str]:
    """Of counts and durations."""
    faults = []
    factor = config.scale_up_factor
    if not is_number(factor) or factor <= 1:
        faults.append(f"scale_up_factor={factor!r} must be a finite number greater than 1")
    if type(config.max_retries) is not int or config.max_retries < 0:
        faults.append(f"max_retries={config.max_retries!r} must be a whole number, 0 or more")
    if type(config.fleet_size) is not int or config.fleet_size < 1:
        faults.append(f"fleet_size={config.fleet_size!r} must be a whole number, 1 or more")
    for name in ("initial_retry_delay", "max_retry_delay", "scale_down_delay", "scale_up_timeout"):
        value = getattr(config, name)
        if not is_number(value) or value < 0:
            faults.append(f"{name}={value!r} must be a finite number of seconds, 0 or more")
    faults += deadline_faults(config.deadline)
    if not faults and config.initial_retry_delay > config.max_retry_delay:
        faults.append(
            f"initial_retry_delay={config.initial_retry_delay} must not be more than "
            f"max_retry_delay={config.max_retry_delay}"
        )
    return faults


_ARNS = {
    "scheduler_role_arn": ("iam", r":\d{12}:role/[\w+=,.@/-]+", "an IAM role"),
    "reaper_function_arn": (
        "lambda",
        r"[a-z0-9-]+:\d{12}:function:[\w-]+(:[\w$-]+)?",
        "a Lambda function",
    ),
    "scheduler_dead_letter_arn": ("sqs", r"[a-z0-9-]+:\d{12}:[\w-]+", "an SQS standard queue"),
}
"""Of each ARN: its service, what follows that, and what it names."""


def scheduler_faults(config: ScalingConfig) -> list[str]:
    """Of what EventBridge Scheduler is told."""
    via, faults = config.scale_down_via, []
    if via not in ("timer", "eventbridge"):
        faults.append(f"scale_down_via={via!r} must be 'timer' or 'eventbridge'")
    group = config.scheduler_group
    if not isinstance(group, str) or not re.fullmatch(r"[0-9A-Za-z_.-]{1,64}", group):
        faults.append(
            f"scheduler_group={group!r} must be the name of a schedule group: "
            "1 to 64 letters, digits, '-', '_' and '.'"
        )
    partitions = {}
    for name, (service, rest, what) in _ARNS.items():
        arn = getattr(config, name)
        if arn is None:
            continue
        pattern = rf"arn:(aws[a-z-]*):{service}:{rest}"
        found = re.fullmatch(pattern, arn, re.ASCII) if isinstance(arn, str) else None
        if found is None:
            faults.append(f"{name}={arn!r} must be the ARN of {what}")
        else:
            partitions[name] = found[1]
    if faults:
        return faults
    if via == "timer":
        return [
            f"{entry.name}={getattr(config, entry.name)!r} is of use only with "
            "scale_down_via='eventbridge'"
            for entry in fields(config)
            if entry.name in ("scheduler_group", *_ARNS)
            and getattr(config, entry.name) != entry.default
        ]
    if config.scheduler_role_arn is None:
        return [
            "scale_down_via='eventbridge' needs scheduler_role_arn=, the role that EventBridge "
            "Scheduler lowers the capacity in"
        ]
    if config.reaper_function_arn is not None and config.ledger != "tags":
        return [
            f"reaper_function_arn={config.reaper_function_arn!r} needs ledger='tags', where the "
            "function finds what is raised"
        ]
    if len(set(partitions.values())) > 1:
        told = ", ".join(f"{name}={getattr(config, name)!r}" for name in partitions)
        return [f"{told} must be of one partition (arn:aws:, arn:aws-cn:...)"]
    return []


def deadline_faults(deadline: object) -> list[str]:
    """What is wrong with a deadline in seconds from now; empty: nothing."""
    if deadline is None or (is_number(deadline) and deadline >= 0):
        return []
    return [f"deadline={deadline!r} must be a finite number of seconds, 0 or more, or None"]


def mapping_faults(name: str, value: object, kind: type) -> list[str]:
    """Of limits by name."""
    if not isinstance(value, Mapping):
        return [f"{name}={value!r} must be a mapping of names to {kind.__name__}"]
    return [
        f"{name}[{key!r}]={entry!r} must be a {kind.__name__} under a name"
        for key, entry in value.items()
        if not isinstance(key, str) or not isinstance(entry, kind)
    ]


def is_number(value: object) -> TypeGuard[float]:
    """Finite, and no bool."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
