"""Scaling policies: what one asks for, and which of them are refused. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dynoresilience.model import Dimension
from dynoresilience.testing.autoscaling.names import invalid
from dynoresilience.testing.autoscaling.tracking import Tracking
from dynoresilience.testing.replies import Body

CONFIGURATION = "TargetTrackingScalingPolicyConfiguration"

_UTILIZATION = (20, 90)
"""Per cent that a policy may aim at (DynamoDB's developer guide)."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A target tracking policy as it is described, and what is to be decided by it."""

    name: str
    shown: Body
    tracking: Tracking


def tracking_of(body: Body, dimension: Dimension) -> Tracking:
    """What a PutScalingPolicy for this dimension asks for.

    Raises:
        Refused: ValidationException.
    """
    configuration: Any = body.get(CONFIGURATION)
    if body.get("PolicyType", "StepScaling") != "TargetTrackingScaling" or not configuration:
        raise invalid(
            f"PolicyType must be TargetTrackingScaling, with {CONFIGURATION}: there is no other"
        )
    metric = (configuration.get("PredefinedMetricSpecification") or {}).get("PredefinedMetricType")
    expected = f"DynamoDB{dimension.value.capitalize()}CapacityUtilization"
    if metric != expected:
        raise invalid(f"PredefinedMetricType must be {expected}, got {metric}")
    target = configuration["TargetValue"]
    if not _UTILIZATION[0] <= target <= _UTILIZATION[1]:
        least, most = _UTILIZATION
        raise invalid(f"TargetValue must be between {least} and {most}, got {target}")
    return Tracking(
        float(target),
        scales_in=not configuration.get("DisableScaleIn"),
        in_cooldown=configuration.get("ScaleInCooldown") or 0,
        out_cooldown=configuration.get("ScaleOutCooldown") or 0,
    )
