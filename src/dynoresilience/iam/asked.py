"""What a policy is asked for: tables, and the role and group of their schedules."""

from __future__ import annotations

import re
from typing import NamedTuple

from dynoresilience.errors import ConfigError


class Places(NamedTuple):
    """Where tables are; "*" is anywhere."""

    partition: str
    region: str
    account: str

    def arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


_STEM = 32
"""Letters of a table's name that the name of its schedule begins with."""


class Table(NamedTuple):
    """A table, or all whose names are like this."""

    place: Places
    name: str

    @property
    def stem(self) -> str:
        """What the names of its schedules have of its name, which a wildcard leaves open."""
        stem, star, _ = self.name[:_STEM].partition("*")
        return stem + star


class Asked(NamedTuple):
    """The tables, and the role (an ARN) and the group of their schedules."""

    tables: list[Table]
    role: str | None
    group: str

    @property
    def in_region(self) -> dict[str, dict[str, list[str]]] | None:
        """The condition for what has no resource to tell the region; None: it may be in any."""
        regions = sorted({table.place.region for table in self.tables})
        return None if "*" in regions else {"StringEquals": {"aws:RequestedRegion": regions}}


_NAME = re.compile(r"[A-Za-z0-9_.*?-]{1,255}")
_ARN = re.compile(r"arn:([^:]+):dynamodb:([^:]+):([^:]+):table/([^/]+)")
_PLACE = {
    "partition": (re.compile(r"aws[a-z-]*"), 'a partition such as "aws" or "aws-cn"'),
    "region": (re.compile(r"\*|[a-z]{2}[a-z0-9-]*-\d+"), 'a region such as "eu-central-1", or "*"'),
    "account": (re.compile(r"\*|\d{12}"), 'the 12 digits of an account, in a text, or "*"'),
}


_SCHEDULER_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+", re.ASCII)
_SCHEDULER_GROUP = re.compile(r"[0-9A-Za-z_.-]{1,64}")


def check_scheduler(asked: Asked) -> None:
    """Whether there can be schedules.

    Raises:
        ConfigError: the role or the group is wrong.
    """
    if not isinstance(asked.role, str) or not _SCHEDULER_ROLE.fullmatch(asked.role):
        raise ConfigError(
            f"scheduler_role={asked.role!r} must be the ARN of the IAM role in which EventBridge "
            "Scheduler lowers the capacity, since features name 'eventbridge'"
        )
    if not isinstance(asked.group, str) or not _SCHEDULER_GROUP.fullmatch(asked.group):
        raise ConfigError(
            f"scheduler_group={asked.group!r} must be the name of a schedule group: 1 to 64 "
            "letters, digits, '-', '_' and '.'"
        )


def table_of(given: str, usual: Places) -> Table:
    """The table of a name or ARN.

    Raises:
        ConfigError: it is none, or ``usual`` is no place.
    """
    place, name = usual, given
    found = _ARN.fullmatch(given) if isinstance(given, str) else None
    if found is not None:
        place, name = Places(found[1], found[2], found[3]), found[4]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigError(
            f"tables={given!r} must be the name of a table or its ARN (arn:aws:dynamodb:REGION:"
            'ACCOUNT:table/NAME, without an index), "*" for all'
        )
    for field, value in place._asdict().items():
        shape, allowed = _PLACE[field]
        if not isinstance(value, str) or not shape.fullmatch(value):
            where = "" if found is None else f" in tables={given!r}"
            raise ConfigError(f"{field}={value!r}{where} must be {allowed}")
    return Table(place, name)
