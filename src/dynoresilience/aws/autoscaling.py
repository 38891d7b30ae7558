"""Application Auto Scaling: what of a table it looks after, and how low it may go there.

Nothing is ever registered or removed: a minimum without a maximum is refused where there is no
target yet.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from dynoresilience.aws.siblings import sibling
from dynoresilience.aws.table_control import translated
from dynoresilience.model import Change, Dimension, RaisedKey, ScalableTarget, TableState
from dynoresilience.ports import AccessDenied, NotThere, TargetDenied

_log = logging.getLogger("dynoresilience")

_DESCRIBE = "application-autoscaling:DescribeScalableTargets"
_POLICIES = "application-autoscaling:DescribeScalingPolicies"
_REGISTER = "application-autoscaling:RegisterScalableTarget"
_UNITS = {Dimension.READ: "ReadCapacityUnits", Dimension.WRITE: "WriteCapacityUnits"}
_DIMENSIONS = {f"dynamodb:{of}:{_UNITS[d]}": d for of in ("table", "index") for d in Dimension}
_ARN = re.compile(r"arn:[^:]+:[^:]+:[^:]*:(\d+):")


class ScalableTargets:
    """The scalable targets of tables, through a client that makes a single attempt.

    ``new_client`` is called when first needed; None: there is nobody to ask here.
    """

    def __init__(self, new_client: Callable[[], Any | None]) -> None:
        self._new_client = new_client
        self._clients: list[Any | None] = []
        self._no_policies_seen = False

    @classmethod
    def beside(cls, dynamodb: Any) -> ScalableTargets:
        """Those of the tables of a DynamoDB client, with its credentials."""
        return cls(lambda: sibling(dynamodb, "application-autoscaling"))

    def of(
        self, table: str, state: TableState, keys: Collection[RaisedKey]
    ) -> Mapping[RaisedKey, ScalableTarget]:
        """By number; ``table`` is as the caller addressed it.

        Of ``keys`` it is asked whether they have a policy.

        Raises `NotThere`, `AccessDenied` or `ControlPlaneError`.
        """
        ids = {_resource_id(state.name, index): index for index in (None, *state.indexes)}
        found: dict[RaisedKey, ScalableTarget] = {}
        try:
            client = self._client()
            pages = client.get_paginator("describe_scalable_targets").paginate(
                ServiceNamespace="dynamodb", ResourceIds=list(ids)
            )
            for page in pages:
                for entry in page["ScalableTargets"]:
                    dimension = _DIMENSIONS.get(entry["ScalableDimension"])
                    if dimension is None or _of_another_account(table, entry):
                        continue
                    limits = ScalableTarget(entry["MinCapacity"], entry["MaxCapacity"])
                    found[ids[entry["ResourceId"]], dimension] = limits
        except NotThere:
            raise
        except Exception as error:
            raise translated(error, _DESCRIBE) from error
        for key in found.keys() & set(keys):
            found[key] = replace(found[key], tracked=self._is_tracked(client, state.name, key))
        return found

    def _is_tracked(self, client: Any, table: str, key: RaisedKey) -> bool:
        """Whether a target has a policy; True if that can't be told, as nearly all have."""
        if self._no_policies_seen:
            return True
        try:
            pages = client.get_paginator("describe_scaling_policies").paginate(
                ServiceNamespace="dynamodb", **_number(table, key)
            )
            return any(page["ScalingPolicies"] for page in pages)
        except Exception as error:
            told = translated(error, _POLICIES)
            self._no_policies_seen = isinstance(told, AccessDenied)
            _log.debug("taken to have a scaling policy: %s", told)
            return True

    def set_minimum(self, table: str, change: Change) -> None:
        """Change the minimum of a target, and nothing else of it.

        ``table`` is its name or ARN.

        Raises `TargetDenied`, `ServiceLimit`, `OutcomeUnknown` or `ControlPlaneError`.
        """
        number = _number(table.rpartition("/")[2], change.key)
        try:
            client = self._client()
            client.register_scalable_target(
                ServiceNamespace="dynamodb", MinCapacity=change.after, **number
            )
        except Exception as error:
            known = translated(error, _REGISTER)
            if isinstance(known, AccessDenied):
                known = TargetDenied(_REGISTER, str(known))
            raise known from error

    def _client(self) -> Any:
        if not self._clients:
            self._clients.append(self._new_client())
        if self._clients[0] is None:
            raise NotThere("there is no Application Auto Scaling beside the tables")
        return self._clients[0]


def _number(table: str, key: RaisedKey) -> dict[str, str]:
    """How Application Auto Scaling calls one number of a table."""
    index, dimension = key
    of = "table" if index is None else "index"
    return {
        "ResourceId": _resource_id(table, index),
        "ScalableDimension": f"dynamodb:{of}:{_UNITS[dimension]}",
    }


def _resource_id(table: str, index: str | None) -> str:
    return f"table/{table}" if index is None else f"table/{table}/index/{index}"


def _of_another_account(table: str, entry: Mapping[str, Any]) -> bool:
    """True if a table of another account is addressed (by ARN): only our own targets are seen."""
    theirs = _ARN.match(table)
    ours = _ARN.match(entry.get("ScalableTargetARN") or entry.get("RoleARN") or "")
    return theirs is not None and ours is not None and theirs[1] != ours[1]
