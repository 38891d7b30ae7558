"""Double everything and wait: the simplest that raises capacity, without a lock between threads.

On a throttle that boto3 has given up on: look at the table, ask for twice the reads and writes of
it and of all its indexes, wait until it is ACTIVE, and call again, five times at most. Ten minutes
after its first raise a process asks for the base again, which is in its configuration.
"""

from __future__ import annotations

import time
from typing import Any

from botocore.exceptions import ClientError

from .calls import Setting, through
from .workloads import Call, Table

TRIES = 5
DOWN_AFTER = 600.0
_THROTTLES = ("ProvisionedThroughputExceededException", "ThrottlingException")
_DOUBLED_ALREADY = ("ResourceInUseException", "ValidationException")
Units = dict[str | None, dict[str, int]]


class Doubling:
    """One process. ``patient``: a doubling of somebody else's is no failure, but waited for."""

    def __init__(self, setting: Setting, *, patient: bool = False) -> None:
        self._client = setting.client()
        self._do = through(self._client)
        self._process = setting.process
        self._cap = setting.workload.cap
        self._patient = patient
        self._base = {table.name: base_of(table) for table in setting.workload.tables}
        self._due: set[str] = set()

    def __call__(self, call: Call) -> None:
        for attempt in range(TRIES):
            try:
                return self._do(call)
            except ClientError as error:
                if _code(error) not in _THROTTLES or attempt == TRIES - 1:
                    raise
            self._double(call.table)

    def _double(self, table: str) -> None:
        now = units_of(self._described(table))
        wanted = {
            name: {kind: self._twice(n) for kind, n in of.items()} for name, of in now.items()
        }
        if wanted != now:
            try:
                self._update(table, wanted, now)
            except ClientError as error:
                if not (self._patient and _code(error) in _DOUBLED_ALREADY):
                    raise
            else:
                self._lower_later(table)
        while not is_active(self._described(table)):
            time.sleep(1.0)

    def _twice(self, units: int) -> int:
        return max(units, min(2 * units, self._cap))

    def _lower_later(self, table: str) -> None:
        if table not in self._due:
            self._due.add(table)
            at = self._process.monotonic() + DOWN_AFTER
            self._process.call_at(at, lambda: self._lower(table))

    def _lower(self, table: str) -> None:
        self._due.remove(table)
        try:
            now = units_of(self._described(table))
            if now != self._base[table]:
                self._update(table, self._base[table], now)
        except ClientError:  # amid a change, or no decrease is left
            self._lower_later(table)

    def _described(self, table: str) -> Any:
        return self._client.describe_table(TableName=table)["Table"]

    def _update(self, table: str, wanted: Units, now: Units) -> None:
        """Everything in one request. What stays as it is may not be named."""
        changed = {name: of for name, of in wanted.items() if of != now[name]}
        request: dict[str, Any] = {"TableName": table}
        if None in changed:
            request["ProvisionedThroughput"] = changed.pop(None)
        if changed:
            request["GlobalSecondaryIndexUpdates"] = [
                {"Update": {"IndexName": name, "ProvisionedThroughput": of}}
                for name, of in changed.items()
            ]
        self._client.update_table(**request)


def base_of(table: Table) -> Units:
    writes = {None: table.write, **table.indexes}
    return {
        name: {"ReadCapacityUnits": table.read, "WriteCapacityUnits": write}
        for name, write in writes.items()
    }


def units_of(described: Any) -> Units:
    parts = {None: described}
    parts |= {index["IndexName"]: index for index in described.get("GlobalSecondaryIndexes") or ()}
    kinds = ("ReadCapacityUnits", "WriteCapacityUnits")
    return {
        name: {kind: part["ProvisionedThroughput"][kind] for kind in kinds}
        for name, part in parts.items()
    }


def is_active(described: Any) -> bool:
    indexes = described.get("GlobalSecondaryIndexes") or ()
    return described["TableStatus"] == "ACTIVE" and all(
        index["IndexStatus"] == "ACTIVE" for index in indexes
    )


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]
