"""The pure parts of the main job over HTTP."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from benchmarks.page import HERE


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(HERE))  # scripts import each other as top-level modules
    return import_module("throttled_real")


def test_jain_is_one_if_all_are_alike_and_an_nth_if_one_has_everything(script: Any) -> None:
    assert script.jain([7, 7, 7, 7]) == 1
    assert script.jain([5, 0, 0, 0]) == 0.25
    assert script.jain([3, 1]) == 0.8
    assert script.jain([0, 0]) == 1


def test_updates_are_counted_by_what_they_name(script: Any) -> None:
    updates = [
        {"after": {"orders": [5, 10]}},
        {"after": {"orders": [5, 20], "by-customer": [5, 9]}},
    ]
    assert script.updates_of(updates) == {"orders": 2, "by-customer": 1}


def test_the_bound_of_the_main_job(script: Any) -> None:
    assert script.clairvoyant_seconds() == 5.125
    assert script.clairvoyant_seconds(puts=15) == 2.0
    assert script.clairvoyant_seconds(windows=True) == 5.0


def result(**figures: Any) -> dict[str, Any]:
    return {
        "failed": 0,
        "seconds": 6.0,
        "bound": 5.0,
        "wasted": 3,
        "updates_of": {"orders": 2},
        "fairness": 1.0,
        "peak_write": 200,
        "read_untouched": True,
        "back_at_base": True,
    } | figures


def test_only_a_whole_job_has_a_ratio(script: Any) -> None:
    whole = script.rows_of("ours", [result(), result(seconds=10.0), result(seconds=7.0)])
    assert [(row.case, row.ratio, row.aim) for row in whole] == [
        ("ours: seconds / bound", 1.4, 1.25),
        ("ours: most UpdateTable calls per resource", 2, 2),
    ]
    [row] = script.rows_of("boto3 standard", [result(failed=3)])
    assert (row.ratio, row.aim) == (None, None)
    broken = script.rows_of("ours", [result(), result(failed=1, back_at_base=False)])[0]
    assert broken.ratio is None
    assert "1 failed" in broken.figures
    assert "NOT BACK AT BASE" in broken.figures
