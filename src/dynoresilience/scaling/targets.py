"""Which numbers of a table are under Application Auto Scaling, as far as one client may see."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import replace

from dynoresilience import events
from dynoresilience.model import HoldReason, RaisedKey, ScalableTarget, TableState
from dynoresilience.ports import AccessDenied, Clock, EventSink, TableControl

_log = logging.getLogger("dynoresilience")

NONE_FOR = 300.0
"""Seconds for which a table without a target is believed to have none."""
DENIED_FOR = 900.0
"""Seconds for which nothing is asked, or changed, that the credentials did not allow."""
SHARE_OF_TIME = 0.01
"""After a failure nobody asks for so long that failures take up this share of the time at most:
where Application Auto Scaling can't be reached, each costs a raise seconds."""
_UNSEEN = HoldReason.FAILED, "its scalable target can't be seen now"


class Targets:
    """Asks only when a raise is about to be made. Used within a table's single flight.

    A minimum is what a raise begins at and is put back to later, so it has to be seen each time:
    where it can't be, a number that was under a target when last seen is not raised.
    """

    def __init__(self, control: TableControl, clock: Clock, sink: EventSink) -> None:
        self._control = control
        self._clock = clock
        self._sink = sink
        self._known: dict[str, Mapping[RaisedKey, ScalableTarget]] = {}
        self._ask_from: dict[str, float] = {}
        self._denied_why = self._unchangeable_why = ""
        self._denied_until = self._unchangeable_until = float("-inf")

    def added_to(self, state: TableState, table: str, keys: Collection[RaisedKey]) -> TableState:
        """The state with its targets, as far as they are known.

        ``table``: as the caller addressed it. ``keys``: what is about to be raised.
        """
        if state.on_demand:
            return state
        now = self._clock.monotonic()
        held: tuple[HoldReason, str] | None = None
        if now < self._denied_until:
            held = HoldReason.NO_PERMISSION, self._denied_why
        elif now < self._ask_from.get(state.arn, now):
            held = _UNSEEN
        else:
            held = self._ask(state, table, keys)
        known = self._known.get(state.arn)
        if held is None and now < self._unchangeable_until:
            held = HoldReason.NO_PERMISSION, self._unchangeable_why
        if not known:
            return replace(state, targets=known if held is None else None)
        return replace(state, targets={key: replace(of, held=held) for key, of in known.items()})

    def change_denied(self, action: str) -> None:
        """The minimum of a target may not be changed; for a while nobody tries."""
        self._unchangeable_why = f"not allowed to call {action}"
        self._unchangeable_until = self._clock.monotonic() + DENIED_FOR

    def forget(self, state: TableState) -> None:
        """Ask anew next time."""
        self._ask_from.pop(state.arn, None)

    def _ask(
        self, state: TableState, table: str, keys: Collection[RaisedKey]
    ) -> tuple[HoldReason, str] | None:
        """Why the targets could not be seen; None: they were."""
        begun = self._clock.monotonic()
        try:
            found = self._control.targets(table, state, keys)
        except AccessDenied as error:
            self._denied_why = f"not allowed to call {error.action}"
            self._denied_until = self._clock.monotonic() + DENIED_FOR
            self._sink.emit(events.TargetsUnseen(table, self._denied_why))
            return HoldReason.NO_PERMISSION, self._denied_why
        except Exception as error:  # whatever it is, a raise is not held up by it
            now = self._clock.monotonic()
            self._ask_from[state.arn] = now + (now - begun) / SHARE_OF_TIME
            _log.debug("the scalable targets of %s are not known: %s", table, error)
            return _UNSEEN
        self._known[state.arn] = found
        if not found:
            self._ask_from[state.arn] = self._clock.monotonic() + NONE_FOR
        return None
