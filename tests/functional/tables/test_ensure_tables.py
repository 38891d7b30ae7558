"""`ensure_tables`: results in order, the first failure, one deadline, Ctrl-C."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from dynoresilience.errors import ConfigError
from dynoresilience.ports import AccessDenied
from dynoresilience.tables import DriftError, EnsureError, EnsureTimeout, TableSpec, ensure_tables
from dynoresilience.testing import ScaledClock, SimulatedDynamoDB, SimulatorServer
from tests.support.ensuring import FULL, SPEC, world

NAMES = [f"table-{number}" for number in range(6)]
SPECS = [FULL.named(name) for name in NAMES]
OTHER = TableSpec(
    name="orders", attributes={"id": "S"}, hash_key="id", billing_mode="PAY_PER_REQUEST"
)
"""Without the index."""


@pytest.fixture
def simulator() -> Iterator[SimulatedDynamoDB]:
    """In real time, as there are threads; a new table takes half a second."""
    with SimulatedDynamoDB(create_seconds=0.5) as simulator:
        yield simulator


def test_all_at_once_and_in_order(simulator: SimulatedDynamoDB) -> None:
    began = time.monotonic()
    results = ensure_tables(simulator.client(), SPECS)

    assert [result.table for result in results] == NAMES
    assert {result.outcome for result in results} == {"created"}
    assert all(result.report is not None and result.report.clean for result in results)
    assert time.monotonic() - began < 6 * 0.5  # one after the other would take longer
    assert {result.outcome for result in ensure_tables(simulator.client(), SPECS)} == {"verified"}


def test_in_virtual_time_too() -> None:
    with world(create_seconds=20) as here:
        results = ensure_tables(here.client, SPECS)

        assert [result.table for result in results] == NAMES
        assert {result.outcome for result in results} == {"created"}


def test_none_is_no_work() -> None:
    with world() as here:
        assert ensure_tables(here.client, []) == ()
        assert not here.simulator.calls


def test_the_first_failure_ends_it(simulator: SimulatedDynamoDB) -> None:
    client = simulator.client()
    client.create_table(**OTHER.named("table-1").to_boto3())
    deadline = time.monotonic() + 20
    while client.describe_table(TableName="table-1")["Table"]["TableStatus"] != "ACTIVE":
        assert time.monotonic() < deadline
    with pytest.raises(EnsureError, match=r"1 of 6 tables failed:\n +table-1 failed") as caught:
        ensure_tables(client, SPECS, max_workers=2)

    results = caught.value.results
    assert [result.table for result in results] == NAMES
    assert results[1].outcome == "failed"
    assert isinstance(results[1].error, DriftError)
    assert results[1].report is results[1].error.report
    assert caught.value.__cause__ is results[1].error
    assert results[0].outcome == "stopped"
    assert isinstance(results[0].error, EnsureTimeout)
    assert [result.outcome for result in results[2:]] == ["skipped"] * 4
    assert simulator.calls["CreateTable"] == 2  # ours, and table-0
    assert str(caught.value).splitlines()[-2:] == [
        "  stopped: table-0",
        "  skipped: table-2, table-3, table-4, table-5",
    ]
    copy = pickle.loads(pickle.dumps(caught.value))
    assert str(copy) == str(caught.value)


def test_or_does_not(simulator: SimulatedDynamoDB) -> None:
    client = simulator.client()
    client.create_table(**OTHER.named("table-1").to_boto3())
    results = ensure_tables(client, SPECS, stop_at_first_failure=False)

    outcomes = [result.outcome for result in results]
    assert outcomes == ["created", "failed", *["created"] * 4]
    assert isinstance(results[1].error, DriftError)
    assert sorted(client.list_tables()["TableNames"]) == NAMES


def test_drift_may_be_let_pass(simulator: SimulatedDynamoDB) -> None:
    client = simulator.client()
    client.create_table(**OTHER.named("table-1").to_boto3())
    results = ensure_tables(client, SPECS, on_drift="warn")
    assert [result.outcome for result in results][:3] == ["created", "drifted", "created"]


def test_what_is_denied_is_denied_for_all() -> None:
    with world() as here:
        here.simulator.deny("CreateTable")
        results = ensure_tables(here.client, SPECS, stop_at_first_failure=False)
        assert all(isinstance(result.error, AccessDenied) for result in results)


def test_one_deadline_for_all() -> None:
    with world(create_seconds=50) as here:
        results = ensure_tables(
            here.client, SPECS[:3], timeout=70, max_workers=1, stop_at_first_failure=False
        )

        assert [result.outcome for result in results] == ["created", "failed", "failed"]
        assert isinstance(results[2].error, EnsureTimeout)
        assert here.clock.monotonic() == pytest.approx(70)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"specs": [SPEC, FULL]}, "specs: 'orders' is declared 2 times"),
        ({"specs": SPEC}, "specs=TableSpec must be a list of TableSpec"),
        ({"specs": [SPEC, "carts"]}, "spec=str must be a TableSpec"),
        ({"specs": None}, "specs=NoneType must be a list of TableSpec"),
        ({"max_workers": 0}, "max_workers=0 must be 1 or more"),
        ({"max_workers": 2.0}, "max_workers=2.0 must be 1 or more"),
        ({"on_drift": None}, "on_drift=None must be one of raise, warn, repair"),
    ],
)
def test_wrong_arguments_are_refused_before_any_call(arguments: dict[str, Any], words: str) -> None:
    with world() as here:
        with pytest.raises(ConfigError) as caught:
            ensure_tables(here.client, **{"specs": [SPEC], **arguments})

        assert words in str(caught.value)
        assert not here.simulator.calls


def test_ctrl_c_ends_it_soon() -> None:
    program = textwrap.dedent("""
        import boto3, sys
        from dynoresilience.tables import ensure_tables
        from tests.support.ensuring import SPEC

        ddb = boto3.client("dynamodb", endpoint_url=sys.argv[1], region_name="us-east-1",
                           aws_access_key_id="testing", aws_secret_access_key="testing")
        ensure_tables(ddb, [SPEC.named(f"table-{n}") for n in range(6)])
    """)
    with SimulatorServer(backend="moto", create_seconds=600) as server:
        process = subprocess.Popen(
            [sys.executable, "-c", program, server.url], stderr=subprocess.PIPE, text=True
        )
        with process:
            deadline = time.monotonic() + 60
            while server.calls["CreateTable"] < 6:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
        assert said.rstrip().endswith("KeyboardInterrupt")
        assert time.monotonic() - began < 5


def test_each_thread_keeps_to_its_own_connections(
    simulator: SimulatedDynamoDB, caplog: pytest.LogCaptureFixture
) -> None:
    before = threading.active_count()
    ensure_tables(simulator.client(), SPECS)
    assert threading.active_count() == before
    assert "Connection pool is full" not in caplog.text
    assert isinstance(simulator.clock, ScaledClock)  # in real time
