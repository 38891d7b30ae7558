"""The comparison itself, on suites of a few tests."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conformance.clients import compare as program
from tests.conformance.clients.compare import OURS, PLAIN, THROTTLED, compare
from tests.conformance.clients.suite import Outcome, Run, SuiteError, run

IN_EFFECT = {"clients": 1, "requests": 3, "hooked": 3, "throttled": 2}

TINY_SUITE = """
import boto3, botocore.session, pytest
from moto import mock_aws
from tests import REGION

def clients():
    yield boto3.client("dynamodb", region_name=REGION)
    yield boto3.Session(region_name=REGION).client("dynamodb")
    yield boto3.resource("dynamodb", region_name=REGION).meta.client

@mock_aws
def test_each_call_is_done_once():
    boto3.client("dynamodb", REGION).create_table(
        TableName="counters",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for number, client in enumerate(clients(), 1):
        answer = client.update_item(
            TableName="counters", Key={"id": {"S": "a"}} if number < 3 else {"id": "a"},
            UpdateExpression="ADD n :one", ReturnValues="UPDATED_NEW",
            ExpressionAttributeValues={":one": {"N": "1"} if number < 3 else 1},
        )
        assert answer["Attributes"]["n"] in ({"N": str(number)}, number)

@mock_aws
def test_other_services_are_left_alone():
    assert boto3.client("sts", REGION).get_caller_identity()["Account"]
    assert boto3.resource("s3", REGION).meta.client.list_buckets()["Buckets"] == []

def test_fails():
    assert False, "as ever"

@pytest.mark.skip(reason="not today")
def test_is_skipped():
    pass

@pytest.fixture
def broken():
    yield
    raise RuntimeError("in the end")

def test_fails_after_it_passed(broken):
    pass
"""


def suite_of(folder: Path, tests: str) -> Path:
    """A checkout whose package of tests has the name of ours."""
    package = folder / "tests" / "test_dynamodb_tiny"
    package.mkdir(parents=True)
    (folder / "tests" / "__init__.py").write_text('REGION = "eu-west-1"\n')
    (package / "__init__.py").touch()
    (package / "test_tiny.py").write_text(tests)
    return folder


def command(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int | str | None:
    """The exit status of the program."""
    monkeypatch.setattr(sys, "argv", ["compare", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        program.main()
    return ended.value.code


def test_a_suite_that_comes_out_alike_with_all_clients(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = suite_of(tmp_path, TINY_SUITE)

    assert command(monkeypatch, suite, "--throttle") == 0

    _, *table, last = capsys.readouterr().out.splitlines()
    assert [" ".join(row.split()) for row in table] == [
        "tests passed failed skipped clients requests hooked throttled",
        "boto3 5 2 2 1 0 4 0 0",
        "ScalingClient 5 2 2 1 4 4 4 0",
        "install 5 2 2 1 4 4 4 0",
        "install-throttled 5 2 2 1 4 4 4 3",
    ]
    assert last == "differing: 0"


def test_a_suite_that_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    knows = """
import boto3

def test_passes():
    boto3.client("dynamodb", "eu-west-1")

def test_knows():
    assert type(boto3.client("dynamodb", "eu-west-1")).__name__ == "DynamoDB", "what is this?"
"""
    suite = suite_of(tmp_path, knows)

    assert command(monkeypatch, suite) == 1

    out = capsys.readouterr().out
    where = "tests/test_dynamodb_tiny/test_tiny.py::test_knows"
    assert f"DIFFERS: ScalingClient: {where}: passed -> failed: AssertionError: what is" in out
    assert "SHOWS NOTHING: install: hooked: 0" in out  # no test of it has called anything
    assert out.endswith("differing: 1\n")


class FakeRuns:
    """Runs that come out as told: by kind of client, first those of all tests, then later ones."""

    def __init__(self, **results: list[dict[str, str]]) -> None:
        self._results = results
        self.counts = {PLAIN: {}, **{clients: IN_EFFECT for clients in (*OURS, THROTTLED)}}
        self.asked: list[tuple[str, list[str]]] = []

    def __call__(self, clients: str, tests: Sequence[str]) -> Run:
        self.asked.append((clients, list(tests)))
        told = self._results.get(clients, self._results[PLAIN])
        results = told[-1] if tests else told[0]
        chosen = {test: result for test, result in results.items() if not tests or test in tests}
        outcomes = {test: Outcome(result, f"why {test}") for test, result in chosen.items()}
        return Run(outcomes, self.counts[clients])


def test_what_differs_is_run_again_by_itself() -> None:
    runs = FakeRuns(
        boto3=[{"a": "passed", "b": "passed", "c": "skipped"}],
        install=[{"a": "failed", "b": "failed", "c": "passed"}, {"a": "passed", "b": "failed"}],
    )

    found = compare(runs, OURS)

    assert runs.asked[3:] == [(clients, ["a", "b", "c"]) for clients in (PLAIN, *OURS)]
    assert not found.holds
    assert found.report().splitlines()[4:] == [
        "only sometimes: install: a: passed -> failed: why a",
        "DIFFERS: install: b: passed -> failed: why b",
        "DIFFERS: install: c: skipped -> passed: why c",
        "differing: 2",
    ]


def test_chance_is_no_difference() -> None:
    runs = FakeRuns(
        boto3=[{"a": "failed", "b": "passed"}, {"a": "passed"}],
        install=[{"a": "passed", "b": "passed"}],
    )

    found = compare(runs, ["install"])

    assert [(d.test, d.lasting) for d in found.differences] == [("a", False)]
    assert found.holds


def test_a_test_that_is_there_with_some_clients_only_differs() -> None:
    runs = FakeRuns(boto3=[{"a": "passed", "b": "passed"}], install=[{"a": "passed"}])

    found = compare(runs, ["install"])

    assert [str(d) for d in found.differences] == ["DIFFERS: install: b: passed -> not run: why b"]
    assert len(runs.asked) == 2, "b can't be run again by its name"


@pytest.mark.parametrize(
    ("clients", "what"),
    [
        ("ScalingClient", "clients"),
        ("install", "hooked"),
        (THROTTLED, "throttled"),
        (THROTTLED, "hooked"),
    ],
)
def test_clients_that_were_not_in_effect_show_nothing(clients: str, what: str) -> None:
    runs = FakeRuns(boto3=[{"a": "passed"}])
    assert compare(runs, (*OURS, THROTTLED)).holds

    runs.counts[clients] = {**IN_EFFECT, what: 0}

    found = compare(runs, (*OURS, THROTTLED))
    assert found.idle == [f"{clients}: {what}: 0"]
    assert not found.holds


def test_nothing_to_compare_is_no_success() -> None:
    assert compare(FakeRuns(boto3=[{"a": "failed"}]), OURS).idle == ["boto3: no test passes"]


def test_a_suite_that_can_not_be_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="has no tests/test_dynamodb"):
        run(tmp_path, PLAIN, timeout=30)
    suite = suite_of(tmp_path, "import no_such_package")
    with pytest.raises(SuiteError, match="No module named 'no_such_package'"):
        run(suite, PLAIN, timeout=30)
    suite_of(tmp_path / "slow", "import time\ndef test_sleeps():\n    time.sleep(60)\n")
    with pytest.raises(SuiteError, match="not done within 2 s"):
        run(tmp_path / "slow", PLAIN, timeout=2)
