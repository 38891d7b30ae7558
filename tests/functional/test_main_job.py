"""The main job over HTTP: more writes than the table takes, and none may fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from dynoresilience import ScalingClient, ScalingConfig, attach, install
from dynoresilience.events import ScaleDownDone
from tests.functional.conftest import (
    CREDENTIALS,
    MODES,
    Recorder,
    create_orders,
    in_threads,
    new_client,
    order,
)
from tests.support.throttling_server import ThrottlingServer

Start = Callable[..., ThrottlingServer]
CAP = 200


def caps(**settings: Any) -> ScalingConfig:
    return ScalingConfig(max_read_capacity=CAP, max_write_capacity=CAP, **settings)


def check(server: ThrottlingServer, errors: list[BaseException], count: int) -> None:
    assert errors == []
    assert len(server.items("orders")) == count
    for peak_read, peak_write in server.peak.values():
        assert peak_read == 5
        assert peak_write <= CAP


@pytest.mark.parametrize("reasons", [True, False], ids=["reasons", "no-reasons"])
@pytest.mark.parametrize("windows", [False, True], ids=["buckets", "windows"])
def test_640_puts_by_16_threads_in_big_steps(start: Start, reasons: bool, windows: bool) -> None:
    server = start(reasons=reasons, windows=windows)
    ddb = ScalingClient(new_client(server), config=caps(scale_up_factor=40))
    create_orders(ddb)

    errors = in_threads(640, lambda n: ddb.put_item(TableName="orders", Item=order(n)))

    check(server, errors, 640)
    assert server.calls["UpdateTable"] <= 4


@pytest.mark.parametrize("mode", MODES)
def test_with_the_defaults_each_resource_is_raised_twice_at_most(start: Start, mode: str) -> None:
    server = start()
    ddb = ScalingClient(new_client(server, mode), config=caps())
    create_orders(ddb)

    errors = in_threads(640, lambda n: ddb.put_item(TableName="orders", Item=order(n)))

    check(server, errors, 640)
    updates = [set(update["after"]) for update in server.updates]
    assert 1 <= sum(None in resources for resources in updates) <= 2
    assert 1 <= sum("by-customer" in resources for resources in updates) <= 2


def test_then_the_table_goes_back_to_base_by_itself_with_one_decrease(start: Start) -> None:
    server, told = start(update_seconds=0.2), Recorder()
    config = caps(scale_up_factor=40, scale_down_delay=5.0)
    ddb = ScalingClient(new_client(server), config=config, sinks=[told])
    create_orders(ddb)

    assert in_threads(50, lambda n: ddb.put_item(TableName="orders", Item=order(n))) == []
    raised = len(server.updates)
    assert ddb.pending_scale_downs()
    assert "raised" in repr(ddb)

    deadline = ddb._attachment.monotonic() + 60
    while ddb.pending_scale_downs() and ddb._attachment.monotonic() < deadline:
        ddb.describe_table(TableName="orders")

    assert len(told.of(ScaleDownDone)) == 1
    assert len(server.updates) == raised + 1
    assert set(server.updates[-1]["after"].values()) == {(5, 5)}


def test_a_boto3_table_of_an_attached_resource(start: Start) -> None:
    server = start()
    resource = attach(
        boto3.resource("dynamodb", endpoint_url=server.url, **CREDENTIALS),
        config=caps(scale_up_factor=40),
    )
    create_orders(resource.meta.client)
    table = resource.Table("orders")

    errors = in_threads(
        200, lambda n: table.put_item(Item={"id": f"order-{n}", "customer": f"customer-{n % 7}"})
    )

    check(server, errors, 200)


def test_a_table_of_a_scaling_client_speaks_python_types_and_the_client_wire_types(
    start: Start,
) -> None:
    server = start()
    ddb = ScalingClient(new_client(server), config=caps(scale_up_factor=40))
    create_orders(ddb)
    table = ddb.table("orders")

    errors = in_threads(
        200, lambda n: table.put_item(Item={"id": f"order-{n}", "customer": f"customer-{n % 7}"})
    )

    check(server, errors, 200)
    assert table.get_item(Key={"id": "order-3"})["Item"] == {
        "id": "order-3",
        "customer": "customer-3",
    }
    answer = ddb.get_item(TableName="orders", Key={"id": {"S": "order-3"}})
    assert answer["Item"] == order(3)


def test_a_paginator_repeats_the_throttled_page_alone(start: Start) -> None:
    server = start(page_items=5)
    ddb = ScalingClient(new_client(server), config=caps(scale_up_factor=40))
    create_orders(ddb)
    server_units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 1000}
    index = {"IndexName": "by-customer", "ProvisionedThroughput": server_units}
    ddb.update_table(
        TableName="orders",
        ProvisionedThroughput=server_units,
        GlobalSecondaryIndexUpdates=[{"Update": index}],
    )
    assert in_threads(300, lambda n: ddb.put_item(TableName="orders", Item=order(n))) == []
    before = server.calls["Scan"]

    def scan(_: int) -> None:
        pages = ddb.get_paginator("scan").paginate(TableName="orders")
        assert sum(page["Count"] for page in pages) == 300

    assert in_threads(8, scan, threads=8) == []

    throttled = server.throttles["orders", "read"]
    assert throttled > 0
    pages_read = server.calls["Scan"] - before - throttled
    assert pages_read <= 8 * 61, "no page was read twice"
    assert server.peak["orders", None][0] > 5
    assert server.peak["orders", "by-customer"][0] == 5


def test_pynamodb_on_an_installed_session(start: Start) -> None:
    from pynamodb.attributes import UnicodeAttribute
    from pynamodb.models import Model

    server = start()

    class Order(Model):
        class Meta:
            table_name = "orders"
            region = "us-east-1"
            host = server.url
            aws_access_key_id = "testing"
            aws_secret_access_key = "testing"

        id = UnicodeAttribute(hash_key=True)
        customer = UnicodeAttribute()

    create_orders(new_client(server))
    connection = Order._get_connection().connection
    install(connection.session, config=caps(scale_up_factor=40))
    assert connection.client is not None  # made here: each thread has a session of its own

    saved = in_threads(200, lambda n: Order(f"order-{n}", customer=f"customer-{n % 7}").save())

    check(server, saved, 200)
    assert Order.get("order-3").customer == "customer-3"


@pytest.mark.parametrize("kind", ["boto3", "botocore"])
def test_every_client_of_an_installed_session(start: Start, kind: str) -> None:
    import botocore.session

    server = start()
    if kind == "boto3":
        session: Any = boto3.Session(**CREDENTIALS)
        make = session.client
    else:
        session = botocore.session.get_session()
        session.set_credentials("testing", "testing")
        make = session.create_client
    assert install(session, config=caps(scale_up_factor=40)) is session
    client = make("dynamodb", region_name="us-east-1", endpoint_url=server.url)
    create_orders(client)

    errors = in_threads(100, lambda n: client.put_item(TableName="orders", Item=order(n)))

    check(server, errors, 100)
    assert type(client).__name__ == "DynamoDB"
    assert make("sts", region_name="us-east-1") is not None
