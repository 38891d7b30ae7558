"""The permissions that the library needs, as an IAM policy: exactly for what is switched on.

What the program's own calls need (``dynamodb:PutItem`` and so on) is the program's affair.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from dynoresilience.config import ScalingConfig
from dynoresilience.errors import ConfigError
from dynoresilience.iam.asked import Asked, Places, check_scheduler, table_of
from dynoresilience.iam.grants import FEATURES, SCOPES

__all__ = ["FEATURES", "Policy", "features_of", "policy"]


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
    scheduler_role: str | None = None,
    scheduler_group: str | None = None,
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
        scheduler_role: with "eventbridge" the ARN of the role that schedules act in. None: as in
            ``config``.
        scheduler_group: with "eventbridge" the schedule group. None: as in ``config``, which is
            "default" if nothing is said.

    Raises:
        ConfigError: an argument is wrong; it names it, its value, and what is allowed.
    """
    wanted = _features(features, config)
    places = Places(partition, region, account)
    if scheduler_role is None and config is not None:
        scheduler_role = config.scheduler_role_arn
    if scheduler_group is None:
        scheduler_group = (config or ScalingConfig()).scheduler_group
    named = [table_of(name, places) for name in _texts("tables", tables)]
    asked = Asked(named, scheduler_role, scheduler_group)
    if "eventbridge" in wanted:
        check_scheduler(asked)
    statements: list[dict[str, Any]] = []
    for scope in SCOPES:
        actions = [
            action
            for feature in wanted
            for its_scope, action in FEATURES[feature]
            if its_scope is scope
        ]
        if actions:
            statements.append(scope.statement(list(dict.fromkeys(actions)), asked))
    return Policy({"Version": "2012-10-17", "Statement": statements})


def features_of(config: ScalingConfig) -> tuple[str, ...]:
    """Those of `FEATURES` that programs with this configuration use."""
    if not config.scaling_enabled:
        return ()
    if config.dry_run:
        return ("dry-run",)
    uses = {
        "scaling": True,
        "ledger": config.ledger == "tags",
        "autoscaling": config.autoscaling == "cooperate",
        "autoscaling-hold": config.autoscaling == "hold",
        "eventbridge": config.scale_down_via == "eventbridge",
    }
    return tuple(name for name, used in uses.items() if used)


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
    found = [given] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
    if not found:
        raise ConfigError(f"{field}={given!r} must name at least one")
    return found
