"""The words on an exception: what happened, once, and nothing of the items."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from dynoresilience.throttling.note import in_words, note_on

REPORT = {
    "attempts": 6,
    "seconds_waited": 14.234,
    "raises": ["orders write 5 -> 10"],
    "hold_reasons": ["updating", "at cap", "just raised"],
    "reason": "retries used up",
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {},
            "gave up after 6 attempts in 14.2 s (retries used up); raised orders write 5 -> 10; "
            "not raised further: at cap",
        ),
        (
            {"attempts": 1, "raises": [], "hold_reasons": ["on-demand"], "reason": "deadline"},
            "gave up after 1 attempt in 14.2 s (deadline); not raised: on-demand",
        ),
        (
            {"raises": [], "hold_reasons": ["updating"]},
            "gave up after 6 attempts in 14.2 s (retries used up)",
        ),
        (
            {"raises": ["a read 1 -> 2", "a/i read 1 -> 2"], "hold_reasons": []},
            "gave up after 6 attempts in 14.2 s (retries used up); raised a read 1 -> 2, "
            "a/i read 1 -> 2",
        ),
    ],
)
def test_a_report_in_words(changes: dict[str, Any], words: str) -> None:
    assert in_words(REPORT | changes) == f"dynoresilience: {words}"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have no notes")
def test_one_note_beside_those_of_others() -> None:
    error = RuntimeError()
    error.response = {"Dynoresilience": REPORT}  # type: ignore[attr-defined]
    error.add_note("mine")  # type: ignore[attr-defined]

    note_on(error)
    note_on(error)

    assert error.__notes__ == ["mine", in_words(REPORT)]  # type: ignore[attr-defined]
