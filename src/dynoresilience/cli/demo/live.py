"""The demo as a picture that is drawn over and over in a terminal. Needs rich."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from dynoresilience.cli.demo import closing
from dynoresilience.cli.demo.frame import Act, draw, note
from dynoresilience.cli.demo.outcome import Outcome, shortcomings
from dynoresilience.cli.demo.view import Snapshot

AXIS = 20.0
"""Seconds that the charts span at least."""
SMALLEST = (72, 22)
"""Columns and lines without which the picture doesn't fit."""


def can_show(console: Console | None = None) -> bool:
    """Whether the terminal can be drawn in: large enough, and of more than ASCII."""
    console = console or Console()
    return (
        console.is_terminal
        and not console.is_dumb_terminal
        and console.encoding.lower().startswith("utf")
        and console.width >= SMALLEST[0]
        and console.height >= SMALLEST[1]
    )


class LiveView:
    """A `View` that shows both trials at once, the second below the first.

    What else is printed meanwhile, to stdout or stderr, appears above the picture.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._live = Live(console=self._console, auto_refresh=False)
        self._intro: list[Text] = []
        self._acts: list[Act] = []
        self._notes: list[Text] = []

    def __enter__(self) -> LiveView:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def introduce(self, lines: Sequence[str]) -> None:
        self._intro += [Text(line, style="dim") for line in lines]
        self._draw()

    def begin(self, title: str, detail: str) -> None:
        self._acts.append(Act(title, detail))
        self._notes.clear()
        self._draw()

    def note(self, seconds: float, text: str) -> None:
        self._notes.append(note(seconds, text))

    def show(self, snapshot: Snapshot) -> None:
        self._acts[-1].snapshot = snapshot
        self._draw()

    def close(self, outcomes: Sequence[Outcome]) -> None:
        self._live.stop()
        heading, *rows = closing.rows(outcomes)
        table = Table(*heading, box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
        for column in table.columns[1:]:
            column.justify = "right"
        for row in rows:
            table.add_row(*row)
        self._console.print()
        self._console.print(table)
        self._console.print()
        for line in closing.quotes(outcomes, width=min(self._console.width, 100)):
            self._console.print(Text(line, style="dim"))
        faults = shortcomings(outcomes[-1])
        style = "bold red" if faults else "bold green"
        self._console.print(Text(closing.verdict(outcomes[-1]), style=style))

    def _draw(self) -> None:
        self._live.update(Group(*self._lines()), refresh=True)

    def _lines(self) -> list[Text]:
        """No more than the terminal has: of the notes, the latest."""
        width, height = self._console.size
        snapshots = [act.snapshot for act in self._acts if act.snapshot is not None]
        axis = max([AXIS, *(snapshot.seconds for snapshot in snapshots)])
        lines = [*self._intro]
        for act in self._acts:
            lines += [Text(), *draw(act, width, axis)]
        used = sum(len(line.wrap(self._console, width)) for line in lines)
        room = max(0, height - 1 - used - 1)
        return [*lines, Text(), *self._notes[-room:]] if room else lines
