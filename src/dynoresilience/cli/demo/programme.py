"""The course of the demo: what is tried, in which order, and what decides its exit code."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import boto3

from dynoresilience.cli.demo import trial
from dynoresilience.cli.demo.outcome import shortcomings
from dynoresilience.cli.demo.stage import BASE, INDEX, TABLE, UPDATE_SECONDS, Stage
from dynoresilience.cli.demo.surroundings import no_aws_settings
from dynoresilience.cli.demo.view import View
from dynoresilience.config import ScalingConfig

CONFIG = ScalingConfig(max_write_capacity=200, scale_up_factor=40, scale_down_delay=8)
"""The factor goes from base to cap in one raise. The delay outlasts the burst, even on a machine
that is too slow to be throttled at the cap: lowered halfway, the table would be raised once more.
In production it is minutes: a table may be lowered 4 times a day, and then once an hour."""

WRITES = 640
WRITES_IN_LEGACY_MODE = 100
"""boto3's legacy retry mode, its default before 1.44, needs two minutes for the 640."""


def play(view: View, writes: int | None = None) -> int:
    """Run both trials; 0 if `ScalingClient` did what it promises, else 1.

    Args:
        view: where it is shown.
        writes: items to write in each. None: as many as fit in half a minute.
    """
    with no_aws_settings():
        mode = _default_retry_mode()
        count = writes or (WRITES_IN_LEGACY_MODE if mode == "legacy" else WRITES)
        view.introduce(_introduction(count))
        if count < WRITES and writes is None:
            why = f"this boto3's default retries would need minutes for {WRITES}"
            view.introduce([f"No more than {count}: {why}."])
        view.begin(f"boto3 {boto3.__version__} alone", f"its default retries ({mode} mode)")
        alone = trial.run_alone("boto3 alone", count, CONFIG.max_write_capacity, view)
        view.begin("ScalingClient", _shown(CONFIG))
        scaling = trial.run_scaling("ScalingClient", count, CONFIG, view)
        view.close([alone, scaling])
    return 1 if shortcomings(scaling) else 0


def _introduction(count: int) -> list[str]:
    return [
        f"{count} writes by {trial.THREADS} threads, twice; DynamoDB is simulated here, in real "
        "time.",
        f"Table {TABLE} and index {INDEX.index}: {BASE.write} write units each; "
        f"a change takes {UPDATE_SECONDS:g} s.",
    ]


def _shown(config: ScalingConfig) -> str:
    """What differs from the defaults, as one would write it."""
    given: list[tuple[str, Any]] = [
        (entry.name, getattr(config, entry.name))
        for entry in fields(config)
        if getattr(config, entry.name) != entry.default and entry.name != "tables"
    ]
    return f"ScalingConfig({', '.join(f'{name}={value!r}' for name, value in given)})"


def _default_retry_mode() -> str:
    with Stage() as stage:
        mode: str = (stage.client().meta.config.retries or {}).get("mode", "legacy")
    return mode
