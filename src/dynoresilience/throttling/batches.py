"""Batches that DynamoDB worked on in part: what is left, and all the answers as one. Pure.

An answer may leave items out for lack of capacity (or because it is full) and still be a success:
``UnprocessedItems``, ``UnprocessedKeys``, an error at a statement's place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dynoresilience.model import Dimension, RefusedWrite, Resource, ThrottleSignal
from dynoresilience.throttling.signals import Throttle, read_statement_errors
from dynoresilience.throttling.work import refused_put

FULL = 15 << 20
"""Bytes of an answer from which on keys are left because no more goes into one: BatchGetItem
returns up to 16 MB (API reference), and an item has up to 400 KB. They are the caller's affair."""
LARGE = 1 << 20
"""Bytes of an answer from which on keys may be left for its size: it has up to 1 MB of each
partition (API reference)."""

_LEFT = {"BatchWriteItem": "UnprocessedItems", "BatchGetItem": "UnprocessedKeys"}


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left of a batch.

    ``request``: what to send next. ``throttle``: what was short; None if it is not certain that
    anything was, since the answer was large. ``places``: of a statement that is left, its place in
    the request before.
    """

    request: dict[str, Any]
    throttle: Throttle | None
    places: tuple[int, ...] = ()


def rest_of(
    operation: str, request: Mapping[str, Any], answer: Mapping[str, Any], size: int = 0
) -> Rest | None:
    """What a batch that succeeded has left undone; None: nothing that another try would do.

    ``request`` and ``answer`` as they were on the wire; ``size`` of the answer in bytes.
    """
    if operation == "BatchExecuteStatement":
        return _rest_of_statements(request, answer)
    told = answer.get(_LEFT[operation]) or {}
    left = {table: entry for table, entry in told.items() if entry}
    if operation == "BatchWriteItem":
        writes = tuple(
            ThrottleSignal(
                Resource(table), Dimension.WRITE, told=False, refused=tuple(map(_refused, entry))
            )
            for table, entry in left.items()
        )
        return Rest({**request, "RequestItems": left}, Throttle(writes)) if left else None
    # Without keys, all that was asked for would be read again.
    left = {table: entry for table, entry in left.items() if entry.get("Keys")}
    if not left or size >= FULL:
        return None
    # What was asked of the table beside its keys holds for those that are left.
    asked = request.get("RequestItems") or {}
    left = {table: {**asked.get(table, {}), **entry} for table, entry in left.items()}
    reads = tuple(ThrottleSignal(Resource(table), Dimension.READ, told=False) for table in left)
    throttle = Throttle(reads) if size < LARGE else None
    return Rest({**request, "RequestItems": left}, throttle)


def _rest_of_statements(request: Mapping[str, Any], answer: Mapping[str, Any]) -> Rest | None:
    places, throttle = read_statement_errors(answer, request)
    if not places:
        return None
    statements = [request["Statements"][place] for place in places]
    return Rest({**request, "Statements": statements}, throttle, places)


def _refused(request: Mapping[str, Any]) -> RefusedWrite:
    item = (request.get("PutRequest") or {}).get("Item")
    return RefusedWrite(None, 1) if item is None else refused_put(item)


class Batch:
    """One batch call that takes several requests: what they have done so far, as one answer."""

    def __init__(self) -> None:
        self._answer: dict[str, Any] = {}
        self._places: tuple[int, ...] | None = None
        self._count = 0  # of all statements
        self._unsure = False

    def fold_into(self, answer: dict[str, Any]) -> None:
        """Make ``answer``, the latest, that to the whole batch as far as it is done."""
        before, folded = self._answer, {}
        for name, fold in _FOLDS.items():
            if name not in before:
                continue
            if self._places is None:
                folded[name] = fold(before[name], answer.get(name))
            else:
                folded[name] = self._by_places(name, before[name], answer.get(name) or ())
        answer.update(folded)
        self._answer, self._unsure = answer, False

    def _by_places(self, name: str, before: list[Any], after: Sequence[Any]) -> list[Any]:
        """The lists that go by statements: the answers, the capacity if it is told for each."""
        places = self._places or ()
        whole = list(before)
        told = name == "Responses"
        if not told and (len(whole) != self._count or len(after) != len(places)):
            return [*whole, *after]
        for place, entry in zip(places, after, strict=False):
            whole[place] = entry if told else _sum(whole[place], entry)
        return whole

    def go_on_with(self, rest: Rest) -> None:
        """``rest`` of the latest request is sent next."""
        if rest.places:
            places, self._places = self._places, rest.places
            if places is not None:
                self._places = tuple(places[place] for place in rest.places)
            else:
                self._count = len(self._answer["Responses"])

    def lost_sight(self) -> None:
        """The latest request failed in a way that leaves open whether it was carried out."""
        self._unsure = True

    def stand_in_for(self, error: dict[str, Any]) -> None:
        """Put the answer so far in the place of the latest, which did nothing that we know of.

        Of statements that may have been carried out, it no longer says that they were throttled:
        who sent those again would do them twice.
        """
        error.clear()
        error.update(self._answer)
        if self._unsure and self._places:
            responses = error["Responses"] = list(error["Responses"])
            for place in self._places:
                responses[place] = {**responses[place], "Error": _NOBODY_KNOWS}


_NOBODY_KNOWS = {
    "Code": "InternalServerError",
    "Message": "It is not known whether the statement was carried out.",
}


def _items(before: Any, after: Any) -> Any:
    """Items by table."""
    tables = {**before, **(after or {})}
    return {table: [*before.get(table, ()), *(after or {}).get(table, ())] for table in tables}


def _metrics(before: Any, after: Any) -> Any:
    """Item collections by table; of one that was told of twice, the latter."""
    latest = {table: list(entries) for table, entries in (after or {}).items()}
    for table, entries in before.items():
        told = [entry.get("ItemCollectionKey") for entry in latest.get(table, ())]
        old = [entry for entry in entries if entry.get("ItemCollectionKey") not in told]
        latest[table] = old + latest.get(table, [])
    return latest


def _consumed(before: Any, after: Any) -> Any:
    """Capacity by table, added up."""
    sums: dict[Any, Any] = {}
    for entry in (*before, *(after or ())):
        name = entry.get("TableName")
        sums[name] = _sum(sums[name], entry) if name in sums else entry
    return list(sums.values())


def _sum(one: Any, other: Any) -> Any:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        both = {**one, **other}
        return {
            name: _sum(one[name], other[name]) if name in one and name in other else value
            for name, value in both.items()
        }
    return other if isinstance(other, str) else one + other


_FOLDS = {"Responses": _items, "ItemCollectionMetrics": _metrics, "ConsumedCapacity": _consumed}
