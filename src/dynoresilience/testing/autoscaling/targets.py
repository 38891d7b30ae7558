"""Scalable targets and their policies: what is registered, described and refused. Pure.

Errors have AWS's own words where these are on record; the others say what is wrong in ours.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from dynoresilience.model import Dimension, Resource
from dynoresilience.testing.autoscaling.pages import page
from dynoresilience.testing.autoscaling.tracking import Bounds, Tracking
from dynoresilience.testing.replies import Body, Refused

NAMESPACE = "dynamodb"
OPERATIONS = (
    "DeleteScalingPolicy",
    "DeregisterScalableTarget",
    "DescribeScalableTargets",
    "DescribeScalingPolicies",
    "PutScalingPolicy",
    "RegisterScalableTarget",
)
"""What is simulated of the service."""

_ACCOUNT = "123456789012"
_ROLE = (
    f"arn:aws:iam::{_ACCOUNT}:role/aws-service-role/dynamodb.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable"
)
"""The service-linked role; a RoleARN in a request is ignored, as AWS does for DynamoDB."""

_ID = re.compile(r"table/(?P<table>[\w.-]+)(?:/index/(?P<index>[\w.-]+))?")
_DIMENSION = re.compile(r"dynamodb:(?P<kind>table|index):(?P<name>Read|Write)CapacityUnits")
_UTILIZATION = (20, 90)
"""Per cent that a policy may aim at (DynamoDB's developer guide)."""


class TargetKey(NamedTuple):
    """How requests name a target: ``ResourceId`` and ``ScalableDimension``."""

    resource_id: str
    scalable_dimension: str

    @classmethod
    def of(cls, body: Body) -> TargetKey:
        return cls(body["ResourceId"], body["ScalableDimension"])

    def __str__(self) -> str:
        return (
            f"service namespace: {NAMESPACE}, resource ID: {self.resource_id}, "
            f"scalable dimension: {self.scalable_dimension}"
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """A target tracking policy as it is described, and what is to be decided by it."""

    name: str
    shown: Body
    tracking: Tracking


@dataclass(slots=True)
class ScalableTarget:
    """One dimension of a table or an index that is scaled between two bounds.

    Args:
        key: its name in requests.
        resource: the table or index.
        dimension: reads or writes.
        bounds: units between which it is kept.
        created: seconds since the epoch.
        arn: the target's own.
        suspended: as in ``SuspendedState``.
        policy: None: it has none, and is not tracked.
    """

    key: TargetKey
    resource: Resource
    dimension: Dimension
    bounds: Bounds
    created: float
    arn: str
    suspended: dict[str, bool] = field(default_factory=dict)
    policy: Policy | None = None

    @property
    def tracking(self) -> Tracking | None:
        """What is to be tracked now."""
        if self.policy is None:
            return None
        tracking = self.policy.tracking
        return replace(
            tracking,
            scales_in=tracking.scales_in and not self.suspended.get("DynamicScalingInSuspended"),
            scales_out=not self.suspended.get("DynamicScalingOutSuspended"),
        )

    def described(self) -> Body:
        return {
            "ServiceNamespace": NAMESPACE,
            "ResourceId": self.key.resource_id,
            "ScalableDimension": self.key.scalable_dimension,
            "MinCapacity": self.bounds.minimum,
            "MaxCapacity": self.bounds.maximum,
            "RoleARN": _ROLE,
            "CreationTime": round(self.created, 3),
            "SuspendedState": {
                name: self.suspended.get(name, False)
                for name in (
                    "DynamicScalingInSuspended",
                    "DynamicScalingOutSuspended",
                    "ScheduledScalingSuspended",
                )
            },
            "ScalableTargetARN": self.arn,
        }


class ScalableTargets:
    """The targets of one region."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._targets: dict[TargetKey, ScalableTarget] = {}

    def get(self, key: TargetKey) -> ScalableTarget | None:
        """The target, if it is registered."""
        return self._targets.get(key)

    def check_register(self, body: Body) -> tuple[Resource, Dimension, Bounds]:
        """What a RegisterScalableTarget is about.

        Raises:
            Refused: ValidationException.
        """
        resource, dimension = parse(TargetKey.of(body))
        known = self._targets.get(TargetKey.of(body))
        minimum, maximum = body.get("MinCapacity"), body.get("MaxCapacity")
        if known is not None:
            minimum = known.bounds.minimum if minimum is None else minimum
            maximum = known.bounds.maximum if maximum is None else maximum
        for name, value in (("MinCapacity", minimum), ("MaxCapacity", maximum)):
            if value is None:
                raise _invalid(f"{name} is required to register a new scalable target")
            if value < 1:
                raise _invalid(f"{name} must be at least 1, got {value}")
        assert minimum is not None
        assert maximum is not None
        if minimum > maximum:
            raise _invalid(f"MinCapacity {minimum} cannot be greater than MaxCapacity {maximum}")
        return resource, dimension, Bounds(minimum, maximum)

    def register(self, body: Body, utc: float) -> ScalableTarget:
        """Create a target, or change what the request names of one that is there.

        Raises:
            Refused: ValidationException.
        """
        resource, dimension, bounds = self.check_register(body)
        key = TargetKey.of(body)
        target = self._targets.get(key)
        if target is None:
            arn = (
                f"arn:aws:application-autoscaling:{self._region}:{_ACCOUNT}:"
                f"scalable-target/{uuid.uuid4().hex}"
            )
            target = ScalableTarget(key, resource, dimension, bounds, utc, arn)
            self._targets[key] = target
        target.bounds = bounds
        target.suspended.update(body.get("SuspendedState") or {})
        return target

    def deregister(self, body: Body) -> TargetKey:
        """Forget a target and its policy.

        Raises:
            Refused: ObjectNotFoundException.
        """
        key = TargetKey.of(body)
        parse(key)
        if self._targets.pop(key, None) is None:
            raise _not_found(f"No scalable target found for {key}")
        return key

    def describe(self, body: Body) -> Body:
        """DescribeScalableTargets."""
        ids = body.get("ResourceIds") or ()
        dimension = body.get("ScalableDimension")
        _check_filter(dimension, ids, "ResourceIds")
        entries = {
            " ".join(key): target.described()
            for key, target in self._targets.items()
            if (not ids or key.resource_id in ids) and dimension in (None, key.scalable_dimension)
        }
        return page("ScalableTargets", entries, body)

    def put_policy(self, body: Body, utc: float) -> Policy:
        """Give a target its policy, or change it.

        Raises:
            Refused: ValidationException, or ObjectNotFoundException: there is no such target.
        """
        key = TargetKey.of(body)
        _, dimension = parse(key)
        tracking = _tracking(body, dimension)
        target = self._targets.get(key)
        if target is None:
            raise _not_found(f"No scalable target registered for {key}")
        name, old = body["PolicyName"], target.policy
        if old is not None and old.name != name:
            raise _invalid(
                "Only one TargetTrackingScaling policy for a given metric specification is allowed."
            )
        shown: Body = {
            "PolicyARN": (
                f"arn:aws:autoscaling:{self._region}:{_ACCOUNT}:scalingPolicy:{uuid.uuid4()}:"
                f"resource/{NAMESPACE}/{key.resource_id}:policyName/{name}"
            ),
            "CreationTime": round(utc, 3),
            **(old.shown if old else {}),
            "PolicyName": name,
            "ServiceNamespace": NAMESPACE,
            "ResourceId": key.resource_id,
            "ScalableDimension": key.scalable_dimension,
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": body[_CONFIGURATION],
            "Alarms": [],  # there is no CloudWatch to have them
        }
        target.policy = Policy(name, shown, tracking)
        return target.policy

    def delete_policy(self, body: Body) -> None:
        """Take a target's policy away.

        Raises:
            Refused: ObjectNotFoundException.
        """
        key = TargetKey.of(body)
        parse(key)
        target, name = self._targets.get(key), body["PolicyName"]
        if target is None or target.policy is None or target.policy.name != name:
            raise _not_found(f"No scaling policy found for {key}, policy name: {name}")
        target.policy = None

    def describe_policies(self, body: Body) -> Body:
        """DescribeScalingPolicies."""
        asked, dimension = body.get("ResourceId"), body.get("ScalableDimension")
        names = body.get("PolicyNames") or ()
        _check_filter(dimension, asked or (), "ResourceId")
        entries = {
            " ".join((*key, target.policy.name)): target.policy.shown
            for key, target in self._targets.items()
            if target.policy is not None
            and asked in (None, key.resource_id)
            and dimension in (None, key.scalable_dimension)
            and (not names or target.policy.name in names)
        }
        return page("ScalingPolicies", entries, body)


def parse(key: TargetKey) -> tuple[Resource, Dimension]:
    """The table or index of a target, and which of its units.

    Raises:
        Refused: ValidationException.
    """
    named, scaled = _ID.fullmatch(key.resource_id), _DIMENSION.fullmatch(key.scalable_dimension)
    if not named or not scaled or (scaled["kind"] == "index") is not (named["index"] is not None):
        raise _invalid("Unsupported service namespace, resource type or scalable dimension")
    return Resource(named["table"], named["index"]), Dimension(scaled["name"].lower())


def check_namespace(body: Body) -> None:
    """Refuse a request that is not about DynamoDB.

    Raises:
        Refused: ValidationException.
    """
    if body.get("ServiceNamespace") != NAMESPACE:
        raise _invalid("Unsupported service namespace, resource type or scalable dimension")


_CONFIGURATION = "TargetTrackingScalingPolicyConfiguration"


def _tracking(body: Body, dimension: Dimension) -> Tracking:
    """What a policy asks for."""
    configuration: Any = body.get(_CONFIGURATION)
    if body.get("PolicyType", "StepScaling") != "TargetTrackingScaling" or not configuration:
        raise _invalid(
            f"PolicyType must be TargetTrackingScaling, with {_CONFIGURATION}: there is no other"
        )
    metric = (configuration.get("PredefinedMetricSpecification") or {}).get("PredefinedMetricType")
    expected = f"DynamoDB{dimension.value.capitalize()}CapacityUtilization"
    if metric != expected:
        raise _invalid(f"PredefinedMetricType must be {expected}, got {metric}")
    target = configuration["TargetValue"]
    if not _UTILIZATION[0] <= target <= _UTILIZATION[1]:
        least, most = _UTILIZATION
        raise _invalid(f"TargetValue must be between {least} and {most}, got {target}")
    return Tracking(
        float(target),
        scales_in=not configuration.get("DisableScaleIn"),
        in_cooldown=configuration.get("ScaleInCooldown") or 0,
        out_cooldown=configuration.get("ScaleOutCooldown") or 0,
    )


def _check_filter(dimension: Any, ids: Collection[str], name: str) -> None:
    if dimension is not None and not ids:
        raise _invalid(f"ScalableDimension needs {name}")


def _invalid(message: str) -> Refused:
    return Refused("ValidationException", message)


def _not_found(message: str) -> Refused:
    return Refused("ObjectNotFoundException", message)
