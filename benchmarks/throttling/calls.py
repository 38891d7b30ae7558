"""How a program carries calls out through a boto3 client."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support.fleet.hub import Process

from .workloads import INDEX, Call, Workload
from .world import World

Do = Callable[[Call], None]
"""Carries out a call, or raises what the program would see."""

PAGE = 50
"""Items of a page."""


@dataclass(frozen=True)
class Setting:
    """One process of a workload."""

    world: World
    workload: Workload
    process: Process
    number: int

    def client(self, mode: str = "standard") -> Any:
        """A boto3 client of its own, in one of botocore's retry modes."""
        return self.world.client(retries={"mode": mode})


def through(client: Any) -> Do:
    """Carry calls out through a client as programs do."""

    def do(call: Call) -> None:
        if call.kind == "put":
            customer = f"c-{sum(call.key.encode()) % 50}"
            item = {"id": {"S": call.key}, INDEX[3:]: {"S": customer}}
            client.put_item(TableName=call.table, Item=item)
        else:
            pages = client.get_paginator("scan").paginate(
                TableName=call.table, PaginationConfig={"PageSize": PAGE}
            )
            for _ in pages:
                pass

    return do
