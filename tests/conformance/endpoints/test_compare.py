"""The comparison itself, on a suite of three tests that needs no Node."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from tests.conformance.endpoints.compare import compare
from tests.conformance.endpoints.suites import SuiteError, exactly, passed, run

BY_PYTHON = """#!/bin/sh
exec "{python}" "$0.py" "$@"
"""  # a first line of the script's own can't name a path with a space

FAKE_VITEST = """
import json, os, re, sys
report = next(a.split("=", 1)[1] for a in sys.argv if a.startswith("--outputFile="))
only = sys.argv[sys.argv.index("-t") + 1] if "-t" in sys.argv else ""
passing_by_url = json.load(open("passing.json"))
names = {name for runs in passing_by_url.values() for passing in runs for name in passing}
passing = passing_by_url[os.environ["DYNAMODB_ENDPOINT"]]
now = passing[0] if "ALONE" in os.environ["AWS_ACCESS_KEY_ID"] else passing[-1]
tests = [
    {"fullName": name, "status": "passed" if name in now else "failed"}
    for name in names if re.search(only, name)
]
if tests:
    json.dump({"testResults": [{"assertionResults": tests}]}, open(report, "w"))
"""


def fake_suite(folder: Path, **passing: list[list[str]]) -> Path:
    """A checkout whose tests pass as told, by endpoint: in the first run, and in later ones."""
    program = folder / "node_modules" / ".bin" / "vitest"
    program.parent.mkdir(parents=True)
    program.write_text(BY_PYTHON.format(python=sys.executable))
    program.chmod(0o755)
    program.with_name("vitest.py").write_text(FAKE_VITEST)
    (folder / "passing.json").write_text(json.dumps(passing))
    return folder


def test_what_passes_alone_and_not_through_is_lost(tmp_path: Path) -> None:
    suite = fake_suite(
        tmp_path,
        alone=[["puts (1)", "gets", "by chance"], ["puts (1)", "gets"]],
        through=[["gets"]],
    )

    found = compare(suite, "alone", "through", "", 30)

    assert found.lost == ["puts (1)"]
    assert found.report().splitlines() == [
        "passed alone: 3",
        "  only sometimes: by chance",
        "passed through the simulator: 1",
        "  LOST: puts (1)",
        "lost: 1",
    ]


def test_what_passes_through_only_is_no_matter(tmp_path: Path) -> None:
    suite = fake_suite(tmp_path, alone=[["gets"]], through=[["gets", "puts"]])

    assert compare(suite, "alone", "through", "", 30).lost == []


def test_only_some_tests_may_be_asked_for(tmp_path: Path) -> None:
    suite = fake_suite(tmp_path, alone=[["gets", "puts"]])

    assert run(suite, "alone", "KEY", only="put", timeout=30) == {"puts"}
    assert not list(suite.glob("report*"))


def test_nothing_to_compare_is_an_error_and_not_a_success(tmp_path: Path) -> None:
    suite = fake_suite(tmp_path, alone=[[]], through=[["gets"]])

    with pytest.raises(SuiteError, match="no test passes at alone"):
        compare(suite, "alone", "through", "", 30)


def test_a_suite_that_can_not_be_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="run `npm install` in it"):
        run(tmp_path, "alone", "KEY", timeout=30)
    suite = fake_suite(tmp_path, alone=[["gets"]])
    with pytest.raises(SuiteError, match="left no report"):
        run(suite, "alone", "KEY", only="no test has this name", timeout=30)


def test_reports_of_both_runners_are_read() -> None:
    tests = [{"fullName": "a b", "status": "passed"}, {"fullName": "c", "status": "skipped"}]
    assert passed({"testResults": [{"assertionResults": tests}]}) == {"a b"}
    assert passed({"passes": [{"fullTitle": "a b"}], "failures": [{"fullTitle": "c"}]}) == {"a b"}
    with pytest.raises(SuiteError):
        passed({"tests": []})


@pytest.mark.parametrize("name", ["a", "GetItem — > 100 [keys] (of $x) a/b ^", "a|b", "a.c"])
def test_names_are_fitted_exactly(name: str) -> None:
    expression = re.compile(exactly([name, "other"]))

    assert expression.search(name)
    assert not expression.search(name + " more")
    assert not expression.search("abc")
