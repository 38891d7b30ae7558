"""A scheduler in memory: it keeps what is put, and may fail."""

from __future__ import annotations

import math

from dynoresilience.model import CapacityUpdate, RaisedTable
from dynoresilience.ports import Settings


class FakeScheduler:
    """`ports.ScaleDownScheduler`; ``fail`` is raised by the next requests, one each."""

    def __init__(self) -> None:
        self.schedules: dict[str, tuple[CapacityUpdate | None, float]] = {}
        self.calls: list[str] = []
        self.fail: list[Exception] = []

    def put(
        self, entry: RaisedTable, lower: CapacityUpdate | None, due: float, settings: Settings
    ) -> float:
        self._called("put")
        at = float(math.ceil(due / 60) * 60)
        self.schedules[entry.arn] = lower, at
        return at

    def remove(self, entry: RaisedTable, settings: Settings) -> None:
        self._called("remove")
        self.schedules.pop(entry.arn, None)

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if self.fail:
            raise self.fail.pop(0)
