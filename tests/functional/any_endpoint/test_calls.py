"""Every kind of call through a client of ours: what comes back is what boto3's own would get."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError, WaiterError

from dynoresilience import ScalingClient
from tests.functional.conftest import order
from tests.support.backends import BACKUPS, TAGS, Backend

EVERY_TYPE = {
    "id": {"S": "every-type"},
    "number": {"N": "3.14"},
    "large": {"N": "12345678901234567890123456789012345678"},
    "bytes": {"B": b"\x00\xff"},
    "strings": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2"]},
    "binaries": {"BS": [b"a", b"b"]},
    "yes": {"BOOL": True},
    "nothing": {"NULL": True},
    "list": {"L": [{"S": "x"}, {"M": {"deep": {"L": []}}}]},
    "map": {"M": {"empty": {"M": {}}, "text": {"S": ""}}},
}


def key(name: str) -> dict[str, Any]:
    return {"id": {"S": name}}


def without_metadata(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def sets_sorted(item: dict[str, Any]) -> dict[str, Any]:
    """DynamoDB's sets have no order."""
    return {
        name: {kind: sorted(v) if kind in ("SS", "NS", "BS") else v for kind, v in value.items()}
        for name, value in item.items()
    }


def test_items_of_every_type_come_back_as_they_went(ddb: ScalingClient, plain: Any) -> None:
    put = ddb.put_item(TableName="orders", Item=EVERY_TYPE, ReturnConsumedCapacity="TOTAL")

    assert put["ResponseMetadata"]["HTTPStatusCode"] == 200
    found = ddb.get_item(TableName="orders", Key=key("every-type"), ConsistentRead=True)
    assert sets_sorted(found["Item"]) == EVERY_TYPE
    same = plain.get_item(TableName="orders", Key=key("every-type"), ConsistentRead=True)
    assert sets_sorted(same["Item"]) == EVERY_TYPE


def test_conditions_updates_and_deletes(ddb: ScalingClient) -> None:
    ddb.put_item(TableName="orders", Item=order(1))
    updated = ddb.update_item(
        TableName="orders",
        Key=key("order-1"),
        UpdateExpression="SET #n = if_not_exists(#n, :zero) + :one",
        ExpressionAttributeNames={"#n": "count"},
        ExpressionAttributeValues={":zero": {"N": "0"}, ":one": {"N": "1"}},
        ReturnValues="UPDATED_NEW",
    )
    assert updated["Attributes"] == {"count": {"N": "1"}}
    deleted = ddb.delete_item(TableName="orders", Key=key("order-1"), ReturnValues="ALL_OLD")
    assert deleted["Attributes"] == {**order(1), "count": {"N": "1"}}
    assert "Item" not in ddb.get_item(TableName="orders", Key=key("order-1"))


def test_an_index_is_queried(ddb: ScalingClient) -> None:
    for number in range(10):
        ddb.put_item(TableName="orders", Item=order(number))
    found = ddb.query(
        TableName="orders",
        IndexName="by-customer",
        KeyConditionExpression="customer = :c",
        ExpressionAttributeValues={":c": {"S": "customer-2"}},
    )
    assert {item["id"]["S"] for item in found["Items"]} == {"order-2", "order-9"}


def test_paginators(backend: Backend, ddb: ScalingClient) -> None:
    for number in range(21):
        ddb.put_item(TableName="orders", Item=order(number))
    in_threes: Any = {"PaginationConfig": {"PageSize": 3}}
    query: Any = {
        "IndexName": "by-customer",
        "KeyConditionExpression": "customer = :c",
        "ExpressionAttributeValues": {":c": {"S": "customer-2"}},
        "PaginationConfig": {"PageSize": 1},
    }
    arn = ddb.describe_table(TableName="orders")["Table"]["TableArn"]
    requests: dict[str, tuple[str, dict[str, Any], str, int]] = {
        "scan": ("Scan", {"TableName": "orders", **in_threes}, "Items", 21),
        "query": ("Query", {"TableName": "orders", **query}, "Items", 3),
        "list_tables": ("ListTables", {}, "TableNames", 1),
        "list_tags_of_resource": ("ListTagsOfResource", {"ResourceArn": arn}, "Tags", 0),
        "list_backups": ("ListBackups", {}, "BackupSummaries", 0),
    }
    methods = ddb.meta.method_to_api_mapping
    assert {name for name in methods if ddb.can_paginate(name)} >= set(requests)
    for name, (operation, request, member, count) in requests.items():
        pages = ddb.get_paginator(name).paginate(**request)  # type: ignore[call-overload]
        if operation in backend.unsupported:
            with pytest.raises(ClientError, match="UnknownOperationException"):
                list(pages)
        else:
            assert sum(len(page[member]) for page in pages) == count


def test_waiters_wait_for_tables_to_come_and_go(ddb: ScalingClient) -> None:
    once: Any = {"Delay": 0, "MaxAttempts": 1}
    ddb.get_waiter("table_exists").wait(TableName="orders")
    with pytest.raises(WaiterError):
        ddb.get_waiter("table_exists").wait(TableName="nowhere", WaiterConfig=once)
    with pytest.raises(WaiterError):
        ddb.get_waiter("table_not_exists").wait(TableName="orders", WaiterConfig=once)
    ddb.delete_table(TableName="orders")
    ddb.get_waiter("table_not_exists").wait(TableName="orders")


def test_batches(ddb: ScalingClient) -> None:
    puts: Any = [{"PutRequest": {"Item": order(number)}} for number in range(25)]
    written = ddb.batch_write_item(RequestItems={"orders": puts})
    assert written["UnprocessedItems"] == {}
    keys: Any = [key(f"order-{number}") for number in range(30)]
    read = ddb.batch_get_item(RequestItems={"orders": {"Keys": keys, "ConsistentRead": True}})
    assert read["UnprocessedKeys"] == {}
    assert {item["id"]["S"] for item in read["Responses"]["orders"]} == {
        f"order-{number}" for number in range(25)
    }


def test_transactions(ddb: ScalingClient) -> None:
    token = uuid.uuid4().hex
    writes: Any = [
        {"Put": {"TableName": "orders", "Item": order(1)}},
        {"Put": {"TableName": "orders", "Item": order(2)}},
    ]
    for _ in range(2):
        ddb.transact_write_items(TransactItems=writes, ClientRequestToken=token)
    gets: Any = [{"Get": {"TableName": "orders", "Key": key(f"order-{n}")}} for n in (1, 2, 3)]
    answers = ddb.transact_get_items(TransactItems=gets)["Responses"]
    assert [answer.get("Item") for answer in answers] == [order(1), order(2), None]

    check: Any = {
        "TableName": "orders",
        "Key": key("order-9"),
        "ConditionExpression": "attribute_exists(id)",
    }
    with pytest.raises(ddb.exceptions.TransactionCanceledException) as cancelled:
        ddb.transact_write_items(TransactItems=[*writes, {"ConditionCheck": check}])
    reasons = cancelled.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "None", "ConditionalCheckFailed"]


def test_partiql(backend: Backend, ddb: ScalingClient) -> None:
    if "ExecuteStatement" in backend.unsupported:
        pytest.skip(f"{backend.name} has no PartiQL here: pip install 'dynoresilience[testing]'")
    ddb.execute_statement(Statement="INSERT INTO orders VALUE {'id': 'a', 'customer': 'x'}")
    select = "SELECT * FROM orders WHERE id = ?"
    one = ddb.execute_statement(Statement=select, Parameters=[{"S": "a"}])
    assert one["Items"] == [{"id": {"S": "a"}, "customer": {"S": "x"}}]
    batch = ddb.batch_execute_statement(
        Statements=[{"Statement": select, "Parameters": [{"S": name}]} for name in ("a", "b")]
    )
    assert [answer.get("Item", {}).get("id") for answer in batch["Responses"]] == [{"S": "a"}, None]
    ddb.execute_transaction(
        TransactStatements=[{"Statement": "INSERT INTO orders VALUE {'id': 'b', 'customer': 'y'}"}]
    )
    assert ddb.get_item(TableName="orders", Key=key("b"))["Item"]["customer"] == {"S": "y"}


FAULTY: dict[str, tuple[str, dict[str, Any]]] = {
    "ConditionalCheckFailedException": (
        "put_item",
        {"TableName": "orders", "Item": order(1), "ConditionExpression": "attribute_exists(id)"},
    ),
    "ResourceNotFoundException": ("get_item", {"TableName": "nowhere", "Key": key("1")}),
    "ResourceInUseException": (
        "create_table",
        {
            "TableName": "orders",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    ),
    "ValidationException": ("put_item", {"TableName": "orders", "Item": {"no": {"S": "key"}}}),
}


@pytest.mark.parametrize("code", FAULTY)
def test_exceptions_are_those_of_boto3(ddb: ScalingClient, plain: Any, code: str) -> None:
    method, request = FAULTY[code]
    told = []
    for client in (ddb, plain):
        with pytest.raises(ClientError) as caught:
            getattr(client, method)(**request)
        modeled = getattr(client.exceptions, code, ClientError)
        assert isinstance(caught.value, modeled)
        told.append((without_metadata(caught.value.response), str(caught.value)))
    assert told[0] == told[1]
    assert told[0][0]["Error"]["Code"] == code


def test_what_boto3_refuses_is_not_sent(ddb: ScalingClient) -> None:
    with pytest.raises(ParamValidationError):
        ddb.put_item(TableName="orders", Itm={})  # type: ignore[call-arg]


def test_what_the_endpoint_does_not_support_is_told_in_its_own_words(
    backend: Backend, ddb: ScalingClient
) -> None:
    """And what it supports works: no list of ours is longer than it has to be."""
    arn = ddb.describe_table(TableName="orders")["Table"]["TableArn"]
    enable: Any = {"PointInTimeRecoveryEnabled": True}
    calls: dict[str, Any] = {
        "TagResource": lambda: ddb.tag_resource(
            ResourceArn=arn, Tags=[{"Key": "team", "Value": "shop"}]
        ),
        "ListTagsOfResource": lambda: ddb.list_tags_of_resource(ResourceArn=arn),
        "UntagResource": lambda: ddb.untag_resource(ResourceArn=arn, TagKeys=["team"]),
        "CreateBackup": lambda: ddb.create_backup(TableName="orders", BackupName="first"),
        "ListBackups": ddb.list_backups,
        "DescribeContinuousBackups": lambda: ddb.describe_continuous_backups(TableName="orders"),
        "UpdateContinuousBackups": lambda: ddb.update_continuous_backups(
            TableName="orders", PointInTimeRecoverySpecification=enable
        ),
    }
    assert set(calls) == TAGS | BACKUPS
    for operation, call in calls.items():
        if operation in backend.unsupported:
            with pytest.raises(ClientError) as caught:
                call()
            assert caught.value.response["Error"]["Code"] == "UnknownOperationException"
        else:
            assert call()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert ddb.put_item(TableName="orders", Item=order(1))["ResponseMetadata"]["RetryAttempts"] == 0
