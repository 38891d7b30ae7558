"""The ``DYNAMODB_*`` variables: how each is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def _flag(text: str) -> bool:
    words = {"true": True, "1": True, "yes": True, "on": True}
    words |= {"false": False, "0": False, "no": False, "off": False}
    if text.lower() not in words:
        raise ValueError(text)
    return words[text.lower()]


def _milliseconds(text: str) -> float:
    return float(text) / 1000


def _minutes(text: str) -> float:
    return float(text) * 60


VARIABLES: dict[str, tuple[str, Callable[[str], Any], str]] = {
    "DYNAMODB_BASE_READ_CAPACITY": ("base_read_capacity", int, "a whole number of units"),
    "DYNAMODB_BASE_WRITE_CAPACITY": ("base_write_capacity", int, "a whole number of units"),
    "DYNAMODB_MAX_READ_CAPACITY": ("max_read_capacity", int, "a whole number of units"),
    "DYNAMODB_MAX_WRITE_CAPACITY": ("max_write_capacity", int, "a whole number of units"),
    "DYNAMODB_MAX_HOURLY_COST": ("max_hourly_cost", float, "a number of dollars"),
    "DYNAMODB_MAX_UNIT_HOURS_PER_DAY": ("max_unit_hours_per_day", float, "a number of unit-hours"),
    "DYNAMODB_SCALING_POLICY": ("policy", str, "demand or geometric"),
    "DYNAMODB_SCALE_UP_FACTOR": ("scale_up_factor", float, "a number greater than 1"),
    "DYNAMODB_MAX_RETRIES": ("max_retries", int, "a whole number"),
    "DYNAMODB_INITIAL_RETRY_DELAY": ("initial_retry_delay", _milliseconds, "milliseconds"),
    "DYNAMODB_MAX_RETRY_DELAY": ("max_retry_delay", _milliseconds, "milliseconds"),
    "DYNAMODB_SCALE_DOWN_DELAY_MINUTES": ("scale_down_delay", _minutes, "minutes"),
    "DYNAMODB_FLEET_SIZE": ("fleet_size", int, "a whole number"),
    "DYNAMODB_SCALE_DOWN_VIA": ("scale_down_via", str, "timer or eventbridge"),
    "DYNAMODB_SCHEDULER_ROLE_ARN": ("scheduler_role_arn", str, "an ARN"),
    "DYNAMODB_SCHEDULER_GROUP": ("scheduler_group", str, "a name"),
    "DYNAMODB_REAPER_FUNCTION_ARN": ("reaper_function_arn", str, "an ARN"),
    "DYNAMODB_SCHEDULER_DEAD_LETTER_ARN": ("scheduler_dead_letter_arn", str, "an ARN"),
    "DYNAMODB_SCALING_DRY_RUN": ("dry_run", _flag, "true or false"),
    "DYNAMODB_LEARN_DAILY": ("learn_daily", _flag, "true or false"),
    "DYNAMODB_SCALING_ENABLED": ("scaling_enabled", _flag, "true or false"),
}
"""Of each variable: its field, how it is read (ValueError: it can't be), and what is allowed."""
