"""A ledger in this process's memory: what was raised is known as long as the process lives."""

from __future__ import annotations

from dynoresilience import fork_safe
from dynoresilience.model import RaisedTable


class MemoryLedger:
    """`ports.ScaleDownLedger` in memory; each step is one dict operation, so no lock is needed.

    A forked child begins with an empty one: taking the raises back is its parent's affair.
    """

    def __init__(self) -> None:
        self._entries: dict[str, RaisedTable] = {}
        fork_safe.in_child(self._entries.clear)

    def load(self, arn: str) -> RaisedTable | None:
        return self._entries.get(arn)

    def record(self, entry: RaisedTable) -> None:
        self._entries[entry.arn] = entry

    def forget(self, arn: str) -> None:
        self._entries.pop(arn, None)

    def entries(self) -> tuple[RaisedTable, ...]:
        return tuple(self._entries.values())
