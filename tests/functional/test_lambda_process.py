"""A Lambda function in a process of its own: what a cold start costs, and what a freeze harms."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from dynoresilience.model import Units
from dynoresilience.testing import SimulatorServer
from tests.support.lambda_process import LambdaProcess

BASE = Units(5, 5)
DELAY = 3.0
"""Seconds without a throttle after which the function owes a scale-down."""

COLD_START = """
import sys, threading, boto3
from dynoresilience import ScalingClient, lambda_handler
client = boto3.client("dynamodb", endpoint_url=sys.argv[1], region_name="us-east-1",
                      aws_access_key_id="testing", aws_secret_access_key="testing")
ddb = ScalingClient(client)
def handler(event, context):
    ddb.put_item(TableName="orders", Item={"id": {"S": "1"}, "customer": {"S": "1"}})
handler(None, None)
before = set(sys.modules)
lambda_handler(handler)(None, None)
print(sorted(set(sys.modules) - before), threading.active_count())
late = ("engine", "process", "scaling", "aws.table_control", "iam", "reaper")
print([name for name in late if f"dynoresilience.{name}" in sys.modules])
"""


@pytest.fixture
def server() -> Iterator[SimulatorServer]:
    with SimulatorServer(update_seconds=0.2, start_full=False, burst_seconds=2) as server:
        server.create_table("orders", write=5, indexes={"by-customer": (5, 5)})
        yield server


@pytest.fixture
def function(server: SimulatorServer) -> Iterator[LambdaProcess]:
    function = LambdaProcess(server.url, DELAY)
    yield function
    function.close()


def until(condition: Callable[[], bool]) -> None:
    """Poll; a condition that does not come true in time fails the test."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.02)


def units(server: SimulatorServer) -> list[Units]:
    return [server.units("orders", index) for index in (None, "by-customer")]


def decreases(server: SimulatorServer, index: str | None = None) -> int:
    writes = [units.write for _, units in server.capacity_history("orders", index)]
    return sum(after < before for before, after in pairwise(writes))


def test_a_cold_start_loads_nothing_more_and_asks_nothing_of_aws() -> None:
    with SimulatorServer() as server:
        server.create_table("orders")
        before = server.calls
        ended = subprocess.run(
            [sys.executable, "-W", "error", "-c", COLD_START, server.url],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        made = server.calls - before

    assert ended.stderr == ""
    assert ended.stdout.splitlines() == ["[] 1", "[]"]
    assert made == {"PutItem": 2}


def test_stopped_past_the_due_time_and_invoked_again(
    server: SimulatorServer, function: LambdaProcess
) -> None:
    assert function.invoke(60) == 60
    until(lambda: server.units("orders").write > 5)
    time.sleep(DELAY + 0.5)  # nothing can be waited for: nothing is to happen
    assert decreases(server) == 0

    assert function.invoke() == 0

    until(lambda: units(server) == [BASE, BASE])
    assert decreases(server) == decreases(server, "by-customer") == 1


def test_stopped_while_the_answer_to_the_look_is_on_its_way(
    server: SimulatorServer, function: LambdaProcess
) -> None:
    """Its owner sets the table to 100 meanwhile; the answer tells what was there before."""
    function.invoke(60, stay=1.0)  # until it has seen that the raises are in force
    raised = server.units("orders").write
    time.sleep(DELAY + 0.5)
    seen = server.calls["DescribeTable"]
    server.delay_next("DescribeTable", seconds=1.0)

    function.invoke(seconds=0.8)  # of which the end may use 0.3

    assert server.calls["DescribeTable"] == seen + 1
    assert server.units("orders").write == raised > 5
    throughput = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 100}
    server.client().update_table(TableName="orders", ProvisionedThroughput=throughput)
    until(lambda: server.units("orders") == Units(5, 100))
    time.sleep(1.5)  # the answer lies in the stopped process's socket by now

    def next_ones_lower_the_index() -> bool:
        function.invoke()
        time.sleep(0.5)
        return server.units("orders", "by-customer") == BASE

    until(next_ones_lower_the_index)
    assert server.units("orders") == Units(5, 100)
