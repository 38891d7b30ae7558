"""One burst of writes, watched from its first write until the capacity is back at base."""

from __future__ import annotations

import time
from collections.abc import Callable, Sized
from typing import Any

from dynoresilience.cli.demo.burst import Burst
from dynoresilience.cli.demo.news import News
from dynoresilience.cli.demo.outcome import Outcome
from dynoresilience.cli.demo.stage import INDEX, TABLE, UPDATE_SECONDS, Stage, put
from dynoresilience.cli.demo.view import Snapshot, View
from dynoresilience.client import ScalingClient
from dynoresilience.config import ScalingConfig
from dynoresilience.engine import Runtime

THREADS = 16
PATIENCE = 15.0
"""Seconds that the scale-down may take beyond those that it should."""
_STAYS = 1.5
"""Seconds that the capacity has to stay at base to count as back there."""
_TICK = 0.1
"""Seconds between two looks."""


def run_alone(name: str, writes: int, cap: int, view: View) -> Outcome:
    """``writes`` items through a boto3 client as it is, in charts that go up to ``cap``."""
    with Stage() as stage:
        return Trial(stage, stage.client(), writes, cap, view, News(stage.now)).run(name)


def run_scaling(name: str, writes: int, config: ScalingConfig, view: View) -> Outcome:
    """``writes`` items through a `ScalingClient`, until its raises are taken back."""
    with Stage() as stage:
        news = News(stage.now)
        # A runtime of its own: what is still raised if this is cut short concerns nobody.
        ddb = ScalingClient(stage.client(), config=config, sinks=[news], runtime=Runtime())
        with ddb:
            cap, pending = config.max_write_capacity, ddb.pending_scale_downs
            trial = Trial(stage, ddb, writes, cap, view, news, pending)
            return trial.run(name, config.scale_down_delay)


class Trial:
    """The burst, and what is seen of it.

    Args:
        stage: the table.
        client: writes to it.
        writes: items to write.
        cap: the most write units that there may be.
        view: where all this is shown.
        news: what the client tells of itself.
        pending: what the client has raised and not lowered yet.
    """

    def __init__(
        self,
        stage: Stage,
        client: Any,
        writes: int,
        cap: int,
        view: View,
        news: News,
        pending: Callable[[], Sized] = tuple,
    ) -> None:
        self._stage = stage
        self._burst = Burst(lambda number: put(client, number), writes, THREADS)
        self._writes = writes
        self._cap = cap
        self._view = view
        self._news = news
        self._pending = pending
        self._started = stage.now()
        self._lasted: float | None = None

    def run(self, name: str, scale_down_delay: float = 0.0) -> Outcome:
        """From the first write to the count at the end. Ends early only by an exception."""
        self._burst.start()
        try:
            while not self._burst.wait(_TICK):
                self._look()
            seconds = self._lasted = self._now()
            self._say("the last write has ended")
            back_at_base = self._see_it_lowered(scale_down_delay)
            self._look()
        finally:
            self._burst.stop()
        return self._outcome(name, seconds, back_at_base)

    def _see_it_lowered(self, delay: float) -> bool:
        """Wait for the scale-down, with patience, but not for ever; True if all is at base."""
        if self._is_at_base():
            return True
        self._say(f"waiting for the scale-down, due {delay:g} s after the last throttle")
        give_up = self._now() + delay + UPDATE_SECONDS + PATIENCE
        while not self._is_at_base():
            if self._now() > give_up:
                return False
            time.sleep(_TICK)
            self._look()
        self._say("back at base")
        for _ in range(round(_STAYS / _TICK)):
            time.sleep(_TICK)
            self._look()
        return self._is_at_base()

    def _is_at_base(self) -> bool:
        # In this order: a raise that is under way is pending, but not yet to be seen.
        return not self._pending() and self._stage.is_at_base()

    def _say(self, text: str) -> None:
        self._look()
        self._view.note(self._now(), text)

    def _look(self) -> None:
        for at, line in self._news.read():
            self._view.note(at - self._started, line)
        self._view.show(
            Snapshot(
                seconds=self._now(),
                total=self._writes,
                written=len(self._burst.written),
                failed=self._burst.failures.total(),
                throttles=self._stage.throttles(),
                update_calls=self._stage.update_calls(),
                units={each: self._stage.history(each, self._started) for each in (TABLE, INDEX)},
                cap=self._cap,
                lasted=self._lasted,
            )
        )

    def _now(self) -> float:
        return self._stage.now() - self._started

    def _outcome(self, name: str, seconds: float, back_at_base: bool) -> Outcome:
        stage = self._stage
        update_calls, raises, decreases = stage.update_calls(), stage.raises(), stage.decreases()
        histories = [stage.history(each, self._started) for each in (TABLE, INDEX)]
        found = stage.read_back()
        return Outcome(
            name,
            total=self._writes,
            written=len(found),
            lost=len(self._burst.written - found),
            failures=self._burst.failures,
            seconds=seconds,
            update_calls=update_calls,
            raises=raises,
            decreases=decreases,
            peaks=[max(units for _, units in history) for history in histories],
            back_at_base=back_at_base,
        )
