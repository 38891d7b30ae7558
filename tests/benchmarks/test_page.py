"""The page is made of what was saved, and of nothing else."""

from __future__ import annotations

import json
import re

import pytest

from benchmarks.page import HERE, ROOT, SECTIONS, written
from tests.benchmarks import samples

CONTENTS = {
    "throttled": samples.throttled(),
    "throttled_real": samples.throttled_real(ours=6.0, other=5.5),
    "overhead": samples.overhead(),
    "footprint": samples.footprint(),
    "coldstart": samples.coldstart(),
}
KEPT = HERE / "results"
SAVED = {
    name: json.loads(path.read_text(encoding="utf-8"))
    for name in SECTIONS
    if (path := KEPT / f"{name}.json").exists()
}


def test_every_benchmark_has_a_section_with_its_machine_and_its_picture() -> None:
    files = written(CONTENTS)
    page = files["benchmarks.md"]
    for name in CONTENTS:
        assert f"`make bench ARGS={name}`" in page
        assert re.search(rf"^\| {name} \| 2026-01-31 \| Abacus 9 \|", page, re.MULTILINE)
    pictures = re.findall(r"!\[[^]]+\]\((benchmarks/\w+\.svg)\)", page)
    assert set(pictures) == files.keys() - {"benchmarks.md"}
    assert pictures == [f"benchmarks/{name}.svg" for name in CONTENTS if name != "footprint"]


def test_what_has_not_run_is_left_out() -> None:
    page = written({"overhead": samples.overhead(), "coldstart": {}})["benchmarks.md"]
    assert "ARGS=overhead`" in page
    assert "ARGS=coldstart`" not in page


def test_figures_are_those_that_were_saved() -> None:
    page = written(CONTENTS)["benchmarks.md"]
    for line in (
        "| **ours** | 0 | 6.0 | 1.200 | 7 | 2 | 2 | 4 | 0.990 | 200 |",
        "**other is ahead** of ours in seconds (5.5 against 6).",
        "| client.put_item | canned | 16 | **attach** | 1.010 | 1.000 – 1.020 | 1.010 |",
        "| memory of a client after a call | 256 KiB | +5.0 KiB |",
        "| memory of a client after 300 calls | 256 KiB | +90.0 KiB |",
        "ours loads 2 modules before the first throttle (`dynoresilience` and",
        "and 1 at it, in 50 ms.",
    ):
        assert line in page


def test_throttled_work_has_a_table_and_its_sentences_for_each_workload() -> None:
    text = SECTIONS["throttled"].text(samples.throttled())
    for part in (
        "- boto3: about boto3",
        "### burst\n\nBurst of puts.",
        "| boto3 | 6 | 10 | – | 100 | – |",
        "| **ours** | 0 | 10 | 1 | 100 | 1 |",
        "- Calls are left undone by boto3 (6 of 10)",
        "### The bound",
    ):
        assert part in text
    plot = SECTIONS["throttled"].plot
    assert plot is not None
    assert "1.000, 6 failed" in plot(samples.throttled())


def test_aims_are_told_whether_met_or_missed() -> None:
    page = written(CONTENTS)["benchmarks.md"]
    assert "| throttled_real | ours: seconds / bound | 1.200 | ≤ 1.250 | met |" in page
    assert "| import, in one interpreter | 1.200 | ≤ 1.100 | **missed** |" in page


@pytest.mark.skipif(not SAVED, reason="no results of a full run are kept")
def test_the_page_in_docs_is_what_the_kept_results_say() -> None:
    for name, text in written(SAVED).items():
        found = (ROOT / "docs" / name).read_text(encoding="utf-8")
        assert found == text, f"docs/{name} is of other results: python benchmarks/page.py"
