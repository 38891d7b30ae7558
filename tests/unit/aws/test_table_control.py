"""What the control plane's answers mean: every refusal in AWS's words."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from dynoresilience.aws.table_control import BotoTableControl, next_decrease_in, table_state
from dynoresilience.model import CapacityUpdate, Units
from dynoresilience.ports import (
    AccessDenied,
    ControlPlaneError,
    DecreaseRefused,
    OutcomeUnknown,
    ServiceLimit,
    TableBusy,
    TableNotFound,
)

UPDATE = CapacityUpdate({None: Units(5, 10)}, ())
RATE = "The rate of control plane requests made by this account is too high"
TOO_MANY = "Subscriber limit exceeded: There is a limit of 500 simultaneous operations"
PER_TABLE = (
    "Subscriber limit exceeded: Requested WriteCapacityUnits: 50000 is above the per table maximum "
    "for the account in us-east-1. Per table maximum: 40000"
)
ACCOUNT = "The requested throughput would have caused the limit to be exceeded for the account"
ON_DEMAND_QUOTA = (
    "Subscriber limit exceeded: Requested MaxReadRequestUnits for OnDemandThroughput for table "
    "exceeds TableMaxReadCapacityUnits of the account in region us-east-1"
)
DECREASE = (
    "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC "
    "day. After the first 4 decreases, each subsequent decrease in the same UTC day can be "
    "performed at most once every 3600 seconds. Number of decreases today: 4. Last decrease at "
    "Wednesday, July 25, 2018 8:00:00 PM UTC. Next decrease can be made at Wednesday, July 25, "
    "2018 9:00:00 PM UTC"
)


class Answers:
    """A client whose every call ends in one error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def update_table(self, **_: Any) -> None:
        raise self._error

    describe_table = update_table


def client_error(code: str, message: str = "", status: int = 400) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, "UpdateTable")


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (client_error("AccessDeniedException", "not authorized"), AccessDenied),
        (client_error("ResourceInUseException"), TableBusy),
        (client_error("ResourceNotFoundException"), TableNotFound),
        (client_error("LimitExceededException", DECREASE), DecreaseRefused),
        (client_error("LimitExceededException", PER_TABLE), ServiceLimit),
        (client_error("LimitExceededException", ACCOUNT), ServiceLimit),
        (client_error("LimitExceededException", ON_DEMAND_QUOTA), ServiceLimit),
        (client_error("LimitExceededException", RATE), ControlPlaneError),
        (client_error("LimitExceededException", TOO_MANY), ControlPlaneError),
        (client_error("ValidationException", "BillingMode is PAY_PER_REQUEST"), ServiceLimit),
        (client_error("ThrottlingException", "Rate exceeded"), ControlPlaneError),
        (client_error("ExpiredTokenException"), ControlPlaneError),
        (client_error("InternalServerError", status=500), OutcomeUnknown),
        (ReadTimeoutError(endpoint_url="https://x"), OutcomeUnknown),
        (RuntimeError("from the owner's credential provider"), OutcomeUnknown),
    ],
    ids=lambda value: str(value)[:60],
)
def test_refusals(error: Exception, meaning: type[ControlPlaneError]) -> None:
    control = BotoTableControl(Answers(error))

    for ask in (lambda: control.update("orders", UPDATE), lambda: control.describe("orders")):
        with pytest.raises(ControlPlaneError) as caught:
            ask()
        assert type(caught.value) is meaning


def test_a_denial_names_the_action() -> None:
    control = BotoTableControl(Answers(client_error("AccessDeniedException")))

    with pytest.raises(AccessDenied) as caught:
        control.describe("orders")
    assert caught.value.action == "dynamodb:DescribeTable"
    with pytest.raises(AccessDenied) as caught:
        control.update("orders", UPDATE)
    assert caught.value.action == "dynamodb:UpdateTable"


@pytest.mark.parametrize(
    ("message", "instant"),
    [
        (DECREASE, datetime(2018, 7, 25, 21, 0, 1, tzinfo=timezone.utc)),
        (
            "Next decrease can be made at Monday, February 13, 2023 at 11:25:39 AM Coordinated "
            "Universal Time",
            datetime(2023, 2, 13, 11, 25, 40, tzinfo=timezone.utc),
        ),
        (
            "Next decrease can be made at Monday, February 13, 2023 at 12:05:00 AM UTC",
            datetime(2023, 2, 13, 0, 5, 1, tzinfo=timezone.utc),
        ),
        (
            "Next decrease can be made at Monday, February 13, 2023 at 12:05:00 PM UTC",
            datetime(2023, 2, 13, 12, 5, 1, tzinfo=timezone.utc),
        ),
        ("Next decrease can be made at Montag, Februar 13, 2023 9:00:00 PM UTC", None),
        ("no", None),
    ],
)
def test_when_the_next_decrease_is_permitted(message: str, instant: datetime | None) -> None:
    expected = instant.timestamp() if instant is not None else None

    assert next_decrease_in(message) == expected


def describe(**members: Any) -> dict[str, Any]:
    throughput = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 7}
    return {
        "TableName": "orders",
        "TableArn": "arn:aws:dynamodb:eu-central-1:123456789012:table/orders",
        "TableStatus": "ACTIVE",
        "ProvisionedThroughput": throughput,
        **members,
    }


@pytest.mark.parametrize(
    ("members", "on_demand"),
    [
        ({}, False),
        ({"BillingModeSummary": None}, False),
        ({"BillingModeSummary": {"BillingMode": "PROVISIONED"}}, False),
        ({"BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}}, True),
        ({"ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}}, True),
    ],
)
def test_on_demand_is_recognised(members: dict[str, Any], on_demand: bool) -> None:
    assert table_state(describe(**members), "orders").on_demand is on_demand


@pytest.mark.parametrize(
    ("maximum", "units"),
    [
        (None, Units(0, 0)),
        ({}, Units(0, 0)),
        ({"MaxReadRequestUnits": 40}, Units(40, 0)),
        ({"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 7}, Units(0, 7)),
    ],
)
def test_the_units_of_an_on_demand_table_are_its_maximum(
    maximum: dict[str, int] | None, units: Units
) -> None:
    index = {"IndexName": "by-sku", "OnDemandThroughput": maximum}
    # An emulator may show provisioned units all the same, as here.
    on_demand = table_state(
        describe(
            BillingModeSummary={"BillingMode": "PAY_PER_REQUEST"},
            OnDemandThroughput=maximum,
            GlobalSecondaryIndexes=[index],
        ),
        "orders",
    )
    provisioned = table_state(describe(OnDemandThroughput=maximum), "orders")

    assert (on_demand.table.units, on_demand.indexes["by-sku"].units) == (units, units)
    assert provisioned.table.units == Units(5, 7)


class Requests:
    """A client that keeps what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def update_table(self, **request: Any) -> None:
        self.asked.append(request)


@pytest.mark.parametrize("on_demand", [True, False])
def test_what_is_asked_for(on_demand: bool) -> None:
    client = Requests()
    table = CapacityUpdate({None: Units(5, 10)}, (), on_demand)
    index = CapacityUpdate({"by-sku": Units(0, 10)}, (), on_demand)

    assert BotoTableControl(client).update("orders", table)
    assert BotoTableControl(client).update("orders", index)

    of_table, of_index = client.asked
    (change,) = of_index["GlobalSecondaryIndexUpdates"]
    assert change["Update"].pop("IndexName") == "by-sku"
    assert of_table.pop("TableName") == of_index.pop("TableName") == "orders"
    if on_demand:
        maximum = {"MaxReadRequestUnits": 5, "MaxWriteRequestUnits": 10}
        assert of_table == {"OnDemandThroughput": maximum}
        assert change == {"Update": {"OnDemandThroughput": {"MaxWriteRequestUnits": 10}}}
    else:
        units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 10}
        assert of_table == {"ProvisionedThroughput": units}
        none = {"ReadCapacityUnits": 0, "WriteCapacityUnits": 10}
        assert change == {"Update": {"ProvisionedThroughput": none}}


def test_local_indexes_and_what_is_missing() -> None:
    instant = datetime(2026, 1, 1, tzinfo=timezone.utc)
    state = table_state(
        describe(
            TableId="4d4c",
            CreationDateTime=instant,
            LocalSecondaryIndexes=[{"IndexName": "by-day"}],
            GlobalSecondaryIndexes=[{"IndexName": "by-sku", "IndexStatus": "DELETING"}],
        ),
        "orders",
    )

    assert state.local_indexes == {"by-day"}
    assert state.table_id == "4d4c"
    assert state.rebuilding
    assert state.indexes["by-sku"].units == Units(0, 0)
    assert table_state(describe(CreationDateTime=instant), "orders").table_id == str(instant)
    assert table_state({}, "orders").arn == "orders"


def test_what_an_index_holds() -> None:
    def of(projection: dict[str, Any]) -> tuple[frozenset[str], bool]:
        index = {
            "IndexName": "by-customer",
            "KeySchema": [{"AttributeName": "customer"}, {"AttributeName": "day"}],
            **projection,
        }
        found = table_state({"GlobalSecondaryIndexes": [index]}, "orders").indexes["by-customer"]
        return found.keys, found.whole_items

    keys = frozenset({"customer", "day"})
    assert of({"Projection": {"ProjectionType": "ALL"}}) == (keys, True)
    assert of({"Projection": {"ProjectionType": "INCLUDE"}}) == (keys, False)
    assert of({"Projection": {"ProjectionType": "KEYS_ONLY"}}) == (keys, False)
    assert of({}) == (keys, True)
