"""The closing table, and what is said below it."""

from __future__ import annotations

from collections import Counter

from dynoresilience.cli.demo.closing import as_text, quotes, rows, verdict
from dynoresilience.cli.demo.outcome import Outcome, shortcomings

ALONE = Outcome(
    "boto3 alone",
    total=640,
    written=51,
    failures=Counter({"no more": 576, "reached max retries": 13}),
    seconds=11.74,
    peaks=(5, 5),
)
SCALING = Outcome(
    "ScalingClient",
    total=640,
    written=640,
    seconds=8.04,
    update_calls=4,
    raises=2,
    decreases=1,
    peaks=(200, 40),
)


def test_the_trials_side_by_side() -> None:
    assert as_text(rows([ALONE, SCALING])) == [
        "                                         boto3 alone                ScalingClient",
        "---------------------------------------------------------------------------------",
        "written (read back)                        51 of 640                   640 of 640",
        "failed                                           589                            0",
        "seconds                                         11.7                          8.0",
        "UpdateTable calls                                  0  4 (2 up, 1 down, 1 refused)",
        "peak write units (table / index)               5 / 5                     200 / 40",
        "back at base                      yes, never left it                          yes",
    ]


def test_not_back_at_base_stands_out() -> None:
    raised = Outcome("x", 1, 1, 1.0, update_calls=1, raises=1, back_at_base=False)

    assert rows([raised])[-1] == ("back at base", "NO")


def test_failures_are_quoted_the_most_frequent_first() -> None:
    assert quotes([ALONE, SCALING]) == [
        "boto3 alone: 589 writes failed, with",
        "  576 x no more",
        "  13 x reached max retries",
        "",
    ]


def test_messages_of_many_kinds_are_counted_and_long_ones_folded() -> None:
    failures = Counter({"a b c d e f": 5, "second": 4, "third": 3, "fourth": 2, "fifth": 1})

    assert quotes([Outcome("x", 15, 0, 1.0, failures=failures)], width=14) == [
        "x: 15 writes failed, with",
        "  5 x a b c d",
        "      e f",
        "  4 x second",
        "  3 x third",
        "  and 3 with other messages",
        "",
    ]


def test_a_kept_promise() -> None:
    assert shortcomings(SCALING) == []
    assert verdict(SCALING) == (
        "ScalingClient: no write failed, and the table is back at its base capacity."
    )


def test_a_broken_promise_names_everything_that_is_wrong() -> None:
    broken = Outcome(
        "ScalingClient",
        total=10,
        written=7,
        lost=1,
        failures=Counter({"x": 2}),
        seconds=1.0,
        back_at_base=False,
    )

    assert verdict(broken) == (
        "ScalingClient fell short: 2 of 10 writes failed; 1 acknowledged writes are not in the "
        "table; the table is not back at its base capacity."
    )


def test_items_that_nobody_wrote_are_no_success_either() -> None:
    odd = Outcome("ScalingClient", total=10, written=11, seconds=1.0)

    assert shortcomings(odd) == ["11 items were read back, not 10"]
