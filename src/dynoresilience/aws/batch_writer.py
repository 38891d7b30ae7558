"""boto3's batch writer, with nothing lost when a batch fails.

It has no public way to that, so this relies on three private names of boto3: ``_flush``,
``_items_buffer``, ``_flush_amount``. Where a later boto3 has others, its own behaviour is left.
"""

from __future__ import annotations

from types import MethodType
from typing import Any

from boto3.dynamodb.table import BatchWriter
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError


class KeepingBatchWriter(BatchWriter):
    """A batch writer that still has the items of a batch that failed.

    boto3's takes up to 25 items off its buffer before it sends them, and an exception loses them.
    Here they stay at the head of the buffer, if another try may succeed (throttled, no connection,
    a fault of the service): the next flush sends them again, that at the end of the ``with`` block
    too. If that fails as well its exception comes out of the block; ``with batch: pass`` tries
    once more.
    """

    def _flush(self) -> None:
        before = list(getattr(self, "_items_buffer", ()))
        sent = before[: getattr(self, "_flush_amount", 0)]
        try:
            super()._flush()  # type: ignore[misc]
        except BaseException as error:
            if sent and _may_succeed_later(error):
                self._items_buffer = before
            raise


def _may_succeed_later(error: BaseException) -> bool:
    """False where the items themselves are at fault, or the caller may not write them."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
        return status >= 500 or "Dynoresilience" in error.response
    if isinstance(error, Exception):
        return isinstance(error, (ConnectionError, HTTPClientError))
    return True  # interrupted, as by Ctrl-C


class KeepingTable:
    """Comes before boto3's own methods of a ``Table``."""

    name: str
    meta: Any

    def batch_writer(self, overwrite_by_pkeys: list[str] | None = None) -> KeepingBatchWriter:
        """As boto3's; a batch that fails is kept (`KeepingBatchWriter`)."""
        return _writer(self, overwrite_by_pkeys)


def keep_batches(target: Any) -> None:
    """Have this ``Table``, or the tables that this resource makes, keep a batch that fails."""
    own = vars(target)
    if isinstance(target, KeepingTable):
        return
    if hasattr(target, "batch_writer"):
        own.setdefault("batch_writer", MethodType(_writer, target))
    elif hasattr(target, "Table") and "Table" not in own:
        make = target.Table

        def new_table(*args: Any, **kwargs: Any) -> Any:
            table = make(*args, **kwargs)
            keep_batches(table)
            return table

        target.Table = new_table


def _writer(table: Any, overwrite_by_pkeys: list[str] | None = None) -> KeepingBatchWriter:
    return KeepingBatchWriter(table.name, table.meta.client, overwrite_by_pkeys=overwrite_by_pkeys)
