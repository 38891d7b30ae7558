"""The simulator's server over real sockets."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from dynoresilience.model import Dimension, Resource, Units
from dynoresilience.testing import SimulatorServer
from tests.functional.conftest import CREDENTIALS

SERVICE = "DynamoDB_20120810"
ONCE = Config(retries={"total_max_attempts": 1})
Raw = tuple[int, dict[str, str], bytes]


@pytest.fixture
def server() -> Iterator[SimulatorServer]:
    with SimulatorServer(update_seconds=0.2) as running:
        yield running


def ask(
    server: SimulatorServer,
    operation: str | None,
    content: bytes | None = b"{}",
    *,
    method: str = "POST",
    path: str = "/",
    **headers: str,
) -> Raw:
    """One request by hand; the names of the answer's headers in lower case."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if operation is not None:
        target = operation if "." in operation else f"{SERVICE}.{operation}"
        sent["X-Amz-Target"] = target
    try:
        connection.request(method, path, content, sent)
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, found, answer.read()
    finally:
        connection.close()


def send(server: SimulatorServer, text: bytes) -> bytes:
    """Bytes on a socket, and all that comes back until the server closes it."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def error(answer: Raw) -> str:
    name: str = json.loads(answer[2])["__type"].rpartition("#")[2]
    return name


def put(client: Any, name: str = "1", **attributes: str) -> Any:
    values = {"id": name, **attributes}
    item = {key: {"S": value} for key, value in values.items()}
    return client.put_item(TableName="orders", Item=item)


def refusal(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    with pytest.raises(ClientError) as caught:
        call(*args, **kwargs)
    return caught.value.response


# As DynamoDB answers


def test_it_is_a_dynamodb_that_throttles() -> None:
    with SimulatorServer(update_seconds=0.1, burst_seconds=1.0) as server:
        server.create_table("orders", write=3, indexes={"by-customer": (5, 5)})
        client = server.client(config=ONCE)
        responses = [put(client, str(number)) for number in range(3)]
        response = refusal(put, client, "3")
        assert response["ThrottlingReasons"] == [
            {
                "reason": "TableWriteProvisionedThroughputExceeded",
                "resource": "arn:aws:dynamodb:us-east-1:123456789012:table/orders",
            }
        ]
        throughput = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 50}
        client.update_table(TableName="orders", ProvisionedThroughput=throughput)
        deadline = time.monotonic() + 10
        while server.units("orders") != Units(5, 50):
            assert time.monotonic() < deadline
        assert client.describe_table(TableName="orders")["Table"]["TableStatus"] == "ACTIVE"
        assert server.throttles == {(Resource("orders"), Dimension.WRITE): 1}
        assert [units for _, units in server.capacity_history("orders")] == [
            Units(5, 3),
            Units(5, 50),
        ]
        assert [update.table for update in server.updates] == ["orders"]
    ids = {each["ResponseMetadata"]["RequestId"] for each in (*responses, response)}
    assert len(ids) == 4
    assert server.calls["PutItem"] == 4  # what was observed stays readable


def test_headers(server: SimulatorServer) -> None:
    status, headers, content = ask(server, "ListTables")
    assert (status, json.loads(content)) == (200, {"TableNames": []})
    assert headers["content-type"] == "application/x-amz-json-1.0"
    assert headers["x-amz-crc32"] == str(zlib.crc32(content))
    assert len(headers["x-amzn-requestid"]) == 52
    assert int(headers["content-length"]) == len(content)
    _, headers, _ = ask(server, "ListTables", Content_Type="application/json; charset=utf-8")
    assert headers["content-type"] == "application/json"


def test_the_region_is_that_of_the_signature(server: SimulatorServer) -> None:
    server.create_table("orders")
    elsewhere = boto3.client(
        "dynamodb", endpoint_url=server.url, **{**CREDENTIALS, "region_name": "eu-west-1"}
    )
    assert elsewhere.list_tables()["TableNames"] == []
    assert server.client(region_name="eu-west-1").list_tables()["TableNames"] == []
    assert server.client().list_tables()["TableNames"] == ["orders"]
    assert json.loads(ask(server, "ListTables")[2]) == {"TableNames": ["orders"]}


def test_resources_and_paginators(server: SimulatorServer) -> None:
    server.create_table("orders")
    table = server.resource().Table("orders")
    with table.batch_writer() as batch:
        for number in range(60):
            batch.put_item(Item={"id": str(number), "amount": number})
    pages = server.client().get_paginator("scan").paginate(TableName="orders", Limit=25)
    assert [page["Count"] for page in pages] == [25, 25, 10]
    assert table.get_item(Key={"id": "7"})["Item"]["amount"] == 7


def test_streams_are_the_backends_affair(server: SimulatorServer) -> None:
    client = server.client()
    client.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    put(client, "1")
    streams = boto3.client("dynamodbstreams", endpoint_url=server.url, **CREDENTIALS)
    [stream] = streams.list_streams()["Streams"]
    description = streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]
    iterator = streams.get_shard_iterator(
        StreamArn=stream["StreamArn"],
        ShardId=description["Shards"][0]["ShardId"],
        ShardIteratorType="TRIM_HORIZON",
    )["ShardIterator"]
    [record] = streams.get_records(ShardIterator=iterator)["Records"]
    assert record["dynamodb"]["NewImage"] == {"id": {"S": "1"}}


@pytest.mark.parametrize("size", [0, 5_000, 9_000, 100_000, 300_000])
def test_answers_of_any_size(server: SimulatorServer, size: int) -> None:
    server.create_table("orders", write=2000)
    client = server.client()
    put(client, "1", text="x" * size)
    answer = client.get_item(TableName="orders", Key={"id": {"S": "1"}})
    assert answer["Item"]["text"]["S"] == "x" * size


# Requests that are none


@pytest.mark.parametrize("content", [b"{", b"", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_what_is_no_json_object(server: SimulatorServer, content: bytes) -> None:
    answer = ask(server, "GetItem", content)
    assert answer[0] == 400
    assert error(answer) == "SerializationException"


@pytest.mark.parametrize("target", ["Frob", "DynamoDB_20111205.GetItem", "x", ".", f"{SERVICE}."])
def test_what_is_no_operation(server: SimulatorServer, target: str) -> None:
    answer = ask(server, target)
    assert answer[0] == 400
    assert error(answer) == "UnknownOperationException"


def test_a_target_must_be_there(server: SimulatorServer) -> None:
    answer = ask(server, None)
    assert (answer[0], error(answer)) == (400, "UnknownOperationException")
    assert b"X-Amz-Target must be DynamoDB_20120810.<operation>" in answer[2]


MISSHAPEN = [
    ("GetItem", {}),
    ("GetItem", {"TableName": 3, "Key": {"id": {"S": "1"}}}),
    ("GetItem", {"TableName": "orders", "Key": {"id": {}}}),
    ("GetItem", {"TableName": "orders", "Key": {"id": {"S": "1", "N": "1"}}}),
    ("GetItem", {"TableName": "orders", "Key": []}),
    ("PutItem", {"TableName": "orders", "Item": {"id": {"S": 1}}}),
    ("PutItem", {"TableName": "orders", "Item": {"id": {"S": "1"}, "x": {"N": "abc"}}}),
    ("PutItem", {"TableName": "orders", "Item": {"id": {"S": "1"}, "x": {"B": "@"}}}),
    ("PutItem", {"TableName": "orders", "Item": {"id": {"S": "1"}, "x": None}}),
    ("PutItem", {"TableName": "orders", "Item": None}),
    ("UpdateItem", {"TableName": "orders", "Key": {"id": {"S": "1"}}, "UpdateExpression": 1}),
    ("UpdateItem", {"TableName": "orders", "Key": {"id": {"S": "1"}}, "UpdateExpression": "SET"}),
    ("BatchGetItem", {"RequestItems": {"orders": {}}}),
    ("BatchGetItem", {"RequestItems": []}),
    ("BatchWriteItem", {"RequestItems": {"orders": [{}]}}),
    ("BatchWriteItem", {"RequestItems": {"orders": {}}}),
    ("TransactWriteItems", {"TransactItems": [{}]}),
    ("TransactWriteItems", {"TransactItems": [3]}),
    ("TransactGetItems", {"TransactItems": [{"Get": {}}]}),
    ("Query", {"TableName": ["orders"]}),
    ("CreateTable", {"TableName": "new", "KeySchema": "id"}),
    ("UpdateTable", {"TableName": "orders", "ProvisionedThroughput": 5}),
    ("DescribeTable", {"TableName": {"S": "orders"}}),
]


@pytest.mark.parametrize(("operation", "request_"), MISSHAPEN)
def test_misshapen_requests_are_answered_by_the_backend(
    server: SimulatorServer, operation: str, request_: Any
) -> None:
    """moto may stumble over them: then that is what the answer says, and never a traceback."""
    server.create_table("orders")
    content = json.dumps(request_).encode()
    answer = ask(server, operation, content)
    assert answer[0] == 200 or error(answer).isidentifier()  # moto lets some of them pass
    assert b"Traceback" not in answer[2]
    assert b"the simulator failed" not in answer[2]
    assert answer[1]["x-amz-crc32"] == str(zlib.crc32(answer[2]))
    with SimulatorServer(server.url) as before_it:
        assert ask(before_it, operation, content)[::2] == answer[::2]


def test_nulls_mean_nothing(server: SimulatorServer) -> None:
    server.create_table("orders")
    request = {
        "TableName": "orders",
        "Item": {"id": {"S": "1"}, "gone": {"NULL": True}},
        "ConditionExpression": None,
        "ExpressionAttributeNames": None,
    }
    assert ask(server, "PutItem", json.dumps(request).encode())[0] == 200
    assert server.available("orders", Dimension.WRITE) < 1500


def test_a_body_that_is_too_large(server: SimulatorServer) -> None:
    answer = ask(server, "PutItem", b"x" * (16 * 1024 * 1024 + 1))
    assert (answer[0], error(answer)) == (413, "RequestEntityTooLarge")
    assert b"at most 16777216 bytes" in answer[2]


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"411"),
        (b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", b"501"),
        (b"POST / HTTP/9.9.9\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 200 + b"\r\n", b"431"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
    ],
)
def test_what_is_no_http_is_answered_and_closed(
    server: SimulatorServer, head: bytes, status: bytes
) -> None:
    answer = send(server, head)
    assert b" " + status + b" " in answer.partition(b"\r\n")[0] + b" "
    assert json.loads(answer.rpartition(b"\r\n\r\n")[2])["message"]


def test_half_a_request_is_not_carried_out(server: SimulatorServer) -> None:
    server.create_table("orders")
    request = b'{"TableName": "orders", "Item": {"id": {"S": "1"}}}'
    head = f"POST / HTTP/1.1\r\nX-Amz-Target: {SERVICE}.PutItem\r\nContent-Length: 500\r\n\r\n"
    assert send(server, head.encode() + request) == b""
    assert server.calls["PutItem"] == 0
    assert server.client().scan(TableName="orders")["Count"] == 0


def test_health(server: SimulatorServer) -> None:
    status, _, content = ask(server, None, None, method="GET")
    assert (status, content) == (200, b"healthy: dynamodb.us-east-1.amazonaws.com ")
    assert ask(server, None, None, method="HEAD")[::2] == (200, b"")
    assert ask(server, None, None, method="GET", path="/shell")[0] == 404
    assert ask(server, None, None, method="DELETE")[0] == 404


def test_an_operation_that_the_backend_lacks(server: SimulatorServer) -> None:
    response = refusal(server.client().list_global_tables)
    assert response["Error"]["Code"] == "UnknownOperationException"


# Connections


def test_connections_are_kept_alive(server: SimulatorServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    headers = {"X-Amz-Target": f"{SERVICE}.ListTables"}
    ports = set()
    for _ in range(20):
        connection.request("POST", "/", b"{}", headers)
        ports.add(connection.sock.getsockname()[1])
        assert connection.getresponse().read() == b'{"TableNames": []}'
    connection.close()
    assert len(ports) == 1


def test_requests_in_a_row_on_one_connection(server: SimulatorServer) -> None:
    one = (
        f"POST / HTTP/1.1\r\nX-Amz-Target: {SERVICE}.ListTables\r\nContent-Length: 2\r\n\r\n{{}}"
    ).encode()
    assert send(server, one * 5).count(b'{"TableNames": []}') == 5


def test_a_hundred_connections_count_exactly(server: SimulatorServer) -> None:
    server.create_table("orders", write=1000)
    clients, rounds = 100, 10
    ready = threading.Barrier(clients)

    def one(number: int) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        request = {
            "TableName": "orders",
            "Key": {"id": {"S": "counter"}},
            "UpdateExpression": "ADD seen :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
        headers = {"X-Amz-Target": f"{SERVICE}.UpdateItem"}
        connection.connect()
        ready.wait(timeout=60)  # a hundred connections are open
        done = 0
        for _ in range(rounds):
            connection.request("POST", "/", json.dumps(request).encode(), headers)
            answer = connection.getresponse()
            answer.read()
            done += answer.status == 200
        connection.close()
        return done

    with ThreadPoolExecutor(clients) as pool:
        assert sum(pool.map(one, range(clients))) == clients * rounds
    item = server.client().get_item(TableName="orders", Key={"id": {"S": "counter"}})["Item"]
    assert item["seen"] == {"N": str(clients * rounds)}
    assert server.calls["UpdateItem"] == clients * rounds


class StandingClock:
    """Time that doesn't pass: no capacity comes back."""

    def monotonic(self) -> float:
        return 1000.0

    def now(self) -> float:
        return 1_767_268_800.0

    def wait(self, signal: Any, timeout: float) -> bool:
        raise AssertionError("nobody waits here")


def test_a_hundred_connections_are_throttled_exactly() -> None:
    with SimulatorServer(clock=StandingClock(), burst_seconds=1.0) as server:
        server.create_table("orders", write=200)
        client = server.client(
            config=Config(retries={"total_max_attempts": 1}, max_pool_connections=100)
        )
        ready = threading.Barrier(100)

        def one(number: int) -> int:
            ready.wait(timeout=60)
            done = 0
            for round_ in range(6):
                try:
                    put(client, f"{number}-{round_}")
                except client.exceptions.ProvisionedThroughputExceededException:
                    continue
                done += 1
            return done

        with ThreadPoolExecutor(100) as pool:
            assert sum(pool.map(one, range(100))) == 200
        assert server.throttles == {(Resource("orders"), Dimension.WRITE): 400}
        assert server.calls["PutItem"] == 600
        count = sum(
            page["Count"] for page in client.get_paginator("scan").paginate(TableName="orders")
        )
        assert count == 200


# Beginning and end


def test_it_is_started_once_and_stopped_for_good() -> None:
    server = SimulatorServer()
    with pytest.raises(RuntimeError, match="not started"):
        _ = server.url
    server.stop()
    server.start()
    with pytest.raises(RuntimeError, match="started already"):
        server.start()
    server.create_table("orders")
    client = server.client(config=ONCE)
    port = server.port
    server.stop()
    server.stop()
    with pytest.raises(BotoCoreError):
        client.list_tables()
    with SimulatorServer(port=port) as again:  # the port is free
        assert client.list_tables()["TableNames"] == []
        assert again.port == port


def test_stopping_closes_connections_that_are_idle() -> None:
    before = threading.active_count()
    server = SimulatorServer()
    server.start()
    connections = [
        socket.create_connection(("127.0.0.1", server.port), timeout=20) for _ in range(10)
    ]
    ask(server, "ListTables")
    begun = time.monotonic()
    server.stop()
    assert time.monotonic() - begun < 4.0  # less than what work in hand would be given
    assert [connection.recv(1) for connection in connections] == [b""] * 10
    for connection in connections:
        connection.close()
    assert threading.active_count() <= before


def test_a_port_in_use(server: SimulatorServer) -> None:
    second = SimulatorServer(port=server.port)
    with pytest.raises(OSError, match="in use"):
        second.start()
    second.stop()


def test_servers_and_mocks_do_not_disturb_each_other(server: SimulatorServer) -> None:
    from moto import mock_aws

    server.create_table("orders")
    put(server.client(), "1")
    with mock_aws(), SimulatorServer() as other:
        assert boto3.client("dynamodb", **CREDENTIALS).list_tables()["TableNames"] == []
        other.create_table("others")
        assert server.client().list_tables()["TableNames"] == ["orders"]
        assert other.client().list_tables()["TableNames"] == ["others"]
    assert server.client().scan(TableName="orders")["Count"] == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_does_not_hold_the_port(server: SimulatorServer) -> None:
    server.create_table("orders")
    client = server.client(config=ONCE)
    port = server.port
    hold, release = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(release)
            server.stop()  # not the child's to stop
            client_of_child = server.client  # and still there to be asked for
            assert client_of_child is not None
            os.read(hold, 1)
            code = 0
        finally:
            os._exit(code)
    os.close(hold)
    try:
        put(client, "1")  # the parent's connections are whole
        server.stop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
    finally:
        os.close(release)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


# In front of another endpoint


@pytest.fixture
def outer(server: SimulatorServer) -> Iterator[SimulatorServer]:
    with SimulatorServer(server.url, burst_seconds=1.0) as running:
        yield running


def test_a_url_as_backend(server: SimulatorServer, outer: SimulatorServer) -> None:
    outer.create_table("orders", write=3)
    client = outer.client(config=ONCE)
    for number in range(3):
        put(client, str(number))
    refusal(put, client, "3")
    assert server.client().scan(TableName="orders")["Count"] == 3
    assert outer.throttles
    assert not server.throttles


def test_a_table_that_the_backend_had_already(
    server: SimulatorServer, outer: SimulatorServer
) -> None:
    server.create_table("orders", write=2)
    client = outer.client(config=ONCE)
    put(client, "1")
    put(client, "2")
    refusal(put, client, "3")
    assert outer.units("orders") == Units(5, 2)


def test_bytes_go_through_as_they_are(server: SimulatorServer, outer: SimulatorServer) -> None:
    server.create_table("orders")
    spaced = b'{ "TableName":"orders","Item" : {"id":{"S":"\\u00e9\xc3\xa9"},"n":{"N":"1.50"}} }'
    assert ask(outer, "PutItem", spaced)[0] == 200
    key = '{"TableName":"orders","Key":{"id":{"S":"éé"}}}'.encode()
    inner_answer, outer_answer = ask(server, "GetItem", key), ask(outer, "GetItem", key)
    assert inner_answer[::2] == outer_answer[::2]
    assert json.loads(outer_answer[2])["Item"]["n"] == {"N": "1.50"}
    assert "x-amzn-requestid" in outer_answer[1]


def test_the_credentials_go_through(server: SimulatorServer, outer: SimulatorServer) -> None:
    seen: list[str] = []
    answer = server._answer

    def listen(endpoint: Any, asked: Any) -> Any:
        seen.append(asked.headers.get("authorization", ""))
        return answer(endpoint, asked)

    server._answer = listen  # type: ignore[method-assign]
    boto3.client("dynamodb", endpoint_url=outer.url, **CREDENTIALS).list_tables()
    assert seen
    assert all("Credential=testing/" in each for each in seen)


def test_a_backend_that_can_not_be_reached() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with SimulatorServer(url) as server:
            response = refusal(server.client(config=ONCE).list_tables)
    assert response["Error"]["Code"] == "InternalServerError"
    assert f"no answer to ListTables from the backend {url}" in response["Error"]["Message"]
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 500


@pytest.mark.parametrize("fault", ["corrupt_next", "truncate_next", "drop_next"])
def test_a_backend_whose_answer_is_spoilt(
    server: SimulatorServer, outer: SimulatorServer, fault: str
) -> None:
    server.create_table("orders")
    client = outer.client(config=ONCE)
    put(client, "1")
    getattr(server, fault)("GetItem")
    response = refusal(client.get_item, TableName="orders", Key={"id": {"S": "1"}})
    assert response["Error"]["Code"] == "InternalServerError"
    assert "no answer to GetItem" in response["Error"]["Message"]
    assert client.get_item(TableName="orders", Key={"id": {"S": "1"}})["Item"]


@pytest.mark.parametrize("fault", ["corrupt_next", "truncate_next", "drop_next", "fail_next"])
def test_a_write_whose_stored_item_can_not_be_looked_at(
    server: SimulatorServer, outer: SimulatorServer, fault: str
) -> None:
    """The look before the write fails; the write itself goes through, or is an error."""
    server.create_table("orders")
    client = outer.client(config=ONCE)
    put(client, "1")
    getattr(server, fault)("GetItem")
    put(client, "1", text="new")
    found = client.get_item(TableName="orders", Key={"id": {"S": "1"}})["Item"]
    assert found["text"] == {"S": "new"}


@pytest.mark.parametrize(
    "backend", ["", "Moto", "127.0.0.1:8000", "ftp://x", "http://", "http://x:99999", "http://x:y"]
)
def test_a_backend_that_is_none(backend: str) -> None:
    with pytest.raises(ValueError, match=r"backend must be 'moto' or a URL like http://127.0.0.1"):
        SimulatorServer(backend)


def test_without_moto_there_are_servers_of_other_backends() -> None:
    script = (
        "import sys; sys.modules['moto'] = None\n"
        "from dynoresilience.testing import SimulatorServer\n"
        "SimulatorServer('http://127.0.0.1:1').start()\n"
        "try: SimulatorServer()\n"
        "except ImportError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == ("the backend 'moto' needs moto: pip install 'dynoresilience[testing]'\n")
