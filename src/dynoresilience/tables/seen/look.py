"""A look at a table: DescribeTable, and what it does not tell."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from dynoresilience.ports import AccessDenied, ControlPlaneError, TableNotFound
from dynoresilience.ports.tables import NotSupported, TableAdmin
from dynoresilience.tables.seen.answers import found_table
from dynoresilience.tables.seen.found import FoundTable, Unseen

PROPERTIES_OF_OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "DescribeTimeToLive": ("time_to_live",),
    "ListTagsOfResource": ("tags",),
    "DescribeContinuousBackups": ("point_in_time_recovery", "recovery_period_days"),
    "DescribeContributorInsights": ("contributor_insights",),
}
"""What DescribeTable does not tell, and who does."""
EVERYTHING = frozenset(name for names in PROPERTIES_OF_OPERATIONS.values() for name in names)
_MOST_PAGES = 50
"""Of the tags of one table, which are 50 at most: moto's pages never end if a key comes twice."""


def look(
    admin: TableAdmin,
    table: str,
    properties: Collection[str] = EVERYTHING,
    indexes: Collection[str] | None = None,
) -> FoundTable | None:
    """What a table is; None: there is none.

    Args:
        admin: the way to it.
        table: its name or ARN.
        properties: which of those are asked for that DescribeTable does not tell.
        indexes: whose contributor insights are asked for, if the table's are; None: all.

    Raises:
        AccessDenied: DescribeTable is not allowed; nothing is known then.
        ControlPlaneError: it, or one of the others, failed this time.
    """
    try:
        description = admin.ask("DescribeTable", {"TableName": table})["Table"]
        return _Look(admin, description, properties).found(indexes)
    except TableNotFound:
        return None


class _Look:
    """One look: what is asked, and what could not be seen."""

    def __init__(
        self, admin: TableAdmin, description: Mapping[str, Any], properties: Collection[str]
    ) -> None:
        self._admin = admin
        self._table = description
        self._properties = properties
        self._unseen = {
            name: Unseen("unsupported", "this emulator forgets it") for name in admin.cannot_keep
        }

    def found(self, indexes: Collection[str] | None) -> FoundTable:
        name = {"TableName": self._table["TableName"]}
        arn = self._table.get("TableArn") or self._table["TableName"]
        ttl = self._see("DescribeTimeToLive", name)
        backups = self._see("DescribeContinuousBackups", name)
        tags = self._see("ListTagsOfResource", {"ResourceArn": arn})
        insights = "DescribeContributorInsights"
        seen: dict[str | None, Any] = {None: self._see(insights, name)}
        for entry in self._table.get("GlobalSecondaryIndexes") or ():
            index = entry["IndexName"]
            wanted = indexes is None or index in indexes
            ask = {**name, "IndexName": index}
            seen[index] = self._see(insights, ask, entry.get("IndexStatus"), wanted=wanted)
        return found_table(
            self._table,
            time_to_live=ttl and ttl.get("TimeToLiveDescription"),
            backups=backups and backups.get("ContinuousBackupsDescription"),
            tags=tags,
            insights={index: answer for index, answer in seen.items() if answer is not None},
            unseen=self._unseen,
        )

    def _see(
        self,
        operation: str,
        request: Mapping[str, Any],
        status: str | None = None,
        *,
        wanted: bool = True,
    ) -> dict[str, Any] | None:
        """None: it could not be seen, and why is noted. ``status``: of the index it is about."""
        names = PROPERTIES_OF_OPERATIONS[operation]
        busy = [each for each in (self._table.get("TableStatus"), status) if each in _TOO_EARLY]
        if not wanted or not set(names) & set(self._properties):
            why = Unseen("not asked")
        elif busy:
            why = Unseen("under way", f"it is {busy[0]}")
        else:
            try:
                if operation == "ListTagsOfResource":
                    return tags_of(self._admin, request["ResourceArn"])
                return self._admin.ask(operation, request)
            except NotSupported as error:
                why = Unseen("unsupported", str(error))
            except AccessDenied as error:
                why = Unseen("denied", str(error), error.action)
        where = f"{request['IndexName']}." if "IndexName" in request else ""
        self._unseen |= {f"{where}{name}": why for name in names}
        return None


def tags_of(admin: TableAdmin, arn: str) -> dict[str, str]:
    """All tags of a table.

    Raises:
        AccessDenied, NotSupported, ControlPlaneError: they can't be read.
    """
    found: dict[str, str] = {}
    page: dict[str, str] = {}
    for _ in range(_MOST_PAGES):
        answer = admin.ask("ListTagsOfResource", {"ResourceArn": arn, **page})
        found |= {tag["Key"]: tag["Value"] for tag in answer.get("Tags") or ()}
        if not answer.get("NextToken"):
            return found
        page = {"NextToken": answer["NextToken"]}
    raise ControlPlaneError(f"the tags of {arn} come in more than {_MOST_PAGES} pages")


_TOO_EARLY = ("CREATING", "DELETING")
"""States in which some of it can't be asked for yet, or no more."""
