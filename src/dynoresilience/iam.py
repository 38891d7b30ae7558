"""The permissions that the library needs, as an IAM policy: exactly for what is switched on.

What the program's own calls need (``dynamodb:PutItem`` and so on) is the program's affair.

Which resource and which condition key an action knows is as in AWS's Service Authorization
Reference. UpdateTable is of the table, also where it changes an index, and ListTables and
DescribeScalableTargets are of no resource at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from dynoresilience.config import ScalingConfig
from dynoresilience.errors import ConfigError

TAG_PREFIX = "dynoresilience:"
"""What the keys of all tags begin with that the library writes."""


class Policy(dict[str, Any]):
    """An identity-based IAM policy: a plain dict, and its text is JSON to paste."""

    def __str__(self) -> str:
        return json.dumps(self, indent=2)


def policy(
    tables: str | Iterable[str],
    features: str | Iterable[str] | None = None,
    *,
    config: ScalingConfig | None = None,
    region: str = "*",
    account: str = "*",
    partition: str = "aws",
) -> Policy:
    """The least that the library must be allowed to do.

        print(iam.policy("orders", region="eu-central-1", account="123456789012"))

    Args:
        tables: names or ARNs of tables, one or several. ``*`` and ``?`` are IAM's wildcards:
            "orders-*" are all tables whose names begin so. "*" alone is every table of the
            account, those included that are made later and those of other programs: whoever has
            the policy can then change the capacity of any.
        features: which of `FEATURES`; they add up. None: what ``config`` uses.
        config: what it has switched on, beside ``features``. None: if there are no ``features``
            either, that of a plain ``ScalingConfig()``.
        region: of tables that are given by name. "*": in any.
        account: the number of the account of tables that are given by name. "*": in any, which is
            the account of whoever has the policy, unless another one allows it, too.
        partition: of tables that are given by name, such as "aws-cn".

    Raises:
        ConfigError: an argument is wrong; it names it, its value, and what is allowed.
    """
    wanted = _features(features, config)
    places = _Places(partition, region, account)
    targets = [_table(name, places) for name in _texts("tables", tables)]
    statements: list[dict[str, Any]] = []
    for scope in _SCOPES:
        actions = [
            action
            for feature in wanted
            for its_scope, action in FEATURES[feature]
            if its_scope is scope
        ]
        if actions:
            statements.append(scope.statement(list(dict.fromkeys(actions)), targets))
    return Policy({"Version": "2012-10-17", "Statement": statements})


class _Places(NamedTuple):
    partition: str
    region: str
    account: str

    def arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


class _Table(NamedTuple):
    place: _Places
    name: str


class _Scope(NamedTuple):
    """One statement: its name, what of a table it is about, and under which condition."""

    sid: str
    service: str = "dynamodb"
    resource: str = "table/{table}"
    condition: dict[str, dict[str, list[str]]] | None = None

    def statement(self, actions: list[str], tables: Collection[_Table]) -> dict[str, Any]:
        condition = self.condition
        if self.resource == "*":
            resources = ["*"]
            regions = sorted({table.place.region for table in tables})
            if "*" not in regions:
                condition = {"StringEquals": {"aws:RequestedRegion": regions}}
        else:
            named = (
                table.place.arn(self.service, self.resource.format(table=table.name))
                for table in tables
            )
            resources = list(dict.fromkeys(named))
        made: dict[str, Any] = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": actions,
            "Resource": resources,
        }
        return {**made, "Condition": condition} if condition else made


_TABLES = _Scope("DynoresilienceTables")
_TAGS = _Scope(
    "DynoresilienceTags",
    # Tables tell IAM the keys only in accounts that have attribute-based access control switched
    # on. Elsewhere there are none to compare, and for none of them `ForAllValues` is true: the
    # statement allows any key then. With a `Null` beside it, it would allow nothing there.
    condition={"ForAllValues:StringLike": {"aws:TagKeys": [f"{TAG_PREFIX}*"]}},
)
_LISTS = _Scope("DynoresilienceLists", resource="*")
_SCOPES = (_TABLES, _TAGS, _LISTS)

FEATURES: dict[str, tuple[tuple[_Scope, str], ...]] = {
    "scaling": (
        (_TABLES, "dynamodb:DescribeTable"),
        (_TABLES, "dynamodb:UpdateTable"),
    ),
    "ledger": (
        (_TABLES, "dynamodb:ListTagsOfResource"),
        (_TAGS, "dynamodb:TagResource"),
        (_TAGS, "dynamodb:UntagResource"),
    ),
    "reaper": (
        (_TABLES, "dynamodb:DescribeTable"),
        (_TABLES, "dynamodb:UpdateTable"),
        (_TABLES, "dynamodb:ListTagsOfResource"),
        (_TAGS, "dynamodb:UntagResource"),
        (_LISTS, "dynamodb:ListTables"),
    ),
}
"""What each feature asks of AWS. "reaper" alone is all that the reaper needs."""


def features_of(config: ScalingConfig) -> tuple[str, ...]:
    """Those of `FEATURES` that programs with this configuration use."""
    if not config.scaling_enabled:
        return ()
    return ("scaling", "ledger") if config.ledger == "tags" else ("scaling",)


def _features(features: str | Iterable[str] | None, config: ScalingConfig | None) -> list[str]:
    given = [] if features is None else _texts("features", features)
    for name in given:
        if name not in FEATURES:
            raise ConfigError(f"features={name!r} must be one of {', '.join(FEATURES)}")
    if config is None and features is None:
        config = ScalingConfig()
    if config is not None:
        given += features_of(config)
    if not given:
        raise ConfigError(
            "config.scaling_enabled=False: nothing is switched on that needs a permission; "
            "attach no policy, or name features"
        )
    return list(dict.fromkeys(given))


def _texts(field: str, given: str | Iterable[str]) -> list[str]:
    found = [given] if isinstance(given, str) else list(given)
    if not found:
        raise ConfigError(f"{field}={given!r} must name at least one")
    return found


_NAME = re.compile(r"[A-Za-z0-9_.*?-]{1,255}")
_ARN = re.compile(r"arn:([^:]+):dynamodb:([^:]+):([^:]+):table/([^/]+)")
_PLACE = {
    "partition": (re.compile(r"aws[a-z-]*"), 'a partition such as "aws" or "aws-cn"'),
    "region": (re.compile(r"\*|[a-z]{2}[a-z0-9-]*-\d+"), 'a region such as "eu-central-1", or "*"'),
    "account": (re.compile(r"\*|\d{12}"), 'the 12 digits of an account, in a text, or "*"'),
}


def _table(given: str, usual: _Places) -> _Table:
    """The table of a name or ARN."""
    place, name = usual, given
    found = _ARN.fullmatch(given) if isinstance(given, str) else None
    if found is not None:
        place, name = _Places(found[1], found[2], found[3]), found[4]
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
    return _Table(place, name)
