"""The mark of a creation that is not finished: a tag, set by CreateTable and taken off at the end.

A creator that dies after CreateTable leaves a table without what that can't be asked for: time to
live, point-in-time recovery, contributor insights. By the mark, whoever comes next tells that from
settings that an owner has switched off.
"""

from __future__ import annotations

from typing import Any

from dynoresilience.ports import AccessDenied
from dynoresilience.ports.tables import NotSupported, TableAdmin
from dynoresilience.tables.seen.found import FoundTable
from dynoresilience.tables.seen.look import tags_of
from dynoresilience.tables.sources.boto3 import create_request
from dynoresilience.tables.spec import TableSpec

KEY = "dynoresilience:creating"
_MOST_TAGS = 50


def marked_request(spec: TableSpec) -> dict[str, Any]:
    """The CreateTable of a spec, with the mark if it leaves something to do."""
    request = create_request(spec)
    tags = request.get("Tags", [])
    if not _leaves_something(spec) or len(tags) >= _MOST_TAGS:
        return request
    return {**request, "Tags": [*tags, {"Key": KEY, "Value": "see dynoresilience.tables"}]}


def is_marked(admin: TableAdmin, found: FoundTable) -> bool | None:
    """Whether its creation is not finished; None: there are no tags, or none to be seen.

    Raises:
        ControlPlaneError: the tags could not be read this time.
    """
    if "tags" not in found.unseen:
        return KEY in found.tags
    try:
        return KEY in tags_of(admin, found.arn)
    except (AccessDenied, NotSupported):
        return None


def _leaves_something(spec: TableSpec) -> bool:
    insights = any(index.contributor_insights for index in spec.global_secondary_indexes)
    later = (spec.time_to_live, spec.point_in_time_recovery, spec.contributor_insights, insights)
    return any(later)
