"""Indexes that go and come, and what no step can change: keys, local indexes. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dynoresilience.tables.drift import CAPACITY
from dynoresilience.tables.plan.step import update_table
from dynoresilience.tables.report import Difference, DriftReport
from dynoresilience.tables.seen.found import FoundIndex, FoundTable
from dynoresilience.tables.sources.boto3 import global_index
from dynoresilience.tables.spec import GlobalIndex, TableSpec
from dynoresilience.tables.steps import Refusal, Step

_SHAPE = ("hash_key", "range_key", "projection_type", "non_key_attributes")
_ANOTHER_TABLE = (
    "it can't be changed in place: create a table under another name, copy the items, and let its "
    "users go over"
)
_ANOTHER_NAME = (
    "the name is taken by an index of the other kind: name one that is global otherwise; one that "
    "is local comes and goes with its table only"
)


@dataclass(frozen=True, slots=True)
class IndexChanges:
    """What becomes of the global indexes.

    Args:
        deleted: those that are not declared, or in another shape.
        kept: those that stay, each with what is declared of it.
        created: those that are missing, or were deleted for their shape.
    """

    deleted: tuple[FoundIndex, ...]
    kept: tuple[tuple[FoundIndex, GlobalIndex], ...]
    created: tuple[GlobalIndex, ...]

    @classmethod
    def between(cls, spec: TableSpec, found: FoundTable, report: DriftReport) -> IndexChanges:
        """What a report says of them."""
        misshapen = {each.index for each in report.differences if each.field in _SHAPE}
        retyped = {each.key for each in report.differences if each.field == "attributes"}
        wanted = {index.name: index for index in spec.global_secondary_indexes}
        deleted, kept = [], []
        present = {index.name: index for index in _present(found)}
        for name in sorted(index.name for index in present.values() if not index.local):
            index = present[name]
            keys = {*index.hash_key, *index.range_key}
            if name in wanted and name not in misshapen and not keys & retyped:
                kept.append((index, wanted[name]))
            else:
                deleted.append(index)
        stay = {index.name for index, _ in kept}
        created = [
            index
            for name, index in wanted.items()
            if name not in stay and not (name in present and present[name].local)
        ]
        return cls(tuple(deleted), tuple(kept), tuple(created))

    def deletes(self, spec: TableSpec) -> Iterator[Step]:
        """One step for each that goes."""
        returning = {index.name for index in self.created}
        for index in self.deleted:
            again = index.name in returning
            yield update_table(
                spec.name,
                {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": index.name}}]},
                f"delete index {index.name}" + (", to create it in another shape" if again else ""),
                {_path(index): _told(index)},
                takes="seconds, on a large index minutes",
                risk="who queries it fails" + (" until it is there again" if again else ""),
                allow="delete_index",
            )

    def creates(self, spec: TableSpec, found: FoundTable) -> Iterator[Step]:
        """One step for each that comes, with the types of the attributes that are used by then."""
        types = {**found.attributes, **spec.attributes}
        staying = [index for index in _present(found) if index.local]
        staying += [index for index, _ in self.kept]
        used = {*found.hash_key, *found.range_key}
        used |= {key for index in staying for key in (*index.hash_key, *index.range_key)}
        for index in self.created:
            used |= {*index.hash_key, *index.range_key}
            yield update_table(
                spec.name,
                {
                    "AttributeDefinitions": [
                        {"AttributeName": name, "AttributeType": types[name]}
                        for name in sorted(used)
                    ],
                    "GlobalSecondaryIndexUpdates": [{"Create": global_index(index)}],
                },
                f"create index {index.name}",
                {_path(index): None},
                takes="5 to 15 minutes on an empty table, longer the more items there are",
                risk="filling it is paid for like writes, and it can't be queried before it is "
                "filled",
            )


def refusals(spec: TableSpec, found: FoundTable, report: DriftReport) -> Iterator[Refusal]:
    """What no step mends."""
    local = {index.name: index for index in _present(found) if index.local}
    fixed = {spec.hash_key, spec.range_key, *found.hash_key, *found.range_key}
    fixed |= {key for index in local.values() for key in index.range_key}
    # A raise may be in it, or Application Auto Scaling's work.
    unknown = [note.remedy for note in report.notes if note.field == "capacity"]
    for each in report.differences:
        if each.field == "status":
            yield Refusal(each, each.remedy)
        elif each.field == "index" and each.found is None and each.index in local:
            yield Refusal(each, _ANOTHER_NAME)
        elif _is_fixed(each, fixed):
            yield Refusal(each, _ANOTHER_TABLE)
        elif unknown and _is_lowered(each):
            yield Refusal(each, unknown[0])


def _is_fixed(each: Difference, fixed: set[str | None]) -> bool:
    if each.local:
        return True
    if each.field == "attributes":
        return each.key in fixed
    return each.index is None and each.field in ("hash_key", "range_key")


def _is_lowered(each: Difference) -> bool:
    return each.field in CAPACITY and bool(each.found) and 0 < each.declared < each.found


def _present(found: FoundTable) -> Iterator[FoundIndex]:
    """The indexes, but for those that are just going."""
    return (index for index in found.indexes.values() if index.status != "DELETING")


def _path(index: FoundIndex | GlobalIndex) -> str:
    return f"global_secondary_indexes[{index.name}]"


def _told(index: FoundIndex) -> dict[str, object]:
    """An index that is to go must be found just so."""
    return {name: getattr(index, name) for name in _SHAPE}
