"""Who is ahead of ours is computed, in every column that matters, and never left out."""

from __future__ import annotations

import pytest

from benchmarks.writing import aims
from benchmarks.writing.throttled import sentences, table_of
from tests.benchmarks.samples import a_run, throttled


def said(**others: dict[str, object]) -> str:
    ours = others.pop("ours", {})
    found = {name: [a_run(**figures)] for name, figures in others.items()}
    return "\n".join(sentences(found | {"ours": [a_run(**ours)]}))


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ({"makespan": 9.0}, "makespan (9 s against 10 s)"),
        ({"unit_hours": 10.0}, "unit-hours (10 against 100)"),
        ({"dollars": 0.05}, "dollars (0.05 against 0.065)"),
        ({"p99": 1.5}, "p99 (1.5 s against 2 s)"),
        ({"wasted": 0}, "wasted requests (0 against 2)"),
        ({"fairness": 1.0}, "fairness (1.00 against 0.90)"),
    ],
)
def test_whoever_is_ahead_in_one_column_is_named(figures: dict[str, object], told: str) -> None:
    assert said(rival=figures) == f"**rival is ahead** in {told}; behind in nothing."


def test_what_it_pays_for_that_is_told_too() -> None:
    assert said(rival={"unit_hours": 10.0, "makespan": 99.0, "fairness": 0.5}) == (
        "**rival is ahead** in unit-hours (10 against 100); "
        "behind in makespan (99 s against 10 s) and fairness (0.50 against 0.90)."
    )


def test_who_is_behind_or_even_is_not_named() -> None:
    assert "rival" not in said(rival={"makespan": 9.95})
    assert said(rival={"makespan": 30.0}).startswith("No alternative that does the work is ahead")


def test_who_leaves_work_undone_is_named_and_not_praised_for_what_it_saves() -> None:
    text = said(rival={"finished": 7, "makespan": 1.0, "unit_hours": 1.0})
    assert text.startswith("No alternative that does the work is ahead")
    assert "Calls are left undone by rival (3 of 10)" in text


def test_work_that_ours_leaves_undone_is_told_first() -> None:
    text = said(ours={"finished": 8}, rival={"makespan": 50.0})
    assert text.splitlines() == [
        "**Ours leaves 2 of 10 calls undone.**",
        "**rival is ahead** in failures (0 against 2); behind in nothing.",
    ]


def test_a_median_hides_no_run_that_failed() -> None:
    runs = [a_run(), a_run(), a_run(finished=9)]
    assert "Ours leaves 1 of 10" in sentences({"ours": runs})[0]
    assert "| **ours** | 0 (0–1) | 10 | – | 100 | – |" in table_of({"ours": runs})


def test_the_table_tells_the_spread_and_what_stays_raised() -> None:
    runs = [a_run(makespan=seconds, back_at_base=False) for seconds in (10, 12, 20)]
    assert "| **ours** \\* | 0 | 12 (10–20) | 1.2 (1–2) |" in table_of({"ours": runs})
    assert "| boto3 | 0 | 10 | 1 |" in table_of({"boto3": [a_run()]})


def test_aims_of_work_in_virtual_time() -> None:
    content = throttled(
        burst={"ours": [a_run(makespan=11.0, unit_hours=140.0)]},
        ramp={"ours": [a_run(finished=9)]},
        pages={"ours": [a_run()]},
        **{"hot-key": {"ours": [a_run()]}, "lambdas": {"ours": [a_run(update_tables=4)]}},
    )
    found = {aim.what: (aim.figure, aim.met) for aim in aims.of_throttled(content)}
    assert found == {
        "burst: failures": (0, True),
        "burst: makespan / bound": (1.1, True),
        "burst: unit-hours / least": (1.4, False),
        "ramp: failures": (1, False),
        "ramp: makespan / bound": (None, False),
        "ramp: unit-hours / least": (None, False),
        "hot-key: raises": (1, False),
        "lambdas: UpdateTable calls for each step up": (3, False),
    }
    assert "| burst: unit-hours / least | 1.400 | ≤ 1.300 | **missed** |" in aims.table_of(
        aims.of_throttled(content)
    )
