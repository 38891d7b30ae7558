"""A look at a table: DescribeTable, and what it does not tell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

from dynoresilience.ports import AccessDenied, ControlPlaneError, TableNotFound
from dynoresilience.ports.tables import NotSupported, TableAdmin
from dynoresilience.tables.found import PROPERTIES_OF_OPERATIONS, FoundTable, Unseen, found_table

EVERYTHING = frozenset(name for names in PROPERTIES_OF_OPERATIONS.values() for name in names)
_MOST_PAGES = 50
"""Of the tags of one table, which are 50 at most: moto's pages never end if a key comes twice."""


def look(
    admin: TableAdmin, table: str, properties: Collection[str] = EVERYTHING
) -> FoundTable | None:
    """What a table is; None: there is none.

    Args:
        admin: the way to it.
        table: its name or ARN.
        properties: which of those are asked for that DescribeTable does not tell.

    Raises:
        AccessDenied: DescribeTable is not allowed; nothing is known then.
        ControlPlaneError: it, or one of the others, failed this time.
    """
    try:
        description = admin.ask("DescribeTable", {"TableName": table})["Table"]
    except TableNotFound:
        return None
    unseen: dict[str, Unseen] = {
        name: Unseen("unsupported", "this emulator forgets it") for name in admin.cannot_keep
    }
    if description.get("TableStatus") in ("CREATING", "DELETING"):
        properties = ()  # some of them can't be asked for yet, or no more

    def see(operation: str, ask: Callable[[], Any], where: str = "") -> Any:
        names = PROPERTIES_OF_OPERATIONS[operation]
        if not set(names) & set(properties):
            unseen.update({f"{where}{name}": Unseen("not asked") for name in names})
            return None
        try:
            return ask()
        except NotSupported as error:
            why = Unseen("unsupported", str(error))
        except AccessDenied as error:
            why = Unseen("denied", str(error), error.action)
        unseen.update({f"{where}{name}": why for name in names})
        return None

    def one(operation: str, request: Mapping[str, Any], member: str | None = None) -> Any:
        answer = admin.ask(operation, request)
        return answer if member is None else answer.get(member)

    name, arn = {"TableName": table}, description.get("TableArn") or table
    insights = "DescribeContributorInsights"
    seen: dict[str | None, Any] = {None: see(insights, lambda: one(insights, name))}
    for entry in description.get("GlobalSecondaryIndexes") or ():
        index = entry["IndexName"]
        if entry.get("IndexStatus") in ("CREATING", "DELETING"):
            continue
        ask = partial(one, insights, {**name, "IndexName": index})
        seen[index] = see(insights, ask, f"{index}.")
    ttl, backups = "DescribeTimeToLive", "DescribeContinuousBackups"
    return found_table(
        description,
        time_to_live=see(ttl, lambda: one(ttl, name, "TimeToLiveDescription")),
        backups=see(backups, lambda: one(backups, name, "ContinuousBackupsDescription")),
        tags=see("ListTagsOfResource", lambda: _tags(admin, arn)),
        insights={index: answer for index, answer in seen.items() if answer is not None},
        unseen=unseen,
    )


def _tags(admin: TableAdmin, arn: str) -> dict[str, str]:
    found: dict[str, str] = {}
    page: dict[str, str] = {}
    for _ in range(_MOST_PAGES):
        answer = admin.ask("ListTagsOfResource", {"ResourceArn": arn, **page})
        found |= {tag["Key"]: tag["Value"] for tag in answer.get("Tags") or ()}
        if not answer.get("NextToken"):
            return found
        page = {"NextToken": answer["NextToken"]}
    raise ControlPlaneError(f"the tags of {arn} come in more than {_MOST_PAGES} pages")
