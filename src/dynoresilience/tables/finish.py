"""The end of a creation: time to live, tags, backups and contributor insights are switched on.

Several may be at it at once, the creator and those who have joined it: what somebody else was
faster with is as good as done by us.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from dynoresilience.ports import AccessDenied, ControlPlaneError, ServiceLimit
from dynoresilience.ports.tables import NotSupported, Refused
from dynoresilience.tables.access import Access
from dynoresilience.tables.arrival import LAG, Arrival
from dynoresilience.tables.progress import Progress
from dynoresilience.tables.report import DriftReport, Label, Severity
from dynoresilience.tables.spec import TableSpec
from dynoresilience.tables.steps import Step
from dynoresilience.tables.unfinished import is_young, nothing_else, unfinished


@dataclass(slots=True)
class Finish:
    """What is left to do of one table, and what of it was asked for."""

    access: Access
    spec: TableSpec
    arrival: Arrival
    progress: Progress
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
                if not is_young(found, self.access.clock.now()) or not nothing_else(left, report):
                    return report
                self.arrival.joined = True
            left = [step for step in left if not self._has_failed(step)]
            if not left:
                return report
            todo = [step for step in left if step.what not in self._asked]
            if not todo:
                self.arrival.pause(f"it is not seen yet: {left[0].what}")
            for step in todo:
                if not self._ask(step):
                    break

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
