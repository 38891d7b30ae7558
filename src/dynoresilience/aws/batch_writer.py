"""boto3's batch writer, with nothing lost when a batch fails.

It has no public way to that, so this relies on five private names of boto3: ``_flush``,
``_items_buffer``, ``_flush_amount``, ``_client``, ``_table_name``. Where a later boto3 has others,
its own behaviour is left.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import wraps
from types import MethodType
from typing import Any

from boto3.dynamodb.table import BatchWriter, TableResource
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from botocore.parsers import ResponseParserError

_NO_CREDENTIALS = {
    "ExpiredTokenException",
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "IncompleteSignatureException",
    "MissingAuthenticationTokenException",
}
"""AWS's answers to a request whose credentials are not good, or not any longer."""
_PRIVATE = {"_items_buffer", "_flush_amount", "_client", "_table_name"}


class KeepingBatchWriter(BatchWriter):
    """A batch writer that still has the items of a batch that failed.

    boto3's takes up to 25 items off its buffer before it sends them, and an exception loses them.
    Here they are kept, if another try may succeed (throttled, no connection or credentials, a
    broken answer, a fault of the service): the next flush sends them again, that at the end of the
    ``with`` block too. If that fails as well its exception comes out of the block;
    ``with batch: pass`` tries once more.

    What is kept goes before all that was put later, and in batches of its own: an older write
    never comes after a newer one of the same key, nor into one request with it, which DynamoDB
    would refuse.
    """

    _client: Any
    _table_name: str
    _items_buffer: list[Any]
    _flush_amount: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._batches: deque[list[Any]] = deque()

    @property
    def unwritten(self) -> list[Any]:
        """The requests that are still to be sent: of batches that failed, and of the buffer."""
        kept = [request for batch in self._batches for request in batch]
        return kept + list(getattr(self, "_items_buffer", ()))

    def _flush(self) -> None:
        if not vars(self).keys() >= _PRIVATE:
            super()._flush()  # type: ignore[misc]
            return
        self._batches.append(self._items_buffer[: self._flush_amount])
        self._items_buffer = self._items_buffer[self._flush_amount :]
        self._send_batches()

    def __exit__(self, *raised: Any) -> None:
        self._send_batches()
        super().__exit__(*raised)

    def _send_batches(self) -> None:
        while True:
            try:
                batch = self._batches.popleft()  # another thread is to take the next
            except IndexError:
                return
            try:
                answer = self._client.batch_write_item(RequestItems={self._table_name: batch})
            except BaseException as error:
                if _may_succeed_later(error):
                    self._batches.appendleft(batch)
                raise
            left = [
                request
                for requests in (answer.get("UnprocessedItems") or {}).values()
                for request in requests
            ]
            if left:
                self._batches.appendleft(left)


def _may_succeed_later(error: BaseException) -> bool:
    """False where the items themselves are at fault, or the caller may not write them."""
    if isinstance(error, ClientError):
        if error.response.get("Error", {}).get("Code") in _NO_CREDENTIALS:
            return True
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
        return status >= 500 or "Dynoresilience" in error.response
    if isinstance(error, (BotoCoreError, ResponseParserError)):  # no connection, a broken answer
        return not isinstance(error, ParamValidationError)
    return not isinstance(error, Exception)  # interrupted, as by Ctrl-C


class KeepingTable:
    """Comes before boto3's own methods of a ``Table``."""

    name: str
    meta: Any

    def batch_writer(self, overwrite_by_pkeys: list[str] | None = None) -> KeepingBatchWriter:
        """As boto3's; a batch that fails is kept (`KeepingBatchWriter`)."""
        return _writer(self, overwrite_by_pkeys)


def keep_in_class(base_classes: list[type]) -> None:
    """Have a ``Table`` class of these bases keep a batch that fails; others' writers stay."""
    if TableResource in base_classes:
        base_classes.insert(base_classes.index(TableResource), KeepingTable)


def keep_batches(target: Any) -> None:
    """Have this ``Table``, or the tables that this resource makes, keep a batch that fails.

    Not those of its ``tables`` collection, which makes them by itself.
    """
    if getattr(type(target), "batch_writer", None) is TableResource.batch_writer:
        vars(target).setdefault("batch_writer", MethodType(_writer, target))
    for name in ("Table", "create_table"):
        make = getattr(target, name, None)
        if make is not None and name not in vars(target):
            setattr(target, name, _makes_keeping(make))


def _makes_keeping(make: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(make)
    def new_table(*args: Any, **kwargs: Any) -> Any:
        table = make(*args, **kwargs)
        keep_batches(table)
        return table

    return new_table


def _writer(table: Any, overwrite_by_pkeys: list[str] | None = None) -> KeepingBatchWriter:
    return KeepingBatchWriter(table.name, table.meta.client, overwrite_by_pkeys=overwrite_by_pkeys)
