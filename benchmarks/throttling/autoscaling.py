"""Application Auto Scaling: target tracking at 70 %, by far the most usual target.

As AWS documents it, it acts on points of a minute each: two above the target raise, fifteen far
below it lower. That a table without any use is not lowered is an assumption of the simulator.
"""

from __future__ import annotations

from typing import Any

from .workloads import Table, Workload
from .world import World

TARGET = 70.0


def track(world: World, workload: Workload) -> None:
    """Have all numbers of all tables tracked, between what they are now and the cap."""
    client = world.simulator.autoscaling_client()
    for table in workload.tables:
        for index in (None, *table.indexes):
            for kind in ("Read", "Write"):
                _track(client, table, index, kind, workload.cap)


def _track(client: Any, table: Table, index: str | None, kind: str, cap: int) -> None:
    write = table.write if index is None else table.indexes[index]
    where = f"table/{table.name}" if index is None else f"table/{table.name}/index/{index}"
    target = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": where,
        "ScalableDimension": f"dynamodb:{'index' if index else 'table'}:{kind}CapacityUnits",
    }
    least = write if kind == "Write" else table.read
    client.register_scalable_target(**target, MinCapacity=least, MaxCapacity=max(least, cap))
    client.put_scaling_policy(
        **target,
        PolicyName=f"{kind} {where}",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": TARGET,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": f"DynamoDB{kind}CapacityUtilization"
            },
        },
    )
