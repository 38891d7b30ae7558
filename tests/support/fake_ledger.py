"""Tags in memory behind `ScaleDownLedger`: several processes can share them."""

from __future__ import annotations

from collections import Counter, defaultdict

from dynoresilience.aws.ledger_tags import from_tags, tag_key, to_tags
from dynoresilience.model import RaisedTable, TableState
from dynoresilience.ports import Clock, TableBusy


class FakeLedger:
    """The tags of an account's tables.

    A change locks them for ``lock_seconds``, and is not seen for ``lag_seconds``. ``tags``: by
    table ARN. ``fail``: exceptions by method name, each raised once.
    """

    def __init__(
        self, clock: Clock, *, lock_seconds: float = 0.0, lag_seconds: float = 0.0
    ) -> None:
        self.clock = clock
        self.lock_seconds = lock_seconds
        self.lag_seconds = lag_seconds
        self.tags: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self.calls: Counter[str] = Counter()
        self.fail: dict[str, list[Exception]] = {"read": [], "write": [], "erase": []}
        self._changed_at: dict[str, float] = {}
        self._before: dict[str, dict[str, str]] = {}

    def read(self, state: TableState) -> RaisedTable | None:
        self._called("read")
        is_old = self._since_change(state.arn) < self.lag_seconds
        tags = self._before[state.arn] if is_old else self.tags[state.arn]
        return from_tags(tags, state)

    def write(self, entry: RaisedTable) -> bool:
        self._called("write")
        self._lock(entry.arn)
        self.tags[entry.arn] |= to_tags(entry)
        return True

    def erase(self, entry: RaisedTable) -> None:
        self._called("erase")
        self._lock(entry.arn)
        for key in entry.raised:
            self.tags[entry.arn].pop(tag_key(key, entry.on_demand), None)

    def _called(self, name: str) -> None:
        self.calls[name] += 1
        if self.fail[name]:
            raise self.fail[name].pop(0)

    def _lock(self, arn: str) -> None:
        if self._since_change(arn) < self.lock_seconds:
            raise TableBusy("Table tags are being updated")
        self._before[arn] = dict(self.tags[arn])
        self._changed_at[arn] = self.clock.monotonic()

    def _since_change(self, arn: str) -> float:
        return self.clock.monotonic() - self._changed_at.get(arn, float("-inf"))
