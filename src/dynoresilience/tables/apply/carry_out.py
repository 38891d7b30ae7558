"""A plan is carried out: look, send one step, look again.

Before each step a fresh plan is made of what is seen. It may hold nothing that the plan did not
announce: else somebody else has changed the table, and is not overwritten. It may well hold less,
and then the rest is not sent. So two that carry out the same plan join each other, and a request
whose outcome is unknown is sent again only if it did not take effect.
"""

from __future__ import annotations

from typing import NoReturn

from dynoresilience.ports import (
    AccessDenied,
    ControlPlaneError,
    DecreaseRefused,
    OutcomeUnknown,
    ServiceLimit,
    TableBusy,
    TooLate,
)
from dynoresilience.ports.tables import NotSupported, Refused
from dynoresilience.process.log_sink import utc
from dynoresilience.tables.access import Access
from dynoresilience.tables.apply.readiness import in_the_way, unfinished, unsettled
from dynoresilience.tables.patience import Patience
from dynoresilience.tables.plan import plan
from dynoresilience.tables.progress import Progress
from dynoresilience.tables.report import DriftReport
from dynoresilience.tables.seen.found import FoundIndex, FoundTable
from dynoresilience.tables.seen.look import look
from dynoresilience.tables.spec import TableSpec
from dynoresilience.tables.steps import Applied, PlanError, Step, TablePlan
from dynoresilience.tables.verify import sighting

NO_EFFECT_AFTER = 30.0
"""Seconds in which a table that is in the middle of nothing shows what it has accepted.

Tags are seen after up to 4 s, others measured; an emulator that forgets a setting never shows it.
"""
LOST_AFTER = 5.0
"""Seconds after which a request without an answer has not arrived, if nothing is seen of it."""
BUSY_FOR = 120.0
"""Seconds for which a table may be somebody's that is in the middle of nothing.

moto calls a table in use for ever once its stream was disabled.
"""
TTL_PAUSE = 3600.0
"""Seconds between two changes of the time to live. Source: UpdateTimeToLive, API Reference."""

_TOO_SOON = "multiple times within a fixed interval"
_CHANGES_NOTHING = ("already", "will not change", "no stream to disable")
"""Why a step is refused that somebody else was quicker with: the next look tells whether so."""


class CarryingOut:
    """One plan, carried out once."""

    def __init__(
        self, access: Access, plan: TablePlan, spec: TableSpec, patience: Patience
    ) -> None:
        self._access = access
        self._plan = plan
        self._spec = spec
        self._patience = patience
        self._progress = Progress(plan.table, access.clock, access.sink)
        self._expected = {pair for step in plan.steps for pair in step.pairs}
        self._left = plan.steps
        self._done: list[Step] = []
        self._postponed: dict[str, str] = {}  # by path: why, and until when
        self._tried: dict[str, str] = {}  # by step: why not yet
        self._sent: Step | None = None  # until it shows
        self._is_lost = False  # it was not answered
        self._quiet_since: float | None = None  # nothing is under way, and it does not show
        self._busy_since: float | None = None

    def to_the_end(self) -> Applied:
        """Until the table is as declared.

        Raises:
            PlanError: it will not be, or not in time.
            AccessDenied: DescribeTable is not allowed.
        """
        is_first = True
        while True:
            found, report = self._look()
            if found is not None and (waits_for := unsettled(found)):
                self._quiet_since = self._busy_since = None
                self._wait(waits_for)
                continue
            fresh = plan(self._spec, found, report)
            self._left = fresh.steps
            if is_first and fresh.fingerprint != self._plan.fingerprint:
                self._stop("nothing was sent: the table has changed since it was planned")
            is_first = False
            self._check_expected(fresh)
            if self._sent is not None and not self._shows(self._sent, fresh, found):
                continue
            step = self._next(fresh)
            if found is not None:
                waits_for = unfinished(found) if step is None else in_the_way(found, step)
                if waits_for:
                    self._wait(waits_for)
                    continue
            if step is None:
                return self._end(report)
            self._send(step, found)

    def _look(self) -> tuple[FoundTable | None, DriftReport]:
        while True:
            try:
                return sighting(self._access, self._spec)
            except AccessDenied:
                raise
            except ControlPlaneError as error:
                self._wait(f"the table can't be read: {error}")

    def _shows(self, step: Step, fresh: TablePlan, found: FoundTable | None) -> bool:
        """Whether what was sent has come, or is to be sent again; if neither, wait a little."""
        if not any(step.pairs & other.pairs for other in fresh.steps):
            self._done.append(step)
            self._expected -= step.pairs
            self._sent = None
            self._patience.begin_anew()
            return True
        waits_for = in_the_way(found, step) if found is not None else ""
        now = self._access.clock.monotonic()
        if waits_for or self._quiet_since is None:
            self._quiet_since = None if waits_for else now
        elif self._is_lost and now - self._quiet_since >= LOST_AFTER:
            self._sent = None
            return True
        elif now - self._quiet_since >= NO_EFFECT_AFTER:
            self._stop(
                f"{step.what}: it was accepted and has no effect; does this endpoint know it?"
            )
        self._wait(waits_for or f"{step.what} does not show yet")
        return False

    def _check_expected(self, fresh: TablePlan) -> None:
        """Somebody else's change is not overwritten."""
        new = {path for step in fresh.steps for path, _ in step.pairs - self._expected}
        new |= {refusal.difference.path for refusal in fresh.refused}
        if new:
            self._stop(f"somebody else has changed it meanwhile: {', '.join(sorted(new))}")

    def _next(self, fresh: TablePlan) -> Step | None:
        """The first that does not hang on one that was put off."""
        blocked = tuple(self._postponed)
        for step in fresh.steps:
            if not blocked or not any(path.startswith(blocked) for path in step.changes):
                return step
        return None

    def _send(self, step: Step, found: FoundTable | None) -> None:
        """Ask for it once; whether it is done is seen at the next look."""
        if self._patience.is_over:  # we were frozen, or whoever waits for us waits no more
            self._wait(self._tried.get(step.what, step.what))
        takes_away = step.allow is not None or "ProvisionedThroughput" in str(step.request)
        if takes_away and found is not None and not self._is_still(found):
            return
        self._progress.tell(step.what)
        self._is_lost = False
        try:
            self._access.admin.ask(step.operation, step.request)
        except TooLate:
            return
        except OutcomeUnknown as error:
            self._is_lost = True
            self._progress.tell(f"{step.what}: no answer: {error}")
        except AccessDenied as error:
            self._stop(f"{step.what}: allow {error.action}: {error}")
        except NotSupported as error:
            self._stop(f"{step.what}: it is not supported here: {error}")
        except DecreaseRefused as error:
            until = "" if error.until is None else f"; run it again after {utc(error.until)}"
            self._postpone(step, f"the day's decreases are spent{until}: {error}")
            return
        except (Refused, ServiceLimit) as error:
            if _TOO_SOON in str(error):
                until = utc(self._access.clock.now() + TTL_PAUSE)
                self._postpone(step, f"it may be changed once an hour: run it again after {until}")
                return
            if isinstance(error, ServiceLimit):
                self._postpone(step, str(error))
                return
            if not any(words in str(error) for words in _CHANGES_NOTHING):
                self._stop(f"{step.what}: it is refused: {error}")
        except TableBusy as error:
            self._busy(step, error)
            return
        except ControlPlaneError as error:  # too many changes at once
            self._try_again(step, error)
            return
        self._sent, self._quiet_since, self._busy_since = step, None, None
        self._patience.begin_anew()

    def _is_still(self, found: FoundTable) -> bool:
        """Whether what would be lost is still what was seen, an instant before it is.

        Else one that is slow, or was frozen in the middle of a look, would take away what another
        has just made anew, or raised: units are sent as they were seen where they stay.
        """
        try:
            now = look(self._access.admin, self._spec.name, ())
        except AccessDenied:
            raise
        except ControlPlaneError as error:
            self._wait(f"the table can't be read: {error}")
            return False
        if _of_consequence(found) == _of_consequence(now):
            return True
        self._wait("it is just being changed")
        return False

    def _busy(self, step: Step, error: TableBusy) -> None:
        """Somebody else is at it: what comes of that is to be seen."""
        now = self._access.clock.monotonic()
        if self._busy_since is None:
            self._busy_since = now
        elif now - self._busy_since >= BUSY_FOR:
            self._stop(
                f"{step.what}: the table is called in use, and nothing is seen of it: {error}"
            )
        self._try_again(step, error)

    def _try_again(self, step: Step, error: ControlPlaneError) -> None:
        self._tried[step.what] = f"{step.what}: {error}"
        self._wait(self._tried[step.what])

    def _postpone(self, step: Step, why: str) -> None:
        """Go on with what does not hang on it."""
        if step.operation == "CreateTable" or "BillingMode" in step.request:
            self._stop(f"{step.what}: {why}")
        self._postponed |= dict.fromkeys(step.changes, f"{step.what}: {why}")

    def _wait(self, what: str) -> None:
        self._progress.tell(f"waiting: {what}")
        if not self._patience.pause():
            seconds = self._progress.seconds
            self._stop(f"after {seconds:.0f} s still waiting: {what}; that goes on without us")

    def _end(self, report: DriftReport) -> Applied:
        if self._postponed:
            self._stop("; ".join(dict.fromkeys(self._postponed.values())))
        if not report.clean:
            self._stop(f"all is done, and it still differs: {report}")
        self._progress.tell("as declared")
        return Applied(self._plan.table, tuple(self._done), self._progress.seconds, report)

    def _stop(self, why: str) -> NoReturn:
        advice = "plan_table shows what is left to do"
        raise PlanError(self._plan.table, f"{why}; {advice}", self._done, self._left)


def _of_consequence(found: FoundTable | None) -> object:
    """What a step that needs to be allowed takes away; None: there is nothing."""
    if found is None:
        return None
    indexes = {
        (each.name, each.hash_key, each.range_key, each.projection_type, each.status, _units(each))
        for each in found.indexes.values()
    }
    stream = found.stream_view_type, found.stream_arn
    return found.table_id, found.status, found.billing_mode, _units(found), stream, indexes


def _units(of: FoundTable | FoundIndex) -> tuple[int, int]:
    return of.read_capacity_units, of.write_capacity_units
