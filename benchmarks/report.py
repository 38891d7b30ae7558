"""Rows of the closing table, and the JSON files that they are kept in.

In ``results/`` are those that `page` makes docs/benchmarks.md of: only `run` writes there, of full
runs. A script that is run alone writes to ``results/alone/``, a quick run to ``results/quick/``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import surroundings

KEPT = Path(__file__).resolve().parent / "results"
FOLDER_VARIABLE = "BENCHMARK_RESULTS"
RESULTS = Path(os.environ.get(FOLDER_VARIABLE, KEPT / "alone"))

_HEADS = ("benchmark", "case", "ratio", "quartiles", "aim", "figures")


@dataclass(frozen=True)
class Row:
    """One figure. ``aim``: the ratio not to be exceeded; None: there is none."""

    benchmark: str
    case: str
    ratio: float | None
    quartiles: tuple[float, float] | None
    figures: str
    aim: float | None = None


@dataclass(frozen=True)
class Spread:
    """The middle of many numbers, and the quartiles beside it."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, numbers: Sequence[float]) -> Spread:
        if len(numbers) < 2:
            return cls(numbers[0], numbers[0], numbers[0])
        low, _, high = quantiles(numbers, n=4, method="inclusive")
        return cls(median(numbers), low, high)

    @classmethod
    def of_ratios(cls, ours: Sequence[float], theirs: Sequence[float]) -> Spread:
        """Of ratios of what was measured side by side, so that the machine's noise cancels."""
        return cls.of([one / other for one, other in zip(ours, theirs, strict=True)])

    @property
    def quartiles(self) -> tuple[float, float]:
        return self.low, self.high


def save(benchmark: str, rows: Iterable[Row], **details: Any) -> None:
    """Write the rows, the machine and ``details`` to ``<benchmark>.json``."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    content = {
        "environment": surroundings.describe(),
        "rows": [asdict(row) for row in rows],
        **details,
    }
    path = RESULTS / f"{benchmark}.json"
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def load(benchmark: str, folder: Path = RESULTS) -> dict[str, Any]:
    """What the latest run has saved; nothing if there was none."""
    path = folder / f"{benchmark}.json"
    if not path.exists():
        return {}
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def rows_in(content: dict[str, Any]) -> list[Row]:
    """The rows of what was loaded."""
    return [Row(**row) for row in content.get("rows", ())]


def markdown(rows: Iterable[Row]) -> str:
    """The rows as a Markdown table, its columns aligned."""
    cells = [_HEADS, *(_cells(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _cells(row: Row) -> tuple[str, ...]:
    quartiles = "" if row.quartiles is None else f"{row.quartiles[0]:.3f} – {row.quartiles[1]:.3f}"
    return (
        row.benchmark,
        row.case,
        "" if row.ratio is None else f"{row.ratio:.3f}",
        quartiles,
        _aim(row),
        row.figures,
    )


def _aim(row: Row) -> str:
    if row.aim is None or row.ratio is None:
        return ""
    return f"≤ {row.aim:.2f}: {'met' if row.ratio <= row.aim else 'MISSED'}"
