"""The end of a creation: time to live, tags, backups and contributor insights are switched on.

Several may be at it at once, the creator and those who have joined it: what somebody else was
faster with is as good as done by us.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass, field, replace

from dynoresilience.ports import AccessDenied, ControlPlaneError, ServiceLimit, TableNotFound
from dynoresilience.ports.tables import NotSupported, Refused
from dynoresilience.tables.access import Access
from dynoresilience.tables.ensure.arrival import LAG, Arrival
from dynoresilience.tables.ensure.mark import KEY, is_marked
from dynoresilience.tables.ensure.unfinished import (
    in_order,
    never_touched,
    nothing_else,
    unfinished,
)
from dynoresilience.tables.ensured import EnsureTimeout
from dynoresilience.tables.progress import Progress
from dynoresilience.tables.report import DriftReport, Label, Severity
from dynoresilience.tables.seen.found import FoundTable
from dynoresilience.tables.spec import TableSpec
from dynoresilience.tables.steps import Step

_log = logging.getLogger("dynoresilience")


@dataclass(slots=True)
class Finish:
    """What is left to do of one table, and what of it was asked for."""

    access: Access
    spec: TableSpec
    arrival: Arrival
    progress: Progress
    _is_marked: bool = False
    _has_asked: bool = False
    _asked: dict[str, float] = field(default_factory=dict)  # when, by what
    _refusals: dict[str, Refused] = field(default_factory=dict)
    _unsupported: dict[str, str] = field(default_factory=dict)  # why, by path

    def wait(self) -> DriftReport:
        """How the table still differs, once it is there with all its settings.

        Raises:
            EnsureTimeout, TableUnusable, AccessDenied, ControlPlaneError: as `Arrival.wait`; or a
                setting could not be switched on.
        """
        while True:
            found, report = self.arrival.wait()
            report = self._excused(report)
            left = [] if report.clean else unfinished(self.spec, found, report)
            if left and not self.arrival.created:
                if found.restored or not nothing_else(left, report):
                    return report  # what was restored is nobody's creation: it has its items
                if not self._is_unfinished(found):
                    return report
                if not (self.arrival.joined or self._is_marked):
                    continue  # it has just been finished, or soon will be
                self.arrival.joined = True
            left = [step for step in left if not self._has_failed(step)]
            if self.arrival.created:
                left = in_order(left + self._unseen(found))
            if not left:
                if report.clean:
                    self._take_off_the_mark(found)
                return report
            todo = [step for step in left if step.what not in self._asked]
            if not todo:
                self.arrival.pause(f"it is not seen yet: {left[0].what}")
            for step in todo:
                if not self._ask(step):
                    break

    def _is_unfinished(self, found: FoundTable) -> bool:
        """Whether somebody else's creation is under way, was left so, or has just been finished."""
        if self.arrival.joined or self._is_marked:
            return True
        try:
            marked = is_marked(self.access.admin, found)
        except ControlPlaneError as error:
            self.arrival.pause(self.arrival.failing(error))
            return True
        if marked is None and self._is_new(found):
            self.arrival.pause("somebody else may be about to finish its creation")
            return True
        first_time, self._has_asked = not self._has_asked, True
        self._is_marked = bool(marked)
        return self._is_marked or first_time  # the mark may have gone since the look

    def _is_new(self, found: FoundTable) -> bool:
        return found.created is not None and 0 <= self.access.clock.now() - found.created < LAG

    def _take_off_the_mark(self, found: FoundTable) -> None:
        """If there may be one. The table is ready whether or not that succeeds."""
        certain = self.arrival.marked or self._is_marked
        if not certain and not (self.arrival.joined and self._asked):
            return
        request = {"ResourceArn": found.arn, "TagKeys": [KEY]}
        with suppress(EnsureTimeout):
            while True:
                try:
                    if not certain and not is_marked(self.access.admin, found):
                        return
                    self.access.admin.ask("UntagResource", request)
                    return
                except (AccessDenied, NotSupported, Refused, TableNotFound) as error:
                    _log.debug("the tag %s stays on %s: %s", KEY, self.spec.name, error)
                    return
                except ControlPlaneError as error:  # tags are locked for seconds by a change
                    self.arrival.pause(f"the tags: {error}")

    def _ask(self, step: Step) -> bool:
        """Send it. False: that is not possible now; it is time to look again."""
        try:
            self.access.admin.ask(step.operation, step.request)
        except NotSupported as error:
            self._unsupported |= dict.fromkeys(step.changes, str(error))
            return True
        except Refused as error:  # it may be on by now: somebody else was faster
            self._refusals[step.what] = error
        except (AccessDenied, ServiceLimit):
            raise
        except ControlPlaneError as error:
            self.arrival.pause(self.arrival.failing(error))
            return False
        else:
            self.progress.tell(step.what)
        self._asked[step.what] = self.access.clock.monotonic()
        return True

    def _unseen(self, found: FoundTable) -> list[Step]:
        """What is to be switched on unseen, for it may not be looked at.

        Raises:
            Refused: it was.
        """
        steps = never_touched(self.spec, found)
        for step in steps:
            if step.what in self._refusals:
                raise self._refusals[step.what]
        return [step for step in steps if step.what not in self._asked]

    def _has_failed(self, step: Step) -> bool:
        """True if it was asked for, and is still not to be seen after a while: then it is drift.

        Raises:
            Refused: it was, and that is why.
        """
        asked = self._asked.get(step.what)
        if asked is None or self.access.clock.monotonic() - asked < LAG:
            return False
        if step.what in self._refusals:
            raise self._refusals[step.what]
        return True

    def _excused(self, report: DriftReport) -> DriftReport:
        """The report, with a note in place of what can't be switched on at this endpoint."""
        why = self._unsupported
        notes = [
            replace(
                each,
                label=Label.UNSUPPORTED,
                severity=Severity.INFO,
                remedy=f"it can't be switched on at this endpoint: {why[each.path]}",
            )
            for each in report.differences
            if each.path in why
        ]
        drift = tuple(each for each in report.differences if each.path not in why)
        return replace(report, differences=drift, notes=(*report.notes, *notes))
