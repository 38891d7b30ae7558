"""The control plane through a boto3 client: DescribeTable and UpdateTable, one attempt each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from dynoresilience.model import CapacityUpdate, ResourceState, TableState, Units
from dynoresilience.ports import (
    AccessDenied,
    ControlPlaneError,
    DecreaseRefused,
    ServiceLimit,
    TableBusy,
    TableNotFound,
)

_NEXT_DECREASE = re.compile(
    r"Next decrease can be made at \w+, (\w+ \d+, \d+,? \d+:\d+:\d+ [AP]M) UTC"
)
_PASSING = ("rate of control plane requests", "concurrent", "simultaneous", "Only 1 online index")
_DENIED = frozenset({"AccessDeniedException", "AccessDenied", "UnauthorizedOperation"})


class BotoTableControl:
    """`ports.TableControl` on a client that makes a single attempt."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def describe(self, table: str) -> TableState:
        try:
            answer = self._client.describe_table(TableName=table)
        except (ClientError, BotoCoreError) as error:
            raise _translated(error, "dynamodb:DescribeTable") from error
        return table_state(answer["Table"])

    def update(self, table: str, update: CapacityUpdate) -> None:
        request: dict[str, Any] = {"TableName": table}
        indexes = []
        for index, units in update.units.items():
            asked = {"ReadCapacityUnits": units.read, "WriteCapacityUnits": units.write}
            if index is None:
                request["ProvisionedThroughput"] = asked
            else:
                change = {"IndexName": index, "ProvisionedThroughput": asked}
                indexes.append({"Update": change})
        if indexes:
            request["GlobalSecondaryIndexUpdates"] = indexes
        try:
            self._client.update_table(**request)
        except (ClientError, BotoCoreError) as error:
            if "will not change" not in str(error):
                raise _translated(error, "dynamodb:UpdateTable") from error


def table_state(description: Mapping[str, Any]) -> TableState:
    """The state in a DescribeTable answer (its ``Table`` member)."""
    billing = (description.get("BillingModeSummary") or {}).get("BillingMode")
    table = _resource_state(description, description.get("TableStatus"))
    indexes = {
        entry["IndexName"]: _resource_state(entry, entry.get("IndexStatus"))
        for entry in description.get("GlobalSecondaryIndexes") or ()
    }
    return TableState(
        name=description["TableName"],
        arn=description["TableArn"],
        table=table,
        indexes=indexes,
        on_demand=billing == "PAY_PER_REQUEST" or table.units == Units(0, 0),
        status=description.get("TableStatus") or "ACTIVE",
    )


def _resource_state(description: Mapping[str, Any], status: str | None) -> ResourceState:
    throughput = description.get("ProvisionedThroughput") or {}
    return ResourceState(
        units=Units(
            int(throughput.get("ReadCapacityUnits") or 0),
            int(throughput.get("WriteCapacityUnits") or 0),
        ),
        active=status in (None, "ACTIVE"),
        decreases_today=int(throughput.get("NumberOfDecreasesToday") or 0),
        last_decrease=_epoch(throughput.get("LastDecreaseDateTime")),
        last_increase=_epoch(throughput.get("LastIncreaseDateTime")),
    )


def _epoch(instant: datetime | None) -> float | None:
    return instant.timestamp() if instant is not None else None


def _translated(error: ClientError | BotoCoreError, action: str) -> ControlPlaneError:
    if isinstance(error, BotoCoreError):
        return ControlPlaneError(f"{action}: {error}")
    code = error.response.get("Error", {}).get("Code", "")
    message = str(error)
    if code in _DENIED:
        return AccessDenied(action, message)
    if code == "ResourceInUseException":
        return TableBusy(message)
    if code == "ResourceNotFoundException":
        return TableNotFound(message)
    if code == "LimitExceededException" and "decrease" in message:
        return DecreaseRefused(message, next_decrease_in(message))
    if code == "LimitExceededException" and not any(word in message for word in _PASSING):
        return ServiceLimit(message)
    if code == "ValidationException":
        # Refused for what was asked (a quota, a billing mode): the same request fails again.
        return ServiceLimit(message)
    return ControlPlaneError(message)


def next_decrease_in(message: str) -> float | None:
    """The instant that a refused decrease names, in epoch seconds; None if it names none."""
    found = _NEXT_DECREASE.search(message)
    if found is None:
        return None
    try:
        instant = datetime.strptime(found[1].replace(",", ""), "%B %d %Y %I:%M:%S %p")
    except ValueError:  # English month names are unknown to the process's locale
        return None
    return instant.replace(tzinfo=timezone.utc).timestamp()
