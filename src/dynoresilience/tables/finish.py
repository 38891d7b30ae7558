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
from dynoresilience.tables.found import FoundTable
from dynoresilience.tables.progress import Progress
from dynoresilience.tables.report import Difference, DriftReport, Label, Severity
from dynoresilience.tables.spec import TableSpec
from dynoresilience.tables.unfinished import Setting, is_young, nothing_else, unfinished


@dataclass(slots=True)
class Finish:
    """What is left to do of one table, and what of it was asked for."""

    access: Access
    spec: TableSpec
    arrival: Arrival
    progress: Progress
    _asked: dict[tuple[str, str | None], float] = field(default_factory=dict)
    _refusals: dict[tuple[str, str | None], Refused] = field(default_factory=dict)
    _unsupported: list[tuple[Setting, str]] = field(default_factory=list)

    def wait(self) -> tuple[FoundTable, DriftReport]:
        """The table, once it is there with all its settings, and how it still differs.

        Raises:
            EnsureTimeout, TableUnusable, AccessDenied, ControlPlaneError: as `Arrival.wait`; or a
                setting could not be switched on.
        """
        while True:
            found, report = self.arrival.wait()
            report = self._excused(report)
            left = unfinished(self.spec, found, report)
            if not self.arrival.created:
                if not is_young(found, self.access.clock.now()) or not nothing_else(left, report):
                    return found, report
                self.arrival.joined = self.arrival.joined or bool(left)
            left = [setting for setting in left if not self._has_failed(setting)]
            if not left:
                return found, report
            todo = [setting for setting in left if setting.name not in self._asked]
            if not todo:
                self.arrival.pause(f"{left[0].what} is not seen yet")
            for setting in todo:
                if not self._ask(setting):
                    break

    def _ask(self, setting: Setting) -> bool:
        """Switch it on. False: not now; it is time to look again."""
        try:
            self.access.admin.ask(setting.operation, setting.request)
        except NotSupported as error:
            self._unsupported.append((setting, str(error)))
            return True
        except Refused as error:  # it may be on by now: somebody else was faster
            self._refusals[setting.name] = error
        except (AccessDenied, ServiceLimit):
            raise
        except ControlPlaneError as error:
            self.arrival.pause(self.arrival.failing(error))
            return False
        else:
            self.progress.tell(f"{setting.what}: enabled")
        self._asked[setting.name] = self.access.clock.monotonic()
        return True

    def _has_failed(self, setting: Setting) -> bool:
        """True if it was asked for, and is still not to be seen after a while: then it is drift.

        Raises:
            Refused: it was, and that is why.
        """
        asked = self._asked.get(setting.name)
        if asked is None or self.access.clock.monotonic() - asked < LAG:
            return False
        if setting.name in self._refusals:
            raise self._refusals[setting.name]
        return True

    def _excused(self, report: DriftReport) -> DriftReport:
        """The report, with a note in place of what this endpoint has refused to know."""

        def why(difference: Difference) -> str | None:
            return next((why for each, why in self._unsupported if each.closes(difference)), None)

        notes = [
            replace(
                each,
                label=Label.UNSUPPORTED,
                severity=Severity.INFO,
                remedy=f"it can't be switched on at this endpoint: {why(each)}",
            )
            for each in report.differences
            if why(each) is not None
        ]
        drift = tuple(each for each in report.differences if why(each) is None)
        return replace(report, differences=drift, notes=(*report.notes, *notes))
