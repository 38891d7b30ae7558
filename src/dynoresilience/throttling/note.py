"""How a throttled call fared, in words, as a note on its exception (Python 3.11 and later)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynoresilience.throttling.exceptions import REPORT

_BEGINNING = "dynoresilience: "
_PASSING = frozenset({"updating", "just raised"})
"""Holds that end by themselves: they are not why a call had to give up."""


def note_on(error: Any) -> None:
    """Put the report in ``error.response`` on it in words, unless it has a note of ours."""
    notes = getattr(error, "__notes__", ())
    if hasattr(error, "add_note") and not any(str(n).startswith(_BEGINNING) for n in notes):
        error.add_note(in_words(error.response[REPORT]))


def in_words(report: Mapping[str, Any]) -> str:
    """A report as `ThrottledCall.report` makes it: names of tables and indexes, no item data."""
    attempts = report["attempts"]
    times = "1 attempt" if attempts == 1 else f"{attempts} attempts"
    words = f"gave up after {times} in {report['seconds_waited']:.1f} s ({report['reason']})"
    raises = report["raises"]
    if raises:
        words += f"; raised {', '.join(raises)}"
    holds = [reason for reason in report["hold_reasons"] if reason not in _PASSING]
    if holds:
        words += f"; not raised{' further' if raises else ''}: {', '.join(holds)}"
    return _BEGINNING + words
