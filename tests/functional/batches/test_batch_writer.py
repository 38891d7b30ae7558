"""boto3's batch writer, of which a batch that fails is kept."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ChecksumError,
    ClientError,
    ConnectionClosedError,
)

from dynoresilience import ScalingClient, ScalingConfig, attach, install
from dynoresilience.aws.every_session import hooks_for_new_sessions
from dynoresilience.testing import SimulatedDynamoDB, VirtualClock
from tests.functional.batches.conftest import AT_CAP
from tests.functional.conftest import (
    CREDENTIALS,
    in_threads,
)


def writers(sim: SimulatedDynamoDB, config: ScalingConfig) -> dict[str, Any]:
    """A ``Table`` by each way that there is to one."""
    one_try = Config(retries={"total_max_attempts": 1})
    session = install(sim.session(), config=config)
    install(config=config)
    later = boto3.Session(**CREDENTIALS)
    hooks_for_new_sessions(None)
    return {
        "table()": ScalingClient(sim.client(config=one_try), config=config).table("orders"),
        "resource": attach(sim.resource(config=one_try), config=config).Table("orders"),
        "Table": attach(sim.resource(config=one_try).Table("orders"), config=config),
        "session": session.resource("dynamodb", config=one_try).Table("orders"),
        "process": later.resource("dynamodb", config=one_try).Table("orders"),
    }


@pytest.mark.parametrize("way", ["table()", "resource", "Table", "session", "process"])
@pytest.mark.parametrize("fault", ["throttle", "drop", "error", "expired", "unknown key"])
def test_a_batch_writer_keeps_what_an_exception_stopped(
    sim: SimulatedDynamoDB, way: str, fault: str
) -> None:
    table = writers(sim, AT_CAP.replace(max_retries=1))[way]
    if fault == "throttle":
        sim.throttle_next("BatchWriteItem", 2)
    elif fault == "drop":
        sim.drop_next("BatchWriteItem")
    elif fault == "expired":
        sim.fail_next("BatchWriteItem", code="ExpiredTokenException", message="", status=400)
    elif fault == "unknown key":
        sim.fail_next("BatchWriteItem", code="UnrecognizedClientException", message="", status=400)
    else:
        sim.fail_next("BatchWriteItem", code="InternalServerError", message="", status=500)
    failed = 0

    with table.batch_writer() as batch:
        for number in range(30):
            try:
                batch.put_item(Item={"id": f"order-{number}"})
            except (ClientError, ConnectionClosedError):
                failed += 1

    assert failed == 1
    assert table.scan(ConsistentRead=True)["Count"] == 30


@pytest.mark.parametrize("way", ["table()", "resource", "Table", "session", "process"])
def test_of_writes_to_one_key_the_latest_is_sent_if_asked_for(
    sim: SimulatedDynamoDB, way: str
) -> None:
    table = writers(sim, AT_CAP)[way]

    with table.batch_writer(overwrite_by_pkeys=["id"]) as batch:
        for number in range(3):
            batch.put_item(Item={"id": "same", "n": number})

    assert [item["n"] for item in table.scan()["Items"]] == [2]
    assert sim.calls["BatchWriteItem"] == 1


def test_what_the_block_could_not_write_is_sent_by_another_block(sim: SimulatedDynamoDB) -> None:
    table = writers(sim, AT_CAP)["resource"]
    sim.drop_next("BatchWriteItem", 2)
    batch = table.batch_writer()

    def write() -> None:
        with batch:
            for number in range(30):
                batch.put_item(Item={"id": f"order-{number}"})

    with pytest.raises(ConnectionClosedError):
        write()
    assert len(batch.unwritten) == 25
    with batch:
        pass

    assert table.scan(ConsistentRead=True)["Count"] == 25  # the last five were never put


def test_items_that_are_wrong_are_not_kept_to_fail_again(sim: SimulatedDynamoDB) -> None:
    table = writers(sim, AT_CAP)["resource"]

    with table.batch_writer() as batch:
        for number in range(24):
            batch.put_item(Item={"no key": str(number)})
        with pytest.raises(ClientError, match="ValidationException"):
            batch.put_item(Item={"no key": "24"})
        for number in range(3):
            batch.put_item(Item={"id": f"order-{number}"})

    assert table.scan(ConsistentRead=True)["Count"] == 3


def test_what_is_interrupted_is_kept(sim: SimulatedDynamoDB) -> None:
    table = writers(sim, AT_CAP)["resource"]

    def interrupt(**_: Any) -> None:
        table.meta.client.meta.events.unregister("before-call.dynamodb", interrupt)
        raise KeyboardInterrupt

    table.meta.client.meta.events.register("before-call.dynamodb", interrupt)
    with suppress(KeyboardInterrupt), table.batch_writer() as batch:
        for number in range(25):
            batch.put_item(Item={"id": f"order-{number}"})

    assert table.scan(ConsistentRead=True)["Count"] == 25


def test_a_batch_whose_answer_is_broken_is_kept(sim: SimulatedDynamoDB) -> None:
    """What it left undone is not known then."""
    modes = Config(retries={"mode": "legacy", "total_max_attempts": 1})
    table = attach(sim.resource(config=modes), config=AT_CAP).Table("orders")
    sim.corrupt_next("BatchWriteItem")  # five of 25 items are carried out
    failed = 0

    with table.batch_writer() as batch:
        for number in range(25):
            try:
                batch.put_item(Item={"id": f"order-{number}"})
            except ChecksumError:
                failed += 1

    assert failed == 1
    assert table.scan(ConsistentRead=True)["Count"] == 25


def test_a_newer_write_comes_after_a_kept_one_of_its_key(clock: VirtualClock) -> None:
    with SimulatedDynamoDB(clock=clock) as sim:
        sim.create_table("orders", write=1000)
        table = writers(sim, ScalingConfig(max_retries=0))["resource"]
        sim.drop_next("BatchWriteItem")

        with table.batch_writer() as batch:
            for number in range(25):
                with suppress(ConnectionClosedError):
                    batch.put_item(Item={"id": f"order-{number}", "v": "old"})
            sim.partial_next("BatchWriteItem", keep=1)  # of those kept, 24 are left once more
            for number in (24, *range(100, 148)):
                batch.put_item(Item={"id": f"order-{number}", "v": "new"})

        assert table.get_item(Key={"id": "order-24"})["Item"]["v"] == "new"
        assert table.scan(ConsistentRead=True)["Count"] == 25 + 48


def test_an_item_put_again_after_its_exception_meets_no_duplicate(sim: SimulatedDynamoDB) -> None:
    """A caller who tries the put itself again, knowing nothing of what is kept."""
    table = writers(sim, AT_CAP)["resource"]
    sim.drop_next("BatchWriteItem", 3)
    failed = 0

    with table.batch_writer() as batch:
        for number in range(110):
            while True:
                try:
                    batch.put_item(Item={"id": f"order-{number}"})
                    break
                except ConnectionClosedError:
                    failed += 1

    assert failed == 3
    assert table.scan(ConsistentRead=True)["Count"] == 110


def test_what_another_thread_puts_while_a_batch_fails_is_there(sim: SimulatedDynamoDB) -> None:
    table = writers(sim, AT_CAP)["resource"]
    batch = table.batch_writer()
    events = table.meta.client.meta.events

    def meanwhile(**_: Any) -> None:
        events.unregister("before-call.dynamodb", meanwhile)
        assert in_threads(9, lambda n: batch.put_item(Item={"id": f"other-{n}"}), 1) == []
        raise ConnectionClosedError(endpoint_url="")

    events.register("before-call.dynamodb", meanwhile)
    with batch:
        for number in range(25):
            with suppress(ConnectionClosedError):
                batch.put_item(Item={"id": f"order-{number}"})

    assert table.scan(ConsistentRead=True)["Count"] == 25 + 9


@pytest.mark.parametrize("way", ["attach", "install"])
def test_a_batch_writer_of_the_callers_own_stays(sim: SimulatedDynamoDB, way: str) -> None:
    class Own:
        def batch_writer(self) -> str:
            return "the caller's own"

    session = sim.session()
    session.events.register(
        "creating-resource-class.dynamodb.Table",
        lambda base_classes, **_: base_classes.insert(0, Own),
    )
    if way == "install":
        install(session)
    resource = session.resource("dynamodb")
    if way == "attach":
        attach(resource)

    assert resource.Table("orders").batch_writer() == "the caller's own"


def test_a_table_that_an_attached_resource_creates_keeps_batches(sim: SimulatedDynamoDB) -> None:
    resource = attach(sim.resource(config=Config(retries={"total_max_attempts": 1})))
    table = resource.create_table(
        TableName="new",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    table.wait_until_exists()
    sim.drop_next("BatchWriteItem")

    with table.batch_writer() as batch:
        for number in range(30):
            with suppress(ConnectionClosedError):
                batch.put_item(Item={"id": f"order-{number}"})

    assert table.scan(ConsistentRead=True)["Count"] == 30


def test_boto3_by_itself_loses_a_batch(sim: SimulatedDynamoDB) -> None:
    """Why the writer is another one: the same work without us."""
    table = sim.resource(config=Config(retries={"total_max_attempts": 1})).Table("orders")
    sim.throttle_next("BatchWriteItem")

    with table.batch_writer() as batch:
        for number in range(30):
            with suppress(ClientError):
                batch.put_item(Item={"id": f"order-{number}"})

    assert table.scan(ConsistentRead=True)["Count"] == 5
