"""The demo as lines of plain ASCII: for pipes, files, and terminals that can't do more."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from types import TracebackType

from dynoresilience.cli.demo import closing
from dynoresilience.cli.demo.outcome import Outcome
from dynoresilience.cli.demo.view import Snapshot

EVERY = 2.0
"""Seconds between two lines that say how it stands."""
WIDTH = 80


class PlainView:
    """A `View` that prints a line for each event, and one every couple of seconds."""

    def __init__(self) -> None:
        self._due = EVERY

    def __enter__(self) -> PlainView:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def introduce(self, lines: Sequence[str]) -> None:
        for line in lines:
            _print(line)

    def begin(self, title: str, detail: str) -> None:
        self._due = EVERY
        _print(f"\n{title}: {detail}")

    def note(self, seconds: float, text: str) -> None:
        start = f"{seconds:6.1f} s  "
        indent = " " * len(start)
        _print(textwrap.fill(text, WIDTH, initial_indent=start, subsequent_indent=indent))

    def show(self, snapshot: Snapshot) -> None:
        if snapshot.lasted is not None or snapshot.seconds < self._due:
            return
        self._due += EVERY
        units = " / ".join(str(history[-1][1]) for history in snapshot.units.values())
        self.note(
            snapshot.seconds,
            f"{snapshot.written} written, {snapshot.failed} failed, {snapshot.throttles} throttles,"
            f" write units {units}",
        )

    def close(self, outcomes: Sequence[Outcome]) -> None:
        _print("")
        for line in closing.as_text(closing.rows(outcomes)):
            _print(line)
        _print("")
        for line in closing.quotes(outcomes):
            _print(line)
        _print(closing.verdict(outcomes[-1]))


def _print(line: str) -> None:
    """At once: whoever reads along in a pipe sees it when it happens."""
    print(line, flush=True)
