"""`ensure_table` on every endpoint, through every kind of client, for every spec."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from typing import Any

import pytest
from hypothesis import given, settings

from dynoresilience import ScalingClient, attach, lambda_handler
from dynoresilience.ports import OutcomeUnknown
from dynoresilience.tables import (
    DriftError,
    EnsureTimeout,
    TableSpec,
    ensure_table,
    ensure_tables,
    verify_table,
)
from dynoresilience.testing import SimulatorServer
from tests.support.backends import Backend
from tests.support.drifts import DRIFTS, LOST_BY_THIS_MOTO, Drift, create
from tests.support.ensure_program import client
from tests.support.ensuring import CHANGES, FULL, SPEC, world
from tests.support.specs import specs

PROVISIONED = TableSpec(
    **{
        **FULL.named("carts").declared(),
        "billing_mode": "PROVISIONED",
        "read_capacity_units": 5,
        "write_capacity_units": 5,
        "global_secondary_indexes": [
            {
                "name": "by-day",
                "hash_key": "day",
                "read_capacity_units": 5,
                "write_capacity_units": 5,
            }
        ],
        "stream_view_type": "NEW_IMAGE",
        "table_class": "STANDARD_INFREQUENT_ACCESS",
        "sse": True,
        "deletion_protection": True,
    }
)


@pytest.fixture
def backend(backend: Backend) -> Backend:
    if backend.name == "moto" and "recovery_period_days" in LOST_BY_THIS_MOTO:
        pytest.skip("this moto forgets the period of recovery, which is declared here")
    return backend


def test_ten_times_in_a_row(backend: Backend) -> None:
    ddb = backend.client()
    sent: list[str] = []
    ddb.meta.events.register(
        "before-send.dynamodb.*",
        lambda request, **_: sent.append(request.headers["X-Amz-Target"].decode().split(".")[1]),
    )
    specs = [FULL, PROVISIONED, SPEC.named("plain")]
    for spec in specs:
        assert ensure_table(ddb, spec).outcome == "created"
    assert sent.count("CreateTable") == 3
    sent.clear()
    for _ in range(9):
        for spec in specs:
            assert ensure_table(ddb, spec).outcome == "verified"
    assert not set(sent) & set(CHANGES)
    for spec in specs:
        assert verify_table(ddb, spec).clean


def test_what_an_endpoint_can_not_do_is_a_note(backend: Backend) -> None:
    result = ensure_table(backend.client(), FULL)

    assert result.report is not None
    unsupported = {note.field for note in result.report.notes}
    assert {str(note.label) for note in result.report.notes} <= {"unsupported here"}
    assert (
        unsupported
        == {
            "moto": {"contributor_insights"},
            "simulator": set(),
            "dynamodb-local": {"tags", "point_in_time_recovery", "contributor_insights"}
            | {"recovery_period_days"},
            "simulator-on-dynamodb-local": {"tags"},
        }[backend.name]
    )


FACES: dict[str, Any] = {
    "client": lambda backend: backend.client(),
    "attached": lambda backend: attach(backend.client()),
    "ScalingClient": lambda backend: ScalingClient(backend.client()),
    "resource": lambda backend: backend.resource(),
    "Table": lambda backend: backend.resource().Table("orders"),
    "attached resource": lambda backend: attach(backend.resource()),
    "ScalingClient's table": lambda backend: ScalingClient(backend.client()).table("orders"),
}


@pytest.mark.parametrize("backend", ["moto", "dynamodb-local"], indirect=True)
@pytest.mark.parametrize("face", FACES)
def test_through_every_kind_of_client(backend: Backend, face: str) -> None:
    way_in = FACES[face](backend)
    assert ensure_table(way_in, FULL).outcome == "created"
    results = ensure_tables(way_in, [FULL, SPEC.named("other")])
    assert [result.outcome for result in results] == ["verified", "created"]


@settings(max_examples=60)
@given(spec=specs(kms_key=None))
def test_whatever_is_declared_is_there_afterwards(spec: TableSpec) -> None:
    with world(
        table_max_units=10**9,
        account_max_units=10**9,
        create_seconds=5,
        insights_seconds=3,
        ttl_seconds=3,
        backups_seconds=2,
    ) as here:
        result = here.ensure(spec)
        assert result.outcome == "created", str(result.report)
        before = here.changes
        assert here.ensure(spec).outcome == "verified"
        assert here.changes == before


@pytest.mark.parametrize("drift", DRIFTS, ids=lambda drift: drift.name)
def test_each_drift_is_raised_or_repaired(drift: Drift) -> None:
    with world(ttl_pause_seconds=0) as here:
        spec = drift.spec()
        create(here.client, spec)
        drift.change(here.client, spec)
        with pytest.raises(DriftError) as caught:
            here.ensure(spec)
        assert [each.path for each in caught.value.report.differences] == [drift.path]

        if drift.way == "refused":
            with pytest.raises(DriftError):
                here.ensure(spec, on_drift="repair", allow=["delete_index", "new_stream"])
            return
        allow = [] if drift.way == "in place" else [drift.way]
        assert here.ensure(spec, on_drift="repair", allow=allow).outcome == "repaired"
        assert verify_table(here.client, spec).clean
        assert here.ensure(spec).outcome == "verified"


def test_in_a_lambda_function_that_has_little_time_left() -> None:
    with SimulatorServer(backend="moto", create_seconds=3.0) as server:
        ddb = client(server.url)

        class Context:
            def get_remaining_time_in_millis(self) -> int:
                return 1500

        @lambda_handler
        def handler(event: Any, context: Any) -> str:
            left = context.get_remaining_time_in_millis() / 1000 - 0.5
            return ensure_table(ddb, FULL, timeout=left).outcome

        began = time.monotonic()
        with pytest.raises(EnsureTimeout, match="CREATING"):
            handler({}, Context())
        assert 0.9 < time.monotonic() - began < 2.5
        assert ensure_table(ddb, FULL, timeout=30).outcome == "joined"  # the next invocation


def test_an_endpoint_that_has_stopped_ends_it_one_request_after_the_deadline() -> None:
    with SimulatorServer(backend="moto") as server:
        ddb = client(server.url)
        server.freeze()
        began = time.monotonic()
        with pytest.raises((EnsureTimeout, OutcomeUnknown)):
            ensure_table(ddb, SPEC, timeout=0.5)
        assert time.monotonic() - began < 8.0
        server.thaw()


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("from dynoresilience import ScalingClient", "pydantic dynoresilience.tables"),
        ("import dynoresilience.tables", "pydantic dynoresilience.tables.ensure boto3"),
        ("from dynoresilience.tables import EnsureError, EnsureTimeout", "pydantic boto3"),
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_used(statement: str, absent: str) -> None:
    program = f"""
        import sys
        {statement}
        loaded = [name for name in {absent!r}.split() if name in sys.modules]
        assert not loaded, loaded
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, timeout=60)
