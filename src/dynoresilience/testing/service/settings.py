"""How a simulated DynamoDB behaves."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TypedDict

from dynoresilience.testing.control.time_to_live import PAUSE
from dynoresilience.testing.service.numbers import check_count, check_number


class SettingsOptions(TypedDict, total=False):
    """The fields of `Settings` as keyword arguments."""

    update_seconds: float
    index_update_seconds: float | None
    burst_seconds: float
    start_full: bool
    reasons: bool
    retry_after_ms: int | None
    long_dates: bool
    account_read_units: float | None
    account_write_units: float | None
    create_seconds: float
    delete_seconds: float
    describe_lag_seconds: float
    index_create_seconds: float
    index_delete_seconds: float
    ttl_seconds: float
    ttl_pause_seconds: float
    tag_seconds: float
    encryption_seconds: float | None
    warm_seconds: float | None
    insights_seconds: float
    backups_seconds: float
    recovery_seconds: float
    control_plane_rate: int | None
    concurrent_changes: int
    table_max_units: int
    account_max_units: int
    autoscaling_seconds: float
    manual_raise_seconds: float


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for all tables of a simulation.

    Args:
        update_seconds: how long a change of a table's capacity takes to come into force.
        index_update_seconds: the same for an index; None means as long as a table.
        burst_seconds: how many seconds of unused capacity are kept for a burst (AWS: up to 300).
        start_full: whether a new table has its burst from the start.
        reasons: whether throttles carry ``ThrottlingReasons``; older endpoints have none.
        retry_after_ms: send ``x-amz-retry-after`` with throttles, in milliseconds.
        long_dates: spell dates in refused decreases as AWS does nowadays; see `aws_date`.
        account_read_units: read units a second that all tables and indexes of a region serve
            together; None means no limit. More is refused with ``...AccountLimitExceeded``.
        account_write_units: the same for write units.
        create_seconds: how long a table is CREATING (AWS, others' measurements: 10 to 20 s).
        delete_seconds: how long a table is DELETING (AWS: a few seconds).
        describe_lag_seconds: how long DescribeTable does not find a table that was just created.
        index_create_seconds: how long an index that is added later is CREATING (AWS: 8 to 17
            minutes, also on an empty table).
        index_delete_seconds: how long an index is DELETING (AWS: 3 to 5 s).
        ttl_seconds: how long a change of the time to live is ENABLING or DISABLING.
        ttl_pause_seconds: how long after a change of the time to live another one is refused.
        tag_seconds: how long a change of tags takes; until then another one is refused, and
            ListTagsOfResource shows the old ones (AWS: 1.5 to 3.4 s).
        encryption_seconds: how long a change of the encryption takes; None means as long as one of
            a table's capacity (AWS, others' measurements: 21 to 23 s).
        warm_seconds: the same for the warm throughput of a table or an index (AWS: 6 to 9 minutes).
        insights_seconds: how long Contributor Insights are ENABLING or DISABLING (AWS: 1 to 16 s).
        backups_seconds: how long after a table is ACTIVE its point-in-time recovery can't be
            changed yet (AWS: 1 to 6 s).
        recovery_seconds: how long after that was enabled the time to live can't be changed.
        control_plane_rate: changes of tables that the account may ask for, a second; None: any
            number (AWS: about one, with a burst of about six).
        concurrent_changes: tables that may be in another state than ACTIVE at once.
        table_max_units: quota of a table, and of an index, in either dimension.
        account_max_units: quota of all tables and indexes of a region, in either dimension.
        autoscaling_seconds: how long after its registration the units of a scalable target are
            moved between its bounds (others' measurement on AWS: about 5 s).
        manual_raise_seconds: how long Application Auto Scaling leaves alone what somebody else
            raised above what it wants (others' measurement on AWS: 82 to 92 s).

    Raises:
        ValueError: a value is out of range, or of the wrong type.
    """

    update_seconds: float = 2.0
    index_update_seconds: float | None = None
    burst_seconds: float = 300.0
    start_full: bool = True
    reasons: bool = True
    retry_after_ms: int | None = None
    long_dates: bool = True
    account_read_units: float | None = None
    account_write_units: float | None = None
    create_seconds: float = 0.0
    delete_seconds: float = 0.0
    describe_lag_seconds: float = 0.0
    index_create_seconds: float = 0.0
    index_delete_seconds: float = 0.0
    ttl_seconds: float = 0.0
    ttl_pause_seconds: float = PAUSE
    tag_seconds: float = 0.0
    encryption_seconds: float | None = None
    warm_seconds: float | None = None
    insights_seconds: float = 0.0
    backups_seconds: float = 0.0
    recovery_seconds: float = 0.0
    control_plane_rate: int | None = None
    concurrent_changes: int = 500
    table_max_units: int = 40_000
    account_max_units: int = 80_000
    autoscaling_seconds: float = 5.0
    manual_raise_seconds: float = 85.0

    def of_a_change(self, seconds: float | None) -> float:
        """A duration that is as long as a change of capacity where it is None."""
        return self.update_seconds if seconds is None else seconds

    def __post_init__(self) -> None:
        for field in fields(self):
            name, value, kind = field.name, getattr(self, field.name), str(field.type)
            if kind == "bool":
                if not isinstance(value, bool):
                    raise ValueError(f"{name} must be True or False, got {value!r}")
            elif value is not None or not kind.endswith("None"):
                check_number(name, value, positive=name in _POSITIVE)
                if kind.startswith("int"):
                    check_count(name, value, 0)


_POSITIVE = {
    "burst_seconds",
    "account_read_units",
    "account_write_units",
    "control_plane_rate",
    "concurrent_changes",
    "table_max_units",
    "account_max_units",
}
