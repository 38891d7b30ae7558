"""The owner's settings: caps, bases, delays. Every value is checked when it is made.

The environment variables are read by `ScalingConfig.from_env`, never at import.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal

from dynoresilience.config.environment import VARIABLES
from dynoresilience.config.faults import (
    capacity_faults,
    flag_faults,
    mapping_faults,
    number_faults,
    policy_faults,
    price_faults,
    raise_if,
    scheduler_faults,
    spending_faults,
    unknown_field,
)
from dynoresilience.config.limits import IndexLimits, KnownFields, TableLimits
from dynoresilience.errors import ConfigError

if TYPE_CHECKING:
    from dynoresilience.capacity.policy import ScalingPolicy
    from dynoresilience.capacity.prices import Prices
    from dynoresilience.capacity.spending import Budget
    from dynoresilience.model import Limits

__all__ = ["IndexLimits", "ScalingConfig", "TableLimits"]


@dataclass(frozen=True, slots=True)
class ScalingConfig(KnownFields):
    """How far capacity may go and how calls are retried. Capacities in units, times in seconds.

    Args:
        base_read_capacity, base_write_capacity: what a scale-down returns to. None (default):
            what each resource had before the first raise.
        max_read_capacity, max_write_capacity: never ask for more, for any table or index that
            has no limits of its own. 1 or more.
        max_read_request_units, max_write_request_units: the cap up to which the on-demand
            maximum of a table or index may be raised. None (default): never raised, only
            reported.
        raise_replicated_writes: True: the writes of a global table, which are raised in all its
            regions, may be raised. False (default): only reported. Reads are the region's own.
        max_hourly_cost: dollars an hour that a table with its indexes may cost, all of its
            provisioned units at the list price (or ``prices``): nothing is raised beyond. Of each
            table that has no such limit of its own. None (default): no limit.
        max_unit_hours_per_day: unit-hours above the base that raises may take of a table with its
            indexes in a UTC day. An hour of the clock counts with the most units that were up in
            it. When they are spent the table is lowered. None (default): no limit.
        prices: what a unit costs, in place of the list: `Prices`, or a mapping of regions to them.
        dry_run: True: nothing is changed in AWS, neither up nor down; what would be is told by
            events and in the log.
        autoscaling: what to do about a number under Application Auto Scaling. "cooperate"
            (default): raise the minimum of its scalable target, never above its maximum, and put
            it back later. "hold": never raise it, only report.
        policy: how far one raise goes. "demand" (default): straight to what is asked, as far as the
            latest calls tell, else by ``scale_up_factor``. "geometric": always by the factor. Or a
            `ScalingPolicy` of your own.
        scale_up_factor: where the demand is not known, or with "geometric", a raise multiplies the
            units by this. More than 1.
        learn_daily: True: what was short at the same time of the day on two of the last three days
            is raised shortly before that time, as long as it is used. What is learned lives in
            this process's memory.
        max_retries: attempts after the first that a throttled call may use up; those made while
            capacity is being raised are not counted. 0: never try again.
        initial_retry_delay: the first backoff is drawn from 0 to this, each next from twice it.
        max_retry_delay: no backoff is longer.
        scale_down_delay: a raise is taken back when there was no throttle for this long.
        scale_up_timeout: how long one call may wait uncounted for raises, in all.
        deadline: no wait of a call ends later than so long after the call's beginning. None: no
            such bound. 0: no wait at all.
        fleet_size: about how many processes share a table. With more than 1 they take turns to
            look at it when it is short.
        scaling_enabled: False: capacity is never changed, retries stay.
        scale_down_via: who takes a raise back. ``"timer"`` (default): this process's timer thread.
            ``"eventbridge"``: a schedule of EventBridge Scheduler, also when the process is gone.
        scheduler_role_arn: the IAM role that the schedule acts in; needed with "eventbridge".
        scheduler_group: the schedule group that it is put in.
        reaper_function_arn: the Lambda function (`dynoresilience.reaper.handler`) that the schedule
            invokes. None (default): it sends an UpdateTable whose numbers are fixed beforehand.
        scheduler_dead_letter_arn: the SQS queue for what a schedule could not deliver in a day.
        show_hot_keys: True: the event of a hot key range, and so the log, tells the partition key
            itself. False (default): a salted hash that stands for it.
        ledger: where what is raised is written down. "tags" (default): in the table's own tags, so
            that any other process can take it back. "memory": only in this process, which then
            has to live until it has taken it back.
        tables: limits of single tables, by name.

    Raises:
        ConfigError: names each faulty field, its value and what is allowed.
    """

    base_read_capacity: int | None = None
    base_write_capacity: int | None = None
    max_read_capacity: int = 100
    max_write_capacity: int = 50
    max_read_request_units: int | None = None
    max_write_request_units: int | None = None
    raise_replicated_writes: bool = False
    max_hourly_cost: float | None = None
    max_unit_hours_per_day: float | None = None
    prices: Prices | Mapping[str, Prices] | None = None
    dry_run: bool = False
    autoscaling: Literal["cooperate", "hold"] = "cooperate"
    policy: Literal["demand", "geometric"] | ScalingPolicy = "demand"
    scale_up_factor: float = 2.0
    learn_daily: bool = False
    max_retries: int = 5
    initial_retry_delay: float = 1.0
    max_retry_delay: float = 30.0
    scale_down_delay: float = 600.0
    scale_up_timeout: float = 120.0
    deadline: float | None = None
    fleet_size: int = 1
    scaling_enabled: bool = True
    scale_down_via: Literal["timer", "eventbridge"] = "timer"
    scheduler_role_arn: str | None = None
    scheduler_group: str = "default"
    reaper_function_arn: str | None = None
    scheduler_dead_letter_arn: str | None = None
    show_hot_keys: bool = False
    ledger: Literal["tags", "memory"] = "tags"
    tables: Mapping[str, TableLimits] = field(default_factory=dict)

    def __post_init__(self) -> None:
        faults = capacity_faults(self)
        faults += number_faults(self)
        faults += scheduler_faults(self)
        faults += spending_faults(self) + price_faults(self.prices)
        faults += mapping_faults("tables", self.tables, TableLimits)
        faults += flag_faults(self)
        if self.autoscaling not in ("cooperate", "hold"):
            faults.append(f"autoscaling={self.autoscaling!r} must be 'cooperate' or 'hold'")
        faults += policy_faults(self.policy)
        if self.ledger not in ("tags", "memory"):
            faults.append(f"ledger={self.ledger!r} must be 'tags' or 'memory'")
        if not faults:
            faults = self._inherited_faults()
        raise_if(type(self), faults)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **overrides: Any) -> ScalingConfig:
        """The settings in ``DYNAMODB_*`` variables; ``overrides`` win over them.

        Raises:
            ConfigError: names each faulty variable, its value and what is allowed.
        """
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        faults: list[str] = []
        for variable, (name, read, allowed) in VARIABLES.items():
            text = environ.get(variable)
            if text is None or not text.strip() or name in overrides:
                continue
            try:
                values[name] = read(text.strip())
            except ValueError:
                faults.append(f"{variable}={text!r} must be {allowed}")
        if faults:
            raise ConfigError("environment: " + "; ".join(faults))
        try:
            return cls(**values, **overrides)
        except ConfigError as error:
            named = [
                f"{variable}={environ[variable]!r}"
                for variable, (name, _, _) in VARIABLES.items()
                if name in values and f"{name}=" in str(error)
            ]
            if not named:
                raise
            raise ConfigError(f"{error} (set by {', '.join(named)})") from None

    def replace(self, **changes: Any) -> ScalingConfig:
        """A copy with other values, checked like a new one."""
        known = [entry.name for entry in fields(self)]
        unknown = [
            unknown_field(name, changes[name], known) for name in changes if name not in known
        ]
        raise_if(type(self), unknown)
        return replace(self, **changes)

    def overridden(self, **settings: Any) -> ScalingConfig:
        """A copy in which ``settings`` hold for every table, whatever ``tables`` says of them."""
        tables = self.tables
        if "tables" not in settings:
            of_index = {entry.name for entry in fields(IndexLimits)}
            of_table = {entry.name for entry in fields(TableLimits)}
            unset = {name: None for name in settings if name in of_index}
            unset_of_table = {name: None for name in settings if name in of_table - {"indexes"}}
            tables = {
                table: replace(
                    limits,
                    **unset_of_table,
                    indexes={name: replace(of, **unset) for name, of in limits.indexes.items()},
                )
                for table, limits in tables.items()
            }
        return self.replace(**{"tables": tables, **settings})

    def limits(self, table: str, index: str | None) -> Limits:
        """The bounds for a table (name or ARN), or for one of its indexes."""
        from dynoresilience.model import Limits  # loaded by the first throttle anyway

        own = self._own(table)
        of_index = own.indexes.get(index) if own is not None and index is not None else None

        def first(name: str) -> Any:
            for source in (of_index, own, self):
                value = getattr(source, name) if source is not None else None
                if value is not None:
                    return value
            return None

        return Limits(
            cap_read=first("max_read_capacity"),
            cap_write=first("max_write_capacity"),
            base_read=first("base_read_capacity"),
            base_write=first("base_write_capacity"),
            cap_on_demand_read=first("max_read_request_units"),
            cap_on_demand_write=first("max_write_request_units"),
            raise_minimums=self.autoscaling == "cooperate",
            raise_replicated_writes=first("raise_replicated_writes"),
        )

    def budget(self, table: str) -> Budget:
        """What a table (name or ARN) may cost."""
        from dynoresilience.capacity.spending import Budget  # loaded by the first throttle anyway

        cost, hours, own = self.max_hourly_cost, self.max_unit_hours_per_day, self._own(table)
        if own is not None and own.max_hourly_cost is not None:
            cost = own.max_hourly_cost
        if own is not None and own.max_unit_hours_per_day is not None:
            hours = own.max_unit_hours_per_day
        return Budget(cost, hours, self.prices)

    def _own(self, table: str) -> TableLimits | None:
        return self.tables.get(table) or self.tables.get(table.rpartition(":table/")[2])

    def _inherited_faults(self) -> list[str]:
        """A base over a cap, where one of the two comes from a level above."""
        faults = []
        for table, own in self.tables.items():
            for index in (None, *own.indexes):
                where = f"tables[{table!r}]" + (f".indexes[{index!r}]" if index else "")
                limits = self.limits(table, index)
                for dimension, base, cap in (
                    ("read", limits.base_read, limits.cap_read),
                    ("write", limits.base_write, limits.cap_write),
                ):
                    if base is not None and base > cap:
                        faults.append(
                            f"{where}: base_{dimension}_capacity={base} must not be more than "
                            f"max_{dimension}_capacity={cap}"
                        )
        return faults
