"""Fork, interpreter exit, threads, and what an import loads: each in a real process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from dynoresilience import ScalingClient, ScalingConfig, attach, install
from tests.functional.conftest import CREDENTIALS, create_orders, new_client, order
from tests.support.throttling_server import ThrottlingServer

Start = Callable[..., ThrottlingServer]

PROGRAM = """
import sys, boto3
from dynoresilience import ScalingClient, ScalingConfig
url, ending = sys.argv[1:]
client = boto3.client("dynamodb", endpoint_url=url, region_name="us-east-1",
                      aws_access_key_id="testing", aws_secret_access_key="testing")
ddb = ScalingClient(client, config=ScalingConfig(max_write_capacity=200))
for n in range(12):
    ddb.put_item(TableName="orders", Item={"id": {"S": str(n)}, "customer": {"S": "1"}})
if ending == "lower":
    ddb.scale_down_now()
"""


def run(program: str, *args: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *args],
        env=environment,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def test_the_end_of_the_process_warns_of_what_is_still_raised(start: Start) -> None:
    server = start(update_seconds=0.1)
    create_orders(new_client(server), units=1)

    ended = run(PROGRAM, server.url, "just end")

    assert ended.returncode == 0
    assert "the process ends with orders write still raised to" in ended.stderr
    assert "another process that uses the table lowers it, or the reaper" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_lowered_before_the_end_there_is_nothing_to_warn_of(start: Start) -> None:
    server = start(update_seconds=0.1)
    create_orders(new_client(server), units=1)

    ended = run(PROGRAM, server.url, "lower")

    assert (ended.returncode, ended.stderr) == (0, "")
    assert {max(after) for after in server.updates[-1]["after"].values()} == {1}


def test_a_forked_child_goes_on_and_leaves_the_parents_raises_to_the_parent(start: Start) -> None:
    program = (
        PROGRAM
        + """
import os
raised = len(ddb.pending_scale_downs())
child = os.fork()
if child == 0:
    fine = ddb.pending_scale_downs() == ()
    ddb.put_item(TableName="orders", Item={"id": {"S": "child"}, "customer": {"S": "1"}})
    os._exit(0 if fine else 9)
status = os.waitpid(child, 0)[1]
assert raised and len(ddb.pending_scale_downs()) == raised
sys.exit(os.waitstatus_to_exitcode(status))
"""
    )
    server = start(update_seconds=0.1)
    create_orders(new_client(server), units=1)

    ended = run(
        program.replace(
            "import sys", "import sys, warnings; warnings.simplefilter('ignore')\nimport sys", 1
        ),
        server.url,
        "fork",
    )

    assert ended.returncode == 0, ended.stderr


FORKS_AMID_A_FIRST_THROTTLE = """
import os, sys, threading, time, warnings
warnings.simplefilter("ignore")
import boto3
from botocore.exceptions import ClientError
from urllib3 import PoolManager
from dynoresilience import ScalingClient, ScalingConfig
def client():
    return boto3.client("dynamodb", endpoint_url=sys.argv[1], region_name="us-east-1",
                        aws_access_key_id="testing", aws_secret_access_key="testing")
boto = client()
ddb = ScalingClient(boto, config=ScalingConfig(max_write_capacity=200, max_retries=2))
def leave_the_parents_connections():  # as always with boto3: two readers of a socket mix answers up
    engine = ddb._attachment.engine
    for client in [boto] + ([engine._control._client] if engine is not None else []):
        http = client._endpoint.http_session  # not close(): its lock may be held
        http._manager = PoolManager(**http._get_pool_manager_kwargs())
item = {"id": {"S": "1"}, "customer": {"S": "1"}}
def work():
    for _ in range(3):
        try: ddb.put_item(TableName="orders", Item=item)
        except ClientError: pass
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
children = []
for _ in range(12):
    time.sleep(0.004)
    child = os.fork()
    if child == 0:
        leave_the_parents_connections()
        try: ddb.put_item(TableName="orders", Item=item)
        except ClientError: pass
        new = {"ConditionExpression": "attribute_not_exists(id)"}
        try: ddb.put_item(TableName="orders", Item=item, **new)
        except ClientError: pass
        os._exit(0)
    children.append(child)
deadline = time.monotonic() + 45
while children and time.monotonic() < deadline:
    children = [child for child in children if os.waitpid(child, os.WNOHANG)[0] == 0]
    time.sleep(0.01)
for child in children: os.kill(child, 9)
for thread in threads: thread.join()
ddb.scale_down_now()
sys.exit(len(children))
"""


def test_forks_amid_the_first_throttle_find_nothing_half_made(start: Start) -> None:
    """Child processes that were forked while a thread loaded the throttle's half of the code."""
    server = start(update_seconds=0.1)
    create_orders(new_client(server), units=1)

    ended = run(FORKS_AMID_A_FIRST_THROTTLE, server.url, seconds=90)

    assert ended.returncode == 0, f"{ended.returncode} children hung\n{ended.stderr}"


def test_the_import_loads_little() -> None:
    program = """
import boto3, sys
before = set(sys.modules)
from dynoresilience import ScalingClient, ScalingConfig, attach, install
new = {name.partition(".")[0] for name in set(sys.modules) - before}
print(" ".join(sorted(new)))
"""
    ended = run(program)

    assert ended.stderr == ""
    assert ended.stdout.split() == ["dynoresilience"]


def test_no_thread_before_the_first_raise_and_then_one(start: Start) -> None:
    server = start(update_seconds=0.0)
    program = PROGRAM.replace(
        "for n in", "import threading\nbefore = threading.active_count()\nfor n in"
    ).replace("if ending", "print(before, threading.active_count())\nif ending")
    create_orders(new_client(server), units=1)

    ended = run(program, server.url, "lower")

    assert ended.stdout.split() == ["1", "2"]


def test_two_clients_of_one_process_share_the_raise(start: Start) -> None:
    server = start(update_seconds=0.3)
    config = ScalingConfig(max_write_capacity=200)
    clients = [ScalingClient(new_client(server), config=config) for _ in range(8)]
    create_orders(clients[0], units=100)
    server.throttle_next("PutItem", 8)
    threads = [
        threading.Thread(target=ddb.put_item, kwargs={"TableName": "orders", "Item": order(n)})
        for n, ddb in enumerate(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert server.calls["UpdateTable"] == 1


def test_one_of_two_owners_closes(start: Start) -> None:
    server = start(update_seconds=0.0)
    client = new_client(server)
    create_orders(client)
    one, two = ScalingClient(client), ScalingClient(client)
    table = two.table("orders")
    one.close()

    server.throttle_next("PutItem", 4)
    two.put_item(TableName="orders", Item=order(1))
    server.throttle_next("PutItem", 4)
    table.put_item(Item={"id": "2"})
    two.close()

    server.drop_next("PutItem", 1)
    client.put_item(TableName="orders", Item=order(3))


def test_a_table_made_before_the_first_call_of_an_installed_sessions_client(start: Start) -> None:
    import boto3

    server = start(update_seconds=0.0)
    create_orders(new_client(server))
    session = install(boto3.Session(**CREDENTIALS))
    client: Any = session.client("dynamodb", endpoint_url=server.url)
    table = ScalingClient(client).table("orders")

    server.throttle_next("PutItem", 5)
    table.put_item(Item={"id": "1"})

    assert server.calls["PutItem"] == 6


def test_the_latest_install_holds(start: Start) -> None:
    import boto3
    from botocore.exceptions import ClientError

    server = start()
    create_orders(new_client(server))
    session = boto3.Session(**CREDENTIALS)
    off = ScalingConfig(scaling_enabled=False, initial_retry_delay=0, max_retry_delay=0)
    install(session, config=off)
    install(session, config=off.replace(max_retries=2))
    client: Any = session.client("dynamodb", endpoint_url=server.url)
    server.throttle_next("PutItem", 100)

    with pytest.raises(ClientError):
        client.put_item(TableName="orders", Item=order(1))

    assert server.calls["PutItem"] == 3


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_a_fault_of_ours_does_not_make_attempts_without_end(
    start: Start, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.exceptions import ClientError

    from dynoresilience.scaling.throttled_call import ThrottledCall

    monkeypatch.setattr(ThrottledCall, "on_throttle", lambda *args: 1 / 0)
    counts = []
    for attached in (False, True):
        server = start()
        client = new_client(server, mode, retries={"mode": mode, "total_max_attempts": 3})
        create_orders(client)
        if attached:
            attach(client)
        server.throttle_next("PutItem", 100)
        with pytest.raises(ClientError):
            client.put_item(TableName="orders", Item=order(1))
        counts.append(server.calls["PutItem"])

    assert counts[0] == counts[1] == 3
