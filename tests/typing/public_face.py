"""The public face as a type checker sees it; `tests/typing/test_typing.py` runs mypy on it."""

from __future__ import annotations

from typing import Any

import boto3
from mypy_boto3_dynamodb.client import DynamoDBClient
from mypy_boto3_dynamodb.service_resource import DynamoDBServiceResource, Table
from mypy_boto3_dynamodb.type_defs import PutItemOutputTypeDef
from tenacity import retry, retry_if_exception_type
from typing_extensions import assert_type

from dynoresilience import (
    IndexLimits,
    Prices,
    ScalingClient,
    ScalingConfig,
    TableLimits,
    attach,
    install,
    lambda_handler,
    raise_capacity,
    retry_if_throttled,
    with_throughput_scaling,
)
from dynoresilience.events import Event
from dynoresilience.model import Change, PendingScaleDown
from dynoresilience.tables import (
    Identity,
    ItemResult,
    TableNames,
    create_item_if_not_exists,
    get_or_create,
    whoami,
)

ddb = ScalingClient(boto3.client("dynamodb"), config=ScalingConfig(max_write_capacity=200))
as_client: DynamoDBClient = ddb
assert_type(
    ddb.put_item(TableName="orders", Item={"id": {"S": "1"}}),
    PutItemOutputTypeDef,
)
ddb.put_itm()  # type: ignore[attr-defined]
assert_type(ddb.table("orders"), Table)
assert_type(ddb.pending_scale_downs(), tuple[PendingScaleDown, ...])
assert_type(ddb.scale_down_now(), tuple[Change, ...])


def count(table: str, *, limit: int = 1) -> int:
    return limit


assert_type(ddb.execute(count, "orders", limit=3, operation="weekly report"), int)

with ddb as same, same.operation("weekly report", deadline=3, max_retries=1):
    assert_type(same, ScalingClient)

assert_type(attach(boto3.client("dynamodb")), DynamoDBClient)
assert_type(attach(boto3.resource("dynamodb")), DynamoDBServiceResource)
assert_type(install(boto3.Session()), boto3.Session)
install(config=ScalingConfig())
ScalingConfig(prices=Prices(read=0.1, write=0.5), tables={"orders": TableLimits(max_hourly_cost=1)})
ScalingConfig(prices={"eu-west-1": Prices(0.1, 0.5)}, dry_run=True)
ScalingConfig(prices=0.1)  # type: ignore[arg-type]
nothing: str = install()  # type: ignore[assignment]


class Sink:
    def emit(self, event: Event) -> None: ...


attach(boto3.client("dynamodb"), sinks=[Sink()])
attach(boto3.client("dynamodb"), sinks=[print])  # type: ignore[list-item]


@with_throughput_scaling(table="orders")
def save(number: int) -> str:
    return str(number)


@with_throughput_scaling
async def save_async(number: int) -> str:
    return str(number)


assert_type(save(1), str)
save("one")  # type: ignore[arg-type]


async def use() -> None:
    assert_type(await save_async(1), str)


ScalingClient(deadline=5)
ScalingClient(deadline="5")  # type: ignore[arg-type]


@retry(
    retry=retry_if_throttled() | retry_if_exception_type(OSError),
    before_sleep=raise_capacity(client=ddb, table="orders", config=ScalingConfig(), sinks=[Sink()]),
)
def save_by_tenacity(number: int) -> str:
    return str(number)


assert_type(save_by_tenacity(1), str)
assert_type(retry_if_throttled(even_if_spent=True), retry_if_throttled)


@lambda_handler
def handler(event: dict[str, Any], context: Any) -> int:
    return 1


assert_type(handler({}, None), int)

ScalingConfig(tables={"orders": TableLimits(indexes={"by-customer": IndexLimits()})})
ScalingConfig(max_writes=3)  # type: ignore[call-arg]

assert_type(create_item_if_not_exists(ddb.table("orders"), {"id": "1"}), ItemResult)
assert_type(get_or_create(ddb, {"id": {"S": "1"}}, dict, table_name="orders"), ItemResult)
assert_type(TableNames("shop", environment="staging")("orders"), str)
assert_type(whoami(ddb, expected_region="eu-central-1"), Identity)
