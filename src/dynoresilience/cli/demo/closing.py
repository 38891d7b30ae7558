"""The end of the demo in words and figures: the trials side by side, and what came of it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from dynoresilience.cli.demo.outcome import Outcome, shortcomings

MESSAGES = 3
"""So many different messages of exceptions are quoted."""

Row = tuple[str, ...]


def rows(outcomes: Sequence[Outcome]) -> list[Row]:
    """A label and a figure for each outcome; the first row is the heading."""
    return [
        ("", *(outcome.name for outcome in outcomes)),
        ("written (read back)", *(f"{each.written} of {each.total}" for each in outcomes)),
        ("failed", *(str(outcome.failed) for outcome in outcomes)),
        ("seconds", *(f"{outcome.seconds:.1f}" for outcome in outcomes)),
        ("UpdateTable calls", *(_updates(outcome) for outcome in outcomes)),
        ("peak write units (table / index)", *(_peaks(outcome) for outcome in outcomes)),
        ("back at base", *(_base(outcome) for outcome in outcomes)),
    ]


def as_text(table: Sequence[Row]) -> list[str]:
    """The rows as lines: labels to the left, figures to the right, a rule under the heading."""
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0])]
            + [figure.rjust(width) for figure, width in zip(row[1:], widths[1:], strict=True)]
        )
        for row in table
    ]
    return [lines[0], "-" * len(lines[0]), *lines[1:]]


def quotes(outcomes: Sequence[Outcome], width: int = 80) -> list[str]:
    """What the writes that failed had to say, as their exceptions put it; a blank line after it."""
    lines = []
    for outcome in outcomes:
        if not outcome.failed:
            continue
        lines.append(f"{outcome.name}: {outcome.failed} writes failed, with")
        common = outcome.failures.most_common(MESSAGES)
        for message, count in common:
            lines += _folded(f"  {count} x ", message, width)
        others = outcome.failed - sum(count for _, count in common)
        if others:
            lines.append(f"  and {others} with other messages")
        lines.append("")
    return lines


def verdict(outcome: Outcome) -> str:
    """In a line, whether `ScalingClient` kept its promise, and if not, why."""
    found = shortcomings(outcome)
    if found:
        return f"{outcome.name} fell short: {'; '.join(found)}."
    return f"{outcome.name}: no write failed, and the table is back at its base capacity."


def _folded(start: str, text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=start, subsequent_indent=" " * len(start))


def _updates(outcome: Outcome) -> str:
    if not outcome.update_calls:
        return "0"
    parts = [f"{outcome.raises} up", f"{outcome.decreases} down"]
    refused = outcome.update_calls - outcome.raises - outcome.decreases
    if refused:
        parts.append(f"{refused} refused")
    return f"{outcome.update_calls} ({', '.join(parts)})"


def _peaks(outcome: Outcome) -> str:
    return " / ".join(str(peak) for peak in outcome.peaks)


def _base(outcome: Outcome) -> str:
    if not outcome.back_at_base:
        return "NO"
    return "yes" if outcome.raises else "yes, never left it"
