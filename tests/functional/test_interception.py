"""Which clients the simulator catches: all of the process, whenever they were made."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from botocore.httpsession import URLLib3Session
from botocore.loaders import create_loader
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from dynoresilience.model import Units
from dynoresilience.testing import SimulatedDynamoDB, VirtualClock
from dynoresilience.testing.in_process.aws_hosts import dynamodb_region, is_aws

PRELUDE = """
import os, socket

def no_network(*args):
    raise AssertionError("a request left the process")

socket.socket.connect = socket.getaddrinfo = no_network
os.environ.update(AWS_ACCESS_KEY_ID="real", AWS_SECRET_ACCESS_KEY="real")
os.environ.update(AWS_DEFAULT_REGION="us-east-1")

def new(service="dynamodb"):
    import boto3
    from botocore.config import Config
    return boto3.client(service, config=Config(retries={"total_max_attempts": 1}))

def check(*clients):
    "One write is let in, the next is throttled: in a simulator, and in the next one too."
    from dynoresilience.testing import SimulatedDynamoDB, VirtualClock
    for _ in range(2):
        with SimulatedDynamoDB(clock=VirtualClock(), burst_seconds=1) as simulator:
            simulator.create_table("orders", write=len(clients))
            for client in clients:
                client.put_item(TableName="orders", Item={"id": {"S": "1"}})
            for client in clients:
                try:
                    client.put_item(TableName="orders", Item={"id": {"S": "1"}})
                except client.exceptions.ProvisionedThroughputExceededException:
                    continue
                raise AssertionError("the client has passed the simulator by")
            assert simulator.calls["PutItem"] == 2 * len(clients)
            simulator.client().delete_table(TableName="orders")  # a mock around it would keep it
"""
ORDERS = {
    "the client is first": """
        client = new()
        check(client)
    """,
    "moto is first": """
        import moto
        client = new()
        check(client)
    """,
    "the session is first": """
        import boto3
        boto3.setup_default_session()
        import moto
        check(new())
    """,
    "the test kit is first": """
        import dynoresilience.testing
        client = new()
        check(client)
    """,
    "the simulator's module is first": """
        from dynoresilience.testing import SimulatedDynamoDB
        client = new()
        check(client)
    """,
    "one client at each step": """
        clients = [new()]
        import dynoresilience.testing
        clients.append(new())
        import moto
        clients.append(new())
        from dynoresilience.testing import SimulatedDynamoDB
        clients.append(new())
        with SimulatedDynamoDB():
            clients.append(new())
        clients.append(new())
        check(*clients)
    """,
    "botocore without boto3": """
        import botocore.session
        from botocore.config import Config
        once = Config(retries={"total_max_attempts": 1})
        check(botocore.session.get_session().create_client("dynamodb", config=once))
    """,
    "a resource": """
        import boto3
        table = boto3.resource("dynamodb").Table("orders")
        from dynoresilience.testing import SimulatedDynamoDB
        with SimulatedDynamoDB() as simulator:
            simulator.create_table("orders")
            table.put_item(Item={"id": "1"})
            assert simulator.calls["PutItem"] == 1
    """,
    "within moto's own mock": """
        import moto
        with moto.mock_aws():
            client = new()
            check(client)
        check(client)
    """,
    "moto's own mock within": """
        client = new()
        from dynoresilience.testing import SimulatedDynamoDB
        with SimulatedDynamoDB(start_full=False) as simulator:
            import moto
            with moto.mock_aws():
                simulator.create_table("orders")
                later = new()
                for each in (client, later):
                    each.list_tables()
                assert simulator.calls["ListTables"] == 2
            client.list_tables()
            assert simulator.calls["ListTables"] == 3
    """,
    "moto's own mock outlives it": """
        from dynoresilience.testing import SimulatedDynamoDB
        import moto
        simulator = SimulatedDynamoDB()
        simulator.start()
        mock = moto.mock_aws()
        mock.start()
        client = new()
        simulator.stop()
        client.list_tables()
        assert simulator.calls["ListTables"] == 0
        mock.stop()
    """,
    "other services": """
        queues = new("sqs")
        streams = new("dynamodbstreams")
        from dynoresilience.testing import SimulatedDynamoDB
        with SimulatedDynamoDB():
            assert "QueueUrls" not in queues.list_queues()
            assert streams.list_streams()["Streams"] == []
    """,
}


@pytest.mark.parametrize("program", ORDERS.values(), ids=ORDERS)
def test_whatever_was_imported_or_made_first(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PRELUDE + textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


EARLY = boto3.Session("real", "real", region_name="eu-west-1")
ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=1)


def put(client: Any) -> None:
    client.put_item(TableName="orders", Item={"id": {"S": "1"}})


def test_another_endpoint_is_left_alone_whenever_its_client_was_made() -> None:
    client = EARLY.client("dynamodb", endpoint_url="http://127.0.0.1:1", config=ONCE)
    with SimulatedDynamoDB() as simulator:
        simulator.create_table("orders")
        with pytest.raises(EndpointConnectionError):
            put(client)
        assert simulator.calls == {"CreateTable": 1}


def test_regions_and_kinds_of_endpoints() -> None:
    fips = Config(use_fips_endpoint=True)
    dual = Config(use_dualstack_endpoint=True)
    with SimulatedDynamoDB(region="eu-west-1") as simulator:
        simulator.create_table("orders")
        for options in ({}, {"config": dual}):
            put(EARLY.client("dynamodb", **options))
        assert EARLY.client("dynamodb", "us-east-1", config=fips).list_tables()["TableNames"] == []
        assert simulator.calls == {"CreateTable": 1, "PutItem": 2, "ListTables": 1}


def test_everything_is_as_before_once_it_stops() -> None:
    send, call = URLLib3Session.send, BotocoreStubber.__call__
    with SimulatedDynamoDB():
        assert URLLib3Session.send is not send
        assert BotocoreStubber.__call__ is not call
    assert URLLib3Session.send is send
    assert BotocoreStubber.__call__ is call


def test_who_else_replaces_the_same_method_is_not_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []
    simulator = SimulatedDynamoDB()
    client = EARLY.client("dynamodb", "us-east-1", config=ONCE)
    with simulator, monkeypatch.context() as patches:
        before = URLLib3Session.send

        def others(self: Any, request: Any) -> Any:
            sent.append(request.url)
            return before(self, request)

        patches.setattr(URLLib3Session, "send", others)
        client.list_tables()
        assert simulator.calls["ListTables"] == 1
        simulator.stop()
        assert URLLib3Session.send is others
        with simulator:
            client.list_tables()
        assert simulator.calls["ListTables"] == 1
        with mock_aws():  # ours is harmless once stopped
            EARLY.client("dynamodb").list_tables()
    assert len(sent) == 1
    assert simulator.calls["ListTables"] == 1


PARTITIONS = create_loader().load_data("partitions")["partitions"]


@pytest.mark.parametrize("partition", PARTITIONS, ids=[each["id"] for each in PARTITIONS])
@pytest.mark.parametrize("options", [{}, {"use_fips_endpoint": True}], ids=["plain", "fips"])
def test_every_partition_of_aws_is_known(partition: Any, options: Any) -> None:
    region = next((name for name in partition["regions"] if name[-1].isdigit()), "eu-isoe-west-1")
    client = botocore.session.Session().create_client("dynamodb", region, config=Config(**options))
    assert dynamodb_region(client.meta.endpoint_url) == region
    assert is_aws(client.meta.endpoint_url)


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("123456789012.ddb.eu-west-1.amazonaws.com", "eu-west-1"),
        ("vpce-1a-2b.dynamodb.us-east-1.vpce.amazonaws.com", "us-east-1"),
        ("dynamodb.us-east-1.api.aws:443", "us-east-1"),
        ("streams.dynamodb.us-east-1.amazonaws.com", None),
        ("streams-dynamodb.us-east-1.api.aws", None),
        ("s3.us-east-1.amazonaws.com", None),
        ("dynamodb.us-east-1.localhost.localstack.cloud:4566", None),
        ("dynamodb.us-east-1.amazonaws.com.example.org", None),
        ("notdynamodb.us-east-1.amazonaws.com", None),
        ("localhost:8000", None),
    ],
)
def test_what_is_dynamodb_at_aws(host: str, region: str | None) -> None:
    assert dynamodb_region(f"https://{host}/") == region


def test_units_of_a_table_in_the_region_of_the_simulator() -> None:
    with SimulatedDynamoDB(clock=VirtualClock(), region="eu-west-1") as simulator:
        simulator.create_table("orders", write=7)
        EARLY.client("dynamodb").describe_table(TableName="orders")
        assert simulator.units("orders") == Units(5, 7)


@pytest.mark.parametrize("first", ["client", "simulator"])
def test_aiobotocore(first: str) -> None:
    pytest.importorskip("aiobotocore", reason="aiobotocore is not installed")
    program = """
        import asyncio, sys

        async def main():
            from contextlib import AsyncExitStack, ExitStack
            with ExitStack() as outer, ExitStack() as inner:
                if FIRST == "simulator":
                    simulator = outer.enter_context(started())
                from aiobotocore.session import get_session
                async with AsyncExitStack() as clients:
                    client = get_session().create_client("dynamodb")
                    client = await clients.enter_async_context(client)
                    if FIRST == "client":
                        simulator = inner.enter_context(started())
                    await use(client, simulator)

        async def use(client, simulator):
            simulator.create_table("orders", write=1)
            item = {"id": {"S": "1"}}
            await client.put_item(TableName="orders", Item=item)
            try:
                await client.put_item(TableName="orders", Item=item)
            except client.exceptions.ProvisionedThroughputExceededException:
                pass
            found = await client.get_item(TableName="orders", Key=item)
            assert found["Item"] == item
            assert simulator.throttles

        def started():
            from dynoresilience.testing import SimulatedDynamoDB, VirtualClock
            return SimulatedDynamoDB(clock=VirtualClock(), burst_seconds=1)

        if FIRST == "simulator":
            assert "aiobotocore" not in sys.modules
        asyncio.run(main())
    """
    done = subprocess.run(
        [sys.executable, "-c", f"FIRST = {first!r}\n" + PRELUDE + textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
