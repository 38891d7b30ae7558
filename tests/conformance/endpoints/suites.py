"""Public conformance suites for DynamoDB endpoints: how to run one, and how to read its report."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Collection
from pathlib import Path
from typing import Any

REDIRECT = Path(__file__).with_name("redirect.cjs")
_SPECIAL = re.compile(r"[.*+?^${}()|[\]\\/]")


class SuiteError(Exception):
    """A suite can't be run, or has left no report."""


def run(suite: Path, url: str, access_key_id: str, *, only: str = "", timeout: float) -> set[str]:
    """The full names of the tests that pass on the endpoint at ``url``.

    Args:
        suite: a checkout, with its packages installed; its tests run by vitest or mocha.
        url: of the endpoint; the suite finds it in DYNAMODB_ENDPOINT.
        access_key_id: DynamoDB Local has tables of its own for each.
        only: a regular expression; other tests are left out.
        timeout: seconds.

    Raises:
        SuiteError: it can't be run, or not in time.
    """
    report = suite / f"report-{access_key_id}.json"
    report.unlink(missing_ok=True)
    command, environment = _how_to_run(suite, report, only)
    environment |= {
        "AWS_ACCESS_KEY_ID": access_key_id,
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "DYNAMODB_ENDPOINT": url,
    }
    try:
        done = subprocess.run(
            command,
            cwd=suite,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        if not report.exists():
            raise SuiteError(f"{suite} left no report; it said: {done.stdout[-2000:]}")
        return passed(json.loads(report.read_text()))
    except subprocess.TimeoutExpired:
        raise SuiteError(f"{suite} was not done within {timeout:g} s") from None
    except OSError as error:
        raise SuiteError(f"{suite} can't be run: {error}") from None
    finally:
        report.unlink(missing_ok=True)


def passed(report: Any) -> set[str]:
    """The full names of the tests that passed, from the JSON report of vitest or of mocha."""
    if "testResults" in report:
        tests = [test for file in report["testResults"] for test in file["assertionResults"]]
        return {test["fullName"] for test in tests if test["status"] == "passed"}
    if "passes" in report:
        return {test["fullTitle"] for test in report["passes"]}
    raise SuiteError("the report is neither vitest's nor mocha's")


def exactly(names: Collection[str]) -> str:
    """A regular expression of JavaScript that fits these full names and no others."""
    escaped = (_SPECIAL.sub(r"\\\g<0>", name) for name in sorted(names))
    return f"^(?:{'|'.join(escaped)})$"


def _how_to_run(suite: Path, report: Path, only: str) -> tuple[list[str], dict[str, str]]:
    programs = suite / "node_modules" / ".bin"
    if (programs / "vitest").exists():
        command = [str(programs / "vitest"), "run", "--reporter=json", f"--outputFile={report}"]
        return command + (["-t", only] if only else []), {}
    if (programs / "mocha").exists():
        command = [str(programs / "mocha"), "--require", "should", "--timeout", "10000"]
        command += ["--reporter", "json", "--reporter-option", f"output={report}"]
        environment = {"REMOTE": "1", "NODE_OPTIONS": f"--require {REDIRECT}"}
        return command + (["--grep", only] if only else []), environment
    raise SuiteError(f"{suite} has neither vitest nor mocha: run `npm install` in it")
