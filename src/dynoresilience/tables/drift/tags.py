"""Tags: what is declared must be there; others on the table are other people's."""

from __future__ import annotations

from collections.abc import Iterator

from dynoresilience.tables.drift.place import LEFT_ALONE, TABLE
from dynoresilience.tables.report import Difference, Label
from dynoresilience.tables.seen.found import FoundTable
from dynoresilience.tables.spec import TableSpec

OWN_TAGS = ("aws:", "dynoresilience:")
"""Beginnings of tags that are AWS's, or the ledger's of raises: never of a spec."""


def tags(spec: TableSpec, found: FoundTable) -> Iterator[Difference]:
    """One difference for each tag."""
    declared, unseen = spec.tags or {}, found.unseen.get("tags")
    if unseen is not None:
        if declared:
            yield TABLE.blind("tags", dict(declared), unseen)
        return
    for key, value in declared.items():
        if found.tags.get(key) != value:
            yield TABLE.drift("tags", value, found.tags.get(key), key=key)
    for key, value in found.tags.items():
        if key not in declared and not key.startswith(OWN_TAGS):
            yield TABLE.note("tags", None, value, Label.AWS_DEFAULT, LEFT_ALONE, key)
