"""Numbers and tables as Markdown."""

from __future__ import annotations

import ast
import inspect
import math
from collections.abc import Iterable, Sequence


def short(number: float | None) -> str:
    """Three digits are enough; a dash if there is none."""
    if number is None or math.isnan(number):
        return "–"
    if number == int(number) or abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.3g}"


def ratio(number: float | None) -> str:
    """To the thousandth below 2, where that may matter."""
    if number is None or math.isnan(number):
        return "–"
    return f"{number:.3f}" if number < 2 else short(number)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """A Markdown table; all but the first ``left`` columns are aligned to the right."""
    marks = ["---"] * left + ["---:"] * (len(heads) - left)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, marks, *rows))


def listed(things: Sequence[str]) -> str:
    """a, b and c."""
    *most, last = things
    return f"{', '.join(most)} and {last}" if most else last


def explained(source: str, *, but_first_line: bool = False) -> str:
    """What the docstring of a script says; its first line is the title of its section."""
    text = inspect.cleandoc(ast.get_docstring(ast.parse(source)) or "")
    text = text.partition("\n")[2].strip("\n") if but_first_line else text
    return text.replace("``", "`")


def titled(source: str) -> str:
    """The first line of a script's docstring, without its full stop."""
    return explained(source).partition("\n")[0].removesuffix(".")
