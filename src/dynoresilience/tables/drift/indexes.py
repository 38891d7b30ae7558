"""Indexes: there or not, keys and projection, and what they have like tables."""

from __future__ import annotations

from collections.abc import Iterator

from dynoresilience.tables.drift.place import RECREATE, REPAIR, Place
from dynoresilience.tables.drift.settings import insights
from dynoresilience.tables.drift.throughput import Owners, throughput
from dynoresilience.tables.report import Difference, Severity
from dynoresilience.tables.seen.found import FoundIndex, FoundTable
from dynoresilience.tables.spec import GlobalIndex, LocalIndex, TableSpec

_ONLY_IF_ALLOWED = "plan_table shows the way; it is deleted only with allow=('delete_index',)"
_ANOTHER_ONE = (
    "it can't be changed in place: delete the index and create it again, or create one under "
    "another name"
)


def indexes(spec: TableSpec, found: FoundTable, owners: Owners) -> Iterator[Difference]:
    """An index that is being deleted is not there any more."""
    there = {name: index for name, index in found.indexes.items() if index.status != "DELETING"}
    for name in sorted(spec.indexes.keys() | there.keys()):
        wanted, seen = spec.indexes.get(name), there.get(name)
        if isinstance(wanted, LocalIndex):
            if seen is not None and seen.local:
                yield from _local(wanted, seen)
                continue
            text = _text((spec.hash_key, wanted.range_key), wanted.projection_type)
            yield _missing(Place(name, local=True), text, RECREATE)
        elif wanted is not None:
            if seen is not None and not seen.local:
                yield from _global(spec, wanted, seen, found, owners)
                continue
            text = _text((*wanted.hash_key, *wanted.range_key), wanted.projection_type)
            yield _missing(Place(name), text, REPAIR)
        if seen is not None:
            text = _text((*seen.hash_key, *seen.range_key), seen.projection_type)
            remedy = RECREATE if seen.local else _ONLY_IF_ALLOWED
            yield Place(name, seen.local).drift("index", None, text, remedy)


def _missing(place: Place, text: str, remedy: str) -> Difference:
    return place.drift("index", text, None, remedy, Severity.ERROR)


def _local(wanted: LocalIndex, seen: FoundIndex) -> Iterator[Difference]:
    """Its partition key is the table's."""
    place = Place(seen.name, local=True)
    if (wanted.range_key,) != seen.range_key:
        yield place.drift(
            "range_key", wanted.range_key, ", ".join(seen.range_key), RECREATE, Severity.ERROR
        )
    yield from _projection(place, wanted, seen, RECREATE)


def _global(
    spec: TableSpec, wanted: GlobalIndex, seen: FoundIndex, found: FoundTable, owners: Owners
) -> Iterator[Difference]:
    place = Place(seen.name)
    for name, declared, there in (
        ("hash_key", wanted.hash_key, seen.hash_key),
        ("range_key", wanted.range_key, seen.range_key),
    ):
        if declared != there:
            yield place.drift(name, declared, there, _ANOTHER_ONE, Severity.ERROR)
    yield from _projection(place, wanted, seen, _ANOTHER_ONE)
    if spec.billing_mode == found.billing_mode:
        yield from throughput(place, wanted, seen, found, owners)
    unseen = found.unseen.get(f"{seen.name}.contributor_insights")
    yield from insights(place, wanted, seen, unseen)


def _projection(
    place: Place, wanted: GlobalIndex | LocalIndex, seen: FoundIndex, remedy: str
) -> Iterator[Difference]:
    """The attributes say nothing more where the type differs already."""
    declared, there = wanted.projection_type, seen.projection_type
    if declared != there:
        yield place.drift("projection_type", declared, there, remedy, Severity.ERROR)
        return
    attributes = frozenset(wanted.non_key_attributes)
    if attributes != seen.non_key_attributes:
        told = tuple(sorted(attributes)), tuple(sorted(seen.non_key_attributes))
        yield place.drift("non_key_attributes", *told, remedy, Severity.ERROR)


def _text(keys: tuple[str, ...], projection_type: str) -> str:
    """An index in a few words: its keys and its projection."""
    return f"{', '.join(keys)} ({projection_type})"
