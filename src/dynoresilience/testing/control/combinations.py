"""What an UpdateTable request may ask for at once. Pure.

Nearly every pair of changes is refused; the words are those of the real service.
"""

from __future__ import annotations

from typing import Any

from dynoresilience.testing.control.lifecycle import one_index_at_a_time
from dynoresilience.testing.replies import Body, Refused

_INVALID = "One or more parameter values were invalid: "
_ALONE = {
    "SSESpecification": "Server-Side Encryption modification",
    "TableClass": "TableClass modification",
    "DeletionProtectionEnabled": "DeletionProtection modification",
    "WarmThroughput": "WarmThroughput",
}
_NO_CHANGE = {"TableName", "AttributeDefinitions"}
_NOTHING = (
    "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
    "GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, "
    "ReplicaTransitRoleArn, MultiRegionConsistency, DeletionProtectionEnabled, "
    "OnDemandThroughput, WarmThroughput or TableClass is required"
)


def check_combination(body: Body) -> None:
    """Refuse a request that asks for nothing, or for things that don't go together.

    Raises:
        Refused: ValidationException, or LimitExceededException for two indexes at once.
    """
    asked = {name for name, value in body.items() if value not in (None, [])} - _NO_CHANGE
    if not asked:
        raise Refused("ValidationException", _NOTHING)
    for member, what in _ALONE.items():
        if member in asked and len(asked) > 1:
            raise _invalid(f"{what} must be the only operation in the request")
    if "OnDemandThroughput" in asked and asked - {"OnDemandThroughput", "BillingMode"}:
        why = "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request"
        raise _invalid(why)
    moves_units = "ProvisionedThroughput" in asked
    if "StreamSpecification" in asked and moves_units:
        raise _invalid("You cannot modify stream status while updating table IOPS")
    _check_indexes(body.get("GlobalSecondaryIndexUpdates") or [])
    if index_changes(body):
        if moves_units:
            raise _invalid("You cannot create or delete index while updating table IOPS")
        if "StreamSpecification" in asked:
            raise _invalid("You cannot create or delete index while changing stream status")


def index_changes(body: Body) -> list[tuple[str, Body]]:
    """What the request does to the set of indexes: ("Create" or "Delete", with what)."""
    return [
        (verb, action[verb])
        for action in body.get("GlobalSecondaryIndexUpdates") or ()
        for verb in ("Create", "Delete")
        if action.get(verb)
    ]


def index_updates(body: Body) -> list[Body]:
    """What the request changes of indexes that there are."""
    actions = body.get("GlobalSecondaryIndexUpdates") or ()
    return [action["Update"] for action in actions if action.get("Update")]


def _check_indexes(actions: list[dict[str, Any]]) -> None:
    seen: set[str] = set()
    for action in actions:
        for change in action.values():
            name = change.get("IndexName", "")
            if name in seen:
                why = "Only one global secondary index update per index is allowed simultaneously."
                raise _invalid(f"{why} Index: {name}")
            seen.add(name)
    if sum(1 for action in actions if action.keys() & {"Create", "Delete"}) > 1:
        raise one_index_at_a_time()


def _invalid(why: str) -> Refused:
    return Refused("ValidationException", _INVALID + why)
