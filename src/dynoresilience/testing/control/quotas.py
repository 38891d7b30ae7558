"""What an account may ask of the control plane, over all its tables. Pure."""

from __future__ import annotations

from dynoresilience.model import Units
from dynoresilience.testing.capacity.buckets import Bucket
from dynoresilience.testing.replies import Refused

INDEXES = 20
"""Global secondary indexes of a table."""

_MORE = (
    "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher "
    "limits."
)


class ControlPlaneRate:
    """Lets ``rate`` changes a second pass, and refuses the others. None: no limit."""

    def __init__(self, rate: int | None) -> None:
        self._bucket = None if rate is None else Bucket(rate, burst_seconds=1.0, at=0.0)

    def take(self, at: float) -> None:
        """Count a change.

        Raises:
            Refused: ThrottlingException.
        """
        if self._bucket is not None and not self._bucket.take(1, at):
            raise Refused(
                "ThrottlingException",
                "The rate of control plane requests made by this account is too high",
            )


def check_concurrent(changing: int, most: int) -> None:
    """Refuse one more table in a state other than ACTIVE."""
    if changing >= most:
        raise Refused(
            "LimitExceededException",
            f"Subscriber limit exceeded: Only {most} tables can be created, updated, or deleted "
            "simultaneously",
        )


def check_account(reserved: Units, more: Units, most: int, region: str) -> None:
    """Refuse ``more`` units than ``most`` leaves beside what is ``reserved``, in any dimension."""
    for name, used, asked in (
        ("ReadCapacityUnits", reserved.read, more.read),
        ("WriteCapacityUnits", reserved.write, more.write),
    ):
        if asked > 0 and used + asked > most:
            raise Refused(
                "LimitExceededException",
                f"This request would have caused the {name} limit to be exceeded for the account "
                f"in {region}. Current {name} reserved by the account: {used}. Limit: {most}. "
                f"Requested: {asked}. {_MORE}",
            )


def check_index_count(count: int) -> None:
    """Refuse one more index on a table that has ``count``."""
    if count >= INDEXES:
        raise Refused(
            "LimitExceededException",
            "Subscriber limit exceeded: Number of global secondary indexes exceeds per-table "
            f"limit of {INDEXES}",
        )
