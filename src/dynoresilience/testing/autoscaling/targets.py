"""Scalable targets and their policies: what is registered, described and refused. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

from dynoresilience.model import Dimension, Resource
from dynoresilience.testing.autoscaling.names import (
    ACCOUNT,
    NAMESPACE,
    TargetKey,
    invalid,
    not_found,
    parse,
)
from dynoresilience.testing.autoscaling.pages import page
from dynoresilience.testing.autoscaling.policies import CONFIGURATION, Policy, tracking_of
from dynoresilience.testing.autoscaling.tracking import Bounds, Tracking
from dynoresilience.testing.replies import Body

OPERATIONS = (
    "DeleteScalingPolicy",
    "DeregisterScalableTarget",
    "DescribeScalableTargets",
    "DescribeScalingPolicies",
    "PutScalingPolicy",
    "RegisterScalableTarget",
)
"""What is simulated of the service."""

_ROLE = (
    f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/dynamodb.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable"
)
"""The service-linked role; a RoleARN in a request is ignored, as AWS does for DynamoDB."""


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
                raise invalid(f"{name} is required to register a new scalable target")
            if value < 1:
                raise invalid(f"{name} must be at least 1, got {value}")
        assert minimum is not None
        assert maximum is not None
        if minimum > maximum:
            raise invalid(f"MinCapacity {minimum} cannot be greater than MaxCapacity {maximum}")
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
                f"arn:aws:application-autoscaling:{self._region}:{ACCOUNT}:"
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
            raise not_found(f"No scalable target found for {key}")
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
        tracking = tracking_of(body, dimension)
        target = self._targets.get(key)
        if target is None:
            raise not_found(f"No scalable target registered for {key}")
        name, old = body["PolicyName"], target.policy
        if old is not None and old.name != name:
            raise invalid(
                "Only one TargetTrackingScaling policy for a given metric specification is allowed."
            )
        shown: Body = {
            "PolicyARN": (
                f"arn:aws:autoscaling:{self._region}:{ACCOUNT}:scalingPolicy:{uuid.uuid4()}:"
                f"resource/{NAMESPACE}/{key.resource_id}:policyName/{name}"
            ),
            "CreationTime": round(utc, 3),
            **(old.shown if old else {}),
            "PolicyName": name,
            "ServiceNamespace": NAMESPACE,
            "ResourceId": key.resource_id,
            "ScalableDimension": key.scalable_dimension,
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": body[CONFIGURATION],
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
            raise not_found(f"No scaling policy found for {key}, policy name: {name}")
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


def _check_filter(dimension: Any, ids: Collection[str], name: str) -> None:
    if dimension is not None and not ids:
        raise invalid(f"ScalableDimension needs {name}")
