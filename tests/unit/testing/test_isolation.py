"""A runtime in the place of the process's own: virtual time, and nothing left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from dynoresilience import ScalingClient, ScalingConfig, stand_in, with_throughput_scaling
from dynoresilience.engine import Runtime
from dynoresilience.model import Units
from dynoresilience.testing import SimulatedDynamoDB, VirtualClock, fresh_start, virtual_time
from dynoresilience.testing.isolation import _TimerOfABlock

CONFIG = ScalingConfig(scale_up_factor=10, max_write_capacity=20)


def early_client() -> ScalingClient:
    """As a module under test has it: its client was made before any simulator."""
    session = boto3.Session("real", "real", region_name="us-east-1")
    return ScalingClient(session.client("dynamodb"), config=CONFIG)


def put_until_raised(ddb: ScalingClient, simulator: SimulatedDynamoDB) -> None:
    for number in range(10):
        ddb.put_item(TableName="orders", Item={"id": {"S": str(number)}})
    assert simulator.peak("orders") == Units(5, 20)


def raised_in_the_process() -> list[str]:
    return [str(entry) for entry in Runtime.of_process().pending()]


def test_a_client_made_before_raises_and_lowers_in_virtual_time_and_forgets() -> None:
    ddb, before = early_client(), raised_in_the_process()  # by tests before this one
    for _ in range(2):
        with virtual_time() as clock, SimulatedDynamoDB(clock=clock, start_full=False) as simulator:
            simulator.create_table("orders", write=2)
            assert ddb.pending_scale_downs() == ()
            put_until_raised(ddb, simulator)
            assert ddb.pending_scale_downs()
            clock.advance(610)
            simulator.assert_back_at_base("orders")
            put_until_raised(ddb, simulator)
    assert ddb.pending_scale_downs() == ()
    assert raised_in_the_process() == before


def test_identical_runs_have_identical_histories() -> None:
    def history() -> object:
        with virtual_time() as clock, SimulatedDynamoDB(clock=clock, start_full=False) as simulator:
            simulator.create_table("orders", write=2)
            put_until_raised(early_client(), simulator)
            return simulator.capacity_history("orders"), simulator.calls, clock.monotonic()

    assert history() == history()


def test_decorated_functions_too() -> None:
    session = boto3.Session("real", "real", region_name="us-east-1")
    client = session.client("dynamodb", config=Config(retries={"total_max_attempts": 1}))

    @with_throughput_scaling(table="orders", client=client, config=CONFIG)
    def save() -> None:
        client.put_item(TableName="orders", Item={"id": {"S": "1"}})

    for _ in range(2):
        with virtual_time() as clock, SimulatedDynamoDB(clock=clock, start_full=False) as simulator:
            simulator.create_table("orders", write=2)
            save()
            clock.advance(5)
            assert simulator.units("orders").write == 20


def test_a_runtime_of_its_own_goes_before() -> None:
    own = VirtualClock()
    with SimulatedDynamoDB(clock=own, start_full=False) as simulator, virtual_time() as clock:
        simulator.create_table("orders", write=2)
        ddb = ScalingClient(simulator.client(), config=CONFIG, runtime=Runtime(own, own))
        put_until_raised(ddb, simulator)
        assert own.monotonic() > 0
        assert clock.monotonic() == 0
        assert ddb.pending_scale_downs()
    assert ddb.pending_scale_downs()


def test_what_is_configured_in_the_block_holds_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ddb = early_client()
    with virtual_time() as clock, SimulatedDynamoDB(clock=clock, start_full=False) as simulator:
        simulator.create_table("orders", write=2)
        put_until_raised(ddb, simulator)
        ScalingClient(ddb, config=CONFIG.replace(scaling_enabled=False, max_retries=0))
    with virtual_time() as clock, SimulatedDynamoDB(clock=clock, start_full=False) as simulator:
        simulator.create_table("orders", write=2)
        with pytest.raises(ClientError):
            ddb.put_item(TableName="orders", Item={"id": {"S": "1"}})


def test_blocks_may_be_nested_and_time_is_real_again_afterwards() -> None:
    sleep = time.sleep
    with virtual_time() as outer:
        time.sleep(5)
        with virtual_time() as inner:
            time.sleep(7)
            assert stand_in.monotonic() == 7
        time.sleep(5)
    assert (outer.monotonic(), inner.monotonic()) == (10, 7)
    assert time.sleep is sleep
    assert stand_in.current() is None


def test_a_block_that_fails_puts_everything_back_too() -> None:
    sleep = time.sleep
    for block in (virtual_time, fresh_start):
        with pytest.raises(ZeroDivisionError), block():
            raise ZeroDivisionError
        assert time.sleep is sleep
        assert stand_in.current() is None


def test_jobs_end_with_their_block() -> None:
    clock, done = VirtualClock(), []
    timer = _TimerOfABlock(clock)

    def job(number: int) -> Callable[[], object]:
        return lambda: done.append(number)

    timer.call_at(1.0, job(1))
    timer.call_at(9.0, job(2))
    clock.advance(5.0)
    timer.close()
    timer.call_at(6.0, job(3))
    clock.advance(10.0)
    assert done == [1]


def test_the_end_of_a_block_waits_for_the_job_that_is_running() -> None:
    started, go_on, done = threading.Event(), threading.Event(), []

    def job() -> None:
        started.set()
        go_on.wait(10)
        done.append(1)

    with fresh_start():
        current = stand_in.current()
        assert current is not None
        current.runtime.timer.call_at(0.0, job)
        assert started.wait(10)
        threading.Timer(0.05, go_on.set).start()
    assert done == [1]


def test_blocks_that_overlap_leave_nothing_behind() -> None:
    sleep = time.sleep
    first, second = virtual_time(), virtual_time()
    first.__enter__()
    clock = second.__enter__()
    first.__exit__(None, None, None)

    assert stand_in.monotonic() == clock.monotonic() == 0.0
    time.sleep(5)
    assert stand_in.monotonic() == clock.monotonic() == 5.0

    second.__exit__(None, None, None)
    assert time.sleep is sleep
    assert stand_in.current() is None
