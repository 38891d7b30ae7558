"""Another project's DynamoDB tests, run by pytest with one kind of client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import dynoresilience

PLUGIN = Path(__file__).parent / "plugin" / "dynoresilience_suite.py"
TESTS = "tests/test_dynamodb*"
_RAN = (0, 1)  # pytest's exit status: all passed, some failed; anything else is no result

_ENVIRONMENT = {
    # Nothing may reach AWS with credentials of whoever runs this.
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "MOTO_TEST_ALLOW_AWS_REQUEST": "false",
    # moto 5.2.5 doesn't know the account's own address of DynamoDB Streams, botocore 1.44 asks it.
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
}


class SuiteError(Exception):
    """A suite can't be run, or has left no report."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """``result``: passed, failed or skipped. ``why``: the first line that was said about it."""

    result: str
    why: str


@dataclass(frozen=True, slots=True)
class Run:
    """What came out of a suite, by test, and what was counted meanwhile (see the plugin)."""

    outcomes: Mapping[str, Outcome]
    counts: Mapping[str, int]

    def number(self, result: str) -> int:
        return sum(outcome.result == result for outcome in self.outcomes.values())


def run(suite: Path, clients: str, *, tests: Sequence[str] = (), timeout: float) -> Run:
    """Run a suite's DynamoDB tests.

    Args:
        suite: a checkout; its tests are those under `TESTS`, and what it tests is its own.
        clients: a mode of the plugin.
        tests: only these; none: all.
        timeout: seconds.

    Raises:
        SuiteError: it can't be run, or not in time.
    """
    chosen = list(tests) or sorted(str(path.relative_to(suite)) for path in suite.glob(TESTS))
    if not chosen:
        raise SuiteError(f"{suite} has no {TESTS}")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "--color=no"]
        command += ["-p", "no:cacheprovider", "-p", "no:dynoresilience"]
        command += ["-p", PLUGIN.stem, "--clients", clients, "--outcomes", str(report), *chosen]
        try:
            done = subprocess.run(
                command,
                cwd=suite,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise SuiteError(f"{suite} was not done within {timeout:g} s ({clients})") from None
        if done.returncode not in _RAN or not report.exists():
            raise SuiteError(f"{suite} can't be run ({clients}); it said: {done.stdout[-2000:]}")
        return read(report.read_text())


def read(report: str) -> Run:
    """A run, from the plugin's report."""
    written = json.loads(report)
    outcomes = {test: Outcome(*outcome) for test, outcome in written["outcomes"].items()}
    return Run(outcomes, written["counts"])


def _environment() -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name != "AWS_PROFILE"}
    library = Path(dynoresilience.__file__).parents[1]
    return {**inherited, **_ENVIRONMENT, "PYTHONPATH": f"{PLUGIN.parent}{os.pathsep}{library}"}
