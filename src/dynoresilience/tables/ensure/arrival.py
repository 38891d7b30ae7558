"""Until a table is there: it is created, or somebody else's creation is joined.

Any number of processes may do this at once. CreateTable is the only thing that tells them apart: it
is accepted once. What DescribeTable says is eventually consistent, so nothing is concluded from a
single "not found".
"""

from __future__ import annotations

import re
from collections.abc import Collection

from dynoresilience.ports import (
    AccessDenied,
    ControlPlaneError,
    OutcomeUnknown,
    ServiceLimit,
    TableBusy,
    TableNotFound,
)
from dynoresilience.ports.tables import NotSupported, Refused
from dynoresilience.tables.access import Access
from dynoresilience.tables.ensure.mark import marked_request
from dynoresilience.tables.ensure.waiting import awaited
from dynoresilience.tables.ensured import EnsureTimeout, TableUnusable
from dynoresilience.tables.patience import Patience
from dynoresilience.tables.progress import Progress
from dynoresilience.tables.report import DriftReport
from dynoresilience.tables.seen.found import FoundTable
from dynoresilience.tables.sources.boto3 import create_request
from dynoresilience.tables.spec import TableSpec
from dynoresilience.tables.verify import sighting

LAG = 20.0
"""Seconds for which a table that exists may not be found, or a setting not be seen.

DynamoDB names no bound; it is a second or two as a rule.
"""
NO_ANSWER = 20.0
"""Seconds for which nothing but failures may come before the last of them is raised."""

_ACTION = re.compile(r"not authorized to perform: ([a-z-]+:\w+)")


class Arrival:
    """The way of one table to where it is there and at rest.

    Attributes:
        created: our CreateTable was accepted.
        joined: somebody else was creating it.
        marked: our CreateTable has marked it, until it is finished.
    """

    def __init__(
        self, access: Access, spec: TableSpec, patience: Patience, progress: Progress
    ) -> None:
        self._access = access
        self._spec = spec
        self._patience = patience
        self._progress = progress
        self._properties = declared_beside(spec)
        self._seen = False
        self._missing_since: float | None = None
        self._failing_since: float | None = None
        self._request = marked_request(spec)
        self.created = False
        self.joined = False
        self.marked = False

    def wait(self) -> tuple[FoundTable, DriftReport]:
        """The table, once nothing of it has to be waited for, and how it differs.

        Raises:
            EnsureTimeout: not in time.
            TableUnusable: it was deleted meanwhile, or is in a state that does not end.
            AccessDenied, ServiceLimit, Refused, ControlPlaneError: it could not be read or created.
        """
        waited = False
        while True:
            seen = self._look()
            if not isinstance(seen, str):
                if waited:
                    self._patience.begin_anew()
                return seen
            self.pause(seen)
            waited = True

    def _look(self) -> tuple[FoundTable, DriftReport] | str:
        """The table, if it is there and at rest, or what to wait for. A missing one is created."""
        try:
            found, report = sighting(self._access, self._spec, self._properties)
        except (AccessDenied, NotSupported):
            raise
        except TableNotFound:  # DescribeTable has found it, another operation has not, yet
            return self.unseen()
        except ControlPlaneError as error:
            return self.failing(error)
        self._failing_since = None
        if found is None:
            return self.unseen() if self.created or self._seen else self._create()
        if found.status == "DELETING":
            return self.going()
        self._seen, self._missing_since = True, None
        if found.status == "CREATING":
            self.joined = self.joined or not self.created
        return awaited(self._spec, found, report) or (found, report)

    @property
    def seconds(self) -> float:
        """Since the first look."""
        return self._progress.seconds

    def pause(self, what: str) -> None:
        """Wait a while for ``what``.

        Raises:
            EnsureTimeout: there is no time left.
        """
        self._progress.tell(f"waiting: {what}")
        if not self._patience.pause():
            raise EnsureTimeout(self._spec.name, what, self.seconds)

    def failing(self, error: ControlPlaneError) -> str:
        """What to wait for after an attempt that may succeed the next time.

        Raises:
            ControlPlaneError: ``error``, if there have been only failures for too long.
        """
        if not isinstance(error, (OutcomeUnknown, Refused, ServiceLimit)):
            self._failing_since = None  # too much at a time, or somebody else is at it
            return f"another try, after {error}"
        since, self._failing_since = self._since(self._failing_since)
        if since >= NO_ANSWER:
            raise error
        return f"another try, after {error}"

    def _create(self) -> str:
        """Ask for it; what to wait for then.

        Raises:
            AccessDenied, ServiceLimit, Refused, NotSupported: another try would end alike.
        """
        self._progress.tell("creating")
        try:
            self._access.admin.ask("CreateTable", self._request)
        except TableBusy as error:  # it exists, or is still being deleted
            self.joined = True
            return f"it is not found yet ({error})"
        except AccessDenied as error:
            named = _ACTION.search(str(error))  # with tags it may be TagResource
            if self._is_marking and not self._spec.tags and "TagResource" in str(error):
                self._request = create_request(self._spec)  # then without the mark
                return "a creation without a tag"
            raise AccessDenied(named[1] if named else error.action, str(error)) from error
        except (ServiceLimit, Refused, NotSupported):
            raise
        except OutcomeUnknown as error:  # it may be there; asked again, it is not made twice
            return f"what became of CreateTable ({error})"
        except ControlPlaneError as error:
            return f"CreateTable: {error}"
        self.created, self.marked = True, self._is_marking
        self._patience.begin_anew()
        return "the table is CREATING"

    @property
    def _is_marking(self) -> bool:
        return len(self._request.get("Tags", ())) > len(self._spec.tags or ())

    def unseen(self) -> str:
        """It exists, but is not found.

        Raises:
            TableUnusable: for so long that it must be gone.
        """
        since, self._missing_since = self._since(self._missing_since)
        if since >= LAG:
            raise TableUnusable(
                f"{self._spec.name} was there, and is not found since {since:.0f} s: somebody has "
                "deleted it meanwhile; if that was meant, run it again to create it anew"
            )
        return "it is not found yet"

    def going(self) -> str:
        """It is being deleted; one that we have just created is then not to be seen yet.

        Raises:
            TableUnusable: we have seen it alive.
        """
        if self._seen:
            raise TableUnusable(
                f"{self._spec.name} is being deleted by somebody else, while it was waited for; "
                "run it again to create it anew"
            )
        return self.unseen() if self.created else "the table is DELETING"

    def _since(self, began: float | None) -> tuple[float, float]:
        """How long ago ``began`` is, and when it was; None: now."""
        now = self._access.clock.monotonic()
        began = now if began is None else began
        return now - began, began


def declared_beside(spec: TableSpec) -> Collection[str]:
    """The declared properties that DescribeTable does not tell: each costs a request."""
    insights = [spec.contributor_insights]
    insights += [index.contributor_insights for index in spec.global_secondary_indexes]
    recovery = spec.point_in_time_recovery is not None or spec.recovery_period_days is not None
    asked = {
        "time_to_live": spec.time_to_live is not None,
        "tags": bool(spec.tags),
        "point_in_time_recovery": recovery,
        "recovery_period_days": recovery,
        "contributor_insights": any(each is not None for each in insights),
    }
    return frozenset(name for name, declared in asked.items() if declared)
