"""One picture of a running demo, drawn with rich."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text

from dynoresilience.cli.demo.chart import chart
from dynoresilience.cli.demo.view import Snapshot

_MARGIN = "  "
_SIDE = 33
"""Columns to the right of the progress bar: two counts, and the seconds."""


@dataclass(slots=True)
class Act:
    """A trial as it is shown: how it is headed, and how it stands."""

    title: str
    detail: str
    snapshot: Snapshot | None = None


def draw(act: Act, width: int, axis: float) -> list[Text]:
    """The lines of a trial.

    Args:
        act: the trial.
        width: columns of the terminal.
        axis: seconds that the charts span.
    """
    lines = [Text.assemble((act.title, "bold"), (f": {act.detail}", "dim"))]
    if act.snapshot is not None:
        lines.append(_progress(act.snapshot, width))
        lines += _units(act.snapshot, width, axis)
        lines.append(_counts(act.snapshot))
    return lines


def note(seconds: float, text: str) -> Text:
    """Something that happened, on one line."""
    line = Text.assemble((f"{seconds:6.1f} s  ", "dim"), text)
    line.no_wrap, line.overflow = True, "ellipsis"
    return line


def _progress(snapshot: Snapshot, width: int) -> Text:
    columns = max(10, width - len(_MARGIN) - _SIDE)
    written = columns * snapshot.written // snapshot.total
    failed = columns * (snapshot.written + snapshot.failed) // snapshot.total - written
    seconds = snapshot.seconds if snapshot.lasted is None else snapshot.lasted
    return Text.assemble(
        _MARGIN,
        ("━" * written, "green"),
        ("━" * failed, "red"),
        ("━" * (columns - written - failed), "bright_black"),
        (f" {snapshot.written:>4} written", "green"),
        (f" {snapshot.failed:>4} failed", "red" if snapshot.failed else "dim"),
        f" {seconds:5.1f} s",
    )


def _units(snapshot: Snapshot, width: int, axis: float) -> list[Text]:
    label = max(len(str(resource)) for resource in snapshot.units)
    unit = " write units"
    columns = max(10, width - len(_MARGIN) - label - 2 - len(unit) - 5)
    lines = []
    for resource, history in snapshot.units.items():
        bars = chart(history, snapshot.seconds, width=columns, seconds=axis, top=snapshot.cap)
        lines.append(
            Text.assemble(
                f"{_MARGIN}{resource!s:<{label}}  ",
                (bars.ljust(columns), "cyan"),
                f" {history[-1][1]:>4}{unit}",
            )
        )
    return lines


def _counts(snapshot: Snapshot) -> Text:
    return Text(
        f"{_MARGIN}{snapshot.throttles} attempts throttled, "
        f"{snapshot.update_calls} UpdateTable calls",
        style="dim",
    )
