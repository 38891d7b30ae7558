"""The reaper: lowers what is raised and due, whoever raised it, dead or alive.

It finds the raises by the tags that were written before them. Run it on a schedule, as a Lambda
function (`handler`) or by ``python -m dynoresilience reap``; a few minutes apart is enough, and
several at once do no harm.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dynoresilience import stand_in
from dynoresilience.attachment import client_behind, control_plane_client
from dynoresilience.aws.autoscaling import ScalableTargets
from dynoresilience.aws.eventbridge import EventBridgeScheduler
from dynoresilience.aws.punctual import be_punctual
from dynoresilience.aws.table_control import BotoTableControl
from dynoresilience.aws.tag_ledger import TagLedger
from dynoresilience.config import ScalingConfig
from dynoresilience.engine import Runtime
from dynoresilience.errors import ConfigError
from dynoresilience.process.log_sink import LoggingSink, SafeSinks
from dynoresilience.reaper.one_pass import Pass
from dynoresilience.reaper.report import Reaped, ReapError, Report

if TYPE_CHECKING:
    from dynoresilience.ports import EventSink

__all__ = ["ReapError", "Reaped", "Report", "handler", "reap"]

RESERVE = 5.0
"""Seconds before the end of a Lambda invocation after which no other table is begun."""


def handler(event: Any, context: Any) -> dict[str, Any]:
    """For a Lambda function on a schedule.

    Args:
        event: what a scheduled rule sends; ``{"tables": [...], "dry_run": true}`` may narrow it.
        context: its remaining time bounds the run.

    Returns:
        The report, as JSON has it.

    Raises:
        ReapError: at the end, if something failed, so that the invocation counts as failed.
        ConfigError: a faulty event or environment variable.
    """
    given = event if isinstance(event, dict) else {}
    told = getattr(context, "get_remaining_time_in_millis", None)
    left = told() / 1000 - RESERVE if callable(told) else None
    report = reap(tables=given.get("tables"), dry_run=given.get("dry_run", False), time_limit=left)
    if report.exit_code:
        raise ReapError(report)
    return report.to_dict()


def reap(
    client: Any = None,
    *,
    tables: Sequence[str] | None = None,
    dry_run: bool = False,
    time_limit: float | None = None,
    config: ScalingConfig | None = None,
    sinks: Sequence[EventSink] | None = None,
) -> Report:
    """Lower what is raised and due, of every table of the client's region.

    Args:
        client: a boto3 DynamoDB client. None: ``boto3.client("dynamodb")``.
        tables: only these, by name or ARN. None: all, by ListTables.
        dry_run: only tell what would be lowered; also with `ScalingConfig.dry_run`.
        time_limit: seconds after which no other table is begun. None: no limit.
        config: None: from the environment. Its bases matter: where one is set it is what a
            table returns to; else what is written down. With ``scale_down_via="eventbridge"`` a
            table that has no decrease left is scheduled for when it has.
        sinks: where events go. None: to the ``dynoresilience`` logger.

    Raises:
        ConfigError: an argument or a variable is wrong.
        ControlPlaneError: the tables could not be listed.
    """
    _check(tables, dry_run, time_limit)
    config = config or ScalingConfig.from_env()
    dry_run = dry_run or config.dry_run
    if client is None:
        import boto3

        client = boto3.client("dynamodb")
    block = stand_in.current()
    runtime = block.runtime if block is not None else Runtime.of_process()
    original = client_behind(client)
    twin = control_plane_client(original)
    be_punctual(twin, runtime.clock)
    control = BotoTableControl(twin, ScalableTargets.beside(original))
    told = (LoggingSink(runtime.clock),) if sinks is None else tuple(sinks)
    sink = SafeSinks(() if dry_run else told)
    run = Pass(
        control,
        TagLedger(twin, runtime.clock),
        config,
        sink,
        runtime,
        dry_run=dry_run,
        scheduler=None if dry_run else EventBridgeScheduler(original),
    )
    names = BotoTableControl(original).tables() if tables is None else tables
    if tables is None and time_limit is not None:
        # Where there is no time for all, it must not be the same ones each time.
        names = sorted(names, key=lambda _: runtime.chance())
    return run.over(names, named=tables is not None, time_limit=time_limit)


def _check(tables: object, dry_run: object, time_limit: object) -> None:
    faults = []
    if tables is not None and (
        isinstance(tables, str)
        or not isinstance(tables, Sequence)
        or not all(isinstance(name, str) and name for name in tables)
    ):
        faults.append(f"tables={tables!r} must be a list of names or ARNs, or None for all")
    if not isinstance(dry_run, bool):
        faults.append(f"dry_run={json.dumps(dry_run, default=repr)} must be true or false")
    if time_limit is not None and not isinstance(time_limit, (int, float)):
        faults.append(f"time_limit={time_limit!r} must be a number of seconds, or None")
    if faults:
        raise ConfigError("reaper: " + "; ".join(faults))
