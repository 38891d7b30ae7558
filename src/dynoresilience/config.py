"""The owner's settings: caps, bases, delays. Every value is checked when it is made.

The environment variables are read by `ScalingConfig.from_env`, never at import.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypeGuard

from dynoresilience.errors import ConfigError

if TYPE_CHECKING:
    from dynoresilience.capacity.policy import ScalingPolicy
    from dynoresilience.model import Limits


class _KnownFields:
    """Refuses unknown fields with a `ConfigError` in place of Python's bare TypeError."""

    __slots__ = ()

    if not TYPE_CHECKING:

        def __new__(cls, *args: Any, **given: Any) -> Any:
            known = [entry.name for entry in fields(cls)]
            unknown = [name for name in given if name not in known]
            if unknown:
                raise ConfigError(
                    _report(cls, [_unknown(name, given[name], known) for name in unknown])
                )
            return super().__new__(cls)


def _unknown(name: str, value: object, known: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known fields: {', '.join(known)}"
    return f"{name}={value!r}: there is no such field; {hint}"


def _report(owner: type, faults: list[str]) -> str:
    return f"{owner.__name__}: " + "; ".join(faults)


@dataclass(frozen=True, slots=True)
class IndexLimits(_KnownFields):
    """Bounds for one global secondary index, in capacity units. None: as for its table."""

    base_read_capacity: int | None = None
    base_write_capacity: int | None = None
    max_read_capacity: int | None = None
    max_write_capacity: int | None = None
    max_read_request_units: int | None = None
    max_write_request_units: int | None = None
    raise_replicated_writes: bool | None = None

    def __post_init__(self) -> None:
        _raise_if(type(self), _capacity_faults(self) + _flag_faults(self))


@dataclass(frozen=True, slots=True)
class TableLimits(_KnownFields):
    """Bounds for one table, in capacity units. None: as in the `ScalingConfig`.

    ``indexes``: bounds of its indexes by name; what they leave out is as for the table.
    """

    base_read_capacity: int | None = None
    base_write_capacity: int | None = None
    max_read_capacity: int | None = None
    max_write_capacity: int | None = None
    max_read_request_units: int | None = None
    max_write_request_units: int | None = None
    raise_replicated_writes: bool | None = None
    indexes: Mapping[str, IndexLimits] = field(default_factory=dict)

    def __post_init__(self) -> None:
        faults = _capacity_faults(self) + _flag_faults(self)
        faults += _mapping_faults("indexes", self.indexes, IndexLimits)
        _raise_if(type(self), faults)


@dataclass(frozen=True, slots=True)
class ScalingConfig(_KnownFields):
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
        faults = _capacity_faults(self)
        faults += _number_faults(self)
        faults += _scheduler_faults(self)
        faults += _mapping_faults("tables", self.tables, TableLimits)
        faults += _flag_faults(self)
        if self.autoscaling not in ("cooperate", "hold"):
            faults.append(f"autoscaling={self.autoscaling!r} must be 'cooperate' or 'hold'")
        faults += _policy_faults(self.policy)
        if self.ledger not in ("tags", "memory"):
            faults.append(f"ledger={self.ledger!r} must be 'tags' or 'memory'")
        if not faults:
            faults = self._inherited_faults()
        _raise_if(type(self), faults)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **overrides: Any) -> ScalingConfig:
        """The settings in ``DYNAMODB_*`` variables; ``overrides`` win over them.

        Raises:
            ConfigError: names each faulty variable, its value and what is allowed.
        """
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        faults: list[str] = []
        for variable, (name, read, allowed) in _VARIABLES.items():
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
                for variable, (name, _, _) in _VARIABLES.items()
                if name in values and f"{name}=" in str(error)
            ]
            if not named:
                raise
            raise ConfigError(f"{error} (set by {', '.join(named)})") from None

    def replace(self, **changes: Any) -> ScalingConfig:
        """A copy with other values, checked like a new one."""
        known = [entry.name for entry in fields(self)]
        unknown = [_unknown(name, changes[name], known) for name in changes if name not in known]
        _raise_if(type(self), unknown)
        return replace(self, **changes)

    def overridden(self, **settings: Any) -> ScalingConfig:
        """A copy in which ``settings`` hold for every table, whatever ``tables`` says of them."""
        tables = self.tables
        if "tables" not in settings:
            own = {entry.name for entry in fields(IndexLimits)}
            unset = {name: None for name in settings if name in own}
            tables = {
                table: replace(
                    limits,
                    **unset,
                    indexes={name: replace(of, **unset) for name, of in limits.indexes.items()},
                )
                for table, limits in tables.items()
            }
        return self.replace(**{"tables": tables, **settings})

    def limits(self, table: str, index: str | None) -> Limits:
        """The bounds for a table (name or ARN), or for one of its indexes."""
        from dynoresilience.model import Limits  # loaded by the first throttle anyway

        own = self.tables.get(table) or self.tables.get(table.rpartition(":table/")[2])
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


def _capacity_faults(owner: IndexLimits | TableLimits | ScalingConfig) -> list[str]:
    faults = []
    for entry in fields(owner):
        if not entry.name.endswith(("_capacity", "_request_units")):
            continue
        value = getattr(owner, entry.name)
        if value is None and entry.default is None:
            continue
        if type(value) is not int or value < 1:
            faults.append(f"{entry.name}={value!r} must be a whole number of units, 1 or more")
    if faults:
        return faults
    for dimension in ("read", "write"):
        base = getattr(owner, f"base_{dimension}_capacity")
        cap = getattr(owner, f"max_{dimension}_capacity")
        if base is not None and cap is not None and base > cap:
            faults.append(
                f"base_{dimension}_capacity={base} must not be more than "
                f"max_{dimension}_capacity={cap}"
            )
    return faults


_FLAGS = ("raise_replicated_writes", "learn_daily", "scaling_enabled", "show_hot_keys")


def _flag_faults(owner: IndexLimits | TableLimits | ScalingConfig) -> list[str]:
    faults = []
    for entry in fields(owner):
        value = getattr(owner, entry.name)
        if entry.name in _FLAGS and type(value) is not bool and value is not entry.default:
            faults.append(f"{entry.name}={value!r} must be True or False")
    return faults


def _policy_faults(policy: object) -> list[str]:
    known = policy in ("demand", "geometric") if isinstance(policy, str) else None
    if known or (known is None and callable(getattr(policy, "wanted", None))):
        return []
    return [f"policy={policy!r} must be 'demand', 'geometric' or a ScalingPolicy"]


def _number_faults(config: ScalingConfig) -> list[str]:
    faults = []
    factor = config.scale_up_factor
    if not _is_number(factor) or factor <= 1:
        faults.append(f"scale_up_factor={factor!r} must be a finite number greater than 1")
    if type(config.max_retries) is not int or config.max_retries < 0:
        faults.append(f"max_retries={config.max_retries!r} must be a whole number, 0 or more")
    if type(config.fleet_size) is not int or config.fleet_size < 1:
        faults.append(f"fleet_size={config.fleet_size!r} must be a whole number, 1 or more")
    for name in ("initial_retry_delay", "max_retry_delay", "scale_down_delay", "scale_up_timeout"):
        value = getattr(config, name)
        if not _is_number(value) or value < 0:
            faults.append(f"{name}={value!r} must be a finite number of seconds, 0 or more")
    faults += deadline_faults(config.deadline)
    if not faults and config.initial_retry_delay > config.max_retry_delay:
        faults.append(
            f"initial_retry_delay={config.initial_retry_delay} must not be more than "
            f"max_retry_delay={config.max_retry_delay}"
        )
    return faults


_ARNS = {
    "scheduler_role_arn": ("iam", r":\d{12}:role/[\w+=,.@/-]+", "an IAM role"),
    "reaper_function_arn": (
        "lambda",
        r"[a-z0-9-]+:\d{12}:function:[\w-]+(:[\w$-]+)?",
        "a Lambda function",
    ),
    "scheduler_dead_letter_arn": ("sqs", r"[a-z0-9-]+:\d{12}:[\w-]+", "an SQS standard queue"),
}
"""Of each ARN: its service, what follows that, and what it names."""


def _scheduler_faults(config: ScalingConfig) -> list[str]:
    via, faults = config.scale_down_via, []
    if via not in ("timer", "eventbridge"):
        faults.append(f"scale_down_via={via!r} must be 'timer' or 'eventbridge'")
    group = config.scheduler_group
    if not isinstance(group, str) or not re.fullmatch(r"[0-9A-Za-z_.-]{1,64}", group):
        faults.append(
            f"scheduler_group={group!r} must be the name of a schedule group: "
            "1 to 64 letters, digits, '-', '_' and '.'"
        )
    partitions = {}
    for name, (service, rest, what) in _ARNS.items():
        arn = getattr(config, name)
        if arn is None:
            continue
        pattern = rf"arn:(aws[a-z-]*):{service}:{rest}"
        found = re.fullmatch(pattern, arn, re.ASCII) if isinstance(arn, str) else None
        if found is None:
            faults.append(f"{name}={arn!r} must be the ARN of {what}")
        else:
            partitions[name] = found[1]
    if faults:
        return faults
    if via == "timer":
        return [
            f"{entry.name}={getattr(config, entry.name)!r} is of use only with "
            "scale_down_via='eventbridge'"
            for entry in fields(config)
            if entry.name in ("scheduler_group", *_ARNS)
            and getattr(config, entry.name) != entry.default
        ]
    if config.scheduler_role_arn is None:
        return [
            "scale_down_via='eventbridge' needs scheduler_role_arn=, the role that EventBridge "
            "Scheduler lowers the capacity in"
        ]
    if config.reaper_function_arn is not None and config.ledger != "tags":
        return [
            f"reaper_function_arn={config.reaper_function_arn!r} needs ledger='tags', where the "
            "function finds what is raised"
        ]
    if len(set(partitions.values())) > 1:
        told = ", ".join(f"{name}={getattr(config, name)!r}" for name in partitions)
        return [f"{told} must be of one partition (arn:aws:, arn:aws-cn:...)"]
    return []


def deadline_faults(deadline: object) -> list[str]:
    """What is wrong with a deadline in seconds from now; empty: nothing."""
    if deadline is None or (_is_number(deadline) and deadline >= 0):
        return []
    return [f"deadline={deadline!r} must be a finite number of seconds, 0 or more, or None"]


def _mapping_faults(name: str, value: object, kind: type) -> list[str]:
    if not isinstance(value, Mapping):
        return [f"{name}={value!r} must be a mapping of names to {kind.__name__}"]
    return [
        f"{name}[{key!r}]={entry!r} must be a {kind.__name__} under a name"
        for key, entry in value.items()
        if not isinstance(key, str) or not isinstance(entry, kind)
    ]


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _raise_if(owner: type, faults: list[str]) -> None:
    if faults:
        raise ConfigError(_report(owner, faults))


def _flag(text: str) -> bool:
    words = {"true": True, "1": True, "yes": True, "on": True}
    words |= {"false": False, "0": False, "no": False, "off": False}
    if text.lower() not in words:
        raise ValueError(text)
    return words[text.lower()]


def _milliseconds(text: str) -> float:
    return float(text) / 1000


def _minutes(text: str) -> float:
    return float(text) * 60


_VARIABLES: dict[str, tuple[str, Callable[[str], Any], str]] = {
    "DYNAMODB_BASE_READ_CAPACITY": ("base_read_capacity", int, "a whole number of units"),
    "DYNAMODB_BASE_WRITE_CAPACITY": ("base_write_capacity", int, "a whole number of units"),
    "DYNAMODB_MAX_READ_CAPACITY": ("max_read_capacity", int, "a whole number of units"),
    "DYNAMODB_MAX_WRITE_CAPACITY": ("max_write_capacity", int, "a whole number of units"),
    "DYNAMODB_SCALING_POLICY": ("policy", str, "demand or geometric"),
    "DYNAMODB_SCALE_UP_FACTOR": ("scale_up_factor", float, "a number greater than 1"),
    "DYNAMODB_MAX_RETRIES": ("max_retries", int, "a whole number"),
    "DYNAMODB_INITIAL_RETRY_DELAY": ("initial_retry_delay", _milliseconds, "milliseconds"),
    "DYNAMODB_MAX_RETRY_DELAY": ("max_retry_delay", _milliseconds, "milliseconds"),
    "DYNAMODB_SCALE_DOWN_DELAY_MINUTES": ("scale_down_delay", _minutes, "minutes"),
    "DYNAMODB_FLEET_SIZE": ("fleet_size", int, "a whole number"),
    "DYNAMODB_SCALE_DOWN_VIA": ("scale_down_via", str, "timer or eventbridge"),
    "DYNAMODB_SCHEDULER_ROLE_ARN": ("scheduler_role_arn", str, "an ARN"),
    "DYNAMODB_SCHEDULER_GROUP": ("scheduler_group", str, "a name"),
    "DYNAMODB_REAPER_FUNCTION_ARN": ("reaper_function_arn", str, "an ARN"),
    "DYNAMODB_SCHEDULER_DEAD_LETTER_ARN": ("scheduler_dead_letter_arn", str, "an ARN"),
    "DYNAMODB_LEARN_DAILY": ("learn_daily", _flag, "true or false"),
    "DYNAMODB_SCALING_ENABLED": ("scaling_enabled", _flag, "true or false"),
}
