"""One step, with what all steps have alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynoresilience.tables.report import Difference
from dynoresilience.tables.steps import Step


def update_table(
    table: str,
    members: Mapping[str, Any],
    what: str,
    changes: Mapping[str, Any],
    takes: str,
    risk: str = "",
    allow: str | None = None,
    needs: tuple[str, ...] = (),
) -> Step:
    """An UpdateTable with these members; ``needs``: actions beside its own."""
    return Step(
        operation="UpdateTable",
        request={"TableName": table, **members},
        what=what,
        changes=changes,
        takes=takes,
        needs=("dynamodb:UpdateTable", *needs),
        risk=risk,
        allow=allow,
    )


def update_indexes(actions: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The members that change indexes that there are, by name."""
    return {
        "GlobalSecondaryIndexUpdates": [
            {"Update": {"IndexName": name, **members}} for name, members in actions.items()
        ]
    }


def changed(*differences: Difference) -> dict[str, Any]:
    """The ``changes`` of a step that mends these."""
    return {each.path: each.found for each in differences}
