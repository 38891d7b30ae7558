"""pytest's way to the test kit: fixtures, their markers, and a report when a test fails.

Every pytest run of an environment loads this module, used or not: at load it imports nothing but
pytest itself.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from dynoresilience.testing import SimulatedDynamoDB, VirtualClock
    from dynoresilience.testing.pytest_plugin.table import ThrottledTable
    from dynoresilience.testing.simulation import Simulation

SECTION = "DynamoDB: capacity over time"
"""The heading in the report of a failed test."""

_simulation: pytest.StashKey[Simulation] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers."""
    for line in (
        "dynamodb_simulator(region=..., update_seconds=..., ...): how the fixture "
        "dynamodb_simulator behaves",
        "throttled_table(name=..., read=..., write=..., indexes=..., ...): the table of the "
        "fixture throttled_table",
    ):
        config.addinivalue_line("markers", line)


@pytest.fixture
def virtual_clock() -> Iterator[VirtualClock]:
    """Virtual time for this test: ``time.sleep`` and dynoresilience wait on it, and nobody waits.

    ``virtual_clock.advance(600)`` lets ten minutes pass. For code that runs in the test's own
    thread; see `dynoresilience.testing.virtual_time`.
    """
    from dynoresilience.testing import virtual_time

    with virtual_time() as clock:
        yield clock


@pytest.fixture
def dynamodb_simulator(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SimulatedDynamoDB]:
    """A DynamoDB that enforces capacity, for every boto3 client of the process during the test.

    It runs on `virtual_clock` if the test uses that too, else in real time. Its region is that of
    ``AWS_DEFAULT_REGION``, or us-east-1. ``@pytest.mark.dynamodb_simulator(update_seconds=5)`` sets
    ``region`` and the fields of `dynoresilience.testing.service.settings.Settings`.
    """
    from dataclasses import fields

    from dynoresilience.testing import fresh_start
    from dynoresilience.testing.pytest_plugin.options import one_clear_error, options_of
    from dynoresilience.testing.service.settings import Settings

    known = ["region", *(field.name for field in fields(Settings))]
    options = options_of(request, "dynamodb_simulator", known)
    region = options.pop("region", None) or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    if "throttled_table" in request.fixturenames:
        options.setdefault("start_full", False)
    clock = None
    if "virtual_clock" in request.fixturenames:
        clock = request.getfixturevalue("virtual_clock")
    with one_clear_error("dynamodb_simulator"):
        from dynoresilience.testing import SimulatedDynamoDB

        simulator = SimulatedDynamoDB(clock=clock, region=region, **options)
    with simulator, fresh_start() if clock is None else nullcontext():
        request.node.stash[_simulation] = simulator
        yield simulator


@pytest.fixture
def throttled_table(
    request: pytest.FixtureRequest, dynamodb_simulator: SimulatedDynamoDB
) -> ThrottledTable:
    """A table that is short of capacity from the first call on: it has no burst saved.

    By default it is called "orders" (key "id"), has an index "by-customer", and 2 read and 2 write
    units each. ``@pytest.mark.throttled_table(name="carts", write=5, indexes={})`` sets any
    argument of `SimulatedDynamoDB.create_table`.
    """
    from inspect import signature

    from dynoresilience.testing.pytest_plugin.options import one_clear_error, options_of
    from dynoresilience.testing.pytest_plugin.table import DEFAULTS, ThrottledTable

    known = list(signature(dynamodb_simulator.create_table).parameters)
    options = {**DEFAULTS, **options_of(request, "throttled_table", known)}
    with one_clear_error("throttled_table"):
        arn = dynamodb_simulator.create_table(**options)
    return ThrottledTable(dynamodb_simulator, options["name"], arn)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, None]:
    """Tell in the report of a failed test what happened in its simulator."""
    outcome = yield
    simulation = item.stash.get(_simulation, None)
    if simulation is None:
        return
    report: pytest.TestReport = outcome.get_result()
    if report.failed:
        from dynoresilience.testing import capacity_report

        report.sections.append((SECTION, capacity_report(simulation)))
    if call.when == "teardown":
        del item.stash[_simulation]
