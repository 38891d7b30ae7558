"""The maximum of on-demand throughput that a request sets, member by member. Pure."""

from __future__ import annotations

from typing import Any

from dynoresilience.testing.replies import Body, Refused

Maximum = dict[str, int]
"""``MaxReadRequestUnits`` and ``MaxWriteRequestUnits``; -1 clears."""

CLEARED = -1
CLEAR: Maximum = {"MaxReadRequestUnits": CLEARED, "MaxWriteRequestUnits": CLEARED}
_INVALID = "One or more parameter values were invalid: "


def wanted_maximum(body: Body, indexes: str) -> dict[str | None, Maximum]:
    """What a CreateTable or UpdateTable request asks for, by index; None is the table itself.

    Args:
        body: the request.
        indexes: its member that lists indexes.

    Raises:
        Refused: ValidationException, a number out of range.
    """
    parts: dict[str | None, Any] = {None: body}
    for action in body.get(indexes) or ():
        index = action.get("Update") or action.get("Create") or action
        if "IndexName" in index:
            parts[index["IndexName"]] = index
    wanted = {index: part.get("OnDemandThroughput") for index, part in parts.items()}
    for index, maximum in wanted.items():
        for member, units in (maximum or {}).items():
            if units != CLEARED and units < 1:
                where = "table" if index is None else f"index : {index}"
                what = f"Requested {member} for OnDemandThroughput for {where}"
                raise Refused("ValidationException", f"{_INVALID}{what} is outside of valid range")
    return {index: dict(maximum) for index, maximum in wanted.items() if maximum}


def check_quota(wanted: dict[str | None, Maximum], region: str, most: int) -> None:
    """Refuse a maximum beyond what the account allows a table or an index."""
    for index, maximum in wanted.items():
        for member, units in maximum.items():
            if units > most:
                where = "table" if index is None else f"index : {index}"
                name = member.removeprefix("Max").removesuffix("RequestUnits")
                raise Refused(
                    "LimitExceededException",
                    f"Subscriber limit exceeded: Requested {member} for OnDemandThroughput for "
                    f"{where} exceeds TableMax{name}CapacityUnits of the account in region "
                    f"{region}",
                )


def merged(present: Maximum, wanted: Maximum) -> Maximum:
    """What is set after a request, without what it cleared."""
    both = {**present, **wanted}
    return {member: units for member, units in both.items() if units != CLEARED}


def check_mode(wanted: dict[str | None, Maximum], on_demand: bool) -> None:
    """Refuse a maximum for a table that is provisioned."""
    for index, maximum in wanted.items():
        if not on_demand and maximum:
            where = "" if index is None else f" for index : {index}"
            why = f"{next(iter(maximum))} for OnDemandThroughput{where} cannot be specified when "
            raise Refused(
                "ValidationException", f"{_INVALID}{why}the table BillingMode is PROVISIONED"
            )
