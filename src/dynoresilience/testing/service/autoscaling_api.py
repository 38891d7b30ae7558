"""The operations of Application Auto Scaling, for the tables of one region."""

from __future__ import annotations

from collections.abc import Callable

from dynoresilience.testing.autoscaling.names import TargetKey, check_namespace
from dynoresilience.testing.autoscaling.targets import ScalableTargets
from dynoresilience.testing.replies import Body, Refused, Reply
from dynoresilience.testing.service.autoscaler import Autoscaler
from dynoresilience.testing.service.tables import Request, Tables

SERVICE = "application-autoscaling"
"""As IAM's actions begin, and botocore calls it."""

_HEADERS = {"content-type": "application/x-amz-json-1.1"}


class AutoscalingApi:
    """Answers requests to one region; ``autoscaler`` does what they order."""

    def __init__(self, tables: Tables, autoscaler: Autoscaler) -> None:
        self._tables = tables
        self._autoscaler = autoscaler
        self._targets = ScalableTargets(tables.region)

    def answer(self, operation: str, request: Request) -> Reply:
        """Answer one of the operations that are simulated.

        Raises:
            Refused: nothing was changed.
        """
        operations: dict[str, Callable[[Request], Body]] = {
            "DeleteScalingPolicy": self._delete_policy,
            "DeregisterScalableTarget": self._deregister,
            "DescribeScalableTargets": lambda asked: self._targets.describe(asked.body),
            "DescribeScalingPolicies": lambda asked: self._targets.describe_policies(asked.body),
            "PutScalingPolicy": self._put_policy,
            "RegisterScalableTarget": self._register,
        }
        check_namespace(request.body)
        return Reply.of(operations[operation](request), headers=_HEADERS)

    def _register(self, request: Request) -> Body:
        body, backend, at = request
        key = TargetKey.of(body)
        resource, _, _ = self._targets.check_register(body)
        if self._targets.get(key) is None:
            self._tables.find(resource.table, backend, at)
            if self._tables.control.get(resource) is None:
                what = "table" if resource.index is None else "index"
                message = f"DynamoDB {what} does not exist: {key.resource_id}"
                raise Refused("ValidationException", message)
        target = self._targets.register(body, self._tables.utc(at))
        self._autoscaler.registered(target, at)
        return {"ScalableTargetARN": target.arn}

    def _deregister(self, request: Request) -> Body:
        self._autoscaler.deregistered(self._targets.deregister(request.body))
        return {}

    def _put_policy(self, request: Request) -> Body:
        policy = self._targets.put_policy(request.body, self._tables.utc(request.at))
        return {name: policy.shown[name] for name in ("PolicyARN", "Alarms")}

    def _delete_policy(self, request: Request) -> Body:
        self._targets.delete_policy(request.body)
        return {}


def refusal(refused: Refused) -> Reply:
    """An error in the form of this service."""
    body = {"__type": refused.code, "Message": refused.message}
    return Reply.of(body, refused.status, _HEADERS)
