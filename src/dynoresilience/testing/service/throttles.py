"""How DynamoDB says that something was short: codes, messages and reasons. Pure.

Messages are on record in the API reference (`TransactWriteItems`, `RequestLimitExceeded`) and in
the developer guide ("Diagnosing throttling"). A hot key of a provisioned table is refused in the
same words as the table itself; only its reason differs.
"""

from __future__ import annotations

from dynoresilience.model import ThrottleKind
from dynoresilience.testing.capacity.meters import Shortage
from dynoresilience.testing.replies import Body, Refused

_PROVISIONED = "ProvisionedThroughputExceededException"
_ON_DEMAND = "ThrottlingException"
_ACCOUNT = "RequestLimitExceeded"

_ITEM_CODES = {
    _PROVISIONED: "ProvisionedThroughputExceeded",
    _ON_DEMAND: "ThrottlingError",
    _ACCOUNT: "RequestLimitExceeded",
}
_TABLE_SHORT = (
    "The level of configured provisioned throughput for the table was exceeded. Consider "
    "increasing your provisioning level with the UpdateTable API."
)
_INDEX_SHORT = (
    "The level of configured provisioned throughput for one or more global secondary indexes of "
    "the table was exceeded. Consider increasing your provisioning level for the "
    "under-provisioned global secondary indexes with the UpdateTable API"
)
_TABLE_ON_DEMAND = (
    "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically "
    "scaling your table or index so please try again shortly. If exceptions persist, check if you "
    "have a hot key: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
    "bp-partition-key-design.html"
)
_INDEX_ON_DEMAND = (
    "Throughput exceeds the current capacity for one or more global secondary indexes. DynamoDB "
    "is automatically scaling your index so please try again shortly."
)
_OVER_MAXIMUM = "Throughput exceeds the maximum OnDemandThroughput configured on table or index"
_OVER_ACCOUNT = (
    "Throughput exceeds the current throughput limit for your account. Please contact AWS Support "
    "at https://aws.amazon.com/support to request a limit increase"
)


class Throttled(Exception):
    """A request is refused for lack of capacity; ``arn`` is that of what was short."""

    def __init__(self, shortage: Shortage, arn: str) -> None:
        super().__init__(f"{shortage.meter.resource}: {shortage.reason}")
        self.shortage = shortage
        self.arn = arn

    def refusal(self, *, reasons: bool) -> Refused:
        """The error to answer with; ``reasons``: whether it has ``ThrottlingReasons``."""
        code = _code(self.shortage)
        # the one error that writes them with a small t
        name = "throttlingReasons" if code == _ON_DEMAND else "ThrottlingReasons"
        entry = {"reason": self.shortage.reason, "resource": self.arn}
        members: Body = {name: [entry]} if reasons else {}
        return Refused(code, _message(self.shortage), **members)


def item_error(shortage: Shortage) -> Body:
    """What stands for one item: a ``CancellationReason`` or a ``BatchStatementError``."""
    return {"Code": _ITEM_CODES[_code(shortage)], "Message": _message(shortage)}


def transaction_cancelled(shorts: list[Shortage | None]) -> Refused:
    """A transaction that met too little capacity; ``shorts`` has one entry for each item."""
    reasons = [{"Code": "None"} if short is None else item_error(short) for short in shorts]
    codes = ", ".join(reason["Code"] for reason in reasons)
    return Refused(
        "TransactionCanceledException",
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        CancellationReasons=reasons,
    )


def _code(shortage: Shortage) -> str:
    if shortage.kind is ThrottleKind.ACCOUNT:
        return _ACCOUNT
    return _ON_DEMAND if shortage.on_demand else _PROVISIONED


def _message(shortage: Shortage) -> str:
    if shortage.kind is ThrottleKind.ACCOUNT:
        return _OVER_ACCOUNT
    if shortage.kind is ThrottleKind.ON_DEMAND_MAXIMUM:
        return _OVER_MAXIMUM
    is_table = shortage.meter.resource.index is None
    if shortage.on_demand:
        return _TABLE_ON_DEMAND if is_table else _INDEX_ON_DEMAND
    return _TABLE_SHORT if is_table else _INDEX_SHORT
