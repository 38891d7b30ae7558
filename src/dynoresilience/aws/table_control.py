"""The control plane through a boto3 client: DescribeTable and UpdateTable, one attempt each.

What is under Application Auto Scaling goes another way, through `ScalableTargets`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from dynoresilience.model import (
    CapacityUpdate,
    RaisedKey,
    ResourceState,
    ScalableTarget,
    TableState,
    Units,
)
from dynoresilience.ports import (
    AccessDenied,
    ControlPlaneError,
    DecreaseRefused,
    OutcomeUnknown,
    ServiceLimit,
    TableBusy,
    TableNotFound,
    TooLate,
)

if TYPE_CHECKING:
    from dynoresilience.aws.autoscaling import ScalableTargets

_NEXT_DECREASE = re.compile(
    # "Wednesday, July 25, 2018 9:00:00 PM UTC", and since about 2020
    # "Monday, February 13, 2023 at 11:25:39 AM Coordinated Universal Time".
    r"Next decrease can be made at \w+, (\w+) (\d+), (\d+),?(?: at)? (\d+):(\d+):(\d+)\s([AP])M"
)
_MONTHS = "January February March April May June July August September October November December"
_PASSING = ("rate of control plane requests", "concurrent", "simultaneous", "Only 1 online index")
_DENIED = frozenset({"AccessDeniedException", "AccessDenied", "UnauthorizedOperation"})


class BotoTableControl:
    """`ports.TableControl` on a client that makes a single attempt.

    ``targets``: None: nobody can tell what is under Application Auto Scaling.
    """

    def __init__(self, client: Any, targets: ScalableTargets | None = None) -> None:
        self._client = client
        self._targets = targets

    def describe(self, table: str) -> TableState:
        try:
            answer = self._client.describe_table(TableName=table)
        except Exception as error:
            raise translated(error, "dynamodb:DescribeTable") from error
        return table_state(answer["Table"], table)

    def tables(self) -> Iterator[str]:
        """The names of the region's tables; raises as `describe` does."""
        try:
            for page in self._client.get_paginator("list_tables").paginate():
                yield from page["TableNames"]
        except Exception as error:
            raise translated(error, "dynamodb:ListTables") from error

    def targets(
        self, table: str, state: TableState, keys: Collection[RaisedKey]
    ) -> Mapping[RaisedKey, ScalableTarget]:
        return self._scalable_targets().of(table, state, keys)

    def update(self, table: str, update: CapacityUpdate) -> bool:
        asked = bool(update.units)
        if asked and not self._update_table(table, update):
            if any(change.after > change.before for change in update):
                return False  # somebody else did that; whether the rest is needed is to be seen
            asked = False
        for change in update.minimums:
            try:
                self._scalable_targets().set_minimum(table, change)
            except ControlPlaneError as error:
                if asked:
                    raise OutcomeUnknown(f"done in part: {error}") from error
                raise
            asked = True
        return asked

    def _scalable_targets(self) -> ScalableTargets:
        if self._targets is None:
            raise ControlPlaneError("there is no way to Application Auto Scaling")
        return self._targets

    def _update_table(self, table: str, update: CapacityUpdate) -> bool:
        try:
            self._client.update_table(**update_request(table, update))
        except Exception as error:
            if isinstance(error, ClientError) and "will not change" in str(error):
                return False
            raise translated(error, "dynamodb:UpdateTable") from error
        return True


def update_request(table: str, update: CapacityUpdate) -> dict[str, Any]:
    """The parameters of the UpdateTable that asks for ``update``."""
    request: dict[str, Any] = {"TableName": table}
    indexes = []
    for index, units in update.units.items():
        asked = _throughput(units, update.on_demand)
        if index is None:
            request.update(asked)
        else:
            indexes.append({"Update": {"IndexName": index, **asked}})
    if indexes:
        request["GlobalSecondaryIndexUpdates"] = indexes
    return request


def table_state(description: Mapping[str, Any], asked_for: str) -> TableState:
    """The state in a DescribeTable answer (its ``Table`` member); emulators leave things out."""
    billing = (description.get("BillingModeSummary") or {}).get("BillingMode")
    on_demand = billing == "PAY_PER_REQUEST" or _provisioned(description) == Units(0, 0)
    units_of = _on_demand_maximum if on_demand else _provisioned
    table = _resource_state(description, description.get("TableStatus"), units_of)
    indexes = {
        entry["IndexName"]: _resource_state(entry, entry.get("IndexStatus"), units_of)
        for entry in description.get("GlobalSecondaryIndexes") or ()
    }
    return TableState(
        name=description.get("TableName") or asked_for,
        arn=description.get("TableArn") or asked_for,
        table=table,
        indexes=indexes,
        on_demand=on_demand,
        table_id=str(description.get("TableId") or description.get("CreationDateTime")),
        local_indexes=frozenset(
            entry["IndexName"] for entry in description.get("LocalSecondaryIndexes") or ()
        ),
        replicas=_other_regions(description),
        table_class=(description.get("TableClassSummary") or {}).get("TableClass") or "STANDARD",
    )


def _other_regions(description: Mapping[str, Any]) -> tuple[str, ...]:
    """Where else this global table is, sorted. Those of the version of 2017 don't tell."""
    regions = {entry.get("RegionName") for entry in description.get("Replicas") or ()}
    here = str(description.get("TableArn") or "").split(":")[3:4]
    return tuple(sorted(name for name in regions if name and name not in here))


def _throughput(units: Units, on_demand: bool) -> dict[str, dict[str, int]]:
    """The member of a request that asks for these units."""
    if not on_demand:
        asked = {"ReadCapacityUnits": units.read, "WriteCapacityUnits": units.write}
        return {"ProvisionedThroughput": asked}
    # What is left out stays as it is: no maximum is made where there is none.
    maximum = {"MaxReadRequestUnits": units.read, "MaxWriteRequestUnits": units.write}
    return {"OnDemandThroughput": {name: most for name, most in maximum.items() if most}}


def _provisioned(description: Mapping[str, Any]) -> Units:
    found = description.get("ProvisionedThroughput") or {}
    return Units(
        int(found.get("ReadCapacityUnits") or 0), int(found.get("WriteCapacityUnits") or 0)
    )


def _on_demand_maximum(description: Mapping[str, Any]) -> Units:
    """0 where there is none: the member is absent, or -1 for a moment after it was cleared."""
    found = description.get("OnDemandThroughput") or {}
    return Units(
        max(0, int(found.get("MaxReadRequestUnits") or 0)),
        max(0, int(found.get("MaxWriteRequestUnits") or 0)),
    )


def _resource_state(
    description: Mapping[str, Any],
    status: str | None,
    units_of: Callable[[Mapping[str, Any]], Units],
) -> ResourceState:
    throughput = description.get("ProvisionedThroughput") or {}
    keys = description.get("KeySchema") or ()
    return ResourceState(
        units=units_of(description),
        status=status or "ACTIVE",
        decreases_today=int(throughput.get("NumberOfDecreasesToday") or 0),
        last_decrease=_epoch(throughput.get("LastDecreaseDateTime")),
        last_increase=_epoch(throughput.get("LastIncreaseDateTime")),
        keys=frozenset(key["AttributeName"] for key in keys),
        partition_key=tuple(key["AttributeName"] for key in keys if key.get("KeyType") == "HASH"),
        whole_items=(description.get("Projection") or {}).get("ProjectionType", "ALL") == "ALL",
    )


def _epoch(instant: datetime | None) -> float | None:
    return instant.timestamp() if instant is not None else None


def translated(error: Exception, action: str) -> ControlPlaneError:
    """What an error of DynamoDB's control plane means, as one of the ports' errors."""
    if isinstance(error, TooLate):
        return error
    if not isinstance(error, ClientError):
        # botocore's own, or anything from the owner's handlers and credential providers.
        return OutcomeUnknown(f"{action}: {error}")
    if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400) >= 500:
        return OutcomeUnknown(str(error))
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
    """The instant that a refused decrease names, in epoch seconds; None if it names none.

    A second later than it says: DynamoDB cuts off the fraction.
    """
    found = _NEXT_DECREASE.search(message)
    if found is None or found[1] not in _MONTHS.split():
        return None
    month = _MONTHS.split().index(found[1]) + 1
    hour = int(found[4]) % 12 + (12 if found[7] == "P" else 0)
    day, year, minute, second = int(found[2]), int(found[3]), int(found[5]), int(found[6])
    return datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc).timestamp() + 1
