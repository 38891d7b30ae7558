"""What EventBridge Scheduler does and moto's does not: carry out the schedules that are due."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from dynoresilience.testing import SimulatedDynamoDB, VirtualClock

UPDATE_TABLE = "arn:aws:scheduler:::aws-sdk:dynamodb:updateTable"
_ONCE = Config(retries={"total_max_attempts": 1})
LATENESS = 40.0
"""Seconds into its minute at which a schedule comes: it may be any of them."""


@dataclass
class Invocation:
    """One schedule that has come, with what it was to do at that instant."""

    name: str
    group: str
    expression: str
    target: dict[str, Any]
    since: float
    deletes: bool
    attempts: int = 0
    refusals: list[str] = field(default_factory=list)


class DueSchedules:
    """Looks at the schedules every minute of virtual time.

    An attempt that fails is repeated after growing pauses, as the schedule's RetryPolicy allows.
    Args:
        function: what the Lambda function does with the event that it is invoked with.
    """

    def __init__(
        self,
        simulator: SimulatedDynamoDB,
        clock: VirtualClock,
        function: Callable[[dict[str, Any]], object] | None = None,
    ) -> None:
        self._simulator = simulator
        self._clock = clock
        self._function = function
        self._client: Any = boto3.client("scheduler", region_name="us-east-1")
        self._seen: set[tuple[str, str, float]] = set()
        self.done: list[Invocation] = []
        self.dead_letters: list[Invocation] = []
        self._next = clock.monotonic() - clock.now() % 60 + LATENESS
        self._next_minute()

    def waiting(self) -> list[Any]:
        """The schedules that there are."""
        found = self._client.list_schedules()["Schedules"]
        return [self._client.get_schedule(Name=e["Name"], GroupName=e["GroupName"]) for e in found]

    def delete_all(self) -> None:
        """Somebody tidies up."""
        for found in self.waiting():
            self._client.delete_schedule(Name=found["Name"], GroupName=found["GroupName"])

    def _next_minute(self) -> None:
        while self._next <= self._clock.monotonic():
            self._next += 60
        self._clock.call_at(self._next, self._look)

    def _look(self) -> None:
        for found in self.waiting():
            due = datetime.strptime(found["ScheduleExpression"], "at(%Y-%m-%dT%H:%M:%S)")
            assert found["ScheduleExpressionTimezone"] == "UTC"
            assert found["FlexibleTimeWindow"] == {"Mode": "OFF"}
            changed = found["LastModificationDate"].timestamp()
            once = (found["Name"], found["ScheduleExpression"], changed)
            if due.replace(tzinfo=timezone.utc).timestamp() > self._clock.now() or (
                once in self._seen
            ):
                continue
            self._seen.add(once)
            self._attempt(
                Invocation(
                    found["Name"],
                    found["GroupName"],
                    found["ScheduleExpression"],
                    found["Target"],
                    self._clock.now(),
                    found["ActionAfterCompletion"] == "DELETE",
                )
            )
        self._next_minute()

    def _attempt(self, invocation: Invocation) -> None:
        invocation.attempts += 1
        told = json.loads(invocation.target["Input"])
        try:
            if invocation.target["Arn"] == UPDATE_TABLE:
                self._simulator.client(config=_ONCE).update_table(**told)
            else:
                assert self._function is not None, invocation.target["Arn"]
                self._function(told)
        except ClientError as error:
            invocation.refusals.append(str(error))
            policy = invocation.target["RetryPolicy"]
            pause = min(30.0 * 2**invocation.attempts, 3600.0)
            age = self._clock.now() + pause - invocation.since
            if (
                invocation.attempts <= policy["MaximumRetryAttempts"]
                and age <= policy["MaximumEventAgeInSeconds"]
            ):
                again = self._clock.monotonic() + pause
                self._clock.call_at(again, lambda: self._attempt(invocation))
                return
            self.dead_letters.append(invocation)
        else:
            self.done.append(invocation)
        self._completed(invocation)

    def _completed(self, invocation: Invocation) -> None:
        """Delete the schedule, unless it was moved meanwhile."""
        for found in self.waiting():
            name, group, expression = (
                found[member] for member in ("Name", "GroupName", "ScheduleExpression")
            )
            known = invocation.name, invocation.group, invocation.expression
            if invocation.deletes and (name, group, expression) == known:
                self._client.delete_schedule(Name=name, GroupName=group)
