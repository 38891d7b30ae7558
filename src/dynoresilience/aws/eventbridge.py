"""EventBridge Scheduler: one schedule for each raised table, deleted once it has been carried out.

Its target is the reaper's Lambda function, which looks before it lowers, or DynamoDB itself: an
UpdateTable whose numbers are those of the instant at which it was put.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from botocore.exceptions import ClientError

from dynoresilience import fork_safe
from dynoresilience.aws.siblings import is_aws, sibling
from dynoresilience.aws.table_control import update_request
from dynoresilience.model import CapacityUpdate, RaisedTable
from dynoresilience.ports import (
    AccessDenied,
    ControlPlaneError,
    NotThere,
    OutcomeUnknown,
    Settings,
)

PREFIX = "dynoresilience-"
_LONGEST_NAME = 64
_HASH = 16
_LONGEST_DESCRIPTION = 512
_MOST_RETRIES = 185
_LONGEST_AGE = 86400
"""Retries, and seconds, after which Scheduler gives up: the most that it allows."""
_DENIED = frozenset({"AccessDeniedException", "AccessDenied"})

_Send = Callable[..., Any]


class EventBridgeScheduler:
    """`ports.ScaleDownScheduler` with the credentials of a DynamoDB client.

    Scheduler's own client is made for the first schedule.
    """

    def __init__(self, client: Any) -> None:
        self._dynamodb = client
        self._made: Any = None
        self._known: set[str] = set()

    def put(
        self, entry: RaisedTable, lower: CapacityUpdate | None, due: float, settings: Settings
    ) -> float:
        client, name = self._client(), schedule_name(entry)
        minute = math.ceil(due / 60) * 60
        instant = datetime.fromtimestamp(minute, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
        request = {
            "Name": name,
            "GroupName": settings.scheduler_group,
            "Description": _description(entry, lower),
            "ScheduleExpression": f"at({instant})",
            "ScheduleExpressionTimezone": "UTC",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "Target": self._target(entry, lower, settings),
        }
        ways: tuple[tuple[_Send, str], ...] = (
            (client.update_schedule, "scheduler:UpdateSchedule"),
            (client.create_schedule, "scheduler:CreateSchedule"),
        )
        # Others make, move and remove the same schedule: what one refuses, the other one can do.
        first, second = ways if name in self._known else ways[::-1]
        for send, action in (first, second):
            if self._sent(send, request, action):
                break
        else:
            send, action = first
            try:
                send(**request)
            except Exception as error:
                raise _translated(error, action) from error
        self._known.add(name)
        return float(minute)

    def remove(self, entry: RaisedTable, settings: Settings) -> None:
        name = schedule_name(entry)
        self._known.discard(name)
        request = {"Name": name, "GroupName": settings.scheduler_group}
        self._sent(self._client().delete_schedule, request, "scheduler:DeleteSchedule")

    def _client(self) -> Any:
        with fork_safe.imports:
            if self._made is None:
                self._made = sibling(self._dynamodb, "scheduler")
        if self._made is None:
            where = self._dynamodb.meta.endpoint_url
            if is_aws(where):
                raise NotThere(
                    "no client of EventBridge Scheduler could be made; see the DEBUG log"
                )
            raise NotThere(
                f"no EventBridge Scheduler is known beside {where}; set AWS_ENDPOINT_URL_SCHEDULER "
                "if there is one"
            )
        return self._made

    def _target(
        self, entry: RaisedTable, lower: CapacityUpdate | None, settings: Settings
    ) -> dict[str, Any]:
        told: dict[str, Any] = {"tables": [entry.table]}
        arn = settings.reaper_function_arn
        if arn is None:
            assert lower is not None, entry.table
            arn = f"arn:{self._made.meta.partition}:scheduler:::aws-sdk:dynamodb:updateTable"
            told = update_request(entry.table, lower)
        target: dict[str, Any] = {
            "Arn": arn,
            "RoleArn": settings.scheduler_role_arn,
            "Input": json.dumps(told),
            "RetryPolicy": {
                "MaximumRetryAttempts": _MOST_RETRIES,
                "MaximumEventAgeInSeconds": _LONGEST_AGE,
            },
        }
        if settings.scheduler_dead_letter_arn is not None:
            target["DeadLetterConfig"] = {"Arn": settings.scheduler_dead_letter_arn}
        return target

    def _sent(self, send: _Send, request: dict[str, Any], action: str) -> bool:
        """False: there is no such schedule, or, to create it, there is one already."""
        try:
            send(**request)
        except Exception as error:
            if _code(error) in ("ResourceNotFoundException", "ConflictException"):
                return False
            raise _translated(error, action) from error
        return True


def schedule_name(entry: RaisedTable) -> str:
    """The name of a table's schedule: the same in every process."""
    own = hashlib.sha256(entry.arn.encode()).hexdigest()[:_HASH]
    room = _LONGEST_NAME - len(PREFIX) - 1 - _HASH
    return f"{PREFIX}{entry.table.rpartition('/')[2][:room]}-{own}"


def _description(entry: RaisedTable, lower: CapacityUpdate | None) -> str:
    words = ", ".join(str(change) for change in lower.changes) if lower else entry.table
    return f"Lowers {words}"[:_LONGEST_DESCRIPTION]


def _code(error: Exception) -> str:
    if not isinstance(error, ClientError):
        return ""
    return str(error.response.get("Error", {}).get("Code", ""))


def _translated(error: Exception, action: str) -> ControlPlaneError:
    if not isinstance(error, ClientError):
        return OutcomeUnknown(f"{action}: {error}")
    if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400) >= 500:
        return OutcomeUnknown(str(error))
    if _code(error) in _DENIED:
        # What is denied may be iam:PassRole instead, which only the message tells.
        denied = "iam:PassRole" if "iam:PassRole" in str(error) else action
        return AccessDenied(denied, str(error))
    return ControlPlaneError(str(error))
