"""Which change under way has to end before what. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from dynoresilience.tables.seen.found import FoundTable
from dynoresilience.tables.steps import Step

_Passing = tuple[str | None, str, str]
_COMES_OR_GOES = ("CREATING", "DELETING")


def unsettled(found: FoundTable) -> str:
    """In words, what may read otherwise in a while, though nobody changes it; "" if nothing does.

    An index that comes or goes is what it will be; time to live and insights read as asked for.
    """
    return _words(each for each in found.passing() if _may_read_otherwise(*each))


def in_the_way(found: FoundTable, step: Step) -> str:
    """In words, what has to end before this step; "" if nothing is in its way."""
    return _words(each for each in found.passing() if _hinders(step, *each))


def unfinished(found: FoundTable) -> str:
    """In words, what a plan still has to wait for once all has been sent; "" if it is done.

    The time to live takes up to an hour, in which nothing hangs on it.
    """
    return _words(each for each in found.passing() if each[1] != "time_to_live")


def _may_read_otherwise(index: str | None, what: str, status: str) -> bool:
    if what == "status":
        return index is None or status not in _COMES_OR_GOES
    return what in ("sse", "warm_throughput")


def _hinders(step: Step, index: str | None, what: str, status: str) -> bool:
    if step.operation == "UpdateTable":
        return what not in ("time_to_live", "contributor_insights")
    if step.operation == "UpdateTimeToLive":
        return what == "time_to_live"
    if step.operation == "UpdateContributorInsights":
        of_it = index == step.request.get("IndexName")
        return of_it and what in ("status", "contributor_insights")
    return index is None and what == "status"


def _words(passing: Iterable[_Passing]) -> str:
    return "; ".join(
        f"{'' if what == 'status' else f'{what} of '}"
        f"{'the table' if index is None else f'index {index}'} is {status}"
        for index, what, status in passing
    )
