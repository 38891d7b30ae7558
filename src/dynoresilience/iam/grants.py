"""Which actions each feature asks for, of what, and under which condition.

Which resource and which condition key an action knows is as in AWS's Service Authorization
Reference. UpdateTable is of the table, also where it changes an index; ListTables and what only
looks at Application Auto Scaling are of no resource at all.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, NamedTuple

from dynoresilience.iam.asked import Asked

TAG_PREFIX = "dynoresilience:"
"""What the keys of all tags begin with that the library writes."""


class Scope(NamedTuple):
    """One statement: its name, what it is about, and under which condition.

    ``resource``: what follows account and colon in the ARNs; without a ``service`` all of it.
    """

    sid: str
    service: str | None
    resource: str
    condition: dict[str, dict[str, list[str]]] | None = None

    def statement(self, actions: list[str], asked: Asked) -> dict[str, Any]:
        """The statement that allows these actions for what is asked."""
        resources = []
        for table in asked.tables:
            resource = self.resource.format(
                table=table.name, stem=table.stem, group=asked.group, role=asked.role
            )
            resources.append(table.place.arn(self.service, resource) if self.service else resource)
        made: dict[str, Any] = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": actions,
            "Resource": list(dict.fromkeys(resources)),
        }
        condition = asked.in_region if self.resource == "*" else self.condition
        return {**made, "Condition": deepcopy(condition)} if condition else made


_TABLES = Scope("DynoresilienceTables", "dynamodb", "table/{table}")
_INDEXES = Scope("DynoresilienceIndexes", "dynamodb", "table/{table}/index/*")
_TAGS = Scope(
    "DynoresilienceTags",
    "dynamodb",
    "table/{table}",
    # Tables tell IAM the keys only in accounts that have attribute-based access control switched
    # on. Elsewhere there are none to compare, and for none of them `ForAllValues` is true: the
    # statement allows any key then. With a `Null` beside it, it would allow nothing there.
    condition={"ForAllValues:StringLike": {"aws:TagKeys": [f"{TAG_PREFIX}*"]}},
)
_LISTS = Scope("DynoresilienceLists", None, "*")
_TARGETS = Scope(
    "DynoresilienceScalableTargets",
    "application-autoscaling",
    "scalable-target/*",  # their ARNs end in a number of their own, not in the table's name
    {
        "StringEquals": {
            "application-autoscaling:service-namespace": ["dynamodb"],
            "application-autoscaling:scalable-dimension": [
                "dynamodb:table:ReadCapacityUnits",
                "dynamodb:table:WriteCapacityUnits",
                "dynamodb:index:ReadCapacityUnits",
                "dynamodb:index:WriteCapacityUnits",
            ],
        }
    },
)
_SCHEDULES = Scope(
    "DynoresilienceSchedules", "scheduler", "schedule/{group}/dynoresilience-{stem}-*"
)
_ROLE = Scope(
    "DynoresilienceSchedulerRole",
    None,
    "{role}",
    {"StringEquals": {"iam:PassedToService": ["scheduler.amazonaws.com"]}},
)
SCOPES = (_TABLES, _INDEXES, _TAGS, _LISTS, _TARGETS, _SCHEDULES, _ROLE)

_VERIFY = (
    (_TABLES, "dynamodb:DescribeTable"),
    (_TABLES, "dynamodb:DescribeTimeToLive"),
    (_TABLES, "dynamodb:ListTagsOfResource"),
    (_TABLES, "dynamodb:DescribeContinuousBackups"),
    (_TABLES, "dynamodb:DescribeContributorInsights"),
    (_INDEXES, "dynamodb:DescribeContributorInsights"),
    (_LISTS, "application-autoscaling:DescribeScalableTargets"),
)
_ENSURE = (
    *_VERIFY,
    (_TABLES, "dynamodb:CreateTable"),
    (_TABLES, "dynamodb:TagResource"),  # of any key, unlike the ledger's
    (_TAGS, "dynamodb:UntagResource"),  # the mark of a creation that is not finished
    (_TABLES, "dynamodb:UpdateTimeToLive"),
    (_TABLES, "dynamodb:UpdateContinuousBackups"),
    (_TABLES, "dynamodb:UpdateContributorInsights"),
    (_INDEXES, "dynamodb:UpdateContributorInsights"),
)

FEATURES: dict[str, tuple[tuple[Scope, str], ...]] = {
    "scaling": (
        (_TABLES, "dynamodb:DescribeTable"),
        (_TABLES, "dynamodb:UpdateTable"),
    ),
    "ledger": (
        (_TABLES, "dynamodb:ListTagsOfResource"),
        (_TAGS, "dynamodb:TagResource"),
        (_TAGS, "dynamodb:UntagResource"),
    ),
    "autoscaling": (
        (_LISTS, "application-autoscaling:DescribeScalableTargets"),
        (_LISTS, "application-autoscaling:DescribeScalingPolicies"),
        (_TARGETS, "application-autoscaling:RegisterScalableTarget"),
    ),
    "autoscaling-hold": (
        (_LISTS, "application-autoscaling:DescribeScalableTargets"),
        (_LISTS, "application-autoscaling:DescribeScalingPolicies"),
    ),
    "eventbridge": (
        (_SCHEDULES, "scheduler:CreateSchedule"),
        (_SCHEDULES, "scheduler:UpdateSchedule"),
        (_SCHEDULES, "scheduler:DeleteSchedule"),
        (_ROLE, "iam:PassRole"),
    ),
    "dry-run": (
        (_TABLES, "dynamodb:DescribeTable"),
        (_TABLES, "dynamodb:ListTagsOfResource"),
        (_LISTS, "application-autoscaling:DescribeScalableTargets"),
        (_LISTS, "application-autoscaling:DescribeScalingPolicies"),
    ),
    "reaper": (
        (_TABLES, "dynamodb:DescribeTable"),
        (_TABLES, "dynamodb:UpdateTable"),
        (_TABLES, "dynamodb:ListTagsOfResource"),
        (_TAGS, "dynamodb:UntagResource"),
        (_LISTS, "dynamodb:ListTables"),
    ),
    "verify": _VERIFY,
    "ensure": _ENSURE,
    "repair": (*_ENSURE, (_TABLES, "dynamodb:UpdateTable")),
}
"""What each feature asks of AWS.

"scaling" is what the others add to, for programs. "reaper" alone is what the reaper needs, with
"autoscaling" beside it where tables are under Application Auto Scaling. "autoscaling-hold" is for
``ScalingConfig(autoscaling="hold")``, "dry-run" for ``ScalingConfig(dry_run=True)``. "verify",
"ensure" and "repair" are for `dynoresilience.tables`, each with what the one before it has."""
