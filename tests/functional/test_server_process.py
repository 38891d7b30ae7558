"""The server as a process of its own: how it is started, ordered, ended and killed."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError

from dynoresilience.testing.server.control import ORDERS, READINGS
from dynoresilience.testing.service.settings import Settings
from tests.functional.conftest import CREDENTIALS

COMMAND = [sys.executable, "-m", "dynoresilience.testing"]


class ServerProcess:
    """A server in a process of its own, on a free port."""

    def __init__(self, *options: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "--port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()

    def client(self, **config: Any) -> Any:
        settings = Config(**{"retries": {"total_max_attempts": 1}, **config})
        return boto3.client("dynamodb", endpoint_url=self.url, config=settings, **CREDENTIALS)

    def order(self, order: str, /, **arguments: Any) -> Any:
        return self._ask(urllib.request.Request(self._at(order), json.dumps(arguments).encode()))

    def read(self, name: str, query: str = "") -> Any:
        return self._ask(urllib.request.Request(self._at(name) + query))

    def end(self, number: int) -> tuple[int, str, str]:
        """Send a signal; the exit status, and what was printed meanwhile."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err

    def close(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=20)

    def _at(self, name: str) -> str:
        return f"{self.url}/_simulator/{name}"

    def _ask(self, request: urllib.request.Request) -> Any:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)["result"]


@pytest.fixture
def start() -> Iterator[Callable[..., ServerProcess]]:
    running: list[ServerProcess] = []

    def start_server(*options: str) -> ServerProcess:
        running.append(ServerProcess(*options))
        return running[-1]

    yield start_server
    for server in running:
        server.close()


Start = Callable[..., ServerProcess]


def put(client: Any, name: str = "1", **attributes: str) -> Any:
    values = {"id": name, **attributes}
    item = {key: {"S": value} for key, value in values.items()}
    return client.put_item(TableName="orders", Item=item)


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.005)


# The command


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_end(start: Start, number: int) -> None:
    server = start("--burst-seconds", "1", "--region", "eu-west-1")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", server.url)
    arn = server.order("create_table", name="orders", write=1)
    assert arn == "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"
    client = server.client()  # of another region
    assert client.list_tables()["TableNames"] == []
    assert server.end(number) == (0, "", "")
    with pytest.raises(BotoCoreError):
        client.list_tables()


def test_it_ends_although_it_is_frozen(start: Start) -> None:
    server = start()
    server.order("freeze")
    errors: list[BaseException] = []

    def call() -> None:
        try:
            server.client().list_tables()
        except BotoCoreError as error:
            errors.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    until(lambda: bool(server.read("faults")))
    assert server.end(signal.SIGTERM) == (0, "", "")
    caller.join(timeout=20)
    assert [type(error) for error in errors] == [ConnectionClosedError]


def test_settings_are_options(start: Start) -> None:
    server = start("--no-reasons", "--burst-seconds", "1", "--retry-after-ms", "70")
    server.order("create_table", name="orders", write=1)
    client = server.client()
    put(client)
    with pytest.raises(ClientError) as caught:
        put(client)
    response = caught.value.response
    assert "ThrottlingReasons" not in response
    assert response["ResponseMetadata"]["HTTPHeaders"]["x-amz-retry-after"] == "70"


def test_in_front_of_another_endpoint(start: Start) -> None:
    inner = start()
    outer = start("--backend", inner.url)
    outer.order("create_table", name="orders")
    put(outer.client())
    assert inner.client().scan(TableName="orders")["Count"] == 1
    assert inner.end(signal.SIGKILL)[0] == -signal.SIGKILL
    with pytest.raises(ClientError, match="no answer to PutItem from the backend"):
        put(outer.client())
    assert outer.end(signal.SIGTERM)[0] == 0


def run(*options: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *options]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--port", "x"], "argument --port: invalid port value: 'x'"),
        (["--port", "70000"], "argument --port: must be 0 to 65535, got 70000"),
        (["--backend", "foo"], "backend must be 'moto' or a URL"),
        (["--burst-seconds", "0"], "burst_seconds must be a positive number, got 0"),
        (["--burst-seconds", "some"], "argument --burst-seconds: invalid number value: 'some'"),
        (["--frob"], "unrecognized arguments: --frob"),
    ],
)
def test_wrong_use_is_told_in_one_line(options: list[str], why: str) -> None:
    done = run(*options)
    assert done.returncode == 2
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("python -m dynoresilience.testing: ")
    assert why in line


def test_a_port_in_use_is_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("--port", str(port))
    assert done.returncode == 2
    assert done.stderr == (
        f"python -m dynoresilience.testing: can't listen on 127.0.0.1:{port}: "
        f"{os.strerror(98) if sys.platform == 'linux' else 'Address already in use'}\n"
    )


def test_each_setting_has_an_option_that_is_explained() -> None:
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for name in Settings.__dataclass_fields__:
        option = name.replace("_", "-")
        found = re.search(rf"^  --{option}[ ,].*(?:\n {{8,}}.*)*", done.stdout, re.MULTILINE)
        assert found, option
        assert len(found[0].split()) > 5, f"--{option} is not explained"


# Orders and readings


def test_orders_and_readings(start: Start) -> None:
    server = start("--update-seconds", "0.01", "--burst-seconds", "1")
    server.order("create_table", name="orders", read=5, write=1, indexes={"by-customer": [5, 5]})
    server.order("fail_next", operation="PutItem", n=1, code="Odd")
    client = server.client()
    with pytest.raises(ClientError, match="Odd"):
        put(client)
    put(client)
    with pytest.raises(ClientError, match="ProvisionedThroughputExceeded"):
        put(client)
    throughput = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 9}
    client.update_table(TableName="orders", ProvisionedThroughput=throughput)
    until(lambda: server.read("units", "?table=orders") == {"read": 5, "write": 9})
    assert server.read("units", "?table=orders&index=by-customer") == {"read": 5, "write": 5}
    assert server.read("calls")["PutItem"] == 3
    short = {"table": "orders", "index": None, "dimension": "write", "count": 1}
    assert server.read("throttles") == [short]
    assert server.read("throttle_reasons") == {"TableWriteProvisionedThroughputExceeded": 1}
    [fault] = server.read("faults")
    assert (fault["operation"], fault["kind"]) == ("PutItem", "error")
    [update] = server.read("updates")
    assert update["before"] == [{"index": None, "read": 5, "write": 1}]
    assert update["after"] == [{"index": None, "read": 5, "write": 9}]
    history = server.read("capacity_history", "?table=orders")
    assert [each["write"] for each in history] == [1, 9]
    assert history[0]["at"] < history[1]["at"]
    assert 0 <= server.read("available", "?table=orders&dimension=read") <= 5
    server.order("create_table", name="free", on_demand=True)
    server.order("deny", operations=["PutItem"])
    with pytest.raises(ClientError, match="AccessDenied"):
        put(client)
    server.order("allow")
    until(lambda: server.read("available", "?table=orders&dimension=write") >= 1)
    put(client)


@pytest.mark.parametrize(
    ("name", "content", "status", "why"),
    [
        ("fail_next", b"{", 400, "fail_next: Expecting"),
        ("fail_next", b"[]", 400, "arguments must be a JSON object, got list"),
        ("fail_next", b"{}", 400, "missing a required argument: 'operation'"),
        ("fail_next", b'{"operation": "Put"}', 400, "DynamoDB has no operation 'Put'"),
        ("fail_next", b'{"operation": "PutItem", "n": "2"}', 400, "n must be a whole number"),
        ("fail_next", b'{"operation": "PutItem", "m": 2}', 400, "unexpected keyword argument 'm'"),
        ("deny", b'{"operations": "PutItem"}', 400, "operations must be a list of names"),
        ("delay_next", b'{"operation": "PutItem", "seconds": "1"}', 400, "delay_next: "),
        ("set_update_seconds", b"3", 400, "arguments must be a JSON object"),
        (
            "create_table",
            b'{"name": "t", "read": -1}',
            400,
            "create_table: Parameter validation failed",
        ),
        ("fail_next", None, 405, "fail_next takes a POST, got a GET"),
        ("calls", b"{}", 405, "calls takes a GET, got a POST"),
        ("units", None, 400, "missing a required argument: 'table'"),
        ("units?table=none", None, 400, "units: none"),
        ("available?table=orders&dimension=sideways", None, 400, "sideways"),
        ("stop", b"{}", 404, "POST one of allow, "),
        ("", None, 404, "or GET one of available, calls, "),
        ("__class__", b"{}", 404, "POST one of allow, "),
    ],
)
def test_orders_that_make_no_sense(
    served: ServerProcess, name: str, content: bytes | None, status: int, why: str
) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{served.url}/_simulator/{name}", content, timeout=20)
    with refused.value as answer:
        assert answer.code == status
        assert why in json.load(answer)["error"]


@pytest.fixture(scope="module")
def served() -> Iterator[ServerProcess]:
    server = ServerProcess()
    yield server
    server.close()


def test_names_of_orders_and_readings_are_those_of_the_simulation() -> None:
    from dynoresilience.testing.simulation import Simulation

    for name in (*ORDERS, *READINGS):
        assert hasattr(Simulation, name), name


# kill -9


def outcome(call: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """The thread in which it runs, and what it returned or raised."""
    found: list[Any] = []

    def run_it() -> None:
        try:
            found.append(call())
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=run_it)
    thread.start()
    return thread, found


@pytest.mark.parametrize("standstill", ["freeze", "delay_next"])
@pytest.mark.parametrize("operation", ["PutItem", "GetItem"])
def test_killed_amid_a_call(start: Start, standstill: str, operation: str) -> None:
    server = start()
    server.order("create_table", name="orders")
    client = server.client()
    put(client, "1")
    if standstill == "freeze":
        server.order("freeze")
    else:
        server.order("delay_next", operation=operation, seconds=1000)
    key = {"id": {"S": "1"}}
    calls: dict[str, Callable[[], Any]] = {
        "PutItem": lambda: put(client, "2"),
        "GetItem": lambda: client.get_item(TableName="orders", Key=key),
    }
    thread, found = outcome(calls[operation])
    until(lambda: len(server.read("faults")) == 1)
    assert found == []
    assert server.end(signal.SIGKILL)[0] == -signal.SIGKILL
    thread.join(timeout=20)
    assert [type(each) for each in found] == [ConnectionClosedError]


def test_killed_amid_a_call_that_is_tried_again(start: Start) -> None:
    server = start()
    server.order("create_table", name="orders")
    client = server.client(retries={"total_max_attempts": 3, "mode": "standard"})
    server.order("freeze")
    thread, found = outcome(lambda: put(client, "1"))
    until(lambda: len(server.read("faults")) == 1)
    server.end(signal.SIGKILL)
    thread.join(timeout=20)
    [error] = found
    assert isinstance(error, BotoCoreError)


@pytest.mark.parametrize("mode", ["legacy", "standard"])
@pytest.mark.parametrize("size", [10, 300_000])
def test_killed_amid_many_calls(start: Start, mode: str, size: int) -> None:
    """Up to the last moment each answer is right; after it there are errors, and nothing else.

    Each thread writes an item of its own again and again, each time another value, and reads it
    back: what it reads is what it wrote last.
    """
    server = start()
    server.order("create_table", name="orders", on_demand=True)
    right = [0] * 16
    wrong: list[Any] = []
    ends: list[BaseException] = []

    def work(number: int) -> None:
        client = server.client(retries={"total_max_attempts": 1, "mode": mode})
        name = f"item-{number}"
        for version in range(1_000_000):
            value = f"{number}-{version}-".ljust(size, "x")
            try:
                put(client, name, text=value)
                answer = client.get_item(TableName="orders", Key={"id": {"S": name}})
            except client.exceptions.ThrottlingException:
                continue  # of the partition, which takes 1000 units: a right answer as well
            except Exception as error:
                ends.append(error)
                return
            if answer.get("Item") != {"id": {"S": name}, "text": {"S": value}}:
                wrong.append(str(answer)[:300])
                return
            right[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    until(lambda: bool(wrong or ends) or min(right) >= 3, seconds=60)
    server.end(signal.SIGKILL)
    for thread in threads:
        thread.join(timeout=30)
    assert wrong == []
    assert len(ends) == 16
    assert all(isinstance(error, BotoCoreError) for error in ends), ends


@pytest.mark.parametrize("mode", ["legacy", "standard"])
def test_killed_amid_a_long_answer(start: Start, mode: str) -> None:
    """What has been sent of it is taken for the answer by nobody.

    Between client and server stands a relay that lets a few bytes of the answer come, has the
    server killed, and only then passes on what there is.
    """
    server = start()
    server.order("create_table", name="orders", on_demand=True)
    names = [f"item-{number}" for number in range(10)]
    for name in names:
        put(server.client(retries={"total_max_attempts": 5}), name, text="x" * 300_000)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        relayed: list[int] = []

        def relay() -> None:
            client_side, _ = listener.accept()
            server_side = socket.socket()
            server_side.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            server_side.connect(("127.0.0.1", int(server.url.rpartition(":")[2])))
            with client_side, server_side:
                request = b""
                while not request.endswith(b"}"):
                    request += client_side.recv(65536)
                server_side.sendall(request)
                answer = [server_side.recv(100)]
                server.end(signal.SIGKILL)
                with contextlib.suppress(ConnectionResetError):
                    answer.extend(iter(lambda: server_side.recv(65536), b""))
                relayed.append(sum(len(part) for part in answer))
                client_side.sendall(b"".join(answer))

        client = boto3.client(
            "dynamodb",
            endpoint_url=f"http://127.0.0.1:{listener.getsockname()[1]}",
            config=Config(retries={"total_max_attempts": 1, "mode": mode}),
            **CREDENTIALS,
        )
        thread = threading.Thread(target=relay)
        thread.start()
        keys = [{"id": {"S": name}} for name in names]
        with pytest.raises(ConnectionClosedError):
            client.batch_get_item(RequestItems={"orders": {"Keys": keys}})
        thread.join(timeout=20)
    assert 100 < relayed[0] < 3_000_000  # some of it came, and not all
