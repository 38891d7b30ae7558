"""Contributor Insights, of which no backend knows anything."""

from __future__ import annotations

from dynoresilience.testing.control.contributor_insights import (
    Insights,
    check_request,
    check_state,
)
from dynoresilience.testing.replies import Body, Refused, Reply
from dynoresilience.testing.service.known_table import KnownTable
from dynoresilience.testing.service.tables import Request, Tables, no_such_table, table_name

_PAGE = 100
"""Entries of a list that asks for no number."""


def update_contributor_insights(tables: Tables, request: Request) -> Reply:
    """UpdateContributorInsights, of a table or one of its global indexes.

    Raises:
        Refused: there is no such table or index, or it is being created.
    """
    body, _, at = request
    known, index = _table(tables, request), body.get("IndexName")
    check_request(body)
    check_state("Table", known.life.status(at))
    if index is not None:
        check_state("Index", known.life.index_status(index, at))
    tables.check_change(at)
    insights = known.insights.setdefault(index, Insights())
    insights.change(
        body["ContributorInsightsAction"],
        body.get("ContributorInsightsMode"),
        at,
        tables.utc(at),
        tables.settings.insights_seconds,
    )
    return Reply.of({**_names(known, index), **insights.summary(at)})


def describe_contributor_insights(tables: Tables, request: Request) -> Reply:
    """DescribeContributorInsights.

    Raises:
        Refused: there is no such table or index.
    """
    known, index = _table(tables, request), request.body.get("IndexName")
    resource = known.name if index is None else f"{known.name}-{index}"
    found = known.insights.get(index, Insights())
    has_range_key = known.schema.has_range_key(index)
    return Reply.of({**_names(known, index), **found.describe(request.at, resource, has_range_key)})


def list_contributor_insights(tables: Tables, request: Request) -> Reply:
    """ListContributorInsights, of a table or of all: those that are not disabled.

    Raises:
        Refused: there is no such table.
    """
    body, _, at = request
    some = [_table(tables, request)] if body.get("TableName") else tables.all()
    found = [
        {**_names(known, index), **insights.summary(at)}
        for known in some
        for index, insights in sorted(known.insights.items(), key=lambda item: item[0] or "")
        if insights.status(at) != "DISABLED"
    ]
    begin = _begin(body.get("NextToken"))
    end = begin + (body.get("MaxResults") or _PAGE)
    more = {"NextToken": str(end)} if end < len(found) else {}
    return Reply.of({"ContributorInsightsSummaries": found[begin:end], **more})


def _table(tables: Tables, request: Request) -> KnownTable:
    """The table of a request; its index, if it names one, is a global one that is there."""
    body, backend, at = request
    asked = body.get("TableName") or ""
    known, index = tables.find(asked, backend, at), body.get("IndexName")
    if known is None:
        raise Refused("ResourceNotFoundException", no_such_table(table_name(asked)))
    found = known.schema.index(index)
    if index is not None and (found is None or found.local or _is_allocated(known, index, at)):
        message = f"Requested resource not found: Index: {index} not found for table: {known.name}"
        raise Refused("ResourceNotFoundException", message)
    return known


def _is_allocated(known: KnownTable, index: str, at: float) -> bool:
    """Whether an index that is being added is not even being filled."""
    return known.life.is_backfilling(index, at) is False


def _names(known: KnownTable, index: str | None) -> Body:
    return {"TableName": known.name, **({} if index is None else {"IndexName": index})}


def _begin(token: str | None) -> int:
    if token is None:
        return 0
    if not token.isdecimal():
        raise Refused("ValidationException", "Invalid NextToken")
    return int(token)
