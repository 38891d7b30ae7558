"""The throughput part of CreateTable and UpdateTable requests, and how AWS refuses it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dynoresilience.model import Units
from dynoresilience.testing.replies import Body, Refused

Wanted = Mapping[str | None, Units]
"""Units asked for, by index name; None is the table itself."""

MAX_UNITS = 40_000
"""The default quota of a table, and of an index, in either dimension."""

_THROUGHPUT_ONLY = {"IndexName", "ProvisionedThroughput"}
_INVALID = "One or more parameter values were invalid: "
_SEE_LIMITS = (
    "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher "
    "limits."
)


def wanted_by_create(body: Body) -> dict[str | None, Units]:
    """What a CreateTable request asks for."""
    wanted: dict[str | None, Units] = {}
    if "ProvisionedThroughput" in body:
        wanted[None] = _units(body["ProvisionedThroughput"])
    for index in body.get("GlobalSecondaryIndexes") or ():
        if "ProvisionedThroughput" in index:
            wanted[index["IndexName"]] = _units(index["ProvisionedThroughput"])
    return wanted


def wanted_by_update(body: Body) -> dict[str | None, Units]:
    """What an UpdateTable request asks for; indexes that it creates are not among it."""
    wanted: dict[str | None, Units] = {}
    if "ProvisionedThroughput" in body:
        wanted[None] = _units(body["ProvisionedThroughput"])
    for action in body.get("GlobalSecondaryIndexUpdates") or ():
        update = action.get("Update", {})
        if "ProvisionedThroughput" in update:
            wanted[update["IndexName"]] = _units(update["ProvisionedThroughput"])
    return wanted


def besides_throughput(body: Body) -> Body | None:
    """What else an UpdateTable request asks for; None if that is nothing."""
    rest = {name: value for name, value in body.items() if name != "ProvisionedThroughput"}
    actions = [_besides(action) for action in rest.pop("GlobalSecondaryIndexUpdates", None) or ()]
    if any(actions):
        rest["GlobalSecondaryIndexUpdates"] = [action for action in actions if action]
    elif not rest.keys() - {"TableName", "AttributeDefinitions"}:
        return None
    return rest


def check_range(wanted: Wanted, region: str, most: int = MAX_UNITS) -> None:
    """Refuse units below 1 or above the quota.

    Raises:
        Refused: ValidationException or LimitExceededException.
    """
    for index, units in wanted.items():
        for name, value in (("Read", units.read), ("Write", units.write)):
            if value < 1:
                raise Refused("ValidationException", _too_low(name, value))
            if value > most:
                raise Refused("LimitExceededException", _too_high(name, value, index, region, most))


def check_mode_known(body: Body) -> None:
    """Refuse a billing mode that there isn't; boto3 and moto let any word through."""
    mode = body.get("BillingMode")
    if mode not in (None, "PROVISIONED", "PAY_PER_REQUEST"):
        raise Refused(
            "ValidationException",
            f"1 validation error detected: Value '{mode}' at 'billingMode' failed to satisfy "
            "constraint: Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]",
        )


def check_create(body: Body, region: str, most: int = MAX_UNITS) -> None:
    """Refuse a CreateTable whose capacity AWS would refuse; moto lets most of it through."""
    check_mode_known(body)
    is_on_demand = body.get("BillingMode") == "PAY_PER_REQUEST"
    if is_on_demand and "ProvisionedThroughput" in body:
        raise Refused("ValidationException", on_demand(None))
    _check_new_indexes(body.get("GlobalSecondaryIndexes") or (), is_on_demand)
    check_range(wanted_by_create(body), region, most)


def check_index_creates(body: Body, is_on_demand: bool, region: str, most: int = MAX_UNITS) -> None:
    """Refuse an UpdateTable that creates an index with the wrong capacity."""
    actions = body.get("GlobalSecondaryIndexUpdates") or ()
    created = [action["Create"] for action in actions if "Create" in action]
    _check_new_indexes(created, is_on_demand)
    check_range(wanted_by_create({"GlobalSecondaryIndexes": created}), region, most)


def check_switch(
    body: Body, resources: Iterable[str | None], region: str, most: int = MAX_UNITS
) -> None:
    """Refuse a change of the billing mode that carries too little or too much capacity."""
    wanted = wanted_by_update(body)
    if body["BillingMode"] == "PAY_PER_REQUEST":
        if wanted:
            raise Refused("ValidationException", on_demand(next(iter(wanted))))
        return
    for index in resources:
        if index not in wanted:
            where = "when BillingMode is PROVISIONED" if index is None else f"for index: {index}"
            message = f"{_INVALID}ProvisionedThroughput must be specified {where}"
            raise Refused("ValidationException", message)
    check_range(wanted, region, most)


def on_demand(index: str | None) -> str:
    """The message that refuses capacity for an on-demand table or one of its indexes."""
    if index is None:
        return (
            f"{_INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when "
            "BillingMode is PAY_PER_REQUEST"
        )
    return (
        f"{_INVALID}The only Updates for index: {index} when TableThroughputMode is "
        "PAY_PER_REQUEST can be to OnDemandThroughput, WarmThroughput"
    )


def unchanged(index: str | None, units: Units) -> str:
    """The message that refuses the units that are there already."""
    whole, short = ("the table",) * 2 if index is None else (f"the index {index}", f"index {index}")
    figures = " ".join(
        f"Current {name}CapacityUnits provisioned for {short}: {value}. "
        f"Requested {name}CapacityUnits: {value}."
        for name, value in (("Read", units.read), ("Write", units.write))
    )
    return (
        f"The provisioned throughput for {whole} will not change. The requested value equals the "
        f"current value. {figures} {_SEE_LIMITS}"
    )


def _check_new_indexes(indexes: Iterable[Body], is_on_demand: bool) -> None:
    for index in indexes:
        name, has_units = index["IndexName"], "ProvisionedThroughput" in index
        if is_on_demand and has_units:
            why = f"ProvisionedThroughput should not be specified for index: {name} when "
            raise Refused("ValidationException", f"{_INVALID}{why}BillingMode is PAY_PER_REQUEST")
        if not is_on_demand and not has_units:
            why = "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: "
            raise Refused("ValidationException", f"{_INVALID}{why}{name}")


def _too_low(name: str, value: int) -> str:
    return (
        f"1 validation error detected: Value '{value}' at 'provisionedThroughput."
        f"{name.lower()}CapacityUnits' failed to satisfy constraint: Member must have value "
        "greater than or equal to 1"
    )


def _too_high(name: str, value: int, index: str | None, region: str, most: int) -> str:
    where, what = ("", "table") if index is None else (f" for index {index}", "index")
    return (
        f"The requested {name}CapacityUnits{where}, {value}, is above the per {what} maximum for "
        f"the account in {region}. Per {what} maximum: {most}. {_SEE_LIMITS}"
    )


def _units(throughput: Mapping[str, Any]) -> Units:
    return Units(int(throughput["ReadCapacityUnits"]), int(throughput["WriteCapacityUnits"]))


def _besides(action: Body) -> Body:
    """An index action without its throughput; empty if that is all it was about."""
    update = action.get("Update")
    if update is None or "ProvisionedThroughput" not in update:
        return action
    if update.keys() <= _THROUGHPUT_ONLY:
        return {}
    kept = {name: value for name, value in update.items() if name != "ProvisionedThroughput"}
    return {**action, "Update": kept}
