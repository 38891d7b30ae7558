"""Bar charts as SVG: readable in a light page and in a dark one, with the figures written out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

COLUMN, NOTE, ROW, HEAD, LETTER = 190, 120, 17, 24, 6.6
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.quiet { fill: #57606a }
.ours { fill: #0969da }
.other { fill: #8c959f }
.undone, .ours-undone { fill: none; stroke: #8c959f; stroke-dasharray: 3 2 }
.ours-undone { stroke: #0969da }
.line { stroke: #57606a }
.aim { stroke: #cf222e; stroke-dasharray: 2 3 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .quiet { fill: #9198a1 }
  .ours { fill: #4493f8 }
  .ours-undone { stroke: #4493f8 }
  .line { stroke: #9198a1 }
  .aim { stroke: #f85149 }
}
"""


@dataclass(frozen=True)
class Bar:
    """``value`` None: no bar. ``note``: the figure, as text. ``look``: ours, other or undone."""

    value: float | None
    note: str
    look: str = "other"


@dataclass(frozen=True)
class Group:
    """Bars under a title: by label, one in each column."""

    title: str
    rows: Sequence[tuple[str, Sequence[Bar]]]


@dataclass(frozen=True)
class Column:
    """What the bars of a column are, and how they are drawn.

    Attributes:
        title: above them.
        base: the value at which bars begin, to both sides; a line is drawn there.
        log: on a logarithmic scale.
        aim: another line.
    """

    title: str
    base: float = 1.0
    log: bool = True
    aim: float | None = None

    def place(self, value: float) -> float:
        """Where a value is, to the right of the base; in no unit."""
        return math.log(max(value, 1e-9) / self.base) if self.log else value - self.base


def chart(title: str, columns: Sequence[Column], groups: Sequence[Group]) -> str:
    """A picture of all groups, one below the other, with a scale for each column."""
    rows = [row for group in groups for row in group.rows]
    first = 24 + round(LETTER * max((len(label) for label, _ in rows), default=0))
    width = first + len(columns) * (COLUMN + NOTE)
    scales = [
        _Scale(column, first + number * (COLUMN + NOTE), [bars[number] for _, bars in rows])
        for number, column in enumerate(columns)
    ]
    parts = [_text(scale.column.title, scale.left, HEAD - 8, "title") for scale in scales]
    top = HEAD
    for group in groups:
        parts.append(_text(group.title, 0, top + HEAD - 8, "title"))
        bottom = top + HEAD + ROW * len(group.rows)
        parts += [line for scale in scales for line in scale.lines(top + HEAD, bottom)]
        for number, (label, bars) in enumerate(group.rows):
            y = top + HEAD + number * ROW
            parts.append(_text(label, 8, y + ROW - 5, "title" if _is_ours(bars) else ""))
            for bar, scale in zip(bars, scales, strict=True):
                parts += scale.drawn(bar, y)
        top = bottom + 8
    size = f'width="{width}" height="{top}" viewBox="0 0 {width} {top}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>{_STYLE}</style>",
            *parts,
            "</svg>\n",
        ]
    )


class _Scale:
    """One column: from values to pixels."""

    def __init__(self, column: Column, left: float, bars: Sequence[Bar]) -> None:
        self.column = column
        self.left = left
        places = [column.place(bar.value) for bar in bars if bar.value is not None]
        places += [0.0, column.place(column.aim) if column.aim is not None else 0.0]
        self._least, self._most = min(places), max(places)

    def x(self, value: float) -> float:
        room = (self._most - self._least) or 1.0
        return self.left + COLUMN * (self.column.place(value) - self._least) / room

    def lines(self, top: float, bottom: float) -> list[str]:
        marks = [(self.column.base, "line")]
        if self.column.aim is not None:
            marks.append((self.column.aim, "aim"))
        return [
            f'<path class="{look}" d="M{self.x(value):.1f} {top}V{bottom}"/>'
            for value, look in marks
        ]

    def drawn(self, bar: Bar, y: float) -> list[str]:
        end = base = self.x(self.column.base)
        parts = []
        if bar.value is not None:
            end = self.x(bar.value)
            left, width = min(base, end), max(1.5, abs(end - base))
            size = f'x="{left:.1f}" y="{y + 3}" width="{width:.1f}" height="{ROW - 6}"'
            parts.append(f'<rect class="{bar.look}" {size}/>')
        return [*parts, _text(bar.note, max(base, end) + 5, y + ROW - 5, "quiet")]


def _is_ours(bars: Sequence[Bar]) -> bool:
    return any(bar.look.startswith("ours") for bar in bars)


def _text(text: str, x: float, y: float, look: str) -> str:
    return f'<text class="{look}" x="{x:.1f}" y="{y}">{escape(text)}</text>'
